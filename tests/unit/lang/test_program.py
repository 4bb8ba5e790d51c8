import gc
import weakref

import numpy as np
import pytest

from qat.core.circuit_builder.builder import InvalidFormula
from qat.core.enums import OpType
from qat.core.variables import Variable
from qat.lang.AQASM import CCNOT, CNOT, RX, H, Program, QRoutine, X
from qat.lang.AQASM.aqasm_util import (
    InvalidArguments,
    InvalidClassicArguments,
    InvalidGateArguments,
    InvalidMeasureArguments,
    InvalidResetArguments,
    PyAQASMException,
)  # fmt: skip
from qat.lang.AQASM.bits import Cbit, QRegister
from qat.lang.AQASM.program import CbitNotInitialized, OperationNotAuthorized
from qat.lang.AQASM.qint import QInt
from qat.lang.AQASM.scope import MAX_QUBITS, InvalidConjugate, NothingToUncompute
from qat.qpus import LinAlg


def operations(prog, **options):
    return list(prog.to_circ(**options).iterate_simple())


@pytest.fixture
def prog():
    return Program()


@pytest.fixture
def qubits(prog):
    return prog.qalloc(4)


# ---------------------------------------------------------------- allocation
def test_registers_follow_each_other(prog):
    first, second = prog.qalloc(2), prog.qalloc()
    assert (first.start, second.start, second.length, prog.qbit_count) == (0, 2, 1, 3)
    assert [bit.index for bit in prog.calloc(2)] == [0, 1] and [bit.index for bit in prog.calloc()] == [2]
    circuit = prog.to_circ()
    assert (circuit.nbqbits, circuit.nbcbits) == (3, 3)
    assert [(register.start, register.length, type(register)) for register in circuit.qregs] == [
        (0, 2, QRegister), (2, 1, QRegister),
    ]  # fmt: skip
    assert all(register.scope is None for register in circuit.qregs)


def test_registers_of_a_program_are_those_allocated(prog):
    qubits, number = prog.qalloc(2), prog.qalloc(3, QInt)
    first, second = prog.registers
    assert (first.start, len(first), second.start, type(second)) == (0, 2, 2, type(number))
    prog.apply(X, first[1])
    prog.apply(CNOT, qubits[1], second[0])
    assert operations(prog) == [("X", [], [1]), ("CNOT", [], [1, 2])]


def test_dropped_programs_need_no_collector():
    prog = Program()
    qubits = prog.qalloc(2)
    prog.apply(RX(0.5), qubits[0]).apply(CNOT, qubits).to_circ()
    gone = weakref.ref(prog)
    gc.disable()
    try:
        del prog, qubits
        assert gone() is None
    finally:
        gc.enable()


def test_without_classical_bits_there_is_one_for_each_qubit(prog):
    prog.qalloc(3)
    assert prog.to_circ().nbcbits == 3


def test_empty_registers(prog):
    nothing, qubits, no_bits = prog.qalloc(0), prog.qalloc(2), prog.calloc(0)
    assert (len(nothing), len(no_bits), qubits.start) == (0, 0, 0)
    assert len(QRoutine().new_wires(0)) == 0 and QRoutine().get_free_ancillae(0) == []
    X(qubits[1])
    circuit = prog.to_circ()
    for measured in (None, [nothing, qubits]):
        (sample,) = LinAlg().submit(circuit.to_job(qubits=measured))
        assert (str(sample.state), sample.state.value) == ("|01>", ("01",))


@pytest.mark.parametrize("size", [-1, 1.5, "a", None, True, 2**31])
def test_strange_sizes(prog, size):
    for allocate in (prog.qalloc, prog.calloc, QRoutine().new_wires):
        with pytest.raises(InvalidArguments, match="number of qubits"):
            allocate(size)


def test_large_programs_cost_little(prog):
    register = prog.qalloc(np.int64(10**6))
    CNOT(register[3], register[999_999])
    assert operations(prog) == [("CNOT", [], [3, 999_999])]


# ---------------------------------------------------------------- gates
def test_ways_to_name_qubits(prog, qubits):
    prog.apply(CCNOT, qubits[0], qubits[1], qubits[2])
    CCNOT([qubits[0], [qubits[1]]], qubits[2])
    CCNOT(qubits[:3])
    prog.apply(CCNOT, 0, 1, np.int64(2))
    CCNOT(qubits[0], 1, 2)
    assert operations(prog) == [("CCNOT", [], [0, 1, 2])] * 5


def test_applications_chain(prog, qubits):
    assert prog.apply(H, qubits[0]).apply(X, qubits[1]) is prog and H(qubits[0]) is prog


def test_integers_make_room(prog, qubits):
    prog.apply(H, 6)
    assert [(register.start, register.length) for register in prog.to_circ().qregs] == [(0, 4), (4, 3)]
    with Program() as other:
        CNOT(0, 1)
    assert operations(other) == [("CNOT", [], [0, 1])]


