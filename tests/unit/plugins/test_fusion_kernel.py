"""Fusing gates keeps the circuit's matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.kernels.fusion import fuse
from qat.kernels.gates import GATES, GateForm
from qat.kernels.tape import Classical, Kind, Tape, TapeBuilder

NB_QUBITS = 4
NAMES = sorted(name for name in GATES if name != "I")


def first_fit(limit):
    def choose(groups, qubits):
        return next((group for group in groups if len(group.qubits) + group.nb_added(qubits) <= limit), None)

    return choose


@st.composite
def tapes(draw):
    builder = TapeBuilder()
    for _ in range(draw(st.integers(0, 25))):
        record = GATES[draw(st.sampled_from(NAMES))]
        form = GateForm(record, nb_controls=draw(st.integers(0, 1)), is_dag=draw(st.booleans()))
        qubits = draw(st.permutations(range(NB_QUBITS)))[: form.arity]
        angles = [draw(st.floats(-3, 3)) for _ in record.parameters]
        builder.gate(builder.form(form), qubits, angles)
    return builder.tape(NB_QUBITS)


def unitary(tape: Tape):
    """Dense matrix of a tape, by Kronecker products and permutations of axes."""
    total = np.eye(1 << tape.nb_qubits, dtype=complex)
    for row in tape.rows():
        rest = [qubit for qubit in range(tape.nb_qubits) if qubit not in row.qubits]
        wide = np.kron(row.form.full_matrix(*row.parameters), np.eye(1 << len(rest)))
        order = np.argsort([*row.qubits, *rest])
        n = tape.nb_qubits
        moved = wide.reshape([2] * (2 * n)).transpose([*order, *(n + order)])
        total = moved.reshape(1 << n, 1 << n) @ total
    return total


@given(tapes(), st.integers(1, 4))
def test_fusing_is_exact(tape, limit):
    fused = fuse(tape, first_fit(limit), qubit_limit=limit)
    assert len(fused) <= len(tape)
    assert np.allclose(unitary(fused), unitary(tape), atol=1e-12)


@given(tapes())
def test_groups_stay_below_the_limit(tape):
    sizes = [
        len(row.qubits)
        for row in fuse(tape, first_fit(2), qubit_limit=2).rows()
        if row.form.record.name == "CustomGate"
    ]
    assert all(size <= 2 for size in sizes)


def test_lone_and_symbolic_gates_keep_their_names():
    class Symbolic:
        def get_variables(self):
            return ["a"]

    builder = TapeBuilder()
    for name, qubits, parameters in (("H", [0], []), ("RX", [0], [Symbolic()]), ("H", [0], []), ("X", [1], [])):
        builder.gate(builder.form(GateForm(GATES[name])), qubits, parameters)
    fused = fuse(builder.tape(2), first_fit(1), qubit_limit=1)
    assert [row.form.syntax for row in fused.rows()] == ["H", "RX", "H", "X"]


def test_large_gates_are_never_expanded():
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(GATES["X"], nb_controls=39)), range(40))
    assert [row.form.syntax for row in fuse(builder.tape(40), first_fit(3)).rows()] == ["C-" * 39 + "X"]


def test_measurements_are_refused():
    builder = TapeBuilder()
    builder.classical(Kind.MEASURE, [0], Classical((0,)))
    with pytest.raises(ValueError, match="plain gates"):
        fuse(builder.tape(1, 1), first_fit(3))
