"""COBYLA: the same points as SciPy's, one by one; when SciPy's own is used; the search by itself."""

import warnings

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from qat.vsolve.optimize import scipy_cobyla
from qat.vsolve.optimize.cobyla import Cobyla, Status
from qat.vsolve.optimize.simplex import Simplex, trust_step

HAS_SAME_SEARCH = scipy.__version__.startswith(("1.16.", "1.17."))
as_in_scipy = pytest.mark.skipif(not HAS_SAME_SEARCH, reason="another COBYLA in this SciPy, which is used as it is")
FIELDS = ("fun", "nfev", "status", "success", "message", "maxcv")


def functions(rng, size):
    """Name -> function of points, and functions with noise that follows the calls."""
    matrix, shift = rng.normal(size=(size, size)), rng.normal(size=size)
    noise = np.random.default_rng(1)
    return {
        "parabola": lambda x: float(((matrix @ x - shift) ** 2).sum()),
        "waves": lambda x: float(np.cos(matrix @ x).sum()),
        "kinks": lambda x: float(np.abs(matrix @ x).sum()),
        "slope": lambda x: float(shift @ x),
        "stairs": lambda x: float(np.round(np.sin(matrix @ x).sum(), 1)),
        "valley": lambda x: float((100 * (x[1:] - x[:-1] ** 2) ** 2).sum() + ((1 - x) ** 2).sum()),
        "plain": lambda x: 0.0,
        "huge": lambda x: float(1e20 * ((x - shift) ** 2).sum()),
        "wall": lambda x: float("nan") if x[0] > 0.5 else float(x @ x),
        "cliff": lambda x: float("inf") if x[0] > 0.5 else float(-x.sum()),
        "noise": lambda x: float(np.cos(x).sum() + noise.normal(scale=0.1)),
    }


NAMES = tuple(functions(np.random.default_rng(0), 1))


class Recorded:
    """A function that remembers where it was called."""

    def __init__(self, function):
        self.function, self.points = function, []

    def __call__(self, point):
        self.points.append(point.copy())
        return self.function(point)


def both(name, seed, size, **arguments):
    """Our answer and SciPy's, with all points."""
    start = np.random.default_rng(seed).normal(size=size)
    ours, theirs = (Recorded(functions(np.random.default_rng(seed), size)[name]) for _ in range(2))
    chosen = scipy_cobyla.settings(start, {"method": "COBYLA", **arguments})
    assert chosen is not None
    mine = scipy_cobyla.minimized(ours, start, chosen)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        reference = minimize(theirs, start, method="COBYLA", **arguments)
    return mine, ours.points, reference, theirs.points


def assert_same(mine, points, reference, reference_points):
    assert np.array_equal(np.array(points).shape, np.array(reference_points).shape)
    assert np.allclose(points, reference_points, rtol=1e-9, atol=1e-12)
    assert [mine[field] for field in FIELDS if field != "fun"] == [reference[f] for f in FIELDS if f != "fun"]
    assert np.isclose(mine.fun, reference.fun, rtol=1e-9, atol=1e-12) and np.allclose(mine.x, reference.x, atol=1e-12)
    assert str(mine).splitlines()[0] == str(reference).splitlines()[0]
    assert list(mine) == list(reference) and type(mine) is type(reference)


@as_in_scipy
@pytest.mark.parametrize("name", NAMES)
def test_same_points_as_scipy(name):
    for size in (1, 2, 5):
        assert_same(*both(name, size, size, options={"maxiter": 90}))


@as_in_scipy
@pytest.mark.parametrize(
    "arguments",
    [
        {"tol": 1e-7},
        {"tol": 1e-2, "options": {"rhobeg": 0.3}},
        {"options": {"tol": 1e-5, "rhobeg": 2, "catol": 0.1}},
        {"options": {"maxiter": 8}},
        {"options": {"f_target": -1.0}},
        {"options": {"f_target": 100.0}},
        {"tol": 0.05, "options": {"rhobeg": 0.05001, "disp": False}, "bounds": None, "constraints": (), "jac": False},
    ],
)
def test_options_as_in_scipy(arguments):
    assert_same(*both("waves", 3, 3, **arguments))


@as_in_scipy
@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    size=st.integers(1, 10),
    name=st.sampled_from(NAMES),
    radius=st.floats(0.01, 10),
    exponent=st.integers(1, 10),
    evaluations=st.integers(12, 60),
)
def test_same_search_whatever_the_function(seed, size, name, radius, exponent, evaluations):
    options = {"rhobeg": radius, "tol": radius * 10.0**-exponent, "maxiter": evaluations}
    assert_same(*both(name, seed, size, options=options))


