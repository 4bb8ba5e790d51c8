"""Random circuits for the engine tests, as tapes and as the oracle's operations."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from qat.kernels.gates import GATES, GateForm, GateRecord, matrix_gate
from qat.kernels.tape import Tape, TapeBuilder

angles = st.floats(-7, 7, allow_nan=False, width=32)


class RandomGate(NamedTuple):
    """A gate on a tape: its form, parameters and qubits."""

    form: GateForm
    parameters: tuple[float, ...]
    qubits: tuple[int, ...]


def haar(nb_qubits: int, seed: int) -> np.ndarray:
    """A random unitary."""
    rng = np.random.default_rng(seed)
    gaussian = rng.normal(size=(2**nb_qubits, 2**nb_qubits, 2)) @ (1, 1j)
    return np.linalg.qr(gaussian)[0]


CUSTOM = {f"U{k}": matrix_gate(haar(k, k), name=f"U{k}") for k in (1, 2, 3)}


def rotation_about_x_then_z(first: float, second: float) -> np.ndarray:
    """A two-parameter matrix that takes no arrays."""
    return GATES["RZ"].matrix(float(second)) @ GATES["RX"].matrix(float(first))


TWO_ANGLES = GateRecord(name="XZ", arity=1, parameters=(float, float), matrix=rotation_about_x_then_z)
RECORDS = [*GATES.values(), *CUSTOM.values(), TWO_ANGLES]


@st.composite
def gates(draw: st.DrawFn, nb_qubits: int, records: list[GateRecord] = RECORDS) -> RandomGate:
    """A gate with random controls, marks, angles and places."""
    record = draw(st.sampled_from([record for record in records if record.arity <= nb_qubits]))
    nb_controls = draw(st.integers(0, min(3, nb_qubits - record.arity)))
    marks = [draw(st.booleans()) for _ in range(3)]
    form = GateForm(record, nb_controls, *marks)
    qubits = tuple(draw(st.permutations(range(nb_qubits))))[: form.arity]
    return RandomGate(form, tuple(draw(angles) for _ in record.parameters), qubits)


@st.composite
def circuits(draw: st.DrawFn, max_qubits: int = 5, max_gates: int = 12) -> tuple[int, list[RandomGate]]:
    """A number of qubits and gates."""
    nb_qubits = draw(st.integers(1, max_qubits))
    return nb_qubits, draw(st.lists(gates(nb_qubits), max_size=max_gates))


def tape_of_gates(nb_qubits: int, content: list[RandomGate]) -> Tape:
    """The gates as a tape."""
    builder = TapeBuilder()
    for gate in content:
        builder.gate(builder.form(gate.form), gate.qubits, gate.parameters)
    return builder.tape(nb_qubits)


def named_tape(nb_qubits: int, *content: tuple) -> Tape:
    """A tape from ``(name, qubits, *parameters)``."""
    builder = TapeBuilder()
    for name, qubits, *parameters in content:
        builder.gate(builder.form(GateForm(GATES[name])), qubits, parameters)
    return builder.tape(nb_qubits)


def operations(content: list[RandomGate]) -> list[tuple[str, list[float], list[int]]]:
    """The gates as the oracle reads them; two-angle gates get a name of their own for each pair of values."""
    return [(gate.form.syntax, list(gate.parameters), list(gate.qubits)) for gate in content]
