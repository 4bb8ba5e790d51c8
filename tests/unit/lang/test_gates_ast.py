"""Circuits built from syntax trees of gates, as parsers of other formats build them."""

import numpy as np
import pytest

from qat.core.circuit_builder.builder import (
    CircuitBuilder,
    EmptyReset,
    InvalidArguments,
    InvalidArity,
    InvalidFormula,
)  # fmt: skip
from qat.core.enums import OpType
from qat.core.gate_set import UnknownGate, WrongArgumentsNumber, WrongArgumentType, default_gate_set
from qat.core.records import Op, QRegister
from qat.core.variables import Variable
from qat.lang.AQASM import AbstractGate
from qat.lang.parser.gates_ast import ASTCircuitBuilder, GateAST


@pytest.fixture
def builder():
    made = ASTCircuitBuilder(include_matrices=True)
    gate_set = default_gate_set()
    gate_set.add_signature(
        AbstractGate("U1", [float], arity=1, matrix_generator=lambda a: np.diag([1, np.exp(1j * a)]))
    )
    gate_set.add_signature(AbstractGate("WAIT", [int]))
    made.gate_set = gate_set
    made.nbqbits += 3
    made.nbcbits += 2
    return made


@pytest.mark.parametrize("tree, qubits, expected", [
    (GateAST("H", []), [0], ("H", [], [0])),
    (GateAST("H"), [0], ("H", [], [0])),
    (GateAST("RX", [0.3]), [1], ("RX", [0.3], [1])),
    (GateAST("CTRL", GateAST("RX", [0.3])), [2, 0], ("C-RX", [0.3], [2, 0])),
    (GateAST("CTRL", GateAST("X", [])), [0, 1], ("CNOT", [], [0, 1])),
    (GateAST("CTRL", GateAST("CTRL", GateAST("X", []))), [0, 1, 2], ("CCNOT", [], [0, 1, 2])),
    (GateAST("DAG", GateAST("T", [])), [0], ("D-T", [], [0])),
    (GateAST("DAG", GateAST("RX", [0.3])), [0], ("RX", [-0.3], [0])),
    (GateAST("CONJ", GateAST("S", [])), [0], ("S-S", [], [0])),
    (GateAST("TRANS", GateAST("S", [])), [0], ("T-S", [], [0])),
    (GateAST("CTRL", GateAST("U1", [0.2])), [0, 1], ("C-U1", [0.2], [0, 1])),
    (GateAST("CTRL", GateAST("WAIT", [4])), [0, 1, 2], ("C-WAIT", [4], [0, 1, 2])),
])  # fmt: skip
def test_trees(builder, tree, qubits, expected):
    op = builder.build_op_by_ast(tree, qubits)
    assert isinstance(op, Op) and op.qbits == qubits and builder.ops == []
    builder.ops.append(op)
    assert list(builder.gen_circuit().iterate_simple()) == [expected]


def test_matrices(builder):
    builder.apply_gate_by_ast(GateAST(np.array([[0, 1], [1, 0]])), [0])
    builder.apply_gate_by_ast(GateAST("U1", [0.2]), [0])
    builder.apply_gate_by_ast(GateAST("U1", [Variable("a")]), [0])
    circuit = builder.gen_circuit()
    assert [name for name, *_ in circuit.iterate_simple()] == ["CustomGate", "U1", "U1"]
    known, unknown = (circuit.gateDic[op.gate] for op in circuit.ops[1:])
    assert abs(known.matrix.data[3].im - np.sin(0.2)) < 1e-12 and unknown.matrix is None
    assert circuit.get_variables() == ["a"]
    without = ASTCircuitBuilder(nbqbits=1, include_matrices=False)
    without.apply_gate_by_ast(GateAST("RX", [0.2]), [0])
    assert without.gen_circuit().gateDic["_0"].matrix is None


