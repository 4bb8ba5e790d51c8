"""Calls: logging in, trying again, what is sent, what goes wrong on the way."""

import logging
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core import Circuit
from qat.qlmaas import QLMaaSConnection, credentials
from qat.qlmaas.errors import ForbiddenError, LoginError, QLMaaSError, RefusedError, UnreachableError, UnsupportedError
from qat.qlmaas.patience import LONGEST_S, Patience, delays
from qat.qlmaas.transport import Response


@pytest.fixture
def impatient(connected, monkeypatch):
    """The connection with a clock of its own; gives the seconds it slept."""
    slept = []

    def sleep(seconds):
        slept.append(seconds)

    patience = replace(connected.client._patience, sleep=sleep, clock=lambda: sum(slept), jitter=lambda: 0.0)
    monkeypatch.setattr(connected.client, "_patience", patience)
    return slept


def submit(connection, **options):
    return connection.get_qpu("LinAlg")().submit(Circuit.empty(1).to_job(), **options)


# ---------------------------------------------------------------- trying again
def test_a_server_that_is_away_is_borne_with(connected, server, impatient):
    busy = Response(503, {"retry-after": "3"}, b"")
    server.faults = [UnreachableError("gone"), UnreachableError("gone"), busy, Response(502, {})]
    assert connected.client.me().name == "me" and impatient == [0.05, 0.1, 3.0, 0.4]


def test_patience_ends(connected, server, impatient):
    server.faults = [UnreachableError("gone")] * 100
    with pytest.raises(UnreachableError, match="gone"):
        connected.client.me()
    assert 50 < sum(impatient) <= 60
    server.faults = [Response(503, {}, b"")] * 100
    with pytest.raises(RefusedError, match="status 503"):
        connected.client.me()


def test_submissions_are_tried_again_and_made_once(connected, server, impatient):
    submit(connected)
    server.faults = [None]  # the first answer is lost

    def lose(*args, **kwargs):
        answer = type(server).request(server, *args, **kwargs)
        if server.requests[-1] == ("POST", "/jobs") and len(impatient) < 2:
            raise UnreachableError("cut")
        return answer

    server.request = lose
    assert submit(connected).get_id() == "j2" and len(server.jobs) == 2 and len(impatient) == 2


def test_what_must_not_happen_twice_is_not_sent_twice(connected, server, impatient):
    server.faults = [UnreachableError("cut")]
    with pytest.raises(UnreachableError):
        connected.session()
    server.faults = [UnreachableError("nobody listens", was_sent=False)]
    assert connected.session().id == "s0"


def test_a_server_that_is_not_trusted_is_not_asked_again(connected, server, impatient):
    server.faults = [UnreachableError("who?", "not-trusted")]
    with pytest.raises(UnreachableError, match="who"):
        connected.client.me()
    assert impatient == []


def test_the_first_contact_is_not_repeated(server):
    server.faults = [UnreachableError("gone")]
    with pytest.raises(ConnectionError):
        QLMaaSConnection("fake", token="secret", transport=server)
    assert len(server.requests) == 1


@given(st.lists(st.floats(0, 1), min_size=20, max_size=20))
def test_delays_grow_and_are_bounded(numbers):
    seconds = [delay for delay, _ in zip(delays(iter(numbers).__next__), range(19), strict=False)]
    assert all(0.025 <= delay <= LONGEST_S for delay in seconds) and seconds[-1] >= LONGEST_S / 2
    assert Patience(3.0).limit_s == 3.0


# ---------------------------------------------------------------- logging in
@pytest.fixture
def netrc(nobody):
    path = nobody / ".netrc"
    path.write_text("machine fake login me password right\n")
    path.chmod(0o600)
    return path


def test_a_password_is_exchanged_once(server, netrc):
    connection = QLMaaSConnection("fake", transport=server)
    connection.client.me()
    assert server.requests.count(("POST", "/login")) == 1 and connection.user.name == "me"
    assert repr(connection) == "<connection of me to fake>"


def test_an_expired_token_is_renewed_with_the_password(server, netrc):
    connection = QLMaaSConnection("fake", transport=server)
    server.tokens.clear()
    assert connection.client.me().name == "me" and server.requests.count(("POST", "/login")) == 2
    connection.reconnect()
    assert server.requests.count(("POST", "/login")) == 3


