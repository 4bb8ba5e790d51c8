"""Resources, quotas, recovery and explanations: pure functions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.comm.access.messages import Estimate, Failure, LogLine, Resources
from qhpc.access.jobs.life_cycle import Cancelled, Failed, Requeued, advance
from qhpc.access.jobs.record import JobRecord
from qhpc.access.launchers.protocol import Standing
from qhpc.access.service.explain import Situation, explain
from qhpc.access.service.limits import Limits, check_quotas, granted
from qhpc.access.service.problems import AccessProblem
from qhpc.access.service.recovery import after_loss
from qhpc.access.store.protocol import Account

LIMITS = Limits(max_memory_bytes=8 << 30, max_cores=4, max_nodes=1, max_time_s=100.0)


def test_what_is_not_asked_for_is_the_limit():
    assert granted(Resources(), Estimate(), LIMITS) == Resources(
        memory_bytes=8 << 30, nb_cores=4, nb_nodes=1, max_time_s=100.0
    )


@pytest.mark.parametrize("name", ["memory_bytes", "nb_cores", "nb_nodes", "max_time_s"])
def test_nobody_gets_more_than_there_is_or_less_than_nothing(name):
    with pytest.raises(AccessProblem, match=f"{name} is {10**12}; this server gives a job at most") as refused:
        granted(Resources(**{name: 10**12}), Estimate(), LIMITS)
    assert refused.value.code == "does-not-fit"
    with pytest.raises(AccessProblem, match="above 0"):
        granted(Resources(**{name: 0}), Estimate(), LIMITS)
    assert getattr(granted(Resources(**{name: 1}), Estimate(), LIMITS), name) == 1


@pytest.mark.parametrize(("nb_qubits", "fits"), [(28, True), (29, True), (30, False), (60, False)])
def test_a_job_that_cannot_fit_is_refused_before_it_is_queued(nb_qubits, fits):
    estimate = Estimate(nb_qubits=nb_qubits, memory_bytes=16 << nb_qubits)
    if fits:
        granted(Resources(), estimate, LIMITS)
        return
    with pytest.raises(AccessProblem, match=f"for {nb_qubits} qubits, and may use 8 GiB") as refused:
        granted(Resources(), estimate, LIMITS)
    assert refused.value.code == "does-not-fit"


def test_what_was_asked_for_bounds_the_estimate():
    with pytest.raises(AccessProblem, match="may use 1 GiB"):
        granted(Resources(memory_bytes=1 << 30), Estimate(memory_bytes=2 << 30), LIMITS)


@pytest.mark.parametrize(
    ("nb_waiting", "stored_bytes", "word"), [(2, 0, None), (3, 0, "3 of your jobs wait"), (0, 101, "101 bytes")]
)
def test_quotas(nb_waiting, stored_bytes, word):
    user = Account(name="ada", max_waiting_jobs=3, max_stored_bytes=100)
    if word is None:
        check_quotas(user, nb_waiting, stored_bytes)
        return
    with pytest.raises(AccessProblem, match=word) as refused:
        check_quotas(user, nb_waiting, stored_bytes)
    assert refused.value.code == "quota-exceeded"


# Loss

jobs = st.builds(
    JobRecord,
    id=st.just("a"),
    owner=st.just("ada"),
    state=st.sampled_from(["pending", "running"]),
    attempt=st.integers(1, 12),
    is_cancel_requested=st.booleans(),
    estimate=st.none() | st.builds(Estimate, is_safe_to_retry=st.booleans()),
)


@given(jobs)
def test_a_lost_job_ends_or_waits_and_is_run_twice_at_most(job):
    event = after_loss(job, "killed", 5.0)
    after = advance(job, event)
    assert after.state in ("waiting", "failed", "cancelled")
    if isinstance(event, Requeued):
        assert not job.is_cancel_requested
        assert job.attempt < (2 if job.state == "running" else 10)
        assert job.estimate is None or job.estimate.is_safe_to_retry
    if job.is_cancel_requested:
        assert isinstance(event, Cancelled)
    if isinstance(event, Failed):
        assert event.failure.message.startswith("killed")


@given(jobs)
def test_what_has_certainly_not_begun_is_launched_again_whatever_it_is(job):
    event = after_loss(job, "forgotten", 5.0, has_begun=False)
    if job.state == "pending" and not job.is_cancel_requested:
        assert isinstance(event, Requeued) == (job.attempt < 10)
    else:
        assert event == after_loss(job, "forgotten", 5.0), "nothing is certain of a job that ran"


# Explanations

BUSY = Situation(
    queue_position=3, nb_waiting=9, nb_running=2, free_slots=0, own_running=1, max_running_jobs=1, mean_running_s=10.0,
    now_s=100.0,
)  # fmt: skip
IDLE = Situation(
    queue_position=None, nb_waiting=0, nb_running=0, free_slots=2, own_running=0, max_running_jobs=None,
    mean_running_s=None, now_s=100.0,
)  # fmt: skip


def test_a_running_job_says_what_it_waits_for_at_qpus():
    job = JobRecord(id="a", owner="ada", state="running", started_s=90.0)
    told = explain(job, IDLE, (), ("1 quantum task waits", "q is busy"))
    assert told.summary == "The job has been running for 10.0 s."
    assert told.reasons == ("1 quantum task waits", "q is busy")


def test_both_levels_are_told_together():
    there = Standing(reasons=("job 7 waits in Slurm: it waits for a licence",), latest_start_s=160.0)
    waits = explain(JobRecord(id="a", owner="ada", state="pending"), IDLE, (), (), there)
    assert waits.summary == "The job was given to the cluster, which has not started it yet."
    assert waits.reasons == there.reasons and waits.expected_start_s == (100.0, 160.0)
    runs = JobRecord(id="a", owner="ada", state="running", started_s=90.0)
    told = explain(runs, IDLE, (), ("1 quantum task waits",), Standing(reasons=("job 7 runs",)))
    assert told.reasons == ("job 7 runs", "1 quantum task waits") and told.expected_start_s is None


def test_a_start_that_is_past_is_now():
    there = Standing(reasons=(), latest_start_s=3.0)
    assert explain(JobRecord(id="a", owner="ada", state="pending"), IDLE, (), (), there).expected_start_s == (100, 100)


def test_a_waiting_job_says_what_it_waits_for():
    told = explain(JobRecord(id="a", owner="ada", message="the runner was lost"), BUSY)
    assert told.summary == "The job waits behind 3 jobs."
    assert told.reasons == (
        "the runner was lost",
        "ada may have 1 running job, and has 1",
        "all places are taken: 2 jobs run",
        "3 jobs before it; users take turns",
    )
    assert (told.queue_position, told.expected_start_s) == (3, (100.0, 180.0))


@pytest.mark.parametrize(
    ("state", "fields", "summary"),
    [
        ("pending", {}, "The job was handed to a runner and starts."),
        ("running", {"started_s": 25.0}, "The job has been running for 1 min 15 s."),
        ("running", {"is_cancel_requested": True}, "The job is being cancelled."),
        ("done", {"ended_s": 1.0}, "The job is done; its result can be fetched."),
        ("failed", {"failure": Failure(exception="QPUException", message="no Z2")}, "The job failed: no Z2"),
        ("stopped", {}, "The job was stopped at a limit: no reason was recorded"),
        ("cancelled", {"is_cancel_requested": True, "ended_s": 2.0}, "The job was cancelled."),
        ("deleted", {}, "The files of the job were removed."),
    ],
)
def test_every_state_has_its_sentence(state, fields, summary):
    told = explain(JobRecord(id="a", owner="ada", state=state, **fields), IDLE)
    assert (told.summary, told.reasons, told.expected_start_s) == (summary, (), None)


def test_the_story_is_told_in_order():
    job = JobRecord(
        id="a", owner="ada", state="done", stack="LinAlg", created_s=0.0, started_s=3.0, ended_s=5.0, attempt=2
    )
    lost = LogLine(number=0, time_s=2.0, stream="server", text="the runner was killed; the job runs again")
    assert [line[11:] for line in explain(job, IDLE, (lost,)).story] == [
        "00:00:00 accepted: LinAlg",
        "00:00:02 the runner was killed; the job runs again",
        "00:00:03 started, attempt 2",
        "00:00:05 ended: done",
    ]