@pytest.mark.parametrize("places", [(), (0,), (0, 1, 2)])
def test_wrong_number_of_qubits(qubits, places):
    with pytest.raises((InvalidGateArguments, InvalidArguments)) as info:
        CNOT(*(qubits[place] for place in places))
    assert not places or "arity 2" in str(info.value)


def test_wrong_qubits(prog, qubits):
    with pytest.raises(InvalidArguments, match="repeated"):
        CNOT(qubits[1], qubits[1])
    stranger = Program().qalloc(2)
    for application in (
        lambda: CNOT(qubits[0], stranger[1]), lambda: prog.apply(H, stranger[0]), lambda: prog.apply(CNOT, stranger),
        lambda: prog.measure(stranger),
    ):  # fmt: skip
        with pytest.raises(InvalidArguments, match="another program"):
            application()
    for qubit in ("a", None, 1.5, True, {}.items, MAX_QUBITS, -1):
        with pytest.raises(InvalidArguments):
            prog.apply(H, qubit)
    assert operations(prog) == []


def test_nowhere_to_apply():
    for qubit in (0, "a", None, QRegister(0, length=1)):
        with pytest.raises(InvalidArguments):
            H(qubit)
    with pytest.raises(InvalidArguments):
        H()


@pytest.mark.parametrize("gate, cure", [("H", "give a gate"), (None, "give a gate"), (RX, "RX(...)")])
def test_things_that_are_no_gates(prog, qubits, gate, cure):
    with pytest.raises(InvalidArguments) as info:
        prog.apply(gate, qubits[0])
    assert cure in str(info.value)


def test_repeats_among_many_qubits_are_found_quickly(prog):
    register = prog.qalloc(20_000)
    with pytest.raises(InvalidArguments, match=r"qubits \[7\] are repeated"):
        prog.apply(X.ctrl(20_000), list(register), register[7])


def test_the_order_of_with_blocks():
    with Program() as outer:
        H(0)
        with QRoutine() as inner:
            X(0)
        CNOT(0, 1)
    assert operations(outer) == [("H", [], [0]), ("CNOT", [], [0, 1])] and len(inner) == 1


# ---------------------------------------------------------------- classical operations
def test_measurements_resets_and_conditions(prog, qubits):
    bits = prog.calloc(3)
    prog.measure(qubits[0], bits[0]).measure(qubits[1:3], bits[1:])
    prog.cc_apply(bits[0], RX(0.5).ctrl(), qubits[:2])
    prog.logic(bits[1], ~bits[0] ^ bits[1] | bits[2])
    prog.reset(qubits[0]).reset(qubits[1], bits[1])
    prog.cbreak(bits[2])
    prog.comment("leaves no trace")
    assert operations(prog) == [
        ("MEASURE", [0], [0]), ("MEASURE", [1, 2], [1, 2]), ("C-RX", [0.5], [0, 1], 0),
        ("LOGIC", "OR XOR NOT 0 1 2", 1), ("RESET", [0], []), ("RESET", [1], [1]), ("BREAK", "2"),
    ]  # fmt: skip
    assert [op.type for op in prog.to_circ().ops] == [
        OpType.MEASURE, OpType.MEASURE, OpType.CLASSICCTRL, OpType.CLASSIC, OpType.RESET, OpType.RESET, OpType.BREAK,
    ]  # fmt: skip


def test_measurements_go_to_bits_of_the_same_number(prog, qubits):
    prog.measure(qubits[2])
    prog.measure(qubits[:2])
    assert operations(prog) == [("MEASURE", [2], [2]), ("MEASURE", [0, 1], [0, 1])] and prog.cbit_count == 3


def test_routines_under_a_condition(prog, qubits):
    bits = prog.calloc(1)
    routine = QRoutine()
    wires = routine.new_wires(2)
    H(wires[0])
    CNOT(wires)
    prog.measure(qubits[3], bits)
    prog.cc_apply(bits, routine, qubits[:2])
    assert operations(prog)[1:] == [("H", [], [0], 0), ("CNOT", [], [0, 1], 0)]


def test_bits_nobody_wrote(prog, qubits):
    bits = prog.calloc(2)
    for read in (
        lambda: prog.logic(bits[0], bits[1]), lambda: prog.cbreak(bits[0] & bits[1]),
        lambda: prog.cc_apply(bits[1], X, qubits[0]),
    ):  # fmt: skip
        with pytest.raises(CbitNotInitialized, match="nothing has written"):
            read()
    prog.reset(qubits[0], bits[0])
    prog.logic(bits[1], ~bits[0])
    prog.cbreak(bits[1])
    assert issubclass(CbitNotInitialized, InvalidFormula) and issubclass(CbitNotInitialized, PyAQASMException)


@pytest.mark.parametrize("qubit_places, bit_places", [([0, 1], [0]), ([0, 0], [0, 1]), ([0, 1], [1, 1]), ([], [])])
def test_measurements_that_do_not_match(prog, qubits, qubit_places, bit_places):
    bits = prog.calloc(2)
    with pytest.raises(InvalidMeasureArguments):
        prog.measure([qubits[place] for place in qubit_places], [bits[place] for place in bit_places])


