"""Who is at the other end: by the socket, by MUNGE, by a Slurm token; and for whom it may speak."""

import asyncio
import os
import pwd
import socket
import threading
from contextlib import contextmanager

import pytest

from qat.comm.broker.messages import signed_payload
from qat.shared.munge import MungeRefused, MungeUnavailable, munge, unmunge
from qhpc.broker.identity import AuthenticationError, Identity, Peer, SiteAuthenticator, peer_of
from tests.unit.qhpc.slurm.test_tokens import CLAIMS, KEY, NOW_S, token

ME = pwd.getpwuid(os.getuid())
OTHER = next(entry for entry in pwd.getpwall() if entry.pw_uid not in (0, os.getuid(), 65534))
NONCE = bytes(16)


only_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")


@contextmanager
def another_user(do):
    """A child process of another user that does something; its pid."""
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(OTHER.pw_gid)
            os.setuid(OTHER.pw_uid)
            do()
        finally:
            os._exit(0)
    try:
        yield child
    finally:
        os.waitpid(child, 0)


def site(*methods, trusted=(), **options):
    return SiteAuthenticator(methods or ("peer",), trusted_uids=trusted, **options)


def who(authenticator, method="peer", credential=b"", nonce=NONCE, peer=None, owner=""):
    async def ask():
        try:
            return await authenticator.who(method, credential, nonce, peer, owner)
        finally:
            await authenticator.close()

    return asyncio.run(ask())


def refused(*arguments, **options):
    with pytest.raises(AuthenticationError) as caught:
        who(*arguments, **options)
    return caught.value.code, str(caught.value)


def peer(uid):
    return Peer(pid=1, uid=uid, gid=1)


def test_the_kernel_tells_who_connected(tmp_path):
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as connecting:
        listening.bind(path)
        listening.listen()
        connecting.connect(path)
        accepted, _ = listening.accept()
        with accepted:
            found = peer_of(accepted)
    assert found == Peer(pid=os.getpid(), uid=os.getuid(), gid=os.getgid())
    assert who(site(), peer=found) == Identity(user=ME.pw_name, uid=ME.pw_uid)


@only_root
def test_another_user_is_told_apart():
    name = f"\0openqat-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(name)
        listening.listen()
        listening.settimeout(20)

        def connect():
            with socket.socket(socket.AF_UNIX) as connecting:
                connecting.connect(name)
                connecting.recv(1)

        with another_user(connect) as child:
            accepted, _ = listening.accept()
            with accepted:
                found = peer_of(accepted)
    assert found.pid == child
    assert who(site(trusted=[0]), peer=found) == Identity(user=OTHER.pw_name, uid=OTHER.pw_uid)


def test_tcp_has_no_peer():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert peer_of(listening) is None
    code, reason = refused(site("peer", "munge"), "peer")
    assert code == "authentication"
    assert "for Unix sockets" in reason


def test_methods_that_the_site_does_not_allow():
    assert refused(site("munge"), "peer", peer=peer(0)) == (
        "authentication",
        "it says who it is by peer; expected munge",
    )
    assert "something else" in refused(site("peer", "munge"), "password", b"secret")[1]


def test_users_without_an_account_here_and_those_of_unknown_containers():
    assert "user id 3999999999 is unknown" in refused(site(), peer=peer(3999999999))[1]
    assert "container" in refused(site(), peer=peer(65534))[1]


def test_who_is_trusted_speaks_for_others():
    trusting = site(trusted=[ME.pw_uid])
    assert who(trusting, peer=peer(ME.pw_uid)) == Identity(user=ME.pw_name, uid=ME.pw_uid, is_trusted=True)
    found = who(site(trusted=[ME.pw_uid]), peer=peer(ME.pw_uid), owner=OTHER.pw_name)
    assert found == Identity(user=OTHER.pw_name, uid=OTHER.pw_uid, speaker_uid=ME.pw_uid)
    assert (found.process_uid, Identity(user="ada", uid=7).process_uid) == (ME.pw_uid, 7)


def test_a_user_of_the_access_server_needs_no_account():
    found = who(site(trusted=[ME.pw_uid]), peer=peer(ME.pw_uid), owner="ada@example.org")
    assert found == Identity(user="ada@example.org", uid=None, speaker_uid=ME.pw_uid)


@pytest.mark.parametrize("owner", ["a:b", "../root", "0", "x" * 65, "ada\n", "a b"])
def test_owners_are_names(owner):
    assert "no name of a user" in refused(site(trusted=[ME.pw_uid]), peer=peer(ME.pw_uid), owner=owner)[1]


def test_others_speak_for_themselves_only():
    assert who(site(), peer=peer(OTHER.pw_uid), owner=OTHER.pw_name).user == OTHER.pw_name
    code, reason = refused(site(trusted=[0]), peer=peer(OTHER.pw_uid), owner="root")
    assert code == "not-yours"
    assert reason.startswith(f"{OTHER.pw_name} may not speak for 'root'")


