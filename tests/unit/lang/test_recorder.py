"""What a program records is what it would have made operations of."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core.variables import Variable
from qat.kernels.tape_algebra import same_operations
from qat.lang.AQASM import CCNOT, CNOT, PH, RX, RY, SWAP, AbstractGate, CustomGate, H, Program, QRoutine, S, T, X
from qat.lang.AQASM.gate import Gate, PredefGate
from qat.lang.AQASM.recorder import PlainRecorder, Recorder

IS_COMPILED = Recorder is not PlainRecorder
NB_QUBITS = 4


class Written(Program):
    """A program that makes an operation of everything at once."""

    def __init__(self):
        super().__init__()
        assert self.op_list == []


def _bell():
    routine = QRoutine()
    wires = routine.new_wires(2)
    H(wires[0])
    CNOT(wires)
    return routine


BELL = AbstractGate("BELL", [], arity=2, circuit_generator=_bell)
TURN = AbstractGate("TURN", [float], arity=1, matrix_generator=lambda a: np.diag([1, np.exp(1j * a)]))
MATRIX = CustomGate(np.array([[0, 1], [1j, 0]]))
ANGLES = st.floats(-10, 10) | st.integers(-3, 3) | st.sampled_from([Variable("a"), 2 * Variable("b") + 1])
GATES = st.one_of(
    st.sampled_from(
        [
            H,
            S,
            T.dag(),
            X,
            CNOT,
            SWAP,
            CCNOT,
            X.ctrl(),
            X.ctrl(2),
            T.conj(),
            BELL(),
            BELL().ctrl(),
            MATRIX,
            MATRIX.dag(),
        ]
    ),
    st.builds(RX, ANGLES),
    st.builds(lambda angle: PH(angle).ctrl(), ANGLES),
    st.builds(lambda angle: RY(angle).dag(), st.floats(-10, 10)),
    st.builds(TURN, st.floats(-10, 10)),
    st.builds(_bell),
    st.just(PredefGate("H", 1)),
    st.just(Gate(1, np.eye(2), "MINE")),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["gate"] * 8 + ["measure", "reset", "controlled", "comment"]),
        GATES,
        st.permutations(range(NB_QUBITS)),
    ),
    max_size=30,
)


def _write(program, steps, way):
    """The steps, qubits given in one of several ways."""
    qubits, cbits = program.qalloc(NB_QUBITS), program.calloc(NB_QUBITS)
    program.measure(qubits[0], cbits[0])
    for what, gate, order in steps:
        places = order[: gate.arity]
        if what == "gate":
            WAYS[way](program, gate, [qubits[place] for place in places])
        elif what == "measure":
            program.measure(qubits[places[0]], cbits[places[0]])
        elif what == "reset":
            program.reset(qubits[places[0]])
        elif what == "controlled":
            program.cc_apply(cbits[0], gate, *(qubits[place] for place in places))
        else:
            program.comment("nothing")
    return program


WAYS = {
    "one by one": lambda program, gate, qubits: program.apply(gate, *qubits),
    "a list": lambda program, gate, qubits: program.apply(gate, qubits),
    "numbers": lambda program, gate, qubits: program.apply(gate, [qubit.index for qubit in qubits]),
    "nested": lambda program, gate, qubits: program.apply(gate, (qubits[:1], qubits[1:])),
    "called": lambda program, gate, qubits: gate(*qubits),
}


def _shown(operations):
    attributes = ("args", "gate", "ctrl_prot", "qbits", "cbits")
    shown = [[type(operation), *(getattr(operation, name, None) for name in attributes)] for operation in operations]
    gates = [operation.gate for operation in operations if hasattr(operation, "gate")]
    return shown, [(type(gate), gate.signature) for gate in gates]


@given(STEPS, st.sampled_from(sorted(WAYS)), st.booleans())
def test_recorded_programs_are_those_of_operations(steps, way, inline):
    recorded, written = _write(Program(), steps, way), _write(Written(), steps, way)
    tape, expected = (program.to_circ(inline=inline).tape for program in (recorded, written))
    assert same_operations(tape, expected) and tape.expressions == expected.expressions
    assert [form.syntax for form in tape.forms] == [form.syntax for form in expected.forms]
    assert tape.gates.tolist() == expected.gates.tolist() and list(tape.objects) == list(expected.objects)
    assert _shown(recorded.op_list) == _shown(written.op_list)
    assert same_operations(recorded.to_circ(inline=inline).tape, expected)


@pytest.mark.skipif(not IS_COMPILED, reason="nothing is compiled")
def test_gates_are_recorded():
    program = Program()
    qubits = program.qalloc(2)
    assert program.apply(H, qubits[0]) is program
    RX(0.5)(qubits[1])
    columns, palette = program._take_recorded()
    assert len(columns) == 2 and [entry[1].syntax for entry in palette] == ["H", "RX"]
    assert program._take_recorded() is None


def test_the_list_of_operations_is_one_list():
    program = Program()
    qubits = program.qalloc(2)
    program.apply(H, qubits[0])
    operations = program.op_list
    program.apply(RX(0.5), qubits[1])
    assert program.op_list is operations and [op.args for op in operations] == [[0], [1]]
    assert operations[1].gate == RX(0.5) and operations[1].gate.signature is RX
    operations.pop()
    assert [name for name, *_ in program.to_circ().iterate_simple()] == ["H"]
    program.op_list = []
    program.apply(X, qubits[0])
    assert [name for name, *_ in program.to_circ().iterate_simple()] == ["X"]


def test_circuits_do_not_end_a_program():
    program = Program()
    qubits = program.qalloc(2)
    lengths = []
    for gate in (H, RX(0.1), H):
        program.apply(gate, qubits[0])
        lengths.append(len(program.to_circ()))
    assert lengths == [1, 2, 3]


def test_a_custom_gate_comes_back_as_it_was():
    program = Program()
    program.apply(MATRIX, program.qalloc(1))
    assert program.op_list[0].gate is MATRIX


def test_many_different_gates():
    program, expected = Program(), []
    qubits = program.qalloc(2)
    for index in range(100):
        gate = AbstractGate(f"G{index % 40}", [float], arity=2, matrix_generator=lambda angle: np.eye(4))(0.5)
        expected.append(gate.name)
        program.apply(gate, qubits)
    assert [name for name, *_ in program.to_circ().iterate_simple()] == expected


@pytest.mark.parametrize("kind", [Program, Written])
@pytest.mark.parametrize(
    ("gate", "places"), [(CNOT, [0, 0]), (CNOT, [0]), (H, [0, 1]), (H, []), (H, ["a"]), (RX, [0]), (H, [2**20])]
)
def test_mistakes_are_told_alike(kind, gate, places):
    program = kind()
    qubits = program.qalloc(2)
    program.apply(H, qubits[0])
    messages = []
    for attempt in (program, Written()):
        own = qubits if attempt is program else attempt.qalloc(2)
        with pytest.raises(Exception, match=r".") as error:
            attempt.apply(gate, *(own[place] if place in (0, 1) else place for place in places))
        messages.append((error.type, str(error.value)))
    assert messages[0] == messages[1] and len(program.op_list) == 1


def test_qubits_of_another_program_are_refused():
    program, other = Program(), Program()
    program.qalloc(2)
    with pytest.raises(Exception, match="belongs to another program"):
        program.apply(CNOT, other.qalloc(2)[0], other.qalloc(1)[0])
    with pytest.raises(TypeError):
        program.apply()


def test_a_subclass_hears_what_is_applied():
    class Counting(Program):
        count = 0

        def apply(self, gate, *args):
            self.count += 1
            return super().apply(gate, *args)

    program = Counting()
    qubits = program.qalloc(2)
    H(qubits[0])
    program.apply(CNOT, qubits)
    assert program.count == 2 and len(program.to_circ()) == 2


def test_a_gate_may_get_its_circuit_after_it_was_applied():
    gate = AbstractGate("LATER", [], arity=2, matrix_generator=lambda: np.eye(4))
    program = Program()
    program.apply(gate(), program.qalloc(2))
    gate.set_circuit_generator(_bell)
    assert [name for name, *_ in program.to_circ(inline=True).iterate_simple()] == ["H", "CNOT"]


def test_programs_go_without_the_collector():
    program = Program()
    qubits = program.qalloc(2)
    H(qubits[0])
    qubits.scope = None
    gone = weakref.ref(program)
    gc.disable()
    try:
        del program, qubits
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda program: pickle.loads(pickle.dumps(program))])
def test_copies(copied):
    program = Program()
    qubits = program.qalloc(2)
    H(qubits[0])
    RX(0.5)(qubits[1])
    other = copied(program)
    assert same_operations(program.to_circ().tape, other.to_circ().tape)
    assert len(program.apply(H, 0).to_circ()) == 3


# ---------------------------------------------------------------- families of gates
@pytest.mark.parametrize("family", [RX, AbstractGate("OWN", [float], arity=2), TURN])
def test_gates_of_a_family_are_alike_however_they_are_made(family):
    first, second = family(0.5), family(0.5)  # the second one by the form of the first
    slow = family._made(0.5)
    for gate in (first, second):
        assert gate == slow and type(gate) is type(slow) and gate.signature is family and gate.form is slow.form
        assert (gate.arity, gate.parameters, gate.tape_parameters) == (slow.arity, (0.5,), (0.5,))


@pytest.mark.parametrize("values", [(), (0.1, 0.2), ("a",), (float("nan"),), (float("inf"),), (None,)])
def test_wrong_parameters_are_refused_before_and_after_the_first_gate(values):
    family, used = AbstractGate("OWN", [float], arity=1), AbstractGate("OWN", [float], arity=1)
    used(0.5)
    messages = []
    for each in (family, used):
        with pytest.raises(Exception, match=r".") as error:
            each(*values)
        messages.append((error.type, str(error.value)))
    assert messages[0] == messages[1]
    with pytest.raises(TypeError):
        used(angle=0.5)


def test_a_family_that_learns_its_matrix_makes_gates_with_it():
    family = AbstractGate("OWN", [float], arity=1)
    assert family(0.5).matrix is None and family(0.5).matrix is None
    family.set_matrix_generator(lambda angle: np.diag([1, angle]))
    assert family(-1.0).matrix.tolist() == [[1, 0], [0, -1]]


def test_integers_and_expressions_are_kept_as_they_are():
    assert RX(0.5) == RX(np.float64(0.5)) and RX(1).parameters == (1,) and RX(Variable("a")).get_variables() == ["a"]


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda family: pickle.loads(pickle.dumps(family))])
def test_copied_families(copied):
    RX(0.25)
    family = copied(RX)
    assert family == RX and family(0.5) == RX(0.5) and family(0.5) == RX(0.5)
