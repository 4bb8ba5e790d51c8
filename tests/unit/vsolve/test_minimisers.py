"""SPSA and particle swarms on functions with known minima."""

import numpy as np
import pytest

from qat.vsolve.optimize.pso_algorithm import INERTIA_RULES, VELOCITY_RULES, pso_minimize, swarm_minimize
from qat.vsolve.optimize.spsa_algorithm import spsa_minimize


def wave(x):
    """Minimum -2 at (pi, (pi - 1) / 2)."""
    return float(np.cos(x[0]) + np.cos(2 * x[1] + 1))


class Counted:
    def __init__(self, function):
        self.function, self.points = function, []

    def __call__(self, x):
        self.points.append(np.array(x))
        return self.function(x)


def test_spsa_first_step_follows_the_published_gains():
    counted = Counted(lambda x: float((x**2).sum()))
    spsa_minimize(counted, [1.0, 2.0], maxiter=2, seed=1)
    first, second = counted.points[:2]
    assert np.allclose(np.abs(first - [1, 2]), 0.01) and np.allclose(first + second, [2, 4])
    signs = np.sign(first - [1, 2])
    slope = (counted.function(first) - counted.function(second)) / 0.02 * signs
    assert np.allclose((counted.points[2] + counted.points[3]) / 2, [1, 2] - slope / 11**0.602)
    assert np.allclose(np.abs(counted.points[2] - counted.points[3]), 0.02 / 2**0.101)


@pytest.mark.parametrize("seed", range(5))
def test_spsa_finds_a_minimum(seed):
    point, value, step, history = spsa_minimize(wave, [0.1, 0.2], seed=seed)
    assert value < -1.99 and wave(point) < -1.99
    assert len(history) == step + 1 and history[-1][1] == value and np.array_equal(history[-1][0], point)


def test_spsa_stops_on_a_plateau():
    counted = Counted(lambda x: 1.0)
    point, value, step, _ = spsa_minimize(counted, [1.0, 2.0], seed=1)
    assert (point.tolist(), value, step, len(counted.points)) == ([1.0, 2.0], 1.0, 6, 14)


def test_spsa_is_reproducible_and_random():
    runs = [spsa_minimize(wave, [0.1, 0.2, 0.3], maxiter=3, seed=seed)[0].tolist() for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_spsa_calibration_sets_the_first_step():
    counted = Counted(lambda x: 300.0 * float(x.sum()))
    spsa_minimize(counted, [0.0], maxiter=2, a_calibration=True, n_calibrations=4, seed=1)
    assert len(counted.points) == 8 + 4
    assert np.allclose((counted.points[-1] + counted.points[-2]) / 2, -np.pi / 5)
    with pytest.raises(ValueError, match="flat"):
        spsa_minimize(lambda x: 1.0, [0.0], a_calibration=True)


def test_spsa_with_noise():
    rng = np.random.default_rng(3)
    point, *_ = spsa_minimize(lambda x: wave(x) + 0.02 * rng.normal(), [0.5, 0.2], c=0.1, maxiter=300, seed=3)
    assert wave(point) < -1.9


def test_spsa_without_steps_and_verbose(capsys):
    assert spsa_minimize(wave, [0.0, 0.0], maxiter=0)[1:] == (wave([0, 0]), 0, [])
    spsa_minimize(wave, [0.0, 0.0], maxiter=1, verbose=True)
    assert capsys.readouterr().out.startswith("SPSA step 0: value ")


@pytest.mark.parametrize("method", VELOCITY_RULES)
@pytest.mark.parametrize("inertia", INERTIA_RULES)
def test_every_swarm_finds_a_minimum(method, inertia):
    values = [pso_minimize(wave, [0.1, 0.2], inertia, method, 40, 12, seed=seed)[1] for seed in range(4)]
    assert max(values) < -1.9


def test_swarm_results():
    counted = Counted(wave)
    point, value, iterations, energies = pso_minimize(counted, [0.1, 0.2], max_iter=7, swarm_number=5, seed=4)
    assert len(counted.points) == 35 and np.allclose(counted.points[0], [0.1, 0.2])
    assert iterations == len(energies) == 7 and energies == sorted(energies, reverse=True)
    assert value == energies[-1] == wave(point) == min(map(wave, counted.points))


def test_swarm_starts_in_a_latin_hypercube():
    seen = []
    swarm_minimize(lambda points: seen.append(points.copy()) or points.sum(axis=1), 3, max_iter=1, swarm_number=8,
                   size_initial_vector_space=4, seed=5)  # fmt: skip
    assert seen[0].shape == (8, 3)
    assert np.array_equal(np.sort(np.floor(seen[0] * 2), axis=0), np.repeat(np.arange(8)[:, None], 3, axis=1))


def test_swarm_of_one_particle():
    for method in VELOCITY_RULES:
        assert np.isfinite(pso_minimize(wave, 2, name_method_used=method, swarm_number=1, seed=1)[1])


def test_unknown_swarm_options():
    with pytest.raises(ValueError, match="name_method_used='X' is unknown; choose one of PSO, CLPSO"):
        pso_minimize(wave, 2, name_method_used="X")
    with pytest.raises(ValueError, match="choose_inertia_function"):
        pso_minimize(wave, 2, "X")
    with pytest.raises(TypeError, match="foo"):
        pso_minimize(wave, 2, foo=1)
