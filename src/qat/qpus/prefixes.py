"""Jobs of a batch whose circuits begin alike: what they have in common is simulated once.

Such are the jobs for the measurement bases of an observable, and those of parameter shifts. Jobs run in their order, so
random results are those of single submissions. Two states are kept at most: of a beginning that a job shares with the
next one, and of a longer one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from qat.core.enums import ProcessingType
from qat.kernels import control
from qat.kernels.engine import Engine, NotEnoughMemoryError, Precision, State
from qat.kernels.memory import require_memory
from qat.kernels.tape import Tape
from qat.kernels.tape_prefix import common_rows, part
from qat.qpus.simulation import Request

if TYPE_CHECKING:
    from qat.core.wrappers.job import Job

__all__ = ["SharedPrefixes"]

MIN_ROWS = 16
MIN_SHARE = 0.25
MIN_WORK = 1 << 20
"""Shorter beginnings, smaller shares of a circuit, and fewer gates times amplitudes cost more than they save."""
MAX_KEPT = 2
_NB_STATES = MAX_KEPT + 4
"""Needed at once at most: besides the kept ones those of an engine that starts from a given one, and the result."""


class SharedPrefixes:
    """The beginnings that jobs share with the next one.

    Args:
        engine: what simulates.
        jobs: of one batch.
        precision: of the amplitudes.
        others: places of jobs that are not simulated this way.
    """

    def __init__(self, engine: Engine, jobs: Sequence[Job], precision: Precision, others: Collection[int] = ()) -> None:
        self._engine, self._precision = engine, precision
        self._kept: list[tuple[int, State]] = []
        places = [place for place, job in enumerate(jobs) if place not in others and _needs_state(job)]
        self._shared = dict.fromkeys(places, 0)
        for place, following in pairwise(places):
            self._shared[place] = _shared_rows(jobs[place], jobs[following], precision)

    def request(self, job: Job, place: int) -> Request:
        """What is left to run of the job at a place of the batch, and the state to start from. In order of places."""
        request = Request.of(job, self._precision)
        if place not in self._shared:
            return request
        shared = self._shared[place]
        if shared >= self._nb_rows() + MIN_ROWS:
            with control.part(0, 0.5):
                head = (shared, self._left(request, shared).state(self._engine))
            self._kept[MAX_KEPT - 1 :] = [head]
        request = self._left(request, len(request.tape))
        self._kept = [entry for entry in self._kept if entry[0] <= shared]
        return request

    def _nb_rows(self) -> int:
        return self._kept[-1][0] if self._kept else 0

    def _left(self, request: Request, end: int) -> Request:
        """What is left to run up to a row."""
        initial = self._kept[-1][1] if self._kept else request.initial
        return request._replace(tape=part(request.tape, self._nb_rows(), end), initial=initial)


def _needs_state(job: Job) -> bool:
    """Whether it is a job for samples, or with shots, of a circuit of plain gates."""
    if job.circuit is None or (job.type == ProcessingType.OBSERVABLE and not job.nbshots):
        return False
    tape = job.circuit.tape
    has_matrices = all(form.record.matrix is not None or form.record.body is not None for form in tape.forms)
    return tape.is_bound and tape.is_unitary and has_matrices and len(tape) >= MIN_ROWS


def _shared_rows(job: Job, following: Job, precision: Precision) -> int:
    """How many rows two jobs share, 0 where that is not worth while."""
    assert job.circuit is not None and following.circuit is not None
    first, second = job.circuit.tape, following.circuit.tape
    if first.nb_qubits != second.nb_qubits or not _is_same_start(job.psi_0, following.psi_0):
        return 0
    least = max(MIN_ROWS, MIN_SHARE * len(first), MIN_WORK >> first.nb_qubits)
    if len(second) < least or (rows := common_rows(first, second)) < least:
        return 0
    return rows if _is_room(first, precision) else 0


def _is_same_start(first: object, second: object) -> bool:
    return first is second or (isinstance(first, str) and isinstance(second, str) and first == second)


def _is_room(tape: Tape, precision: Precision) -> bool:
    try:
        require_memory(_NB_STATES * precision.dtype.itemsize << tape.nb_qubits, tape.nb_qubits)
    except NotEnoughMemoryError:
        return False
    return True
