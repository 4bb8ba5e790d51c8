"""The published behaviour of quantum types, arithmetic libraries and algorithms, as programs rely on it."""

from typing import Any

import numpy as np
import pytest

import qat.lang.AQASM.arithmetic as arithmetic
import qat.lang.AQASM.classarith as classarith
import qat.lang.AQASM.qftarith as qftarith
from qat.comm.exceptions.ttypes import ErrorType, QPUException
from qat.lang.algorithms import amplification_step, phase_estimation, quantum_counting
from qat.lang.AQASM import CNOT, Program, QRoutine, S, X
from qat.lang.AQASM.misc import build_gate, generate_gate_set
from qat.lang.AQASM.qbool import QBoolArray
from qat.lang.AQASM.qftarith import IQFT, QFT
from qat.lang.AQASM.qint import QInt
from qat.lang.models import KPTree
from qat.qpus import CLinalg, LinAlg, PyLinalg

Gates = list[tuple[str, list[Any], list[int]]]


def gates_of(circuit: Any) -> Gates:
    return [tuple(operation) for operation in circuit.iterate_simple()]


def written(build: Any, **options: Any) -> Gates:
    """What a function on a program writes, unlinked."""
    program = Program()
    build(program)
    return gates_of(program.to_circ(**options))


# ---------------------------------------------------------------- typed registers in results
def sum_of_five_and_two() -> tuple[Program, QInt, QInt]:
    program = Program()
    a, b = program.qalloc(3, QInt), program.qalloc(3, QInt)
    a.set_value(5)
    b.set_value(2)
    a += b
    return program, a, b


@pytest.mark.parametrize("qpu", [PyLinalg, CLinalg, LinAlg])
@pytest.mark.parametrize("library", [classarith, qftarith])
def test_values_of_measured_registers(library: Any, qpu: Any) -> None:
    program, a, b = sum_of_five_and_two()
    result = qpu().submit(program.to_circ(link=[library]).to_job(qubits=[a, b]))
    (sample,) = [sample for sample in result if sample.probability > 0.5]
    assert (str(sample.state), sample.state.value, sample.state.int) == ("|7>|2>", (7, 2), 58)


def test_ancillas_show_by_name() -> None:
    program, _, _ = sum_of_five_and_two()
    (sample,) = PyLinalg().submit(program.to_circ(link=[classarith]).to_job())
    assert (str(sample.state), sample.state.value) == ("|7>|2>|Anc:0>", (7, 2, "0"))


def test_one_register_of_two() -> None:
    program, _, b = sum_of_five_and_two()
    (sample,) = PyLinalg().submit(program.to_circ(link=[classarith]).to_job(qubits=[b]))
    assert sample.state.value == (2,)


def test_booleans_in_results() -> None:
    program = Program()
    bools = program.qalloc(2, QBoolArray)
    X(bools[0])
    (sample,) = PyLinalg().submit(program.to_circ().to_job())
    assert (str(sample.state), sample.state.value) == ("|[True, False]>", ([True, False],))


def test_bit_orders_mix() -> None:
    program = Program()
    a = program.qalloc(3, QInt, reverse_bit_order=True)
    b = program.qalloc(3, QInt)
    a.set_value(6)
    b.set_value(1)
    b += a
    a += b
    samples = PyLinalg().submit(program.to_circ(link=[qftarith]).to_job())
    (sample,) = [sample for sample in samples if sample.probability > 0.5]
    assert (str(sample.state), sample.state.int) == ("|5>|7>", 47)


# ---------------------------------------------------------------- abstract gates
def test_arithmetic_is_written_with_abstract_gates() -> None:
    def build(program: Program) -> None:
        a, b, c = (program.qalloc(size, QInt) for size in (3, 2, 4))
        a += b
        a -= b
        a += 3
        a -= 3
        c += a + b
        c += a - b

    assert written(build) == [
        ("ADD", [3, 2], [2, 1, 0, 4, 3]),
        ("D-ADD", [3, 2], [2, 1, 0, 4, 3]),
        ("ADD_CONST", [3, 3], [2, 1, 0]),
        ("D-ADD_CONST", [3, 3], [2, 1, 0]),
        ("ADD", [4, 3], [8, 7, 6, 5, 2, 1, 0]),
        ("ADD", [4, 2], [8, 7, 6, 5, 4, 3]),
        ("ADD", [4, 3], [8, 7, 6, 5, 2, 1, 0]),
        ("D-ADD", [4, 2], [8, 7, 6, 5, 4, 3]),
    ]


