"""One attempt in Slurm as a machine: what its folder shows and what Slurm lists give reports, and one final one."""

from dataclasses import replace

import pytest

from qat.comm.access.messages import Failure, Progress, Resources
from qhpc.access.launchers.lines import JobLog, LogLimits
from qhpc.access.launchers.protocol import Ended, JobLogged, JobProgressed, JobStarted, Lost
from qhpc.access.launchers.slurm_attempts import Attempt, Moment
from qhpc.access.launchers.slurm_endings import slurm_ending
from qhpc.access.launchers.spool_folder import Sight
from qhpc.access.runner.frames import Outcome, Suspension
from qhpc.slurm.parsers import SlurmJob
from qhpc.slurm.states import STATES

KEY = ("i.a.2", 1000)
ROW = SlurmJob(id=7, state="PENDING", reason="Licenses", submitted="2026-11-28T11:40:03")
FAILED = Outcome(failure=Failure(exception="QPUException", message="no"))
GIVEN = Resources(max_time_s=5.0, memory_bytes=1 << 30)
BEGUN = Sight(begun_s=1.0)
ASLEEP = Sight(begun_s=1.0, suspension=Suspension(until_s=50.0))


def at(time_s):
    """A moment whose steady time is another one."""
    return Moment(time_s, 1000.0 + time_s)


class Told(Attempt):
    """An attempt that is told what happens, at times in seconds."""

    def sees(self, sight, time_s):
        return self.saw(sight, at(time_s))

    def hears(self, row, time_s):
        return self.heard(row, at(time_s))

    def is_at(self, stage, phase):
        return (self.stage, self.phase) == (stage, phase)


@pytest.fixture
def attempt():
    attempt = Told("a.2", KEY, GIVEN, JobLog(LogLimits()))
    attempt.submitted(7, at(0.0).steady_s)
    return attempt


def row(state, reason=None, **fields):
    return replace(ROW, state=state, reason=reason, **fields)


def kinds(reports):
    return [type(report) for report in reports]


def texts(reports):
    return [line.text for report in reports if isinstance(report, JobLogged) for line in report.lines]


def test_the_story_of_a_job(attempt):
    assert attempt.hears(ROW, 1.0) == [] and attempt.is_at("new", "waiting")
    assert attempt.sees(Sight(), 2.0) == []
    assert attempt.sees(Sight(begun_s=3.0, output={"stdout": b"one\ntw"}), 3.1) == [
        JobStarted(job_id="a", attempt=2, time_s=3.0),
        JobLogged(job_id="a", attempt=2, time_s=3.1, lines=tuple(JobLog(LogLimits()).feed("stdout", b"one\n", 3.1))),
    ]
    assert attempt.is_at("runs", "waiting") and attempt.begun_s == 3.0, "its folder is ahead of Slurm's list"
    told = Progress(fraction=0.5)
    assert attempt.sees(Sight(begun_s=3.0, progress=told), 4.0) == [
        JobProgressed(job_id="a", attempt=2, time_s=4.0, progress=told)
    ]
    logged, ended = attempt.sees(Sight(begun_s=3.0, result=b"42"), 5.0)
    assert logged.lines[0].text == "tw" and ended == Ended(job_id="a", attempt=2, time_s=5.0, result=b"42")
    assert attempt.is_over and attempt.sees(Sight(begun_s=3.0, outcome=FAILED), 6.0) == []


def test_an_outcome_wins_over_what_slurm_says(attempt):
    attempt.hears(row("NODE_FAIL"), 1.0)
    assert kinds(attempt.sees(Sight(begun_s=0.5, outcome=FAILED), 1.6)) == [JobStarted, Ended]
    assert attempt.concluded(at(9.0)) == []


def test_what_left_no_outcome_ended_as_slurm_says(attempt):
    attempt.hears(row("COMPLETED"), 1.0)
    (lost,) = attempt.concluded(at(2.0))
    assert isinstance(lost, Lost) and "without a result" in lost.reason and lost.has_begun


