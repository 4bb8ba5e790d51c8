"""The SPSA minimiser as a plugin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qat.core.optimizer import Optimizer
from qat.plugins.variational import evaluator, starting_point
from qat.vsolve.optimize.spsa_algorithm import spsa_minimize

__all__ = ["SPSAMinimizePlugin"]


class SPSAMinimizePlugin(Optimizer):
    """Minimises a job by simultaneous perturbation: two evaluations a step, made for values with shot noise.

    Args:
        x0: starting values, shape ``(n,)``, in the order of ``job.get_variables()``; random in [0, pi) when absent.
        collective: optimise one sum over a whole batch instead of each job on its own.
        binding_args: arguments passed on when variables are bound.
        kwargs: ``maxiter=100, a=1, A=10, alpha=0.602, c=0.01, gamma=0.101, precision=1e-4, stop_condition=5,
            a_calibration=False, n_calibrations=25, seed=None, verbose=False``; see
            ``qat.vsolve.optimize.spsa_algorithm.spsa_minimize``. For sampled values choose ``c`` about as large as
            their error.

    Source: J. C. Spall, IEEE Trans. Automatic Control 37 (1992) 332.

    >>> from qat.core import Observable
    >>> from qat.lang.AQASM import RY, Program
    >>> from qat.qpus import LinAlg
    >>> program = Program()
    >>> _ = RY(program.new_var(float, "theta"))(program.qalloc(1))
    >>> job = program.to_circ().to_job(observable=Observable.sigma_z(0, 1))
    >>> bool((SPSAMinimizePlugin(x0=[0.5], seed=1) | LinAlg()).submit(job).value < -0.99)
    True
    """

    def __init__(
        self,
        x0: Any = None,
        collective: bool = False,
        binding_args: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(collective=collective, **(binding_args or {}))
        self.init = x0
        self.parameters = kwargs

    def optimize(self, var_names: Sequence[str]) -> tuple[float, list[float], dict[str, Any]]:
        """Minimises over the named variables."""
        start = starting_point(self.init, var_names, self.parameters.get("seed"))
        point, value, iterations, history = spsa_minimize(evaluator(self, var_names), start, **self.parameters)
        energies = [(place.tolist(), float(energy)) for place, energy in history]
        return float(value), point.tolist(), {"iterations": iterations, "energies": energies}
