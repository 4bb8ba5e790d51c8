"""All minimisers of SciPy, with exact gradients where they help."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.core.optimizer import Optimizer
from qat.core.wrappers.job import Batch
from qat.plugins.variational import checked_value, evaluator, named, starting_point
from qat.vsolve.optimize import scipy_cobyla

__all__ = ["ScipyMinimizePlugin"]

Point = NDArray[np.float64]

META_DATA_KEY = "ScipyMinimizePlugin"
PLUGIN_OPTIONS = frozenset({"x0", "seed"})
MINIMIZE_OPTIONS = frozenset(
    {"args", "method", "jac", "hess", "hessp", "bounds", "constraints", "tol", "callback", "options"}
)
METHODS = (
    "Nelder-Mead", "Powell", "CG", "BFGS", "Newton-CG", "L-BFGS-B", "TNC", "COBYLA", "COBYQA", "SLSQP", "trust-constr",
    "dogleg", "trust-ncg", "trust-exact", "trust-krylov",
)  # fmt: skip
"""Names of SciPy's methods, for messages."""

NEED_GRADIENT = frozenset({"newton-cg", "dogleg", "trust-ncg", "trust-krylov", "trust-exact"})
USE_GRADIENT = NEED_GRADIENT | {"cg", "bfgs", "l-bfgs-b", "tnc", "slsqp", "trust-constr", None}
"""Methods that can and cannot do without a gradient, in lower case. Left to choose, SciPy takes one that uses it."""


