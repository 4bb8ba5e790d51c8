"""Gradient descent, plain or along the natural gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.core.optimizer import Optimizer
from qat.plugins.natural_gradient import metric_tensor
from qat.plugins.variational import checked_value, named, starting_point

__all__ = ["GradientDescentOptimizer"]

STOP_CRITERIA = ("grad_norm", "energy_dist")


class GradientDescentOptimizer(Optimizer):
    """Minimises a job by steps of ``-lambda_step * pinv(metric) @ gradient``.

    Args:
        maxiter: largest number of steps.
        lambda_step: factor of the steps.
        natural_gradient: use the quantum Fisher information as metric; the identity otherwise.
        stop_crit: stop when the gradient's norm (``grad_norm``) or the change of the value (``energy_dist``) is
            below ``tol``.
        tol: see ``stop_crit``.
        x0: starting values, shape ``(n,)``, in the order of ``job.get_variables()``; random in [0, pi) when absent.
        user_custom_gates: accepted for compatibility; rules are derived from the gates themselves.
        collective: optimise one sum over a whole batch instead of each job on its own; not with the natural gradient,
            for which each job has a metric of its own.

    Source: J. Stokes, J. Izaac, N. Killoran and G. Carleo, "Quantum natural gradient", Quantum 4 (2020) 269.

    Raises:
        ValueError: the stopping criterion is unknown.

    >>> from qat.core import Observable
    >>> from qat.lang.AQASM import RY, Program
    >>> from qat.qpus import LinAlg
    >>> program = Program()
    >>> _ = RY(program.new_var(float, "theta"))(program.qalloc(1))
    >>> job = program.to_circ().to_job(observable=Observable.sigma_z(0, 1))
    >>> round((GradientDescentOptimizer(x0=[1.0]) | LinAlg()).submit(job).value, 4)
    -1.0
    """

    def __init__(
        self,
        maxiter: int = 200,
        lambda_step: float = 0.2,
        natural_gradient: bool = True,
        stop_crit: str = "grad_norm",
        tol: float = 1e-3,
        x0: Any = None,
        user_custom_gates: Any = None,
        collective: bool = False,
    ) -> None:
        super().__init__(collective=collective)
        if stop_crit not in STOP_CRITERIA:
            raise ValueError(f"stop_crit={stop_crit!r} is unknown; choose one of {', '.join(STOP_CRITERIA)}")
        if natural_gradient and collective:
            raise ValueError("natural_gradient=True cannot be collective: every job has a metric of its own")
        self.maxiter = maxiter
        self.lambda_step = lambda_step
        self.natural_gradient = natural_gradient
        self.stop_crit = stop_crit
        self.tol = tol
        self.x0 = x0

    def optimize(self, var_names: Sequence[str]) -> tuple[float, list[float], dict[str, Any]]:
        """Minimises over the named variables."""
        point = starting_point(self.x0, var_names, None)
        energies: list[tuple[list[float], float]] = []
        while True:
            parameters = named(var_names, point)
            value, gradient = self.value_and_gradient(parameters)
            energies.append((point.tolist(), checked_value(value, parameters)))
            slope = np.array([gradient[name] for name in var_names])
            if len(energies) > self.maxiter or self._is_done(energies, slope):
                break
            point = point - self.lambda_step * self._direction(var_names, point, slope)
        return value, point.tolist(), {"iterations": len(energies) - 1, "energies": energies}

    def _is_done(self, energies: Sequence[tuple[list[float], float]], slope: NDArray[np.float64]) -> bool:
        if self.stop_crit == "grad_norm":
            return float(np.linalg.norm(slope)) < self.tol
        return len(energies) > 1 and abs(energies[-1][1] - energies[-2][1]) < self.tol

    def _direction(
        self, var_names: Sequence[str], point: NDArray[np.float64], slope: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        if not self.natural_gradient:
            return slope
        metric = metric_tensor(self.job.circuit, named(var_names, point), self.execute, self.job.nbshots or 0)
        direction: NDArray[np.float64] = np.linalg.pinv(metric, rcond=1e-10, hermitian=True) @ slope
        return direction