@as_in_scipy
def test_statuses():
    ends = [
        ("parabola", {"tol": 1e-3}, Status.SMALL_RADIUS, True),
        ("waves", {"options": {"f_target": 0.0}}, Status.TARGET_REACHED, True),
        ("waves", {"options": {"maxiter": 6}}, Status.EVALUATIONS_EXHAUSTED, False),
    ]
    for name, arguments, status, is_success in ends:
        found = both(name, 2, 3, **arguments)[0]
        assert (found.status, found.success) == (status, is_success)


@as_in_scipy
def test_points_at_the_end_of_the_numbers_end_the_search():
    with np.errstate(over="ignore"):
        found = scipy_cobyla.minimized(lambda x: float(-x[0]), np.array([1.7e308]), Cobyla(first_radius=1e308))
    assert found.status == Status.INFINITE_POINT and not found.success and found.nfev == 2


@pytest.mark.parametrize(
    "arguments",
    [
        {"method": "COBYQA"},
        {"method": None},
        {"method": minimize},
        {"bounds": [(0, 1), (0, 1)]},
        {"constraints": [{"type": "ineq", "fun": lambda x: x[0]}]},
        {"callback": print},
        {"jac": True},
        {"args": (1,)},
        {"options": {"unknown": 1}},
        {"options": {"disp": True}},
        {"options": {"maxiter": 3}},
        {"options": {"maxiter": 50.0}},
        {"options": {"rhobeg": -1}},
        {"options": {"rhobeg": 1e-5}},
        {"options": {"rhobeg": float("inf")}},
        {"options": {"rhobeg": "1"}},
        {"options": {"catol": -1}},
        {"options": {"f_target": float("nan")}},
        {"options": [1]},
        {"tol": 0},
        {"tol": 1.0},
        {"tol": "1e-3"},
    ],
)
def test_what_is_left_to_scipy(arguments):
    assert scipy_cobyla.settings(np.zeros(2), {"method": "COBYLA", **arguments}) is None


def test_other_versions_of_scipy_are_left_alone(monkeypatch):
    for version, is_ours in {"1.15.3": False, "1.16.0": True, "1.17.1": True, "1.18.0": False, "2.0.0": False}.items():
        monkeypatch.setattr(scipy, "__version__", version)
        scipy_cobyla._is_same_search.cache_clear()
        assert (scipy_cobyla.settings(np.zeros(2), {"method": "cobyla"}) is not None) is is_ours
    monkeypatch.undo()
    scipy_cobyla._is_same_search.cache_clear()


def test_starts_that_are_no_numbers_are_left_to_scipy():
    for start in ([], [np.nan], [1.0, np.inf]):
        assert scipy_cobyla.settings(np.array(start), {"method": "COBYLA"}) is None


def test_the_search_asks_and_calls_nothing():
    search = Cobyla(last_radius=1e-6).search(np.array([1.0, 2.0]))
    asked = [next(search).tolist(), search.send(5.0).tolist(), search.send(4.0).tolist()]
    assert asked == [[1.0, 2.0], [2.0, 2.0], [2.0, 3.0]]
    with pytest.raises(StopIteration) as end:
        while True:
            search.send(10.0)
    assert end.value.value.value == 4.0 and end.value.value.point.tolist() == [2.0, 2.0]


def test_the_inverse_stays_one():
    rng = np.random.default_rng(5)
    simplex = Simplex(rng.normal(size=4), 0.5)
    simplex.values[:] = rng.normal(size=5)
    simplex.begin()
    for _ in range(200):
        step = rng.normal(size=4)
        value = float(rng.normal())
        corner = simplex.dropped(step, value < simplex.values[-1], 1.0)
        if corner is not None:
            assert simplex.replace(corner, step, value)
        assert np.allclose(simplex.inverse @ simplex.edges, np.eye(4), atol=1e-6)
        assert simplex.values[-1] == simplex.values.min()


def test_damaged_inverses_are_made_anew():
    simplex = Simplex(np.zeros(3), 1.0)
    simplex.values[:] = [3.0, 2.0, 1.0, 0.0]
    simplex.begin()
    simplex.inverse += 0.3
    assert simplex.replace(0, np.array([0.5, 0.1, 0.0]), 1.0)
    assert np.allclose(simplex.inverse @ simplex.edges, np.eye(3))


def test_flat_simplices_are_given_up():
    simplex = Simplex(np.zeros(2), 1.0)
    simplex.values[:] = [3.0, 2.0, 0.0]
    simplex.begin()
    with np.errstate(all="ignore"):
        assert not simplex.replace(0, np.array([1e-320, 1.0]), 1.0)


@given(st.lists(st.floats(-1e3, 1e3).map(lambda x: 0.0 if abs(x) < 1e-9 else x), min_size=1, max_size=8))
def test_trust_steps_go_against_the_gradient(components):
    gradient = np.array(components)
    expected = np.zeros(len(gradient)) if not gradient.any() else -2 * gradient / np.linalg.norm(gradient)
    assert np.allclose(trust_step(gradient, 2.0), expected)
    if gradient.any():
        assert np.allclose(trust_step(1e25 * gradient, 2.0), expected)