def test_what_never_began_and_never_will_may_be_launched_again(attempt):
    attempt.hears(row("RUNNING", nodes=("q1",)), 900.0)
    (lost,) = attempt.given_up(at(930.0))
    assert not lost.has_begun and "has started job 7 on q1, and nothing of it has begun there" in lost.reason
    assert attempt.given_up(at(931.0)) == []


@pytest.mark.parametrize("is_given_up", [True, False])
def test_what_slurm_could_not_start_may_be_launched_again_if_it_never_begins(attempt, is_given_up):
    attempt.hears(row("FAILED", "JobLaunchFailure"), 1.0)
    attempt.is_given_up = is_given_up
    (lost,) = attempt.concluded(at(2.0))
    assert lost.has_begun is not is_given_up


def test_it_is_forgotten_when_it_is_missing_twice(attempt):
    attempt.hears(ROW, 1.0)
    attempt.hears(None, 2.0)
    assert attempt.phase == "waiting"
    attempt.hears(ROW, 3.0)
    attempt.hears(None, 4.0)
    attempt.hears(None, 5.0)
    assert attempt.is_at("new", "ended")
    (lost,) = attempt.concluded(at(6.0))
    assert "does not know the job any more" in lost.reason


def test_what_slurm_forgets_after_its_end_ended_as_it_said(attempt):
    attempt.hears(row("TIMEOUT"), 1.0)
    for time_s in (2.0, 3.0, 4.0):
        attempt.hears(None, time_s)
    assert attempt.since_s == at(1.0).steady_s and attempt.concluded(at(5.0))[0].failure.reason == "time-limit"


def test_what_we_ended_and_slurm_forgot_was_ended_by_us(attempt):
    attempt.cause = "cancelled"
    attempt.hears(None, 1.0)
    attempt.hears(None, 2.0)
    (ended,) = attempt.concluded(at(3.0))
    assert ended.failure.reason == "cancelled"


def test_a_job_that_is_put_back_goes_on_waiting_and_says_so_once(attempt):
    attempt.hears(row("RUNNING"), 1.0)
    attempt.sees(BEGUN, 1.0)
    (logged,) = attempt.hears(row("PENDING", "BeginTime"), 2.0)
    assert "put the job back" in logged.lines[0].text and logged.lines[0].stream == "server"
    assert attempt.hears(row("PENDING", "BeginTime"), 3.0) == []
    assert attempt.is_at("runs", "waiting")


def test_what_has_not_begun_is_not_told_to_be_put_back(attempt):
    attempt.hears(row("RUNNING"), 1.0)
    assert attempt.hears(row("PENDING", "BeginTime"), 2.0) == []


def test_an_end_that_slurm_takes_back_is_none(attempt):
    attempt.hears(row("NODE_FAIL"), 1.0)
    attempt.hears(row("PENDING", "BeginTime"), 1.5)
    assert attempt.is_at("new", "waiting")


def test_a_state_that_nobody_knows_ends_nothing(attempt):
    attempt.hears(row("BRAND_NEW"), 1.0)
    assert attempt.phase == "unknown" and "BRAND_NEW" in attempt.explanation()


def test_the_time_limit_counts_from_the_beginning_of_the_run_and_not_by_the_clock(attempt):
    attempt.sees(Sight(begun_s=3.0), 4.0)  # seen a second later
    assert not attempt.is_out_of_time(at(7.9).steady_s) and attempt.is_out_of_time(at(8.0).steady_s)
    attempt.saw(Sight(begun_s=3.0), Moment(86_400.0, at(5.0).steady_s))  # the clock was set forwards
    assert not attempt.is_out_of_time(at(7.9).steady_s)
    attempt.cause = "time-limit"
    assert not attempt.is_out_of_time(at(99.0).steady_s), "it is being ended"


def test_where_it_is(attempt):
    assert attempt.explanation() == "the job is on its way to Slurm"
    attempt.hears(ROW, 1.0)
    assert attempt.explanation().startswith("job 7 waits in Slurm: it waits for a licence")
    attempt.hears(row("RUNNING"), 1.0)
    assert attempt.explanation() == "job 7 runs"


