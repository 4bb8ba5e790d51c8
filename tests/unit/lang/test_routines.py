import numpy as np
import pytest

from qat.core.variables import Variable
from qat.lang.AQASM import CCNOT, CNOT, RX, SWAP, H, Program, QRoutine, S, T, X
from qat.lang.AQASM.aqasm_util import InvalidArguments, InvalidGateArguments
from qat.lang.AQASM.bits import QRegister
from qat.lang.AQASM.gates import Gate
from qat.lang.AQASM.routines import InvalidAncilla, UnreferencedWire, compute, uncompute, uncompute_all


def applied(gate, *places, **options):
    """The circuit of a gate on some of four qubits, and whatever ancillas it takes."""
    prog = Program()
    qubits = prog.qalloc(4)
    gate([qubits[place] for place in places])
    return prog.to_circ(**options)


def operations(gate, *places, **options):
    return list(applied(gate, *places, **options).iterate_simple())


@pytest.fixture
def bell():
    routine = QRoutine()
    wires = routine.new_wires(2)
    H(wires[0])
    CNOT(wires)
    return routine


@pytest.fixture
def borrower():
    """CNOT from its first to its second wire, through an ancilla."""
    routine = QRoutine()
    wires = routine.new_wires(3)
    for a, b in ((0, 2), (2, 1), (0, 2)):
        CNOT(wires[a], wires[b])
    routine.set_ancillae(wires[2])
    return routine


# ---------------------------------------------------------------- routines as gates
def test_a_routine_is_a_gate(bell):
    assert isinstance(bell, Gate) and bell.arity == 2 and bell.name is None and len(bell) == 2
    assert operations(bell, 2, 0) == [("H", [], [2]), ("CNOT", [], [2, 0])]
    assert bell == bell and bell != QRoutine() and "arity 2" in repr(bell)
    with pytest.raises(InvalidGateArguments, match="arity 2"):
        operations(bell, 0)


def test_layers_reach_the_gates():
    routine = QRoutine()
    wires = routine.new_wires(2)
    RX(0.5)(wires[1])
    T(wires[0])
    CNOT(wires)
    assert operations(routine.dag(), 0, 1) == [("CNOT", [], [0, 1]), ("D-T", [], [0]), ("RX", [-0.5], [1])]
    assert operations(routine.trans(), 0, 1) == [("T-CNOT", [], [0, 1]), ("T-T", [], [0]), ("T-RX", [0.5], [1])]
    assert operations(routine.conj(), 0, 1) == [("S-RX", [0.5], [1]), ("S-T", [], [0]), ("S-CNOT", [], [0, 1])]
    assert operations(routine.ctrl(), 3, 0, 1) == [
        ("C-RX", [0.5], [3, 1]),
        ("C-T", [], [3, 0]),
        ("CCNOT", [], [3, 0, 1]),
    ]
    assert routine.ctrl(2).arity == 4 and routine.ctrl(0) is routine


def test_routines_within_routines(bell):
    outer = QRoutine()
    wires = outer.new_wires(3)
    bell(wires[0], wires[1])
    bell.dag()(wires[1], wires[2])
    assert operations(outer, 3, 2, 1) == [
        ("H", [], [3]), ("CNOT", [], [3, 2]), ("CNOT", [], [2, 1]), ("H", [], [2]),
    ]  # fmt: skip
    assert operations(outer.ctrl(), 0, 3, 2, 1)[1] == ("CCNOT", [], [0, 3, 2])


def test_a_routine_is_applied_by_reference(bell):
    prog = Program()
    qubits = prog.qalloc(2)
    bell(qubits)
    bell.apply(X, 0)
    assert len(prog.to_circ()) == 3
    bell.new_wires(1)
    with pytest.raises(InvalidArguments, match="3 wires now"):
        prog.to_circ()


def test_wires_by_number_and_by_arity():
    routine = QRoutine()
    routine.apply(CNOT, 0, 2)
    assert routine.arity == 3 and QRoutine(3).arity == 3 and QRoutine(routop_l=routine.op_list).arity == 3
    assert type(routine.new_wires(2, QRegister)) is QRegister and routine.arity == 5
    with pytest.raises(InvalidArguments, match="contain itself"):
        routine.apply(routine, 0, 1, 2)


def test_wires_of_another_routine(bell):
    with pytest.raises(InvalidArguments, match="another program or routine"):
        bell.apply(X, QRoutine().new_wires(1))


