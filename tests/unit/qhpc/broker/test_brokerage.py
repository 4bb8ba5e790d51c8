"""The heart of the broker: what is said in, what is said out, and when."""

from math import inf, nan

import pytest

from qat.comm.broker.messages import (
    Acknowledge,
    Alive,
    AskExplanation,
    AskSpecs,
    CancelTask,
    CloseSession,
    Explained,
    Greeting,
    Heartbeat,
    NodesReclaimed,
    NodesReleased,
    OpenSession,
    Refused,
    SessionOpened,
    SessionRevoked,
    Specs,
    SubmitTask,
    TaskAccepted,
    TaskCancelled,
    TaskFailed,
    TaskFinished,
    TaskStarted,
)
from qhpc.broker.brokerage import Brokerage, Limits, Rules, TaskTiming, Turn, Who
from qhpc.broker.brokerage.core import TASK_BYTES
from qhpc.broker.drivers.messages import (
    AcknowledgeSlice,
    Attach,
    Attached,
    Drop,
    Lacks,
    Load,
    Run,
    SliceBegun,
    SliceBroken,
    SliceEnded,
    StateChanged,
    Stop,
    WindowCancelled,
    WindowPlanned,
)
from qhpc.broker.facts import DriverSeen
from qhpc.broker.usage_rows import SessionRow, SliceRow
from qhpc.scheduling.model import Pool

POOL = Pool(name="p", qpus=("q",))
TWO = Pool(name="p", qpus=("q", "r"), slice_s=10.0)
T, U = SubmitTask("t", b"payload t", 100), SubmitTask("u", b"payload u", 100)
RUN_T = Run("ada:vqe/t", 1, 100)
END_T = SliceEnded("ada:vqe/t", 1, 100, 3.0, 0.5, b"result")


class Desk:
    """A heart, a disk that is told when to write, and short words."""

    def __init__(self, pool=POOL, *, attach=True, allows=lambda *_: None, timings=None, **limits):
        self.rules = Rules(pools=(pool,), limits=Limits(**limits), timings=timings or {})
        self.heart = Brokerage(self.rules, lambda results, shots: b"+".join(results), allows)
        self.now_s, self.disk, self.before = 100.0, [], Turn.empty()
        self.heart.begin(self.now_s)
        for qpu in pool.qpus if attach else ():
            self.attach(qpu)
        self.take()

    def attach(self, qpu, incarnation="1", known=(), state="up"):
        """A driver is there; if it is another one, that is on disk."""
        self.heart.driver_attached(qpu, Attached(1, incarnation, qpu, b"specs", known, state), self.now_s)
        self.before = self.take()
        if any(isinstance(record, DriverSeen) for record in self.before.records):
            self.heart.safe(len(self.disk))

    def take(self):
        """What is to be done now, with what was left to do by ``attach``."""
        before, self.before = self.before, Turn.empty()
        now = self.heart.take()
        self.disk += now.records
        self.turn = Turn(*(earlier + later for earlier, later in zip(before, now, strict=True)))
        return self.turn

    def open(self, name="vqe", connection="c", user="ada", **fields):
        who = {
            key: fields.pop(key) for key in ("account", "nb_nodes", "share", "slurm_job", "slurm_run") if key in fields
        }
        fields = {"pool": "p", **fields}
        opening = OpenSession(fields.pop("version", 1), fields.pop("pool"), name, **fields)
        self.heart.job_opens(connection, opening, Who(user, 7, **who), self.now_s)
        return self.told(connection)

    def says(self, *messages, connection="c"):
        for message in messages:
            self.heart.job_says(connection, message, self.now_s)
        return self.told(connection)

    def told(self, connection="c"):
        """What a job is told now."""
        return [message for to, message in self.take().to_jobs if to == connection]

    def driver(self, *messages, qpu="q"):
        """What drivers are told when one says something."""
        for message in messages:
            self.heart.driver_says(qpu, message, self.now_s)
        return [message for _, message in self.take().to_drivers]

    def sync(self, connection="c"):
        told = self.told(connection)
        self.heart.safe(len(self.disk))
        return told + self.told(connection)

    def tick(self, length_s, connection="c"):
        self.now_s += length_s
        self.heart.tick(self.now_s)
        return self.told(connection)

    def restart(self, rules=None):
        """Killed, and started again with the whole journal."""
        old = Brokerage(rules or self.rules, lambda results, shots: b"+".join(results))
        old.recall(self.disk)
        self.disk = old.records(self.now_s)
        self.heart = Brokerage(rules or self.rules, lambda results, shots: b"+".join(results))
        self.heart.recall(self.disk)
        self.heart.take()
        self.heart.begin(self.now_s)
        self.take()