def test_threads_log_in_again_once(server, netrc):
    connection = QLMaaSConnection("fake", transport=server)
    client = connection.client
    refused = client._secret
    server.tokens.clear()
    client.log_in_again(refused)
    client.log_in_again(refused)
    assert client.me().name == "me" and server.requests.count(("POST", "/login")) == 2


def test_an_expired_token_alone_ends(connected, server):
    server.tokens.clear()
    with pytest.raises(RuntimeError, match="has expired; get a new one with 'qat login'"):
        connected.client.me()


def test_a_wrong_password(server, netrc):
    netrc.write_text("machine fake login me password wrong\n")
    with pytest.raises(LoginError, match="the password is wrong") as raised:
        QLMaaSConnection("fake", transport=server)
    assert raised.value.request_id == "r-1"


def test_no_password_and_no_terminal(server, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(LoginError, match=r"add 'machine fake login NAME password PASSWORD' to ~/\.netrc"):
        QLMaaSConnection("fake", transport=server)


def test_a_prompt_on_a_terminal(server, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda prompt: "me")
    monkeypatch.setattr("getpass.getpass", lambda prompt: "right")
    assert QLMaaSConnection("fake", transport=server).user.name == "me"


def test_client_certificates(server):
    server.tokens[""] = "me"
    connection = QLMaaSConnection("fake", authentication="ssl", certificate="c", key="k", transport=server)
    assert "Authorization" not in server.headers
    server.tokens.clear()
    with pytest.raises(LoginError, match="certificate"):
        connection.client.me()


@pytest.mark.parametrize("how", ["ssl", "token"])
def test_credentials_that_are_missing(server, how):
    with pytest.raises(LoginError, match=f"authentication='{how}' needs"):
        QLMaaSConnection("fake", authentication=how, transport=server)


def test_the_password_is_changed(connected, server, netrc, monkeypatch):
    connected.change_password("right", "new")
    assert server.passwords == {"me": "new"}
    monkeypatch.setattr("getpass.getpass", lambda prompt: "newer")
    netrc.write_text("machine fake login me password new\n")
    connected.change_password()
    assert server.passwords == {"me": "newer"}
    with pytest.raises(ForbiddenError):
        connected.change_password("wrong", "x")


def test_secrets_are_neither_shown_nor_logged(server, netrc, caplog):
    caplog.set_level(logging.DEBUG)
    connection = QLMaaSConnection("fake", transport=server)
    shown = [repr(vars(thing)) for thing in (connection, connection.configuration.sources and connection)]
    assert not any("right" in text for text in [caplog.text, *shown])
    assert isinstance(credentials.Token("x"), credentials.Token) and "x'" not in repr(credentials.Token("x'"))


# ---------------------------------------------------------------- answers
@pytest.mark.parametrize(
    "answer", [Response(200, {}, b"<html>"), Response(200, {}, b'{"x": 1}'), Response(200, {}, b"")]
)
def test_something_else_answers(connected, server, answer):
    server.faults = [answer]
    with pytest.raises(QLMaaSError, match="no answer of an access server"):
        connected.client.me()


@pytest.mark.parametrize("status", [302, 404, 500])
def test_refusals_without_a_reason(connected, server, status):
    server.faults = [Response(status, {}, b"<html>")]
    with pytest.raises(RefusedError, match=f"status {status} without a reason") as raised:
        connected.client.me()
    assert raised.value.request_id and raised.value.request_id in str(raised.value)


def test_newer_servers_may_say_more(connected, server):
    server.faults = [Response(200, {}, b'{"name": "me", "colour": "red"}')]
    assert connected.client.me().name == "me"


def test_the_catalogue_is_asked_for_once(connected, server):
    connected.get_qpus()
    connected.get_plugins()
    assert server.requests == [("GET", "/services")]
    with pytest.raises(LookupError):
        connected.get_qpu("Nothing")
    assert server.requests == [("GET", "/services")] * 2  # the second was answered with 304


def test_what_is_not_offered_says_what_to_do(connected):
    names = ["open_prompt", "drop_interactive", "save_certificate", "save_ssl_dn", "upload_files", "download_files"]
    for name in [*names, "delete_files", "list_files", "mirror_files", "update_config"]:
        with pytest.raises(NotImplementedError, match=f"{name} is not offered: "):
            getattr(connected, name)("x")
    assert issubclass(UnsupportedError, QLMaaSError)


def test_version(connected):
    assert connected.client.version() == {"api": 1, "server": "fake"}
