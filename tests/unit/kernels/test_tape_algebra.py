"""Tapes from tapes, against dense matrices."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core.variables import Variable, evaluate_all
from qat.kernels.gates import GATES, GateForm
from qat.kernels.tape import Classical, Kind, Row, Tape, TapeBuilder
from qat.kernels.tape_algebra import (
    all_expressions,
    body_record,
    bound,
    concatenated,
    depth,
    first_not_a_number,
    gate_counts,
    has_boxes,
    inverted,
    nb_ancillas,
    opened,
    relabelled,
    resized,
    same_operations,
    tape_of,
    tensored,
)
from tests.oracle import embedded, unitary
from tests.unit.kernels.circuits import circuits, gates, named_tape, tape_of_gates

PREDEFINED = [*GATES.values()]
A, B = Variable("a"), Variable("b")


def gate_row(name, *qubits, parameters=(), **form) -> Row:
    return Row(int(Kind.GATE), GateForm(GATES[name], **form), tuple(parameters), qubits, None)


def measure(qubit, cbit) -> Row:
    return Row(int(Kind.MEASURE), None, (), (qubit,), Classical((cbit,)))


def simple(tape: Tape) -> list[tuple]:
    return [(row.form.syntax, list(row.parameters), list(row.qubits)) for row in tape.rows()]


def matrix_of(tape: Tape) -> np.ndarray:
    return unitary(simple(tape), tape.nb_qubits)


def close(one, other) -> bool:
    return np.allclose(one, other, rtol=0, atol=1e-9)


@st.composite
def tapes(draw, nb_qubits=None, max_qubits=3):
    nb_qubits = draw(st.integers(1, max_qubits)) if nb_qubits is None else nb_qubits
    return tape_of_gates(nb_qubits, draw(st.lists(gates(nb_qubits, PREDEFINED), max_size=8)))


# ---------------------------------------------------------------- unitary tapes


@given(st.data())
def test_concatenation_multiplies_matrices(data):
    first = data.draw(tapes())
    second = data.draw(tapes(first.nb_qubits))
    assert close(matrix_of(concatenated(first, second)), matrix_of(second) @ matrix_of(first))


@given(tapes(), tapes())
def test_tensor_product_of_matrices(first, second):
    assert close(matrix_of(tensored(first, second)), np.kron(matrix_of(first), matrix_of(second)))


@given(tapes())
def test_inverse_is_the_conjugate_transpose_and_twice_inverted_is_the_same(tape):
    assert close(matrix_of(inverted(tape)), matrix_of(tape).conj().T)
    assert same_operations(inverted(inverted(tape)), tape)


@given(tapes(2))
def test_relabelling_moves_the_gates(tape):
    moved = relabelled(tape, (2, 0), 3)
    assert close(matrix_of(moved), embedded(matrix_of(tape), (2, 0), 3))


@given(circuits())
def test_rows_rebuild_the_tape(circuit):
    tape = tape_of_gates(*circuit)
    again = tape_of(tape.rows(), tape.nb_qubits, tape.nb_cbits)
    assert same_operations(tape, again)
    assert all(np.array_equal(getattr(tape, name), getattr(again, name)) for name in ("gates", "qubits", "parameters"))


def test_different_sizes_cannot_be_concatenated():
    with pytest.raises(ValueError, match="different qubits count 1 2: build both"):
        concatenated(named_tape(1, ("H", (0,))), named_tape(2, ("H", (0,))))


def test_joining_shares_forms_and_expressions():
    first = tape_of([gate_row("RX", 0, parameters=(A,)), gate_row("H", 0)], 1)
    second = tape_of([gate_row("H", 0), gate_row("RX", 0, parameters=(A + B,)), gate_row("RX", 0, parameters=(A,))], 1)
    both = concatenated(first, second)
    assert len(both.forms) == 2 and both.expressions == (A, A + B)
    assert simple(both) == simple(first) + simple(second)
    assert simple(both.bound([1.0, 2.0]))[-2:] == [("RX", [2.0], [0]), ("RX", [1.0], [0])]


def test_side_by_side_classical_bits_stay_apart():
    logic = Row(int(Kind.CLASSIC), None, (), (), Classical((1,), "AND 0 NOT 1"))
    tape = tape_of([gate_row("X", 0), measure(0, 0), logic], 2, 2)
    both = tensored(tape, tape)
    assert (both.nb_qubits, both.nb_cbits) == (4, 4)
    rows = list(both.rows())
    assert (rows[4].qubits, rows[4].classical.cbits) == ((2,), (2,))
    assert rows[5].classical == Classical((3,), "AND 2 NOT 3")


@pytest.mark.parametrize("row", [measure(0, 0), gate_row("X", 0)._replace(kind=4, classical=Classical((0,)))])
def test_only_plain_gates_have_an_inverse(row):
    with pytest.raises(ValueError, match=r"on qubits \[0\] cannot be inverted"):
        inverted(tape_of([row], 1, 1))


def test_resizing_nothing_gives_the_same_tape():
    tape = named_tape(1, ("H", (0,)))
    assert resized(tape, 1, 0) is tape and resized(tape, 3, 2).nb_qubits == 3


@given(circuits(max_qubits=3))
def test_tapes_survive_pickle_and_copies(circuit):
    tape = tape_of_gates(circuit[0], [gate for gate in circuit[1] if gate.form.record.name in GATES])
    assert same_operations(pickle.loads(pickle.dumps(tape)), tape)
    assert same_operations(copy.deepcopy(tape), tape)


def test_same_operations_sees_every_difference():
    tape = tape_of([gate_row("RX", 0, parameters=(0.5,))], 2)
    others = [
        tape_of([gate_row("RX", 1, parameters=(0.5,))], 2),
        tape_of([gate_row("RX", 0, parameters=(0.6,))], 2),
        tape_of([gate_row("RY", 0, parameters=(0.5,))], 2),
        tape_of([gate_row("RX", 0, parameters=(0.5,), is_conj=True)], 2),
        tape_of([], 2),
        resized(tape, 3, 0),
    ]
    assert not any(same_operations(tape, other) for other in others)


def test_parameters_that_are_arrays_are_compared_by_value():
    record = replace(GATES["H"], name="M", parameters=(np.ndarray,), identity="M")
    row = Row(0, GateForm(record), (np.eye(2),), (0,), None)
    assert same_operations(tape_of([row], 1), tape_of([row._replace(parameters=(np.eye(2),))], 1))
    assert not same_operations(tape_of([row], 1), tape_of([row._replace(parameters=(np.ones((2, 2)),))], 1))


# ---------------------------------------------------------------- boxes


@given(tapes(2), st.tuples(*[st.booleans()] * 3), st.integers(0, 1))
def test_opened_boxes_have_the_matrix_of_the_box(body, marks, nb_controls):
    form = GateForm(body_record("BOX", 2, body), nb_controls, *marks)
    qubits = (3, 1, 2)[: form.arity]
    outer = tape_of([gate_row("H", 1), Row(0, form, (), qubits, None)], 4)
    expected = matrix_of(body)
    expected = expected.conj().T if marks[0] else expected
    expected = expected.T if marks[1] else expected
    expected = expected.conj() if marks[2] else expected
    if nb_controls:
        expected = np.kron(np.diag([1, 0]), np.eye(4)) + np.kron(np.diag([0, 1]), expected)
    flat = opened(outer)
    assert not has_boxes(flat)
    assert close(matrix_of(flat), embedded(expected, qubits, 4) @ embedded(GATES["H"].matrix(), (1,), 4))


def boxed(name, arity, rows, nb_qubits, *qubits) -> Row:
    return Row(0, GateForm(body_record(name, arity, tape_of(rows, nb_qubits))), (), qubits, None)


def test_boxes_use_the_last_qubits_as_ancillas():
    inner = boxed("INNER", 1, [gate_row("CNOT", 0, 1)], 2, 0)
    outer = boxed("OUTER", 1, [inner, gate_row("CNOT", 0, 1), gate_row("H", 2)], 3, 1)
    tape = tape_of([outer, boxed("OTHER", 2, [gate_row("CCNOT", 0, 1, 2)], 3, 0, 2)], 5)
    assert nb_ancillas(tape) == 2
    assert simple(opened(tape)) == [
        ("CNOT", [], [1, 4]),
        ("CNOT", [], [1, 3]),
        ("H", [], [4]),
        ("CCNOT", [], [0, 2, 3]),
    ]


def test_boxes_open_level_by_level():
    inner = boxed("INNER", 1, [gate_row("H", 0)], 1, 0)
    tape = tape_of([boxed("OUTER", 1, [inner, gate_row("X", 0)], 1, 0)], 1)
    assert [name for name, *_ in simple(opened(tape, 0))] == ["OUTER"]
    assert [name for name, *_ in simple(opened(tape, 1))] == ["INNER", "X"]
    assert [name for name, *_ in simple(opened(tape, 2))] == ["H", "X"] == [name for name, *_ in simple(opened(tape))]


def test_side_by_side_boxes_keep_their_ancillas():
    with_ancilla = tape_of([boxed("BOX", 1, [gate_row("CNOT", 0, 1)], 2, 0)], 2)
    both = tensored(with_ancilla, named_tape(1, ("X", (0,))))
    assert simple(both) == [("CNOT", [], [0, 1]), ("X", [], [2])]


def test_a_classical_condition_goes_into_the_box():
    box = boxed("BOX", 1, [gate_row("H", 0), gate_row("X", 0)], 1, 1)
    rows = list(opened(tape_of([box._replace(kind=4, classical=Classical((0,)))], 2, 1)).rows())
    assert [(row.kind, row.form.syntax, row.classical.cbits) for row in rows] == [(4, "H", (0,)), (4, "X", (0,))]


def test_what_measures_cannot_be_controlled_or_conditional():
    body = tape_of([gate_row("H", 0), measure(0, 0)], 1, 1)
    record = body_record("BOX", 1, body)
    plain = tape_of([Row(0, GateForm(record), (), (1,), None)], 2, 1)
    assert [row.kind for row in opened(plain).rows()] == [0, 1]
    for row in (
        Row(0, GateForm(record, 1), (), (0, 1), None),
        Row(0, GateForm(record, is_dag=True), (), (1,), None),
        Row(4, GateForm(record), (), (1,), Classical((0,))),
    ):
        with pytest.raises(ValueError, match=r"MEASURE on qubits \[\d\] cannot be"):
            opened(tape_of([row], 2, 1))


def test_inverting_a_box_marks_it():
    box = boxed("BOX", 1, [gate_row("S", 0), gate_row("H", 0)], 1, 0)
    backwards = inverted(tape_of([box], 1))
    assert simple(backwards) == [("D-BOX", [], [0])]
    assert simple(opened(backwards)) == [("H", [], [0]), ("D-S", [], [0])]


def test_binding_reaches_into_boxes():
    box = boxed("BOX", 1, [gate_row("RX", 0, parameters=(2 * A,))], 1, 0)
    tape = tape_of([box, gate_row("RY", 0, parameters=(B,))], 1)
    assert all_expressions(tape) == (B, 2 * A)
    half = bound(tape, lambda expressions: evaluate_all(expressions, {"a": 0.5}))
    assert all_expressions(half) == (B,) and all_expressions(tape) == (B, 2 * A)
    full = bound(half, lambda expressions: evaluate_all(expressions, {"b": 0.25}))
    assert simple(opened(full)) == [("RX", [1.0], [0]), ("RY", [0.25], [0])]


def test_boxes_bound_differently_are_different_gates():
    tape = tape_of([boxed("BOX", 1, [gate_row("RX", 0, parameters=(A,))], 1, 0)], 1)
    one, two = (bound(tape, lambda expressions, v=v: evaluate_all(expressions, {"a": v})) for v in (0.5, 0.75))
    assert [params for _, params, _ in simple(opened(concatenated(one, two)))] == [[0.5], [0.75]]


def test_equal_contents_make_equal_boxes():
    rows = [gate_row("H", 0)]
    assert body_record("B", 1, tape_of(rows, 1)) == body_record("B", 1, tape_of(rows, 1))
    assert body_record("B", 1, tape_of(rows, 1)) != body_record("B", 1, tape_of([gate_row("X", 0)], 1))


# ---------------------------------------------------------------- numbers


def test_gate_counts():
    tape = named_tape(2, ("H", (0,)), ("CNOT", (0, 1)), ("H", (1,)), ("RX", (0,), 0.1), ("RX", (0,), 0.2))
    assert gate_counts(tape) == {"H": 2, "CNOT": 1, "RX": 2}


def test_depth():
    tape = named_tape(3, ("H", (0,)), ("CNOT", (0, 1)), ("RX", (2,), 0.1), ("H", (1,)))
    assert depth(tape, {}) == 0
    assert depth(tape, {}, 1) == 3
    assert depth(tape, {"H": 2, "RX": 9}) == 9
    assert depth(tape, {"H": 2.5}, 1) == 6.0


def test_classical_bits_order_operations():
    conditional = gate_row("X", 1)._replace(kind=4, classical=Classical((0,)))
    logic = Row(int(Kind.CLASSIC), None, (), (), Classical((1,), "NOT 0"))
    tape = tape_of([gate_row("H", 0), measure(0, 0), logic, conditional], 2, 2)
    assert depth(tape, {}, 1) == 4
    assert depth(tape, {"MEASURE": 5, "LOGIC": 3}) == 8


def test_first_not_a_number():
    good = tape_of([gate_row("RX", 0, parameters=(A,)), gate_row("RX", 0, parameters=(1,))], 1)
    assert first_not_a_number(good) is None
    for wrong in (float("nan"), float("inf")):
        bad = concatenated(good, tape_of([gate_row("RZ", 0, parameters=(wrong,))], 1))
        assert first_not_a_number(bad).form.syntax == "RZ"


# ---------------------------------------------------------------- binding columns


def test_binding_shares_every_other_column():
    tape = tape_of([gate_row("RX", 0, parameters=(A,)), gate_row("RY", 0, parameters=(0.5,))], 1)
    full = tape.bound([0.25])
    assert full.is_bound and not tape.is_bound
    assert all(getattr(full, name) is getattr(tape, name) for name in ("kinds", "gates", "qubits", "qubit_starts"))
    assert tape.parameter_values() == [A, 0.5] and full.parameter_values() == [0.25, 0.5]
    assert (full.nb_qubits, len(full)) == (1, 2)


def test_numpy_numbers_are_floats():
    tape = tape_of([gate_row("RX", 0, parameters=(A,))], 1)
    (value,) = tape.bound([np.float64(0.5)]).parameter_values()
    assert type(value) is float


def test_partial_binding_keeps_the_other_kinds_of_values():
    tape = tape_of([gate_row("RX", 0, parameters=(value,)) for value in (A, B, A + B)], 1)
    partly = tape.bound([3, B, np.float64(0.25)])
    assert partly.parameter_values() == [3, B, 0.25] and partly.expressions == (B,)
    assert partly.bound([1.0]).parameter_values() == [3, 1.0, 0.25]


def test_classical_details_survive_a_builder():
    builder = TapeBuilder()
    builder.classical(Kind.REMAP, (0, 1), Classical(remap=(1, 0)))
    builder.controlled_gate(1, builder.form(GateForm(GATES["X"])), (0,))
    builder.classical(Kind.BREAK, classical=Classical((), "OR 0 1"))
    tape = builder.tape(2, 2)
    assert same_operations(tape_of(tape.rows(), 2, 2), tape) and not tape.is_unitary
