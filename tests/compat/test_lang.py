"""The published behaviour of the language, as programs rely on it."""

import importlib

import numpy as np
import pytest

from qat.comm.datamodel.ttypes import OpType
from qat.core import Circuit, Job, Observable, Variable
from qat.core.gate_set import WrongArgumentsNumber, WrongArgumentType
from qat.lang.AQASM import (
    CCNOT,
    CNOT,
    CSIGN,
    ISWAP,
    PH,
    RX,
    RY,
    RZ,
    SQRTSWAP,
    SWAP,
    AbstractGate,
    CustomGate,
    H,
    I,
    Program,
    QRoutine,
    S,
    T,
    X,
    Y,
    Z,
    build_gate,
)  # fmt: skip
from qat.lang.AQASM.aqasm_util import InvalidArguments, InvalidGateArguments


def shown(prog, **options):
    return list(prog.to_circ(**options).iterate_simple())


def applied(*pairs, nb_qubits=4, **options):
    """What a program of (gate, places) shows."""
    prog = Program()
    qubits = prog.qalloc(nb_qubits)
    for gate, places in pairs:
        gate([qubits[place] for place in places])
    return shown(prog, **options)


# ---------------------------------------------------------------- names and addresses
ADDRESSES = {
    "qat.lang": "Program QRoutine qrout qfunc compute uncompute uncompute_all build_gate AbstractGate CustomGate X Y "
    "Z H S T I CNOT CSIGN CCNOT SWAP ISWAP SQRTSWAP PH RX RY RZ AQASM",
    "qat.lang.AQASM": "Program QRoutine build_gate AbstractGate CustomGate X Y Z H S T I CNOT CSIGN CCNOT SWAP ISWAP "
    "SQRTSWAP PH RX RY RZ WrongArgumentType WrongArgumentsNumber bits gates misc program routines",
    "qat.lang.AQASM.bits": "QRegister Qbit Cbit CRegister BoolFormula BoolOp",
    "qat.lang.AQASM.gates": "Gate PredefGate ParamGate AbstractGate CustomGate X Y Z H S T I CNOT CSIGN CCNOT SWAP "
    "ISWAP SQRTSWAP PH RX RY RZ",
    "qat.lang.AQASM.misc": "build_gate generate_gate_set NoSignature signature_from_annotations is_valid_name",
    "qat.lang.AQASM.program": "Program CbitNotInitialized OperationNotAuthorized",
    "qat.lang.AQASM.routines": "QRoutine InvalidAncilla InvalidConjugate UnreferencedWire compute uncompute "
    "uncompute_all",
    "qat.lang.AQASM.aqasm_util": "PyAQASMException InvalidArguments InvalidGateArguments InvalidMeasureArguments "
    "InvalidResetArguments InvalidClassicArguments InvalidCustomName",
    "qat.lang.AQASM.math_util": "InvalidUnitaryMatrix InvalidDimensions check_unitarity get_arity",
    "qat.lang.linking.linker": "Linker",
    "qat.lang.linking.util": "AncillaMap link_gates inline_gates",
    "qat.lang.parser.gates_ast": "ASTCircuitBuilder GateAST",
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_published_addresses(address):
    module = importlib.import_module(address)
    for name in ADDRESSES[address].split():
        assert getattr(module, name) is not None


def test_star_import_gives_gates_and_classes():
    names: dict[str, object] = {}
    exec("from qat.lang.AQASM import *", names)
    assert names["Program"] is Program and names["RX"] is RX and {"QInt", "QBoolArray", "QRoutine"} <= set(names)
    assert {"Program", "bits", "gates"} <= set(dir(importlib.import_module("qat.lang.AQASM")))


# ---------------------------------------------------------------- naming of gates
def test_gate_dictionary_and_syntax():
    prog = Program()
    q = prog.qalloc(3)
    H(q[0])
    RX(0.3)(q[2])
    RX(0.3).ctrl()(q[0], q[2])
    T.dag()(q[0])
    X.ctrl()(q[0], q[1])
    CNOT.ctrl()(q)
    RY(0.2).dag()(q[1])
    circuit = prog.to_circ()
    assert [op.gate for op in circuit.ops] == ["H", "_0", "_1", "_2", "CNOT", "CCNOT", "_3"]
    assert list(circuit.iterate_simple()) == [
        ("H", [], [0]), ("RX", [0.3], [2]), ("C-RX", [0.3], [0, 2]), ("D-T", [], [0]), ("CNOT", [], [0, 1]),
        ("CCNOT", [], [0, 1, 2]), ("RY", [-0.2], [1]),
    ]  # fmt: skip
    gates = circuit.gateDic
    assert (gates["_1"].subgate, gates["_1"].nbctrls, gates["_1"].syntax) == ("_0", 1, None)
    assert (gates["_2"].subgate, gates["_2"].is_dag) == ("T", True)
    assert (gates["CNOT"].subgate, gates["CNOT"].nbctrls, gates["CNOT"].is_ctrl) == ("X", 1, True)
    assert gates["_0"].syntax.name == "RX" and gates["_0"].syntax.parameters[0].double_p == 0.3


def test_controls():
    rows = [
        (X.ctrl(3), [0, 1, 2, 3]), (CNOT.ctrl(2), [0, 1, 2, 3]), (Z.ctrl(), [0, 1]), (CSIGN.ctrl(), [0, 1, 2]),
        (PH(0.1).ctrl(2), [0, 1, 2]), (PH(0.3).ctrl().dag().ctrl(), [0, 1, 2]), (Z.ctrl().ctrl(), [0, 1, 2]),
    ]  # fmt: skip
    assert applied(*rows) == [
        ("C-C-C-X", [], [0, 1, 2, 3]), ("C-C-CNOT", [], [0, 1, 2, 3]), ("CSIGN", [], [0, 1]),
        ("C-CSIGN", [], [0, 1, 2]), ("C-C-PH", [0.1], [0, 1, 2]), ("C-C-PH", [-0.3], [0, 1, 2]),
        ("C-C-Z", [], [0, 1, 2]),
    ]  # fmt: skip


def test_daggers():
    one = [(gate.dag(), [0]) for gate in (S, S.dag(), H, X, I, RX(0.1), RZ(0.1), PH(0.1))]
    two = [(gate.dag(), [0, 1]) for gate in (ISWAP, SQRTSWAP, SWAP, X.ctrl(), T.ctrl())]
    assert [(name, parameters) for name, parameters, _ in applied(*one, *two)] == [
        ("D-S", []), ("S", []), ("H", []), ("X", []), ("I", []), ("RX", [-0.1]), ("RZ", [-0.1]), ("PH", [-0.1]),
        ("D-ISWAP", []), ("D-SQRTSWAP", []), ("SWAP", []), ("CNOT", []), ("C-D-T", []),
    ]  # fmt: skip


def test_conjugates_and_transposes_keep_their_marks():
    gates = (RX(0.3), PH(0.3), Y, T, H)
    assert [name for name, *_ in applied(*((gate.conj(), [0]) for gate in gates))] == [
        "S-RX",
        "S-PH",
        "S-Y",
        "S-T",
        "S-H",
    ]
    assert [name for name, *_ in applied(*((gate.trans(), [0]) for gate in gates))] == [
        "T-RX",
        "T-PH",
        "T-Y",
        "T-T",
        "T-H",
    ]
    assert [name for name, *_ in applied((T.dag().conj(), [0]), (T.dag().trans(), [0]))] == ["S-D-T", "T-D-T"]


def test_gates_compare_by_what_they_are():
    assert H == H and H.ctrl() == H.ctrl() and RX(0.3) == RX(0.3) and X.ctrl() != CNOT
    assert (RX(0.3).name, RX(0.3).arity, RX(0.3).parameters, RX(0.3).ctrl().name) == ("RX", 1, (0.3,), None)


# ---------------------------------------------------------------- registers and allocation
def test_registers():
    prog = Program()
    q, r = prog.qalloc(2), prog.qalloc(1)
    assert (q.start, q.length, q[0].index, [x.index for x in q[0:2]], str(q), str(q[0])) == (
        0, 2, 0, [0, 1], "QReg(q[0]..q[1])", "q[0]",
    )  # fmt: skip
    assert (r.start, r.length) == (2, 1)
    circuit = prog.to_circ()
    assert isinstance(circuit, Circuit) and (circuit.nbqbits, circuit.nbcbits) == (3, 3)
    assert [(x.start, x.length, x.msb, x._subtype_metadata) for x in circuit.qregs] == [
        (0, 2, None, None),
        (2, 1, None, None),
    ]


def test_applying_by_numbers():
    prog = Program()
    prog.qalloc(4)
    prog.apply(CNOT, 0, 1)
    prog.apply(H, 9)
    circuit = prog.to_circ()
    assert circuit.nbqbits == 10 and [(x.start, x.length) for x in circuit.qregs] == [(0, 4), (4, 6)]


def test_errors():
    prog = Program()
    q = prog.qalloc(2)
    with pytest.raises(InvalidGateArguments, match=r"Gate CNOT of arity 2 cannot be applied on \[0\]"):
        CNOT(q[0])
    with pytest.raises(InvalidArguments):
        CNOT(q[0], q[0])
    with pytest.raises(InvalidArguments):
        CNOT(Program().qalloc(1)[0], q[0])
    with pytest.raises(WrongArgumentType, match="a is not compatible with type"):
        RX("a")(q[0])
    with pytest.raises(WrongArgumentsNumber, match=r"RX requires 1 argument\(s\) \(2 given\)"):
        RX(1.0, 2.0)(q[0])
    assert prog.new_var(float, "t") == prog.new_var(float, "t")


# ---------------------------------------------------------------- classical operations
def test_control_flow():
    prog = Program()
    q, c = prog.qalloc(2), prog.calloc(2)
    X(q[0])
    prog.measure(q[0], c[0])
    prog.cc_apply(c[0], X, q[1])
    prog.logic(c[1], ~c[0])
    prog.reset(q[0])
    prog.cbreak(c[0] & c[1])
    circuit = prog.to_circ()
    assert [op.type for op in circuit.ops] == [
        OpType.GATETYPE, OpType.MEASURE, OpType.CLASSICCTRL, OpType.CLASSIC, OpType.RESET, OpType.BREAK,
    ]  # fmt: skip
    assert list(circuit.iterate_simple()) == [
        ("X", [], [0]), ("MEASURE", [0], [0]), ("X", [], [1], 0), ("LOGIC", "NOT 0", 1), ("RESET", [0], []),
        ("BREAK", "AND 0 1"),
    ]  # fmt: skip


def test_formulas():
    c = Program().calloc(3)
    assert (c[0] & c[1] | ~c[2] ^ c[0]).to_thrift().split() == ["OR", "AND", "0", "1", "XOR", "NOT", "2", "0"]
    assert str(c[0] & ~c[1]) == "(c[0] & (~ c[1]))"


def test_never_written_bits():
    from qat.core.circuit_builder.builder import InvalidFormula

    prog = Program()
    prog.qalloc(1)
    c = prog.calloc(2)
    with pytest.raises(InvalidFormula):
        prog.logic(c[0], c[1])
        prog.to_circ()


def test_measurements_without_classical_bits():
    prog = Program()
    q = prog.qalloc(2)
    prog.measure(q[1])
    circuit = prog.to_circ()
    assert list(circuit.iterate_simple()) == [("MEASURE", [1], [1])] and circuit.nbcbits == 2


# ---------------------------------------------------------------- routines
def test_routines():
    rout = QRoutine()
    wires = rout.new_wires(2)
    H(wires[0])
    CNOT(wires)
    rows = applied((rout, [0, 1]), (rout.ctrl(), [0, 1, 2]), (rout.dag(), [1, 2]), nb_qubits=3)
    assert rows == [
        ("H", [], [0]), ("CNOT", [], [0, 1]), ("C-H", [], [0, 1]), ("CCNOT", [], [0, 1, 2]), ("CNOT", [], [1, 2]),
        ("H", [], [1]),
    ]  # fmt: skip
    assert len(rout.op_list) == 2 and rout.op_list[1].args == [0, 1]


def test_layers_on_routines():
    rout = QRoutine()
    wires = rout.new_wires(2)
    H(wires[0])
    RX(0.2)(wires[1])
    T(wires[0])
    assert applied((rout.dag(), [0, 1])) == [("D-T", [], [0]), ("RX", [-0.2], [1]), ("H", [], [0])]
    assert applied((rout.conj(), [0, 1])) == [("S-H", [], [0]), ("S-RX", [0.2], [1]), ("S-T", [], [0])]
    assert applied((rout.trans(), [0, 1])) == [("T-T", [], [0]), ("T-RX", [0.2], [1]), ("T-H", [], [0])]
    assert applied((rout.dag().ctrl(2), [0, 1, 2, 3])) == [
        ("C-C-D-T", [], [0, 1, 2]), ("C-C-RX", [-0.2], [0, 1, 3]), ("C-C-H", [], [0, 1, 2]),
    ]  # fmt: skip


def test_ancillas():
    rout = QRoutine()
    wires = rout.new_wires(3)
    for a, b in ((0, 2), (2, 1), (0, 2)):
        CNOT(wires[a], wires[b])
    rout.set_ancillae(wires[2])
    prog = Program()
    q = prog.qalloc(4)
    rout(q[0], q[1])
    rout(q[2], q[3])
    circuit = prog.to_circ()
    assert rout.arity == 2 and circuit.nbqbits == 5 and [x.length for x in circuit.qregs] == [4]
    assert [places for _, _, places in circuit.iterate_simple()] == [[0, 4], [4, 1], [0, 4], [2, 4], [4, 3], [2, 4]]
    assert circuit.ancilla_map.locked_ranges == {4: [(0, 2), (3, 5)]}
    assert [name for name, *_ in shown(prog, include_locks=True)] == ["LOCK", "CNOT", "CNOT", "CNOT", "RELEASE"] * 2


def test_nested_ancillas():
    inner = QRoutine()
    wires = inner.new_wires(3)
    for a, b in ((0, 2), (2, 1), (0, 2)):
        CNOT(wires[a], wires[b])
    inner.set_ancillae(wires[2])
    outer = QRoutine()
    wires = outer.new_wires(3)
    inner(wires[0], wires[1])
    inner(wires[1], wires[2])
    outer.set_ancillae(wires[2])
    prog = Program()
    q = prog.qalloc(4)
    outer(q[:2])
    assert [places for _, _, places in shown(prog)] == [[0, 4], [4, 1], [0, 4], [1, 5], [5, 4], [1, 5]]


def test_compute_blocks():
    prog = Program()
    q = prog.qalloc(4)
    with prog.compute():
        H(q[0])
        CNOT(q[0], q[1])
    with prog.compute():
        T(q[0])
    X(q[2])
    prog.uncompute()
    Y(q[3])
    prog.uncompute()
    assert [name for name, *_ in shown(prog)] == ["H", "CNOT", "T", "X", "D-T", "Y", "CNOT", "H"]
    with pytest.raises(ValueError, match="No computation scope left to uncompute"):
        prog.uncompute()


def test_controlled_compute_blocks():
    rout = QRoutine()
    wires = rout.new_wires(2)
    with rout.compute():
        H(wires[0])
        RX(0.3)(wires[1])
    CNOT(wires)
    rout.uncompute()
    expected = [("H", [], [1]), ("RX", [0.3], [2]), ("CCNOT", [], [0, 1, 2]), ("RX", [-0.3], [2]), ("H", [], [1])]
    assert applied((rout.ctrl(), [0, 1, 2])) == applied((rout.dag().ctrl(), [0, 1, 2])) == expected


def test_conjugation():
    rout = QRoutine()
    wires = rout.new_wires(2)
    rout.conjugate(CNOT, SWAP, wires)
    assert applied((rout.ctrl(), [0, 1, 2])) == [("CNOT", [], [1, 2]), ("C-SWAP", [], [0, 1, 2]), ("CNOT", [], [1, 2])]


def test_boxes():
    rout = QRoutine()
    wires = rout.new_wires(2)
    H(wires[0])
    CNOT(wires)
    prog = Program()
    q = prog.qalloc(3)
    rout(q[:2])
    rout.box("PAIR").dag()(q[1:])
    assert len(prog.to_circ(box_routines=True)) == 2 and len(prog.to_circ(inline=True)) == 4
    assert [name for name, *_ in shown(prog, box_routines=True)] == ["H", "CNOT", "CNOT", "H"]


# ---------------------------------------------------------------- abstract gates and linking
@build_gate("BAR", [float], arity=1)
def bar(angle):
    """A turn."""
    rout = QRoutine()
    RX(angle)(rout.new_wires(1))
    return rout


def test_abstract_gates():
    gate = AbstractGate("FOO", [float, int], arity=2)
    prog = Program()
    gate(0.2, 3)(prog.qalloc(2))
    circuit = prog.to_circ()
    assert list(circuit.iterate_simple()) == [("FOO", [0.2, 3], [0, 1])] and circuit.gateDic["_0"].matrix is None
    assert applied((gate(0.2, 3).dag(), [0, 1]), (gate(0.2, 3).ctrl().dag(), [0, 1, 2])) == [
        ("D-FOO", [0.2, 3], [0, 1]), ("C-D-FOO", [0.2, 3], [0, 1, 2]),
    ]  # fmt: skip


def test_build_gate():
    assert applied((bar(0.4), [0]), (bar(0.5).ctrl(), [0, 1])) == [("RX", [0.4], [0]), ("C-RX", [0.5], [0, 1])]
    assert applied((bar(0.4), [0]), keep=["BAR"]) == applied((bar(0.4), [0]), do_link=False) == [("BAR", [0.4], [0])]
    assert isinstance((~bar)(0.4), QRoutine) and bar.__doc__ == "A turn."


def test_inlined_or_not_the_operations_are_the_same():
    prog = Program()
    q = prog.qalloc(2)
    bar(0.4)(q[0])
    bar(0.5).ctrl()(q)
    default, inlined = prog.to_circ(), prog.to_circ(inline=True)
    assert len(default.ops) == 2 == len(default) and list(default.iterate_simple()) == list(inlined.iterate_simple())
    assert (
        len(list(default)) == len(inlined.ops)
        and default.gateDic[default.ops[0].gate].circuit_implementation is not None
    )


def test_link():
    placeholder = AbstractGate("BAR", [float], arity=1)
    assert applied((placeholder(0.5), [0])) == [("BAR", [0.5], [0])]
    assert applied((placeholder(0.5), [0]), link=[bar]) == [("RX", [0.5], [0])]
    assert applied((placeholder(0.5), [0]), link=[bar], keep=["BAR"]) == [("BAR", [0.5], [0])]


def test_custom_gates():
    flip = CustomGate(np.array([[0, 1], [1, 0]]))
    prog = Program()
    q = prog.qalloc(2)
    flip(q[0])
    flip.ctrl()(q)
    CustomGate(np.array([[0, 1], [1, 0]]))(q[1])
    circuit = prog.to_circ()
    assert [op.gate for op in circuit.ops] == ["_0", "_1", "_0"]
    (name, (matrix,), places), *_ = circuit.iterate_simple()
    assert (name, places) == ("CustomGate", [0]) and np.array_equal(matrix, [[0, 1], [1, 0]])


def test_variables():
    prog = Program()
    q = prog.qalloc(2)
    a = prog.new_var(float, "a")
    RX(a)(q[0])
    RX(a).dag()(q[0])
    RX(2 * a).ctrl()(q)
    RX(a)(q[1])
    circuit = prog.to_circ()
    assert [op.gate for op in circuit.ops] == ["_0", "_1", "_3", "_0"] and circuit.get_variables() == ["a"]
    assert [parameters for _, parameters, _ in circuit(a=0.5).iterate_simple()] == [[0.5], [-0.5], [1.0], [0.5]]


# ---------------------------------------------------------------- functional style
def test_functional_style():
    from qat.lang import compute, qfunc, qrout, uncompute

    @qrout
    def bell():
        H(0)
        CNOT(0, 1)

    assert [str(sample.state) for sample in bell().run()] == ["|00>", "|11>"] and isinstance(bell.to_job(), Job)

    @qrout
    def rotation(theta):
        RX(theta)(0)

    assert rotation.get_variables() == ["theta"]
    assert np.isclose([sample.probability for sample in rotation(0.3).run()][1], np.sin(0.15) ** 2)

    @qrout(angles=2)
    def two(angles):
        RX(angles[0])(0)
        RY(angles[1])(1)

    assert [(name, float(p[0])) for name, p, _ in two([0.1, 0.2]).to_circ().iterate_simple()] == [
        ("RX", 0.1),
        ("RY", 0.2),
    ]

    @qrout
    def mixed(a):
        with compute():
            H(0)
        bell()(0, 1)
        RX(a)(2)
        uncompute()

    assert [name for name, *_ in mixed.to_job().circuit.iterate_simple()] == ["H", "H", "CNOT", "RX", "H"]

    @qfunc
    def energy(theta):
        RX(theta)(0)
        return Observable.z(0)

    assert np.isclose(energy(0.3), np.cos(0.3)) and isinstance(energy.qlm_obj, Job)


def test_fixed_unrolling():
    from qat.lang import qrout

    @qrout(unroll=False)
    def later(a):
        RX(a)(0)

    assert list(later(0.2).to_circ().iterate_simple()) == [("RX", [0.2], [0])]


# ---------------------------------------------------------------- text
def test_export(tmp_path):
    prog = Program()
    q, c = prog.qalloc(3), prog.calloc(1)
    H(q[0])
    RX(0.3).ctrl()(q[0], q[2])
    T.dag()(q[0])
    RX(2 * Variable("th") + 1)(q[0])
    prog.measure(q[0], c[0])
    prog.cc_apply(c[0], X, q[1])
    prog.export(str(tmp_path / "p.aqasm"))
    assert (tmp_path / "p.aqasm").read_text().splitlines() == [
        "BEGIN", "qubits 3", "cbits 1", "", "H q[0]", "CTRL(RX[0.3]) q[0],q[2]", "DAG(T) q[0]",
        "RX[((2 * th) + 1)] q[0]", "MEAS q[0] c[0]", "? c[0] : X q[1]", "END",
    ]  # fmt: skip


def test_toffoli_is_spelled_both_ways():
    assert applied((CCNOT, [0, 1, 2]), (CNOT.ctrl(), [0, 1, 2]), (X.ctrl(2), [0, 1, 2])) == [
        ("CCNOT", [], [0, 1, 2]), ("CCNOT", [], [0, 1, 2]), ("C-C-X", [], [0, 1, 2]),
    ]  # fmt: skip
