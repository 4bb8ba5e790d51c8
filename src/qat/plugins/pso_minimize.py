"""The particle-swarm minimiser as a plugin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qat.core.optimizer import Optimizer
from qat.plugins.variational import batch_evaluator, initial_values
from qat.vsolve.optimize.pso_algorithm import swarm_minimize

__all__ = ["PSOMinimizePlugin"]


class PSOMinimizePlugin(Optimizer):
    """Minimises a job with a particle swarm; every iteration sends one batch with all particles.

    Args:
        x0: starting values of one particle, shape ``(n,)``, in the order of ``job.get_variables()``.
        collective: optimise one sum over a whole batch instead of each job on its own.
        binding_args: arguments passed on when variables are bound.
        kwargs: ``choose_inertia_function='linearly_decreasing'`` (or ``constant``, ``random``, ``chaotic_random``),
            ``name_method_used='PSO'`` (or ``CLPSO``, ``FDR_PSO``, ``LIPS``, ``HPSO_TVAC``), ``max_iter=10``,
            ``swarm_number=10``, ``size_initial_vector_space=1``, ``seed=None`` and the arguments of the inertia
            function; see ``qat.vsolve.optimize.pso_algorithm.pso_minimize``.

    Source: J. Kennedy and R. Eberhart, Proc. ICNN'95 (1995) 1942.

    >>> from qat.core import Observable
    >>> from qat.lang.AQASM import RY, Program
    >>> from qat.qpus import LinAlg
    >>> program = Program()
    >>> _ = RY(program.new_var(float, "theta"))(program.qalloc(1))
    >>> job = program.to_circ().to_job(observable=Observable.sigma_z(0, 1))
    >>> bool((PSOMinimizePlugin(max_iter=30, seed=1) | LinAlg()).submit(job).value < -0.99)
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
        start = initial_values(self.init, var_names)
        theta = len(var_names) if start is None else start
        point, value, iterations, energies = swarm_minimize(batch_evaluator(self, var_names), theta, **self.parameters)
        return value, point.tolist(), {"iterations": iterations, "energies": energies}
