"""The benchmark of the machine runs; its figures are not asserted."""

import pytest

from benchmarks.scheduling import machine
from qhpc.scheduling.policies import POLICIES


@pytest.mark.parametrize("policy", POLICIES)
def test_it_measures_every_policy(policy, monkeypatch):
    monkeypatch.setattr(machine, "NB_TASKS", 20)
    assert machine.seconds_a_task(policy) > 0
