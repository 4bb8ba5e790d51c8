"""Jobs over HTTP: a server of the test answers, or does not; the token is private, and never told."""

import asyncio
import os
import pwd
import ssl
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from qhpc.slurm.commands import BatchJob, InvalidOption
from qhpc.slurm.controller import ControllerUnreachable, SlurmRefused
from qhpc.slurm.rest import control as controls
from qhpc.slurm.rest.control import RestControl
from qhpc.slurm.rest.link import RestAddress, ask, rest_address
from qhpc.slurm.rest.requests import list_request
from tests.unit.qhpc.slurm.test_tokens import CLAIMS, NOW_S, token

RECORDED = Path(__file__).with_name("recorded")
SECRET = token()


@pytest.fixture
def token_file(tmp_path):
    file = tmp_path / "token"
    file.write_bytes(b"SLURM_JWT=" + SECRET + b"\n")
    file.chmod(0o600)
    return file


def answer(name):
    (file,) = RECORDED.glob(f"{name}.*.json")
    body = file.read_bytes()
    return b"HTTP/1.1 %s x\r\nContent-Length: %d\r\n\r\n" % (file.name.split(".")[1].encode(), len(body)) + body


class Server:
    """Answers requests with what was recorded, in turn."""

    def __init__(self, path, answers):
        self.path, self.answers, self.requests = path, list(answers), []

    async def __call__(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(line.split(":")[1]) for line in head.splitlines() if line.startswith("Content-Length")), 0)
        self.requests.append((head, (await reader.readexactly(length)).decode()))
        writer.write(self.answers.pop(0) if self.answers else b"")
        writer.close()


@asynccontextmanager
async def serving(tmp_path, *answers):
    server = Server(tmp_path / "socket", answers)
    async with await asyncio.start_unix_server(server, server.path):
        yield server


def run(tmp_path, token_file, use, *answers):
    """What the use of a control gives, and what the server was asked."""

    async def main():
        async with serving(tmp_path, *answers) as server:
            control = RestControl(RestAddress(path=str(server.path)), token_file, lambda: NOW_S)
            return await use(control), server.requests

    return asyncio.run(main())


def batch_job(tmp_path, **fields):
    (tmp_path / "script").write_text("#!/bin/sh\n")
    (tmp_path / "environment").write_bytes(b"PATH=/bin\0")
    return BatchJob(
        script=tmp_path / "script", environment=tmp_path / "environment", directory=tmp_path, name="openqat",
        comment="a.1", stdout=tmp_path / "out", stderr=tmp_path / "err", **fields,
    )  # fmt: skip


def test_a_job_is_submitted_as_the_user_of_the_token(tmp_path, token_file):
    job = batch_job(tmp_path)
    number, [(head, body)] = run(tmp_path, token_file, lambda control: control.submit(job), answer("submitted"))
    assert number == 3 and head.startswith("POST /slurm/v0.0.38/job/submit HTTP/1.1\r\n")
    assert "X-SLURM-USER-NAME: ada\r\n" in head and f"X-SLURM-USER-TOKEN: {SECRET.decode()}\r\n" in head
    assert '"PATH":"/bin"' in body and SECRET.decode() not in body


def test_a_job_of_another_is_submitted_as_that_user(tmp_path, token_file):
    job = batch_job(tmp_path, uid=os.getuid(), gid=os.getgid())
    _, [(head, _)] = run(tmp_path, token_file, lambda control: control.submit(job), answer("submitted"))
    assert f"X-SLURM-USER-NAME: {pwd.getpwuid(os.getuid()).pw_name}\r\n" in head


def test_a_uid_that_nobody_has_is_refused(tmp_path, token_file):
    job = batch_job(tmp_path, uid=3_999_999_999)
    with pytest.raises(InvalidOption, match="3999999999 is no user"):
        run(tmp_path, token_file, lambda control: control.submit(job))


def test_jobs_are_listed_by_name(tmp_path, token_file):
    async def use(control):
        return await control.jobs("openqat"), await control.jobs(), await control.waiting()

    (named, every, waiting), _ = run(tmp_path, token_file, use, *[answer("jobs")] * 3)
    assert [[job.id for job in jobs] for jobs in (named, every, waiting)] == [[1, 2], [1, 2, 3], [2]]


def test_one_job_or_none(tmp_path, token_file):
    async def use(control):
        return await control.job(1), await control.job(777)

    ((job,), none), requests = run(tmp_path, token_file, use, answer("job"), answer("no_job"))
    assert job.comment == "key.1" and none == []
    assert requests[1][0].startswith("GET /slurm/v0.0.38/job/777 ")


def test_jobs_are_cancelled_and_licences_listed(tmp_path, token_file):
    async def use(control):
        await control.cancel(1)
        return await control.licenses()

    (licence,), requests = run(tmp_path, token_file, use, answer("cancelled"), answer("licenses"))
    assert licence["LicenseName"] == "qpu_fresnel"
    assert [head.split(" HTTP")[0] for head, _ in requests] == [
        "DELETE /slurm/v0.0.38/job/1",
        "GET /slurm/v0.0.38/licenses",
    ]


