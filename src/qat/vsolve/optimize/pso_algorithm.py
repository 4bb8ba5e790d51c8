"""Particle swarms: points that fly through the parameter space, drawn to the best places found so far.

All positions, velocities and bests are arrays of shape ``(swarm, dimension)``; a velocity rule is one function of them.
Sources: the survey part of N. Lynn and P. N. Suganthan, "Ensemble particle swarm optimizer", Applied Soft Computing 55
(2017) 533, whose constants are used, and the papers named at each rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from qat.vsolve.optimize.randomness import generator

__all__ = ["pso_minimize", "swarm_minimize"]

Array = NDArray[np.float64]
_Rule = TypeVar("_Rule")


@dataclass(slots=True)
class Swarm:
    """A swarm in flight.

    Attributes:
        positions, velocities: shape ``(swarm, dimension)``.
        best_positions: best place of each particle so far, shape ``(swarm, dimension)``.
        best_values: their values, shape ``(swarm,)``.
        progress: elapsed fraction of the iterations, 0 to 1.
        rng: source of all randomness.
    """

    positions: Array
    velocities: Array
    best_positions: Array
    best_values: Array
    progress: float
    rng: np.random.Generator

    @property
    def best_position(self) -> Array:
        """Best place of the whole swarm, shape ``(dimension,)``."""
        best: Array = self.best_positions[int(np.argmin(self.best_values))]
        return best

    def pull(self, strength: float, targets: Array) -> Array:
        """Random pull of each coordinate towards ``targets``, up to ``strength`` times the distance."""
        pull: Array = strength * self.rng.random(self.positions.shape) * (targets - self.positions)
        return pull

    def distances(self) -> Array:
        """Distance from each particle to each best place, shape ``(swarm, swarm)``; infinite to its own."""
        gaps: Array = np.linalg.norm(self.best_positions[None, :, :] - self.positions[:, None, :], axis=-1)
        np.fill_diagonal(gaps, np.inf)
        return gaps


def _pso(swarm: Swarm, inertia: float) -> Array:
    """Kennedy and Eberhart, Proc. ICNN'95 (1995) 1942: own best place and the swarm's."""
    pull = swarm.pull(1.49445, swarm.best_positions) + swarm.pull(1.49445, swarm.best_position)
    return inertia * swarm.velocities + pull


def _clpso(swarm: Swarm, inertia: float) -> Array:
    """Comprehensive learning, Liang et al., IEEE Trans. Evol. Comput. 10 (2006) 281.

    Each coordinate has a teacher of its own, drawn afresh at every step: the better of two random particles.
    """
    size, dimension = swarm.positions.shape
    ranks = np.arange(size) / max(size - 1, 1)
    probabilities = 0.05 + 0.45 * (np.exp(10 * ranks) - 1) / (np.exp(10) - 1)
    rivals = swarm.rng.integers(size, size=(2, size, dimension))
    winners = np.where(swarm.best_values[rivals[0]] <= swarm.best_values[rivals[1]], rivals[0], rivals[1])
    learns = swarm.rng.random((size, dimension)) < probabilities[:, None]
    teachers = np.where(learns, winners, np.arange(size)[:, None])
    return inertia * swarm.velocities + swarm.pull(1.49445, swarm.best_positions[teachers, np.arange(dimension)])


def _fdr_pso(swarm: Swarm, inertia: float) -> Array:
    """Fitness-distance ratio, Peram et al., Proc. SIS'03 (2003) 174: also towards the best near neighbour."""
    gains = swarm.best_values[:, None] - swarm.best_values[None, :]
    gaps = np.abs(swarm.best_positions[None, :, :] - swarm.positions[:, None, :])
    neighbours = np.argmax(gains[:, :, None] / np.maximum(gaps, 1e-12), axis=1)
    targets = swarm.best_positions[neighbours, np.arange(swarm.positions.shape[1])]
    own_and_swarm = swarm.pull(1.0, swarm.best_positions) + swarm.pull(1.0, swarm.best_position)
    return inertia * swarm.velocities + own_and_swarm + swarm.pull(2.0, targets)


