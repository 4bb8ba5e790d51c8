"""What is written on gates."""

import math

import numpy as np
import pytest

from qat.display.labels import MAX_LABEL, angle_text, gate_label, parameter_text, shortened, to_ascii
from qat.kernels.gates import GATES, GateForm, GateRecord, matrix_gate


@pytest.mark.parametrize(
    ("angle", "expected"),
    [
        (0.0, "0"),
        (math.pi, "π"),
        (-math.pi / 2, "-π/2"),
        (3 * math.pi / 4, "3π/4"),
        (2 * math.pi / 3, "2π/3"),
        (2 * math.pi, "2π"),
        (math.pi / 256, "π/256"),
        (0.3333333, "0.3333"),
        (1e-7, "1e-07"),
        (12.5, "12.5"),
        (1e6 * math.pi, "3.142e+06"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_angles(angle: float, expected: str) -> None:
    assert angle_text(angle) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, "3"),
        ("up", "up"),
        (1 + 2j, "1+2j"),
        (np.eye(2), "[2\N{MULTIPLICATION SIGN}2]"),
        (np.float64(math.pi), "π"),
        ([1, 2], "[1, 2]"),
    ],
)
def test_parameters(value: object, expected: str) -> None:
    assert parameter_text(value) == expected


def test_marks_and_controls() -> None:
    form = GateForm(GATES["T"], nb_controls=2, is_dag=True, is_conj=True)
    assert gate_label(form, ()) == "T†*"
    assert gate_label(form, (), ascii_only=True) == "S-D-T"


def test_renamed_gate() -> None:
    assert gate_label(GateForm(GATES["RX"], is_dag=True), (0.5,), renaming={"RX": "rot"}) == "rot†(0.5)"


def test_matrix_gates_are_called_u() -> None:
    assert gate_label(GateForm(matrix_gate(np.eye(2))), ()) == "U"


def test_long_labels_lose_parameters_first() -> None:
    record = GateRecord(name="MODULAR_EXPONENTIAL", arity=3, label="MODULAR_EXPONENTIAL")
    assert gate_label(GateForm(record), (8, 4, 2, 15)) == "MODULAR_EXPONENTIAL(…)"
    assert gate_label(GateForm(record), ("abcdefghijkl",)) == "MODULAR_EXPONENTIAL(abcdef…)"
    assert len(shortened("x" * 100)) == MAX_LABEL


def test_ascii_never_leaves_other_characters() -> None:
    assert to_ascii("2π…") == "2pi.."
    assert to_ascii("θ") == "?"