# ---------------------------------------------------------------- the life of a task
def test_a_task_is_run_at_once_and_accepted_when_it_is_on_disk():
    desk = Desk()
    desk.open()
    assert desk.says(T) == []
    assert desk.turn.to_drivers == [("q", Load("ada:vqe/t", b"payload t")), ("q", RUN_T)]
    assert desk.sync() == [TaskAccepted("t")]
    desk.driver(SliceBegun("ada:vqe/t", 1))
    assert desk.turn.to_jobs == [("c", TaskStarted("t", "q"))]


def test_its_result_and_all_that_follows_waits_for_the_disk():
    desk = Desk()
    desk.open(account="phys", slurm_job=12)
    desk.says(T)
    desk.sync()
    desk.now_s += 5.0
    assert desk.driver(END_T) == [Drop("ada:vqe/t")] and not desk.turn.to_jobs and not desk.turn.rows
    told = desk.sync()
    assert told == [TaskFinished("t", b"result", "q", 3.0, 2.0, 1)]
    assert desk.turn.to_drivers == [("q", AcknowledgeSlice("ada:vqe/t", 1))]
    row = SliceRow("ada:vqe", 100.0, "t", 1, "ada", "phys", 12, "q", "p", 100.0, 3.0, 0.5, 100, "finished")
    assert desk.turn.rows == [row]


def test_a_task_that_must_not_run_twice_runs_when_it_is_on_disk():
    desk = Desk()
    desk.open()
    desk.says(SubmitTask("t", b"once", 100, is_repeatable=False))
    assert not desk.turn.to_drivers
    assert desk.sync() == [TaskAccepted("t")]
    assert desk.turn.to_drivers == [("q", Load("ada:vqe/t", b"once")), ("q", RUN_T)]


def test_the_next_task_is_loaded_ahead():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.says(U)
    assert desk.turn.to_drivers == [("q", Load("ada:vqe/u", b"payload u"))]
    assert desk.driver(END_T) == [Drop("ada:vqe/t"), Run("ada:vqe/u", 1, 100)]


def test_the_next_slice_of_a_loaded_task_is_prepared():
    desk = Desk(Pool(name="p", qpus=("q",), slice_s=10.0))
    desk.open()
    desk.says(SubmitTask("long", b"payload", 100, is_sliceable=True, duration_s=20.0))
    desk.says(SubmitTask("short", b"other", 10, duration_s=1.0))
    told = desk.driver(SliceEnded("ada:vqe/long", 1, 50, 10.0, 0.0, b"half"))
    assert told == [Run("ada:vqe/short", 1, 10), Load("ada:vqe/long", b"")]


def test_slices_are_put_together():
    desk = Desk(TWO)
    desk.open()
    desk.says(SubmitTask("t", b"long", 100, is_sliceable=True, duration_s=20.0))
    assert desk.driver(SliceEnded("ada:vqe/t", 1, 50, 3.0, 0.5, b"one")) == [Run("ada:vqe/t", 2, 50)]
    desk.driver(SliceEnded("ada:vqe/t", 2, 50, 2.0, 0.5, b"two"))
    (finished,) = [message for message in desk.sync() if isinstance(message, TaskFinished)]
    assert (finished.result, finished.busy_s, finished.nb_slices) == (b"one+two", 5.0, 2)


def test_parts_that_do_not_go_together_are_an_honest_failure():
    desk = Desk(TWO)
    desk.heart = Brokerage(desk.rules, lambda results, shots: (_ for _ in ()).throw(ValueError("apples and pears")))
    desk.disk.clear()
    desk.heart.begin(desk.now_s)
    desk.attach("q")
    desk.open()
    desk.says(SubmitTask("t", b"long", 100, is_sliceable=True, duration_s=20.0))
    for number in (1, 2):
        desk.driver(SliceEnded("ada:vqe/t", number, 50, 3.0, 0.5, b"?"))
    assert TaskFailed("t", "the 2 parts that the QPU gave cannot be put together: apples and pears") in desk.sync()


