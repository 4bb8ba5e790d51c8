"""Quantum integers: every input of small registers, random expressions, comparisons, registers in results."""

import itertools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.lang.AQASM import CNOT, H, Program, QBoolArray, QInt, QRoutine, classarith, qftarith
from qat.lang.AQASM.aqasm_util import InvalidArguments
from qat.lang.AQASM.qint import QArithExp, QCompExp
from qat.lang.AQASM.qtype_util import InvalidCast
from qat.qpus import LinAlg
from tests.unit.lang.acting import signs_of, unitary_of

LIBRARIES = pytest.mark.parametrize("library", [qftarith, classarith], ids=["fourier", "carries"])
COMPARISONS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def values(sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """All values of big-endian registers, in the order of basis states."""
    return itertools.product(*(range(2**size) for size in sizes))


def state_of(numbers: Sequence[int], sizes: Sequence[int]) -> int:
    """The basis state of big-endian registers."""
    index = 0
    for number, size in zip(numbers, sizes, strict=True):
        index = (index << size) + number
    return index


def check(
    build: Callable[..., Any], sizes: Sequence[int], expected: Callable[..., tuple[int, ...]], library: Any = qftarith
) -> None:
    """Check what operations on quantum integers do to every value of their registers, ancillas clean."""
    routine = QRoutine()
    build(*(routine.new_wires(size, QInt) for size in sizes))
    matrix = unitary_of(routine, [library])
    for column, numbers in enumerate(values(sizes)):
        row = state_of(expected(*numbers), sizes)
        assert abs(matrix[row, column] - 1) < 1e-7, (numbers, expected(*numbers))


def iadd(target: QInt, value: Any) -> None:
    target += value


def isub(target: QInt, value: Any) -> None:
    target -= value


# ---------------------------------------------------------------- in place
@LIBRARIES
@pytest.mark.parametrize("sizes", [(1, 1), (2, 1), (1, 2), (3, 2), (2, 3), (3, 3)])
def test_adding_a_register(library: Any, sizes: tuple[int, int]) -> None:
    check(iadd, sizes, lambda a, b: ((a + b) % 2 ** sizes[0], b), library)
    check(isub, sizes, lambda a, b: ((a - b) % 2 ** sizes[0], b), library)


@LIBRARIES
@pytest.mark.parametrize("constant", [-9, -1, 0, 1, 3, 7, 8, 11])
def test_adding_a_number(library: Any, constant: int) -> None:
    check(lambda a: iadd(a, constant), [3], lambda a: ((a + constant) % 8,), library)
    check(lambda a: isub(a, np.int64(constant)), [3], lambda a: ((a - constant) % 8,), library)


EXPRESSIONS: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda a, b: a + b,
    "difference": lambda a, b: a - b,
    "number minus register": lambda a, b: 3 - b,
    "product": lambda a, b: a * b,
    "multiple": lambda a, b: 3 * a + b * 2 - 1,
    "product of sums": lambda a, b: (a + b) * (a - b + 2),
    "square": lambda a, b: a * a,
    "cube": lambda a, b: b * b * b - a * b * b,
    "multiple of a product": lambda a, b: 5 * a * b,
    "nothing": lambda a, b: a - a,
}


@pytest.mark.parametrize("name", EXPRESSIONS)
@pytest.mark.parametrize("sizes", [(1, 2, 3), (2, 2, 2)])
def test_adding_an_expression(name: str, sizes: tuple[int, int, int]) -> None:
    expression, size = EXPRESSIONS[name], 2 ** sizes[2]
    check(lambda a, b, c: iadd(c, expression(a, b)), sizes, lambda a, b, c: (a, b, (c + expression(a, b)) % size))
    check(lambda a, b, c: isub(c, expression(a, b)), sizes, lambda a, b, c: (a, b, (c - expression(a, b)) % size))


@LIBRARIES
def test_controlled_and_inverse_sums(library: Any) -> None:
    inner = QRoutine()
    a, b = inner.new_wires(2, QInt), inner.new_wires(2, QInt)
    a += b * 3 + 1

    def apply(gate: Any) -> Callable[..., None]:
        return lambda *registers: registers[0].scope.apply(gate, *registers)

    check(apply(inner.dag()), [2, 2], lambda a, b: ((a - 3 * b - 1) % 4, b), library)
    wanted = lambda c, a, b: (c, (a + c * (3 * b + 1)) % 4, b)  # noqa: E731
    check(apply(inner.ctrl()), [1, 2, 2], wanted, library)


def test_reversed_bit_order() -> None:
    routine = QRoutine()
    a = routine.new_wires(2, QInt, reverse_bit_order=True)
    b = routine.new_wires(3, QInt)
    b += a
    matrix = unitary_of(routine, [qftarith])
    for column, (bits, number) in enumerate(values([2, 3])):
        value = (bits >> 1) + 2 * (bits & 1)
        assert abs(matrix[state_of([bits, (number + value) % 8], [2, 3]), column] - 1) < 1e-7