def test_a_refusal(tmp_path, token_file):
    with pytest.raises(SlurmRefused, match="Invalid job id"):
        run(tmp_path, token_file, lambda control: control.cancel(777), answer("not_cancelled"))


def test_a_connection_that_is_cut_says_nothing(tmp_path, token_file):
    with pytest.raises(ControllerUnreachable, match="closed without an answer"):
        run(tmp_path, token_file, lambda control: control.jobs())


def test_that_nobody_listens_says_nothing(token_file):
    control = RestControl(RestAddress(path="/nowhere/socket"), token_file, lambda: NOW_S)
    with pytest.raises(ControllerUnreachable, match="unix:/nowhere/socket cannot be asked"):
        asyncio.run(control.jobs())


def test_a_server_that_hangs_is_left(tmp_path):
    async def main():
        is_left = asyncio.Event()

        async def hang(reader, writer):
            await is_left.wait()
            writer.close()

        async with await asyncio.start_unix_server(hang, tmp_path / "socket"):
            with pytest.raises(ControllerUnreachable, match=r"has not answered within 0\.05 s"):
                await ask(RestAddress(path=str(tmp_path / "socket")), list_request("jobs"), {}, 0.05)
            is_left.set()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("content", "mode", "told"),
    [
        (SECRET, 0o640, r"others can read .*\(mode 640\): chmod 600"),
        (token(CLAIMS | {"exp": NOW_S - 5}), 0o600, "expired 5 s ago"),
        (b"garbage.of.secret", 0o600, "malformed"),
        (b"", 0o600, "malformed"),
    ],
)
def test_a_token_that_is_of_no_use_is_not_sent_and_not_told(tmp_path, token_file, content, mode, told):
    token_file.write_bytes(content)
    token_file.chmod(mode)
    with pytest.raises(ControllerUnreachable, match=told) as caught:
        run(tmp_path, token_file, lambda control: control.jobs())
    assert not content or content.decode() not in str(caught.value)


def test_a_renewed_token_is_used_at_once(tmp_path, token_file):
    async def use(control):
        await control.jobs()
        token_file.write_bytes(token(CLAIMS | {"sun": "bob"}))
        await control.jobs()

    _, requests = run(tmp_path, token_file, use, answer("jobs"), answer("jobs"))
    assert ["USER-NAME: ada" in requests[0][0], "USER-NAME: bob" in requests[1][0]] == [True, True]


@pytest.mark.parametrize(
    "text",
    ["", "unix:socket", "http://slurm.site:6820", "https://slurm.site", "ftp://a:1", "https://a:1/b", "http://["],
)
def test_addresses_that_tokens_may_not_travel_to(text):
    with pytest.raises(ValueError, match="expected unix:/PATH, https://HOST:PORT"):
        rest_address(text)


@pytest.mark.parametrize("text", ["unix:/run/s", "https://slurm.site:6820", "http://127.0.0.1:6820", "http://[::1]:1"])
def test_addresses(text):
    assert str(rest_address(text)) == text


def test_answers_without_end_are_refused(tmp_path, token_file, monkeypatch):
    monkeypatch.setattr("qhpc.slurm.rest.link._MAX_ANSWER_BYTES", 100)
    with pytest.raises(ControllerUnreachable, match="more than 100 bytes"):
        run(tmp_path, token_file, lambda control: control.jobs(), answer("jobs"))


@pytest.mark.parametrize("is_known", [True, False])
def test_a_token_goes_to_a_server_alone_whose_certificate_is_known(tmp_path, token_file, monkeypatch, is_known):
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    (authority if is_known else trustme.CA()).cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    server = Server(None, [answer("jobs")])

    async def main():
        async with await asyncio.start_server(server, "localhost", 0, ssl=context) as listening:
            port = listening.sockets[0].getsockname()[1]
            control = RestControl(rest_address(f"https://localhost:{port}"), token_file, lambda: NOW_S)
            return await control.jobs()

    if is_known:
        assert [job.id for job in asyncio.run(main())] == [1, 2, 3]
    else:
        with pytest.raises(ControllerUnreachable, match="certificate verify failed"):
            asyncio.run(main())
        assert server.requests == []


def test_loopback_without_tls(token_file):
    server = Server(None, [answer("jobs")])

    async def main():
        async with await asyncio.start_server(server, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            return await RestControl(rest_address(f"http://127.0.0.1:{port}"), token_file, lambda: NOW_S).jobs()

    assert len(asyncio.run(main())) == 3 and "Host: 127.0.0.1\r\n" in server.requests[0][0]


def test_all_of_the_protocol_is_there():
    from qhpc.slurm.job_control import CommandControl, JobControl

    wanted = {name for name in vars(JobControl) if not name.startswith("_")}
    for control in (controls.RestControl, CommandControl):
        assert wanted <= {name for name in vars(control) if not name.startswith("_")}
