"""Jobs of a batch that are one circuit with different parameters, run in one call of the engine."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qat.core.enums import ProcessingType
from qat.kernels.engine import Engine
from qat.qpus.simulation import exact_result

if TYPE_CHECKING:
    from qat.core.wrappers.job import Job
    from qat.core.wrappers.result import Result

__all__ = ["shared_results"]

MIN_JOBS = 2


def shared_results(engine: Engine, jobs: Sequence[Job]) -> dict[int, Result]:
    """Results of the jobs that share structure and observable with another one, by their place in the batch.

    Only jobs that ask for the exact value of one observable, from all qubits 0, are taken.

    Raises:
        EngineError: a circuit cannot be run.
    """
    groups: dict[Hashable, list[int]] = {}
    for place, job in enumerate(jobs):
        if _asks_one_value(job):
            groups.setdefault(_structure(job), []).append(place)
    results: dict[int, Result] = {}
    for places in groups.values():
        if len(places) >= MIN_JOBS:
            results |= dict(zip(places, _results(engine, [jobs[place] for place in places]), strict=True))
    return results


def _asks_one_value(job: Job) -> bool:
    is_exact = job.type == ProcessingType.OBSERVABLE and not job.nbshots and job.psi_0 is None
    if not is_exact or job.circuit is None or job.observable is None or job.observables:
        return False
    tape = job.circuit.tape
    return tape.is_bound and tape.is_unitary and not tape.objects


def _structure(job: Job) -> Hashable:
    """Equal for jobs with equal observables whose circuits are copies of one with other parameters.

    Such copies share all other columns.
    """
    assert job.circuit is not None and job.observable is not None
    tape, paulis = job.circuit.tape, job.observable.pauli_sum()
    columns = (tape.forms, tape.gates, tape.qubits, tape.qubit_starts, tape.parameter_starts)
    strings = (paulis.x_masks, paulis.z_masks, paulis.coefficients)
    return (*map(id, columns), tape.nb_qubits, complex(paulis.constant), *(column.tobytes() for column in strings))


def _results(engine: Engine, jobs: Sequence[Job]) -> list[Result]:
    circuits: list[Any] = [job.circuit for job in jobs]
    observable: Any = jobs[0].observable
    paulis = observable.pauli_sum()
    rows = np.array([circuit.tape.parameters for circuit in circuits])
    values = engine.energies(circuits[0].tape, rows, paulis).tolist()
    return [exact_result(job, value, paulis) for job, value in zip(jobs, values, strict=True)]
