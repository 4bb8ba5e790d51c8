"""Gates on the wire: those of the table by name, the others by their matrix, their body or their name alone.

A gate whose matrix is computed by a Python function travels as the matrices of the parameter values in use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from qat.comm.wire.arrays import Array, pack_array, unpack_array
from qat.comm.wire.values import Value, pack_value, unpack_value
from qat.core.errors import WireError
from qat.kernels.gates import GATES, FixedMatrix, GateForm, GateRecord, Inverse, MatrixFunction, matrix_gate
from qat.kernels.preparation import PreparationMatrix, preparation
from qat.kernels.tape import Tape
from qat.kernels.tape_algebra import body_record, hashable

_TYPES = {"int": int, "float": float, "complex": complex, "str": str, "bool": bool, "ndarray": np.ndarray}
_TYPE_NAMES = {kind: name for name, kind in _TYPES.items()}
_INVERSES = tuple(Inverse)
_MAX_ARITY = 1 << 16
_MAX_MATRIX_ARITY = 14


class Gate(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A gate that is not in the table.

    Attributes:
        name: its published name.
        arity: number of qubits.
        types: names of the types of its parameters.
        label: what drawings write.
        inverse: index into ``Inverse``.
        is_symmetric: whether the matrix is symmetric for all parameters.
        generator: its generator, if it has one.
        matrix: its matrix, whatever the parameters.
        parameters: the parameter values whose matrices are known, one tuple for each of
        matrices: these matrices, shape ``(k, d, d)``.
        body: index of the tape that is its body.
    """

    name: str
    arity: int
    types: list[str] = []
    label: str | None = None
    inverse: int = 2
    is_symmetric: bool = False
    generator: Array | None = None
    matrix: Array | None = None
    parameters: list[list[Value]] | None = None
    matrices: Array | None = None
    body: int | None = None


