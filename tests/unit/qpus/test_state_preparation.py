"""The gate STATE_PREPARATION."""

import pickle

import numpy as np
import pytest

from qat.comm.exceptions.ttypes import ErrorType, QPUException
from qat.core import Circuit
from qat.core.simutil import wavefunction
from qat.kernels.preparation import MAX_PREPARED_QUBITS, PreparationError, PreparationMatrix
from qat.lang.AQASM import AbstractGate, H, Program, QRoutine, X
from qat.qpus import LinAlg, PyLinalg

STATE_PREPARATION = AbstractGate("STATE_PREPARATION", [np.ndarray])
STATE = np.array([1, 2, 3j, 4]) / np.sqrt(30)
RNG = np.random.default_rng(7)


def circuit(*uses, nbqbits=2) -> Circuit:
    prog = Program()
    qbits = prog.qalloc(nbqbits)
    for gate, *places in uses:
        gate([qbits[place] for place in places])
    return prog.to_circ()


@pytest.mark.parametrize("nb_qubits", [1, 2, 5, MAX_PREPARED_QUBITS])
def test_the_matrix_is_unitary_and_begins_with_the_state(nb_qubits):
    state = RNG.normal(size=2**nb_qubits) + 1j * RNG.normal(size=2**nb_qubits)
    state /= np.linalg.norm(state)
    matrix = PreparationMatrix(nb_qubits)(state)
    assert np.array_equal(matrix[:, 0], state)
    assert np.allclose(matrix.conj().T @ matrix, np.eye(2**nb_qubits), atol=1e-12)


@pytest.mark.parametrize("state", [[1, 0], [-1, 0], [1j, 0], [0, 1], [0, -1j], [0.6, -0.8]])
def test_states_on_the_axes(state):
    matrix = PreparationMatrix(1)(np.array(state))
    assert np.allclose(matrix[:, 0], state) and np.allclose(matrix.conj().T @ matrix, np.eye(2))


@pytest.mark.parametrize("state", [STATE, STATE.reshape(4, 1), STATE.reshape(1, 4)], ids=["vector", "column", "row"])
def test_it_prepares_the_state(state):
    assert np.allclose(wavefunction(circuit((STATE_PREPARATION(state), 0, 1)), PyLinalg()), STATE, atol=1e-15)


def test_it_acts_on_the_qubits_it_is_given():
    swapped = wavefunction(circuit((STATE_PREPARATION(STATE), 1, 0)), LinAlg())
    assert np.allclose(swapped, STATE[[0, 2, 1, 3]])
    assert np.allclose(wavefunction(circuit((STATE_PREPARATION(STATE), 1, 2), nbqbits=3), LinAlg()), [*STATE, *[0] * 4])


def test_inverse_and_control():
    gate = STATE_PREPARATION(STATE)
    assert np.allclose(wavefunction(circuit((gate, 0, 1), (gate.dag(), 0, 1)), LinAlg()), [1, 0, 0, 0])
    controlled = circuit((X, 0), (gate.ctrl(), 0, 1, 2), nbqbits=3)
    assert np.allclose(wavefunction(controlled, LinAlg()), [0, 0, 0, 0, *STATE])


def test_in_a_routine():
    routine = QRoutine()
    wires = routine.new_wires(2)
    routine.apply(STATE_PREPARATION(STATE), wires)
    routine.apply(H, wires[0])
    expected = np.kron([[1, 1], [1, -1]], np.eye(2)) @ STATE / np.sqrt(2)
    assert np.allclose(wavefunction(circuit((routine, 0, 1)), LinAlg()), expected)


def test_it_is_known_by_name_in_views_and_files(tmp_path):
    circ = circuit((STATE_PREPARATION(STATE), 0, 1))
    circ.dump(str(tmp_path / "prepared.circ"))
    assert (tmp_path / "prepared.circ").stat().st_size < 1000
    loaded = Circuit.load(str(tmp_path / "prepared.circ"))
    (use,) = circ.ops
    assert circ.gateDic[use.gate].matrix is None, "as published"
    assert circ.gateDic[use.gate].syntax.parameters[0].matrix_p.nRows == 4
    for copied in (circ, loaded, pickle.loads(pickle.dumps(circ))):
        assert np.allclose(wavefunction(copied, LinAlg()), STATE)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (STATE[:2], "got 2 amplitudes for 2 qubits: give 4"),
        (2 * STATE, "have norm 2: divide them by it"),
        (np.array([np.nan, 0, 0, 0]), "have norm nan"),
        (np.zeros(4), "have norm 0"),
    ],
)
def test_amplitudes_that_are_no_state(state, message):
    with pytest.raises(QPUException, match=message) as info:
        LinAlg().submit(circuit((STATE_PREPARATION(state), 0, 1)).to_job())
    assert info.value.code == ErrorType.ILLEGAL_GATES


def test_too_many_qubits():
    with pytest.raises(PreparationError, match=r"11 qubits are too many, at most 10.*KPTree"):
        PreparationMatrix(11)(np.ones(2**11))
