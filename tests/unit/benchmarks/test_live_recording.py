"""What live jobs and the broker's accounts tell, as a trace: its numbers, and what is refused."""

import pytest

from benchmarks.live.recording import caption, measured, recorded, table
from benchmarks.live.three_ways import LICENCES, SHOT_S, WAYS, parsed, units, workload
from qhpc.broker.usage_rows import SliceRow
from qhpc.lab.comparison import contender, run_checked
from qhpc.lab.gantt import Panel, svg
from qhpc.scheduling.admission.model import HybridJob

GIVEN = workload(parsed(["--jobs", "2", "--rounds", "2", "--quantum", "1", "--classical", "2"]))
ZERO_S = 1_000_000.0


def entry(slurm_job, submitted_s, begun_s, answered_s, **changes):
    """A job that asks two seconds after its begin, and after each answer."""
    asked_s = [begun_s + 2.0, answered_s[0] + 2.0]
    told = {
        "slurm_job": slurm_job, "submitted_s": submitted_s, "born_s": begun_s - 0.5, "begun_s": begun_s,
        "asked_s": asked_s, "answered_s": answered_s, "wrong": 0, "ended_s": answered_s[-1],
    }  # fmt: skip
    return {
        name: [ZERO_S + time_s for time_s in value] if isinstance(value, list)
        else ZERO_S + value if name.endswith("_s") else value
        for name, value in {**told, **changes}.items()
    }  # fmt: skip


def ran(slurm_job, key, start_s, busy_s=1.0, overhead_s=0.0, number=1):
    return SliceRow(
        f"ada:slurm-{slurm_job}.0f", ZERO_S, key, number, "ada", "", slurm_job, "qpu-1", "qpu", ZERO_S + start_s,
        busy_s, overhead_s, 200, "finished",
    )  # fmt: skip


TOLD = {"job0": entry(11, 0.0, 1.0, [4.0, 7.0]), "job1": entry(12, 0.5, 2.0, [5.0, 8.5])}
SLICES = [ran(11, "1", 3.0), ran(12, "1", 4.0), ran(11, "2", 6.0), ran(12, "2", 7.0, 1.5, 0.5)]


def test_the_numbers_of_a_run():
    found = measured(recorded(GIVEN, TOLD, SLICES))
    assert found.makespan_s == 7.5, "from the first begin, not from the first submission"
    assert found.utilisation == pytest.approx(4.0 / 7.5), "latency is no use"
    assert found.stretch == pytest.approx((6.0 + 6.5) / 2 / 6.0)
    assert found.worst == pytest.approx(6.5 / 6.0)
    assert found.slowdown == pytest.approx((7.0 + 8.0) / 2 / 6.0)


def test_times_count_from_the_first_submission():
    trace = recorded(GIVEN, TOLD, SLICES)
    assert [job.plan.arrival_s for job in trace.jobs] == [0.0, 0.5]
    assert trace.jobs[0].asked_s == [3.0, 6.0] and trace.jobs[1].answered_s == [5.0, 8.5]
    assert [(run.start_s, run.first_shot_s, run.end_s, run.job_id) for run in trace.qpus[0].runs] == [
        (3.0, 3.0, 4.0, "job0"), (4.0, 4.0, 5.0, "job1"), (6.0, 6.0, 7.0, "job0"), (7.0, 7.5, 8.5, "job1"),
    ]  # fmt: skip
    assert "waits to be admitted" in svg([Panel("one", trace)])


@pytest.mark.parametrize(
    ("told", "slices", "complaint"),
    [
        ({"wrong": 1}, SLICES, "job1 has 1 wrong results"),
        ({"answered_s": [5.0]}, SLICES, "1 answers"),
        ({}, SLICES[:-1], "1 tasks in 1 slices"),
        ({}, [*SLICES, ran(12, "2", 9.0, number=2)], "2 tasks in 3 slices"),
        ({}, [*SLICES, ran(13, "1", 9.0)], "the accounts have tasks of Slurm's job 13"),
    ],
)
def test_a_run_that_was_not_right_has_no_numbers(told, slices, complaint):
    job = {**TOLD["job1"], **told}
    with pytest.raises(ValueError, match=complaint):
        recorded(GIVEN, {**TOLD, "job1": job}, slices)


def test_the_laboratory_is_measured_in_the_same_way():
    exclusive, unlimited, both = (measured(run_checked(GIVEN, contender(way.contender))) for way in WAYS)
    assert exclusive == (pytest.approx(1 / 3), 1.0, 1.0, 1.5, 12.0)
    assert unlimited == both, "two jobs of a third of the QPU do not wait for each other but once"
    assert both.makespan_s == 7.0 and both.worst == pytest.approx(7 / 6)


JOB = HybridJob(id="j", user="ada", account="a", pool="qpu")


def test_slurm_admits_as_many_as_the_laboratory():
    asked = [units(way, 1 / 3) for way in WAYS]
    assert asked == [LICENCES, 0, 345]
    policy = contender(WAYS[2].contender).policy()
    assert policy.capacity("qpu", 1) == LICENCES and policy.units(JOB, 1 / 3) == 345
    six = workload(parsed(["--rounds", "2"]))
    admitted = [job.admitted_s for job in run_checked(six, contender(WAYS[2].contender)).jobs]
    assert admitted.count(0.0) == LICENCES // 345 == 3


def test_a_phase_is_as_long_as_its_shots():
    (phase,) = set(GIVEN.jobs[0].phases)
    assert phase.shots * SHOT_S == phase.quantum_s == 1.0 and phase.classical_s == 2.0


FOUND = {
    "plan": {"jobs": 6, "rounds": 30, "classical_s": 0.8, "quantum_s": 0.4},
    "machine": {"cores": 2, "load_before": 1.0, "load_after": 2.25},
    "ways": {
        "a way": {
            "live": {"utilisation": 0.95, "stretch": 1.1, "worst": 1.2, "slowdown": 2.0, "makespan_s": 80.0},
            "lab": {"utilisation": 1.0, "stretch": 1.0, "worst": 1.0, "slowdown": 2.0, "makespan_s": 72.0},
            "start_s": 0.25,
        }
    },
}


def test_the_table_tells_by_how_much_both_differ():
    headings, rule, row = table(FOUND)
    assert headings.count("|") == rule.count("|") == row.count("|")
    assert "| U live | lab | differs |" in headings
    assert "| a way | 0.950 | 1.000 | -5.0 % | 1.100 | 1.000 | +10.0 % |" in row and row.endswith("| 0.25 |")


def test_the_caption_tells_what_was_run_and_how_busy_the_machine_was():
    assert caption(FOUND) == (
        "6 jobs of 30 rounds, each 0.8 s on nodes and 0.4 s of QPU; 2 cores at a load of 1.0 before and 2.2 after it."
    )
