"""Gate sets, signatures and the matrices of the predefined gates at their published addresses."""

import copy

import numpy as np
import pytest

from qat.core import default_gate_set
from qat.core.circuit_builder import matrix_util
from qat.core.gate_set import (
    GateSet,
    GateSignature,
    GateSyntaxRedefinition,
    UnknownGate,
    WrongArgumentsNumber,
    WrongArgumentType,
    convert_type,
    is_type,
    revert_type,
)
from qat.core.parameters import convert_parameter, matrix_array, matrix_record, revert_parameter
from qat.core.records import ComplexNumber, GateDefinition, GSyntax, Matrix, Op, Param, QRegister
from qat.core.variables import Variable
from qat.kernels.gates import GATES
from tests.oracle import gate_matrix
from tests.unit.kernels.circuits import haar

A = Variable("a")


def phases(nb_qubits: int):
    return np.eye(2**nb_qubits)


# ---------------------------------------------------------------- gate sets


def test_default_gate_set_is_a_new_one_each_time():
    gates = default_gate_set()
    assert [*gates] == [*GATES] and len(gates) == 17 and gates == default_gate_set()
    gates.add_signature(GateSignature("FOO", [float]))
    assert "FOO" in gates and "FOO" not in default_gate_set()
    for name in GATES:
        assert np.allclose(gates["RX"].get_matrix(0.4), gate_matrix("RX", [0.4]))
        assert gates[name].get_arity(*[0.1] * gates[name].nb_args) == GATES[name].arity


def test_matrices_are_the_callers_own():
    matrix = default_gate_set()["X"].get_matrix()
    matrix[0, 0] = 5
    assert default_gate_set()["X"].get_matrix()[0, 0] == 0


def test_signatures():
    signature = GateSignature("FOO", [int], arity=lambda n: n, matrix_generator=phases)
    assert (signature.nb_args, signature.parameters, signature.arity, signature.get_arity(3)) == (1, [0], None, 3)
    assert signature.get_matrix(2).shape == (4, 4) and signature.get_circuit(1) is None
    assert signature.check_arity([0, 1], [2]) and not signature.check_arity([0], [2])
    assert GateSignature("FREE", []).check_arity([0, 1, 2]) and GateSignature("FREE", []).get_matrix() is None
    signature.set_matrix_generator(lambda n: np.zeros((1, n)))
    signature.set_circuit_generator(lambda n: f"circuit of {n}")
    assert signature.get_matrix(3).shape == (1, 3) and signature.get_circuit(2) == "circuit of 2"
    assert copy.copy(signature) == signature != GateSignature("BAR", [])
    assert str(signature).startswith("FOO : 1 params of types [<class 'int'>]") and "FOO" in repr(signature)


def test_wrong_parameters():
    rotation = default_gate_set()["RX"]
    with pytest.raises(WrongArgumentsNumber, match=r"RX requires 1 argument\(s\) \(2 given\)\."):
        rotation.get_matrix(1.0, 2.0)
    with pytest.raises(WrongArgumentType, match="s is not compatible with type <class 'float'>"):
        rotation.get_matrix("s")


def test_gate_sets_refuse_two_gates_of_one_name():
    gates = GateSet({"FOO": GateSignature("FOO", [int])})
    with pytest.raises(GateSyntaxRedefinition, match="already a gate syntax with name FOO"):
        gates.add_signature(GateSignature("FOO", [int]))
    with pytest.raises(GateSyntaxRedefinition):
        gates.union(GateSet({"FOO": GateSignature("FOO", [float])}))
    assert gates.union(gates) == gates
    assert [*gates.union(default_gate_set())][:2] == ["FOO", "X"] and len(gates + default_gate_set()) == 18


def test_unknown_gates_and_things_that_are_no_gates():
    with pytest.raises(UnknownGate, match="No known signature for gate named NO"):
        default_gate_set()["NO"]
    with pytest.raises(TypeError, match="3 is not a gate signature"):
        GateSet({"FOO": 3})


def test_types():
    assert [convert_type(each) for each in (int, float, str, np.ndarray, complex, dict)] == [0, 1, 2, 3, 4, 4]
    assert [revert_type(each) for each in (0, 1, 2, 3)] == [int, float, str, np.ndarray]
    accepted = [
        (float, 1),
        (float, np.float64(1)),
        (int, np.int64(1)),
        (str, "a"),
        (float, A),
        (complex, 1j),
        (dict, {}),
    ]
    refused = [(int, 1.0), (float, "a"), (str, 1), (float, 1j), (dict, [])]
    assert all(is_type(*pair) for pair in accepted) and not any(is_type(*pair) for pair in refused)


# ---------------------------------------------------------------- matrices


def test_every_gate_has_its_generating_function():
    assert {*matrix_util.get_predef_generator()} | {*matrix_util.get_param_generator()} == {*GATES}
    for name, record in GATES.items():
        generate = getattr(matrix_util, f"gen_{name.lower()}")
        parameters = [0.3] * record.nb_parameters
        assert generate.__name__ == f"gen_{name.lower()}" and np.allclose(
            generate(*parameters), gate_matrix(name, parameters)
        )
    with pytest.raises(TypeError, match=r"gen_rx\(\) takes 1 angles, got 0"):
        matrix_util.gen_rx()
    assert np.allclose(matrix_util.PREDEF_GENERATOR["H"], gate_matrix("H"))


