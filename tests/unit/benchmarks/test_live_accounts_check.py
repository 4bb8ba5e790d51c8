"""Whether many jobs were done rightly, and each task once: every way in which they may not have been is seen."""

import pytest

from benchmarks.live.accounts_check import Plan, faults
from benchmarks.live.thousand import most_at_once, parsed
from qhpc.broker.usage_rows import SessionRow, SliceRow

PLAN = Plan((11, 12), nb_tasks=2, nb_shots=10)


def told(number, slurm_job, **changes):
    return {"number": number, "slurm_job": slurm_job, "found": [[2 * number], [2 * number + 1]], **changes}


def ran(slurm_job, key, **changes):
    row = SliceRow(f"ada:{slurm_job}", 0.0, key, 1, "ada", "", slurm_job, "qpu-1", "qpu", 1.0, 0.5, 0.0, 10, "finished")
    return row._replace(**changes)


def ended(slurm_job, used_s=1.0):
    return SessionRow(f"ada:{slurm_job}", 0.0, "ada", "", slurm_job, "qpu", 1.0, 9.0, used_s, 0.0, 0.0, "closed")


TOLD = [told(0, 11), told(1, 12)]
SLICES = [ran(11, "1"), ran(11, "2"), ran(12, "1"), ran(12, "2")]
SESSIONS = [ended(11), ended(12)]


def test_nothing_is_wrong_when_all_is_right():
    assert list(faults(PLAN, TOLD, SLICES, SESSIONS)) == []


def test_a_task_may_be_done_in_parts():
    parts = [ran(12, "2", shots=4, busy_s=0.2), ran(12, "2", shots=6, busy_s=0.3, number=2)]
    assert list(faults(PLAN, TOLD, SLICES[:3] + parts, SESSIONS)) == []


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        (TOLD[:1], "job 1 (Slurm's 12) has ended 0 times"),
        ([*TOLD, told(1, 12)], "job 1 (Slurm's 12) has ended 2 times"),
        ([TOLD[0], told(1, 13)], "job 1 ran as Slurm's job 13, which is not its own"),
        ([TOLD[0], told(1, 12, found=[[2], [1]])], "task 1 of job 1 found [1] instead of [3]"),
        ([TOLD[0], told(1, 12, found=[[2], [3, 0]])], "task 1 of job 1 found [3, 0] instead of [3]"),
        ([TOLD[0], told(1, 12, found=[[2]])], "job 1 has 1 results instead of 2"),
    ],
)
def test_what_jobs_may_have_done_wrong(jobs, expected):
    assert list(faults(PLAN, jobs, SLICES, SESSIONS)) == [expected]


@pytest.mark.parametrize(
    ("slices", "expected"),
    [
        (SLICES[:3], {"Slurm's job 12 was charged 1 tasks instead of 2"}),
        ([*SLICES, ran(12, "3")], {"Slurm's job 12 was charged 3 tasks instead of 2"}),
        (
            [*SLICES, ran(12, "1", session="ada:again")],
            {"Slurm's job 12 was charged 3 tasks instead of 2"},
        ),
        ([*SLICES, ran(12, "2", number=2)], {"task (12, 'ada:12', '2') was charged 20 shots"}),
        ([*SLICES, ran(9, "1")], {"tasks of Slurm's job 9 were charged, which is none of these"}),
        ([*SLICES[:3], ran(12, "2", outcome="lost")], {"slice 1 of task (12, 'ada:12', '2') is lost"}),
    ],
)
def test_what_the_accounts_may_have_wrong(slices, expected):
    paid = {f"ada:{slurm_job}": 0.0 for slurm_job in (11, 12)}
    for row in slices:
        paid[row.session] = paid.get(row.session, 0.0) + row.busy_s
    sessions = [ended(slurm_job, paid[f"ada:{slurm_job}"]) for slurm_job in (11, 12)]
    assert set(faults(PLAN, TOLD, slices, sessions)) == expected


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        (SESSIONS[:1], "Slurm's job 12 has 0 closed sessions"),
        ([*SESSIONS, ended(12)], "Slurm's job 12 has 2 closed sessions"),
        ([ended(11), ended(12, 1.5)], "session ada:12 has used 1.5 s, its slices 1.0 s"),
    ],
)
def test_what_sessions_may_have_wrong(sessions, expected):
    assert list(faults(PLAN, TOLD, SLICES, sessions)) == [expected]


def test_how_many_jobs_there_were_at_once():
    assert most_at_once([(0, 5), (1, 3), (2, 4), (4, 6)]) == 3


def test_without_options_it_is_what_the_name_says():
    options = parsed([])
    assert (options.jobs, options.tasks, options.nodes, options.qpus) == (1000, 20, 4, 2)
