"""Simultaneous perturbation stochastic approximation (SPSA): two evaluations a step, whatever the dimension.

Source: J. C. Spall, "Multivariate stochastic approximation using a simultaneous perturbation gradient approximation",
IEEE Trans. Automatic Control 37 (1992) 332; gains after his "Implementation of the simultaneous perturbation algorithm"
(IEEE Trans. Aerospace and Electronic Systems 34 (1998) 817), equations for a_k and c_k.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.vsolve.optimize.randomness import generator

__all__ = ["spsa_minimize"]

Point = NDArray[np.float64]
Function = Callable[[Any], float]

CALIBRATED_STEP = np.pi / 5
"""Size of the first move of each parameter, in radians, when ``a`` is calibrated."""


def spsa_minimize(
    func: Function,
    theta0: Sequence[float] | Point,
    maxiter: int = 100,
    a: float = 1,
    A: float = 10,  # noqa: N803 (published name)
    alpha: float = 0.602,
    c: float = 0.01,
    gamma: float = 0.101,
    precision: float = 1e-4,
    stop_condition: int = 5,
    a_calibration: bool = False,
    n_calibrations: int = 25,
    seed: int | None = None,
    verbose: bool = False,
) -> tuple[Point, float, int, list[tuple[Point, float]]]:
    """Minimise a function by SPSA.

    Step k moves against ``(f(x + c_k d) - f(x - c_k d)) / (2 c_k) * d`` with random signs ``d``, by
    ``a_k = a / (k + 1 + A)**alpha``, where ``c_k = c / (k + 1)**gamma``.

    Args:
        func: maps an array of shape ``(n,)`` to a float.
        theta0: starting point, shape ``(n,)``.
        maxiter: largest number of steps.
        a: scale of the steps.
        A: number of first steps that are held back.
        alpha: decay of the steps.
        c: scale of the perturbations.
        gamma: decay of the perturbations.
        precision: differences of successive values below this count as standing still.
        stop_condition: stop after standing still more than this many times in a row.
        a_calibration: replace ``a`` so that the first step moves each parameter by about ``pi / 5``.
        n_calibrations: number of gradient estimates (two evaluations each) used for that.
        seed: seed of the random signs; without one they follow ``numpy.random.seed``.
        verbose: print the value at each step.

    Returns:
        The last point, the last value (mean of its two evaluations), the index of the last step, and all
        ``(point after the step, value)``.

    >>> point, value, steps, history = spsa_minimize(lambda x: float((x**2).sum()), [1.0, 2.0], seed=0)
    >>> bool(value < 0.01)
    True
    """
    rng = generator(seed)
    point = np.array(theta0, dtype=np.float64)
    if a_calibration:
        a = _calibrated_gain(func, point, c, n_calibrations, rng) * (A + 1) ** alpha
    history: list[tuple[Point, float]] = []
    still = 0
    for step in range(maxiter):
        slope, value = _probe(func, point, c / (step + 1) ** gamma, rng)
        point = point - a / (step + 1 + A) ** alpha * slope
        still = still + 1 if history and abs(value - history[-1][1]) < precision else 0
        history.append((point, value))
        if verbose:
            print(f"SPSA step {step}: value {value}")
        if still > stop_condition:
            break
    if not history:
        return point, float(func(point)), 0, history
    return point, history[-1][1], len(history) - 1, history


def _probe(func: Function, point: Point, width: float, rng: np.random.Generator) -> tuple[Point, float]:
    """One gradient estimate and the mean of the two values it was made of."""
    signs = rng.choice((-1.0, 1.0), size=point.shape)
    above, below = func(point + width * signs), func(point - width * signs)
    return (above - below) / (2 * width) * signs, (above + below) / 2


def _calibrated_gain(func: Function, point: Point, width: float, repeats: int, rng: np.random.Generator) -> float:
    """Gain which moves each parameter by ``CALIBRATED_STEP`` for a slope of typical size.

    Source: A. Kandala et al., Nature 549 (2017) 242, supplementary information.
    """
    slopes = [np.abs(_probe(func, point, width, rng)[0]).mean() for _ in range(repeats)]
    mean = float(np.mean(slopes)) if slopes else 0.0
    if mean == 0.0:
        raise ValueError("SPSA cannot calibrate 'a' where the function is flat; start elsewhere or give 'a' yourself")
    return CALIBRATED_STEP / mean
