"""What our engine's plans say about the least time of a run: passes over the state, additions and multiplications."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qat.kernels import _native, native_pauli, native_subspace
from qat.kernels.native_program import Section, compiled
from qat.kernels.pauli import PauliSum
from qat.kernels.tape import Tape
from qat.kernels.tape_algebra import opened

peak = _native.peak_operations


class Work(NamedTuple):
    """Passes over a state, and operations of real numbers as ``native/operations.h`` counts them."""

    nb_passes: int
    nb_operations: float


def work_of(tape: Tape, paulis: PauliSum | None = None, is_varied: np.ndarray | None = None) -> Work | None:
    """Of a state, a mean value, or a gradient by the parameters marked; ``None`` where the state is not made at all."""
    tape = opened(tape)
    ((section,),) = compiled(tape).sections
    numbers = tape.parameters, section.supplied(tape)
    work = Work(section.program.plan_size(*numbers)[1], section.program.operations(*numbers))
    if paulis is None:
        return work
    if native_subspace.value(section, tape, paulis) is not None:
        return None
    strings = native_pauli.strings_on(tape.nb_qubits, paulis)
    if is_varied is None:
        return work._replace(nb_operations=work.nb_operations + strings.values_operations())
    return _with_gradient(work, section, tape, strings, is_varied)


def _with_gradient(
    work: Work, section: Section, tape: Tape, strings: _native.PauliStrings, is_varied: np.ndarray
) -> Work:
    """The observable makes a second state, and both go back."""
    marks = np.ascontiguousarray(is_varied, np.uint8)
    nb_passes, nb_operations = _native.gradient_work(section.program, tape.parameters, section.supplied(tape), marks)
    return Work(work.nb_passes + nb_passes, work.nb_operations + strings.apply_operations() + nb_operations)
