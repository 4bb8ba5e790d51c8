"""Tapes on the wire: columns in the smallest types that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from qat.comm.wire.arrays import Array, pack_array, pack_indices, unpack_array, unpack_indices
from qat.comm.wire.gates import Form
from qat.comm.wire.tape_checks import check_tape
from qat.comm.wire.values import Expression, Value, pack_expression, pack_value, unpack_expression, unpack_value
from qat.core.errors import WireError
from qat.kernels.gates import GateForm
from qat.kernels.tape import Classical, Tape, as_float, is_symbolic


class Details(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The classical side of a row."""

    row: int
    cbits: tuple[int, ...] = ()
    formula: str | None = None
    remap: tuple[int, ...] | None = None


class Columns(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A tape of ``n`` rows.

    Attributes:
        nb_qubits: number of qubits.
        nb_cbits: number of classical bits.
        forms: the gate forms.
        gates: 1 + index into ``forms``, or 0, shape ``(n,)``.
        qubit_counts: number of qubits of each row, shape ``(n,)``.
        qubits: the qubits of all rows.
        kinds: ``Kind`` of each row; left out when all are gates.
        parameter_counts: number of parameters of each row; left out when there are none.
        parameters: all parameters, float64.
        objects: parameters that are not floats, with their indices.
        slots: indices of the parameters that are symbolic.
        slot_expressions: for each slot its index into ``expressions``.
        expressions: the distinct symbolic parameters.
        details: the classical sides of the rows that have one.
    """

    nb_qubits: int
    nb_cbits: int
    forms: list[Form]
    gates: Array
    qubit_counts: Array
    qubits: Array
    kinds: Array | None = None
    parameter_counts: Array | None = None
    parameters: Array | None = None
    objects: list[tuple[int, Value]] = []
    slots: Array | None = None
    slot_expressions: Array | None = None
    expressions: list[Expression] = []
    details: list[Details] = []


def pack_tape(tape: Tape, forms: list[Form]) -> Columns:
    """A tape as it travels, ``forms`` being its gate forms.

    Raises:
        WireError: a parameter is of a type that does not travel.
    """
    has_parameters, has_slots = len(tape.parameters) > 0, len(tape.slots) > 0
    return Columns(
        nb_qubits=tape.nb_qubits,
        nb_cbits=tape.nb_cbits,
        forms=forms,
        gates=pack_indices(tape.gates + 1),
        qubit_counts=pack_indices(tape.qubit_starts[1:] - tape.qubit_starts[:-1]),
        qubits=pack_indices(tape.qubits),
        kinds=pack_array(tape.kinds) if tape.classical else None,
        parameter_counts=pack_indices(tape.parameter_starts[1:] - tape.parameter_starts[:-1])
        if has_parameters
        else None,
        parameters=pack_array(tape.parameters) if has_parameters else None,
        objects=[pair for index, value in tape.objects.items() if (pair := _pack_object(index, value)) is not None],
        slots=pack_indices(tape.slots) if has_slots else None,
        slot_expressions=pack_indices(tape.slot_expressions) if has_slots else None,
        expressions=[pack_expression(expression) for expression in tape.expressions],
        details=[Details(row, *map(_plain, classical)) for row, classical in tape.classical.items()],
    )


def _pack_object(index: int, value: Any) -> tuple[int, Value] | None:
    """A parameter that is not a float; ``None`` for a NumPy float, which the column of floats holds already."""
    return None if isinstance(value, float) else (index, pack_value(value, "a gate parameter"))


def _plain(field: Any) -> Any:
    return tuple(map(int, field)) if isinstance(field, tuple) else field


def unpack_tape(wire: Columns, forms: Sequence[GateForm]) -> Tape:
    """The tape, once every index in it has been checked.

    Raises:
        WireError: the columns do not fit together.
    """
    nb_rows, nb_qubits = len(wire.gates.data) // _width(wire.gates), _size(wire.nb_qubits, "qubits")
    expressions = tuple(unpack_expression(expression) for expression in wire.expressions)
    parameters = np.empty(0) if wire.parameters is None else unpack_array(wire.parameters, "f", 1).astype(np.float64)
    tape = Tape(
        nb_qubits=nb_qubits,
        nb_cbits=_size(wire.nb_cbits, "classical bits"),
        forms=tuple(forms),
        kinds=_kinds(wire.kinds, nb_rows),
        gates=unpack_indices(wire.gates, len(forms) + 1, "gate") - np.int32(1),
        qubit_starts=_starts(wire.qubit_counts, nb_rows, "qubits"),
        qubits=unpack_indices(wire.qubits, nb_qubits, "qubit"),
        parameter_starts=_starts(wire.parameter_counts, nb_rows, "parameters"),
        parameters=parameters,
        objects=_objects(wire.objects, parameters),
        slots=_indices(wire.slots, len(parameters), "slot"),
        slot_expressions=_indices(wire.slot_expressions, len(expressions), "expression"),
        expressions=expressions,
        classical={details.row: Classical(details.cbits, details.formula, details.remap) for details in wire.details},
    )
    check_tape(tape)
    return tape if all(map(is_symbolic, expressions)) else tape.bound(expressions)


def _width(array: Array) -> int:
    return {"|u1": 1, "<u2": 2, "<u4": 4}.get(array.dtype, 1)


def _size(number: int, what: str) -> int:
    if not 0 <= number < 1 << 31:
        raise WireError(f"a circuit has {number} {what}", f"0 to {(1 << 31) - 1}")
    return number


def _kinds(array: Array | None, nb_rows: int) -> NDArray[np.uint8]:
    return np.zeros(nb_rows, np.uint8) if array is None else unpack_indices(array, 7, "kind").astype(np.uint8)


def _starts(array: Array | None, nb_rows: int, what: str) -> NDArray[np.int32]:
    starts = np.zeros(nb_rows + 1, np.int64)
    if array is not None:
        counts = unpack_indices(array, 1 << 31, "count")
        if len(counts) != nb_rows:
            raise WireError(f"{len(counts)} numbers of {what} for {nb_rows} operations")
        np.cumsum(counts, out=starts[1:])
    if starts[-1] >= 1 << 31:
        raise WireError(f"{starts[-1]} {what} in one circuit", f"at most {(1 << 31) - 1}")
    return starts.astype(np.int32)


def _indices(array: Array | None, limit: int, what: str) -> NDArray[np.int32]:
    return np.empty(0, np.int32) if array is None else unpack_indices(array, limit, what)


def _objects(objects: list[tuple[int, Value]], parameters: NDArray[np.float64]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for index, value in objects:
        if not 0 <= index < len(parameters) or index in found:
            raise WireError(f"parameter {index} is given twice or is out of range", f"0 to {len(parameters) - 1}")
        found[index] = unpack_value(value)
        parameters[index] = as_float(found[index])
    return found
