"""The three ways to share a QPU, live and short: they run, and are told beside the laboratory's."""

import pytest

from benchmarks.live.recording import table
from benchmarks.live.three_ways import parsed, run
from qhpc.slurm.private_cluster import missing


@pytest.mark.skipif(missing() is not None, reason=str(missing()))
def test_three_jobs_of_two_rounds():
    options = parsed(["--jobs", "3", "--rounds", "2", "--quantum", "0.1", "--classical", "0.2"])
    found, panels = run(options)
    assert list(found["ways"]) == ["high-level only", "low-level only", "high and low level"]
    for way in found["ways"].values():
        assert 0 < way["live"]["utilisation"] <= 1 and way["live"]["stretch"] >= 1, "nothing is faster than its plan"
        assert way["live"]["slowdown"] >= way["live"]["stretch"] and way["start_s"] > 0
    exclusive = found["ways"]["high-level only"]
    assert exclusive["live"]["makespan_s"] >= exclusive["lab"]["makespan_s"] == pytest.approx(1.8)
    assert len(panels) == 3 and len(list(table(found))) == 5