def test_long_results_are_put_together_aside():
    desk, part = Desk(TWO), b"x" * 50_000
    desk.open()
    desk.says(SubmitTask("t", b"long", 100, is_sliceable=True, duration_s=20.0))
    for number in (1, 2):
        desk.driver(SliceEnded("ada:vqe/t", number, 50, 3.0, 0.5, part))
    assert desk.sync() == [TaskAccepted("t")]
    (task,) = desk.turn.to_merge
    desk.heart.job_left("c")
    desk.heart.merged(task, desk.heart.put_together(task))
    assert desk.told() == []
    finished = TaskFinished("t", part + b"+" + part, "q", 6.0, 0.0, 2)
    assert desk.open(connection="d")[1:] == [finished] and not desk.turn.to_merge
    desk.heart.merged(task, finished)
    assert desk.told("d") == []


def test_an_error_of_the_qpu_is_told():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.driver(SliceBroken("ada:vqe/t", 1, "too many qubits", b"error", busy_s=1.0))
    assert desk.sync() == [TaskAccepted("t"), TaskFailed("t", "too many qubits", b"error")]
    (row,) = desk.turn.rows
    assert (row.outcome, row.busy_s, row.shots) == ("failed", 1.0, 0)


def test_what_may_succeed_is_tried_three_times():
    desk = Desk()
    desk.open()
    desk.says(T)
    for number in (1, 2):
        told = desk.driver(SliceBroken("ada:vqe/t", number, "a fuse blew", is_retryable=True))
        assert Run("ada:vqe/t", number + 1, 100) in told
    desk.driver(SliceBroken("ada:vqe/t", 3, "a fuse blew", is_retryable=True))
    assert TaskFailed("t", "a fuse blew (tried 3 times)") in desk.sync()


def test_a_task_that_waits_is_cancelled_at_once_one_that_runs_is_stopped():
    desk = Desk()
    desk.open()
    desk.says(T, U)
    desk.sync()
    desk.says(CancelTask("u"), CancelTask("t"))
    assert set(desk.turn.to_drivers) == {("q", Drop("ada:vqe/u")), ("q", Stop("ada:vqe/t", 1))}
    assert desk.sync() == [TaskCancelled("u")]
    desk.driver(SliceEnded("ada:vqe/t", 1, 40, 1.0, 0.0, b"partial"))
    assert desk.sync() == [TaskCancelled("t")]
    assert desk.says(CancelTask("never")) == [TaskCancelled("never")]


def test_a_task_that_comes_again_does_not_run_again():
    desk = Desk()
    desk.open()
    desk.says(T)
    assert desk.says(T) == [] and not desk.turn.records
    desk.sync()
    assert desk.says(T) == [TaskAccepted("t")]
    assert desk.says(SubmitTask("t", b"other"))[0].code == "invalid"
    desk.driver(END_T)
    (finished,) = desk.sync()
    assert desk.says(T) == [TaskAccepted("t"), finished] and not desk.turn.records


# ---------------------------------------------------------------- sessions
def test_answers_are_told_again_until_they_are_acknowledged():
    desk = Desk()
    assert desk.open() == [SessionOpened("ada:vqe", 1.0, 30.0, True)]
    desk.says(T)
    desk.driver(END_T)
    (_, finished) = desk.sync()
    desk.heart.job_left("c")
    assert desk.open(connection="d") == [SessionOpened("ada:vqe", 1.0, 30.0, False, ("t",)), finished]
    assert desk.says(Acknowledge(("t", "unknown")), connection="d") == []
    desk.restart()
    assert desk.open(connection="e") == [SessionOpened("ada:vqe", 1.0, 30.0, False)]


def test_what_is_not_on_disk_is_not_said_to_be_known():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.driver(END_T)
    desk.says(Acknowledge(("t",)))
    desk.heart.job_left("c")
    assert desk.open(connection="d")[0].keys == ()
    assert [type(message) for message in desk.sync("d")] == [TaskAccepted, TaskFinished]


def test_a_session_has_one_connection():
    desk = Desk()
    desk.open()
    desk.open(connection="d")
    desk.says(T, connection="c")
    assert not desk.turn.records
    desk.open(connection="e")
    assert desk.turn.leavers == ["d"]
    desk.heart.job_left("d")
    desk.says(T, connection="e")
    assert desk.turn.records


