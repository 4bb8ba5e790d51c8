"""The closed loop: steps, dead band, bounds, and a pool that answers to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.scheduling.admission.closed_loop import ClosedLoop


def repeated(loop, nb, **measured):
    return [(loop.step(600.0, **measured), loop.alpha)[1] for _ in range(nb)]


def test_more_is_offered_while_qpus_idle_and_jobs_are_fast():
    alphas = repeated(ClosedLoop(1.2, 1.3), 20, idle_fraction=0.2, stretch=1.1)
    assert alphas == sorted(alphas) and alphas[-1] > 1.3


def test_less_is_offered_while_jobs_crawl():
    alphas = repeated(ClosedLoop(1.2, 1.3), 20, idle_fraction=0.2, stretch=1.6)
    assert alphas == sorted(alphas, reverse=True) and alphas[-1] < 1.1


@pytest.mark.parametrize("stretch", [1.28, 1.3, 1.32])
def test_nothing_changes_near_the_target(stretch):
    assert set(repeated(ClosedLoop(1.2, 1.3), 20, idle_fraction=0.2, stretch=stretch)) == {1.2}


def test_nothing_is_gained_by_more_jobs_when_qpus_are_busy():
    assert set(repeated(ClosedLoop(1.2, 1.3), 20, idle_fraction=0.0, stretch=1.1)) == {1.2}


def test_nothing_is_known():
    assert set(repeated(ClosedLoop(1.2, 1.3), 20)) == {1.2}


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(1.0, 50.0)), max_size=100), st.floats(1.0, 1e5))
def test_alpha_stays_within_its_bounds_and_moves_slowly(measured, period_s):
    loop = ClosedLoop(1.2, 1.3, limits=(0.8, 2.0))
    for idle_fraction, stretch in measured:
        before = loop.alpha
        loop.step(period_s, idle_fraction=idle_fraction, stretch=stretch)
        assert 0.8 <= loop.alpha <= 2.0
        assert abs(loop.alpha / before - 1.0) <= 0.1 + 1e-12


def pool(loop, nb_steps, slope, delay=6):
    """A pool in which jobs stretch with alpha, an hour later: stretch = 1 + slope * alpha**2."""
    offered, alphas = [loop.alpha] * delay, []
    for _ in range(nb_steps):
        alpha = offered.pop(0)
        loop.step(600.0, idle_fraction=max(1.0 - 0.75 * alpha, 0.02), stretch=1.0 + slope * alpha**2)
        offered.append(loop.alpha)
        alphas.append(loop.alpha)
    return alphas


@pytest.mark.parametrize("start", [0.8, 1.2, 3.0])
def test_a_step_is_answered_without_swinging(start):
    """From wherever it starts, and after the load has changed, the stretch ends at its target and stays."""
    loop = ClosedLoop(start, 1.3)
    for slope, rest in [(0.2, 1.22), (0.1, 1.73), (0.3, 1.0)]:
        alphas = pool(loop, 300, slope)
        assert alphas[-1] == pytest.approx(rest, rel=0.08)
        assert max(alphas[150:]) - min(alphas[150:]) < 0.02, "it rests"
        turns = sum((b - a) * (c - b) < 0 for a, b, c in zip(alphas, alphas[1:], alphas[2:], strict=False))
        assert turns <= 2, "it passes the target once at most, and comes back"
