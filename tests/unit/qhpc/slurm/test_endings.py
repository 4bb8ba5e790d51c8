"""What a real Slurm told of jobs that ended in each way (``record_endings.py``), and what users read."""

from pathlib import Path

import pytest

from qat.comm.access.messages import Resources
from qhpc.access.launchers.slurm_endings import slurm_ending
from qhpc.slurm.directory import has_nodes, is_over
from qhpc.slurm.parsers import parse_accounting, parse_jobs, parse_record
from qhpc.slurm.states import phase_of, reason_words

RECORDED = Path(__file__).with_name("recorded")
MARKER = "m4rk"
GIVEN = Resources(memory_bytes=100 << 20, max_time_s=60.0)
LOST = {
    "completed": "job 1 ended in Slurm without a result; its last lines may tell why",
    "failed": "job 2 failed in Slurm: its program ended with an error",
    "node-lost": "job 6 was lost with its node (q3)",
    "preempted": "job 7 had to give its nodes to a job of higher priority (q2)",
}
FAILED = {
    "time-limit": ("time-limit", "60 s"),
    "out-of-memory": ("out-of-memory", "more memory than the 0.0977 GiB it was given"),
    "cancelled": ("cancelled", "job 5 was cancelled in Slurm: by its owner, an operator"),
}


def recorded(name):
    return (RECORDED / f"{name}.txt").read_text()


@pytest.fixture(scope="module")
def listed():
    """Jobs as the controller lists them, by what became of them."""
    return {job.comment.partition(".")[2]: job for job in parse_jobs(recorded("endings_squeue"), MARKER)}


@pytest.fixture(scope="module")
def accounted():
    return {job.id: job for job in parse_accounting(recorded("endings_sacct"))}


@pytest.mark.parametrize("name", sorted(LOST))
def test_why_a_job_is_lost(listed, name):
    assert slurm_ending(listed[name], None, GIVEN) == LOST[name]


@pytest.mark.parametrize("name", sorted(FAILED))
def test_why_a_job_has_failed(listed, name):
    reason, words = FAILED[name]
    failure = slurm_ending(listed[name], None, GIVEN).failure
    assert failure.reason == reason and words in failure.message


def test_a_job_that_was_put_back_waits_and_then_runs_again(listed):
    (waiting,) = parse_jobs(recorded("put_back_squeue"), MARKER)
    assert (phase_of(waiting.state), waiting.nodes) == ("waiting", ())
    assert reason_words(waiting.reason) == "its time to begin has not come, or it was put back and waits a while"
    again = listed["put-back"]
    assert (again.id, again.submitted) == (waiting.id, waiting.submitted)
    assert not is_over(again) and has_nodes(again) and again.started > waiting.submitted
    records = [parse_record(line) for line in recorded("endings_jobs").splitlines()]
    assert {record["JobId"]: record["Restarts"] for record in records}[str(again.id)] == "1"


def test_the_accounting_and_the_controller_agree(listed, accounted):
    """But for what the accounting is told at the end only: the comment."""
    assert sorted(accounted) == sorted(job.id for job in listed.values()) == list(range(1, 10))
    for job in listed.values():
        there = accounted[job.id]
        assert (there.state, there.submitted, there.started) == (job.state, job.submitted, job.started), job
        assert (there.nodes, there.user, there.account) == (job.nodes, job.user, job.account)
        assert there.comment == (job.comment if is_over(job) else None)


def test_who_cancelled_a_job_is_no_part_of_its_state(accounted):
    assert "CANCELLED by 0" in recorded("endings_sacct")
    assert (accounted[5].state, accounted[5].user) == ("CANCELLED", "postgres")
