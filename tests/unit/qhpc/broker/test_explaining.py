"""Where the tasks of a job are: of its sessions, for its user."""

import pytest

from qat.comm.broker.messages import CancelTask, OpenSession, SubmitTask
from qhpc.broker.brokerage import Brokerage, Rules, Who
from qhpc.broker.drivers.messages import Attached, SliceBegun, SliceEnded
from qhpc.scheduling.model import Pool


@pytest.fixture
def heart():
    heart = Brokerage(Rules(pools=(Pool(name="p", qpus=("q",)), Pool(name="r", qpus=("s",)))), b"".join)
    heart.begin(0.0)
    heart.driver_attached("q", Attached(1, "first", "q", b""), 0.0)
    heart.safe(len(heart.take().records))
    return heart


def open_session(heart, name, user="ada", pool="p"):
    assert heart.job_opens(name, OpenSession(1, pool, name), Who(user), 0.0)


def submit(heart, name, *keys):
    for key in keys:
        heart.job_says(name, SubmitTask(key, b"", duration_s=30.0), 0.0)


def settle(heart):
    nb_records = 0
    while turn := heart.take():
        nb_records += len(turn.records)
        heart.safe(nb_records)


def test_a_job_that_runs_and_one_that_waits(heart):
    for name in ("j1.aa", "j2.bb"):
        open_session(heart, name)
    submit(heart, "j1.aa", "t")
    submit(heart, "j2.bb", "t", "u")
    heart.driver_says("q", SliceBegun("ada:j1.aa/t", 1), 1.0)
    running, waiting = heart.explain_job("j1", None, 10.0), heart.explain_job("j2", None, 10.0)
    assert running.text == (
        "1 quantum task has not ended at the pool 'p'; the next one running on q: slice 1, 0 s of QPU before it"
    )
    assert (running.key, running.starts_s) == ("j1", 0.0)
    lines = waiting.text.splitlines()
    assert lines[0] == "2 quantum tasks have not ended at the pool 'p'; the next one waits: it is the next one"
    assert lines[1].startswith("q is busy for about 2")
    assert lines[2].startswith("expected to start in about 2")
    assert 20.0 <= waiting.starts_s <= 21.0


def test_a_job_that_computes(heart):
    open_session(heart, "j1.aa")
    submit(heart, "j1.aa", "t")
    heart.driver_says("q", SliceBegun("ada:j1.aa/t", 1), 1.0)
    heart.driver_says("q", SliceEnded("ada:j1.aa/t", 1, 0, 30.0, 0.0, b"r"), 31.0)
    told = heart.explain_job("j1", None, 32.0)
    assert (told.text, told.starts_s) == ("no quantum task of it waits at the pool 'p': the job computes", None)


def test_all_sessions_of_a_job(heart):
    open_session(heart, "j1.aa")
    open_session(heart, "j1.bb", pool="r")
    open_session(heart, "j10.cc")
    told = heart.explain_job("j1", None, 1.0)
    assert [line.split("the pool ")[1][:3] for line in told.text.splitlines()] == ["'p'", "'r'"]


def test_users_see_their_own_jobs(heart):
    open_session(heart, "j1.aa", user="bob")
    assert heart.explain_job("j1", "ada", 1.0).text == ""
    assert heart.explain_job("j1", "bob", 1.0).text
    assert heart.explain_job("j1", None, 1.0).text
    assert heart.explain_job("unknown", None, 1.0).text == ""


def test_a_session_of_many_tasks_is_looked_at_once(heart):
    open_session(heart, "j1.aa")
    submit(heart, "j1.aa", *map(str, range(300)))
    settle(heart)
    heart.job_says("j1.aa", CancelTask("7"), 1.0)
    settle(heart)
    assert heart.explain_job("j1", None, 2.0).text.startswith("299 quantum tasks have not ended")