# ---------------------------------------------------------------- ancillas
def test_ancillas_are_shared(borrower):
    assert borrower.arity == 2
    prog = Program()
    qubits = prog.qalloc(4)
    borrower(qubits[:2])
    borrower(qubits[2:])
    circuit = prog.to_circ()
    assert circuit.nbqbits == 5 and [register.length for register in circuit.qregs] == [4]
    assert [places for _, _, places in circuit.iterate_simple()][::2] == [[0, 4], [0, 4], [4, 3]]
    assert circuit.ancilla_map.locked_ranges == {4: [(0, 2), (3, 5)]}
    assert circuit.ancilla_map.nbancillae == 1


def test_ancillas_used_together_are_different(borrower):
    outer = QRoutine()
    wires = outer.new_wires(3)
    borrower(wires[0], wires[1])
    borrower(wires[1], wires[2])
    outer.set_ancillae(wires[2])
    assert outer.arity == 2
    circuit = applied(outer, 0, 1)
    assert circuit.nbqbits == 6
    assert [places for _, _, places in circuit.iterate_simple()] == [[0, 4], [4, 1], [0, 4], [1, 5], [5, 4], [1, 5]]


def test_ancillas_in_the_middle_and_under_layers(borrower):
    assert operations(borrower.ctrl(), 3, 0, 1) == [("CCNOT", [], [3, *pair]) for pair in ([0, 4], [4, 1], [0, 4])]
    assert operations(borrower.dag(), 2, 3) == [("CNOT", [], pair) for pair in ([2, 4], [4, 3], [2, 4])]
    middle = QRoutine()
    wires = middle.new_wires(3)
    SWAP(wires[0], wires[2])
    CNOT(wires[0], wires[1])
    middle.set_ancillae(1)
    assert operations(middle, 3, 0) == [("SWAP", [], [3, 0]), ("CNOT", [], [3, 4])]


def test_locks_can_be_seen(borrower):
    names = [name for name, *_ in operations(borrower, 0, 1, include_locks=True)]
    assert names == ["LOCK", "CNOT", "CNOT", "CNOT", "RELEASE"]
    assert applied(borrower, 0, 1, include_locks=True).ancilla_map.locked_ranges == {4: [(0, 4)]}


def test_bad_ancillas(bell):
    with pytest.raises(UnreferencedWire, match="#7"):
        bell.set_ancillae(7)
    with pytest.raises(InvalidAncilla):
        bell.set_ancillae(QRoutine().new_wires(1))
    with pytest.raises(InvalidAncilla):
        bell.set_ancillae("a")
    bell.set_ancillae(0, 0)
    assert (bell.arity, bell.max_wire, bell.ancillae) == (1, 1, {0})


def test_ancillas_on_demand():
    routine = QRoutine()
    wire = routine.new_wires(1)
    first = routine.get_free_ancillae(1)
    CNOT(wire, first)
    routine.free_ancillae(first)
    assert routine.freed_ancillae == {1}
    second = routine.get_free_ancillae(2)
    assert [qubit.index for qubit in second] == [1, 2] and routine.freed_ancillae == set()
    routine.free_ancillae(second)
    register = routine.get_free_ancillae(2, QRegister)
    assert (register.start, len(register), routine.arity) == (3, 2, 1)
    with pytest.raises(InvalidArguments, match="free already"):
        routine.free_ancillae(second)


def test_wires_given_back_become_ancillas():
    routine = QRoutine()
    wires = routine.new_wires(2)
    CNOT(wires)
    routine.free_ancillae(wires[1])
    assert routine.arity == 1 and routine.get_free_ancillae(1)[0].index == 1


def test_ancillas_freed_in_a_block_move_when_they_are_in_use_again():
    routine = QRoutine()
    wire = routine.new_wires(1)
    with routine.compute():
        borrowed = routine.get_free_ancillae(1)
        CNOT(wire, borrowed)
        CNOT(wire, borrowed)
        routine.free_ancillae(borrowed)
    kept = routine.get_free_ancillae(1)
    assert kept[0].index == borrowed[0].index
    CNOT(wire, kept)
    routine.uncompute()
    CNOT(wire, kept)
    places = [operation[2] for operation in operations(routine, 0)]
    assert places == [[0, 4], [0, 4], [0, 4], [0, 5], [0, 5], [0, 4]]
    routine.free_ancillae(kept)
    assert routine.arity == 1 and len(routine.freed_ancillae) == 2


