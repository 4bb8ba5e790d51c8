"""Quantum booleans: every clause on every input, exactly, with clean ancillas."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.lang.AQASM import CNOT, Program, QBool, QBoolArray, QInt, QRoutine
from qat.lang.AQASM.qbool import QClause
from qat.lang.AQASM.qtype_util import InvalidCast
from qat.qpus import LinAlg
from tests.unit.lang.acting import signs_of, unitary_of

Clause = Callable[[Any, Any, Any, Any], Any]

CLAUSES: dict[str, Clause] = {
    "a": lambda a, b, c, d: a,
    "~a": lambda a, b, c, d: ~a,
    "a & b": lambda a, b, c, d: a & b,
    "a | b": lambda a, b, c, d: a | b,
    "a ^ b": lambda a, b, c, d: a ^ b,
    "a & b & c": lambda a, b, c, d: a & b & c,
    "a | b | ~c": lambda a, b, c, d: a | b | ~c,
    "~(a & b)": lambda a, b, c, d: ~(a & b),
    "a & b | c & d": lambda a, b, c, d: a & b | c & d,
    "(a | b) & ~(c ^ d)": lambda a, b, c, d: (a | b) & ~(c ^ d),
    "(a & b) ^ (c | d)": lambda a, b, c, d: (a & b) ^ (c | d),
    "a & ~a": lambda a, b, c, d: a & ~a,
    "a | ~a": lambda a, b, c, d: a | ~a,
    "a & a & b": lambda a, b, c, d: a & a & b,
    "a ^ a": lambda a, b, c, d: a ^ a,
    "a & True": lambda a, b, c, d: a & True,
    "a & False": lambda a, b, c, d: a & False,
    "a | True": lambda a, b, c, d: a | True,
    "a ^ True": lambda a, b, c, d: a ^ True,
    "False ^ a": lambda a, b, c, d: False ^ a,
    "((a | b) & c | d) & (a ^ (b & d))": lambda a, b, c, d: ((a | b) & c | d) & (a ^ (b & d)),
}


class Bit:
    """A classical bit with the operators of clauses."""

    def __init__(self, value: bool) -> None:
        self.value = bool(value)

    def _with(self, other: Any, operation: Callable[[bool, bool], bool]) -> "Bit":
        return Bit(operation(self.value, other.value if isinstance(other, Bit) else other))

    def __and__(self, other: Any) -> "Bit":
        return self._with(other, lambda x, y: x and y)

    def __or__(self, other: Any) -> "Bit":
        return self._with(other, lambda x, y: x or y)

    def __xor__(self, other: Any) -> "Bit":
        return self._with(other, lambda x, y: x != y)

    __rxor__ = __xor__

    def __invert__(self) -> "Bit":
        return Bit(not self.value)


def truth_table(clause: Clause) -> list[bool]:
    return [clause(*map(Bit, bits)).value for bits in itertools.product((False, True), repeat=4)]


def on_four_qubits(clause: Clause) -> tuple[QRoutine, Any]:
    routine = QRoutine()
    return routine, clause(*routine.new_wires(4, QBoolArray))


def check_flips(routine: QRoutine, table: list[bool]) -> None:
    """Check that the fifth qubit is flipped where the table says so."""
    matrix = unitary_of(routine)
    for index, is_true in enumerate(table):
        for bit in (0, 1):
            assert abs(matrix[2 * index + (bit ^ is_true), 2 * index + bit] - 1) < 1e-9, index


@pytest.mark.parametrize("name", sorted(set(CLAUSES) - {"a"}))
def test_evaluate(name: str) -> None:
    routine, clause = on_four_qubits(CLAUSES[name])
    output = routine.new_wires(1)
    assert clause.evaluate(output=output) is output
    check_flips(routine, truth_table(CLAUSES[name]))


@pytest.mark.parametrize("name", CLAUSES)
def test_phase(name: str) -> None:
    routine, clause = on_four_qubits(CLAUSES[name])
    clause.phase()
    wanted = np.where(truth_table(CLAUSES[name]), -1.0, 1.0)
    assert np.array_equal(signs_of(routine), wanted)
    assert np.array_equal(signs_of(routine.ctrl()), np.concatenate((np.ones(16), wanted)))
    assert np.array_equal(signs_of(routine.dag()), wanted)


@pytest.mark.parametrize("name", CLAUSES)
def test_with_block(name: str) -> None:
    routine, clause = on_four_qubits(CLAUSES[name])
    output = routine.new_wires(1)
    with clause as condition:
        CNOT(condition, output)
    check_flips(routine, truth_table(CLAUSES[name]))


def test_evaluating_twice_cleans_the_output() -> None:
    routine, clause = on_four_qubits(CLAUSES["a & b | c & d"])
    first = clause.evaluate()
    clause.evaluate(output=first)
    assert np.allclose(unitary_of(routine), np.eye(16))


def test_nested_with_blocks() -> None:
    routine = QRoutine()
    a, b, c = routine.new_wires(3, QBoolArray)
    output = routine.new_wires(1)
    with a & b as first, first[0] ^ c as second:
        CNOT(second, output)
    matrix = unitary_of(routine)
    for index, (x, y, z) in enumerate(itertools.product((0, 1), repeat=3)):
        assert abs(matrix[2 * index + ((x & y) ^ z), 2 * index] - 1) < 1e-9


formulas = st.recursive(
    st.integers(0, 3),
    lambda inner: st.one_of(st.tuples(st.sampled_from("&|^"), inner, inner), st.tuples(st.just("~"), inner)),
    max_leaves=7,
)


def built(formula: Any, bits: Any) -> Any:
    if isinstance(formula, int):
        return bits[formula]
    symbol, *operands = formula
    left, *others = (built(operand, bits) for operand in operands)
    if symbol == "~":
        return ~left
    return {"&": lambda: left & others[0], "|": lambda: left | others[0], "^": lambda: left ^ others[0]}[symbol]()


@settings(max_examples=80)
@given(formulas)
def test_random_formulas(formula: Any) -> None:
    table = truth_table(lambda *bits: built(formula, bits))
    routine, clause = on_four_qubits(lambda *bits: built(formula, bits))
    output = routine.new_wires(1)
    with clause as condition:
        CNOT(condition, output)
    check_flips(routine, table)
    marked, clause = on_four_qubits(lambda *bits: built(formula, bits))
    clause.phase()
    assert np.array_equal(signs_of(marked), np.where(table, -1.0, 1.0))


def test_simple_clauses_take_few_gates() -> None:
    def written(clause: Clause) -> list[tuple[str, list[int]]]:
        routine, made = on_four_qubits(clause)
        made.phase()
        return [(name, qubits) for name, _, qubits in routine.to_circ().iterate_simple()]

    assert written(CLAUSES["a & b"]) == [("CSIGN", [0, 1])]
    assert written(CLAUSES["a ^ b"]) == [("Z", [0]), ("Z", [1])]
    assert written(CLAUSES["a & b & c"]) == [("C-C-Z", [0, 1, 2])]


def test_in_programs() -> None:
    program = Program()
    a, b = program.qalloc(2, QBoolArray)
    output = program.qalloc(1, QBoolArray)
    (~a & ~b).evaluate(output=output)
    (sample,) = LinAlg().submit(program.to_circ().to_job(qubits=[output]))
    assert sample.state.value == ([True],)


def test_values_in_results() -> None:
    program = Program()
    array = program.qalloc(2, QBoolArray)
    (array[0] | True).evaluate(output=array[1])
    (sample,) = LinAlg().submit(program.to_circ().to_job())
    assert (str(sample.state), sample.state.value) == ("|[False, True]>", ([False, True],))


def test_qubits_and_arrays() -> None:
    program = Program()
    array = program.qalloc(3, QBoolArray)
    assert str(array) == "QBoolArray(q[0]..q[2])" and str(array[1]) == "q[1]"
    assert all(isinstance(qubit, QBool) for qubit in array)
    assert array[0].evaluate() is array[0] and array.evaluate() == array.qbits_list()
    assert array.cast(0b110) == [True, True, False] and array[0].cast(0) is False
    assert array[2].cast_to(QInt).start == 2
    assert [qubit.index for qubit in (array[0] & array[2]).qbits_list()] == [0, 2]
    assert str(program.qalloc(2).cast_to(QBoolArray)[0] & array[0]) == "(q[3]&q[0])"


def test_printing() -> None:
    a, b, c, d = QRoutine().new_wires(4, QBoolArray)
    assert str((a & b) | (c & d)) == "((q[0]&q[1])|(q[2]&q[3]))"
    assert str(~(a & b)) == "(~ (q[0]&q[1]))"
    assert ~~a is a
    assert isinstance(a & b, QClause)


def test_plain_qubits_join_clauses() -> None:
    routine = QRoutine()
    a, plain = routine.new_wires(1, QBoolArray), routine.new_wires(1)
    (plain[0] & a[0]).phase()
    assert signs_of(routine).tolist() == [1, 1, 1, -1]


@pytest.mark.parametrize("wrong", [1.5, None, "a", 2])
def test_wrong_operands(wrong: Any) -> None:
    a = QRoutine().new_wires(1, QBoolArray)[0]
    with pytest.raises(TypeError, match="cannot be cast to a QBool"):
        a & wrong


def test_outputs_must_be_one_qubit() -> None:
    routine, clause = on_four_qubits(CLAUSES["a & b"])
    with pytest.raises(TypeError, match="one qubit, not 2"):
        clause.evaluate(output=routine.new_wires(2))


def test_qubits_of_two_programs() -> None:
    a, b = QRoutine().new_wires(1, QBoolArray)[0], QRoutine().new_wires(1, QBoolArray)[0]
    with pytest.raises(InvalidCast, match="belongs to another"):
        a & b