def test_conversions_of_matrices():
    matrix = haar(2, 1)
    record = matrix_util.np_to_circ(matrix)
    assert (record.nRows, record.nCols, len(record.data)) == (4, 4, 16)
    assert record.data[1] == ComplexNumber(matrix[0, 1].real, matrix[0, 1].imag)
    assert np.array_equal(matrix_util.circ_to_np(record), matrix)
    assert matrix_util.compare_thrift_matrices(record, matrix_util.np_to_circ(matrix + 1e-9))
    assert not matrix_util.compare_thrift_matrices(record, matrix_util.np_to_circ(np.eye(2)))
    assert matrix_util.cn_to_np(matrix_util.np_to_cn(1 - 2j)) == 1 - 2j
    with pytest.raises(ValueError, match=r"2 rows and 2 columns has 1 entries in its data: expected 4"):
        matrix_array(Matrix(2, 2, [ComplexNumber(1.0)]))


def test_operations_on_matrices():
    matrix = haar(1, 3)
    assert np.allclose(matrix_util.dag(matrix), matrix.conj().T)
    assert np.allclose(matrix_util.conj(matrix), matrix.conj()) and np.allclose(matrix_util.transp(matrix), matrix.T)
    assert np.allclose(matrix_util.extract_one_ctrl(matrix_util.ctrl(matrix)), matrix)
    assert matrix_util.is_ctrl(matrix_util.ctrl(matrix)) and not matrix_util.is_ctrl(matrix)
    assert matrix_util.is_unitary(matrix) and not matrix_util.is_unitary(2 * matrix)
    assert matrix_util.get_arity(matrix_util.ctrl(matrix, 2)) == 3
    for wrong in (np.eye(3), np.ones(4), np.eye(1)):
        with pytest.raises(ValueError, match=r"shape \(2\*\*n, 2\*\*n\) for n qubits"):
            matrix_util.get_arity(wrong)


@pytest.mark.parametrize("angle", [0.3, -2.0, 3.0, 5.0, -6.0])
@pytest.mark.parametrize("name", ["rx", "ry", "rz", "ph"])
def test_angles_of_matrices(name, angle):
    matrix = getattr(matrix_util, f"gen_{name}")(angle)
    found = getattr(matrix_util, f"arg_{name}")(matrix)
    assert np.allclose(getattr(matrix_util, f"gen_{name}")(found), matrix)
    assert getattr(matrix_util, f"is_{name}")(matrix) and not getattr(matrix_util, f"is_{name}")(haar(1, 4))


def test_matrix_in_aqasm():
    assert matrix_util.print_aqasm_matrix(matrix_record([[0.5, 1j]])) == "[[(0.5,0.0)(0.0,1.0)]]"


# ---------------------------------------------------------------- parameters and records


@pytest.mark.parametrize(
    ("value", "kind", "field"),
    [
        (0.3, float, "double_p"),
        (3, int, "int_p"),
        ("s", str, "string_p"),
        (3, float, "double_p"),
        (np.float64(0.5), 1, "double_p"),
    ],
)
def test_simple_parameters(value, kind, field):
    param = convert_parameter(value, kind)
    assert getattr(param, field) == value and param.is_abstract is None and revert_parameter(param) == value


def test_other_parameters():
    assert convert_parameter(1 + 2j, complex) == Param(type=5, complex_p=ComplexNumber(1.0, 2.0))
    assert revert_parameter(convert_parameter(1 + 2j, complex)) == 1 + 2j
    matrix = convert_parameter(np.eye(2), np.ndarray)
    assert matrix.type == 3 and np.array_equal(revert_parameter(matrix), np.eye(2))
    assert convert_parameter(2 * A + 1, float) == Param(is_abstract=True, string_p="+ * 2 a 1")
    assert revert_parameter(convert_parameter(2 * A + 1, float)) == 2 * A + 1
    assert revert_parameter(convert_parameter((1, 2), tuple)) == (1, 2)


@pytest.mark.parametrize("param", [Param(), Param(type=1), Param(is_abstract=True)])
def test_parameters_without_value(param):
    with pytest.raises(ValueError, match="Could not revert parameter"):
        revert_parameter(param)


def test_records_compare_and_print_their_fields():
    assert Op("H", [0]) == Op("H", [0]) != Op("H", [1]) and Op("H", [0]) != GSyntax("H", [])
    assert repr(Op("CNOT", [0, 2])) == "Op(gate='CNOT', qbits=[0, 2], type=0, cbits=None, formula=None, remap=None)"
    assert repr(QRegister(2, 0)) == "QRegister(length=2, start=0, msb=None, _subtype_metadata=None)"
    with pytest.raises(TypeError, match="unhashable"):
        hash(Op())


def test_positional_order_of_fields():
    definition = GateDefinition("_0", 1, None, False, True, None, None, "T", None, None, None)
    assert (definition.arity, definition.is_dag, definition.subgate) == (1, True, "T")
    op = Op("H", [0], 4, [1], "f", [2])
    assert (op.type, op.cbits, op.formula, op.remap) == (4, [1], "f", [2])
    param = Param(None, 1, 2, 3.0, "s", None, b"x", None)
    assert (param.int_p, param.double_p, param.string_p, param.serialized_p) == (2, 3.0, "s", b"x")
