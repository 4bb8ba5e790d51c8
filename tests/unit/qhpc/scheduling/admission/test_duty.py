"""What is expected of a job: declared, measured, learned."""

import random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.scheduling.admission.duty import DeclaredDuty, LearnedDuty

from .scenes import job


def run(learned, name, truth, nb_phases=20, **fields):
    """A job whose every phase has the same duty, to its end."""
    one = job(name, **fields)
    for phase in range(1, nb_phases + 1):
        estimate = learned.observe(one, phase * truth, phase * (1 - truth))
    learned.ended(one)
    return estimate


@pytest.mark.parametrize(("declared", "expected"), [(0.3, 0.3), (None, 0.25), (0.0, 0.001), (7.0, 1.0)])
def test_declarations_are_believed_within_bounds(declared, expected):
    duty = DeclaredDuty()
    assert duty.expected(job(duty=declared)) == expected
    assert duty.observe(job(duty=declared), 1.0, 1.0) is None


def test_of_who_is_unknown_little_is_believed():
    learned = LearnedDuty()
    assert learned.expected(job(duty=0.01)) == 0.25, "a quarter, until it was measured"
    assert learned.expected(job(duty=0.8)) == 0.8


@pytest.mark.parametrize("error", [0.25, 1.0, 4.0])
def test_a_running_job_is_known_after_some_phases(error):
    assert run(LearnedDuty(), "a", 0.1, duty=0.1 * error) == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("error", [0.25, 4.0])
def test_the_same_users_next_job_is_known_whatever_is_declared(error):
    learned = LearnedDuty()
    for number in range(3):
        run(learned, f"{number}", 0.1, duty=0.1 * error)
    assert learned.expected(job("next", 0.1 * error)) == pytest.approx(0.1)


def test_others_who_run_the_same_tell_of_a_user_who_is_new():
    learned = LearnedDuty()
    run(learned, "a", 0.1, user="ada", stack="VQE")
    assert learned.expected(job("b", user="bob", stack="VQE")) == pytest.approx(0.1)
    assert learned.expected(job("c", user="bob", stack="QAOA")) == 0.5


def test_a_users_own_jobs_tell_more_than_others():
    learned = LearnedDuty()
    for number in range(5):
        run(learned, f"a{number}", 0.1, user="ada")
        run(learned, f"b{number}", 0.6, user="bob")
    assert learned.expected(job("a", user="ada")) == pytest.approx(0.1)
    assert learned.expected(job("b", user="bob")) == pytest.approx(0.6)


def test_one_odd_job_changes_nothing():
    learned = LearnedDuty()
    for number, duty in enumerate([0.1, 0.1, 0.9, 0.1, 0.1]):
        run(learned, f"{number}", duty)
    assert learned.expected(job("next")) == pytest.approx(0.1)


def test_old_jobs_are_forgotten():
    learned = LearnedDuty()
    for number in range(30):
        run(learned, f"{number}", 0.5 if number < 20 else 0.1)
    assert learned.expected(job("next")) == pytest.approx(0.1)


def test_a_job_without_measurements_teaches_nothing():
    learned = LearnedDuty()
    assert learned.observe(job("a"), 0.0, 0.0) is None
    learned.ended(job("a"))
    assert learned.expected(job("b")) == 0.5


def test_estimates_are_fair_on_average():
    """Random phases: neither too high nor too low, so that a full pool is full."""
    draw, estimates, learned = random.Random(7), [], LearnedDuty()
    for number in range(300):
        one, quantum_s, classical_s = job(f"{number}", 0.4), 0.0, 0.0
        for _ in range(20):
            quantum_s += draw.expovariate(1 / 10)
            classical_s += draw.expovariate(1 / 90)
            estimate = learned.observe(one, quantum_s, classical_s)
        estimates.append(estimate)
        learned.ended(one)
    assert mean(estimates) == pytest.approx(0.1, rel=0.05)


@given(st.lists(st.tuples(st.floats(0.0, 1e6), st.floats(0.0, 1e6)), max_size=30), st.floats(-1.0, 5.0))
def test_whatever_is_measured_a_duty_is_a_duty(measured, declared):
    learned = LearnedDuty()
    one = job(duty=declared)
    for quantum_s, classical_s in measured:
        duty = learned.observe(one, quantum_s, classical_s)
        assert duty is None or 0.001 <= duty <= 1.0 + 1e-12
    learned.ended(one)
    assert 0.001 <= learned.expected(one) <= 1.0


def test_many_phases_are_no_trouble():
    assert run(LearnedDuty(), "a", 0.001, nb_phases=5000, duty=1.0) == pytest.approx(0.001, rel=0.01)
