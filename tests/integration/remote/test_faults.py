"""What goes wrong between a server and the world: kills, floods, slow ends, full disks."""

import json
import os
import resource
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from benchmarks.remote.drill import drill
from benchmarks.remote.server import SUBMISSION
from benchmarks.remote.submissions import bell_job, submission, variational_submission
from qat.comm.access.messages import JobPage, JobView, TokenView
from qat.comm.wire import decode
from qat.core import Result


def ended(http, job_id):
    """A job, when it has ended."""
    deadline = time.monotonic() + 60
    while not (view := http.job(job_id, wait_s=30.0)).is_final:
        assert time.monotonic() < deadline
    return view


def connected(server, stack):
    """A raw connection."""
    context = ssl.create_default_context(cafile=server.certificate)
    link = stack.enter_context(socket.create_connection(("127.0.0.1", server.ready["port"]), 30))
    return stack.enter_context(context.wrap_socket(link, server_hostname="localhost"))


def children(pid):
    """Processes below a process, with their commands."""
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return {int(child): Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0") for child in below}


def runners(server):
    return [pid for pid, command in children(server.pid).items() if "qhpc.access.runner" in command]


# Kills


def test_every_job_ends_once_however_often_the_server_is_killed(own_server):
    report = drill(own_server, nb_kills=2, pause_s=0.5)
    assert report.faults == []
    assert report.nb_jobs > 0
    assert set(report.states) <= {"done", "failed", "cancelled"}
    assert set(report.reasons) <= {"runner-lost"}


def test_a_job_whose_runner_is_killed_runs_again(access_server):
    http = access_server.client()
    job = http.accepted(variational_submission(nb_iterations=100_000)).id
    assert http.job(job, wait_s=0).state in ("waiting", "pending", "running")
    running = msgspec.json.decode(http("GET", f"/v1/jobs/{job}?wait_s=30&until=started").body, type=JobView)
    assert running.state == "running"
    pids = runners(access_server)
    for kill in (signal.SIGSTOP, signal.SIGKILL):  # none of them may begin the second run
        for pid in pids:
            os.kill(pid, kill)
    deadline = time.monotonic() + 30
    while (view := http.job(job)).attempt < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert "runs again" in view.message
    http("POST", f"/v1/jobs/{job}/cancel")
    view = ended(http, job)
    assert view.state == "cancelled", view.failure


def test_a_cancelled_job_is_dead_at_once(access_server):
    http = access_server.client()
    job = http.accepted(variational_submission(nb_iterations=100_000)).id
    http("GET", f"/v1/jobs/{job}?wait_s=30&until=started")
    http("POST", f"/v1/jobs/{job}/cancel")
    view = ended(http, job)
    assert (view.state, view.attempt) == ("cancelled", 1)


# Bodies


def test_a_body_that_is_announced_too_large_is_refused(access_server):
    with ExitStack() as stack:
        link = connected(access_server, stack)
        head = (
            f"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {access_server.token}\r\n"
            f"Content-Type: {SUBMISSION}\r\nContent-Length: {1 << 40}\r\n\r\n"
        )
        link.sendall(head.encode())
        assert link.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_bodies_that_are_cut_or_changed_are_refused_and_harm_nobody(access_server):
    http = access_server.client()
    body = submission()
    for place in range(0, len(body), 7):
        assert http.submit(body[:place]).status in (400, 422)
        flipped = bytearray(body)
        flipped[place] ^= 0x40
        assert http.submit(bytes(flipped)).status in (201, 400, 404, 422)
    assert ended(http, http.accepted(body).id).state == "done"


def test_what_cannot_fit_is_refused_at_once(access_server):
    http = access_server.client()
    problem = http.problem("POST", "/v1/jobs", submission(bell_job(40)), Content_Type=SUBMISSION)
    assert (problem.status, problem.code) == (422, "does-not-fit")
    assert "40 qubits" in problem.detail


# Others, and the past


@pytest.fixture
def bob(access_server):
    """A client of another user, made as an operator makes one."""
    environment = access_server.client_environment | {"QHPC_DIRECTORY": str(access_server.directory)}
    command = [*access_server.command()[:3], "users", "add", "bob"]
    subprocess.run(command, env=environment, input="correct horse battery\n", text=True, check=True, timeout=60)
    http = access_server.client(token="none")
    body = json.dumps({"username": "bob", "password": "correct horse battery"}).encode()
    reply = http("POST", "/v1/login", body, Content_Type="application/json")
    assert reply.status == 200, reply.body
    http.token = json.loads(reply.body)["secret"]
    return http


def test_other_users_see_nothing(access_server, bob):
    http = access_server.client()
    job = http.accepted(submission()).id
    ended(http, job)
    assert bob.problem("GET", f"/v1/jobs/{job}/result").code == "unknown-job"
    assert bob.problem("POST", f"/v1/jobs/{job}/cancel").code == "unknown-job"
    assert msgspec.json.decode(bob("GET", "/v1/jobs").body, type=JobPage).total == 0
    own = bob.accepted(submission()).id
    assert ended(bob, own).owner == "bob"


def test_a_revoked_token_and_one_that_has_expired_are_worthless(access_server):
    http = access_server.client()

    def made(**fields):
        body = json.dumps({"label": "test", **fields}).encode()
        return msgspec.json.decode(
            http("POST", "/v1/tokens", body, Content_Type="application/json").body, type=TokenView
        )

    lasting, brief = made(), made(lifetime_s=0.001)
    other = access_server.client(lasting.secret)
    assert other("GET", "/v1/me").status == 200
    assert http("DELETE", f"/v1/tokens/{lasting.id}").status == 204
    for token in (lasting, brief):
        assert access_server.client(token.secret).problem("GET", "/v1/me").code == "not-authenticated"


def test_a_client_that_was_killed_while_it_sent_finds_its_job(access_server):
    http = access_server.client()
    body = submission()
    with ExitStack() as stack:
        link = connected(access_server, stack)
        head = (
            f"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {access_server.token}\r\n"
            f"Idempotency-Key: killed\r\nContent-Type: {SUBMISSION}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        link.sendall(head.encode() + body)
    first, second = http.submit(body, "killed"), http.submit(body, "killed")
    ids = {msgspec.json.decode(reply.body, type=JobView).id for reply in (first, second)}
    assert len(ids) == 1
    assert second.status == 200


KILLED = """
import os, signal, sys
from qat.core import Circuit
from qat.qlmaas import transport
from qlmaas.qpus import LinAlg

if sys.argv[1] == "killed":
    transport._answer = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # the bytes have gone, no answer was read
    LinAlg().submit(Circuit.empty(2).to_job(), idempotency_key="mid-submit")
job = LinAlg().submit(Circuit.empty(2).to_job(), idempotency_key="mid-submit")
print(job.get_id(), job.join(timeout=60)[0].state.bitstring)
"""


def test_a_program_that_is_killed_in_the_middle_of_submit_and_run_again_finds_its_job(access_server):
    def run(how):
        command = [sys.executable, "-c", KILLED, how]
        return subprocess.run(
            command, env=access_server.client_environment, capture_output=True, text=True, timeout=60, check=False
        )

    http = access_server.client()
    before = msgspec.json.decode(http("GET", "/v1/jobs").body, type=JobPage).total
    dead = run("killed")
    assert (dead.returncode, dead.stdout) == (-signal.SIGKILL, ""), dead.stderr
    again, once_more = run("again"), run("again")
    assert again.returncode == 0, again.stderr
    job_id, outcome = again.stdout.split()
    assert outcome == "00"
    assert once_more.stdout == again.stdout
    assert msgspec.json.decode(http("GET", "/v1/jobs").body, type=JobPage).total == before + 1
    assert http.job(job_id).attempt == 1


# Connections


def test_slow_and_silent_clients_are_cut_off_and_disturb_nobody(own_server):
    own_server.environment = {"QHPC_HEADER_TIMEOUT_S": "0.5", "QHPC_READ_TIMEOUT_S": "0.5"}
    own_server.start()
    with ExitStack() as stack:
        silent, slow, half = (connected(own_server, stack) for _ in range(3))
        slow.sendall(b"GET /v1/version HTTP/1.1\r\nX-")
        half.sendall(
            f"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {own_server.token}\r\n"
            f"Content-Type: {SUBMISSION}\r\nContent-Length: 1000\r\n\r\nabc".encode()
        )
        assert own_server.client()("GET", "/v1/version").status == 200
        assert half.recv(65536).startswith(b"HTTP/1.1 408 ")
        for link in (silent, slow):
            assert gone(link)
        endless = connected(own_server, stack)
        endless.settimeout(30)
        with pytest.raises(OSError):
            for _ in range(100_000):
                endless.sendall(b"X-Header: " + b"x" * 1000 + b"\r\n")


def gone(link):
    """Whether the other side closes."""
    link.settimeout(30)
    try:
        return link.recv(1) == b""
    except OSError:
        return True


def test_a_thousand_connections_are_borne_and_more_are_closed(own_server):
    own_server.environment = {"QHPC_MAX_CONNECTIONS": "1000"}
    own_server.start()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    try:
        with ExitStack() as stack:
            address = ("127.0.0.1", own_server.ready["port"])
            links = [stack.enter_context(socket.create_connection(address, 30)) for _ in range(990)]
            http = own_server.client()
            assert ended(http, http.accepted(submission()).id).state == "done"
            links += [stack.enter_context(socket.create_connection(address, 30)) for _ in range(200)]
            assert http("GET", "/v1/version").status == 200  # the connection from before lives on
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert own_server.process.poll() is None


# Disk


def test_a_full_disk_is_told_and_loses_nothing(own_server):
    own_server.start()
    http = own_server.client()
    kept = http.accepted(submission()).id
    ended(http, kept)
    limit = (own_server.directory / "openqat.db-wal").stat().st_size + 200_000
    resource.prlimit(own_server.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    statuses = [http.submit(submission(meta_data={"x": "y" * 50_000}), f"full {number}").status for number in range(30)]
    assert 507 in statuses
    assert set(statuses) <= {201, 507}
    resource.prlimit(own_server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert http.submit(submission(), "after").status == 201
    page = msgspec.json.decode(http("GET", "/v1/jobs?limit=100").body, type=JobPage)
    assert page.total == statuses.count(201) + 2
    assert {ended(http, view.id).state for view in page.items} == {"done"}
    assert isinstance(decode(http("GET", f"/v1/jobs/{kept}/result").body, Result), Result)
