"""What jobs will need of a simulator: bytes and seconds, and the published structure made of them."""

from __future__ import annotations

import math
import time
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from qat.core.enums import ProcessingType
from qat.core.resources import ResourceModel
from qat.core.variables import evaluate_all
from qat.core.wrappers.dense_columns import DenseColumns
from qat.kernels.engine import Engine, Estimate, Moves, Precision
from qat.kernels.tape import Tape
from qat.kernels.tape_algebra import opened
from qat.qpus.gradients import moves_of
from qat.qpus.simulation import BYTES_PER_MEASURED_SHOT, BYTES_PER_SAMPLE, MAX_COLUMN_BYTES

if TYPE_CHECKING:
    from qat.core.wrappers.job import Job
    from qat.kernels.pauli import PauliSum

__all__ = ["Demand", "estimate", "resource_model"]

_JOB_S = 1.2e-5
_TERM_S = 1e-7
_MEASURED_SHOT_S = 5e-6
_CALIBRATION_QUBITS = 16


class Demand(NamedTuple):
    """What of a job matters here.

    Attributes:
        tape: its circuit.
        precision: of the amplitudes.
        paulis: its observables.
        nb_shots: 0 for exact answers.
        nb_measured: qubits of the samples; 0 for observables.
        is_listed: whether every shot is an object with its measurements on the way.
        gradient: whether derivatives are asked for.
        moves: how the parameters go along with the variables.
    """

    tape: Tape
    precision: Precision
    paulis: list[PauliSum]
    nb_shots: int
    nb_measured: int
    is_listed: bool
    gradient: bool
    moves: Moves | None

    @classmethod
    def of(cls, job: Job, precision: Precision, *, gradient: bool = False) -> Demand:
        """The demand of a job that has a circuit."""
        assert job.circuit is not None
        tape, nb_shots, is_sample = _with_some_values(job), job.nbshots or 0, job.type == ProcessingType.SAMPLE
        observables = [] if is_sample else [job.observable, *(job.observables or ())]
        paulis = [each.pauli_sum() for each in observables if each is not None and not each.get_variables()]
        nb_measured = (len(job.qubits or ()) or tape.nb_qubits) if is_sample else 0
        is_listed = is_sample and not job.aggregate_data and not tape.is_unitary
        moves = moves_of(opened(job.circuit.tape)) if gradient else None
        return cls(tape, precision, paulis, nb_shots, nb_measured, is_listed, gradient and bool(paulis), moves)

    def needed_bytes(self, engine: Engine) -> int:
        """Memory at the peak. Cost: microseconds."""
        tape, precision, paulis, nb_shots = self[:4]
        state = engine.needed_bytes(tape, precision=precision, paulis=paulis, nb_shots=nb_shots, gradient=self.gradient)
        return state + self._result_bytes()

    def duration_s(self, engine: Engine) -> float:
        """Seconds, from the plan."""
        tape, precision, paulis, nb_shots = self[:4]
        run = engine.estimate(
            tape,
            precision=precision,
            paulis=paulis,
            nb_shots=nb_shots,
            nb_measured=self.nb_measured,
            gradient=self.gradient,
            moves=self.moves,
        )
        return run.duration_s + _JOB_S + self._result_s()

    def _result_bytes(self) -> int:
        if self.is_listed:
            return self.nb_shots * BYTES_PER_MEASURED_SHOT
        if not self.nb_measured or self.nb_shots:
            return 0
        nb_qubits = self.tape.nb_qubits
        if self.nb_measured < nb_qubits:
            return BYTES_PER_SAMPLE << self.nb_measured
        return min(
            BYTES_PER_SAMPLE << nb_qubits, max(MAX_COLUMN_BYTES, self.precision.dtype.itemsize << nb_qubits >> 5)
        )

    def _result_s(self) -> float:
        if self.is_listed:
            return self.nb_shots * _MEASURED_SHOT_S
        if not self.nb_measured or self.nb_shots:
            return _TERM_S * sum(map(len, self.paulis))
        nb_amplitudes = 2.0**self.tape.nb_qubits
        is_kept = nb_amplitudes * BYTES_PER_SAMPLE > MAX_COLUMN_BYTES
        return _result_amplitude_s()[0 if is_kept else 1] * nb_amplitudes


def _with_some_values(job: Job) -> Tape:
    """The circuit of a job with numbers for its variables: the time does not depend on which, if they are generic."""
    assert job.circuit is not None
    tape = opened(job.circuit.tape)
    if not tape.expressions:
        return tape
    values = {name: 0.3 + 0.4 / (2 + number) for number, name in enumerate(job.get_variables())}
    return tape.bound(evaluate_all(tape.expressions, values))


@lru_cache(maxsize=1)
def _result_amplitude_s() -> tuple[float, float]:
    """Seconds for each amplitude of a state that is kept, and of one whose samples are listed in columns.

    Measured once, in some milliseconds.
    """
    state = np.full(1 << _CALIBRATION_QUBITS, 2.0 ** (-_CALIBRATION_QUBITS / 2), np.complex128)
    seconds = []
    for _ in range(3):
        start = time.thread_time()
        columns = DenseColumns(state, range(_CALIBRATION_QUBITS))
        counted = time.thread_time()
        columns.columns()
        seconds.append((counted - start, time.thread_time() - counted))
    kept, listed = np.array(seconds).min(axis=0) / len(state)
    return float(kept), float(listed)


def estimate(engine: Engine, demand: Demand) -> Estimate:
    """See ``LinAlg.estimate``."""
    return Estimate(demand.needed_bytes(engine), demand.duration_s(engine))


def resource_model(qpu: str, job: Job, needed: Estimate, nb_threads: int) -> ResourceModel:
    """The published structure: memory in MB (10**6 bytes) and time in whole minutes, both rounded up."""
    assert job.circuit is not None
    return ResourceModel(
        qpu=qpu,
        nbqbits=job.circuit.nbqbits,
        job_count=1,
        mem_necessary_biggest_job_mb=math.ceil(needed.nb_bytes / 1e6),
        wished_thread_count=nb_threads,
        devices=[],
        nb_nodes=1,
        max_time_minutes=math.ceil(needed.duration_s / 60),
    )
