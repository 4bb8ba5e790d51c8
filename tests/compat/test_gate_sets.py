"""Gate sets, signatures and matrices of the predefined gates, as programs use them."""

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
)

CONSTANTS = ("X", "Y", "Z", "H", "CNOT", "CSIGN", "ISWAP", "SQRTSWAP", "I", "SWAP", "CCNOT", "S", "T")
ROTATIONS = ("PH", "RZ", "RX", "RY")


def test_the_default_gate_set():
    gates = default_gate_set()
    assert isinstance(gates, GateSet) and tuple(gates) == CONSTANTS + ROTATIONS
    assert "RX" in gates and "FOO" not in gates and gates["RX"].arg_types == [float]
    assert [(gates[name].nb_args, gates[name].arity) for name in ("X", "SWAP", "CCNOT", "RX")] == [
        (0, 1), (0, 2), (0, 3), (1, 1)
    ]  # fmt: skip
    with pytest.raises(UnknownGate):
        gates["FOO"]


def test_signatures():
    signature = GateSignature("A", [int], lambda n: n, matrix_generator=lambda n: np.eye(2**n))
    assert (signature.name, signature.nb_args, signature.arity, signature.get_arity(3)) == ("A", 1, None, 3)
    assert signature.get_matrix(2).shape == (4, 4)
    assert GateSignature("B", [float], 1).arity == 1


def test_growing_and_joining():
    first, second, clash = GateSet(), GateSet(), GateSet()
    first.add_signature(GateSignature("A", [float], 1))
    second.add_signature(GateSignature("B", [], 2))
    assert list(first.union(second)) == ["A", "B"] and list(first) == ["A"]
    with pytest.raises(GateSyntaxRedefinition):
        first.add_signature(GateSignature("A", [int], 2))
    clash.add_signature(GateSignature("H", [float], 1))
    with pytest.raises(GateSyntaxRedefinition):
        default_gate_set().add_signature(clash["H"])


def test_errors_can_be_imported_and_caught():
    assert all(issubclass(error, Exception) for error in (WrongArgumentsNumber, WrongArgumentType, UnknownGate))


@pytest.mark.parametrize("name", CONSTANTS)
def test_matrices_without_parameters(name):
    matrix = np.asarray(matrix_util.get_predef_generator()[name])
    assert np.array_equal(matrix, default_gate_set()[name].get_matrix())
    assert np.array_equal(matrix, getattr(matrix_util, f"gen_{name.lower()}")())


@pytest.mark.parametrize("name", ROTATIONS)
def test_matrices_with_an_angle(name):
    matrix = matrix_util.get_param_generator()[name](0.3)
    assert np.array_equal(matrix, default_gate_set()[name].get_matrix(0.3))
    assert np.array_equal(matrix, getattr(matrix_util, f"gen_{name.lower()}")(0.3))


def test_square_root_of_swap():
    half = np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2
    assert np.allclose(default_gate_set()["SQRTSWAP"].get_matrix()[1:3, 1:3], half)


def test_matrices_travel_as_records():
    matrix = np.array([[0, 1j], [1, 0]])
    record = matrix_util.np_to_circ(matrix)
    assert (record.nRows, record.nCols, len(record.data), record.data[1].im) == (2, 2, 4, 1.0)
    assert np.array_equal(matrix_util.circ_to_np(record), matrix)