class Form(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A gate as a tape uses it: index of the gate, number of controls, marks (1 dagger, 2 transpose, 4 conjugate)."""

    gate: int
    nb_controls: int = 0
    marks: int = 0


class MatrixTable:
    """A matrix function that knows some values only, those that travelled with the gate.

    Args:
        name: name of the gate.
        parameters: the known values, a tuple for each matrix.
        matrices: their matrices, shape ``(k, d, d)``.

    >>> table = MatrixTable("WAIT", [(0.5,)], np.eye(2)[None])
    >>> table(0.5).shape, table(np.array([0.5, 0.5])).shape
    ((2, 2), (2, 2, 2))
    """

    def __init__(self, name: str, parameters: Sequence[tuple[Any, ...]], matrices: NDArray[np.complex128]) -> None:
        self.name = name
        self.parameters = list(parameters)
        self.matrices = matrices
        self._places = {_key(values): place for place, values in enumerate(self.parameters)}

    def __call__(self, *parameters: Any) -> NDArray[np.complex128]:
        """The matrix of these values; with arrays of shape ``(k,)`` among them, ``(k, d, d)``."""
        arrays = [np.asarray(value) for value in parameters if isinstance(value, np.ndarray) and value.ndim == 1]
        if not arrays:
            return self._matrix(parameters)
        rows = zip(*np.broadcast_arrays(*parameters), strict=True)
        return np.stack([self._matrix(tuple(value.item() for value in row)) for row in rows])

    def _matrix(self, parameters: tuple[Any, ...]) -> NDArray[np.complex128]:
        place = self._places.get(_key(parameters))
        if place is None:
            known = ", ".join(map(str, self.parameters[:_SHOWN]))
            raise ValueError(
                f"the matrix of gate {self.name} is not known for {parameters}: it travelled for {known or None}. "
                f"Bind the circuit before sending it, or give the gate a circuit."
            )
        matrix: NDArray[np.complex128] = self.matrices[place]
        return matrix


_SHOWN = 5


def _key(parameters: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(map(hashable, parameters))


def pack_form(form: GateForm, gate: int) -> Form:
    """A form as it travels, with the index of its gate."""
    return Form(gate, form.nb_controls, form.is_dag | form.is_trans << 1 | form.is_conj << 2)


def unpack_form(form: Form, gates: Callable[[int], GateRecord]) -> GateForm:
    """The form; ``gates`` gives the record of an index."""
    if not (0 <= form.nb_controls <= _MAX_ARITY and 0 <= form.marks < 8):
        raise WireError(f"a gate has {form.nb_controls} controls and marks {form.marks}")
    marks = form.marks
    return GateForm(gates(form.gate), form.nb_controls, bool(marks & 1), bool(marks & 2), bool(marks & 4))


def is_predefined(record: GateRecord) -> bool:
    """Whether it is a gate of the table."""
    return GATES.get(record.name) is record


def is_computed(record: GateRecord) -> bool:
    """Whether its matrix comes from a Python function, so that the values in use must be known to send it."""
    is_by_name = record.matrix is None or isinstance(record.matrix, PreparationMatrix) or is_predefined(record)
    return not is_by_name and not isinstance(record.matrix, FixedMatrix)


def pack_gate(record: GateRecord, used: Sequence[tuple[Any, ...]], body: int | None) -> str | Gate:
    """A gate as it travels.

    Args:
        record: the gate.
        used: the parameter values with which it is used, where all are known.
        body: index of its body among the tapes.
    """
    if is_predefined(record):
        return record.name
    wire = Gate(
        name=record.name or "",
        arity=record.arity,
        types=[_TYPE_NAMES.get(kind, "object") for kind in record.parameters],
        label=record.label,
        inverse=_INVERSES.index(record.inverse),
        is_symmetric=record.is_symmetric,
        generator=None if record.generator is None else pack_array(record.generator),
        body=body,
    )
    if isinstance(record.matrix, FixedMatrix):
        return msgspec.structs.replace(wire, matrix=pack_array(record.matrix.matrix))
    if not is_computed(record):
        return wire
    return msgspec.structs.replace(wire, **_computed(record, used))


def _computed(record: GateRecord, used: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    assert record.matrix is not None
    values = list({_key(parameters): parameters for parameters in used}.values())
    matrices = [np.asarray(record.matrix(*parameters), np.complex128) for parameters in values]
    size = 1 << record.arity
    return {
        "parameters": [[pack_value(value, f"a parameter of {record.name}") for value in row] for row in values],
        "matrices": pack_array(np.array(matrices).reshape(-1, size, size).astype(np.complex128)),
    }


def unpack_gate(wire: str | Gate, bodies: Callable[[int], Tape]) -> GateRecord:
    """The record of a gate; ``bodies`` gives the tape of an index.

    Raises:
        WireError: there is no such gate here, or its parts do not fit together.
    """
    if isinstance(wire, str):
        if wire not in GATES:
            raise WireError(f"there is no gate {wire[:40]!r}", f"one of {', '.join(GATES)}")
        return GATES[wire]
    if not 0 <= wire.arity <= _MAX_ARITY or not 0 <= wire.inverse < len(_INVERSES):
        raise WireError(f"gate {wire.name[:40]!r} has arity {wire.arity} and inverse {wire.inverse}")
    record = _bare(wire, bodies)
    return replace(
        record,
        label=record.label if wire.label is None else wire.label,
        inverse=_INVERSES[wire.inverse],
        is_symmetric=wire.is_symmetric,
        generator=None if wire.generator is None else _square(wire.generator, wire, 2),
    )


def _bare(wire: Gate, bodies: Callable[[int], Tape]) -> GateRecord:
    types = tuple(_TYPES.get(name, object) for name in wire.types)
    if wire.body is not None:
        return _boxed(wire, bodies(wire.body), types)
    if wire.matrix is not None:
        return matrix_gate(_square(wire.matrix, wire, 2), name=wire.name, parameters=types)
    identity: tuple[Any, ...] = (wire.name, wire.arity, types)
    matrix: MatrixFunction | None = preparation(wire.name, wire.arity, types)
    if wire.matrices is not None:
        matrix = table = _table(wire)
        identity = (*identity, tuple(map(_key, table.parameters)), table.matrices.tobytes())
    return GateRecord(name=wire.name, arity=wire.arity, parameters=types, matrix=matrix, identity=identity)


def _boxed(wire: Gate, body: Tape, types: tuple[type, ...]) -> GateRecord:
    if body.nb_qubits < wire.arity:
        raise WireError(f"the body of {wire.name[:40]!r} has {body.nb_qubits} qubits", f"{wire.arity} or more")
    record = body_record(wire.name, wire.arity, body, parameters=types)
    if wire.matrix is not None:
        return replace(record, matrix=FixedMatrix(_square(wire.matrix, wire, 2)))
    return record if wire.matrices is None else replace(record, matrix=_table(wire))


def _table(wire: Gate) -> MatrixTable:
    assert wire.matrices is not None
    matrices = _square(wire.matrices, wire, 3)
    parameters = [tuple(unpack_value(value) for value in row) for row in wire.parameters or ()]
    if len(matrices) != len(parameters):
        raise WireError(f"gate {wire.name[:40]!r} has {len(matrices)} matrices for {len(parameters)} parameter values")
    return MatrixTable(wire.name, parameters, matrices)


def _square(array: Array, wire: Gate, nb_dimensions: int) -> NDArray[np.complex128]:
    if not 1 <= wire.arity <= _MAX_MATRIX_ARITY:
        raise WireError(f"gate {wire.name[:40]!r} has a matrix and arity {wire.arity}", f"1 to {_MAX_MATRIX_ARITY}")
    matrix = unpack_array(array, "c", nb_dimensions)
    if matrix.shape[-2:] != (1 << wire.arity,) * 2:
        raise WireError(f"gate {wire.name[:40]!r} on {wire.arity} qubits has a matrix of shape {matrix.shape}")
    return matrix.astype(np.complex128)
