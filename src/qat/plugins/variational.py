"""What the optimisers share."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.core.errors import ErrorType, PluginException
from qat.core.optimizer import Optimizer
from qat.vsolve.optimize.randomness import generator

__all__ = ["batch_evaluator", "checked_value", "evaluator", "initial_values", "named", "starting_point"]

Point = NDArray[np.float64]


def initial_values(x0: Any, var_names: Sequence[str]) -> Point | None:
    """``x0`` as an array of shape ``(n,)`` if it has a value for each variable, otherwise None.

    An ``x0`` of another length is not used and a warning says so: one stack may serve jobs of several sizes.
    """
    if x0 is None:
        return None
    point = np.array(x0, dtype=np.float64).ravel()
    if len(point) == len(var_names):
        return point
    warnings.warn(
        f"x0 has {len(point)} values but the job has {len(var_names)} variables ({', '.join(var_names)}); starting at "
        f"random instead. Give one value for each variable, in this order.",
        stacklevel=2,
    )
    return None


def starting_point(x0: Any, var_names: Sequence[str], rng: int | np.random.Generator | None) -> Point:
    """Starting values, shape ``(n,)``: ``x0`` if it fits, otherwise random in [0, pi), from ``generator(rng)``.

    >>> starting_point([1, 2], ["a", "b"], np.random.default_rng(0)).tolist()
    [1.0, 2.0]
    """
    point = initial_values(x0, var_names)
    return generator(rng).uniform(0, math.pi, len(var_names)) if point is None else point


def named(var_names: Sequence[str], point: Point) -> dict[str, float]:
    """The values of a point by name.

    >>> named(["a", "b"], np.array([1.0, 2.0]))
    {'a': 1.0, 'b': 2.0}
    """
    return dict(zip(var_names, point.tolist(), strict=True))


def evaluator(optimizer: Optimizer, var_names: Sequence[str]) -> Callable[[Point], float]:
    """The optimiser's job as a function of a point of shape ``(n,)``; see ``checked_value``."""

    def value(point: Point) -> float:
        parameters = named(var_names, point)
        return checked_value(optimizer.evaluate(parameters), parameters)

    return value


def batch_evaluator(optimizer: Optimizer, var_names: Sequence[str]) -> Callable[[Point], Point]:
    """The optimiser's job as a function of points, shape ``(m, n)`` to ``(m,)``, sent as one batch."""

    def values(points: Point) -> Point:
        parameters = [named(var_names, point) for point in points]
        found = optimizer.evaluate_all(parameters)
        return np.array([checked_value(*pair) for pair in zip(found, parameters, strict=True)])

    return values


def checked_value(value: float, parameters: Mapping[str, float]) -> float:
    """The value, which must be a finite number.

    Raises:
        PluginException: for NaN or an infinity, with the parameters that led to it.

    >>> checked_value(1.5, {"a": 0.0})
    1.5
    """
    if math.isfinite(value):
        return value
    raise PluginException(
        ErrorType.INVALID_ARGS,
        __name__,
        f"The value at {dict(parameters)} is {value}, which cannot be minimised; check the QPU and the observable.",
    )
