"""COBYLA as ``scipy.optimize.minimize`` has it: which calls our search takes over, and its results in SciPy's form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from math import isfinite
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.vsolve.optimize.cobyla import Cobyla, Minimum, Status

__all__ = ["minimized", "settings"]

Point = NDArray[np.float64]

SAME_SEARCH = ("1.16", "1.17")
"""Versions of SciPy whose COBYLA visits the same points as ours; older ones have another, in Fortran."""

ARGUMENTS = frozenset({"method", "tol", "options"})
OPTIONS = frozenset({"rhobeg", "tol", "maxiter", "catol", "disp", "f_target"})
"""What a call may say to be taken over; other arguments must be absent, None or empty."""

MESSAGES = {
    Status.SMALL_RADIUS: "the trust region radius reaches its lower bound.",
    Status.TARGET_REACHED: "the target function value is achieved.",
    Status.EVALUATIONS_EXHAUSTED: "the objective function has been evaluated MAXFUN times.",
    Status.ITERATIONS_EXHAUSTED: "the maximal number of trust region iterations has been reached.",
    Status.INFINITE_POINT: "NaN or Inf occurs in x.",
    Status.DAMAGING_ROUNDING: "rounding errors are becoming damaging.",
}
"""SciPy's words."""


def settings(start: Point, arguments: Mapping[str, Any]) -> Cobyla | None:
    """The settings of the search that gives what ``minimize(..., **arguments)`` gives, None if there is none.

    >>> settings(np.zeros(2), {"method": "COBYLA", "tol": 1e-3, "bounds": [(0, 1), (0, 1)]}) is None
    True
    """
    method, options = arguments.get("method"), arguments.get("options") or {}
    if not isinstance(method, str) or method.lower() != "cobyla" or not _is_plain(arguments, options):
        return None
    tol = arguments.get("tol")
    choice = {"rhobeg": 1.0, "tol": 1e-4 if tol is None else tol, "maxiter": 1000, "f_target": -np.inf} | options
    if not _is_valid(start, choice) or not _is_same_search():
        return None
    return Cobyla(
        first_radius=float(choice["rhobeg"]),
        last_radius=float(choice["tol"]),
        evaluations=choice["maxiter"],
        target=float(choice["f_target"]),
    )


def minimized(function: Callable[[Point], float], start: Point, cobyla: Cobyla) -> Any:
    """The minimum of a function of points of shape ``(n,)``, as an ``OptimizeResult``.

    >>> found = minimized(lambda point: float(point @ point), np.array([3.0, 4.0]), Cobyla())
    >>> found.success, found.nfev, bool(found.fun < 1e-6)
    (True, 46, True)
    """
    search = cobyla.search(start)
    point = next(search)
    while True:
        try:
            point = search.send(function(point))
        except StopIteration as end:
            return _result(end.value)


def _result(minimum: Minimum) -> Any:
    from scipy.optimize import OptimizeResult

    return OptimizeResult(
        x=minimum.point,
        status=int(minimum.status),
        success=minimum.status in (Status.SMALL_RADIUS, Status.TARGET_REACHED),
        message=f"Return from COBYLA because {MESSAGES[minimum.status]}",
        nfev=minimum.evaluations,
        fun=np.float64(minimum.value),
        maxcv=np.float64(0),
    )


def _is_plain(arguments: Mapping[str, Any], options: Any) -> bool:
    """Whether there is nothing but options of the search itself."""
    others = (value for name, value in arguments.items() if name not in ARGUMENTS)
    return isinstance(options, Mapping) and options.keys() <= OPTIONS and all(map(_is_nothing, others))


def _is_nothing(value: Any) -> bool:
    return value is None or value is False or (isinstance(value, list | tuple | dict) and not value)


def _is_valid(start: Point, choice: Mapping[str, Any]) -> bool:
    """Whether SciPy would take all values as they are; it corrects others, with warnings."""
    first, last, target, violation = choice["rhobeg"], choice["tol"], choice["f_target"], choice.get("catol") or 0.0
    if not all(isinstance(value, Real) for value in (first, last, target, violation)):
        return False
    radii_differ = abs(first - last) >= 100 * np.finfo(float).eps * max(abs(first), 1)
    return (
        type(choice["maxiter"]) is int
        and choice["maxiter"] >= len(start) + 2
        and not choice.get("disp")
        and isfinite(first)
        and 0 < last < first
        and radii_differ
        and violation >= 0
        and target == target
        and bool(len(start))
        and bool(np.isfinite(start).all())
    )


@cache
def _is_same_search() -> bool:
    import scipy

    return str(scipy.__version__).startswith(tuple(f"{version}." for version in SAME_SEARCH))
