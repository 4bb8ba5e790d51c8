"""From tapes to the published per-gate view and back."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core.parameters import matrix_array, matrix_record
from qat.core.records import GateDefinition, GSyntax, Op, Param, Subcircuit
from qat.core.variables import Variable
from qat.core.wrappers.gate_view import gate_view
from qat.core.wrappers.view_reader import CircuitError, GateReader, read_view
from qat.kernels.gates import GATES, GateForm, GateRecord, matrix_gate
from qat.kernels.tape import Classical, Kind, Row, TapeBuilder
from qat.kernels.tape_algebra import body_record, opened, same_operations, tape_of
from tests.oracle import gate_matrix
from tests.unit.kernels.circuits import angles, haar

CONSTANTS = [name for name, record in GATES.items() if not record.parameters]
A = Variable("a")
CUSTOM = matrix_gate(haar(1, 5))
ABSTRACT = GateRecord(name="FOO", arity=2, parameters=(float, int), label="FOO", identity=("FOO", 2, (float, int)))


def row(form, qubits, parameters=()) -> Row:
    return Row(0, form, tuple(parameters), tuple(qubits), None)


def named(name, qubits, parameters=(), **form) -> Row:
    return row(GateForm(GATES[name], **form), qubits, parameters)


@st.composite
def rows(draw, nb_qubits, nb_cbits):
    """An operation of any kind."""
    qubits = tuple(draw(st.permutations(range(nb_qubits))))
    cbit = draw(st.integers(0, nb_cbits - 1))
    match draw(st.sampled_from("ggggcmrlbp")):
        case "m":
            return Row(1, None, (), qubits[:1], Classical((cbit,)))
        case "r":
            return Row(2, None, (), qubits[:2], Classical())
        case "l":
            return Row(3, None, (), (), Classical((cbit,), "XOR 0 NOT 1"))
        case "b":
            return Row(5, None, (), (), Classical((), "OR 0 1"))
        case "p":
            return Row(6, None, (), qubits, Classical(remap=qubits[::-1]))
        case kind:
            records = [record for record in (*GATES.values(), CUSTOM, ABSTRACT) if record.arity <= nb_qubits]
            record = draw(st.sampled_from(records))
            nb_controls = draw(st.integers(0, nb_qubits - record.arity))
            form = GateForm(record, nb_controls, *(draw(st.booleans()) for _ in range(3)))
            parameter = {float: st.one_of(angles, st.just(A), st.just(2 * A + 1)), int: st.integers(-3, 3)}
            parameters = tuple(draw(parameter[each]) for each in record.parameters)
            is_conditional = kind == "c"
            detail = Classical((cbit,)) if is_conditional else None
            return Row(4 if is_conditional else 0, form, parameters, qubits[: form.arity], detail)


@given(st.data())
def test_view_and_back_gives_the_same_operations(data):
    tape = tape_of(data.draw(st.lists(rows(3, 2), max_size=10)), 3, 2)
    ops, gates = gate_view(tape)
    assert same_operations(read_view(ops, gates, 3, 2), tape)
    for definition in gates.values():
        assert definition.matrix is None or definition.matrix.nRows == 2**definition.arity
    assert same_operations(read_view(ops, gates, 3, 2), tape)


def test_constants_come_first_and_instances_are_numbered_by_first_use():
    tape = tape_of(
        [
            named("RX", [0, 1], [0.3], nb_controls=1),
            named("RX", [0], [0.3]),
            named("RX", [0], [1]),
            named("RX", [0], [1.0]),
            named("T", [0], is_dag=True),
            named("T", [0, 1], is_dag=True, nb_controls=1),
            named("T", [0], is_dag=True, is_trans=True, is_conj=True),
            named("CNOT", [0, 1]),
        ],
        2,
    )
    ops, gates = gate_view(tape)
    assert [*gates][:13] == CONSTANTS and [*gates][13:] == [f"_{k}" for k in range(7)]
    assert [op.gate for op in ops] == ["_1", "_0", "_2", "_2", "_3", "_4", "_6", "CNOT"]
    made = {
        name: (gate.subgate, gate.nbctrls, gate.is_dag, gate.is_trans, gate.is_conj) for name, gate in gates.items()
    }
    assert made["_1"] == ("_0", 1, None, None, None)
    assert made["_3"] == ("T", None, True, None, None)
    assert made["_4"] == ("_3", 1, None, None, None)
    assert made["_5"] == ("_3", None, None, True, None)
    assert made["_6"] == ("_5", None, None, None, True)


def test_fields_of_definitions():
    tape = tape_of([named("RX", [0], [0.3]), named("S", [0], is_dag=True), row(GateForm(CUSTOM), [0])], 1)
    _, gates = gate_view(tape)
    assert gates["X"] == GateDefinition(
        "X", arity=1, matrix=matrix_record(gate_matrix("X")), is_ctrl=False, syntax=GSyntax("X", [])
    )
    controlled = [
        (gates[name].subgate, gates[name].nbctrls, gates[name].is_ctrl) for name in ("CNOT", "CSIGN", "CCNOT")
    ]
    assert controlled == [("X", 1, True), ("Z", 1, True), ("CNOT", 1, True)]
    assert (gates["_0"].is_ctrl, gates["_0"].subgate, gates["_0"].nbctrls, gates["_0"].is_dag) == (
        False,
        None,
        None,
        None,
    )
    assert gates["_0"].syntax == GSyntax("RX", [Param(type=1, double_p=0.3)])
    assert (gates["_1"].is_ctrl, gates["_1"].syntax) == (None, None)
    (matrix,) = gates["_2"].syntax.parameters
    assert matrix.type == 3 and np.allclose(matrix_array(matrix.matrix_p), CUSTOM.matrix())


def test_expressions_are_shared_when_equal():
    tape = tape_of([named("RX", [0], [expression]) for expression in (A, 2 * A, A, 2 * A, 2.0 * A)], 1)
    ops, gates = gate_view(tape)
    assert [op.gate for op in ops] == ["_0", "_1", "_0", "_1", "_2"]
    assert [gates[f"_{k}"].syntax.parameters[0].string_p for k in range(3)] == ["a", "* 2 a", "* 2.0 a"]
    assert gates["_0"].syntax.parameters[0].is_abstract and gates["_0"].matrix is None


@pytest.mark.parametrize(
    ("options", "has_matrix"),
    [
        ({}, [True, True, True]),
        ({"submatrices_only": True}, [True, False, True]),
        ({"include_matrices": False}, [False, False, True]),
    ],
)
def test_which_gates_have_matrices(options, has_matrix):
    _, gates = gate_view(tape_of([named("RX", [0, 1], [0.3], nb_controls=1)], 2), **options)
    assert [gates[name].matrix is not None for name in ("_0", "_1", "CNOT")] == has_matrix


@given(st.sampled_from([*GATES]), angles, st.booleans(), st.integers(0, 2))
def test_matrices_are_those_of_the_gates(name, angle, is_dag, nb_controls):
    form = GateForm(GATES[name], nb_controls, is_dag)
    parameters = (angle,) * form.record.nb_parameters
    ops, gates = gate_view(tape_of([row(form, range(form.arity), parameters)], form.arity))
    assert np.allclose(matrix_array(gates[ops[0].gate].matrix), gate_matrix(form.syntax, parameters))


def test_matrices_are_made_when_looked_at():
    _, gates = gate_view(tape_of([named("RX", [0], [0.3])], 1))
    assert gates["_0"].has_pending_matrix and gates["H"].has_pending_matrix
    first = gates["_0"].matrix
    assert not gates["_0"].has_pending_matrix and gates["_0"].matrix is first


def test_definitions_survive_pickle_and_copies():
    _, gates = gate_view(tape_of([named("RX", [0], [0.3])], 1))
    assert pickle.loads(pickle.dumps(gates)) == gates == copy.deepcopy(gates)


# ---------------------------------------------------------------- boxes


def box(name, arity, content, nb_qubits, **form) -> GateForm:
    return GateForm(body_record(name, arity, tape_of(content, nb_qubits)), **form)


def test_boxes_are_implemented_after_everything_else():
    content = [named("RX", [0], [0.2]), named("CNOT", [0, 1])]
    tape = tape_of(
        [
            row(box("BOX", 2, content, 2), [0, 1]),
            row(box("BOX", 2, content, 2, nb_controls=1), [0, 1, 2]),
            named("RZ", [0], [0.1]),
        ],
        3,
    )
    ops, gates = gate_view(tape)
    assert [op.gate for op in ops] == ["_0", "_1", "_2"]
    assert gates["_0"].circuit_implementation == Subcircuit([Op("_3", [0]), Op("CNOT", [0, 1])], [], 2)
    controlled = gates["_1"].circuit_implementation
    assert controlled == Subcircuit([Op("_4", [0, 1]), Op("CCNOT", [0, 1, 2])], [], 3)
    assert gates["_0"].matrix is None and gates["_0"].syntax == GSyntax("BOX", []) and gates["_1"].subgate == "_0"
    assert same_operations(opened(read_view(ops, gates, 3, 0)), opened(tape))


def test_ancillas_of_boxes_are_their_last_qubits():
    form = box("BOX", 1, [named("CNOT", [0, 1])], 2, nb_controls=1)
    ops, gates = gate_view(tape_of([row(form, [0, 1])], 3))
    assert gates["_1"].circuit_implementation == Subcircuit([Op("CCNOT", [0, 1, 2])], [2], 3)
    assert same_operations(opened(read_view(ops, gates, 3, 0)), tape_of([named("CCNOT", [0, 1, 2])], 3))


def test_boxes_in_boxes_and_backwards():
    inner = box("INNER", 1, [named("S", [0])], 1)
    outer = box("OUTER", 1, [row(inner, [0]), named("H", [0])], 1, is_dag=True)
    tape = tape_of([row(outer, [0])], 1)
    ops, gates = gate_view(tape)
    assert same_operations(opened(read_view(ops, gates, 1, 0)), opened(tape))
    assert [r.form.syntax for r in opened(tape).rows()] == ["H", "D-S"]


# ---------------------------------------------------------------- reading what users wrote


def matrix_definition(name, matrix, **fields) -> GateDefinition:
    return GateDefinition(name, matrix=matrix_record(matrix), **fields)


def forms_of(ops, gates, nb_qubits=3, nb_cbits=2):
    return [(r.form, r.parameters, r.qubits) for r in read_view(ops, gates, nb_qubits, nb_cbits).rows()]


def test_a_gate_known_by_its_matrix_alone():
    ((form, parameters, qubits),) = forms_of([Op("U", [2, 0])], {"U": matrix_definition("U", haar(2, 1), arity=2)})
    assert (form.record.name, form.record.label, parameters, qubits) == ("", "U", (), (2, 0))
    assert np.allclose(form.full_matrix(), haar(2, 1))


def test_gates_made_from_a_matrix():
    gates = {
        "U": matrix_definition("U", haar(1, 1)),
        "V": GateDefinition("V", arity=2, subgate="U", nbctrls=1),
        "W": GateDefinition("W", arity=1, subgate="U", is_dag=True),
        "Y2": GateDefinition("Y2", subgate="W", is_conj=True, is_trans=True),
    }
    forms = [form for form, *_ in forms_of([Op("V", [0, 1]), Op("W", [0]), Op("Y2", [0])], gates)]
    assert (forms[0].nb_controls, forms[1].is_dag, forms[2].is_dag, forms[2].is_conj) == (1, True, True, True)
    assert np.allclose(forms[2].full_matrix(), haar(1, 1))


def test_constant_gates_need_no_definition():
    assert [form.syntax for form, *_ in forms_of([Op("H", [0]), Op("CNOT", [0, 1])], {})] == ["H", "CNOT"]
    assert GateReader({})["SWAP"] == (GateForm(GATES["SWAP"]), ())


def test_a_written_gate_with_a_matrix_and_one_without():
    gates = {
        "_0": GateDefinition("_0", arity=1, syntax=GSyntax("FOO", [Param(type=1, double_p=0.5)])),
        "_1": matrix_definition("_1", haar(1, 2), arity=1, syntax=GSyntax("BAR", [Param(type=0, int_p=3)])),
    }
    (foo, *_), (bar, parameters, _) = forms_of([Op("_0", [0]), Op("_1", [0])], gates)
    assert foo.record.matrix is None and foo.syntax == "FOO"
    assert bar.syntax == "BAR" and parameters == (3,) and np.allclose(bar.full_matrix(3), haar(1, 2))


def test_a_new_angle_counts_while_nobody_has_looked_at_the_matrix():
    ops, gates = gate_view(tape_of([named("RX", [0], [0.3])], 1))
    gates["_0"].syntax.parameters[0].double_p = 0.8
    assert forms_of(ops, gates)[0][:2] == (GateForm(GATES["RX"]), (0.8,))


def test_a_new_matrix_counts_more_than_the_name():
    ops, gates = gate_view(tape_of([named("RX", [0], [0.3]), named("H", [0])], 1))
    gates["_0"].matrix = matrix_record(haar(1, 4))
    gates["H"].matrix.data[0].re = 0.0
    (rx, parameters, _), (hadamard, *_) = forms_of(ops, gates)
    assert rx.syntax == "RX" and parameters == (0.3,) and np.allclose(rx.full_matrix(0.3), haar(1, 4))
    assert hadamard.record != GATES["H"] and hadamard.full_matrix()[0, 0] == 0


def test_looking_at_a_matrix_changes_nothing():
    ops, gates = gate_view(tape_of([named("RX", [0, 1], [0.3], nb_controls=1)], 2))
    assert all(gate.matrix is not None for gate in gates.values())
    assert forms_of(ops, gates)[0][0] == GateForm(GATES["RX"], 1)


def test_an_implementation_without_a_name():
    implementation = Subcircuit([Op("H", [0]), Op("CNOT", [0, 1])], [1], 2)
    gates = {"B": GateDefinition("B", circuit_implementation=implementation)}
    tape = read_view([Op("B", [1])], gates, 3, 0)
    assert [(r.form.syntax, r.qubits) for r in opened(tape).rows()] == [("H", (1,)), ("CNOT", (1, 2))]


MISTAKES = [
    (Op("NO", [0]), {}, r"gate 'NO' is not in the gate dictionary .*: add circuit.gateDic\['NO'\]"),
    (Op("RX", [0]), {}, "gate 'RX' is not in the gate dictionary"),
    (Op("CNOT", [0]), {}, r"gate 'CNOT' acts on 2 qubits, but got 1 \(\[0\]\): give it 2"),
    (Op("CNOT", [1, 1]), {}, r"\[1, 1\], where a qubit is repeated: give each qubit once"),
    (Op("H", [3]), {}, r"\[3\], but the circuit has qubits 0 to 2: choose among these, or raise circuit.nbqbits"),
    (Op("H", [-1]), {}, r"\[-1\], but the circuit has qubits 0 to 2"),
    (Op("H", ["q"]), {}, r"its qubits are \['q'\]: expected a list of integers"),
    (Op("H", 0), {}, "its qubits are 0: expected a list of integers"),
    (Op(None, [0]), {}, "its gate name is None"),
    (Op("H", [0], type=9), {}, "type 9 is not an operation type"),
    (Op(None, [0], type=Kind.MEASURE, cbits=[]), {}, r"MEASURE has classical bits \[\], expected 1"),
    (Op(None, [0], type=Kind.MEASURE, cbits=[7]), {}, r"MEASURE uses classical bits \[7\], but the circuit has 2"),
    (Op("H", [0], type=Kind.CLASSIC_CONTROL), {}, r"classical bits \[\], expected 1: set op.cbits"),
    (Op(None, type=Kind.CLASSIC, cbits=[0]), {}, "LOGIC has no formula"),
    (Op(None, type=Kind.BREAK), {}, "BREAK has no formula"),
    (Op("E", [0]), {"E": GateDefinition("E", arity=1)}, "no syntax, no subgate, no matrix and no implementation"),
    (Op("E", [0]), {"E": GateDefinition("E", arity=1, subgate="E", is_dag=True)}, "'E' refers to itself: E"),
    (Op("E", [0]), {"E": GateDefinition("E", arity=1, subgate="F", is_dag=True)}, "gate 'F' is not in the"),
    (Op("E", [0]), {"E": matrix_definition("E", np.eye(2), arity=2)}, "arity 2, but acts on 1 qubits"),
    (Op("E", [0]), {"E": matrix_definition("E", np.eye(3))}, r"has shape \(3, 3\): expected \(2\*\*n, 2\*\*n\)"),
    (Op("E", [0]), {"E": matrix_definition("E", np.ones((2, 4)))}, r"has shape \(2, 4\)"),
    (Op("E", [0]), {"E": GateDefinition("E", syntax=GSyntax("FOO", []))}, r"'E' \(FOO\) has no arity"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "gates", "message"), MISTAKES)
def test_mistakes_are_explained_with_the_index_of_the_operation(op, gates, message):
    with pytest.raises(CircuitError, match=f"Operation 1: .*{message}") as info:
        read_view([Op("X", [0]), op], gates, 3, 2)
    assert info.value.index == 1


def test_the_arity_of_a_gate_made_from_another_follows_from_it():
    gates = {"E": GateDefinition("E", arity=2, subgate="CNOT", nbctrls=1)}
    assert read_view([Op("E", [0, 1, 2])], gates, 3, 0).forms[0].arity == 3


def test_numpy_integers_are_qubits():
    tape = read_view([Op("CNOT", np.array([2, 0]))], {}, 3, 0)
    assert next(tape.rows()).qubits == (2, 0)


def test_a_thousand_gates_are_read_from_one_definition():
    builder = TapeBuilder()
    form = builder.form(GateForm(GATES["RX"]))
    for _ in range(1000):
        builder.gate(form, [0], [0.5])
    ops, gates = gate_view(builder.tape(1))
    assert len(gates) == 14 and len(read_view(ops, gates, 1, 0).forms) == 1
