"""Mean values and their derivatives by all parameters of a circuit, compiled; see ``native/adjoint.h``."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qat.kernels import _native, native_pauli
from qat.kernels.engine import Moves, NotReversibleError, State
from qat.kernels.gates import Matrix
from qat.kernels.native_program import Section
from qat.kernels.numpy_gradient import NORM_TOLERANCE, numerical_rate
from qat.kernels.tape import Tape

if TYPE_CHECKING:
    from qat.kernels.pauli import PauliSum

_NO_STATE: Matrix = np.empty(0, np.complex128)
_Rates = tuple[list[tuple[int, int, int]], Matrix]


def value_and_gradient(
    section: Section, tape: Tape, paulis: PauliSum, initial: State | None, moves: Moves | None, nb_threads: int
) -> tuple[float, NDArray[np.float64]]:
    """Expectation value after a run of plain gates, and its derivatives by ``tape.parameters``.

    Args:
        section: all gates of the tape, compiled.
        initial: where to start, complex128; all qubits 0 by default.
        moves: the directions that derivatives are wanted along; all by default.

    Raises:
        NotReversibleError: a matrix is not unitary, so that undoing the gates does not give back the initial state.
    """
    start = _NO_STATE if initial is None else initial
    uses, rates = _supplied_rates(section, tape)
    value, gradient, norm = _native.value_and_gradient(
        section.program,
        tape.parameters,
        section.supplied(tape),
        uses,
        rates,
        start,
        native_pauli.strings_on(tape.nb_qubits, paulis),
        paulis.coefficients,
        complex(paulis.constant),
        varied_parameters(tape, moves),
        nb_threads,
    )
    if abs(norm - 1) > NORM_TOLERANCE:
        raise NotReversibleError
    return value, gradient


def varied_parameters(tape: Tape, moves: Moves | None) -> NDArray[np.uint8]:
    """1 for the parameters that derivatives are wanted by, 0 for others."""
    return np.ones(len(tape.parameters), np.uint8) if moves is None else _varied(moves)


@lru_cache(maxsize=16)
def _varied(moves: Moves) -> NDArray[np.uint8]:
    """1 for the parameters that change along the moves: a random change leaves none of them out."""
    return np.not_equal(moves.draw(np.random.default_rng(1)), 0).astype(np.uint8)


def _supplied_rates(section: Section, tape: Tape) -> _Rates:
    """For gates given by matrix functions, ``dU/d parameter U^-1`` of each parameter, and which gate it belongs to."""
    if not section.groups:
        return [], _NO_STATE
    begins = _begins(section)
    uses: list[tuple[int, int, int]] = []
    rates: list[Matrix] = []
    offset = 0
    for group in section.groups:
        for number, indices in zip(group.numbers, group.indices, strict=True):
            values = [tape.objects.get(index, float(tape.parameters[index])) for index in indices]
            for place, index in enumerate(indices):
                if index not in tape.objects:
                    rate = numerical_rate(group.form, values, place)
                    uses.append((begins[number], index, offset))
                    rates.append(rate.ravel())
                    offset += rate.size
    return uses, np.concatenate(rates) if rates else _NO_STATE


def _begins(section: Section) -> list[int]:
    """Where the matrix of each supplied gate begins among all."""
    sizes = [0] * section.nb_supplied
    for group in section.groups:
        for number in group.numbers:
            sizes[number] = 4**group.form.arity
    return [0, *np.cumsum(sizes).tolist()]
