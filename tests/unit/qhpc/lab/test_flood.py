"""One user floods the QPU, with forty sessions that are promised all of it each."""

from statistics import fmean

import pytest

from qhpc.lab.comparison import contender, run_checked
from qhpc.lab.scenario_files import read_scenario


def stretch_of_others(policies):
    trace = run_checked(read_scenario("flood").workload(0), contender(policies))
    return fmean(job.stretch for job in trace.jobs if job.plan.stack == "modest")


@pytest.mark.parametrize(
    ("policies", "low", "high"),
    [
        ("unlimited/fifo", 5.0, 6.5),
        ("unlimited/shortest-first", 5.0, 6.5),
        ("unlimited/shortest-in-share", 1.0, 3.0),
        ("capped-duty/shortest-in-share", 1.0, 1.1),
    ],
)
def test_the_default_order_halves_what_others_wait_and_admission_ends_it(policies, low, high):
    assert low <= stretch_of_others(policies) <= high
