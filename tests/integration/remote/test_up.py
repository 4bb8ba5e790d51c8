"""``qat up`` as its user sees it."""

import json
import os
import signal
import socket
import ssl
import stat
import subprocess

from benchmarks.remote.submissions import submission
from qat.comm.wire import decode
from qat.core import Result


def ended(http, job):
    reply = http("GET", f"/v1/jobs/{job.id}/result?wait_s=60")
    assert reply.status == 200, reply.body
    return reply.body


def test_a_job_comes_back(access_server):
    http = access_server.client()
    result = decode(ended(http, http.accepted(submission())), Result)
    assert {sample.state.int for sample in result} <= {0, 3}


def test_it_starts_stops_and_starts_again(own_server):
    own_server.start()
    http = own_server.client()
    job = http.accepted(submission(), "key")
    result = ended(http, job)
    first = own_server.ready, own_server.token
    assert own_server.stop() == 0
    own_server.start()
    assert own_server.token == first[1]
    assert own_server.ready["port"] == first[0]["port"]
    http = own_server.client()
    assert http("GET", f"/v1/jobs/{job.id}/result").body == result
    assert http.accepted(submission(), "key").id == job.id


def test_what_it_makes_is_private(access_server):
    for path in access_server.directory.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0 or path.name == "certificate.pem" or not path.is_file(), path
    assert stat.S_IMODE(access_server.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((access_server.home / ".qlmaas" / "config.ini").stat().st_mode) == 0o600


def test_no_secret_is_in_its_log(access_server):
    access_server.client().accepted(submission())
    secrets = [access_server.token, (access_server.directory / "password").read_text(encoding="utf-8").strip()]
    log = access_server.log.read_text(encoding="utf-8")
    assert "openqat is ready at https://" in log
    assert not any(secret in log for secret in secrets)


def test_a_second_one_says_that_one_runs(access_server):
    done = subprocess.run(
        access_server.command("--port", "0"), env=access_server.client_environment, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"a server runs on {access_server.directory} already (process {access_server.ready['pid']})" in done.stderr


def test_a_port_that_is_taken_is_named(own_server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            own_server.command("--port", str(port)), env=own_server.client_environment, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"cannot listen at 127.0.0.1:{port}" in done.stderr


def test_the_password_logs_in(access_server):
    http = access_server.client(token="none")
    password = (access_server.directory / "password").read_text(encoding="utf-8").strip()
    username = json.loads(access_server.client()("GET", "/v1/me").body)["name"]
    body = json.dumps({"username": username, "password": password}).encode()
    reply = http("POST", "/v1/login", body, Content_Type="application/json")
    http.token = json.loads(reply.body)["secret"]
    assert http("GET", "/v1/me").status == 200
    wrong = json.dumps({"username": username, "password": "wrong"}).encode()
    assert http.problem("POST", "/v1/login", wrong, Content_Type="application/json").code == "not-authenticated"


def test_another_certificate_is_not_trusted(access_server):
    with socket.create_connection(("127.0.0.1", access_server.ready["port"]), 10) as link:
        try:
            ssl.create_default_context().wrap_socket(link, server_hostname="localhost")
        except ssl.SSLCertVerificationError:
            return
    raise AssertionError("a client without the certificate connected")


def test_sigterm_stops_it_while_clients_wait(own_server):
    theirs = own_server.home / ".qlmaas" / "config.ini"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("[Server]\nhostname = qlm\n", encoding="utf-8")
    own_server.start()
    assert theirs.read_text(encoding="utf-8") == "[Server]\nhostname = qlm\n"  # of somebody else: left alone
    assert f"export QLMAAS_DIR={own_server.directory}/client" in own_server.log.read_text(encoding="utf-8")
    http = own_server.client()
    ended(http, http.accepted(submission()))
    with socket.create_connection(("127.0.0.1", own_server.ready["port"]), 10):  # says nothing
        os.kill(own_server.process.pid, signal.SIGTERM)
        assert own_server.process.wait(30) == 0
