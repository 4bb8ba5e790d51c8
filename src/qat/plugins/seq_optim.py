"""Optimisation of one angle after the other, each in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.core.optimizer import Optimizer
from qat.plugins.variational import evaluator, starting_point

__all__ = ["SeqOptim", "minimum_of_sinusoid"]


class SeqOptim(Optimizer):
    """Moves one angle after the other to the exact minimum of the value along it (Rotosolve).

    Along the angle of one gate ``exp(-i c angle P / 2)``, with P a product of Pauli operators, the value is a
    sinusoid, so that two evaluations beside the present one tell its minimum. Every variable must enter one gate
    only, and all with the same ``c``; whether this holds is not checked.

    Args:
        ncycles: how many times to go through all variables.
        coeff: the ``c`` above; 1 for RX, RY and RZ.
        x0: starting values, shape ``(n,)``, in the order of ``job.get_variables()``; random in [0, pi) when absent.
        verbose: print the value after each cycle.
        collective: optimise one sum over a whole batch instead of each job on its own.

    Source: K. M. Nakanishi, K. Fujii and S. Todo, Phys. Rev. Research 2 (2020) 043158, equations 10 to 12;
    M. Ostaszewski, E. Grant and M. Benedetti, Quantum 5 (2021) 391.

    Raises:
        ValueError: ``coeff`` is 0.

    >>> from qat.core import Observable
    >>> from qat.lang.AQASM import RY, Program
    >>> from qat.qpus import LinAlg
    >>> program = Program()
    >>> _ = RY(program.new_var(float, "theta"))(program.qalloc(1))
    >>> job = program.to_circ().to_job(observable=Observable.sigma_z(0, 1))
    >>> round((SeqOptim(ncycles=1) | LinAlg()).submit(job).value, 9)
    -1.0
    """

    def __init__(
        self,
        ncycles: int = 10,
        coeff: float = 1,
        x0: Any = None,
        verbose: bool = False,
        collective: bool = False,
    ) -> None:
        super().__init__(collective=collective)
        if coeff == 0:
            raise ValueError("coeff=0: the angles would not act; give the c of the gates exp(-i c angle P / 2)")
        self.ncycles = ncycles
        self.coeff = coeff
        self.x0 = x0
        self.verbose = verbose

    def optimize(self, var_names: Sequence[str]) -> tuple[float, list[float], dict[str, Any]]:
        """Minimises over the named variables."""
        point = starting_point(self.x0, var_names, None)
        evaluate = evaluator(self, var_names)
        energies = [evaluate(point)]
        for cycle in range(1, self.ncycles + 1):
            self._cycle(evaluate, point, energies[-1])
            energies.append(evaluate(point))
            if self.verbose:
                print(f"SeqOptim cycle {cycle}: value {energies[-1]}")
        return energies[-1], point.tolist(), {"iterations": self.ncycles, "energies": energies}

    def _cycle(
        self, evaluate: Callable[[NDArray[np.float64]], float], point: NDArray[np.float64], value: float
    ) -> None:
        """One pass through all variables, in place; the value at each minimum is known without evaluating it."""
        quarter = math.pi / 2 / self.coeff
        for index in range(len(point)):
            above, below = (evaluate(_moved(point, index, shift)) for shift in (quarter, -quarter))
            step, value = minimum_of_sinusoid(value, above, below)
            point[index] = math.remainder(point[index] + step / self.coeff, 2 * math.pi / self.coeff)


def _moved(point: NDArray[np.float64], index: int, shift: float) -> NDArray[np.float64]:
    moved = point.copy()
    moved[index] += shift
    return moved


def minimum_of_sinusoid(here: float, above: float, below: float) -> tuple[float, float]:
    """Where ``a cos(x - b) + c`` is lowest, from its values at ``x = 0, pi/2, -pi/2``.

    Returns:
        The ``x`` of the minimum, between 0 and 2 pi, and the minimum.

    >>> minimum_of_sinusoid(1.0, 0.0, 0.0)  # cos x
    (3.141592653589793, -1.0)
    """
    middle = (above + below) / 2
    cosine, sine = here - middle, (below - above) / 2
    return math.pi - math.atan2(sine, cosine), middle - math.hypot(sine, cosine)
