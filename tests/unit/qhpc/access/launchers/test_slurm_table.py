"""All attempts in Slurm as a machine: lists of what happens give steps, without a process, a folder or a wait."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.comm.access.messages import Failure, Resources
from qhpc.access.launchers.lines import JobLog, LogLimits
from qhpc.access.launchers.protocol import Ended, JobStarted, Lost
from qhpc.access.launchers.slurm_attempts import Attempt, Moment
from qhpc.access.launchers.slurm_table import AttemptTable, Patience, newest_rows
from qhpc.access.launchers.spool_folder import Sight
from qhpc.access.runner.frames import Outcome, Suspension
from qhpc.slurm.parsers import SlurmJob

KEY = ("i.a.1", 1000)
ROW = SlurmJob(id=7, state="PENDING", submitted="2026-11-28T11:40:03", comment=KEY[0], uid=KEY[1])
PATIENCE = Patience(outcome_s=1.0, begin_s=300.0, closing_s=30.0)
AGAIN_WAITS = replace(ROW, id=8, submitted="2026-11-28T11:50:00")
AGAIN_RUNS = replace(AGAIN_WAITS, state="RUNNING")
BEGUN = Sight(begun_s=1.0)
ASLEEP = Sight(begun_s=1.0, suspension=Suspension(until_s=50.0))
DONE = Sight(begun_s=1.0, result=b"42")


class World:
    """A table, one attempt of it, and the time, which every event takes a second of."""

    def __init__(self, **fields):
        self.table = AttemptTable(PATIENCE)
        self.time_s, self.reports = 0.0, []
        self.attempt = Attempt("a.1", KEY, Resources(max_time_s=3600.0), JobLog(LogLimits()), **fields)
        self.table.attempts["a.1"] = self.attempt

    @property
    def now(self):
        return Moment(self.time_s, self.time_s)

    def after(self, seconds=0.0):
        """What is to be done so long after the last event."""
        return self.table.step(self.attempt, self.time_s + seconds)

    def __call__(self, *events):
        """Have things happen; what is to be done at once then."""
        for event in events:
            self.time_s += 1.0
            self.reports += self._happen(event)
        return self.after()

    def _happen(self, event):
        match event:
            case "submitted":
                self.attempt.submitted(7, self.time_s)
            case "cancelled":
                self.attempt.cause = "cancelled"
            case "conclude":
                return self.attempt.concluded(self.now)
            case Sight():
                return self.attempt.saw(event, self.now)
            case None:
                return self.table.heard([], self.time_s, self.now)
            case str():
                return self.table.heard([replace(ROW, state=event)], self.time_s, self.now)
            case SlurmJob():
                return self.table.heard([event], self.time_s, self.now)
        return []

    def kinds(self):
        return [type(report) for report in self.reports if isinstance(report, JobStarted | Ended | Lost)]


@pytest.fixture
def world():
    return World()


def test_a_job_that_runs_needs_nothing_and_what_is_left_of_it_is_removed(world):
    assert world("submitted", "PENDING", "RUNNING", BEGUN) is None and world.after(1e6) is None
    assert world(DONE) is None and world("COMPLETED") == "remove"
    assert world.kinds() == [JobStarted, Ended]


@pytest.mark.parametrize(
    ("events", "step", "patience_s"),
    [
        (("PENDING",), None, 1e6),
        (("RUNNING",), "give-up", 300.0),
        (("RUNNING", "PENDING", "RUNNING"), "give-up", 300.0),
        (("RUNNING", BEGUN), None, 1e6),
        (("RUNNING", BEGUN, "PENDING"), None, 1e6),
        (("RUNNING", BEGUN, "BRAND_NEW"), None, 1e6),
        (("RUNNING", BEGUN, "COMPLETED"), "conclude", 1.0),
        (("NODE_FAIL",), "conclude", 1.0),
        (("NODE_FAIL", "PENDING"), None, 1e6),
        ((None,), None, 1e6),
        ((None, None), "conclude", 1.0),
        (("RUNNING", None, "RUNNING", None), "give-up", 300.0 - 3.0),
        (("PENDING", "cancelled"), "cancel", 0.0),
        (("RUNNING", BEGUN, "cancelled"), "cancel", 0.0),
        (("RUNNING", BEGUN, "cancelled", "CANCELLED"), "conclude", 1.0),
        (("RUNNING", ASLEEP), "cancel", 30.0),
        (("RUNNING", ASLEEP, "PENDING"), None, 1e6),
        (("RUNNING", ASLEEP, "FAILED"), "wake", 0.0),
        (("RUNNING", ASLEEP, None, None), "wake", 0.0),
        (("RUNNING", ASLEEP, "FAILED", "submitted"), None, 1e6),
        (("RUNNING", ASLEEP, "FAILED", "submitted", None, None), "wake", 0.0),
        (("RUNNING", ASLEEP, "FAILED", "submitted", AGAIN_WAITS, ASLEEP), None, 1e6),
        (("RUNNING", ASLEEP, "FAILED", "submitted", AGAIN_RUNS, ASLEEP), "cancel", 299.0),
        (("RUNNING", ASLEEP, "FAILED", "submitted", AGAIN_RUNS, BEGUN), None, 1e6),
        (("RUNNING", ASLEEP, "FAILED", "submitted", "cancelled", AGAIN_RUNS), "cancel", 0.0),
        (("RUNNING", ASLEEP, "FAILED", "cancelled"), "conclude", 0.0),
        (("RUNNING", DONE), "cancel", 30.0),
        (("RUNNING", DONE, "PENDING"), "cancel", 0.0),
        (("PENDING", DONE), "cancel", 0.0),
        (("RUNNING", DONE, "BRAND_NEW"), "cancel", 30.0),
        (("RUNNING", DONE, "COMPLETED"), "remove", 0.0),
        (("RUNNING", DONE, None, None), "remove", 0.0),
    ],
)
def test_what_is_to_be_done_and_when(world, events, step, patience_s):
    world("submitted", *events)
    assert world.after(patience_s) == step
    assert patience_s in (0.0, 1e6) or world.after(patience_s - 0.1) is None


def test_the_end_of_a_guest_is_not_that_of_its_warm_runner():
    world = World(is_guest=True)
    assert world("submitted", "RUNNING", BEGUN) is None
    assert world(DONE) == "remove", "its warm runner goes on"


def test_what_nobody_asks_for_any_more_is_ended():
    world = World(stage="over")
    assert world("submitted", "PENDING") == "cancel" and world("CANCELLED") == "remove"
    assert world.reports == []


def test_what_slurm_is_not_known_to_have_been_told_of_has_no_steps(world):
    world("PENDING")
    assert world.attempt.phase == "unknown" and world.table.steps(1e9, 1e9) == []
    world("submitted")
    asked_s = world.time_s - 0.5  # the list is older than its submission
    assert world.table.heard([], asked_s, world.now) == [] and world.attempt.phase == "unknown"


def test_a_controller_that_does_not_answer_says_nothing():
    """There is no event for it: whatever time passes between two lists, nothing changes."""
    world = World()
    world("submitted", "RUNNING", BEGUN)
    world.time_s += 1e6
    assert world.after() is None and world("RUNNING") is None
    assert world.kinds() == [JobStarted]


def test_a_job_that_was_just_taken_and_forgotten_in_a_crash(world):
    """Its number belongs to another one now, whose comment is another one."""
    other = replace(ROW, comment="i.b.1", state="RUNNING")
    assert world("submitted", "PENDING", other, other) is None and world.after(1.0) == "conclude"
    world("conclude")
    (lost,) = world.reports
    assert "does not know the job any more" in lost.reason
    assert world(other, other) == "remove", "the other's end is not waited for"


def test_a_job_of_another_user_with_the_same_comment_is_not_it(world):
    world("submitted", replace(ROW, uid=1001, state="COMPLETED"), replace(ROW, uid=1001, state="COMPLETED"))
    assert world.attempt.row is None


def test_a_node_that_is_lost_and_its_job_that_begins_anew(world):
    story = ("submitted", "RUNNING", BEGUN, "NODE_FAIL", "PENDING", "RUNNING", DONE, "COMPLETED")
    assert world(*story) == "remove"
    assert world.kinds() == [JobStarted, Ended]


def test_the_row_that_lives_counts_or_else_the_last_that_was_submitted():
    first = replace(ROW, id=9, state="FAILED")
    second = replace(ROW, id=3, state="COMPLETED", submitted="2026-11-28T12:00:00")
    assert newest_rows([second, first])[KEY] == second
    alive = replace(ROW, id=4, state="RUNNING", submitted="2026-11-27T12:00:00")
    assert newest_rows([second, alive, first])[KEY] == alive
    assert set(newest_rows([first, replace(first, uid=5)])) == {KEY, ("i.a.1", 5)}


def test_jobs_of_ours_that_nobody_waits_for(world):
    rows = [
        ROW,
        replace(ROW, id=1, comment="i.b.1"),
        replace(ROW, id=2, comment="i.b.2", state="COMPLETED"),
        replace(ROW, id=3, comment="j.b.1"),
        replace(ROW, id=4, comment=None),
        replace(ROW, id=5, comment="i.warm-1"),
        replace(ROW, id=6, uid=1001),
    ]
    assert list(world.table.orphans(rows, "i.", [("i.warm-1", 1000)])) == [1, 6]


def test_runs_that_have_had_their_time(world):
    world("submitted", "RUNNING", BEGUN)
    assert world.table.out_of_time(3600.9) == [] and world.table.out_of_time(3601.0) == [world.attempt]


EVENTS = st.sampled_from(
    [
        "submitted", "cancelled", None, "PENDING", "RUNNING", "NODE_FAIL", "COMPLETED", "NEWEST", Sight(), BEGUN,
        ASLEEP, DONE, Sight(begun_s=1.0, output={"stdout": b"x\n"}),
        Sight(begun_s=1.0, outcome=Outcome(failure=Failure(exception="QPUException", message="no"))),
    ]
)  # fmt: skip


@given(st.lists(EVENTS, max_size=40))
def test_whatever_happens_there_is_one_final_report_and_nothing_after_it(events):
    world = World()
    for event in ["submitted", *events]:
        world(event)
        step = world.after(1.0)
        assert step in (None, "cancel", "remove") or not world.attempt.is_over
        if step == "conclude":
            world("conclude")
    final = [index for index, report in enumerate(world.reports) if isinstance(report, Ended | Lost)]
    assert len(final) == world.attempt.is_over and final in ([], [len(world.reports) - 1])
    assert world.kinds().count(JobStarted) <= 1


@given(st.lists(EVENTS, max_size=20))
def test_whatever_has_happened_an_attempt_that_slurm_ends_comes_to_an_end(events):
    world = World()
    world("submitted", *events, "COMPLETED", "COMPLETED")
    steps = []
    for _ in range(3):
        steps.append(world.after(1e6))
        if steps[-1] == "wake":
            world("submitted", Sight(begun_s=1.0), "COMPLETED", "COMPLETED")
        if steps[-1] == "conclude":
            world("conclude")
    assert steps[-1] == "remove" and world.attempt.is_over
