"""Jobs and batches on the wire. Circuits, schedules and observables that jobs share travel once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np

from qat.comm.wire.circuit import CircuitParts, pack_circuit, unpack_circuit
from qat.comm.wire.codec import Format
from qat.comm.wire.observable import ObservableParts, pack_observable, unpack_observable
from qat.comm.wire.schedule import ScheduleParts, pack_schedule, unpack_schedule
from qat.comm.wire.values import Value, pack_table, pack_value, unpack_table, unpack_value
from qat.core.errors import WireError
from qat.core.wrappers.job import Batch, Job
from qat.core.wrappers.job_checks import checked_state

Part = TypeVar("Part")


class JobParts(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A job; its circuit, schedule and observables are indices into those of the message."""

    circuit: int | None = None
    schedule: int | None = None
    observable: int | None = None
    observables: list[int] | None = None
    type: int | None = 0
    qubits: list[int] | None = None
    nb_shots: int | None = None
    aggregate_data: bool | None = None
    amp_threshold: float | None = None
    psi_0: Value = None
    parameter_map: dict[str, Value] | None = None
    meta_data: dict[str, Value] | None = None


class BatchParts(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Jobs, and what they share."""

    jobs: list[JobParts]
    circuits: list[CircuitParts] = []
    schedules: list[ScheduleParts] = []
    observables: list[ObservableParts] = []
    meta_data: dict[str, Value] | None = None


class _Shared(Generic[Part]):
    """Parts that are packed once, however many jobs have them."""

    def __init__(self, pack: Callable[[Any], Part]) -> None:
        self.parts: list[Part] = []
        self._pack = pack
        self._numbers: dict[int, int] = {}

    def number(self, value: Any) -> int | None:
        if value is None:
            return None
        if id(value) not in self._numbers:
            self._numbers[id(value)] = len(self.parts)
            self.parts.append(self._pack(value))
        return self._numbers[id(value)]


def pack_jobs(jobs: Sequence[Job], meta_data: dict[str, str] | None = None) -> BatchParts:
    """Jobs as they travel."""
    circuits, schedules, observables = _Shared(pack_circuit), _Shared(pack_schedule), _Shared(pack_observable)
    packed = [_pack_job(job, circuits, schedules, observables) for job in jobs]
    return BatchParts(packed, circuits.parts, schedules.parts, observables.parts, pack_table(meta_data, "meta_data"))


def _pack_job(job: Job, circuits: _Shared[Any], schedules: _Shared[Any], observables: _Shared[Any]) -> JobParts:
    several = job.observables
    return JobParts(
        circuit=circuits.number(job.circuit),
        schedule=schedules.number(job.schedule),
        observable=observables.number(job.observable),
        observables=None if several is None else [observables.number(obs) for obs in several],  # type: ignore[misc]
        type=job.type,
        qubits=None if job.qubits is None else [int(qubit) for qubit in job.qubits],
        nb_shots=None if job.nbshots is None else int(job.nbshots),
        aggregate_data=job.aggregate_data,
        amp_threshold=None if job.amp_threshold is None else float(job.amp_threshold),
        psi_0=pack_value(job.psi_0, "psi_0"),
        parameter_map=pack_table(job.parameter_map, "parameter_map"),
        meta_data=pack_table(job.meta_data, "meta_data"),
    )


def unpack_jobs(parts: BatchParts) -> list[Job]:
    """The jobs; those that shared a circuit, schedule or observable still do.

    Raises:
        WireError: an index is out of range, or a job's parts do not fit together.
    """
    circuits = [unpack_circuit(part) for part in parts.circuits]
    schedules = [unpack_schedule(part) for part in parts.schedules]
    observables = [unpack_observable(part) for part in parts.observables]
    return [_unpack_job(job, circuits, schedules, observables) for job in parts.jobs]


def _unpack_job(wire: JobParts, circuits: list[Any], schedules: list[Any], observables: list[Any]) -> Job:
    job = Job(
        parameter_map=unpack_table(wire.parameter_map),
        circuit=_shared(circuits, wire.circuit),
        schedule=_shared(schedules, wire.schedule),
        observable=_shared(observables, wire.observable),
        observables=None if wire.observables is None else [_shared(observables, place) for place in wire.observables],
        qubits=wire.qubits,
        nbshots=wire.nb_shots,
        aggregate_data=wire.aggregate_data,
        amp_threshold=wire.amp_threshold,
        meta_data=unpack_table(wire.meta_data),
    )
    job.type = wire.type  # type: ignore[assignment]
    _check_job(job)
    job._psi_0 = _state(unpack_value(wire.psi_0), job.nbqbits)
    return job


def _shared(parts: list[Any], place: int | None) -> Any:
    if place is None:
        return None
    if not 0 <= place < len(parts):
        raise WireError(f"a job refers to part {place} of its message", f"0 to {len(parts) - 1}")
    return parts[place]


def _check_job(job: Job) -> None:
    nb_qubits, qubits = job.nbqbits, job.qubits
    if qubits and nb_qubits is not None and not 0 <= min(qubits) <= max(qubits) < nb_qubits:
        raise WireError(f"a job measures qubits {min(qubits)} to {max(qubits)}", f"0 to {nb_qubits - 1}")
    if (job.nbshots or 0) < 0:
        raise WireError(f"a job asks for {job.nbshots} shots", "0 or more")
    if job.type not in (None, 0, 1):
        raise WireError(f"a job has the type {job.type}", "0 (SAMPLE) or 1 (OBSERVABLE)")


def _state(state: Any, nb_qubits: int | None) -> Any:
    """The initial state, checked, to the last bit as it was sent."""
    if not isinstance(state, np.ndarray):
        return None if state is None else checked_state(state, nb_qubits)
    if nb_qubits is not None and (nb_qubits > _MAX_DENSE_QUBITS or state.shape != (1 << nb_qubits,)):
        raise WireError(f"psi_0 has shape {state.shape} in a job on {nb_qubits} qubits")
    checked_state(state, None)
    return state


_MAX_DENSE_QUBITS = 40


def _unpack_job_alone(parts: BatchParts) -> Job:
    jobs = unpack_jobs(parts)
    if len(jobs) != 1:
        raise WireError(f"it holds {len(jobs)} jobs", "one")
    return jobs[0]


def _pack_batch(batch: Batch) -> BatchParts:
    return pack_jobs(batch.jobs, batch.meta_data)


def _unpack_batch(parts: BatchParts) -> Batch:
    return Batch(unpack_jobs(parts), unpack_table(parts.meta_data))


FORMATS = {
    "Job": Format(BatchParts, lambda job: pack_jobs([job]), _unpack_job_alone),
    "Batch": Format(BatchParts, _pack_batch, _unpack_batch),
}