def test_resets_of_nothing_or_twice(prog, qubits):
    for places in ([], [0, 0]):
        with pytest.raises(InvalidResetArguments):
            prog.reset([qubits[place] for place in places])


def test_things_that_are_no_classical_bits(prog, qubits):
    bits = prog.calloc(2)
    prog.measure(qubits[:2], bits)
    for strange in (
        lambda: prog.measure(qubits[0], 0), lambda: prog.cc_apply(0, X, qubits[0]), lambda: prog.cbreak("a"),
        lambda: prog.cbreak(bits), lambda: prog.logic(bits, bits[0]), lambda: prog.cc_apply(bits, X, qubits[0]),
        lambda: prog.cbreak(Cbit(7)), lambda: prog.measure(qubits[0], Cbit(2)),
    ):  # fmt: skip
        with pytest.raises(InvalidClassicArguments):
            strange()


# ---------------------------------------------------------------- compute and uncompute
def test_blocks_are_undone_last_first(prog, qubits):
    with prog.compute():
        H(qubits[0])
        RX(0.5)(qubits[1])
    with prog.compute():
        CNOT(qubits[:2])
    X(qubits[2])
    prog.uncompute()
    X(qubits[3])
    prog.uncompute()
    names = ["H", "RX", "CNOT", "X", "CNOT", "X", "RX", "H"]
    assert [name for name, *_ in operations(prog)] == names and operations(prog)[6] == ("RX", [-0.5], [1])
    with pytest.raises(NothingToUncompute, match="compute"):
        prog.uncompute()


def test_all_blocks_at_once(prog, qubits):
    for place in range(3):
        with prog.compute():
            X(qubits[place])
    prog.uncompute_all()
    prog.uncompute_all()
    assert [places for _, _, places in operations(prog)] == [[0], [1], [2], [2], [1], [0]]


def test_blocks_within_blocks(prog, qubits):
    with prog.compute():
        H(qubits[0])
        with prog.compute():
            X(qubits[1])
        CNOT(qubits[:2])
        prog.uncompute()
    prog.uncompute()
    assert [name for name, *_ in operations(prog)] == ["H", "X", "CNOT", "X", "X", "CNOT", "X", "H"]


def test_what_cannot_be_undone(prog, qubits):
    with pytest.raises(OperationNotAuthorized, match="MeasureOperation"), prog.compute():
        prog.measure(qubits[0])


def test_conjugation(prog, qubits):
    prog.conjugate(H, X, qubits[0])
    assert [name for name, *_ in operations(prog)] == ["H", "X", "H"]
    with pytest.raises(InvalidConjugate, match="1 and 2"):
        prog.conjugate(H, CNOT, qubits[:2])


def test_ancillas_of_a_program(prog):
    first = prog.get_free_ancillae(2)
    assert [qubit.index for qubit in first] == [0, 1]
    prog.free_ancillae(first[1])
    (again,) = prog.get_free_ancillae(1)
    assert again.index == 1
    register = prog.get_free_ancillae(2, QRegister)
    assert (type(register), register.start, len(register)) == (QRegister, 2, 2)
    prog.free_ancillae(register)
    with pytest.raises(InvalidArguments, match="free already"):
        prog.free_ancillae(register[0])


# ---------------------------------------------------------------- variables and circuits
def test_variables(prog, qubits):
    theta = prog.new_var(float, "theta")
    RX(2 * theta)(qubits[0])
    RX(Variable("phi"))(qubits[1])
    assert prog.to_circ().get_variables() == ["phi", "theta"] and prog.var_dic == {"theta": float}
    assert prog.new_var(float, "theta") == theta
    with pytest.raises(ValueError, match="variable name"):
        prog.new_var(float, "a b")


def test_matrices_can_be_left_out(prog, qubits):
    RX(0.5).ctrl()(qubits[:2])
    controlled, inner = "_1", "_0"
    for options, has in (({}, (1, 1)), ({"submatrices_only": True}, (1, 0)), ({"include_matrices": False}, (0, 0))):
        gates = prog.to_circ(**options).gateDic
        assert (gates[inner].matrix is not None, gates[controlled].matrix is not None) == has


def test_programs_can_be_translated_twice(prog, qubits):
    H(qubits[0])
    first = prog.to_circ()
    X(qubits[1])
    assert len(first) == 1 and len(prog.to_circ(comparison_eps=1e-10)) == 2


def test_programs_run_and_draw(prog):
    X(prog.qalloc(2)[1])
    assert [sample.state.bitstring for sample in prog.run()] == ["01"]


def test_export(prog, qubits, tmp_path):
    CNOT(qubits[:2])
    prog.export(str(tmp_path / "program.aqasm"))
    assert "CNOT q[0],q[1]" in (tmp_path / "program.aqasm").read_text() == str(prog)