@pytest.mark.parametrize(
    ("fields", "code", "told"),
    [
        ({"pool": "q"}, "unknown-pool", "did you mean 'p'?|there are p"),
        ({"name": "a/b"}, "invalid", "no '/'"),
        ({"name": ""}, "invalid", "1 to 200"),
        ({"version": 2}, "too-new", "version 2"),
        ({"restart_s": nan}, "invalid", "restart_s nan"),
    ],
)
def test_sessions_that_cannot_be_opened(fields, code, told):
    (refused,) = Desk().open(**fields)
    assert isinstance(refused, Refused) and refused.code == code
    assert any(part in refused.reason for part in told.split("|"))


def test_there_are_not_too_many_sessions():
    desk = Desk(max_sessions=3, max_sessions_per_user=2)
    assert isinstance(desk.open("a", "1")[0], SessionOpened)
    assert isinstance(desk.open("b", "2")[0], SessionOpened)
    assert desk.open("c", "3")[0].code == "too-many"
    assert isinstance(desk.open("c", "4", user="eve")[0], SessionOpened)
    assert desk.open("d", "5", user="eve")[0].code == "unavailable"
    assert isinstance(desk.open("a", "6")[0], SessionOpened)


def test_what_slurm_admitted_goes_before_what_is_asked_for():
    desk = Desk()
    assert desk.open(share=0.25)[0].share == 0.25
    assert desk.heart.status(0.0).sessions[0].share == 0.25


def test_who_is_silent_too_long_loses_the_session():
    desk = Desk(lease_s=30.0)
    desk.open(nb_nodes=4)
    desk.says(T)
    desk.sync()
    assert desk.tick(29.0) == []
    assert desk.says(Heartbeat()) == [Alive()]
    assert desk.tick(29.0) == []
    assert desk.tick(1.0) == [SessionRevoked("nothing came from the job for 30 s")]
    assert desk.turn.leavers == ["c"] and ("q", Stop("ada:vqe/t", 1)) in desk.turn.to_drivers
    desk.sync()
    (row,) = [row for row in desk.turn.rows if isinstance(row, SessionRow)]
    assert (row.closed_s - row.opened_s, row.node_waited_s) == (59.0, 0.0)  # a QPU worked for it
    assert desk.open(connection="d")[0].code == "unavailable"
    assert desk.driver(END_T) == [Drop("ada:vqe/t")]
    assert desk.open(connection="d")[0].is_new


def test_a_job_that_ends_says_so():
    desk = Desk()
    desk.open()
    desk.says(T)
    assert desk.says(CloseSession()) == []
    assert desk.turn.leavers == ["c"]
    assert desk.says(U) == [] and not desk.turn.records


def test_sessions_of_slurm_jobs_are_closed_with_them():
    desk = Desk()
    desk.open(slurm_job=12)
    assert desk.heart.slurm_jobs() == {"ada:vqe": (12, "")}
    desk.heart.close_session("ada:vqe", "its Slurm job 12 is over", desk.now_s)
    assert desk.told() == [SessionRevoked("its Slurm job 12 is over")]
    desk.heart.close_session("ada:vqe", "again", desk.now_s)
    assert desk.told() == [] and desk.heart.slurm_jobs() == {}


# ---------------------------------------------------------------- what is refused
@pytest.mark.parametrize(
    ("task", "code"),
    [
        (SubmitTask("", b""), "invalid"),
        (SubmitTask("k" * 201, b""), "invalid"),
        (SubmitTask("t", b"", -1), "invalid"),
        (SubmitTask("t", b"", duration_s=inf), "invalid"),
        (SubmitTask("t", b"", duration_s=-1.0), "invalid"),
        (SubmitTask("t", b"", duration_s=nan), "invalid"),
        (SubmitTask("t", b"x" * 3001), "too-many"),
        (SubmitTask("t", b"", duration_s=61.0), "quota"),
    ],
)
def test_tasks_that_are_refused_leave_no_trace(task, code):
    desk = Desk(max_bytes_per_user=TASK_BYTES + 3000, max_qpu_s=60.0)
    desk.open()
    (refused,) = desk.says(task)
    assert (refused.code, refused.key) == (code, task.key[:200])
    assert not desk.turn.records and not desk.turn.to_drivers