def test_a_register_cannot_be_added_to_itself() -> None:
    a = QRoutine().new_wires(2, QInt)
    with pytest.raises(InvalidArguments, match="repeated"):
        a += a + 1


# ---------------------------------------------------------------- comparisons
@LIBRARIES
@pytest.mark.parametrize("symbol", COMPARISONS)
@pytest.mark.parametrize("sizes", [(1, 1), (2, 2), (1, 3), (3, 1)])
def test_comparing_registers(library: Any, symbol: str, sizes: tuple[int, int]) -> None:
    compare = COMPARISONS[symbol]
    check_comparison(lambda a, b: compare(a, b), compare, sizes, library)


@LIBRARIES
@pytest.mark.parametrize("symbol", COMPARISONS)
@pytest.mark.parametrize("constant", [-1, 0, 1, 2, 3, 4, 7, 8])
def test_comparing_with_a_number(library: Any, symbol: str, constant: int) -> None:
    compare = COMPARISONS[symbol]
    check_comparison(lambda a: compare(a, constant), lambda a: compare(a, constant), [3], library)
    check_comparison(lambda a: compare(constant, a), lambda a: compare(constant, a), [3], library)


@pytest.mark.parametrize("symbol", COMPARISONS)
@pytest.mark.parametrize("name", sorted(set(EXPRESSIONS) - {"cube", "product of sums"}))
def test_comparing_expressions(symbol: str, name: str) -> None:
    compare, expression = COMPARISONS[symbol], EXPRESSIONS[name]
    for constant in (-1, 0, 3):
        check_comparison(
            lambda a, b, c=constant: compare(expression(a, b), b + c),
            lambda a, b, c=constant: compare(expression(a, b), b + c),
            [1, 2],
        )


def check_comparison(
    make: Callable[..., Any], truth: Callable[..., bool], sizes: Sequence[int], library: Any = qftarith
) -> None:
    """Check ``evaluate`` with every value of the output, and ``phase``, exactly and under a control."""
    routine = QRoutine()
    comparison = make(*(routine.new_wires(size, QInt) for size in sizes))
    if isinstance(comparison, bool):
        return
    comparison.evaluate(output=routine.new_wires(1))
    matrix = unitary_of(routine, [library])
    for column, (*numbers, bit) in enumerate(values([*sizes, 1])):
        row = state_of([*numbers, bit ^ bool(truth(*numbers))], [*sizes, 1])
        assert abs(matrix[row, column] - 1) < 1e-7, numbers
    marked = QRoutine()
    make(*(marked.new_wires(size, QInt) for size in sizes)).phase()
    wanted = np.array([-1.0 if truth(*numbers) else 1.0 for numbers in values(sizes)])
    assert np.array_equal(signs_of(marked, [library]), wanted)
    assert np.array_equal(signs_of(marked.ctrl(), [library]), np.concatenate((np.ones(len(wanted)), wanted)))


def test_equality_needs_no_arithmetic() -> None:
    routine = QRoutine()
    a, b = routine.new_wires(2, QInt), routine.new_wires(2, QInt)
    (a == b).phase()
    (a == 2).phase()
    assert not any("ADD" in name for name, *_ in routine.to_circ().iterate_simple())


def test_comparison_in_a_with_block() -> None:
    def build(a: QInt, b: QInt) -> None:
        with (a < 3) & (a > 0) as condition:
            CNOT(condition, b)

    check(build, [2, 1], lambda a, b: (a, b ^ (0 < a < 3)))


def test_comparisons_in_clauses_leave_registers_alone() -> None:
    def build(a: QInt, b: QInt) -> None:
        ((a < 2) | (a == 3) & ~(b > 1)).evaluate(output=b[0])

    routine = QRoutine()
    a, b = routine.new_wires(2, QInt), routine.new_wires(2, QInt)
    ((a < 2) | (a == 3) & ~(b > 1)).phase()
    wanted = [-1.0 if x < 2 or (x == 3 and y <= 1) else 1.0 for x, y in values([2, 2])]
    assert np.array_equal(signs_of(routine, [classarith]), wanted)


# ---------------------------------------------------------------- random expressions
leaves = st.one_of(st.integers(-3, 3), st.sampled_from(["a", "b"]))
trees = st.recursive(leaves, lambda inner: st.tuples(st.sampled_from("+-*"), inner, inner), max_leaves=5).filter(
    lambda tree: degree(tree) <= 2
)
_APPLY: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def degree(tree: Any) -> int:
    if isinstance(tree, tuple):
        symbol, left, right = tree
        return degree(left) + degree(right) if symbol == "*" else max(degree(left), degree(right))
    return int(isinstance(tree, str))


def computed(tree: Any, **registers: Any) -> Any:
    if isinstance(tree, tuple):
        symbol, left, right = tree
        return _APPLY[symbol](computed(left, **registers), computed(right, **registers))
    return registers[tree] if isinstance(tree, str) else tree


@settings(max_examples=60)
@given(trees, st.integers(1, 3))
def test_random_sums(tree: Any, size: int) -> None:
    check(
        lambda a, b, c: iadd(c, computed(tree, a=a, b=b)),
        [1, 2, size],
        lambda a, b, c: (a, b, (c + computed(tree, a=a, b=b)) % 2**size),
    )