def test_the_end_of_a_warm_runner_is_told_as_such(attempt):
    attempt.is_guest = True
    attempt.sees(BEGUN, 1.0)
    attempt.hears(row("NODE_FAIL"), 2.0)
    (lost,) = attempt.concluded(at(3.0))
    assert lost.reason == "the warm runner of the job has ended (job 7)"


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


# ---------------------------------------------------------------- jobs that give their nodes back


def test_a_job_that_gives_its_nodes_back_and_goes_on(attempt):
    attempt.sees(BEGUN, 1.0)
    attempt.hears(row("RUNNING"), 1.5)
    assert attempt.is_at("runs", "running") and not attempt.sleeps
    (told,) = texts(attempt.sees(ASLEEP, 2.0))
    assert told.startswith("the job has given its nodes back") and attempt.explanation().startswith("job 7 runs")
    assert attempt.hears(row("FAILED"), 3.0) == [] and attempt.sees(ASLEEP, 3.0) == []
    assert attempt.sleeps and attempt.explanation() == told
    attempt.hears(None, 300.0)
    attempt.hears(None, 301.0)
    assert attempt.sleeps  # Slurm forgets jobs

    attempt.submitted(8, at(400.0).steady_s)
    assert not attempt.sleeps and attempt.slurm_id == 8
    assert attempt.hears(row("PENDING", id=8), 401.0) == []  # Slurm has not put it back: we have
    assert texts(attempt.sees(BEGUN, 402.0)) == ["the job has its nodes again, and goes on"]
    assert attempt.is_at("runs", "waiting")
    assert not attempt.is_out_of_time(at(406.9).steady_s), "each run has all of its time"
    assert attempt.is_out_of_time(at(407.0).steady_s)
    assert kinds(attempt.sees(Sight(begun_s=1.0, result=b"42"), 403.0)) == [Ended]


def test_the_row_of_the_former_job_says_nothing_about_the_next_one(attempt):
    attempt.sees(ASLEEP, 2.0)
    attempt.hears(row("FAILED"), 3.0)
    attempt.submitted(8, at(4.0).steady_s)
    attempt.hears(row("FAILED"), 5.0)
    assert attempt.phase == "unknown", "a list may lag behind"
    attempt.hears(row("PENDING", id=7, submitted="2026-11-28T12:00:00"), 6.0)
    assert attempt.phase == "waiting", "a controller that has crashed uses the number again"
    attempt.sees(BEGUN, 7.0)
    attempt.hears(row("FAILED"), 8.0)
    attempt.hears(row("FAILED"), 9.0)
    assert attempt.is_at("runs", "ended"), "it has forgotten the second job in a crash"


def test_a_job_that_is_ended_while_it_has_no_nodes(attempt):
    attempt.sees(ASLEEP, 2.0)
    attempt.hears(row("FAILED"), 3.0)
    assert attempt.sleeps
    attempt.cause = "cancelled"
    assert not attempt.sleeps and not attempt.is_out_of_time(at(99.0).steady_s)
    (ended,) = attempt.concluded(at(5.0))
    assert ended.failure.reason == "cancelled"


def test_a_job_whose_second_job_in_slurm_fails_is_lost(attempt):
    attempt.sees(ASLEEP, 2.0)
    attempt.hears(row("FAILED"), 3.0)
    attempt.submitted(8, at(3.5).steady_s)
    attempt.sees(BEGUN, 4.0)
    attempt.hears(row("NODE_FAIL", id=8), 5.0)
    assert not attempt.sleeps and attempt.is_at("runs", "ended")
    assert kinds(attempt.concluded(at(7.0))) == [Lost]


def test_a_job_that_slurm_does_not_take_again(attempt):
    attempt.sees(ASLEEP, 2.0)
    attempt.hears(row("FAILED"), 3.0)
    (lost,) = attempt.not_taken("Slurm did not give the job its nodes again: no", at(4.0))
    assert isinstance(lost, Lost) and lost.reason.endswith(": no")
    assert attempt.not_taken("again", at(5.0)) == [] and not attempt.sleeps