class ScipyMinimizePlugin(Optimizer):
    """Minimises the value of a job over its variables with ``scipy.optimize.minimize``.

    Methods that use gradients get exact ones when the QPU below gives them. For jobs with shots, where differences
    drown in noise, and where the method needs them, they get those of parameter-shift jobs; ``jac=True`` asks for
    gradients in any case. Otherwise SciPy takes finite differences. COBYLA without constraints and bounds runs in
    ``qat.vsolve.optimize.cobyla``, which visits the same points as SciPy's own and needs a tenth of its time.

    Args:
        collective: optimise one sum over a whole batch instead of each job on its own.
        binding_args: arguments passed on when variables are bound.
        kwargs: the arguments of ``scipy.optimize.minimize`` (``method``, ``tol``, ``options``, ``bounds``,
            ``constraints``, ``jac``, ``callback``, ...), and

            * ``x0``: starting values, shape ``(n,)``, in the order of ``job.get_variables()``; random in [0, pi) when
              absent, or, with a warning, when the job has another number of variables;
            * ``seed``: seed of the random starting values; without one they follow ``numpy.random.seed``.

    The meta data of a submission may replace all of these, ``{"ScipyMinimizePlugin": json.dumps({"method": ...})}``,
    and so may those of a single job.

    Raises:
        TypeError: for an argument which ``minimize`` does not know.

    Source: P. Virtanen et al., "SciPy 1.0", Nature Methods 17 (2020) 261.

    >>> from qat.core import Observable
    >>> from qat.lang.AQASM import RY, Program
    >>> from qat.qpus import LinAlg
    >>> program = Program()
    >>> _ = RY(program.new_var(float, "theta"))(program.qalloc(1))
    >>> job = program.to_circ().to_job(observable=Observable.sigma_z(0, 1))
    >>> result = (ScipyMinimizePlugin(method="BFGS", x0=[0.5]) | LinAlg()).submit(job)
    >>> round(result.value, 6), round(result.parameter_map["theta"], 4)
    (-1.0, 3.1416)
    """

    def __init__(self, collective: bool = False, binding_args: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(collective=collective, **(binding_args or {}))
        self.parameters: dict[str, Any] = _known(kwargs)
        self._chosen = self.parameters
        self._rng = _lasting(kwargs.get("seed"))

    def set_options(self, **kwargs: Any) -> None:
        """Changes arguments; those not named stay."""
        self.parameters |= _known(kwargs)
        if "seed" in kwargs:
            self._rng = _lasting(kwargs["seed"])

    def _prepare(self, initial_object: Any, meta_data: Mapping[str, str]) -> None:
        """Takes the arguments which the submission or the job's own meta data give, if any."""
        own_meta_data = getattr(initial_object, "meta_data", None)
        self._chosen = _override(meta_data) or _override(own_meta_data) or self.parameters

    def optimize(self, var_names: Sequence[str]) -> tuple[float, list[float], Any]:
        """Minimises over the named variables; the information returned is SciPy's result."""
        arguments = {name: value for name, value in self._chosen.items() if name not in PLUGIN_OPTIONS}
        function: Callable[[Point], Any] = evaluator(self, var_names)
        if self._gives_gradient(arguments):
            function, arguments["jac"] = self._value_and_gradient(var_names), True
        start = starting_point(self._chosen.get("x0"), var_names, self._random_source())
        outcome = _minimized(function, start, arguments)
        return float(outcome.fun), outcome.x.tolist(), outcome

    def _random_source(self) -> Any:
        return self._rng if self._chosen is self.parameters else self._chosen.get("seed")

    def _gives_gradient(self, arguments: Mapping[str, Any]) -> bool:
        """Whether SciPy gets gradients from here rather than take differences."""
        jac, method = arguments.get("jac"), _method(arguments)
        if jac is not None or method not in USE_GRADIENT:
            return jac is True
        jobs = self.job.jobs if isinstance(self.job, Batch) else [self.job]
        is_sampled = all(job.nbshots and job.circuit is not None for job in jobs)
        return method in NEED_GRADIENT or is_sampled or self.has_exact_gradient()

    def _value_and_gradient(self, var_names: Sequence[str]) -> Callable[[Point], tuple[float, Point]]:
        def both(point: Point) -> tuple[float, Point]:
            parameters = named(var_names, point)
            value, gradient = self.value_and_gradient(parameters)
            return checked_value(value, parameters), np.array([gradient[name] for name in var_names])

        return both


def _minimized(function: Callable[[Point], Any], start: Point, arguments: Mapping[str, Any]) -> Any:
    """SciPy's answer.

    Raises:
        ValueError: SciPy has no such method.
    """
    from scipy.optimize import minimize

    settings = scipy_cobyla.settings(start, arguments)
    if settings is not None:
        return scipy_cobyla.minimized(function, start, settings)
    try:
        return minimize(lambda point, *_: function(point), start, **arguments)
    except ValueError as error:
        if not str(error).startswith("Unknown solver"):
            raise
        raise ValueError(f"{error}: SciPy has {', '.join(METHODS)}") from error


def _lasting(seed: int | None) -> np.random.Generator | None:
    """A source of random numbers that goes on from one job to the next, so that several launches differ."""
    return None if seed is None else np.random.default_rng(seed)


def _known(arguments: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := sorted(arguments.keys() - MINIMIZE_OPTIONS - PLUGIN_OPTIONS):
        known = ", ".join(sorted(MINIMIZE_OPTIONS | PLUGIN_OPTIONS))
        raise TypeError(f"ScipyMinimizePlugin does not know {', '.join(unknown)}; its arguments are {known}")
    return dict(arguments)


def _override(meta_data: Mapping[str, str] | None) -> dict[str, Any] | None:
    """The arguments which meta data give in the place of the plugin's own."""
    text = (meta_data or {}).get(META_DATA_KEY)
    if text is None:
        return None
    try:
        arguments = json.loads(text)
    except (TypeError, ValueError):
        arguments = None
    if not isinstance(arguments, dict):
        raise ValueError(f'meta data {META_DATA_KEY!r} is {text!r}; give a JSON object such as {{"method": "COBYLA"}}')
    return _known(arguments)


def _method(arguments: Mapping[str, Any]) -> Any:
    method = arguments.get("method")
    return method.lower() if isinstance(method, str) else method
