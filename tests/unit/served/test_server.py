"""Many clients, clients that leave, servers that go, nonsense on the line."""

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from qat.comm.framing import FrameDecoder
from qat.core import Job, Result
from qat.core.errors import QPUException, WireError
from qat.core.qpu import QPUHandler
from qat.qpus import LinAlg, RemoteQPU
from qat.served import Server, protocol
from qat.served.protocol import Answer, Call, Failure, Hello, Welcome, Working, frame_of, message_in
from qat.served.responder import Responder, role_of
from qat.served.server import SERVER_TYPES
from tests.unit.served.services import Constant, Picky

LIMIT_S = 30


class Meeting(QPUHandler):
    """Waits until as many calls run at a time as were announced."""

    def __init__(self, count):
        super().__init__()
        self._barrier = Barrier(count)

    def submit_job(self, job):
        self._barrier.wait(LIMIT_S)
        return Result(value=1.0)


class Counting(QPUHandler):
    """Tells how many calls ran at a time at most."""

    running = most = 0

    def submit_job(self, job):
        self.running += 1
        self.most = max(self.most, self.running)
        Event().wait(0.005)
        self.running -= 1
        return Result(value=float(self.most))


@pytest.mark.parametrize("server_type", ["threaded", "pool"])
def test_calls_of_several_clients_run_at_a_time(serve, server_type):
    port = serve(Meeting(4), server_type=server_type)
    with ThreadPoolExecutor(4) as clients:
        assert list(clients.map(lambda _: RemoteQPU(port).submit(Job()).value, range(4))) == [1.0] * 4


def test_one_client_may_call_from_several_threads(serve):
    remote = RemoteQPU(serve(Meeting(3), server_type="threaded"))
    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(lambda _: remote.submit(Job()).value, range(3))) == [1.0] * 3


def test_a_simple_server_takes_one_call_at_a_time_from_many_clients(serve):
    service = Counting()
    port = serve(service)
    with ThreadPoolExecutor(8) as clients:
        assert set(clients.map(lambda _: RemoteQPU(port).submit(Job()).value, range(24))) == {1.0}


def test_an_unknown_server_type():
    with pytest.raises(ValueError, match=r"no server type 'quick'.*simple, threaded, pool, fork, stoppable"):
        Server(LinAlg(), 0, server_type="quick")


def test_a_port_that_is_taken(serve):
    with pytest.raises(OSError, match=r"cannot listen on port .*choose another"):
        Server(LinAlg(), serve(LinAlg()))


def test_what_cannot_be_served():
    with pytest.raises(TypeError, match="cannot serve an object of type int"):
        role_of(3)


def test_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        remote = RemoteQPU(taken.getsockname()[1], "127.0.0.1")
        with pytest.raises(QPUException, match=r"Could not connect to any of \[\('127.0.0.1', \d+\)\].*running"):
            remote.submit(Job())


def test_a_server_that_starts_again_is_found_again():
    with Server(Constant(), 0) as server:
        server.start()
        remote = RemoteQPU(port := server.port)
        assert remote.submit(Job()).value == 2.0
    with Server(Constant(), port) as server:
        server.start()
        assert remote.submit(Job()).value == 2.0


def test_a_server_that_goes_in_the_middle_of_a_call():
    entered = Event()

    class Slow(Constant):
        def submit_job(self, job):
            entered.set()
            Event().wait(LIMIT_S)

    with Server(Slow(), 0) as server, ThreadPoolExecutor(1) as client:
        server.start()
        call = client.submit(RemoteQPU(server.port).submit, Job())
        assert entered.wait(LIMIT_S)
        server.close()
        with pytest.raises(QPUException, match=r"connection to .* was lost.*may have run"):
            call.result(LIMIT_S)


def test_a_long_call_is_not_taken_for_silence(serve, monkeypatch):
    release = Event()

    class Slow(Constant):
        def submit_job(self, job):
            release.wait(LIMIT_S)
            return Result(value=5.0)

    monkeypatch.setattr("qat.served.pulse.HEARTBEAT_S", 0.01)
    monkeypatch.setattr("qat.served.connection.SILENCE_S", 0.5)
    with ThreadPoolExecutor(1) as client:
        call = client.submit(RemoteQPU(serve(Slow())).submit, Job())
        with pytest.raises(TimeoutError):
            call.result(1.0)
        release.set()
        assert call.result(LIMIT_S).value == 5.0


def test_a_silent_server_is_given_up(monkeypatch):
    monkeypatch.setattr("qat.served.connection._CONNECT_S", 0.2)
    said = pytest.raises(QPUException, match=r"nobody at .* speaks the protocol.*said nothing for 0.2 s")
    with socket.create_server(("127.0.0.1", 0)) as mute, said:
        RemoteQPU(mute.getsockname()[1], "127.0.0.1").submit(Job())


@given(st.binary(max_size=64))
def test_nonsense_on_the_line_harms_nobody(data):
    with Server(Constant(), 0) as server:
        server.start()
        with socket.create_connection(("127.0.0.1", server.port), LIMIT_S) as line:
            line.sendall(data + b"\xff" * 8)
        assert RemoteQPU(server.port).submit(Job()).value == 2.0


def received(line, decoder):
    while not (frames := decoder.feed(line.recv(1 << 16))):
        pass
    return message_in(frames[0].kind, frames[0].payload)