@settings(max_examples=60)
@given(trees, leaves, st.sampled_from(sorted(COMPARISONS)))
def test_random_comparisons(tree: Any, other: Any, symbol: str) -> None:
    compare = COMPARISONS[symbol]

    def make(a: Any, b: Any) -> Any:
        return compare(computed(tree, a=a, b=b), computed(other, a=a, b=b))

    check_comparison(make, make, [1, 2])


# ---------------------------------------------------------------- evaluation
@pytest.mark.parametrize(
    ("name", "size"), [("sum", 3), ("product", 4), ("number minus register", 2), ("difference", 3)]
)
def test_evaluate_takes_as_many_qubits_as_needed(name: str, size: int) -> None:
    routine = QRoutine()
    a, b = routine.new_wires(2, QInt), routine.new_wires(2, QInt)
    assert EXPRESSIONS[name](a, b).evaluate().length == size
    assert EXPRESSIONS[name](a, b).evaluate(2).length == 2
    assert a.evaluate() is a


def test_evaluate_in_a_program() -> None:
    program = Program()
    a, b = program.qalloc(2, QInt), program.qalloc(2, QInt)
    a.set_value(3)
    b.set_value(2)
    total = (a * b + 1).evaluate()
    is_large = (a + b > 4).evaluate()
    result = LinAlg().submit(program.to_circ(link=[qftarith]).to_job(qubits=[a, b, total, is_large]))
    assert [sample.state.value[:3] for sample in result] == [(3, 2, 7)]


# ---------------------------------------------------------------- registers and results
def test_values_in_results() -> None:
    program = Program()
    a, b = program.qalloc(3, QInt), program.qalloc(2, QInt)
    a.set_value(5)
    b.set_value(2)
    a += b
    job = program.to_circ(link=[classarith]).to_job(qubits=[a, b])
    (sample,) = LinAlg().submit(job)
    assert (str(sample.state), sample.state.value, sample.state.int) == ("|7>|2>", (7, 2), 30)


def test_values_in_reversed_registers() -> None:
    program = Program()
    a = program.qalloc(3, QInt, reverse_bit_order=True)
    a.set_value(6)
    (sample,) = LinAlg().submit(program.to_circ().to_job())
    assert (sample.state.value, sample.state.int) == ((6,), 3)


@pytest.mark.parametrize(("value", "expected"), [(9, 1), (-1, 7), (np.int32(4), 4)])
def test_set_value_is_modular(value: Any, expected: int) -> None:
    program = Program()
    a = program.qalloc(3, QInt)
    a.set_value(value)
    (sample,) = LinAlg().submit(program.to_circ().to_job())
    assert sample.state.value == (expected,)


def test_register_protocol() -> None:
    program = Program()
    program.qalloc(1)
    a = program.qalloc(3, QInt)
    assert (len(a), a.length, a.start, [qubit.index for qubit in a]) == (3, 3, 1, [1, 2, 3])
    assert [qubit.index for qubit in a[1:]] == [2, 3]
    assert a.cast(6) == 6 and QInt(length=3, reverse_bit_order=True).cast(6) == 3
    assert isinstance(a.cast_to(QBoolArray), QBoolArray)
    assert isinstance(hash(a), int)
    for qubit in a:
        H(qubit)


def test_printing() -> None:
    routine = QRoutine()
    a, b = routine.new_wires(2, QInt), routine.new_wires(3, QInt)
    assert str(a + b * 2) == "(QInt(q[0]..q[1])+(QInt(q[2]..q[4])*2))"
    assert str(a < b) == "(QInt(q[0]..q[1]) < QInt(q[2]..q[4]))"
    assert str(a < 2) == "(QInt(q[0]..q[1]) < 2)"
    assert isinstance(a + 1, QArithExp) and isinstance(a < 1, QCompExp)


@pytest.mark.parametrize("wrong", [1.5, "a", None, [1]])
def test_wrong_operands(wrong: Any) -> None:
    a = QRoutine().new_wires(2, QInt)
    for combine in (operator.add, operator.mul, operator.lt, operator.iadd):
        with pytest.raises(TypeError, match="cannot be cast to a QInt"):
            combine(a, wrong)


def test_registers_of_two_programs() -> None:
    a, b = QRoutine().new_wires(2, QInt), QRoutine().new_wires(2, QInt)
    for combine in (operator.add, operator.lt, operator.iadd, operator.eq):
        with pytest.raises(InvalidCast, match="belongs to another program"):
            combine(a, b)


def test_circuits_with_typed_registers_compare() -> None:
    def circuit(value: int, **options: Any) -> Any:
        program = Program()
        program.qalloc(2, QInt, **options).set_value(value)
        return program.to_circ()

    assert circuit(1) == circuit(1)
    assert circuit(1) != circuit(2)
    assert circuit(0).qregs == circuit(0).qregs
    assert circuit(0).qregs != circuit(0, reverse_bit_order=True).qregs
