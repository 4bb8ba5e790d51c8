"""Adders, multipliers and modular arithmetic, checked on every input of small registers."""

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from qat.kernels.engine import select_engine
from qat.kernels.tape_algebra import resized
from qat.lang.AQASM import H, Program, QRoutine, arithmetic, classarith, qftarith
from qat.lang.AQASM.aqasm_util import InvalidArguments
from qat.qpus import LinAlg
from tests.unit.lang.acting import check_map, controlled, numbers, unitary_of

LIBRARIES = pytest.mark.parametrize("library", [qftarith, classarith], ids=["fourier", "carries"])
SIZES = [(1, 1), (2, 1), (1, 2), (2, 2), (3, 1), (3, 2), (2, 3), (3, 3), (4, 2), (4, 3)]


def sums(size: int) -> Callable[[int, int], tuple[int, int]]:
    return lambda a, b: ((a + b) % 2**size, b)


@LIBRARIES
@pytest.mark.parametrize(("first", "second"), SIZES)
def test_add(library: ModuleType, first: int, second: int) -> None:
    check_map(library.add(first, second), [first, second], sums(first))


@pytest.mark.parametrize(("first", "second"), SIZES)
def test_cuccaro_add(first: int, second: int) -> None:
    check_map(classarith.cuccaro_add(first, second), [first, second], sums(first))


@pytest.mark.parametrize("adder", [qftarith.add, classarith.add, classarith.cuccaro_add])
@pytest.mark.parametrize(("first", "second"), [(1, 1), (2, 1), (1, 2), (3, 2), (2, 2)])
def test_controlled_and_inverse_additions(adder: Any, first: int, second: int) -> None:
    gate = adder(first, second)
    check_map(gate.ctrl(), [1, first, second], controlled(sums(first)))
    check_map(gate.dag(), [first, second], lambda a, b: ((a - b) % 2**first, b))
    check_map(gate.dag().ctrl(), [1, first, second], controlled(lambda a, b: ((a - b) % 2**first, b)))


@LIBRARIES
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_add_const(library: ModuleType, size: int) -> None:
    for constant in range(-3, 2**size + 2):
        check_map(library.add_const(size, constant), [size], lambda a, c=constant: ((a + c) % 2**size,))


@LIBRARIES
@pytest.mark.parametrize("constant", [1, 3, 4, 6])
def test_controlled_and_inverse_additions_of_constants(library: ModuleType, constant: int) -> None:
    gate = library.add_const(3, constant)
    check_map(gate.ctrl(), [1, 3], controlled(lambda a: ((a + constant) % 8,)))
    check_map(gate.dag(), [3], lambda a: ((a - constant) % 8,))
    check_map(gate.dag().ctrl(), [1, 3], controlled(lambda a: ((a - constant) % 8,)))


def test_add_one_and_sub_one() -> None:
    check_map(qftarith.add_one(3), [3], lambda a: ((a + 1) % 8,))
    check_map(qftarith.sub_one(3), [3], lambda a: ((a - 1) % 8,))


@pytest.mark.parametrize(
    ("first", "second", "result"), [(1, 1, 1), (2, 1, 3), (1, 2, 2), (2, 2, 4), (2, 2, 3), (3, 2, 2)]
)
def test_mult(first: int, second: int, result: int) -> None:
    gate = qftarith.mult(first, second, result)
    check_map(gate, [first, second, result], lambda a, b, c: (a, b, (c + a * b) % 2**result))
    check_map(gate.dag(), [first, second, result], lambda a, b, c: (a, b, (c - a * b) % 2**result))


def test_controlled_mult() -> None:
    check_map(qftarith.mult(2, 1, 2).ctrl(), [1, 2, 1, 2], controlled(lambda a, b, c: (a, b, (c + a * b) % 4)))