def test_multiples_are_sums_under_controls() -> None:
    def build(program: Program) -> None:
        a, c = program.qalloc(3, QInt), program.qalloc(4, QInt)
        c += a * 3

    assert written(build) == [
        ("C-ADD_CONST", [4, 3], [2, 6, 5, 4, 3]),
        ("C-ADD_CONST", [4, 6], [1, 6, 5, 4, 3]),
        ("C-ADD_CONST", [4, 12], [0, 6, 5, 4, 3]),
    ]


def test_products_come_with_an_implementation() -> None:
    program = Program()
    a, b, c = (program.qalloc(size, QInt) for size in (3, 2, 4))
    a.set_value(5)
    b.set_value(3)
    c += a * b
    circuit = program.to_circ()
    (name, parameters, qubits), *_ = list(circuit.iterate_simple(depth=0))[-1:]
    assert (name, parameters, qubits) == ("MULT", [3, 2, 4], [2, 1, 0, 4, 3, 8, 7, 6, 5])
    assert max(PyLinalg().submit(circuit.to_job()), key=lambda sample: sample.probability).state.value == (5, 3, 15)


@pytest.mark.parametrize("qpu", [PyLinalg, CLinalg, LinAlg])
def test_unlinked_gates_cannot_be_simulated(qpu: Any) -> None:
    program, _, _ = sum_of_five_and_two()
    with pytest.raises(QPUException, match=r"Gate ADD has no matrix!.*link") as caught:
        qpu().submit(program.to_circ().to_job())
    assert caught.value.code == ErrorType.ILLEGAL_GATES == 11


@pytest.mark.parametrize("library", [qftarith, classarith])
def test_names_and_parameters_of_library_gates(library: Any) -> None:
    for gate, name, parameters, arity in [
        (library.add(3, 2), "ADD", (3, 2), 5),
        (library.add_const(3, 4), "ADD_CONST", (3, 4), 3),
        (arithmetic.add(3, 2), "ADD", (3, 2), 5),
        (arithmetic.mult_const(2, 3, 5), "MULT_CONST", (2, 3, 5), 5),
        (arithmetic.add_const_mod(3, 2, 5), "ADD_CONST_MOD", (3, 2, 5), 3),
        (arithmetic.add_mod(2, 3), "ADD_MOD", (2, 3), 4),
        (arithmetic.mult_const_mod(2, 3, 2, 5), "MULT_CONST_MOD", (2, 3, 2, 5), 5),
        (arithmetic.modular_exp(2, 3, 2, 5), "MODULAR_EXP", (2, 3, 2, 5), 5),
        (qftarith.mult(2, 1, 3), "MULT", (2, 1, 3), 6),
        (qftarith.mult_const(2, 3, 3), "MULT_CONST", (2, 3, 3), 5),
        (qftarith.QFT(2), "QFT", (2,), 2),
    ]:
        assert (gate.name, tuple(gate.parameters), gate.arity) == (name, parameters, arity)
    assert IQFT(2).name is None and qftarith.add_one(2).parameters == (2, 1)


def test_number_of_qubits_after_linking() -> None:
    program, _, _ = sum_of_five_and_two()
    assert program.to_circ(link=[qftarith]).nbqbits == 6
    assert program.to_circ(link=[classarith]).nbqbits == 7
    assert program.to_circ(link=[classarith.add]).nbqbits == 6
    assert program.to_circ(link=[classarith.cuccaro_add]).nbqbits == 7


def test_gate_sets_of_modules() -> None:
    assert list(generate_gate_set(classarith)) == ["ADD", "ADD_CONST"]
    assert {"QFT", "ADD", "ADD_CONST", "MULT", "MULT_CONST"} <= set(generate_gate_set(qftarith))
    names = {"ADD", "ADD_CONST", "ADD_MOD", "ADD_CONST_MOD", "MULT_CONST", "MULT_CONST_MOD", "MODULAR_EXP"}
    assert set(generate_gate_set(arithmetic)) == names
    with pytest.raises(Exception, match="ADD"):
        generate_gate_set(classarith, safe=True)


def test_a_gate_of_ones_own_is_linked_by_name() -> None:
    @build_gate("ADD_CONST", [int, int], arity=lambda size, _constant: size)
    def strange(size: int, _constant: int) -> QRoutine:
        routine = QRoutine()
        for wire in routine.new_wires(size):
            routine.apply(X, wire)
        return routine

    program = Program()
    a = program.qalloc(2, QInt)
    a += 1
    (sample,) = PyLinalg().submit(program.to_circ(link=[strange]).to_job())
    assert sample.state.value == (3,)