def test_waiting_tasks_are_limited():
    desk = Desk(max_ready_tasks=2)
    desk.open()
    told = desk.says(*(SubmitTask(str(number), b"") for number in range(5)))
    assert [(message.code, message.key) for message in told] == [("too-many", "3"), ("too-many", "4")]


def test_bytes_of_a_user_are_counted_until_they_are_acknowledged():
    desk = Desk(max_bytes_per_user=2 * TASK_BYTES + 20)
    desk.open()
    assert desk.says(T) == [] and desk.says(SubmitTask("u", b"x" * 12))[0].code == "too-many"
    desk.driver(SliceEnded("ada:vqe/t", 1, 100, 3.0, 0.5, b"r" * 15))
    desk.sync()
    assert desk.says(SubmitTask("u", b"x" * 6))[0].code == "too-many"
    desk.says(Acknowledge(("t",)))
    assert desk.says(SubmitTask("u", b"x" * 20)) == []
    assert desk.says(SubmitTask("v", b"x"))[0].code == "too-many"


def test_quotas_are_asked_before_a_task_is_taken():
    desk = Desk(allows=lambda identity, duration_s, expected_s, now_s: f"{identity.user} may not have {duration_s} s")
    desk.open()
    assert desk.says(SubmitTask("t", b"", duration_s=5.0)) == [Refused("quota", "ada may not have 5.0 s", "t")]


def test_what_jobs_do_not_say():
    desk = Desk()
    desk.open()
    (refused,) = desk.says(Greeting(1, "lab", b"", ()))
    assert refused.code == "malformed"


# ---------------------------------------------------------------- what is asked
def test_specs_are_told_as_soon_as_a_driver_is_there():
    desk = Desk(attach=False)
    desk.open()
    assert desk.says(AskSpecs()) == []
    desk.attach("q")
    assert desk.told() == [Specs(b"specs")]
    assert desk.says(AskSpecs()) == [Specs(b"specs")]


def test_a_job_is_told_why_it_waits():
    desk = Desk()
    desk.open()
    desk.says(SubmitTask("t", b"", duration_s=30.0), SubmitTask("u", b"", duration_s=5.0))
    (told,) = desk.says(AskExplanation("u"))
    assert told.text.startswith("waits: it is the next one\nq is busy for about 30 s") and told.starts_s == 30.0
    assert "asked too often" in desk.says(AskExplanation("u"))[0].text
    desk.now_s += 0.2
    (told,) = desk.says(AskExplanation())
    assert told.text.startswith("2 tasks have not ended; of the first:\nrunning on q")
    desk.now_s += 0.2
    assert desk.says(AskExplanation("v")) == [Explained("v", "nothing of it is known here: it has ended")]


@pytest.mark.parametrize(
    ("timings", "expected_s"), [({"p": TaskTiming(shot_s=0.5, latency_s=2.0)}, 52.0), ({}, 0.0), (None, 0.0)]
)
def test_how_long_a_task_takes_that_does_not_say_it(timings, expected_s):
    desk = Desk(timings=timings)
    desk.open()
    desk.says(SubmitTask("w", b"", duration_s=1.0), U)
    assert desk.heart.status(desk.now_s).waiting[0].remaining_s == expected_s


def test_where_no_timing_is_known_tasks_are_expected_to_take_as_long_as_those_before():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.driver(END_T)
    desk.says(SubmitTask("w", b"", duration_s=1.0), U)
    assert desk.heart.status(desk.now_s).waiting[0].remaining_s == 3.0


def test_what_goes_on_is_told():
    desk = Desk()
    desk.open(account="phys")
    desk.says(SubmitTask("t", b"", duration_s=30.0), SubmitTask("u", b"", duration_s=5.0))
    told = desk.heart.status(110.0)
    (pool,), (session,), (task,) = told.pools, told.sessions, told.waiting
    assert (pool.nb_waiting, pool.waiting_s, pool.nb_sessions) == (1, 5.0, 1)
    assert (pool.qpus[0].running, pool.qpus[0].ends_s, pool.qpus[0].state) == ("ada:vqe/t", 130.0, "up")
    assert (session.id, session.account, session.nb_waiting, session.nb_running) == ("ada:vqe", "phys", 1, 1)
    assert (task.key, task.position, task.remaining_s) == ("ada:vqe/u", 1, 5.0)


