"""Simulated annealing: a classical search for the ground state of an Ising problem, behind the interface of a QPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.core import HardwareSpecs, Job, Result
from qat.core.errors import ErrorType, QPUException
from qat.core.qpu import QPUHandler

__all__ = ["SimulatedAnnealing"]

Spins = NDArray[np.float64]


class SimulatedAnnealing(QPUHandler):
    """Cools spins from a random start, one shot a run, and samples where they end.

    Jobs hold a schedule whose drive is one observable in Ising form; the problems of ``qat.opt`` make them with
    ``to_job("sqa")``. All shots run side by side; cost O(nbshots * n_steps * n**2) for ``n`` spins.

    Args:
        temp_t: temperature as an expression in ``t``, which runs from 0 to the schedule's ``tmax``.
        n_steps: number of temperatures; at each, every spin is offered a flip (Metropolis).
        seed: of the random numbers.

    Source: S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi, "Optimization by simulated annealing", Science 220, 671 (1983).

    Raises:
        ValueError: there is no step.

    >>> from qat.core import Variable
    >>> from qat.opt import NumberPartitioning
    >>> t = Variable("t")
    >>> problem = NumberPartitioning([3, 1, 2, 4])
    >>> result = SimulatedAnnealing(temp_t=20 * (1 - t) + 0.1 * t, seed=1).submit(problem.to_job("sqa", nbshots=20))
    >>> min(problem.energy(sample.state.bitstring) for sample in result)
    0.0
    """

    is_safe_to_retry = True

    def __init__(self, temp_t: Any, n_steps: int = 100, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if n_steps < 1:
            raise ValueError(f"at least one step is needed, got n_steps={n_steps}")
        self.temp_t, self.n_steps, self.seed = temp_t, n_steps, seed

    def submit_job(self, job: Job) -> Result:
        """Sample low-energy spins; ``nbshots`` 0 counts as 1.

        Raises:
            QPUException: if the job is not an Ising problem, or the temperature does not become a positive number.
        """
        couplings, fields, duration = _problem(job)
        nb_shots = job.nbshots or 1
        rng = np.random.default_rng(self.seed)
        spins = rng.choice([-1.0, 1.0], size=(nb_shots, len(fields)))
        for temperature in self._temperatures(duration):
            _sweep(spins, couplings, fields, temperature, rng)
        return _result(spins, aggregated=bool(job.aggregate_data), nb_shots=nb_shots)

    def get_specs(self) -> HardwareSpecs:
        """Any number of spins, all coupled."""
        return HardwareSpecs(description="simulated annealing of Ising problems")

    def _temperatures(self, duration: float) -> list[float]:
        times = np.linspace(0, duration, self.n_steps)
        bind: Callable[..., Any] = self.temp_t if callable(self.temp_t) else lambda **_: self.temp_t
        values = [bind(t=float(time)) for time in times]
        for time, value in zip(times, values, strict=True):
            if not (isinstance(value, int | float) and 0 < value < float("inf")):
                raise _refused(f"The temperature at t={time:g} is {value}; give a temp_t that is positive on the way.")
        return [float(value) for value in values]


def _problem(job: Job) -> tuple[Spins, Spins, float]:
    """Couplings, fields and duration of a job."""
    drive = job.schedule.drive if job.schedule is not None else []
    ising = getattr(drive[0][1], "ising", None) if len(drive) == 1 else None
    if ising is None:
        raise _refused(
            "Simulated annealing runs schedules of one Ising observable and nothing else; make the job with "
            'to_job("sqa") of a problem of qat.opt.'
        )
    couplings, fields, _ = ising.get_j_h_and_offset()
    return np.asarray(couplings, float), np.asarray(fields, float), float(job.schedule.tmax)  # type: ignore[union-attr]


def _sweep(spins: Spins, couplings: Spins, fields: Spins, temperature: float, rng: np.random.Generator) -> None:
    """Offer every spin of every shot one flip, in place; the energy is ``-s @ J @ s - h @ s``."""
    for index in range(spins.shape[1]):
        rise = 2 * spins[:, index] * (2 * spins @ couplings[:, index] + fields[index])
        accepted = rng.random(len(spins)) < np.exp(-np.clip(rise, 0, None) / temperature)
        spins[accepted, index] *= -1


def _result(spins: Spins, *, aggregated: bool, nb_shots: int) -> Result:
    """Samples: a spin of +1 is the bit 0."""
    states = [int("".join("0" if spin > 0 else "1" for spin in shot), 2) for shot in spins]
    meta_data = {"nbshots": str(nb_shots)}
    if not aggregated:
        return Result.from_arrays(states, nbqbits=spins.shape[1], meta_data=meta_data)
    distinct = sorted(set(states))
    frequencies = np.array([states.count(state) for state in distinct]) / nb_shots
    errors = np.sqrt(frequencies * (1 - frequencies) / (nb_shots - 1)) if nb_shots > 1 else None
    return Result.from_arrays(
        distinct, probabilities=frequencies, errors=errors, nbqbits=spins.shape[1], meta_data=meta_data
    )


def _refused(message: str) -> QPUException:
    return QPUException(ErrorType.INVALID_ARGS, __name__, message)
