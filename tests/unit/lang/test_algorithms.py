"""Amplification, phase estimation, counting: against the formulas of the papers."""

import math
from typing import Any

import numpy as np
import pytest

from qat.lang.algorithms import amplification_step, phase_estimation, quantum_counting
from qat.lang.algorithms.amplification import grover_diffusion, householder, uniform_distribution
from qat.lang.AQASM import CSIGN, PH, RX, RY, AbstractGate, H, Program, QBoolArray, QInt, QRoutine, S, T, Z
from qat.lang.AQASM.aqasm_util import InvalidArguments
from qat.qpus import LinAlg
from tests.unit.lang.acting import unitary_of


def oracle_of(marked: set[int], size: int) -> QRoutine:
    routine = QRoutine()
    register = routine.new_wires(size, QInt)
    for number in marked:
        (register == number).phase()
    return routine


@pytest.mark.parametrize("size", [1, 2, 3])
def test_grover_diffusion(size: int) -> None:
    dimension = 2**size
    expected = np.eye(dimension) - 2 / dimension
    assert np.allclose(unitary_of(grover_diffusion(size)), expected)
    assert np.allclose(unitary_of(grover_diffusion(size).ctrl())[dimension:, dimension:], expected)


def test_uniform_distribution() -> None:
    assert np.allclose(unitary_of(uniform_distribution(3))[:, 0], 8**-0.5)


def preparation() -> QRoutine:
    routine = QRoutine()
    wires = routine.new_wires(2)
    RY(0.7)(wires[0])
    RX(1.1).ctrl()(wires)
    H(wires[1])
    return routine


def test_householder_reflects_the_prepared_state() -> None:
    column = unitary_of(preparation())[:, :1]
    assert np.allclose(unitary_of(householder(preparation())), np.eye(4) - 2 * column @ column.conj().T)


def test_householder_under_control() -> None:
    assert np.allclose(unitary_of(householder(preparation()).ctrl())[:4, :4], np.eye(4))


@pytest.mark.parametrize("nb_steps", [0, 1, 2, 3])
@pytest.mark.parametrize("marked", [{5}, {1, 6}])
def test_grover_search(marked: set[int], nb_steps: int) -> None:
    search = QRoutine()
    wires = search.new_wires(3)
    search.apply(uniform_distribution(3), wires)
    step = amplification_step(oracle_of(marked, 3))
    for _ in range(nb_steps):
        search.apply(step, wires)
    state = unitary_of(search)[:, 0]
    angle = math.asin(math.sqrt(len(marked) / 8))
    found = sum(abs(state[number]) ** 2 for number in marked)
    assert found == pytest.approx(math.sin((2 * nb_steps + 1) * angle) ** 2)


def test_amplification_of_a_prepared_state() -> None:
    start, oracle = preparation(), oracle_of({3}, 2)
    run = QRoutine()
    wires = run.new_wires(2)
    run.apply(start, wires)
    run.apply(amplification_step(oracle, start), wires)
    before, after = unitary_of(start)[:, 0], unitary_of(run)[:, 0]
    angle = math.asin(abs(before[3]))
    assert abs(after[3]) == pytest.approx(abs(math.sin(3 * angle)))


def test_published_grover_program() -> None:
    oracle = QRoutine()
    (oracle.new_wires(2, QInt) == oracle.new_wires(2, QInt)).phase()
    step = amplification_step(oracle)
    grover = Program()
    first, second = grover.qalloc(2, QInt), grover.qalloc(2, QInt)
    for qubit in [*first, *second]:
        H(qubit)
    step(first, second)
    result = LinAlg().submit(grover.to_circ().to_job(qubits=[first, second]))
    assert {sample.state.value for sample in result if sample.probability > 0.2} == {(i, i) for i in range(4)}


@pytest.mark.parametrize(("gate", "result"), [(Z, 4), (S, 2), (T, 1), (PH(2 * math.pi * 3 / 8), 3)])
def test_exact_phases(gate: Any, result: int) -> None:
    state = unitary_of(phase_estimation(gate, 3))[:, 8]
    assert np.argmax(abs(state)) == 8 + result and abs(state[8 + result]) == pytest.approx(1)


def test_inexact_phase_has_the_textbook_distribution() -> None:
    phase, size = 0.3, 4
    state = unitary_of(phase_estimation(PH(2 * math.pi * phase), size))[:, 2**size]
    offsets = np.arange(2**size) / 2**size - phase
    expected = np.sin(math.pi * 2**size * offsets) ** 2 / np.sin(math.pi * offsets) ** 2 / 4**size
    assert np.allclose(abs(state[2**size :]) ** 2, expected)


def test_phase_estimation_of_a_routine() -> None:
    operator = QRoutine()
    wires = operator.new_wires(2)
    operator.apply(CSIGN, wires)
    state = unitary_of(phase_estimation(operator, 2))[:, 12]
    assert abs(state[12 + 2]) == pytest.approx(1)


@pytest.mark.parametrize("marked", [set(), {1}, {0, 3}, {0, 1, 2}, {0, 1, 2, 3}])
def test_counting(marked: set[int]) -> None:
    state = unitary_of(quantum_counting(oracle_of(marked, 2), 5))[:, 0].reshape(4, 32)
    outcome = int(np.argmax((abs(state) ** 2).sum(axis=0)))
    assert 4 * math.cos(math.pi * outcome / 32) ** 2 == pytest.approx(len(marked), abs=0.35)


def test_counting_solutions_of_an_or() -> None:
    oracle = QRoutine()
    a, b = oracle.new_wires(2, QBoolArray)
    (a | b).phase()
    state = unitary_of(quantum_counting(oracle, 5))[:, 0].reshape(4, 32)
    outcome = int(np.argmax((abs(state) ** 2).sum(axis=0)))
    assert 4 * math.cos(math.pi * outcome / 32) ** 2 == pytest.approx(3, abs=0.35)


def test_counting_without_preparation() -> None:
    assert quantum_counting(CSIGN, 3, prepare=False).arity == 5
    first = next(quantum_counting(CSIGN, 3, prepare=False).to_circ().iterate_simple())
    assert first == ("H", [], [2])


def test_number_of_qubits_must_be_known() -> None:
    with pytest.raises(InvalidArguments, match="number of qubits is open"):
        phase_estimation(AbstractGate("OPEN", [])(), 2)
