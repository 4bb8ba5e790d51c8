"""Real processes: a broker and its driver are killed under load, the disk is full, users are strangers."""

import os
import random
import resource
import signal
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from qat.comm.broker.messages import (
    Acknowledge,
    AskExplanation,
    AskSpecs,
    AskStatus,
    CloseSession,
    Explained,
    OpenSession,
    Refused,
    Specs,
    Status,
    SubmitTask,
    TaskAccepted,
    TaskFailed,
    TaskFinished,
)
from qat.comm.wire import decode, encode
from qat.core import Batch
from qat.core.wrappers.hardware_specs import HardwareSpecs
from qat.core.wrappers.result import Result
from qat.lang import Program, X
from qat.qpus import SharedQPU

from .harness import LIMIT_S, until

NB_THREADS, NB_ROUNDS, NB_JOBS, NB_QUBITS = 3, 8, 4, 5


def job_of(number):
    """A job with one outcome: the number."""
    program = Program()
    qubits = program.qalloc(NB_QUBITS)
    for place in range(NB_QUBITS):
        if number >> (NB_QUBITS - 1 - place) & 1:
            X(qubits[place])
    return program.to_circ().to_job(nbshots=10)


def work(broker, seed):
    """Batches one after the other, as a variational program sends them; tells how many results were right."""
    rng, nb_right = random.Random(seed), 0
    qpu = SharedQPU("p", broker=f"unix:{broker.socket}")
    for _ in range(NB_ROUNDS):
        numbers = [rng.randrange(1 << NB_QUBITS) for _ in range(NB_JOBS)]
        results = qpu.submit(Batch([job_of(number) for number in numbers]))
        for number, result in zip(numbers, results, strict=True):
            nb_right += [(sample.state.int, sample.probability) for sample in result] == [(number, 1.0)]
    return nb_right


def rows_of(broker):
    with sqlite3.connect(broker.directory / "usage.db") as database:
        return database.execute("SELECT session, key, number, outcome, shots FROM slices").fetchall()


def killed_under_load(broker, kill, nb_kills):
    """The work is done, whatever is killed meanwhile."""
    broker.start()
    is_done = threading.Event()
    with ThreadPoolExecutor(NB_THREADS) as threads:
        works = [threads.submit(work, broker, seed) for seed in range(NB_THREADS)]
        rng = random.Random(nb_kills)
        for _ in range(nb_kills):
            is_done.wait(rng.uniform(0.05, 0.3))
            kill()
        assert [each.result(LIMIT_S) for each in works] == [NB_ROUNDS * NB_JOBS] * NB_THREADS
    assert broker.stop() == 0
    rows = rows_of(broker)
    finished = [row[:2] for row in rows if row[3] == "finished"]
    assert len(set(finished)) == len(finished) == NB_THREADS * NB_ROUNDS * NB_JOBS
    return rows


def test_a_broker_that_is_killed_loses_and_doubles_nothing(broker_of):
    broker = broker_of()

    def kill():
        broker.kill()
        broker.start()

    rows = killed_under_load(broker, kill, 5)
    assert {row[3] for row in rows} == {"finished"}


def test_a_driver_that_is_killed_is_started_again(broker_of):
    broker = broker_of()

    def kill():
        pid = broker.wait_for_driver()
        os.kill(pid, signal.SIGKILL)
        broker.wait_for_driver(other_than=pid)

    rows = killed_under_load(broker, kill, 3)
    assert {row[3] for row in rows} <= {"finished", "lost"}


def test_a_full_disk_ends_the_broker_and_nothing_that_was_accepted(broker_of, recovery):
    broker = broker_of().start()
    job = broker.job()
    job.open()
    payload = encode(job_of(7))
    resource.prlimit(broker.process.pid, resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    accepted = set()
    with pytest.raises((EOFError, ConnectionError)):
        for number in range(1000):
            job.say(SubmitTask(str(number), payload, 10))
            while not isinstance(message := job.next(), TaskFinished):
                accepted |= {message.key} if isinstance(message, TaskAccepted) else set()
    assert broker.process.wait(LIMIT_S) == 1
    assert "cannot be written" in broker.log() and accepted
    with recovery("the journal's disk was full: from the start of the broker to all results"):
        broker.start()
        again = broker.job()
        opened = again.open()
        assert set(opened.keys) >= accepted and not opened.is_new
        results = {again.hear(TaskFinished).key for _ in opened.keys}
    assert results == set(opened.keys)
    again.say(Acknowledge(tuple(results)), CloseSession())
    assert again.is_hung_up()


def test_a_job_is_told_what_it_asks(broker_of):
    broker = broker_of().start()
    job = broker.job()
    assert job.open().is_new
    job.say(AskSpecs())
    assert isinstance(decode(job.hear(Specs).specs, HardwareSpecs), HardwareSpecs)
    job.say(SubmitTask("t", encode(job_of(3)), 10))
    finished = job.hear(TaskFinished)
    assert decode(finished.result, Result).raw_data[0].state.int == 3 and finished.qpu == "q"
    job.say(SubmitTask("u", b"this is no job", 10), AskExplanation("nothing"))
    assert job.hear(Explained).text == "nothing of it is known here: it has ended"
    failed = job.hear(TaskFailed)
    assert failed.key == "u" and failed.error


def test_idle_drivers_end_with_a_broker_that_ends_politely(broker_of):
    broker = broker_of().start()
    pid = broker.wait_for_driver()
    until(lambda: b"up" in status_of(broker))
    assert broker.stop() == 0
    until(lambda: broker.driver_pid() != pid)
    assert not (broker.directory / "drivers" / "q.sock").exists()


def status_of(broker):
    job = broker.job()
    job.say(AskStatus(1))
    qpu = job.hear(Status).status.pools[0].qpus[0]
    return qpu.state.encode()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_users_are_strangers_to_each_other(broker_of, tmp_path):
    broker = broker_of().start()
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o011)
    job = broker.job()
    job.open("mine")
    job.say(SubmitTask("t", encode(job_of(1)), 10))
    job.hear(TaskFinished)
    assert run_as(1, lambda: stranger(broker)) == 0
    job.say(AskStatus(1))
    assert job.hear(Refused).code == "malformed"


def stranger(broker):
    """Another user finds nothing of the first one's, and cannot look."""
    other = broker.job()
    opened = other.open("mine")
    assert opened.is_new and not opened.keys and opened.session.startswith("daemon:")
    for fields in ({"owner": "root"}, {"method": "munge"}):
        liar = broker.job()
        liar.say(OpenSession(1, "p", "mine", **fields))
        assert liar.hear(Refused).code in ("not-yours", "authentication")
        assert liar.is_hung_up()
    curious = broker.job()
    curious.say(AskStatus(1))
    assert curious.hear(Refused).code == "not-yours"


def run_as(uid, act):
    """The exit status of a process of another user that acts."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgid(uid)
            os.setuid(uid)
            act()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
