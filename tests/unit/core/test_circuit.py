"""Circuits: the two forms, looking, binding, building."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core import Circuit, Variable
from qat.core.gate_set import GateSet, GateSignature
from qat.core.parameters import matrix_record
from qat.core.records import AncillaMap, GateDefinition, GSyntax, Op, Param, QRegister, Subcircuit
from qat.core.wrappers.view_reader import CircuitError
from qat.kernels.gates import GATES, GateForm, GateRecord
from qat.kernels.tape import Classical, Row
from qat.kernels.tape_algebra import body_record, tape_of
from tests.oracle import gate_matrix, unitary
from tests.unit.kernels.circuits import angles

A, B = Variable("a"), Variable("b")
ANY_GATE = [("H", 1), ("T", 1), ("Y", 1), ("CNOT", 2), ("ISWAP", 2), ("CCNOT", 3)]


def gate(name, *qubits, parameters=(), **form) -> Row:
    return Row(0, GateForm(GATES[name], **form), tuple(parameters), qubits, None)


def circuit(*rows, nb_qubits=2, nb_cbits=0, **fields) -> Circuit:
    return Circuit.from_tape(tape_of(rows, nb_qubits, nb_cbits), **fields)


def ghz(nb_qubits=2) -> Circuit:
    return circuit(gate("H", 0), *(gate("CNOT", q, q + 1) for q in range(nb_qubits - 1)), nb_qubits=nb_qubits)


def with_angles(**fields) -> Circuit:
    return circuit(gate("RY", 0, parameters=[A]), gate("RX", 1, parameters=[2 * B + 1]), **fields)


def simple(circ: Circuit, *args) -> list[tuple]:
    return list(circ.iterate_simple(*args))


@st.composite
def circuits(draw, nb_qubits=3):
    rows = []
    fitting = [each for each in ANY_GATE if each[1] <= nb_qubits]
    for name, arity in draw(st.lists(st.sampled_from(fitting), max_size=6)):
        rows.append(gate(name, *draw(st.permutations(range(nb_qubits)))[:arity]))
        rows.append(gate("RY", arity - 1, parameters=[draw(angles)]))
    return circuit(*rows, nb_qubits=nb_qubits)


# ---------------------------------------------------------------- two forms


def test_columns_until_somebody_takes_the_view():
    circ = ghz()
    assert (len(circ), circ.count("H"), circ.get_variables()) == (2, 1, []) and simple(circ.dag()) and circ.statistics()
    assert circ.bind_variables({}) is not circ and circ.tape is circ.tape and not circ.has_view
    assert [op.gate for op in circ.ops] == ["H", "CNOT"]
    assert circ.has_view and circ.ops is circ.ops and circ.gateDic is circ.gateDic


def test_edits_of_the_view_count():
    circ = ghz()
    circ.ops.append(Op("X", [1]))
    circ.ops[0].qbits = [1]
    circ.gateDic["U"] = GateDefinition("U", arity=1, matrix=matrix_record(np.diag([1, -1])))
    circ.ops.insert(0, Op("U", [0]))
    assert simple(circ) == [(None, None, [0]), ("H", [], [1]), ("CNOT", [], [0, 1]), ("X", [], [1])]
    assert len(circ) == 4 and circ.count("X") == 1


def test_new_lists_count_too():
    circ = ghz()
    circ.ops = [Op("U", [0])]
    circ.gateDic = {"U": GateDefinition("U", arity=1, syntax=GSyntax("RX", [Param(type=1, double_p=0.5)]))}
    assert simple(circ) == [("RX", [0.5], [0])]
    circ.ops, circ.gateDic = None, None
    assert simple(circ) == [] and circ.ops == [] and circ.gateDic == {}


def test_the_number_of_qubits_can_be_raised():
    circ = ghz()
    circ.nbqbits, circ.nbcbits = 4, 2
    assert (circ.tape.nb_qubits, circ.tape.nb_cbits) == (4, 2)
    circ.ops.append(Op("X", [3]))
    assert circ.tape.nb_qubits == 4


def test_mistakes_are_told_when_the_tape_is_needed():
    circ = ghz()
    circ.ops.append(Op("X", [7]))
    assert len(circ) == 3
    with pytest.raises(CircuitError, match=r"Operation 2: gate 'X' acts on \[7\]"):
        circ.count("X")
    circ.nbqbits = 8
    assert circ.count("X") == 1


def test_by_hand():
    circ = Circuit(ops=[Op("H", [0])], gateDic={}, nbqbits=1)
    assert simple(circ) == [("H", [], [0])]
    empty = Circuit(nbqbits=2)
    assert len(empty) == 0 and simple(empty) == [] and empty.nbcbits == 0 and empty.get_variables() == []
    with pytest.raises(CircuitError, match=r"no number of qubits: set circuit.nbqbits"):
        _ = Circuit().tape


def test_editing_methods_keep_references_to_the_view():
    circ = ghz()
    ops, gates = circ.ops, circ.gateDic
    circ.shift_qbits(1)
    assert circ.ops is ops and circ.gateDic is gates and [op.qbits for op in ops] == [[1], [1, 2]]


@given(circuits())
def test_the_view_does_not_change_the_circuit(circ):
    before = simple(circ)
    assert circ.ops is not None
    assert simple(circ) == before


# ---------------------------------------------------------------- looking


def test_iterate_simple_of_every_operation():
    circ = circuit(
        gate("X", 0),
        Row(1, None, (), (0,), Classical((0,))),
        Row(2, None, (), (1,), Classical()),
        gate("RX", 1, parameters=[0.3])._replace(kind=4, classical=Classical((0,))),
        Row(3, None, (), (), Classical((1,), "NOT 0")),
        Row(5, None, (), (), Classical((), "AND 0 1")),
        Row(6, None, (), (0, 1), Classical(remap=(1, 0))),
        nb_cbits=2,
    )
    expected = [
        ("X", [], [0]),
        ("MEASURE", [0], [0]),
        ("RESET", [1], []),
        ("RX", [0.3], [1], 0),
        ("LOGIC", "NOT 0", 1),
        ("BREAK", "AND 0 1"),
        ("REMAP", [0, 1], [1, 0]),
    ]
    assert simple(circ) == expected
    fields = [(op.type, op.gate, op.qbits, op.cbits, op.formula, op.remap) for op in circ.ops]
    assert fields[1:] == [
        (1, None, [0], [0], None, None),
        (2, None, [1], [], None, None),
        (4, "_0", [1], [0], None, None),
        (3, None, None, [1], "NOT 0", None),
        (5, None, None, None, "AND 0 1", None),
        (6, None, [0, 1], None, None, [1, 0]),
    ]
    assert simple(circ) == expected
    statistics = circ.statistics()
    assert {
        name: statistics[name] for name in ("measurements", "resets", "logic", "breaks", "remaps")
    } == dict.fromkeys(("measurements", "resets", "logic", "breaks", "remaps"), 1)
    assert (statistics["size"], statistics["gate_size"], statistics["gates"]) == (
        7,
        2,
        {"custom gate": 0, "X": 1, "RX": 1},
    )


def boxed() -> Circuit:
    inner = GateForm(body_record("INNER", 1, tape_of([gate("H", 0)], 1)))
    body = tape_of([Row(0, inner, (), (1,), None), gate("CNOT", 0, 1), gate("CNOT", 0, 2)], 3)
    return circuit(Row(0, GateForm(body_record("BOX", 2, body)), (), (1, 0), None), gate("X", 0), nb_qubits=3)


def test_boxes_are_opened_when_looked_into():
    circ = boxed()
    opened = [("H", [], [0]), ("CNOT", [], [1, 0]), ("CNOT", [], [1, 2]), ("X", [], [0])]
    assert simple(circ) == opened and simple(circ, 2) == opened
    assert simple(circ, 1)[0] == ("INNER", [], [0])
    assert simple(circ, 0) == [("BOX", [], [1, 0]), ("X", [], [0])]
    assert (len(circ), circ.count("CNOT"), circ.depth(default=1)) == (2, 2, 3)
    assert circ.statistics()["size"] == 2 and circ.statistics()["gate_size"] == 4


def test_iteration_gives_the_operations_of_the_view_with_boxes_opened():
    circ = boxed()
    assert [(op.gate, op.qbits) for op in circ] == [("H", [0]), ("CNOT", [1, 0]), ("CNOT", [1, 2]), ("X", [0])]
    assert len(circ.ops) == 2
    plain = ghz()
    assert [*plain] == plain.ops and next(iter(plain)) is plain.ops[0]


def test_conditional_boxes_are_opened_into_conditional_gates():
    circ = boxed()
    circ.nbcbits = 1
    circ.ops[0].type, circ.ops[0].cbits = 4, [0]
    assert [(op.type, op.cbits) for op in circ][:3] == [(4, [0])] * 3
    assert simple(circ)[0] == ("H", [], [0], 0)


def test_depth():
    circ = ghz(3)
    assert (circ.depth(), circ.depth(default=1), circ.depth({"H": 2}, default=1), circ.depth(gates=["H"])) == (
        0,
        3,
        4,
        1,
    )
    with pytest.raises(ValueError, match="Only one of the two gate_times and gates"):
        circ.depth({"H": 1}, ["H"])


def test_variables():
    circ = with_angles()
    assert circ.get_variables() == ["a", "b"] and [*circ.var_dic] == ["a", "b"]
    value = circ.var_dic["a"].value
    assert (circ.var_dic["a"].type, value.is_abstract, value.string_p) == (1, True, "a")
    assert [*circ(a=0.5).var_dic] == ["b"]
    circ.var_dic = {}
    assert [*circ.var_dic] == ["a", "b"], "variables in use are always there"


def test_gate_set_and_registers_by_default():
    circ = ghz()
    assert "RX" in circ.gate_set and circ.gate_set is circ.gate_set
    assert circ.qregs == [QRegister(2, 0)] and circ.ancilla_map is None and circ.name is None
    circ.gate_set = GateSet()
    assert len(circ.gate_set) == 0


@given(circuits())
def test_equality_copies_and_pickles(circ):
    for duplicate in (copy.deepcopy(circ), pickle.loads(pickle.dumps(circ))):
        assert duplicate == circ and simple(duplicate) == simple(circ)
    other = circ + circuit(gate("X", 0), nb_qubits=3)
    assert other != circ and circ != 3
    assert circ.ops is not None
    assert pickle.loads(pickle.dumps(circ)) == circ == copy.deepcopy(circ)


def test_a_circuit_is_not_hashable_and_prints_on_one_line():
    with pytest.raises(TypeError, match="unhashable"):
        hash(ghz())
    circ = ghz()
    assert str(circ) == repr(circ) == "Circuit(1 H, 1 CNOT, nbqbits=2, nbcbits=0)"
    assert not circ.has_view
    assert repr(with_angles()).endswith("variables=['a', 'b'])")
    assert circ.ops and "edited by hand" in repr(circ)


# ---------------------------------------------------------------- binding


def test_binding_gives_a_new_circuit():
    circ = with_angles(name="mine", ancilla_map=AncillaMap({}, 0))
    bound = circ(a=0.5)
    assert circ.get_variables() == ["a", "b"] and bound.get_variables() == ["b"]
    assert simple(bound)[0] == ("RY", [0.5], [0]) and simple(bound(b=0.25))[1] == ("RX", [1.5], [1])
    assert (bound.name, bound.ancilla_map, bound.qregs) == ("mine", circ.ancilla_map, circ.qregs)
    assert circ.gateDic["_0"].matrix is None and bound.gateDic["_0"].matrix is not None


def test_ways_to_bind():
    circ = with_angles()
    assert circ.bind_variables({"a": 0.5}) == circ.bind_variable("a", 0.5) == circ(a=0.5)
    assert circ(unknown=1).get_variables() == ["a", "b"]
    assert circ(a=Variable("c")).get_variables() == ["b", "c"]
    assert simple(circ(a=np.float64(0.5)))[0][1] == [0.5] and type(simple(circ(a=np.float64(0.5)))[0][1][0]) is float


def test_edited_views_are_bound():
    circ = with_angles()
    circ.ops.reverse()
    assert simple(circ(a=0.5, b=0.0)) == [("RX", [1.0], [1]), ("RY", [0.5], [0])]


def test_binding_reaches_into_boxes():
    body = tape_of([gate("RX", 0, parameters=[2 * A])], 1)
    circ = circuit(Row(0, GateForm(body_record("BOX", 1, body)), (), (1,), None))
    assert circ.get_variables() == ["a"] and simple(circ(a=0.25)) == [("RX", [0.5], [1])]
    assert circ.ops is not None
    assert circ.get_variables() == ["a"] and simple(circ(a=0.25)) == [("RX", [0.5], [1])]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_strange_angles_are_refused(value):
    with pytest.raises(ValueError, match=r"parameter \(\(2 \* b\) \+ 1\) becomes .* with {'b': .*}: give finite"):
        with_angles()(b=value)


def test_bad_values_and_names():
    circ = with_angles()
    with pytest.raises(TypeError, match="parameter a of gate RY becomes 'x': give numbers that make it a float"):
        circ(a="x")
    with pytest.raises(TypeError, match="becomes 1j: give numbers"):
        circ(a=1j)
    with pytest.raises(TypeError, match=r"bound by name, but got .*a.*: give its name as text"):
        circ.bind_variables({A: 0.5})
    with pytest.raises(TypeError, match=r"bound by name, but got \[0.5\]: give a dictionary"):
        circ.bind_variables([0.5])
    with pytest.raises(TypeError, match=r"gate set is {'a': 1}: give a GateSet, and values of variables by name"):
        circ({"a": 1})


def abstract(name="PHASE", **fields) -> Circuit:
    definition = GateDefinition("_0", arity=1, syntax=GSyntax(name, [Param(is_abstract=True, string_p="a")]), **fields)
    return Circuit(ops=[Op("_0", [0])], gateDic={"_0": definition}, nbqbits=1)


def phase_gate_set() -> GateSet:
    return GateSet({"PHASE": GateSignature("PHASE", [float], 1, lambda t: np.diag([1, np.exp(1j * t)]))})


def test_matrices_come_from_a_gate_set_when_binding():
    bound = abstract().bind_variables({"a": 0.5}, phase_gate_set())
    (form,) = bound.tape.forms
    assert np.allclose(form.full_matrix(0.5), gate_matrix("PH", [0.5])) and simple(bound) == [("PHASE", [0.5], [0])]
    assert bound.gateDic["_0"].matrix.nRows == 2
    controlled = circuit(gate("RX", 0, 1, parameters=[A], nb_controls=1)).bind_variables({"a": 0.5}, phase_gate_set())
    assert controlled.gateDic["_1"].matrix.nRows == 4


def test_shallow_copies_have_operations_of_their_own():
    circ = ghz()
    for original in (circ, ghz()):
        duplicate = copy.copy(original)
        duplicate.ops = copy.copy(duplicate.ops)
        duplicate.ops.insert(0, Op("X", [0]))
        assert len(duplicate) == 3 and len(original) == 2
        assert original.ops is not duplicate.ops


def test_filling_in_matrices():
    circ = abstract()
    circ.fill_matrices(phase_gate_set())
    assert simple(circ) == [("PHASE", [A], [0])] and circ.gateDic["_0"].matrix is None
    assert circ(a=0.5).gateDic["_0"].matrix.nRows == 2
    bare = circuit(gate("RX", 0, 1, parameters=[0.3], nb_controls=1), include_matrices=False)
    assert bare.gateDic["_0"].matrix is None
    bare.fill_matrices(GateSet())
    assert bare.gateDic["_0"].matrix is not None and bare.gateDic["_1"].matrix is None
    bare.fill_matrices(GateSet(), submatrices_only=False)
    assert bare.gateDic["_1"].matrix is not None


# ---------------------------------------------------------------- building


@given(circuits(2), circuits(2))
def test_algebra_against_dense_matrices(first, second):
    one, two = unitary(simple(first), 2), unitary(simple(second), 2)
    assert np.allclose(unitary(simple(first + second), 2), two @ one)
    assert np.allclose(unitary(simple(first * second), 4), np.kron(one, two))
    assert np.allclose(unitary(simple(first.dag()), 2), one.conj().T)
    assert first.dag().dag() == first


def test_algebra_keeps_what_both_have():
    first, second = ghz(), with_angles(gate_set=phase_gate_set())
    both = first + second
    assert both.get_variables() == ["a", "b"] and "PHASE" in both.gate_set and both.qregs == [QRegister(2, 0)]
    assert (first * second).nbqbits == 4 and len(first) == 2
    assert "PHASE" in (second + first).gate_set and "PHASE" in (second + second).gate_set


def test_only_circuits_can_be_combined():
    for wrong in (lambda: ghz() + 3, lambda: 3 * ghz(), lambda: ghz() * "x"):
        with pytest.raises(TypeError, match=r"unsupported operand|can't multiply"):
            wrong()
    with pytest.raises(ValueError, match="different qubits count 2 3"):
        ghz(2) + ghz(3)


def test_locks_are_removed():
    lock, release = (GateRecord(name=name, arity=1) for name in ("LOCK", "RELEASE"))
    forms = [GateForm(lock), GateForm(GATES["H"]), GateForm(lock, is_dag=True), GateForm(release)]
    circ = circuit(*(Row(0, form, (), (1,), None) for form in forms))
    assert [name for name, *_ in circ.iterate_simple()] == ["LOCK", "H", "D-LOCK", "RELEASE"]
    circ.remove_locks()
    assert simple(circ) == [("H", [], [1])]


def test_shifting_qubits():
    circ = ghz()
    circ.shift_qbits(2)
    assert circ.nbqbits == 4 and simple(circ) == [("H", [], [2]), ("CNOT", [], [2, 3])]
    assert [(register.start, register.length) for register in circ.qregs] == [(0, 2), (2, 2)]
    circ.shift_qbits(0)
    assert len(circ.qregs) == 2
    with pytest.raises(ValueError, match="Cannot shift qubits by -1"):
        circ.shift_qbits(-1)


def test_hand_made_boxes():
    implementation = Subcircuit([Op("H", [0]), Op("_0", [0, 1])], [], 2)
    gates = {
        "_0": GateDefinition("_0", arity=2, subgate="RXGATE", nbctrls=1),
        "RXGATE": GateDefinition("RXGATE", arity=1, syntax=GSyntax("RX", [Param(is_abstract=True, string_p="a")])),
        "B": GateDefinition("B", arity=2, syntax=GSyntax("BOX", []), circuit_implementation=implementation),
    }
    circ = Circuit(ops=[Op("B", [1, 0])], gateDic=gates, nbqbits=2)
    assert simple(circ(a=0.5)) == [("H", [], [1]), ("C-RX", [0.5], [1, 0])]
    assert [op.gate for op in circ] == ["H", "_0"] and circ.get_variables() == ["a"]


def test_boxes_are_compared_by_their_contents(tmp_path):
    from qat.lang.AQASM import CNOT, H, Program, QRoutine, X

    def boxed(last):
        routine = QRoutine()
        wires = routine.new_wires(2)
        H(wires[0])
        last(wires[1]) if last is X else last(wires)
        program = Program()
        routine.box("pair")(program.qalloc(2))
        return program.to_circ()

    boxed(CNOT).dump(str(tmp_path / "boxed"))
    assert Circuit.load(str(tmp_path / "boxed.circ")) == boxed(CNOT) != boxed(X)
