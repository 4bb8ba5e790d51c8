"""Hybrid jobs by the dozen through Slurm and one broker: every result is right, every task was charged once."""

import shutil
import tempfile
from pathlib import Path

import pytest

from benchmarks.live.accounts_check import Plan, faults
from benchmarks.live.thousand import Run, figures, lines, parsed
from qhpc.slurm.private_cluster import missing


@pytest.fixture
def directory():
    if reason := missing():
        pytest.skip(reason)
    made = Path(tempfile.mkdtemp(prefix="live-", dir="/tmp"))
    yield made
    shutil.rmtree(made)


def test_twelve_jobs_on_two_qpus(directory):
    counts = ["--jobs", "12", "--tasks", "4", "--nodes", "2", "--qpus", "2", "--at-once", "6"]
    options = parsed([*counts, "--classical", "0.01", "--timeout", "100"])
    run = Run(directory, options)
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
    assert any(line.startswith("broker: ") for line in lines(found))
