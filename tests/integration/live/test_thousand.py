"""Hybrid jobs by the dozen through Slurm and one broker: every result is right, every task was charged once."""

from benchmarks.live.accounts_check import Plan, faults
from benchmarks.live.thousand import Run, figures, parsed, rows


def test_twelve_jobs_on_two_qpus(short_directory):
    counts = ["--jobs", "12", "--tasks", "4", "--nodes", "2", "--qpus", "2", "--at-once", "6"]
    options = parsed([*counts, "--classical", "0.01", "--timeout", "100"])
    run = Run(short_directory, options)
    run.run()
    told, (slices, sessions) = run.told(), run.charged()
    assert list(faults(Plan(run.ids, nb_tasks=4, nb_shots=10), told, slices, sessions)) == [], run.last_words()
    found = figures(run, told, slices)
    assert (found["jobs"], found["tasks"], len(slices), len(sessions)) == (12, 48, 48, 12)
    assert found["at_once"] <= 6, "Slurm admits as many as there are duty units for"
    assert {row.qpu for row in slices} == {"qpu-1", "qpu-2"}
    assert 0 < found["utilisation"] <= 1
    assert {"broker", "slurmctld", "slurmd.q1", "slurmd.q2", "driver of qpu-1"} <= set(found["processes"])
    assert all(process["memory_mb"] > 1 for process in found["processes"].values())
    assert dict(rows(found))["jobs, each with its right results, once"] == "12"