def test_nodes_are_given_back_and_wanted_again():
    desk = Desk(lease_s=1e6)
    desk.open(releases_nodes=True, restart_s=10.0)
    assert desk.says(SubmitTask("t", b"", duration_s=60.0)) == [NodesReleased(150.0)]
    assert desk.heart.wakes_s() == 150.0
    assert desk.tick(49.0) == [] and desk.tick(1.0) == [NodesReclaimed()]
    assert desk.heart.wakes_s() is None


# ---------------------------------------------------------------- drivers
def test_no_task_starts_before_the_driver_is_there():
    desk = Desk(attach=False)
    desk.open()
    desk.says(T)
    assert not desk.turn.to_drivers
    desk.attach("q", state="calibrating")
    assert not desk.take().to_drivers
    assert desk.driver(StateChanged("up")) == [Load("ada:vqe/t", b"payload t"), RUN_T]


def test_a_qpu_that_is_drained_takes_no_more():
    desk = Desk()
    desk.open()
    assert desk.driver(StateChanged("down", "cooling", in_s=60.0)) == []
    desk.says(T)
    assert not desk.turn.to_drivers
    qpu = desk.heart.status(desk.now_s).pools[0].qpus[0]
    assert (qpu.state, qpu.reason, qpu.until_s) == ("down", "cooling", 160.0)


def test_nothing_starts_that_does_not_end_before_a_window():
    desk = Desk()
    desk.open()
    desk.driver(WindowPlanned("w", 10.0, 60.0))
    assert desk.heart.wakes_s() == 170.0
    desk.says(SubmitTask("t", b"", duration_s=20.0))
    assert not desk.turn.to_drivers
    assert Run("ada:vqe/t", 1, 0) in desk.driver(WindowCancelled("w"))


def test_what_a_driver_has_forgotten_is_sent_again():
    desk = Desk()
    desk.open()
    desk.says(T)
    assert desk.driver(Lacks("ada:vqe/t", 1)) == [Load("ada:vqe/t", b"payload t"), RUN_T]
    assert desk.driver(Lacks("ada:vqe/t", 9)) == []


def test_an_end_that_is_told_twice_counts_once():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.driver(END_T, END_T, END_T)
    told = desk.sync()
    assert [type(message) for message in told] == [TaskAccepted, TaskFinished]
    assert len(desk.turn.rows) == 1
    assert desk.turn.to_drivers == [("q", AcknowledgeSlice("ada:vqe/t", 1))] * 3


@pytest.mark.parametrize(
    "end",
    [
        SliceEnded("ada:vqe/t", 1, 101, 3.0, 0.5, b"result"),
        SliceEnded("ada:vqe/t", 1, -1, 3.0, 0.5, b"result"),
        SliceEnded("ada:vqe/t", 1, 100, nan, 0.5, b"result"),
        SliceEnded("ada:vqe/t", 1, 100, 3.0, -inf, b"result"),
    ],
)
def test_a_driver_that_tells_nonsense_is_not_believed(end):
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.driver(end)
    (_, failed) = desk.sync()
    assert isinstance(failed, TaskFailed) and "which cannot be" in failed.reason


def test_ends_of_what_a_qpu_was_not_given_change_nothing():
    desk = Desk(TWO)
    desk.open()
    desk.says(T)
    desk.driver(END_T, qpu="r")
    desk.driver(SliceEnded("ada:vqe/t", 2, 100, 3.0, 0.5, b"?"), SliceBroken("eve:x/y", 1, "?"))
    assert desk.sync() == [TaskAccepted("t")]


def test_a_driver_that_speaks_as_a_broker_is_started_again():
    desk = Desk()
    desk.driver(Attach(1))
    assert desk.turn.hung == ["q"]


def test_a_slice_of_which_nothing_is_said_for_too_long_has_a_hung_driver():
    desk = Desk(slice_deadline_s=100.0, lease_s=1e6)
    desk.open()
    desk.says(SubmitTask("t", b"", duration_s=20.0))
    desk.tick(299.0)
    assert desk.turn.hung == []
    desk.tick(1.0)
    assert desk.turn.hung == ["q"]


