"""AnalogQPU: exact simulation of schedules, as neutral-atom machines and annealers run them."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qat.core.enums import ErrorType, ProcessingType
from qat.core.errors import QPUException
from qat.core.qpu import QPUHandler
from qat.core.wrappers.circuit import Circuit
from qat.core.wrappers.hardware_specs import HardwareSpecs
from qat.core.wrappers.result import Result
from qat.kernels import control
from qat.kernels.engine import EngineError, NotEnoughMemoryError, select_engine
from qat.kernels.memory import require_memory
from qat.qpus.evolution import Hamiltonian, evolved, needed_bytes
from qat.qpus.linalg import LinAlg

if TYPE_CHECKING:
    from qat.core.plugins import AbstractPlugin
    from qat.core.wrappers.job import Job
    from qat.core.wrappers.schedule import Schedule

__all__ = ["AnalogQPU"]

_NORM_TOLERANCE = 1e-4
_MODULE = "qat.analog"


class AnalogQPU(QPUHandler):
    """Simulates schedules: the Schroedinger equation under ``H(t)``, in radians a unit of time, from ``psi_0``.

    Samples and mean values of observables, exact (``nbshots=0``) or with shots, as :class:`LinAlg` gives them. Good for
    some 14 qubits; there is no noise. Cost O(steps * terms * 2**n).

    Args:
        tolerance: relative error of one step of the integrator.
        seed: makes the sequence of random results reproducible.
        plugins: plugins in front of it.

    Raises:
        ValueError: the tolerance is not between 1e-13 and 1e-2.

    >>> from qat.core import Observable, Schedule
    >>> pulse = Schedule(Observable.sigma_x(0), tmax=np.pi / 4)
    >>> [(sample.state.bitstring, round(sample.probability, 6)) for sample in AnalogQPU().submit(pulse.to_job())]
    [('0', 0.5), ('1', 0.5)]
    """

    is_safe_to_retry = True

    def __init__(
        self, tolerance: float = 1e-8, seed: int | None = None, *, plugins: Sequence[AbstractPlugin] | None = None
    ) -> None:
        super().__init__(plugins)
        if not 1e-13 <= tolerance <= 1e-2:
            raise ValueError(f"tolerance is {tolerance!r}: give a number from 1e-13 to 1e-2")
        self._tolerance = tolerance
        self._sampler = LinAlg(seed=seed)
        self._last: _Evolution | None = None

    def submit_job(self, job: Job) -> Result:
        """Simulate one job.

        Raises:
            QPUException: ``INVALID_ARGS`` for a job that makes no sense here, ``INSUFFICIENT_RESOURCES`` when memory is
                short, ``NOT_SIMULATABLE`` for a Hamiltonian that cannot be followed or is not Hermitian, ``ABORT`` when
                a :class:`~qat.kernels.control.RunControl` has cancelled the run.
        """
        schedule = _checked(job)
        try:
            with control.run():
                final = self._final_state(job, schedule)
        except NotEnoughMemoryError as error:
            raise _failed(ErrorType.INSUFFICIENT_RESOURCES, str(error)) from error
        except EngineError as error:
            raise _failed(ErrorType.ABORT, str(error)) from error
        except ArithmeticError as error:
            raise _failed(ErrorType.NOT_SIMULATABLE, f"the schedule has no evolution: {error}") from error
        measured = copy(job)
        measured.circuit, measured.schedule = Circuit.empty(schedule.nbqbits or 0), None
        measured.psi_0 = final
        return self._sampler.submit_job(measured)

    def get_specs(self) -> HardwareSpecs:
        """Schedules of any observables, samples and observables; the number of qubits depends on the memory."""
        return HardwareSpecs(
            description="AnalogQPU: exact simulator of schedules",
            processing_types=[ProcessingType.SAMPLE, ProcessingType.OBSERVABLE],
        )

    def _final_state(self, job: Job, schedule: Schedule) -> NDArray[np.complex128]:
        """The state at the end; that of the last evolution if it is the same, as for more shots of one job."""
        last = self._last
        if last is None or last.schedule != schedule or not np.array_equal(last.initial, job.psi_0):
            last = self._last = _Evolution(schedule(), job.psi_0, self._evolved(job, schedule))
        return last.final

    def _evolved(self, job: Job, schedule: Schedule) -> NDArray[np.complex128]:
        nb_qubits = schedule.nbqbits or 0
        require_memory(needed_bytes(schedule), nb_qubits)
        initial = select_engine().state(Circuit.empty(nb_qubits).tape, job.psi_0).astype(np.complex128, copy=False)
        final = evolved(Hamiltonian.of(schedule), initial, float(schedule.tmax), self._tolerance)
        norm = float(np.linalg.norm(final))
        if not abs(norm - 1) < _NORM_TOLERANCE:
            raise ArithmeticError(f"the norm of the state became {norm:.6g}: make the Hamiltonian Hermitian")
        return final / norm


class _Evolution(NamedTuple):
    """A schedule, an initial state as jobs have it, and the final state."""

    schedule: Schedule
    initial: Any
    final: NDArray[np.complex128]


def _checked(job: Job) -> Schedule:
    """The schedule of a job that can be simulated."""
    schedule = job.schedule
    if schedule is None:
        raise _failed(ErrorType.INVALID_ARGS, "AnalogQPU simulates schedules, this job has none. Circuits need LinAlg.")
    variables = [name for name in job.get_variables() if name != schedule.tname]
    if variables:
        raise _failed(ErrorType.INVALID_ARGS, f"Variables without values: {', '.join(variables)}. Bind them first.")
    if schedule.is_bosonic or schedule.gamma_t is not None:
        raise _failed(
            ErrorType.INVALID_ARGS, "AnalogQPU knows no bosonic operators and no gamma_t. Give Pauli strings."
        )
    if not 0 <= float(schedule.tmax) < np.inf:
        raise _failed(ErrorType.INVALID_ARGS, f"The schedule lasts {schedule.tmax}. Give a finite duration from 0 on.")
    return schedule


def _failed(code: int, message: str) -> QPUException:
    return QPUException(code, _MODULE, message)
