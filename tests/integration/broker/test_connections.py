"""Connections that are no good: they are ended in time, and others do not notice."""

import socket

import pytest

from qat.comm.broker.messages import (
    FRAME_KIND,
    AskStatus,
    Greeting,
    Heartbeat,
    OpenSession,
    Refused,
    SessionOpened,
    Status,
    SubmitTask,
    TaskAccepted,
    frame_of,
)
from qat.comm.framing import encode_frame

from .harness import LIMIT_S, BrokerProcess, Job, until

LIMITS = """
opening_s = 1.0
write_s = 1.0
max_message_bytes = 100000
max_unread_bytes = 2000000
max_connections = 20
max_ready_tasks = 50
lease_s = 100
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """One broker for all of them, whose QPU never comes."""
    made = BrokerProcess(tmp_path_factory.mktemp("broker") / "b", driver="served", options="port = 1", limits=LIMITS)
    made.start()
    yield made
    made.close()


@pytest.fixture
def job_to(broker):
    made = []

    def job():
        made.append(Job(broker.socket))
        return made[-1]

    yield job
    for each in made:
        each.close()


@pytest.fixture(autouse=True)
def good_job(broker, job_to, request):
    """A job that is there all the time, and is answered afterwards as before."""
    job = job_to()
    job.open(request.node.name.replace("/", "|"))
    yield job
    job.say(AskStatus(1))
    assert job.hear(Refused).code == "malformed"
    job.say(SubmitTask("t", b"x"))
    assert job.hear(TaskAccepted).key == "t"


def test_who_says_nothing_is_hung_up_on(job_to):
    assert job_to().is_hung_up()


def test_who_says_half_a_word_is_hung_up_on(job_to):
    job = job_to()
    job.socket.sendall(frame_of(OpenSession(1, "p", "half"))[:10])
    assert job.is_hung_up()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (encode_frame(FRAME_KIND, b"x" * 70_000)[:100], "the first message announces 70000 bytes"),
        (encode_frame(FRAME_KIND, b"nonsense"), "a message cannot be read"),
        (encode_frame(0x1234, b"nonsense"), "a frame of kind"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "the first message announces"),
        (frame_of(Heartbeat()), "Heartbeat came first"),
    ],
)
def test_nonsense_as_a_first_word(job_to, data, told):
    job = job_to()
    job.socket.sendall(data)
    refused = job.hear(Refused)
    assert refused.code == "malformed" and told in refused.reason
    assert job.is_hung_up()


def test_messages_that_are_too_long(job_to):
    job = job_to()
    job.open("long")
    job.socket.sendall(frame_of(SubmitTask("t", b"x" * 100_001)))
    refused = job.hear(Refused)
    assert refused.code == "malformed" and "at most 100000" in refused.reason
    assert job.is_hung_up()


def test_all_that_is_said_at_once_is_heard(job_to):
    job = job_to()
    job.say(OpenSession(1, "p", "at once"), *(SubmitTask(str(number), b"x" * 50_000) for number in range(5)))
    assert job.hear(SessionOpened).is_new
    assert [job.hear(TaskAccepted).key for _ in range(5)] == ["0", "1", "2", "3", "4"]


def test_a_flood_of_tasks_is_refused_and_not_kept(job_to):
    job = job_to()
    job.open("flood")
    for start in range(0, 5000, 100):
        job.say(*(SubmitTask(str(number), b"x") for number in range(start, start + 100)))
    codes = [job.hear(Refused).code for _ in range(4950)]
    assert set(codes) == {"too-many"}


def test_who_does_not_read_is_hung_up_on(job_to):
    job = job_to()
    job.open("deaf")
    job.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    job.socket.settimeout(0.2)
    beats = frame_of(Heartbeat()) * 10_000

    def is_broken():
        try:
            job.socket.sendall(beats)
        except TimeoutError:
            return False
        except OSError:
            return True
        return False

    assert until(is_broken)


def test_a_crowd_is_kept_out(broker, job_to):
    crowd = []
    try:
        while True:
            crowd.append(socket.socket(socket.AF_UNIX))
            crowd[-1].settimeout(LIMIT_S)
            crowd[-1].connect(str(broker.socket))
            first = crowd[-1].recv(1000)
            if b"too many connections" in first:
                break
        assert 15 <= len(crowd) <= 20
    finally:
        for each in crowd:
            each.close()
    until(lambda: isinstance(greeting(broker), Greeting))


def greeting(broker):
    job = Job.__new__(Job)
    try:
        Job.__init__(job, broker.socket)
    except EOFError:
        return None
    finally:
        job.close()
    return job.greeting


def test_who_looks_after_it_may_ask_often(job_to):
    job = job_to()
    for _ in range(3):
        job.say(AskStatus(1))
        (pool,) = job.hear(Status).status.pools
        assert pool.qpus[0].state == "down" and pool.qpus[0].reason
    job.open("after")