def test_a_driver_that_comes_back_as_another_may_have_run_what_it_had():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.heart.driver_lost("q", desk.now_s)
    assert not desk.take().to_drivers
    desk.attach("q", "2")
    assert desk.take().to_drivers == [("q", Load("ada:vqe/t", b"payload t")), ("q", Run("ada:vqe/t", 2, 100))]
    assert {row.outcome for row in desk.turn.rows} == {"lost"}


def test_a_task_that_must_not_run_twice_fails_if_nobody_knows():
    desk = Desk()
    desk.open()
    desk.says(SubmitTask("t", b"once", 100, is_repeatable=False))
    desk.sync()
    desk.heart.driver_lost("q", desk.now_s)
    desk.attach("q", "2")
    (failed,) = desk.sync()
    assert isinstance(failed, TaskFailed) and "it must not run twice" in failed.reason


def test_a_driver_that_was_only_disconnected_goes_on():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.heart.driver_lost("q", desk.now_s)
    desk.attach("q", "1", known=(("ada:vqe/t", 1),))
    assert desk.take().to_drivers == []
    assert desk.driver(END_T) == [Drop("ada:vqe/t")]


def test_what_a_driver_never_got_is_sent_again():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.heart.driver_lost("q", desk.now_s)
    desk.attach("q", "1")
    assert desk.take().to_drivers == [("q", Load("ada:vqe/t", b"payload t")), ("q", RUN_T)]


def test_a_task_that_was_cancelled_meanwhile_is_not_sent_again():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.heart.driver_lost("q", desk.now_s)
    desk.says(CancelTask("t"))
    desk.attach("q", "1")
    assert TaskCancelled("t") in desk.sync()


def test_work_of_a_driver_that_stays_away_goes_to_others():
    desk = Desk(TWO, driver_patience_s=60.0, lease_s=1e6)
    desk.open()
    desk.says(T)
    desk.heart.driver_lost("q", desk.now_s)
    desk.tick(59.0)
    assert not desk.turn.to_drivers
    desk.tick(1.0)
    assert ("r", Run("ada:vqe/t", 2, 100)) in desk.turn.to_drivers
    desk.attach("q", "1", known=(("ada:vqe/t", 1),))
    assert desk.take().to_drivers == [("q", Stop("ada:vqe/t", 1))]
    desk.sync()
    assert ("q", AcknowledgeSlice("ada:vqe/t", 1)) in desk.turn.to_drivers


# ---------------------------------------------------------------- after a crash
def test_after_a_crash_tasks_wait_for_the_drivers_that_were_there():
    desk = Desk(TWO, recovery_s=5.0)
    desk.open()
    desk.says(T)
    desk.restart()
    desk.attach("r", "1")
    desk.open(connection="d")
    desk.says(U, connection="d")
    assert not desk.turn.to_drivers
    desk.attach("q", "1", known=(("ada:vqe/t", 1),))
    told = [each for each in desk.take().to_drivers if isinstance(each[1], Run)]
    assert told == [("r", Run("ada:vqe/u", 1, 100))]


def test_after_a_crash_nobody_waits_for_ever():
    desk = Desk(TWO, recovery_s=5.0)
    desk.restart()
    desk.attach("r", "1")
    desk.open()
    desk.says(T)
    desk.tick(4.9)
    assert not desk.turn.to_drivers
    desk.tick(0.1)
    assert ("r", RUN_T) in desk.turn.to_drivers


def test_what_was_begun_and_is_on_no_disk_is_taken_up_where_it_is():
    desk = Desk(TWO)
    desk.restart()
    desk.attach("r", "1", known=(("ada:vqe/t", 1),))
    desk.attach("q", "1")
    desk.open()
    desk.says(T)
    assert desk.turn.to_drivers == [("r", Load("ada:vqe/t", b"payload t")), ("r", RUN_T)]
    desk.driver(END_T, qpu="r")
    (_, finished) = desk.sync()
    assert isinstance(finished, TaskFinished)


def test_what_nobody_submits_again_is_forgotten():
    desk = Desk(lease_s=30.0)
    desk.restart()
    desk.attach("q", "1", known=(("ada:vqe/t", 1),))
    assert desk.heart.busy_qpus() == {"q"}
    desk.driver(END_T)
    desk.tick(59.0)
    assert not desk.turn.to_drivers
    desk.tick(1.0)
    assert desk.turn.to_drivers == [("q", Stop("ada:vqe/t", 1))]
    desk.sync()
    assert desk.turn.to_drivers == [("q", AcknowledgeSlice("ada:vqe/t", 1))]


