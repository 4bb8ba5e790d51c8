"""One attempt in Slurm as a machine: what its folder shows and what Slurm lists give reports, and one final one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.comm.access.messages import Failure, Progress, Resources
from qhpc.access.launchers.lines import JobLog, LogLimits
from qhpc.access.launchers.protocol import Ended, JobLogged, JobProgressed, JobStarted, Lost
from qhpc.access.launchers.slurm_attempts import Attempt
from qhpc.access.launchers.slurm_endings import slurm_ending
from qhpc.access.launchers.spool_folder import Sight
from qhpc.access.runner.frames import Outcome, Suspension
from qhpc.slurm.parsers import SlurmJob
from qhpc.slurm.states import STATES

ROW = SlurmJob(id=7, state="PENDING", reason="Licenses")
FAILED = Outcome(failure=Failure(exception="QPUException", message="no"))
GIVEN = Resources(max_time_s=5.0, memory_bytes=1 << 30)


@pytest.fixture
def attempt():
    return Attempt(handle="a.2", resources=GIVEN, log=JobLog(LogLimits()), grace_s=1.0)


def row(state, reason=None):
    return replace(ROW, state=state, reason=reason)


def kinds(reports):
    return [type(report) for report in reports]


def test_the_story_of_a_job(attempt):
    assert attempt.heard(ROW, 1.0) == []
    assert attempt.saw(Sight(), 2.0) == []
    assert attempt.saw(Sight(begun_s=3.0, output={"stdout": b"one\ntw"}), 3.1) == [
        JobStarted(job_id="a", attempt=2, time_s=3.0),
        JobLogged(job_id="a", attempt=2, time_s=3.1, lines=tuple(JobLog(LogLimits()).feed("stdout", b"one\n", 3.1))),
    ]
    told = Progress(fraction=0.5)
    assert attempt.saw(Sight(begun_s=3.0, progress=told), 4.0) == [
        JobProgressed(job_id="a", attempt=2, time_s=4.0, progress=told)
    ]
    logged, ended = attempt.saw(Sight(begun_s=3.0, result=b"42"), 5.0)
    assert logged.lines[0].text == "tw" and ended == Ended(job_id="a", attempt=2, time_s=5.0, result=b"42")
    assert attempt.is_over


def test_an_outcome_wins_over_what_slurm_says(attempt):
    attempt.heard(row("NODE_FAIL"), 1.0)
    assert attempt.has_left_slurm and not attempt.is_due(1.5)
    assert kinds(attempt.saw(Sight(begun_s=0.5, outcome=FAILED), 1.6)) == [JobStarted, Ended]
    assert attempt.concluded(9.0) == [] and not attempt.is_due(9.0)


def test_an_outcome_may_be_late(attempt):
    attempt.heard(row("COMPLETED"), 1.0)
    assert not attempt.is_due(1.9) and attempt.is_due(2.0)
    (lost,) = attempt.concluded(2.0)
    assert isinstance(lost, Lost) and "without a result" in lost.reason


def test_what_slurm_runs_and_never_begins_is_given_up(attempt):
    attempt.heard(row("PENDING"), 1.0)
    assert not attempt.never_begins(900.0, 30.0), "it may wait as long as it has to"
    attempt.heard(row("RUNNING"), 900.0)
    attempt.heard(row("RUNNING"), 929.0)
    assert not attempt.never_begins(929.9, 30.0) and attempt.never_begins(930.0, 30.0)
    (lost,) = attempt.given_up(930.0)
    assert not lost.has_begun and "has started job 7" in lost.reason and "nothing of it has begun there" in lost.reason
    assert not attempt.never_begins(999.0, 30.0)


@pytest.mark.parametrize("between", [row("PENDING"), Sight(begun_s=901.0)])
def test_what_waits_again_or_has_begun_is_not_given_up(attempt, between):
    attempt.heard(row("RUNNING"), 900.0)
    attempt.saw(between, 901.0) if isinstance(between, Sight) else attempt.heard(between, 901.0)
    attempt.heard(row("RUNNING"), 920.0)
    assert not attempt.never_begins(940.0, 30.0)


@pytest.mark.parametrize("is_given_up", [True, False])
def test_what_was_given_up_before_it_began_may_be_launched_again(attempt, is_given_up):
    attempt.heard(row("FAILED", "JobLaunchFailure"), 1.0)
    attempt.is_given_up = is_given_up
    (lost,) = attempt.concluded(2.0)
    assert lost.has_begun is not is_given_up


def test_it_is_forgotten_when_it_is_missing_twice(attempt):
    attempt.heard(ROW, 1.0)
    attempt.heard(None, 2.0)
    assert not attempt.has_left_slurm
    attempt.heard(ROW, 3.0)
    attempt.heard(None, 4.0)
    attempt.heard(None, 5.0)
    assert attempt.is_due(6.0)
    (lost,) = attempt.concluded(6.0)
    assert "does not know the job any more" in lost.reason


def test_what_we_ended_and_slurm_forgot_was_ended_by_us(attempt):
    attempt.cause = "cancelled"
    attempt.heard(None, 1.0)
    attempt.heard(None, 2.0)
    (ended,) = attempt.concluded(3.0)
    assert ended.failure.reason == "cancelled"


def test_a_job_that_is_put_back_goes_on_waiting_and_says_so_once(attempt):
    attempt.heard(row("RUNNING"), 1.0)
    attempt.saw(Sight(begun_s=1.0), 1.0)
    (logged,) = attempt.heard(row("PENDING", "BeginTime"), 2.0)
    assert "put the job back" in logged.lines[0].text and logged.lines[0].stream == "server"
    assert attempt.heard(row("PENDING", "BeginTime"), 3.0) == []
    assert not attempt.has_left_slurm


def test_an_end_that_slurm_takes_back_is_none(attempt):
    attempt.heard(row("NODE_FAIL"), 1.0)
    attempt.heard(row("PENDING", "BeginTime"), 1.5)
    assert not attempt.is_due(99.0)


def test_a_state_that_nobody_knows_changes_nothing(attempt):
    attempt.heard(row("BRAND_NEW"), 1.0)
    assert not attempt.has_left_slurm and "BRAND_NEW" in attempt.explanation()


def test_where_it_is(attempt):
    assert attempt.explanation() == "the job is on its way to Slurm"
    attempt.heard(ROW, 1.0)
    assert attempt.explanation().startswith("job 7 waits in Slurm: it waits for a licence")
    attempt.heard(row("RUNNING"), 1.0)
    assert attempt.explanation() == "job 7 runs"


@pytest.mark.parametrize("state", [name for name, state in STATES.items() if state.phase == "ended"])
@pytest.mark.parametrize("cause", [None, "cancelled", "time-limit"])
def test_every_end_has_a_reason_for_people(state, cause):
    ending = slurm_ending(row(state, "NonZeroExitCode"), cause, GIVEN)
    text = ending if isinstance(ending, str) else ending.failure.message
    assert len(text) > 20
    if cause is not None:
        assert ending.failure.reason == cause


@pytest.mark.parametrize(
    ("state", "reason", "expected"),
    [
        ("TIMEOUT", "TimeLimit", "time-limit"),
        ("OUT_OF_MEMORY", "OutOfMemory", "out-of-memory"),
        ("CANCELLED", None, "cancelled"),
        ("FAILED", "BadConstraints", "not-launched"),
    ],
)
def test_ends_that_are_final(state, reason, expected):
    assert slurm_ending(row(state, reason), None, GIVEN).failure.reason == expected


@pytest.mark.parametrize("state", ["NODE_FAIL", "BOOT_FAIL", "PREEMPTED", "COMPLETED", "FAILED", "REVOKED"])
def test_ends_after_which_a_job_may_run_again(state):
    assert isinstance(slurm_ending(row(state), None, GIVEN), str)


SIGHTS = st.builds(
    Sight,
    begun_s=st.sampled_from([None, 1.0]),
    output=st.sampled_from([{}, {"stdout": b"x\n"}]),
    result=st.sampled_from([None, None, b"1"]),
    outcome=st.sampled_from([None, None, FAILED]),
)
ROWS = st.sampled_from([None, *(row(state) for state in ("PENDING", "RUNNING", "NODE_FAIL", "COMPLETED", "NEWEST"))])


@given(st.lists(st.one_of(SIGHTS, ROWS), max_size=30), st.sampled_from([None, "cancelled"]))
def test_whatever_comes_there_is_one_final_report_and_nothing_after_it(news, cause):
    attempt = Attempt(handle="a.1", resources=GIVEN, log=JobLog(LogLimits()), cause=cause)
    reports = []
    for time_s, each in enumerate(news):
        reports += attempt.saw(each, time_s) if isinstance(each, Sight) else attempt.heard(each, time_s)
        if attempt.is_due(time_s):
            reports += attempt.concluded(time_s)
    final = [index for index, report in enumerate(reports) if isinstance(report, Ended | Lost)]
    assert len(final) == attempt.is_over and final in ([], [len(reports) - 1])
    assert kinds(reports).count(JobStarted) <= 1


# ---------------------------------------------------------------- jobs that give their nodes back
ASLEEP = Sight(begun_s=1.0, suspension=Suspension(until_s=50.0))


def texts(reports):
    return [line.text for report in reports if isinstance(report, JobLogged) for line in report.lines]


def test_a_job_that_gives_its_nodes_back_and_goes_on(attempt):
    attempt.saw(Sight(begun_s=1.0), 1.0)
    attempt.heard(row("RUNNING"), 1.5)
    assert attempt.runs and not attempt.sleeps
    (told,) = texts(attempt.saw(ASLEEP, 2.0))
    assert told.startswith("the job has given its nodes back") and attempt.explanation().startswith("job 7 runs")
    assert attempt.heard(row("FAILED"), 3.0) == [] and attempt.saw(ASLEEP, 3.0) == []
    assert attempt.sleeps and not attempt.is_due(99.0) and attempt.explanation() == told
    attempt.heard(None, 300.0)
    assert attempt.sleeps and not attempt.is_due(400.0)  # Slurm forgets jobs

    attempt.resubmitted(8)
    assert not attempt.sleeps and attempt.slurm_id == 8
    waiting = replace(ROW, id=8)
    assert attempt.heard(waiting, 401.0) == []  # Slurm has not put it back: we have
    assert texts(attempt.saw(Sight(begun_s=1.0), 402.0)) == ["the job has its nodes again, and goes on"]
    assert attempt.runs and attempt.has_slept
    assert kinds(attempt.saw(Sight(begun_s=1.0, result=b"42"), 403.0)) == [Ended]


def test_a_job_that_is_ended_while_it_has_no_nodes(attempt):
    attempt.saw(ASLEEP, 2.0)
    attempt.heard(row("FAILED"), 3.0)
    assert attempt.sleeps
    attempt.cause = "cancelled"
    assert not attempt.sleeps and attempt.is_due(5.0)
    (ended,) = attempt.concluded(5.0)
    assert ended.failure.reason == "cancelled"


def test_a_job_whose_second_job_in_slurm_fails_is_lost(attempt):
    attempt.saw(ASLEEP, 2.0)
    attempt.heard(row("FAILED"), 3.0)
    attempt.resubmitted(8)
    attempt.saw(Sight(begun_s=1.0), 4.0)
    attempt.heard(replace(ROW, id=8, state="NODE_FAIL"), 5.0)
    assert not attempt.sleeps and attempt.is_due(7.0)
    assert kinds(attempt.concluded(7.0)) == [Lost]


def test_a_job_that_slurm_does_not_take_again(attempt):
    attempt.saw(ASLEEP, 2.0)
    attempt.heard(row("FAILED"), 3.0)
    (lost,) = attempt.not_taken("Slurm did not give the job its nodes again: no", 4.0)
    assert isinstance(lost, Lost) and lost.reason.endswith(": no")
    assert attempt.not_taken("again", 5.0) == [] and not attempt.sleeps