def test_a_munge_credential_of_this_connection(munge_socket):
    credential = munge(signed_payload(NONCE), socket=munge_socket)
    found = who(site("munge", munge_socket=munge_socket), "munge", credential)
    assert found == Identity(user=ME.pw_name, uid=ME.pw_uid)


def test_a_credential_is_good_once(munge_socket):
    credential = munge(signed_payload(NONCE), socket=munge_socket)
    options = {"munge_socket": munge_socket}
    who(site("munge", **options), "munge", credential)
    code, reason = refused(site("munge", **options), "munge", credential)
    assert (code, reason) == ("authentication", "the credential was used before; make a new one for each connection")


@pytest.mark.parametrize("payload", [b"", NONCE, signed_payload(bytes(15) + b"1"), signed_payload(NONCE) + b"\0"])
def test_a_credential_of_another_connection_or_purpose(munge_socket, payload):
    credential = munge(payload, socket=munge_socket)
    assert "of another connection" in refused(site("munge", munge_socket=munge_socket), "munge", credential)[1]


def test_an_expired_credential(munge_socket):
    credential = munge(signed_payload(NONCE), socket=munge_socket, ttl_s=1)
    threading.Event().wait(2.2)  # the daemon counts in whole seconds of its own clock
    assert (
        "has expired; check that the clocks"
        in refused(site("munge", munge_socket=munge_socket), "munge", credential)[1]
    )


@pytest.mark.parametrize("credential", [b"", b"MUNGE:", b"MUNGE:AAAA:", b"nonsense", b"MUNGE:\0:", b"x" * 100_000])
def test_what_is_no_credential(munge_socket, credential):
    assert refused(site("munge", munge_socket=munge_socket), "munge", credential)[0] == "authentication"
    with pytest.raises(MungeRefused):
        unmunge(credential, socket=munge_socket)


def test_a_credential_of_another_cluster(munge_socket):
    from tests.munged import private_munged

    with private_munged() as elsewhere:
        credential = munge(signed_payload(NONCE), socket=elsewhere)
    reason = refused(site("munge", munge_socket=munge_socket), "munge", credential)[1]
    assert "same /etc/munge/munge.key" in reason


@only_root
def test_munge_tells_users_apart(munge_socket):
    reading, writing = os.pipe()
    munge(b"", socket=munge_socket)  # another user may not be allowed to read what is imported late
    with another_user(lambda: os.write(writing, munge(signed_payload(NONCE), socket=munge_socket))):
        os.close(writing)
        with os.fdopen(reading, "rb") as reader:
            credential = reader.read()
    found = who(site("munge", munge_socket=munge_socket, trusted=[0]), "munge", credential)
    assert found == Identity(user=OTHER.pw_name, uid=OTHER.pw_uid)


def test_no_daemon_is_no_refusal(tmp_path, munge_socket):
    nowhere = str(tmp_path / "none")
    with pytest.raises(MungeUnavailable, match="is the daemon running"):
        munge(b"", socket=nowhere)
    credential = munge(signed_payload(NONCE), socket=munge_socket)
    code, reason = refused(site("munge", munge_socket=nowhere), "munge", credential)
    assert code == "unavailable"
    assert "on the broker's machine, munged does not answer" in reason
    assert who(site("munge", munge_socket=munge_socket), "munge", credential).uid == ME.pw_uid  # not used up


def test_a_directory_of_users_that_hangs_has_a_deadline(monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: release.wait(20) and ME)
    try:
        assert refused(site(timeout_s=0.05), peer=peer(ME.pw_uid))[0] == "unavailable"
    finally:
        release.set()


def test_a_slurm_token():
    root = pwd.getpwuid(0)
    given = token({**CLAIMS, "sun": root.pw_name})
    options = {"jwt_key": KEY, "clock": lambda: NOW_S}
    assert who(site("jwt", **options), "jwt", given) == Identity(user=root.pw_name, uid=0)
    code, reason = refused(site("jwt", **options), "jwt", given[:-3])
    assert code == "authentication"
    assert "not signed with this cluster's key" in reason


@pytest.mark.parametrize("user", ["nobody-of-that-name", "a\0b", "../x"])
def test_a_token_of_somebody_unknown(user):
    given = token({**CLAIMS, "sun": user})
    assert (
        "is unknown on the broker's machine" in refused(site("jwt", jwt_key=KEY, clock=lambda: NOW_S), "jwt", given)[1]
    )


@pytest.mark.parametrize("key", [None, b""])
def test_tokens_need_a_key(key):
    with pytest.raises(ValueError, match="give jwt_key"):
        site("jwt", jwt_key=key)
