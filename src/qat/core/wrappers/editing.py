"""Changes to tapes that circuits offer: inserting a gate of the language, filling in matrices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from qat.core.gate_set import GateSet
from qat.core.wrappers.job_checks import checked_qubits
from qat.kernels.gates import GateForm, matrix_gate
from qat.kernels.tape import Kind, Row, Tape, is_symbolic
from qat.kernels.tape_algebra import relabelled, tape_of


def inserted(tape: Tape, position: int, gate: Any, qubits: Sequence[Any], **options: Any) -> Tape:
    """The tape with a gate or routine before the row at ``position``, counted as ``list.insert`` does.

    Args:
        tape: where to insert.
        position: index of the row that will follow.
        gate: a gate of the language, a routine, or anything else with ``to_circ``.
        qubits: the qubits it acts on.
        options: handed to the ``to_circ`` of a routine.

    Raises:
        TypeError: it is none of these.
        ValueError: the number of qubits does not fit, or one is repeated or out of range.
    """
    rows = list(tape.rows())
    places = checked_qubits(qubits, tape.nb_qubits, "insert a gate on")
    new_rows, nb_ancillas = _rows_of(gate, places, tape.nb_qubits, options)
    rows[position:position] = new_rows
    return tape_of(rows, tape.nb_qubits + nb_ancillas, tape.nb_cbits)


def _rows_of(gate: Any, places: list[int], nb_qubits: int, options: dict[str, Any]) -> tuple[list[Row], int]:
    if hasattr(gate, "op_list") or not hasattr(gate, "tape_form"):
        return _routine_rows(gate, places, nb_qubits, options)
    _check_arity(gate, gate.tape_form.arity, places)
    return [Row(int(Kind.GATE), gate.tape_form, tuple(gate.tape_parameters), tuple(places), None)], 0


def _routine_rows(gate: Any, places: list[int], nb_qubits: int, options: dict[str, Any]) -> tuple[list[Row], int]:
    if not hasattr(gate, "to_circ"):
        raise TypeError(f"Cannot insert {gate!r}: give a gate of qat.lang, such as X or RX(0.5), or a QRoutine")
    _check_arity(gate, gate.arity, places)
    body = gate.to_circ(**options).tape
    nb_ancillas = body.nb_qubits - len(places)
    places = [*places, *range(nb_qubits, nb_qubits + nb_ancillas)]
    return list(relabelled(body, places, nb_qubits + nb_ancillas).rows()), nb_ancillas


def _check_arity(gate: Any, arity: int, places: list[int]) -> None:
    if arity != len(places):
        raise ValueError(f"Cannot insert {gate!r} on qubits {places}: it acts on {arity} qubits, give it as many")


def filled(tape: Tape, gate_set: GateSet) -> Tape:
    """The tape with matrices from ``gate_set`` for the gates that have none."""
    names = {form.record.name for form in tape.forms if form.record.matrix is None and form.record.body is None}
    known = {name for name in names if name in gate_set and gate_set[name].matrix_generator is not None}
    if not known:
        return tape
    return tape_of(_filled_rows(tape, gate_set, known), tape.nb_qubits, tape.nb_cbits)


def _filled_rows(tape: Tape, gate_set: GateSet, known: set[str]) -> Iterator[Row]:
    for row in tape.rows():
        is_known = row.form is not None and row.form.record.name in known and row.form.record.matrix is None
        yield row._replace(form=_filled_form(row, gate_set)) if is_known else row


def _filled_form(row: Row, gate_set: GateSet) -> GateForm:
    assert row.form is not None
    record = row.form.record
    generator = gate_set[record.name].matrix_generator
    assert generator is not None
    if any(map(is_symbolic, row.parameters)):
        return replace(row.form, record=replace(record, matrix=generator))
    matrix = generator(*row.parameters)
    return replace(row.form, record=matrix_gate(matrix, name=record.name, parameters=record.parameters))
