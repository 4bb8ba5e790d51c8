"""Native gates of machines, against matrices worked out by hand."""

import cmath
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from qat.lang import vendors
from qat.lang.AQASM import RX, RY, RZ
from qat.lang.vendors.common_gates import family
from tests.oracle import PAULIS, base_matrix
from tests.unit.lang.acting import unitary_of

X, Y, Z = (PAULIS[letter] for letter in "XYZ")


def exponential(pauli: Any, angle: float) -> Any:
    return math.cos(angle / 2) * np.eye(len(pauli)) - 1j * math.sin(angle / 2) * pauli


CASES: list[tuple[Any, Any]] = [
    (vendors.PRX(0.4, 0.0), base_matrix("RX", [0.4])),
    (vendors.PRX(0.4, math.pi / 2), base_matrix("RY", [0.4])),
    (vendors.PRX(0.4, 0.3), exponential(math.cos(0.3) * X + math.sin(0.3) * Y, 0.4)),
    (vendors.RXX(0.7), exponential(np.kron(X, X), 0.7)),
    (vendors.RZZ(0.7), exponential(np.kron(Z, Z), 0.7)),
    (vendors.ZZ, cmath.exp(0.25j * math.pi) * exponential(np.kron(Z, Z), math.pi / 2)),
    (vendors.SX, cmath.exp(0.25j * math.pi) * exponential(X, math.pi / 2)),
    (vendors.ECR, (np.kron(X, np.eye(2)) - np.kron(Y, X)) / math.sqrt(2)),
    (vendors.K(0.3), exponential(math.cos(0.3) * X + math.sin(0.3) * Y, math.pi / 2)),
    (vendors.GPi2(0.3), exponential(math.cos(0.3) * X + math.sin(0.3) * Y, math.pi / 2)),
    (vendors.GPi(0.3), math.cos(0.3) * X + math.sin(0.3) * Y),
    (vendors.PMS(0.0, 0.0, 0.7), exponential(np.kron(X, X), 0.7)),
    (vendors.PMS(math.pi / 2, 0.0, 0.7), exponential(np.kron(Y, X), 0.7)),
]


@pytest.mark.parametrize("index", range(len(CASES)))
def test_matrix(index: int) -> None:
    gate, expected = CASES[index]
    assert np.allclose(unitary_of(gate), expected)
    assert np.allclose(unitary_of(gate.dag()), np.conj(np.transpose(expected)))


@pytest.mark.parametrize(
    ("gate_set", "names"),
    [
        (vendors.aqt_gate_set(), ["RZ", "PRX", "RXX"]),
        (vendors.iqm_gate_set(), ["PRX", "RZ", "CSIGN"]),
        (vendors.quobly_gate_set(), ["K", "ZZ", "RZ"]),
        (vendors.ibm_gate_set(), ["CSIGN", "I", "RX", "RZ", "SX", "X"]),
        (vendors.ibm_gate_set("heron"), ["CSIGN", "I", "RX", "RZ", "RZZ", "SX", "X"]),
        (vendors.ibm_gate_set("falcon"), ["CNOT", "I", "RZ", "SX", "X"]),
        (vendors.ionq_gate_set(), ["GPi", "GPi2", "ZZ"]),
        (vendors.ionq_gate_set("aria"), ["GPi", "GPi2", "PMS"]),
    ],
)
def test_gate_sets(gate_set: Any, names: Sequence[str]) -> None:
    assert list(gate_set) == names


def test_matrices_of_gate_sets() -> None:
    assert np.allclose(vendors.ibm_gate_set()["RX"].get_matrix(0.3), base_matrix("RX", [0.3]))
    assert np.allclose(vendors.iqm_gate_set()["PRX"].get_matrix(0.3, 0.0), base_matrix("RX", [0.3]))


def test_unknown_family() -> None:
    with pytest.raises(ValueError, match="Unsupported target ibm processor: osprey; use one of nighthawk"):
        vendors.ibm_gate_set("osprey")
    with pytest.raises(ValueError, match="use one of a, b"):
        family("c", "nobody", {"a": (RX,), "b": (RY, RZ)})