def _lips(swarm: Swarm, inertia: float) -> Array:
    """Locally informed, Qu et al., IEEE Trans. Evol. Comput. 17 (2013) 387: nearest best places; no inertia."""
    size, dimension = swarm.positions.shape
    nb_neighbours = min(2 + int(3 * swarm.progress), size)
    nearest = np.argsort(swarm.distances(), axis=1)[:, :nb_neighbours]
    weights = 4.1 / nb_neighbours * swarm.rng.random((size, nb_neighbours, dimension))
    total = weights.sum(axis=1)
    centre = (weights * swarm.best_positions[nearest]).sum(axis=1) / total
    velocities: Array = 0.7298 * (swarm.velocities + total * (centre - swarm.positions))
    return velocities


def _hpso_tvac(swarm: Swarm, inertia: float) -> Array:
    """Time-varying acceleration, Ratnaweera et al., IEEE Trans. Evol. Comput. 8 (2004) 240; no inertia.

    A coordinate that stands still is thrown again.
    """
    own, shared = 2.5 - 2 * swarm.progress, 0.5 + 2 * swarm.progress
    velocities = swarm.pull(own, swarm.best_positions) + swarm.pull(shared, swarm.best_position)
    thrown = swarm.rng.uniform(-1, 1, velocities.shape) * (1 - 0.9 * swarm.progress)
    return np.where(velocities == 0, thrown, velocities)


VELOCITY_RULES: Mapping[str, Callable[[Swarm, float], Array]] = {
    "PSO": _pso,
    "CLPSO": _clpso,
    "FDR_PSO": _fdr_pso,
    "LIPS": _lips,
    "HPSO_TVAC": _hpso_tvac,
}


class Inertia:
    """Inertia weights: the fraction of its velocity which a particle keeps, as rules of (progress, rng)."""

    @staticmethod
    def constant(progress: float, rng: np.random.Generator, *, cte: float = 0.7298) -> float:
        """The same at all times. Source: Clerc and Kennedy, IEEE Trans. Evol. Comput. 6 (2002) 58."""
        return cte

    @staticmethod
    def random(progress: float, rng: np.random.Generator) -> float:
        """Uniform in [0.5, 1). Source: Eberhart and Shi, Proc. CEC'01 (2001) 94."""
        return 0.5 + float(rng.random()) / 2

    @staticmethod
    def linearly_decreasing(
        progress: float, rng: np.random.Generator, *, max_inertia: float = 0.9, min_inertia: float = 0.4
    ) -> float:
        """From ``max_inertia`` to ``min_inertia``. Source: Shi and Eberhart, Proc. CEC'99 (1999) 1945."""
        return max_inertia + (min_inertia - max_inertia) * progress

    @staticmethod
    def chaotic_random(progress: float, rng: np.random.Generator) -> float:
        """Half random, half logistic map. Source: Feng et al., Proc. ICICIC'07 (2007) 475."""
        z = float(rng.random())
        return 0.5 * float(rng.random()) + 0.5 * 4 * z * (1 - z)


