"""Multiplexors and the loading of data."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from qat.lang.AQASM import RX, RY, RZ
from qat.lang.models import KPTree, gray_code, multiplexor
from tests.oracle import base_matrix
from tests.unit.lang.acting import unitary_of


def test_gray_code() -> None:
    words = gray_code(3)
    assert words == ["000", "001", "011", "010", "110", "111", "101", "100"]


@pytest.mark.parametrize("gate", ["RY", "RZ"])
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_multiplexor(gate: str, depth: int) -> None:
    angles = np.random.default_rng(depth).normal(size=2**depth)
    matrix = unitary_of(multiplexor(depth, angles, {"RY": RY, "RZ": RZ}[gate]))
    for index, angle in enumerate(angles):
        block = slice(2 * index, 2 * index + 2)
        assert np.allclose(matrix[block, block], base_matrix(gate, [angle]))


def test_multiplexor_takes_as_many_rotations_as_angles() -> None:
    assert len(multiplexor(3, np.ones(8), RY).op_list) == 16
    assert len(multiplexor(3, np.ones(8), RY, initial=False).op_list) == 15


def test_rotation_must_be_turned_by_x() -> None:
    assert not np.allclose(unitary_of(multiplexor(1, [0.1, 0.2], RX))[2:, 2:], base_matrix("RX", [0.2]))


@pytest.mark.parametrize(
    "data", [[1.0, 2, 3, 4], [0.5, -0.5, 0.5, 0.5], [-1.0, 2.0], [0, 0, 0, 1.0], [3.0], [1.0, 2, 3], [0, -1.0, 0, 0]]
)
def test_loading_a_vector(data: list[float]) -> None:
    routine = KPTree(np.array(data)).get_routine()
    size = 2**routine.arity
    expected = np.zeros(size)
    expected[: len(data)] = np.array(data) / np.linalg.norm(data)
    assert size == 1 or np.allclose(unitary_of(routine)[:, 0], expected)


def test_loading_rows_by_address() -> None:
    data = np.arange(1.0, 9.0).reshape(4, 2)
    matrix = unitary_of(KPTree(data).get_routine(1))
    for row in range(4):
        block = matrix[2 * row : 2 * row + 2, 2 * row]
        assert np.allclose(block, data[row] / np.linalg.norm(data[row]))


def test_axes_are_filled_up() -> None:
    tree = KPTree(np.array([[1.0, 2, 3], [4, 5, 6]]))
    expected = np.array([1, 2, 3, 0, 4, 5, 6, 0]) / np.sqrt(91)
    assert np.allclose(unitary_of(tree.get_routine())[:, 0], expected)


def test_published_gates() -> None:
    circuit = KPTree(np.array([1.0, 2.0, 3.0, 4.0])).get_routine().to_circ()
    found = [(name, [round(p, 9) for p in parameters], qubits) for name, parameters, qubits in circuit.iterate_simple()]
    assert found == [
        ("RY", [2.300523983], [0]), ("RY", [2.034443936], [1]), ("CNOT", [], [0, 1]),
        ("RY", [0.1798535], [1]), ("CNOT", [], [0, 1]),
    ]  # fmt: skip


@given(arrays(np.float64, st.sampled_from([2, 4, 8]), elements=st.floats(-5, 5, width=16)))
def test_any_vector(data: Any) -> None:
    norm = np.linalg.norm(data)
    if norm > 1e-3:
        assert np.allclose(unitary_of(KPTree(data).get_routine())[:, 0], data / norm, atol=1e-7)


def test_complex_data_are_refused() -> None:
    with pytest.raises(ValueError, match="real numbers"):
        KPTree(np.array([1, 1j]))


@pytest.mark.parametrize("count", [-1, 2])
def test_address_axes_must_exist(count: int) -> None:
    with pytest.raises(ValueError, match="expected 0 to 1"):
        KPTree(np.ones(4)).get_routine(count)