def test_what_is_not_on_disk_is_not_acknowledged_to_a_driver_that_comes_back():
    desk = Desk()
    desk.open()
    desk.says(T)
    desk.sync()
    desk.driver(END_T)
    desk.heart.driver_lost("q", desk.now_s)
    desk.attach("q", "1", known=(("ada:vqe/t", 1),))
    assert desk.take().to_drivers == [("q", Stop("ada:vqe/t", 1))]
    desk.sync()
    assert ("q", AcknowledgeSlice("ada:vqe/t", 1)) in desk.turn.to_drivers


def test_a_task_that_must_not_run_twice_waits_for_the_disk_at_a_driver_that_comes_back_too():
    desk = Desk()
    desk.open()
    desk.says(SubmitTask("t", b"once", 100, is_repeatable=False))
    desk.heart.driver_lost("q", desk.now_s)
    desk.attach("q", "1")
    assert not desk.take().to_drivers
    desk.sync()
    assert ("q", RUN_T) in desk.turn.to_drivers


def test_windows_that_cannot_be_are_not_believed():
    desk = Desk()
    for window in (WindowPlanned("w", nan, 1.0), WindowPlanned("w", 1.0, inf), WindowPlanned("w", 1.0, -1.0)):
        desk.driver(window)
        assert desk.turn.hung == ["q"] and not desk.turn.records


def test_a_session_that_goes_on_in_another_slurm_job_belongs_to_that():
    desk = Desk()
    desk.open(slurm_job=12)
    desk.open(connection="d", slurm_job=13, nb_nodes=2)
    assert desk.heart.slurm_jobs() == {"ada:vqe": (13, "")}
    desk.restart()
    assert desk.heart.slurm_jobs() == {"ada:vqe": (13, "")}


def test_what_slurm_has_said_of_a_job_holds_while_it_cannot_be_asked():
    desk = Desk()
    desk.open(account="phys", nb_nodes=3, share=0.25, slurm_job=12, slurm_run="11:40")
    desk.restart()
    desk.open(connection="d", slurm_job=12)
    (session,) = desk.heart.status(desk.now_s).sessions
    assert (session.account, session.share) == ("phys", 0.25) and not desk.turn.records
    assert desk.heart.slurm_jobs() == {"ada:vqe": (12, "11:40")}
    desk.open(connection="e", slurm_job=13)
    assert desk.heart.slurm_jobs() == {"ada:vqe": (13, "")}


def test_a_short_journal_has_only_what_is_not_over():
    desk = Desk()
    desk.open()
    for number in range(50):
        key = str(number)
        desk.says(SubmitTask(key, b"x", 100))
        desk.driver(SliceEnded(f"ada:vqe/{key}", 1, 100, 1.0, 0.0, b"result"))
        desk.sync()
        desk.says(Acknowledge((key,)))
    desk.says(T)
    desk.take()
    assert len(desk.disk) > 250 and len(desk.heart.records(desk.now_s)) < 10
    desk.restart()
    desk.attach("q", "1", known=(("ada:vqe/t", 1),))
    desk.driver(END_T)
    assert [message.key for message in desk.open(connection="d")[1:] + desk.sync("d")] == ["t"]


def test_pools_that_are_no_more_take_their_sessions_with_them():
    desk = Desk(TWO)
    desk.open()
    desk.says(T)
    desk.restart(Rules(pools=(Pool(name="other", qpus=("x",)),)))
    assert not desk.heart.status(0.0).sessions
    assert desk.open(connection="d")[0].code == "unknown-pool"


def test_what_ran_on_a_qpu_that_is_no_more_runs_on_another():
    desk = Desk(TWO)
    desk.open()
    desk.says(T)
    desk.restart(Rules(pools=(Pool(name="p", qpus=("r",)),)))
    desk.attach("r", "1")
    assert Run("ada:vqe/t", 2, 100) in [message for _, message in desk.take().to_drivers]


def test_another_policy_is_that_of_the_next_start():
    desk = Desk(TWO)
    desk.open()
    desk.says(T)
    desk.restart(Rules(pools=(TWO,), policies={"p": "fifo"}))
    assert desk.heart.status(0.0).pools[0].policy == "fifo"
