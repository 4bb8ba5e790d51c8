"""Jobs of a batch that ask for one exact value, run in few calls of the engine.

Jobs that are one circuit with different parameters are one call, all others are another.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from qat.core.enums import ProcessingType
from qat.kernels.engine import Engine
from qat.qpus.simulation import exact_result

if TYPE_CHECKING:
    from qat.core.wrappers.job import Job
    from qat.core.wrappers.result import Result
    from qat.kernels.pauli import PauliSum
    from qat.kernels.tape import Tape

__all__ = ["shared_results"]

MIN_JOBS = 2


def shared_results(engine: Engine, jobs: Sequence[Job]) -> dict[int, Result]:
    """Results of the jobs that ask for the exact value of one observable, from all qubits 0, by their place.

    Raises:
        EngineError: a circuit cannot be run.
    """
    alike: dict[Hashable, list[int]] = {}
    for place, job in enumerate(jobs):
        if (tape := _bound_tape(job)) is not None:
            alike.setdefault((id(tape.gates), id(tape.qubits), id(tape.forms)), []).append(place)
    values: dict[int, complex] = {}
    single: list[int] = []
    for places in alike.values():
        for group in _groups(jobs, places):
            if len(group) >= MIN_JOBS:
                values |= dict(zip(group, _energies(engine, [jobs[place] for place in group]), strict=True))
            else:
                single += group
    values |= dict(zip(single, engine.mean_values([_case(jobs[place]) for place in single]), strict=True))
    return {place: exact_result(value, _paulis(jobs[place])) for place, value in values.items()}


def _bound_tape(job: Job) -> Tape | None:
    """The circuit of a job that asks for one exact value, if it has numbers for all parameters."""
    is_exact = job.type == ProcessingType.OBSERVABLE and not job.nbshots and job.psi_0 is None
    if not is_exact or job.circuit is None or job.observable is None or job.observables:
        return None
    tape = job.circuit.tape
    return None if tape.expressions or tape.classical or tape.objects else tape


def _paulis(job: Job) -> PauliSum:
    assert job.observable is not None
    return job.observable.pauli_sum()


def _case(job: Job) -> tuple[Tape, PauliSum]:
    assert job.circuit is not None
    return job.circuit.tape, _paulis(job)


def _groups(jobs: Sequence[Job], places: list[int]) -> Iterable[list[int]]:
    """Those of jobs with equal observables whose circuits are copies of one with other parameters."""
    if len(places) < MIN_JOBS:
        return [places]
    groups: dict[Hashable, list[int]] = {}
    for place in places:
        groups.setdefault(_structure(jobs[place]), []).append(place)
    return groups.values()


def _structure(job: Job) -> Hashable:
    """Equal for jobs with equal observables whose circuits are copies of one with other parameters.

    Such copies share all other columns.
    """
    tape, paulis = _case(job)
    columns = (tape.forms, tape.gates, tape.qubits, tape.qubit_starts, tape.parameter_starts)
    return (*map(id, columns), tape.nb_qubits, paulis.key)


def _energies(engine: Engine, jobs: Sequence[Job]) -> list[complex]:
    cases = [_case(job) for job in jobs]
    rows = np.array([tape.parameters for tape, _ in cases])
    values: list[complex] = engine.energies(cases[0][0], rows, cases[0][1]).tolist()
    return values