# ---------------------------------------------------------------- comparisons and clauses
def test_comparisons_write_a_subtraction_and_undo_it() -> None:
    routine = QRoutine()
    a, b = routine.new_wires(2, QInt), routine.new_wires(2, QInt)
    (a < b).phase()
    assert (routine.arity, gates_of(routine.to_circ())) == (
        4,
        [("D-ADD", [3, 2], [1, 0, 4, 3, 2]), ("Z", [], [4]), ("ADD", [3, 2], [1, 0, 4, 3, 2])],
    )


def test_equality_of_registers() -> None:
    routine = QRoutine()
    a, b = routine.new_wires(2, QInt), routine.new_wires(2, QInt)
    (a == b).phase()
    assert ("CSIGN", [], [1, 0]) in gates_of(routine.to_circ()) and routine.to_circ().nbqbits == 4


def test_evaluate_takes_an_ancilla_or_the_output_given() -> None:
    routine = QRoutine()
    wires = routine.new_wires(2, QBoolArray)
    result = (wires[0] & wires[1]).evaluate()
    assert (routine.arity, len(result), routine.to_circ().nbqbits) == (2, 1, 3)
    output = routine.new_wires(1)
    (wires[0] & wires[1]).evaluate(output=output)
    assert routine.arity == 3


def test_with_clause_as_condition() -> None:
    routine = QRoutine()
    wires, output = routine.new_wires(2, QBoolArray), routine.new_wires(1)
    with wires[0] & wires[1] as condition:
        CNOT(condition, output)
    names = [name for name, *_ in routine.to_circ().iterate_simple()]
    assert names == ["C-C-X", "CNOT", "C-C-X"] and routine.to_circ().nbqbits == 4


# ---------------------------------------------------------------- Fourier transform, algorithms, models
def test_fourier_transform_reverses_bits() -> None:
    program = Program()
    qubits = program.qalloc(2)
    X(qubits[1])
    QFT(2)(qubits)
    amplitudes = [sample.amplitude for sample in PyLinalg().submit(program.to_circ().to_job())]
    assert np.allclose(amplitudes, [0.5, -0.5, 0.5j, -0.5j])


def test_gates_of_the_fourier_transform() -> None:
    circuit = QRoutine.to_circ((~QFT)(3))
    assert [(name, qubits) for name, _, qubits in circuit.iterate_simple()] == [
        ("H", [0]), ("C-PH", [1, 0]), ("C-PH", [2, 0]), ("H", [1]), ("C-PH", [2, 1]), ("H", [2]),
    ]  # fmt: skip


def test_phase_estimation_reads_most_significant_bit_first() -> None:
    program = Program()
    qubits = program.qalloc(4)
    X(qubits[0])
    phase_estimation(S, 3)(qubits)
    best = max(PyLinalg().submit(program.to_circ().to_job()), key=lambda sample: sample.probability)
    assert str(best.state) == "|1010>"


def two_qubit_oracle() -> QRoutine:
    oracle = QRoutine()
    wires = oracle.new_wires(2, QBoolArray)
    (wires[0] & wires[1]).phase()
    return oracle


def test_amplification_step() -> None:
    program = Program()
    qubits = program.qalloc(2)
    for qubit in qubits:
        program.apply(KPTree(np.ones(2)).get_routine(), qubit)
    amplification_step(two_qubit_oracle())(qubits)
    best = max(PyLinalg().submit(program.to_circ().to_job()), key=lambda sample: sample.probability)
    assert str(best.state) == "|11>" and best.amplitude == pytest.approx(-1)


def test_quantum_counting_amplitudes() -> None:
    program = Program()
    quantum_counting(two_qubit_oracle(), 3)(program.qalloc(5))
    amplitudes = {str(s.state): s.amplitude for s in PyLinalg().submit(program.to_circ().to_job())}
    assert amplitudes["|11011>"] == pytest.approx(0.4527, abs=1e-4)
    assert amplitudes["|00011>"] == pytest.approx(0.0625 - 0.2134j, abs=1e-4)
    assert amplitudes["|01110>"] == pytest.approx(0.0625 - 0.125j, abs=1e-4)


@pytest.mark.parametrize(("axes", "expected"), [(0, [0.1826, 0.3651, 0.5477, 0.7303]), (1, [0.4472, 0.8944, 0, 0])])
def test_kp_tree(axes: int, expected: list[float]) -> None:
    program = Program()
    program.apply(KPTree(np.array([[1.0, 2.0], [3.0, 4.0]])).get_routine(axes), program.qalloc(2))
    state = np.zeros(4, complex)
    for sample in PyLinalg().submit(program.to_circ().to_job()):
        state[sample.state.int] = sample.amplitude
    assert np.allclose(state, expected, atol=1e-4)