@pytest.mark.parametrize(
    ("hello", "reason"),
    [(Hello(99, "qpu"), "version 99.*expected at most 1"), (Hello(1, "plugin"), "a qpu is served here")],
)
def test_refused_greetings(serve, hello, reason):
    with socket.create_connection(("127.0.0.1", serve(Constant())), LIMIT_S) as line:
        line.sendall(frame_of(hello))
        failure = received(line, FrameDecoder())
        assert isinstance(failure, Failure)
        with pytest.raises(Exception, match=reason):
            raise failure.exception()
        assert line.recv(1) == b""


@pytest.mark.parametrize("method", ["serve", "__class__", "_submit_batch", "push_plugin"])
def test_only_published_methods_can_be_called(method):
    failure = Responder(Constant()).respond(Call(method))
    assert isinstance(failure, Failure) and "one of submit, submit_job" in str(failure.exception())


@pytest.mark.parametrize(
    "message", [Hello(1, "qpu"), Welcome(1, "plugin", "P", True), Working(), Answer(3), Call.of("a", 1, b=2.5)]
)
def test_messages_travel(message):
    (frame,) = FrameDecoder().feed(frame_of(message))
    assert message_in(frame.kind, frame.payload) == message


@given(st.binary(max_size=200))
def test_whatever_comes_is_a_message_or_a_wire_error(payload):
    try:
        message = message_in(protocol.FRAME_KIND, payload)
    except WireError:
        return
    assert isinstance(message, protocol.Message)


def test_resuming_what_was_not_begun(serve):
    from tests.unit.served.services import Summing

    failure = Responder(Summing()).respond(Call.of("resume", Result()))
    assert "nothing to resume" in str(failure.exception())


# ---------------------------------------------------------------- TLS
@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    for name in ("localhost", "client@example.org"):
        issued = authority.issue_cert(name)
        issued.private_key_and_cert_chain_pem.write_to_path(folder / f"{name.partition('@')[0]}.pem")
    return {name: str(folder / f"{name}.pem") for name in ("ca", "localhost", "client")}


def test_tls_with_checked_names_and_clients(serve, certificates):
    port = serve(Constant(), ssl_cert=certificates["localhost"], ssl_ca=certificates["ca"])
    client = {"ssl_ca": certificates["ca"], "check_server_cert": True}
    assert RemoteQPU(port, ssl_cert=certificates["client"], **client).submit(Job()).value == 2.0
    with pytest.raises(QPUException, match=r"(?i)certificate|connection broke|closed"):
        RemoteQPU(port, **client).submit(Job())
    with pytest.raises(QPUException, match="CERTIFICATE_VERIFY_FAILED"):
        RemoteQPU(port, check_server_cert=True).submit(Job())
    with pytest.raises(QPUException, match=r"closed|broke|nobody"):
        RemoteQPU(port).submit(Job())


def test_idle_tls_connections_are_used_again(serve, certificates):
    remote = RemoteQPU(serve(Constant(), ssl_cert=certificates["localhost"]), ssl_ca=certificates["ca"])
    ids = set()
    for _ in range(3):
        remote.submit(Job())
        ids.add(id(remote.connection._idle[0]))
    assert len(ids) == 1


def test_a_key_without_certificate():
    with pytest.raises(ValueError, match="need ssl_cert"):
        Server(LinAlg(), 0, ssl_key="key.pem")


def test_open_addresses_are_warned_about(caplog):
    with Server(LinAlg(), 0, "*"):
        assert "without TLS on *" in caplog.text


# ---------------------------------------------------------------- processes
PROGRAM = """
import os, sys, time
from qat.core import Result
from qat.core.qpu import QPUHandler
from qat.served import Server
class Process(QPUHandler):
    def submit_job(self, job):
        print(os.getpid(), flush=True)
        if job.nbshots == 9:
            time.sleep(600)
        return Result(value=float(os.getpid()))
with Server(Process(), 0, "127.0.0.1", sys.argv[1]) as server:
    print(server.port, flush=True)
    server.run()
"""


@pytest.fixture
def process(request):
    with subprocess.Popen([sys.executable, "-c", PROGRAM, request.param], stdout=subprocess.PIPE, text=True) as server:
        yield server
        server.kill()


@pytest.mark.parametrize("process", ["fork", "stoppable"], indirect=True)
def test_clients_have_processes_of_their_own(process):
    port = int(process.stdout.readline())
    first, second = RemoteQPU(port, "127.0.0.1"), RemoteQPU(port, "127.0.0.1")
    pids = {int(remote.submit(Job()).value) for remote in (first, second, first)}
    assert len(pids) == 2 and process.pid not in pids


@pytest.mark.parametrize("process", ["stoppable"], indirect=True)
def test_a_stoppable_process_ends_with_its_client(process):
    port = int(process.stdout.readline())
    submit = f"RemoteQPU({port}, '127.0.0.1').submit(Job(nbshots=9))"
    code = f"from qat.core import Job; from qat.qpus import RemoteQPU; {submit}"
    client = subprocess.Popen([sys.executable, "-c", code])
    worker = int(process.stdout.readline())
    client.kill()
    client.wait(LIMIT_S)
    deadline = time.monotonic() + LIMIT_S
    while is_running(worker):
        assert time.monotonic() < deadline
        Event().wait(0.05)


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("process", ["simple"], indirect=True)
def test_ctrl_c_ends_a_server(process):
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(LIMIT_S) in (0, 1, -signal.SIGINT)


def test_all_published_types_are_there():
    assert set(SERVER_TYPES) == {"simple", "threaded", "pool", "fork", "stoppable"}
    with Server(Picky(), 0) as server:
        assert server.port > 0
