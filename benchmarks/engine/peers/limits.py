"""What our engine's plans say about the least time of a run: passes over the state, operations, bytes in caches."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from qat.kernels import _native, native_pauli, native_subspace
from qat.kernels.native_program import Section, compiled
from qat.kernels.pauli import PauliSum
from qat.kernels.tape import Tape
from qat.kernels.tape_algebra import opened

TILE_BYTES = 1 << 19
"""Of the engine's tiles, ``TILE_BYTES_BITS`` in ``native/simulate.cpp``."""
NEAR_BYTES = 1 << 14
"""Of the parts of tiles that sums go through, ``TILE_BITS`` in ``native/pauli_sum.cpp``."""

peak = _native.peak_operations
bandwidths = cache(_native.bandwidths)


class Work(NamedTuple):
    """What a run does, as ``native/operations.h`` counts it.

    Attributes:
        nb_passes: over a state.
        nb_operations: of real numbers.
        tile_bytes: loaded and stored in tiles.
        near_bytes: loaded and stored in parts of tiles.
        nb_state_bytes: of the state, which is its only tile if it is small.
    """

    nb_passes: int
    nb_operations: float
    tile_bytes: float
    near_bytes: float
    nb_state_bytes: int

    def plus(self, nb_operations: float, tile_bytes: float, near_bytes: float) -> Work:
        """With more to do."""
        more = self.nb_operations + nb_operations, self.tile_bytes + tile_bytes, self.near_bytes + near_bytes
        return Work(self.nb_passes, *more, self.nb_state_bytes)

    def sweeps_s(self) -> float:
        """Seconds that one thread needs to move the bytes: tiles are stored again, sums are taken for reading alone."""
        tile, near = (min(nb_bytes, self.nb_state_bytes) for nb_bytes in (TILE_BYTES, NEAR_BYTES))
        return self.tile_bytes / bandwidths(tile)[0] + self.near_bytes / max(bandwidths(near))


def work_of(tape: Tape, paulis: PauliSum | None = None, is_varied: np.ndarray | None = None) -> Work | None:
    """Of a state, a mean value, or a gradient by the parameters marked; ``None`` where the state is not made at all."""
    tape = opened(tape)
    ((section,),) = compiled(tape).sections
    numbers = tape.parameters, section.supplied(tape)
    work = Work(section.program.plan_size(*numbers)[1], *section.program.work(*numbers), 16 << tape.nb_qubits)
    if paulis is None:
        return work
    if native_subspace.value(section, tape, paulis) is not None:
        return None
    strings = native_pauli.strings_on(tape.nb_qubits, paulis)
    if is_varied is None:
        return work.plus(*strings.values_work())
    return _with_gradient(work.plus(*strings.apply_work()), section, tape, is_varied)


def _with_gradient(work: Work, section: Section, tape: Tape, is_varied: np.ndarray) -> Work:
    """The observable has made a second state, and both go back."""
    marks = np.ascontiguousarray(is_varied, np.uint8)
    nb_passes, *more = _native.gradient_work(section.program, tape.parameters, section.supplied(tape), marks)
    return work.plus(*more)._replace(nb_passes=work.nb_passes + nb_passes)