def pso_minimize(
    lossfunction: Callable[[Any], float],
    theta: int | Sequence[float] | Array,
    choose_inertia_function: str = "linearly_decreasing",
    name_method_used: str = "PSO",
    max_iter: int = 10,
    swarm_number: int = 10,
    size_initial_vector_space: float = 1,
    seed: int | None = None,
    **inertia_kwargs: float,
) -> tuple[Array, float, int, list[float]]:
    """Minimise a function with a particle swarm.

    Args:
        lossfunction: maps an array of shape ``(n,)`` to a float.
        theta: starting point of one particle, shape ``(n,)``, or the dimension ``n``.
        choose_inertia_function: ``constant``, ``random``, ``linearly_decreasing`` or ``chaotic_random``.
        name_method_used: ``PSO``, ``CLPSO``, ``FDR_PSO``, ``LIPS`` or ``HPSO_TVAC``.
        max_iter: number of iterations; each evaluates every particle once.
        swarm_number: number of particles.
        size_initial_vector_space: the particles start in the cube from 0 to this.
        seed: seed of all randomness; without one it follows ``numpy.random.seed``.
        inertia_kwargs: ``cte`` (constant), ``max_inertia`` and ``min_inertia`` (linearly_decreasing).

    Returns:
        The best point, its value, the number of iterations, and the best value so far after each.

    Raises:
        ValueError: for an unknown method or inertia function.

    >>> point, value, _, _ = pso_minimize(lambda x: float((x**2).sum()), 2, max_iter=60, seed=1)
    >>> bool(value < 1e-3)
    True
    """
    return swarm_minimize(
        lambda points: np.array([lossfunction(point) for point in points], dtype=np.float64),
        theta, choose_inertia_function, name_method_used, max_iter, swarm_number, size_initial_vector_space, seed,
        **inertia_kwargs,
    )  # fmt: skip


def swarm_minimize(
    losses: Callable[[Array], Array],
    theta: int | Sequence[float] | Array,
    choose_inertia_function: str = "linearly_decreasing",
    name_method_used: str = "PSO",
    max_iter: int = 10,
    swarm_number: int = 10,
    size_initial_vector_space: float = 1,
    seed: int | None = None,
    **inertia_kwargs: float,
) -> tuple[Array, float, int, list[float]]:
    """``pso_minimize`` for a function of all particles at once: shape ``(swarm, n)`` to ``(swarm,)``.

    >>> swarm_minimize(lambda points: (points**2).sum(axis=1), [0.0, 0.0], max_iter=1, seed=1)[1]
    0.0
    """
    rule = _chosen("name_method_used", name_method_used, VELOCITY_RULES)
    inertia = _chosen("choose_inertia_function", choose_inertia_function, INERTIA_RULES)
    swarm = _take_off(theta, swarm_number, size_initial_vector_space, generator(seed))
    energies: list[float] = []
    for iteration in range(max_iter):
        swarm.progress = iteration / max(max_iter - 1, 1)
        _remember(swarm, losses(swarm.positions))
        energies.append(float(swarm.best_values.min()))
        swarm.velocities = rule(swarm, inertia(swarm.progress, swarm.rng, **inertia_kwargs))
        swarm.positions = swarm.positions + swarm.velocities
    return swarm.best_position.copy(), float(swarm.best_values.min()), max_iter, energies


INERTIA_RULES: Mapping[str, Callable[..., float]] = {
    "constant": Inertia.constant,
    "random": Inertia.random,
    "linearly_decreasing": Inertia.linearly_decreasing,
    "chaotic_random": Inertia.chaotic_random,
}


def _chosen(argument: str, name: str, rules: Mapping[str, _Rule]) -> _Rule:
    if name not in rules:
        raise ValueError(f"{argument}={name!r} is unknown; choose one of {', '.join(rules)}")
    return rules[name]


def _take_off(theta: int | Sequence[float] | Array, size: int, width: float, rng: np.random.Generator) -> Swarm:
    """A swarm spread over the cube by Latin hypercube sampling, its first particle at ``theta`` if that is a point."""
    if isinstance(theta, int):
        start, dimension = None, theta
    else:
        start = np.array(theta, dtype=np.float64)
        dimension = len(start)
    strata = np.stack([rng.permutation(size) for _ in range(dimension)], axis=1)
    positions = width * (strata + rng.random((size, dimension))) / size
    if start is not None:
        positions[0] = start
    velocities = rng.uniform(-1, 1, positions.shape)
    return Swarm(positions, velocities, positions.copy(), np.full(size, np.inf), 0.0, rng)


def _remember(swarm: Swarm, values: Array) -> None:
    better = values < swarm.best_values
    swarm.best_positions[better] = swarm.positions[better]
    swarm.best_values[better] = values[better]
