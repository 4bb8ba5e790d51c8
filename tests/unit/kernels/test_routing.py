"""Routing keeps what circuits do, whatever the device, and ends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.kernels.gates import GATES, GateForm
from qat.kernels.numpy_engine import NumpyEngine
from qat.kernels.routing import Coupling, RoutingError, decomposed, route
from qat.kernels.tape import Row, TapeBuilder
from qat.kernels.tape_algebra import tape_of

SINGLE = ["H", "T", "X", "S", "Y"]
DOUBLE = ["CNOT", "CSIGN", "ISWAP", "SQRTSWAP"]


@st.composite
def circuits(draw, max_qubits=5):
    nb_qubits = draw(st.integers(2, max_qubits))
    builder = TapeBuilder()
    for _ in range(draw(st.integers(0, 25))):
        name = draw(st.sampled_from(SINGLE + DOUBLE * 2))
        qubits = draw(st.permutations(range(nb_qubits)))[: GATES[name].arity]
        builder.gate(builder.form(GateForm(GATES[name])), qubits)
    return builder.tape(nb_qubits)


@st.composite
def couplings(draw, nb_qubits):
    """A random connected device: a random tree and some edges more."""
    edges = [(qubit, draw(st.integers(0, qubit - 1))) for qubit in range(1, nb_qubits)]
    more = draw(st.lists(st.tuples(*[st.integers(0, nb_qubits - 1)] * 2), max_size=3))
    return Coupling(nb_qubits, edges + more)


def amplitudes_at(tape, places):
    """State of a routed tape, axis k being the qubit that ended at places[k]; idle qubits are left in 0."""
    state = NumpyEngine().state(tape).reshape([2] * tape.nb_qubits)
    idle = sorted(set(range(tape.nb_qubits)) - set(places))
    return state.transpose([*places, *idle]).reshape(2 ** len(places), -1)


@given(tape=circuits(), data=st.data())
def test_routed_circuits_do_the_same(tape, data):
    coupling = data.draw(couplings(tape.nb_qubits + data.draw(st.integers(0, 2))))
    routed = route(tape, coupling, nb_improvements=data.draw(st.integers(0, 2)))
    for row in routed.tape.rows():
        assert len(row.qubits) < 2 or coupling.distances[row.qubits] == 1
    state = amplitudes_at(routed.tape, routed.final)
    assert np.allclose(state[:, 0], NumpyEngine().state(tape))
    assert np.allclose(state[:, 1:], 0)
    assert sorted({*routed.final}) == sorted(routed.final)
    assert len(routed.tape) == len(tape) + routed.nb_swaps


def line(nb_qubits):
    return Coupling(nb_qubits, [(qubit, qubit + 1) for qubit in range(nb_qubits - 1)])


def test_local_circuits_stay():
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(GATES["CNOT"])), (1, 0))
    routed = route(builder.tape(2), line(2))
    assert [(row.form.syntax, row.qubits) for row in routed.tape.rows()] == [("CNOT", (1, 0))]
    assert routed.final == (0, 1)


def test_a_better_start_saves_swaps():
    builder = TapeBuilder()
    for _ in range(3):
        for pair in ((0, 4), (1, 3), (0, 2)):
            builder.gate(builder.form(GateForm(GATES["CNOT"])), pair)
    tape = builder.tape(5)
    assert route(tape, line(5), nb_improvements=3).nb_swaps < route(tape, line(5)).nb_swaps


def test_long_circuits_on_long_lines_end():
    rng = np.random.default_rng(1)
    builder = TapeBuilder()
    for _ in range(600):
        builder.gate(builder.form(GateForm(GATES["CNOT"])), rng.permutation(20)[:2].tolist())
    routed = route(builder.tape(20), line(20))
    assert len(routed.tape) == 600 + routed.nb_swaps


def test_large_gates_are_decomposed():
    row = Row(0, GateForm(GATES["CCNOT"]), (), (2, 0, 1), None)
    small = tape_of(decomposed([row]), 3)
    assert max(len(step.qubits) for step in small.rows()) == 2
    assert np.allclose(NumpyEngine().unitary(small), NumpyEngine().unitary(tape_of([row], 3)))


def test_bad_input():
    with pytest.raises(RoutingError, match="couples qubits 0 and 5, but the device has 3"):
        Coupling(3, [(0, 5)])
    with pytest.raises(RoutingError, match="4 qubits and the device 3"):
        route(TapeBuilder().tape(4), line(3))
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(GATES["CNOT"])), (0, 2))
    with pytest.raises(RoutingError, match="no path joins these"):
        route(builder.tape(3), Coupling(3, [(0, 1)]))
    row = Row(0, GateForm(GATES["CCNOT"], nb_controls=1), (), (0, 1, 2, 3), None)
    with pytest.raises(RoutingError, match=r"C-CCNOT acts on 4 qubits \[0, 1, 2, 3\]"):
        list(decomposed([row]))
