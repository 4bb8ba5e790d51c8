"""The benchmark's definitions: the same every time, and what they claim to be."""

import hashlib

import numpy as np
import pytest

from benchmarks.engine import workloads as w
from benchmarks.engine.peers import own_engine
from benchmarks.engine.peers.base import overlaps

STATES = [name for name, workload in w.WORKLOADS.items() if workload.kind == "state"]


@pytest.mark.parametrize("name", w.WORKLOADS)
def test_definitions_are_deterministic(name):
    workload = w.WORKLOADS[name]
    assert repr(workload.arguments(is_small=True)) == repr(workload.arguments(is_small=True))


def test_full_definitions_have_not_changed():
    """Figures of different days are comparable only as long as this fingerprint stays."""
    text = repr([w.clifford_t(20, 2000), w.regular_graph(20)])
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "92059d6c87e7ad6f"
    assert w.brickwork(20, 20).gates[0].detail[0] == pytest.approx(-0.430933562 + 0.861312939j)
    assert w.random_observable(20, 2)[1].coefficient == pytest.approx(-0.045911731)


@pytest.mark.parametrize(
    ("name", "nb_gates"), [("fourier", 240), ("brickwork", 590), ("clifford-t", 2020), ("grover", 2340)]
)
def test_sizes_of_circuits(name, nb_gates):
    (circuit,) = w.WORKLOADS[name].arguments()
    assert circuit.nb_qubits == 20
    assert len(circuit.gates) == nb_gates


def test_every_qubit_exists():
    for workload in w.WORKLOADS.values():
        for value in workload.arguments(is_small=True):
            if isinstance(value, w.Circuit):
                assert all(0 <= q < value.nb_qubits for gate in value.gates for q in gate.qubits)


def test_regular_graph():
    edges = w.regular_graph(20)
    assert len(set(edges)) == 30
    assert all(sum(node in edge for edge in edges) == 3 for node in range(20))


def test_haar_matrices_are_unitary():
    import random

    matrix = np.reshape(w.haar_matrix(random.Random(1)), (2, 2))
    np.testing.assert_allclose(matrix @ matrix.conj().T, np.eye(2), atol=1e-14)


def test_coupled_cluster_has_one_parameter_for_each_excitation():
    circuit, energy, values = w.coupled_cluster("lih_sto3g")
    assert (circuit.nb_qubits, len(values), len(energy)) == (12, 92, 631)
    assert {gate.angle.index for gate in circuit.gates if gate.angle} == set(range(92))


def test_bound_leaves_numbers_alone():
    circuit = w.Circuit(1, [w.Gate("rx", (0,), 0.25), w.Gate("ry", (0,), w.Scaled(1, -2.0)), w.Gate("h", (0,))])
    assert [gate.angle for gate in w.bound(circuit, [0.0, 0.5]).gates] == [0.25, -1.0, None]


def test_tolerances():
    assert w.WORKLOADS["fourier"].answers_tolerance(False, is_single=True) == pytest.approx(1e-4)
    assert w.WORKLOADS["shots"].answers_tolerance(False, is_single=False) == pytest.approx(0.00707, rel=1e-3)


def dense(circuit):
    """The state by matrices, independent of every adapter; qubit 0 is the first axis."""
    one = {
        "h": np.array([[1, 1], [1, -1]]) / np.sqrt(2),
        "x": np.array([[0, 1], [1, 0]]),
        "s": np.diag([1, 1j]),
        "t": np.diag([1, np.exp(0.25j * np.pi)]),
        "tdg": np.diag([1, np.exp(-0.25j * np.pi)]),
    }
    state = np.zeros((2,) * circuit.nb_qubits, complex)
    state[(0,) * circuit.nb_qubits] = 1
    for gate in circuit.gates:
        slices = [slice(None)] * circuit.nb_qubits
        if gate.name in ("cp", "mcz"):
            for qubit in gate.qubits:
                slices[qubit] = 1
            state[tuple(slices)] *= -1 if gate.name == "mcz" else np.exp(1j * gate.angle)
        elif gate.name == "swap":
            state = np.swapaxes(state, *gate.qubits)
        elif gate.name == "cx":
            slices[gate.qubits[0]] = 1
            target = gate.qubits[1] - (gate.qubits[1] > gate.qubits[0])
            state[tuple(slices)] = np.flip(state[tuple(slices)], target).copy()
        else:
            cosine, sine = np.cos((gate.angle or 0) / 2), np.sin((gate.angle or 0) / 2)
            matrix = one.get(gate.name)
            matrix = np.array([[cosine, -sine], [sine, cosine]]) if gate.name == "ry" else matrix
            matrix = np.reshape(gate.detail, (2, 2)) if gate.name == "unitary" else matrix
            state = np.moveaxis(np.tensordot(matrix, state, (1, gate.qubits[0])), 0, gate.qubits[0])
    return state.reshape(-1)


@pytest.mark.parametrize("name", STATES)
def test_numpy_engine_agrees_with_dense_matrices(name):
    (circuit,) = w.WORKLOADS[name].arguments(is_small=True)
    run = own_engine.Adapter(1, engine="numpy").state(circuit)
    np.testing.assert_allclose(run.answer(run.call()), overlaps(dense(circuit), circuit.nb_qubits), atol=1e-9)


def test_overlaps_know_the_order_of_qubits():
    rng = np.random.default_rng(3)
    vector = rng.normal(size=8) + 1j * rng.normal(size=8)
    reversed_qubits = vector.reshape(2, 2, 2).transpose(2, 1, 0).reshape(-1)
    expected = overlaps(vector, 3)
    np.testing.assert_allclose(overlaps(np.exp(0.7j) * reversed_qubits, 3, is_little_endian=True), expected, atol=1e-12)
    assert not np.allclose(overlaps(reversed_qubits, 3), expected)