@pytest.mark.parametrize("multiply", [qftarith.mult_const, arithmetic.mult_const])
@LIBRARIES
@pytest.mark.parametrize(("first", "result"), [(1, 1), (2, 3), (3, 2), (2, 2)])
def test_mult_const(multiply: Any, library: ModuleType, first: int, result: int) -> None:
    for constant in (-1, 0, 1, 2, 3, 5):
        gate = multiply(first, result, constant)
        check_map(gate, [first, result], lambda a, b, c=constant: (a, (b + a * c) % 2**result), [library])
    check_map(multiply(first, result, 3).dag(), [first, result], lambda a, b: (a, (b - 3 * a) % 2**result), [library])


@LIBRARIES
@pytest.mark.parametrize("modulus", [1, 2, 3, 5, 7, 8])
def test_add_const_mod(library: ModuleType, modulus: int) -> None:
    for constant in (0, 1, 2, modulus - 1, modulus + 3, -1):
        gate = arithmetic.add_const_mod(3, constant, modulus)
        check_small_inputs(gate, [3], lambda a, c=constant: ((a + c) % modulus,), lambda a: a < modulus, library)


@LIBRARIES
def test_controlled_and_inverse_modular_additions(library: ModuleType) -> None:
    gate = arithmetic.add_const_mod(2, 2, 3)
    check_small_inputs(gate.dag(), [2], lambda a: ((a - 2) % 3,), lambda a: a < 3, library)
    wanted = controlled(lambda a: ((a + 2) % 3,))
    check_small_inputs(gate.ctrl(), [1, 2], wanted, lambda _control, a: a < 3, library)


@LIBRARIES
@pytest.mark.parametrize(("size", "modulus"), [(1, 2), (2, 3), (2, 4), (2, 2)])
def test_add_mod(library: ModuleType, size: int, modulus: int) -> None:
    gate = arithmetic.add_mod(size, modulus)
    fits = lambda a, b: a < modulus and b < modulus  # noqa: E731
    check_small_inputs(gate, [size, size], lambda a, b: (a, (a + b) % modulus), fits, library)
    check_small_inputs(gate.dag(), [size, size], lambda a, b: (a, (b - a) % modulus), fits, library)


@pytest.mark.parametrize("modulus", [3, 5, 7])
def test_mult_const_mod(modulus: int) -> None:
    for constant in (0, 1, 2, modulus - 1):
        gate = arithmetic.mult_const_mod(2, 3, constant, modulus)
        fits = lambda _a, b: b < modulus  # noqa: E731
        check_small_inputs(gate, [2, 3], lambda a, b, c=constant: (a, (b + a * c) % modulus), fits, qftarith)


@pytest.mark.parametrize(("base", "modulus"), [(2, 3), (2, 5), (3, 7), (6, 7), (4, 5), (1, 4), (5, 8)])
def test_modular_exp(base: int, modulus: int) -> None:
    size = max((modulus - 1).bit_length(), 1)
    gate = arithmetic.modular_exp(2, size, base, modulus)
    wanted = lambda a, _zero: (a, pow(base, a, modulus))  # noqa: E731
    check_small_inputs(gate, [2, size], wanted, lambda _a, b: b == 0, qftarith)


def test_modular_exp_with_carries() -> None:
    gate = arithmetic.modular_exp(2, 2, 2, 3)
    check_small_inputs(gate, [2, 2], lambda a, _zero: (a, pow(2, a, 3)), lambda _a, b: b == 0, classarith)


def check_small_inputs(gate: Any, sizes: list[int], expected: Any, fits: Any, library: ModuleType) -> None:
    """As ``check_map`` for inputs that fit; others may leave ancillas in any state."""
    program = Program()
    program.apply(gate, program.qalloc(gate.arity))
    circuit = program.to_circ(link=[library])
    total, size = circuit.nbqbits, 2**gate.arity
    inputs = [index for index in range(size) if fits(*numbers(index, sizes))]
    start = np.zeros((size, 2 ** (total - gate.arity), size), np.complex128)
    start[inputs, 0, inputs] = len(inputs) ** -0.5
    final = select_engine().state(resized(circuit.tape, total + gate.arity, 0), start.ravel())
    columns = final.reshape(2**total, size)[:, inputs] * len(inputs) ** 0.5
    for column, index in zip(columns.T, inputs, strict=True):
        place = int(np.argmax(np.abs(column)))
        assert abs(column[place] - 1) < 1e-7
        assert place % 2 ** (total - gate.arity) == 0, "an ancilla is not clean"
        assert numbers(place >> (total - gate.arity), sizes) == expected(*numbers(index, sizes))


