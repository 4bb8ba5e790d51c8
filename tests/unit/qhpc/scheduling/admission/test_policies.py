"""What each policy offers and takes."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.scheduling.admission.events import IdleObserved, JobEnded, PoolCounted
from qhpc.scheduling.admission.instructions import AdmitJob
from qhpc.scheduling.admission.model import UNITS, duty_of_units, units_of_duty
from qhpc.scheduling.admission.policies import (
    ADMISSIONS,
    CappedDuty,
    Credits,
    Exclusive,
    FixedCount,
    LicenceWhenIdle,
    Rate,
    Unlimited,
)

from .scenes import came, job, machine


@pytest.mark.parametrize(
    ("policy", "capacity", "units"),
    [
        (Exclusive(), 2, 1),
        (Unlimited(), inf, 0),
        (FixedCount(3), 6, 1),
        (Credits(4), 8, 2),
        (Rate(), 2000, 231),
        (Rate(1.0), 2000, 1000),
        (Rate(1.7), 2000, 300),
        (CappedDuty(1.5), 3000, 312),
        (LicenceWhenIdle(), 2, 1),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_is_offered_and_taken(policy, capacity, units):
    assert policy.capacity("p", 2) == capacity
    assert policy.units(job(), 0.3) == units


@pytest.mark.parametrize("name", ADMISSIONS)
def test_each_is_made_by_its_name_and_admits(name):
    policy = ADMISSIONS[name]()
    assert policy.name == name
    m = machine(policy)
    admitted = [i.job_id for i in m.handle(*(came(1.0, f"j{i}", 0.25) for i in range(6)))]
    expected = {"exclusive": 1, "unlimited": 6, "licence-when-idle": 1, "rate": 5}.get(name, 4)
    assert admitted == [f"j{i}" for i in range(expected)]


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_units_grow_with_the_duty_and_tell_it(one, other):
    low, high = sorted((units_of_duty(one), units_of_duty(other)))
    assert (low, high) == (units_of_duty(min(one, other)), units_of_duty(max(one, other)))
    assert one - 1e-9 <= duty_of_units(units_of_duty(one)) <= one + 1.2e-3
    assert UNITS * one <= units_of_duty(one) + 1e-6 <= 1.1 * UNITS * one + 1 + 1e-5


def test_a_job_of_a_lower_class_takes_twice_as_much():
    policy, development = CappedDuty(), job(priority_class="development")
    assert [policy.units(development, duty) for duty in (0.1, 0.5, 0.7)] == [216, 1000, 1000]


@pytest.mark.parametrize("nb_jobs", [2, 3, 4, 5, 10, 50])
def test_as_many_like_jobs_are_admitted_as_fill_the_qpu(nb_jobs):
    """Jobs of duty 1 / N that do not disturb each other keep it busy when there are N, and none is slowed down."""
    m = machine(CappedDuty())
    assert len(m.handle(*(came(1.0, f"j{i}", 1.0 / nb_jobs) for i in range(2 * nb_jobs)))) == nb_jobs


@pytest.mark.parametrize("alpha", [0.0, -1.0, inf, float("nan")])
def test_alpha_is_positive(alpha):
    with pytest.raises(ValueError, match="give a positive number"):
        CappedDuty(alpha)


@pytest.mark.parametrize("limit", [0.9, inf, float("nan")])
def test_a_time_limit_is_at_least_what_a_job_takes_alone(limit):
    with pytest.raises(ValueError, match="give a number from 1 on"):
        Rate(limit)


def test_at_least_one_job_a_qpu():
    with pytest.raises(ValueError, match="count is 0"):
        FixedCount(0)


def test_a_poll_that_finds_qpus_idle_lets_one_more_in():
    m = machine(LicenceWhenIdle())
    m.handle(*(came(1.0, f"j{i}") for i in range(6)))

    def poll(time_s, idle_fraction):
        return [i.job_id for i in m.handle(IdleObserved(time_s, "p", 60.0, idle_fraction)) if isinstance(i, AdmitJob)]

    assert poll(60.0, 0.9) == ["j1"]
    assert poll(120.0, 0.1) == []
    assert not [i for i in m.handle(JobEnded(130.0, "j0")) if isinstance(i, AdmitJob)], "busy when it was polled"
    assert poll(180.0, 0.9) == ["j2"]
    m.handle(PoolCounted(200.0, "p", 2))
    assert poll(240.0, 0.9) == ["j3", "j4"]


def test_an_empty_pool_that_was_busy_admits_nobody_until_it_is_polled():
    m = machine(LicenceWhenIdle())
    m.handle(came(1.0, "a"), IdleObserved(60.0, "p", 60.0, 0.0), JobEnded(70.0, "a"))
    assert m.handle(came(80.0, "b"), came(81.0, "c")) == []
    assert AdmitJob("b", 0.5) in m.handle(IdleObserved(120.0, "p", 60.0, 0.8))
