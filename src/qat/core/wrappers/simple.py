"""Operations as tuples, the published way to read a circuit."""

from __future__ import annotations

from typing import Any

from qat.core.wrappers.gate_view import written_parameters
from qat.kernels.tape import Kind, Row
from qat.kernels.tape_algebra import row_name


def simple_row(row: Row) -> tuple[Any, ...]:
    """An operation as ``Circuit.iterate_simple`` yields it."""
    if row.form is None:
        return _simple_classical(row)
    qubits = list(row.qubits)
    has_name = bool(row.form.record.name)
    name = row.form.syntax if has_name else None
    parameters = written_parameters(row.form, row.parameters) if has_name else None
    if row.kind != Kind.CLASSIC_CONTROL or row.classical is None:
        return name, parameters, qubits
    return name, parameters, qubits, row.classical.cbits[0]


def _simple_classical(row: Row) -> tuple[Any, ...]:
    assert row.classical is not None
    name, (cbits, formula, remap) = row_name(row), row.classical
    match row.kind:
        case Kind.CLASSIC:
            return name, formula, cbits[0]
        case Kind.BREAK:
            return name, formula
        case Kind.REMAP:
            return name, list(row.qubits), list(remap or ())
    return name, list(row.qubits), list(cbits)
