"""Tapes from tapes: concatenation, tensor product, inverse, opening of boxes, binding; counts and depth.

Nothing here changes a tape: every function returns a new one, or the same one when there is nothing to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from qat.kernels.formula import bits_of_formula
from qat.kernels.gates import GateForm, GateRecord
from qat.kernels.tape import NO_FORM, Classical, Kind, Row, Tape, TapeBuilder, is_symbolic

Evaluate = Callable[[tuple[Any, ...]], Sequence[Any]]
ParameterRule = Callable[[list[Any]], Iterable[Any]]

ROW_NAMES: Mapping[int, str] = {
    Kind.MEASURE: "MEASURE",
    Kind.RESET: "RESET",
    Kind.CLASSIC: "LOGIC",
    Kind.BREAK: "BREAK",
    Kind.REMAP: "REMAP",
}
"""Published names of the operations that are not gates, by kind."""


def tape_of(rows: Iterable[Row], nb_qubits: int, nb_cbits: int = 0) -> Tape:
    """The tape made of these rows."""
    builder = TapeBuilder()
    for row in rows:
        builder.row(row)
    return builder.tape(nb_qubits, nb_cbits)


def resized(tape: Tape, nb_qubits: int, nb_cbits: int) -> Tape:
    """The same operations on a circuit of another size; the caller sees to it that they fit."""
    if (tape.nb_qubits, tape.nb_cbits) == (nb_qubits, nb_cbits):
        return tape
    return replace(tape, nb_qubits=nb_qubits, nb_cbits=nb_cbits)


def relabelled(tape: Tape, qubits: Sequence[int], nb_qubits: int) -> Tape:
    """The tape with qubit ``i`` called ``qubits[i]``, in a circuit of ``nb_qubits`` qubits."""
    return replace(tape, qubits=np.asarray(qubits, np.int32)[tape.qubits], nb_qubits=nb_qubits)


def concatenated(first: Tape, second: Tape) -> Tape:
    """First one, then the other, on the same qubits and classical bits.

    Raises:
        ValueError: the numbers of qubits differ.
    """
    if first.nb_qubits != second.nb_qubits:
        raise ValueError(
            f"cannot add circuits with different qubits count {first.nb_qubits} {second.nb_qubits}: build both on the "
            f"same number of qubits, or use * to put them side by side"
        )
    return _joined(first, second)


def tensored(first: Tape, second: Tape) -> Tape:
    """Both side by side: the qubits and classical bits of ``second`` come after those of ``first``."""
    first, second = opened_if(first, nb_ancillas(first) > 0), opened_if(second, nb_ancillas(second) > 0)
    total = first.nb_qubits + second.nb_qubits
    shifted = replace(
        second,
        qubits=second.qubits + np.int32(first.nb_qubits),
        nb_qubits=total,
        nb_cbits=first.nb_cbits + second.nb_cbits,
        classical={row: _shifted_bits(detail, first) for row, detail in second.classical.items()},
    )
    return _joined(replace(first, nb_qubits=total), shifted)


def _shifted_bits(detail: Classical, first: Tape) -> Classical:
    words = (detail.formula or "").split()
    formula = " ".join(str(int(word) + first.nb_cbits) if word.isdecimal() else word for word in words)
    remap = None if detail.remap is None else tuple(qubit + first.nb_qubits for qubit in detail.remap)
    cbits = tuple(cbit + first.nb_cbits for cbit in detail.cbits)
    return Classical(cbits, formula if detail.formula is not None else None, remap)


def opened_if(tape: Tape, is_wanted: bool) -> Tape:
    """The tape with its boxes opened, if wanted."""
    return opened(tape) if is_wanted else tape


def _joined(first: Tape, second: Tape) -> Tape:
    forms, form_map = _merged(first.forms, second.forms)
    expressions, expression_map = _merged(first.expressions, second.expressions)
    nb_rows, nb_parameters = len(first), len(first.parameters)
    gates = np.append(form_map, NO_FORM).astype(np.int32)[second.gates]
    return Tape(
        nb_qubits=first.nb_qubits,
        nb_cbits=max(first.nb_cbits, second.nb_cbits),
        forms=forms,
        kinds=np.concatenate((first.kinds, second.kinds)),
        gates=np.concatenate((first.gates, gates)),
        qubit_starts=_joined_starts(first.qubit_starts, second.qubit_starts),
        qubits=np.concatenate((first.qubits, second.qubits)),
        parameter_starts=_joined_starts(first.parameter_starts, second.parameter_starts),
        parameters=np.concatenate((first.parameters, second.parameters)),
        objects={**first.objects, **{index + nb_parameters: value for index, value in second.objects.items()}},
        slots=np.concatenate((first.slots, second.slots + np.int32(nb_parameters))),
        slot_expressions=np.concatenate((first.slot_expressions, expression_map[second.slot_expressions])),
        expressions=expressions,
        classical={**first.classical, **{index + nb_rows: value for index, value in second.classical.items()}},
    )


def _joined_starts(first: NDArray[np.int32], second: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.concatenate((first, second[1:] + first[-1]))


def _merged(first: tuple[Any, ...], second: tuple[Any, ...]) -> tuple[tuple[Any, ...], NDArray[np.int32]]:
    """Distinct items of both, and where those of ``second`` are among them."""
    places = {item: index for index, item in enumerate(first)}
    mapping = [places.setdefault(item, len(places)) for item in second]
    return tuple(places), np.array(mapping, np.int32)


def inverted(tape: Tape, rules: Mapping[str, ParameterRule] | None = None) -> Tape:
    """The inverse: the inverse gates in reverse order.

    Args:
        tape: what to invert.
        rules: by name, gates whose inverse is the same gate with other parameters: how to get these from the old ones.

    Raises:
        ValueError: an operation is not a plain gate, so it has no inverse.
    """
    rows = [_inverted_row(row, rules or {}) for row in tape.rows()]
    return tape_of(reversed(rows), tape.nb_qubits, tape.nb_cbits)


def _inverted_row(row: Row, rules: Mapping[str, ParameterRule]) -> Row:
    if row.form is None or row.kind != Kind.GATE:
        _refuse(row, "inverted")
    rule = rules.get(row.form.record.name)
    if rule is not None and not row.form.is_dag:
        return row._replace(parameters=tuple(rule(list(row.parameters))))
    form, parameters = row.form.inverted(row.parameters)
    return row._replace(form=form, parameters=parameters)


def _refuse(row: Row, what: str) -> NoReturn:
    name = row.form.syntax if row.form is not None else ROW_NAMES[row.kind]
    raise ValueError(
        f"{name} on qubits {list(row.qubits)} cannot be {what}, because it is classically controlled or not a gate: "
        f"only circuits made of plain gates can"
    )


def has_boxes(tape: Tape) -> bool:
    """Whether a gate of the tape is a box with a body."""
    return any(form.record.body is not None for form in tape.forms)


def nb_ancillas(tape: Tape) -> int:
    """How many of the last qubits of the tape are there for the boxes to use."""
    return max((form.record.body.nb_qubits - form.record.arity for form in tape.forms if form.record.body), default=0)


def opened(tape: Tape, max_depth: int | None = None) -> Tape:
    """The tape with its boxes replaced by what is in them, ``max_depth`` levels deep (all by default).

    Raises:
        ValueError: a box that measures stands under a control, a mark or a classical condition.
    """
    if max_depth == 0 or not has_boxes(tape):
        return tape
    first_ancilla = tape.nb_qubits - nb_ancillas(tape)
    deeper = None if max_depth is None else max_depth - 1
    contents = {form: _contents(form, deeper) for form in tape.forms if form.record.body is not None}
    rows = (
        inner
        for row in tape.rows()
        for inner in ([row] if row.form not in contents else _opened_row(row, contents[row.form], first_ancilla))
    )
    return tape_of(rows, tape.nb_qubits, tape.nb_cbits)


def _contents(form: GateForm, max_depth: int | None) -> list[Row]:
    assert form.record.body is not None
    return list(marked_rows(opened(form.record.body, max_depth), form))


def _opened_row(row: Row, contents: Iterable[Row], first_ancilla: int) -> Iterator[Row]:
    assert row.form is not None and row.form.record.body is not None
    nb_ancillas_used = row.form.record.body.nb_qubits - row.form.record.arity
    controls, targets = row.qubits[: row.form.nb_controls], row.qubits[row.form.nb_controls :]
    places = (*targets, *range(first_ancilla, first_ancilla + nb_ancillas_used))
    for inner in contents:
        yield _placed(inner, row, (*controls, *(places[qubit] for qubit in inner.qubits)))


def _placed(inner: Row, row: Row, qubits: tuple[int, ...]) -> Row:
    if row.kind != Kind.CLASSIC_CONTROL:
        return inner._replace(qubits=qubits)
    if inner.kind != Kind.GATE:
        _refuse(inner, "put under a classical condition")
    return inner._replace(kind=row.kind, classical=row.classical, qubits=qubits)


def marked_rows(body: Tape, form: GateForm) -> Iterator[Row]:
    """Rows of a body under the controls and marks of ``form``; the control qubits are left out."""
    rows = list(body.rows())
    if not (form.nb_controls or form.is_marked):
        yield from rows
        return
    for row in reversed(rows) if form.is_dag != form.is_trans else rows:
        if row.form is None or (form.is_marked and row.kind != Kind.GATE):
            _refuse(row, "controlled, inverted, transposed or conjugated")
        inner, parameters = row.form, row.parameters
        if form.is_dag:
            inner, parameters = inner.inverted(parameters)
        inner = inner.transposed() if form.is_trans else inner
        inner = inner.conjugated() if form.is_conj else inner
        yield row._replace(form=inner.control(form.nb_controls) if form.nb_controls else inner, parameters=parameters)


def all_expressions(tape: Tape) -> tuple[Any, ...]:
    """The distinct symbolic parameters of the tape and of the boxes on it."""
    if not has_boxes(tape):
        return tape.expressions
    found = dict.fromkeys(tape.expressions)
    for form in tape.forms:
        if form.record.body is not None:
            found |= dict.fromkeys(all_expressions(form.record.body))
    return tuple(found)


def bound(tape: Tape, evaluate: Evaluate) -> Tape:
    """The tape with its expressions, and those in its boxes, replaced by what ``evaluate`` makes of them.

    Args:
        tape: what to bind.
        evaluate: maps expressions to as many values, floats or expressions that stay symbolic.
    """
    result = tape.bound(evaluate(tape.expressions)) if tape.expressions else tape
    if not has_boxes(tape):
        return result
    return replace(result, forms=tuple(_bound_form(form, evaluate) for form in result.forms))


def _bound_form(form: GateForm, evaluate: Evaluate) -> GateForm:
    record = form.record
    expressions = all_expressions(record.body) if record.body is not None else ()
    if record.body is None or not expressions:
        return form
    identity = (record.key, tuple(evaluate(expressions)))
    return replace(form, record=replace(record, body=bound(record.body, evaluate), identity=identity))


def body_record(name: str, arity: int, body: Tape, *, parameters: tuple[type, ...] = ()) -> GateRecord:
    """Record of a box, identified by its name and contents.

    Args:
        name: its published name.
        arity: number of its qubits, which are the first of the body; the others are ancillas.
        body: what it does.
        parameters: types of the parameters it is written with; the body is for their present values.
    """
    contents = tuple(row._replace(parameters=tuple(map(hashable, row.parameters))) for row in body.rows())
    identity = (name, arity, body.nb_qubits, contents)
    return GateRecord(name=name, arity=arity, parameters=parameters, body=body, label=name, identity=identity)


def hashable(value: Any) -> Any:
    """A stand-in for a parameter value that can be a dictionary key, equal for equal values."""
    if isinstance(value, np.ndarray):
        return (value.shape, value.dtype.str, value.tobytes())
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value


def same_operations(first: Tape, second: Tape) -> bool:
    """Whether two tapes have the same size and the same operations in the same order."""
    sizes = [(tape.nb_qubits, tape.nb_cbits, len(tape)) for tape in (first, second)]
    return sizes[0] == sizes[1] and all(map(_same_row, first.rows(), second.rows()))


def _same_row(one: Row, other: Row) -> bool:
    alike = one._replace(form=None, parameters=()) == other._replace(form=None, parameters=())
    return (
        alike
        and tuple(map(hashable, one.parameters)) == tuple(map(hashable, other.parameters))
        and _same_form(one.form, other.form)
    )


def _same_form(one: GateForm | None, other: GateForm | None) -> bool:
    """Whether two forms are the same gate; boxes are, however they were made, when their contents are the same."""
    if one is None or other is None or one.record.body is None or other.record.body is None:
        return one == other
    return one.syntax == other.syntax and same_operations(one.record.body, other.record.body)


def row_name(row: Row) -> str:
    """Published name of an operation: that of its gate with prefixes, or what it does."""
    return row.form.syntax if row.form is not None else ROW_NAMES[row.kind]


def gate_counts(tape: Tape) -> dict[str, int]:
    """How often each gate is used, by published name in order of first use. Cost O(n)."""
    gates = tape.gates[tape.gates != NO_FORM]
    counts: dict[str, int] = {}
    for gate, count in Counter(gates.tolist()).items():
        name = tape.forms[gate].syntax
        counts[name] = counts.get(name, 0) + count
    return counts


def depth(tape: Tape, durations: Mapping[str, Any], default: Any = 0) -> Any:
    """Length of the longest chain of operations that share qubits or classical bits.

    Args:
        tape: the circuit; boxes count as single operations.
        durations: how long each operation takes, by published name.
        default: how long the others take.
    """
    free: dict[Any, Any] = {}
    longest: Any = 0
    for row in tape.rows():
        wires = _wires(row, tape.nb_qubits)
        end = max((free.get(wire, 0) for wire in wires), default=0) + durations.get(row_name(row), default)
        free.update(dict.fromkeys(wires, end))
        longest = max(longest, end)
    return longest


def _wires(row: Row, nb_qubits: int) -> list[Any]:
    qubits: list[Any] = [*range(nb_qubits)] if row.kind == Kind.REMAP else [*row.qubits]
    if row.classical is None:
        return qubits
    read = bits_of_formula(row.classical.formula or "")
    return qubits + [("cbit", bit) for bit in {*row.classical.cbits, *read}]


def first_not_a_number(tape: Tape) -> Row | None:
    """The first row with a parameter that is NaN or infinite, if there is one."""
    is_finite = np.isfinite(tape.parameters)
    if is_finite.all():
        return None
    strange = np.flatnonzero(~is_finite)
    special = {*tape.objects, *tape.slots.tolist()}
    index = next((index for index in strange.tolist() if index not in special), None)
    if index is None:
        return None
    return list(tape.rows())[int(np.searchsorted(tape.parameter_starts, index, side="right")) - 1]


__all__ = [
    "ROW_NAMES", "Classical", "all_expressions", "body_record", "bound", "concatenated", "depth", "first_not_a_number",
    "gate_counts", "has_boxes", "hashable", "inverted", "is_symbolic", "marked_rows", "nb_ancillas", "opened",
    "opened_if", "relabelled", "resized", "row_name", "same_operations", "tape_of", "tensored",
]  # fmt: skip
