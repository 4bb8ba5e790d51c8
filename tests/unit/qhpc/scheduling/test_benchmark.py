"""The benchmark of the machine runs; its figures are not asserted."""

from itertools import count

import pytest

from benchmarks.scheduling import machine
from qhpc.scheduling.policies import POLICIES


@pytest.mark.parametrize("policy", POLICIES)
def test_it_measures_every_policy(policy, monkeypatch):
    monkeypatch.setattr(machine, "NB_TASKS", 20)
    monkeypatch.setattr(machine.time, "process_time", count().__next__)
    assert machine.seconds_a_task(policy) == 1 / 20