# ---------------------------------------------------------------- compute, uncompute, control
def test_controls_skip_what_is_undone():
    routine = QRoutine()
    wires = routine.new_wires(2)
    with routine.compute():
        H(wires[0])
        RX(0.5)(wires[1])
    CNOT(wires)
    routine.uncompute()
    for gate in (routine.ctrl(), routine.ctrl().dag(), routine.dag().ctrl()):
        names = [name for name, *_ in operations(gate, 0, 1, 2)]
        assert names == ["H", "RX", "CCNOT", "RX", "H"]
    assert [name for name, *_ in operations(routine.ctrl(2), 0, 1, 2, 3)][2] == "C-C-CNOT"
    assert [operation.ctrl_prot for operation in routine.op_list] == [True, True, False, True, True]
    assert routine.has_protected_parts and not routine.ctrl().op_list[2].ctrl_prot


def test_conjugation_and_protection():
    routine = QRoutine()
    wires = routine.new_wires(2)
    routine.conjugate(CNOT, SWAP, wires)
    routine.protected_apply(H, wires[0])
    assert operations(routine.ctrl(), 0, 1, 2) == [
        ("CNOT", [], [1, 2]), ("C-SWAP", [], [0, 1, 2]), ("CNOT", [], [1, 2]), ("H", [], [1]),
    ]  # fmt: skip


def test_blocks_of_the_open_scope():
    with QRoutine() as routine:
        with compute():
            H(0)
        with compute():
            S(0)
        X(0)
        uncompute()
        uncompute_all()
    assert [name for name, *_ in operations(routine, 0)] == ["H", "S", "X", "D-S", "H"]
    for function in (compute, uncompute, uncompute_all):
        with pytest.raises(InvalidArguments, match="no program or routine is open"):
            function()


# ---------------------------------------------------------------- boxes
def test_boxes(bell):
    box = bell.box("PAIR")
    prog = Program()
    qubits = prog.qalloc(3)
    box(qubits[:2])
    box(qubits[1:])
    box.dag()(qubits[:2])
    box.ctrl()(qubits)
    circuit = prog.to_circ()
    assert (len(circuit), len(list(circuit.iterate_simple()))) == (4, 8)
    assert circuit.ops[0].gate == circuit.ops[1].gate and circuit.gateDic[circuit.ops[0].gate].syntax.name == "PAIR"
    assert [name for name, *_ in circuit.iterate_simple()][6:] == ["C-H", "CCNOT"]
    assert len(prog.to_circ(inline=True)) == 8


def test_boxes_have_names_of_their_own(bell):
    assert bell.box().name == bell.box().name != QRoutine(1).box().name
    assert bell.dag(box=True).is_dag and bell.ctrl(box=True, box_name="B").subgate.name == "B"


def test_box_routines_option(bell, borrower):
    prog = Program()
    qubits = prog.qalloc(4)
    bell(qubits[:2])
    borrower(qubits[2:])
    circuit = prog.to_circ(box_routines=True)
    assert circuit.nbqbits == 5 and [name for name, *_ in circuit.iterate_simple()] == [
        "H",
        "CNOT",
        "CNOT",
        "CNOT",
        "CNOT",
    ]
    assert circuit.gateDic[circuit.ops[0].gate].circuit_implementation is not None


# ---------------------------------------------------------------- variables and conversions
def test_variables_of_routines(bell):
    theta = Variable("theta")
    outer = QRoutine()
    wires = outer.new_wires(2)
    bell(wires)
    RX(theta)(wires[0])
    RX(2 * theta).ctrl()(wires)
    bound = outer.bind_variables({"theta": 0.5})
    assert outer.get_variables() == ["theta"] and bound.get_variables() == []
    assert operations(bound, 0, 1)[2:] == [("RX", [0.5], [0]), ("C-RX", [1.0], [0, 1])]


def test_routines_alone(bell):
    assert bell.to_prog().qbit_count == 2 and bell.to_circ().nbqbits == 2 and bell.statistics()["size"] == 2
    assert bell.to_job(nbshots=5).nbshots == 5
    assert [sample.state.bitstring for sample in bell.run()] == ["00", "11"]


def test_deep_and_wide_routines_are_quick():
    routine = QRoutine()
    wires = routine.new_wires(3)
    CCNOT(wires)
    for _ in range(12):
        outer = QRoutine()
        wires = outer.new_wires(3)
        routine(wires)
        routine.dag()(wires)
        routine = outer
    assert len(operations(routine.ctrl().dag(), 0, 1, 2, 3)) == 2**12
    wide = QRoutine()
    wide.apply(X.ctrl(999), wide.new_wires(1000))
    assert wide.ctrl().arity == 1001 and np.array_equal(wide.op_list[0].args, range(1000))
