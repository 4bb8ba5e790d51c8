"""``qat up`` has QPUs that jobs share, behind a broker that lives as long as the server does."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.remote.server import Server
from qhpc.embedded.own_broker import own_broker

PROGRAM = """
from qat.lang import Program, RX
from qat.core import Observable, Term
from qlmaas.plugins import ScipyMinimizePlugin
from qlmaas.qpus import SharedQPU

program = Program()
qubits = program.qalloc(1)
program.apply(RX(program.new_var(float, "a")), qubits)
job = program.to_circ().to_job(observable=Observable(1, pauli_terms=[Term(1.0, "Z", [0])]))
stack = ScipyMinimizePlugin(method="COBYLA", tol=1e-4) | SharedQPU("emulator")
print(round(stack.submit(job).join(timeout=60).value, 3))
"""


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path, ("--workers", "1"), with_broker=True).start()
    yield server
    assert server.stop() == 0


def run(server):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=server.client_environment,
        cwd=server.home,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout.strip(), done.stderr


def children(pid):
    """Of all its threads."""
    files = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for file in files for word in file.read_text().split()]


def is_there(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def until(is_so, limit_s=60.0):
    deadline = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def broker_of(server):
    """The process that runs the broker."""
    for pid in children(server.process.pid):
        if b"broker" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    return None


def test_a_remote_stack_ends_in_a_shared_qpu_also_after_the_broker_was_killed(server):
    assert run(server) == ("-1.0", "")
    killed = broker_of(server)
    os.kill(killed, signal.SIGKILL)
    until(lambda: broker_of(server) not in (None, killed))
    assert run(server) == ("-1.0", "")


def test_the_broker_ends_with_a_server_that_was_killed(tmp_path):
    server = Server(tmp_path, ("--workers", "1"), with_broker=True).start()
    broker = broker_of(server)
    drivers = [int(file.read_text()) for file in (server.directory / "broker" / "drivers").glob("*.pid")]
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait(30)
    until(lambda: not any(map(is_there, [broker, *drivers])))


def test_settings_that_are_wrong_are_told(tmp_path):
    (tmp_path / "broker.toml").write_text("speed = 3\n")
    with own_broker(tmp_path) as (_, broker), pytest.raises(RuntimeError, match="line 1: speed is not known here"):
        broker.wait_until_ready()


def test_settings_of_the_owner_are_kept(tmp_path):
    (tmp_path / "broker.toml").write_text("speed = 3\n")
    with own_broker(tmp_path):
        pass
    assert (tmp_path / "broker.toml").read_text() == "speed = 3\n"


def test_a_broker_that_ends_is_started_again(tmp_path):
    with own_broker(tmp_path) as (address, broker):
        broker.wait_until_ready()
        killed = broker.pid
        os.kill(killed, signal.SIGKILL)
        until(lambda: broker.pid != killed)
        until(lambda: Path(address.removeprefix("unix:")).exists())
    assert not is_there(broker.pid)


def test_ctrl_c_in_a_terminal_ends_all_of_it_and_starts_nothing_again(tmp_path):
    """The terminal sends SIGINT to the whole group of processes."""
    server = Server(tmp_path, ("--workers", "1"), with_broker=True)
    server.start(process_group=0)
    broker = broker_of(server)
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait(60) == 0
    assert "started again" not in server.log.read_text() and not is_there(broker)


def test_a_broker_that_cannot_be_started_again_at_first_is_later(tmp_path, monkeypatch, caplog):
    with own_broker(tmp_path) as (_, broker):
        broker.wait_until_ready()
        killed, spawn, failures = broker.pid, broker._spawn, [BlockingIOError("no process is left")] * 2

        def fails_first():
            if failures:
                raise failures.pop()
            return spawn()

        monkeypatch.setattr(broker, "_spawn", fails_first)
        os.kill(killed, signal.SIGKILL)
        until(lambda: broker.pid != killed)
        assert is_there(broker.pid) and not failures
        assert caplog.text.count("the broker cannot be started: no process is left") == 2
    assert not is_there(broker.pid)
