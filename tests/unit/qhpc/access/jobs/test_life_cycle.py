"""The life cycle of a job: every state with every event."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.comm.access.messages import FINAL_STATES, Estimate, Failure, JobState, Progress
from qhpc.access.jobs import life_cycle
from qhpc.access.jobs.life_cycle import (
    TRANSITIONS,
    Cancelled,
    CancelRequested,
    Failed,
    FilesDeleted,
    IllegalTransition,
    JobEvent,
    Launched,
    Progressed,
    Requeued,
    Started,
    Stopped,
    Succeeded,
    advance,
    is_retry_allowed,
)
from qhpc.access.jobs.record import JobRecord

FAILURE = Failure(exception="ServerError", message="it was killed", reason="runner-lost")
EVENTS = [
    Launched(time_s=9.0, launcher="local", handle="7"),
    Started(time_s=9.0),
    Progressed(time_s=9.0, progress=Progress(iteration=1)),
    Succeeded(time_s=9.0, result_bytes=3, result_sha256="ab"),
    Failed(time_s=9.0, failure=FAILURE),
    Stopped(time_s=9.0, failure=FAILURE),
    CancelRequested(time_s=9.0),
    Cancelled(time_s=9.0),
    Requeued(time_s=9.0, reason="the runner was lost"),
    FilesDeleted(time_s=9.0),
]
STATES = get_args(JobState)

# Rows: states. Columns: EVENTS, in their order.
EXPECTED = """
waiting    pending  -        -        -     failed  stopped  waiting  cancelled  -        -
pending    -        running  -        -     failed  stopped  pending  cancelled  waiting  -
running    -        -        running  done  failed  stopped  running  cancelled  waiting  -
done       -        -        -        -     -       -        -        -          -        deleted
failed     -        -        -        -     -       -        -        -          -        deleted
cancelled  -        -        -        -     -       -        -        -          -        deleted
stopped    -        -        -        -     -       -        -        -          -        deleted
deleted    -        -        -        -     -       -        -        -          -        -
"""
TABLE = {state: next_states for state, *next_states in map(str.split, EXPECTED.strip().splitlines())}


def job(state: JobState, **fields) -> JobRecord:
    return JobRecord(**{"id": "a", "owner": "eve", "state": state, "version": 4, "created_s": 1.0, **fields})


def test_the_table_knows_every_state_and_event():
    assert set(TABLE) == set(STATES)
    kinds = {item for item in vars(life_cycle).values() if isinstance(item, type) and issubclass(item, JobEvent)}
    assert {type(event) for event in EVENTS} == kinds - {JobEvent} == {event for _, event in TRANSITIONS}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("state", STATES)
def test_every_state_with_every_event(state, event):
    before = job(state)
    expected = TABLE[state][EVENTS.index(event)]
    if expected == "-":
        with pytest.raises(IllegalTransition, match=f"job a is {state}: {type(event).__name__} cannot happen"):
            advance(before, event)
    else:
        after = advance(before, event)
        assert (after.state, after.version) == (expected, 5)


def test_events_leave_what_they_say():
    after = [advance(job("waiting", attempt=1), EVENTS[0])]
    after += [advance(after[-1], event) for event in EVENTS[1:2]]
    after += [advance(after[-1], event) for event in EVENTS[2:4]]
    launched, started, progressed, done = after[0], after[1], advance(after[1], EVENTS[2]), after[-1]
    assert (launched.launcher, launched.handle, launched.attempt) == ("local", "7", 2)
    assert started.started_s == 9.0
    assert progressed.progress == Progress(iteration=1)
    assert (done.ended_s, done.result_bytes, done.result_sha256, done.failure) == (9.0, 3, "ab", None)


def test_a_requeued_job_has_forgotten_its_runner():
    lost = advance(job("running", launcher="local", handle="7", started_s=2.0, attempt=1), EVENTS[8])
    assert (lost.launcher, lost.handle, lost.started_s, lost.attempt) == (None, None, None, 1)
    assert lost.message == "the runner was lost"


@pytest.mark.parametrize("event", EVENTS[3:6] + EVENTS[7:8], ids=lambda event: type(event).__name__)
def test_files_expire_some_time_after_the_end(event):
    assert advance(job("running", retention_s=60.0), event).expires_s == 69.0
    assert advance(job("running"), event).expires_s is None
    assert advance(job("running"), event).ended_s == 9.0


@given(st.lists(st.sampled_from(EVENTS), max_size=12))
def test_a_final_job_stays_what_it_is_whatever_comes(events):
    current, finals = job("waiting"), []
    for event in events:
        try:
            current = advance(current, event)
        except IllegalTransition:
            continue
        if current.state in FINAL_STATES:
            finals.append(current.state)
    assert finals in ([], finals[:1], [*finals[:1], "deleted"])
    assert (current.state in FINAL_STATES) == (current.ended_s is not None)
    assert (current.state == "done") == (current.result_sha256 is not None)


@pytest.mark.parametrize(
    ("attempt", "is_cancel_requested", "is_safe", "expected"),
    [
        (1, False, True, True),
        (1, False, None, True),
        (2, False, True, False),
        (1, True, True, False),
        (1, False, False, False),
    ],
)
def test_a_lost_job_is_retried_once_if_that_does_no_harm(attempt, is_cancel_requested, is_safe, expected):
    lost = job("running", attempt=attempt, is_cancel_requested=is_cancel_requested)
    estimate = None if is_safe is None else Estimate(is_safe_to_retry=is_safe)
    assert is_retry_allowed(lost, estimate) is expected


def test_a_launch_that_the_launcher_did_not_take_is_no_attempt():
    launched = advance(job("waiting", attempt=1), Launched(time_s=1.0, launcher="local", handle="a.2"))
    refused = Requeued(time_s=2.0, reason="all runners are busy", was_launched=False)
    assert (launched.attempt, advance(launched, refused).attempt) == (2, 1)
    assert advance(launched, Requeued(time_s=2.0, reason="the runner was lost")).attempt == 2
