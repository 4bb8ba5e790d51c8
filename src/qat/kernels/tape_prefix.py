"""What two tapes have in common at their beginning, and parts of tapes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qat.kernels.gates import GateForm
from qat.kernels.tape import Tape

__all__ = ["common_rows", "part"]


def common_rows(first: Tape, second: Tape) -> int:
    """How many gates of two bound tapes on as many qubits are the same, from the beginning on.

    Counted are plain gates whose parameters are floats. Cost: a comparison of the columns.

    >>> from qat.kernels.gates import GATES
    >>> from qat.kernels.tape import TapeBuilder
    >>> def tape(*angles):
    ...     builder = TapeBuilder()
    ...     for angle in angles:
    ...         builder.gate(builder.form(GateForm(GATES["RX"])), [0], [angle])
    ...     return builder.tape(1)
    >>> common_rows(tape(0.1, 0.2, 0.3), tape(0.1, 0.2, 0.4, 0.5))
    2
    """
    rows = min(len(first), len(second), *first.classical, *second.classical)
    if first.gates is not second.gates or first.qubits is not second.qubits or first.forms is not second.forms:
        rows = _agreement(first.gates[:rows], _renumbered(second.gates[:rows], second.forms, first.forms))
        rows = _agreeing_rows(first.qubits, second.qubits, first.qubit_starts, rows)
    return _agreeing_rows(first.parameters, second.parameters, first.parameter_starts, rows)


def _renumbered(gates: NDArray[np.int32], forms: Sequence[GateForm], others: Sequence[GateForm]) -> NDArray[np.int32]:
    """Gates as indices into other forms; beyond these where they have none."""
    if forms == others or not len(gates):
        return gates
    places = {form: index for index, form in enumerate(others)}
    return np.array([places.get(form, len(others)) for form in forms], np.int32)[gates]


def _agreeing_rows(
    first: NDArray[np.generic], second: NDArray[np.generic], starts: NDArray[np.int32], rows: int
) -> int:
    """Of so many rows with equal sizes, how many have equal entries in two columns."""
    end = int(starts[rows])
    agreement = _agreement(first[:end], second[:end])
    return rows if agreement == end else int(np.searchsorted(starts, agreement, side="right")) - 1


def _agreement(first: NDArray[np.generic], second: NDArray[np.generic]) -> int:
    """How many entries of two columns of one length are equal, from the beginning on."""
    differs = first != second
    place = int(differs.argmax()) if len(differs) else 0
    return place if len(differs) and differs[place] else len(differs)


def part(tape: Tape, begin: int, end: int) -> Tape:
    """The rows from ``begin`` up to ``end`` of a bound tape, on the same qubits.

    >>> from qat.kernels.gates import GATES
    >>> from qat.kernels.tape import TapeBuilder
    >>> builder = TapeBuilder()
    >>> for name in "XYZ":
    ...     builder.gate(builder.form(GateForm(GATES[name])), [0])
    >>> [row.form.syntax for row in part(builder.tape(1), 1, 3).rows()]
    ['Y', 'Z']
    """
    qubits, parameters = (
        (int(starts[begin]), int(starts[end])) for starts in (tape.qubit_starts, tape.parameter_starts)
    )
    return Tape(
        nb_qubits=tape.nb_qubits,
        nb_cbits=tape.nb_cbits,
        forms=tape.forms,
        kinds=tape.kinds[begin:end],
        gates=tape.gates[begin:end],
        qubit_starts=tape.qubit_starts[begin : end + 1] - np.int32(qubits[0]),
        qubits=tape.qubits[slice(*qubits)],
        parameter_starts=tape.parameter_starts[begin : end + 1] - np.int32(parameters[0]),
        parameters=tape.parameters[slice(*parameters)],
        objects={
            index - parameters[0]: value
            for index, value in tape.objects.items()
            if parameters[0] <= index < parameters[1]
        },
        classical={row - begin: detail for row, detail in tape.classical.items() if begin <= row < end},
    )