def test_numbers_of_ancillas() -> None:
    assert [ancillas(classarith.add(*sizes)) for sizes in [(3, 3), (4, 2), (2, 3)]] == [0, 1, 0]
    assert [ancillas(classarith.cuccaro_add(*sizes)) for sizes in [(3, 3), (4, 2), (2, 3)]] == [1, 1, 1]
    assert [ancillas(classarith.add_const(4, constant)) for constant in (1, 3, 4, 0)] == [3, 3, 1, 0]
    assert ancillas(qftarith.add(3, 3)) == ancillas(qftarith.mult(2, 2, 4)) == 0


def ancillas(gate: Any) -> int:
    program = Program()
    program.apply(gate, program.qalloc(gate.arity))
    return program.to_circ().nbqbits - gate.arity


def test_takahashi_gate_counts() -> None:
    counts = QRoutine.to_circ((~classarith.add)(5, 5)).statistics()["gates"]
    assert counts["CCNOT"] == 8 and counts["CNOT"] <= 25


def test_control_reaches_phases_only() -> None:
    circuit = QRoutine.to_circ((~qftarith.add)(3, 3).ctrl())
    assert all(name != "C-H" for name, *_ in circuit.iterate_simple())


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_fourier_transform(size: int) -> None:
    dimension = 2**size
    reverse = [int(format(x, f"0{size}b")[::-1], 2) for x in range(dimension)]
    x, k = np.meshgrid(reverse, range(dimension), indexing="ij")
    expected = np.exp(2j * math.pi * x * k / dimension) / math.sqrt(dimension)
    assert np.allclose(unitary_of(qftarith.QFT(size)), expected)
    assert np.allclose(unitary_of(qftarith.IQFT(size)), expected.conj().T)


def test_fourier_transform_of_one() -> None:
    assert np.allclose(unitary_of(qftarith.QFT(2))[:, 1], [0.5, -0.5, 0.5j, -0.5j])


@pytest.mark.parametrize("modulus", [0, -3, 9])
def test_modulus_must_fit(modulus: int) -> None:
    with pytest.raises(InvalidArguments, match="give a modulus from 1 to 8"):
        (~arithmetic.add_const_mod)(3, 1, modulus)


def test_common_factors_are_found_at_once() -> None:
    with pytest.raises(InvalidArguments, match="factor 5 in common"):
        (~arithmetic.modular_exp)(4, 4, 10, 15)


def test_unlinked_gates_stay_abstract() -> None:
    program = Program()
    program.apply(arithmetic.add_const_mod(3, 2, 5), program.qalloc(3))
    names = {name for name, *_ in program.to_circ().iterate_simple()}
    assert {"D-ADD_CONST", "C-ADD_CONST"} <= names


def test_shor_period_of_two_modulo_fifteen() -> None:
    program = Program()
    exponent, power = program.qalloc(4), program.qalloc(4)
    for qubit in exponent:
        H(qubit)
    arithmetic.modular_exp(4, 4, 2, 15)(exponent, power)
    qftarith.QFT(4)(exponent[::-1])
    result = LinAlg().submit(program.to_circ(link=[qftarith]).to_job(qubits=[exponent]))
    found = {sample.state.int: sample.probability for sample in result if sample.probability > 1e-6}
    assert found == pytest.approx({0: 0.25, 4: 0.25, 8: 0.25, 12: 0.25}, abs=1e-9)