def test_names_of_gates(builder):
    names = [builder.insert_by_ast(GateAST("RX", [angle])) for angle in (0.1, 0.2, 0.1)]
    assert names == ["_0", "_1", "_0"] and builder.insert_by_ast(GateAST("H"), name="mine") == "mine"
    assert builder.insert_by_signature("RX", [0.2]) == "_1" and builder.get_arity("_1") == 1
    assert builder.param_gates_dic["mine"] is builder.param_gates_dic["H"]


def test_other_operations(builder):
    assert builder.build_measure([0, 1], [1, 0]) == Op(None, [0, 1], OpType.MEASURE, [1, 0])
    assert builder.build_reset([0], []) == Op(None, [0], OpType.RESET, [])
    assert builder.build_classic(0, "NOT 1") == Op(None, None, OpType.CLASSIC, [0], "NOT 1")
    assert builder.build_break("0") == Op(None, None, OpType.BREAK, None, "0")
    builder.apply_measure([0], [0])
    builder.apply_classic(1, "NOT 0")
    builder.apply_reset([0], [0])
    builder.apply_break("1")
    builder.apply_gate_by_matrix(np.eye(2), [0])
    builder.apply_gate_by_signature("H", [], [0])
    assert [name for name, *_ in builder.gen_circuit().iterate_simple()] == [
        "MEASURE", "LOGIC", "RESET", "BREAK", "CustomGate", "H",
    ]  # fmt: skip


def test_operations_can_be_put_under_a_condition(builder):
    op = builder.build_op_by_ast(GateAST("X", []), [0])
    op.type, op.cbits = OpType.CLASSICCTRL, [1]
    builder.ops.append(op)
    assert list(builder.gen_circuit().iterate_simple()) == [("X", [], [0], 1)]


def test_the_circuit(builder):
    circuit = builder.gen_circuit()
    assert (circuit.nbqbits, circuit.nbcbits, circuit.qregs) == (3, 2, [QRegister(3, 0)])
    builder.add_quantum_register(QRegister(2, 0))
    builder.set_nbcbits()
    assert builder.gen_circuit().qregs == [QRegister(2, 0)] and builder.nbcbits == 3
    builder.set_nbqbits(5)
    assert builder.gen_circuit().nbqbits == 5 and str(builder.add_variable(float, var_name="a")) == "a"
    assert builder.to_aqasm().startswith("BEGIN\nqubits 5\n")


@pytest.mark.parametrize("error, build", [
    (UnknownGate, lambda b: b.build_op_by_ast(GateAST("FOO", []), [0])),
    (InvalidArity, lambda b: b.build_op_by_ast(GateAST("H", []), [0, 1])),
    (InvalidArguments, lambda b: b.build_op_by_ast(GateAST("CNOT", []), [0, 0])),
    (InvalidArguments, lambda b: b.build_op_by_ast(GateAST("H", []), [7])),
    (InvalidArguments, lambda b: b.build_op_by_ast(GateAST("H", []), [-1])),
    (WrongArgumentType, lambda b: b.build_op_by_ast(GateAST("RX", ["a"]), [0])),
    (WrongArgumentsNumber, lambda b: b.build_op_by_ast(GateAST("RX", []), [0])),
    (InvalidArguments, lambda b: b.build_measure([0, 1], [0])),
    (InvalidArguments, lambda b: b.build_measure([0], [5])),
    (EmptyReset, lambda b: b.build_reset([], [])),
    (InvalidArguments, lambda b: b.build_classic(0, "NOT 9")),
    (InvalidFormula, lambda b: b.build_break("AND 0")),
    (TypeError, lambda b: GateAST("CTRL", 2)),
    (TypeError, lambda b: GateAST(3)),
    (TypeError, lambda b: GateAST()),
])  # fmt: skip
def test_mistakes(builder, error, build):
    with pytest.raises(error):
        build(builder)


def test_plain_builders():
    builder = CircuitBuilder(nbqbits=2, nbcbits=1)
    builder.apply_gate_by_signature("CNOT", [], [0, 1])
    assert list(builder.gen_circuit().iterate_simple()) == [("CNOT", [], [0, 1])]
