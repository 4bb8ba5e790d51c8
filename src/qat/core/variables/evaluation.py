"""Evaluation: expressions compiled once into a list of steps, then run on any values.

A program holds registers: constants, then the values of its variables, then one result a step. Equal parts of the
compiled expressions share a register, so twenty angles made of the same variables cost little more than one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np

from qat.core.variables.expressions import FOLDING, ArithExpression, BaseArithmetic, Variable
from qat.core.variables.symbols import Symbol
from qat.core.variables.walk import fold

_UNARY, _MANY = -1, -2
_FLOAT = {float}
_MAX_PROGRAMS = 256
_Step = tuple[Callable[..., Any], Any, int]


class Program:
    """Expressions as a list of steps on registers."""

    __slots__ = ("_constants", "_fast", "_general", "_keeps_integer", "_names", "_outputs", "expressions")

    def __init__(self, expressions: tuple[Any, ...]) -> None:
        self.expressions = expressions
        compiler = _Compiler(expressions)
        self._constants = compiler.constants
        self._names = compiler.names
        self._fast = [_step(symbol.fast, operands) for symbol, operands in compiler.steps]
        self._general = [_step(symbol.evaluator, operands) for symbol, operands in compiler.steps]
        self._outputs = compiler.outputs
        self._keeps_integer = [_is_integer(expression) for expression in expressions]

    def inputs(self, values: Mapping[str, Any]) -> list[Any] | None:
        """Values of the variables in the program's order, or ``None`` where one is missing or an expression."""
        try:
            inputs = [values[name] for name in self._names]
        except KeyError:
            return None
        if are_floats(inputs):
            return inputs
        for i, value in enumerate(inputs):
            if type(value) is not float:
                if isinstance(value, BaseArithmetic):
                    return None
                inputs[i] = value.item() if isinstance(value, np.generic) else value
        return inputs

    def run(self, inputs: list[Any]) -> list[Any]:
        """Values of the expressions, as their evaluators return them."""
        if are_floats(inputs):
            try:
                return self._run(self._fast, inputs)
            except (ArithmeticError, TypeError, ValueError):
                pass  # the general functions know complex numbers, and say what is wrong
        try:
            return self._run(self._general, inputs)
        except (ArithmeticError, TypeError, ValueError, LookupError):
            values = dict(zip(self._names, inputs, strict=True))
            return [substituted(expression, values) for expression in self.expressions]

    def _run(self, steps: list[_Step], inputs: list[Any]) -> list[Any]:
        registers = self._constants + inputs
        push = registers.append
        for function, first, second in steps:
            if second >= 0:
                push(function(registers[first], registers[second]))
            elif second == _UNARY:
                push(function(registers[first]))
            else:
                push(function(*[registers[i] for i in first]))
        return [registers[i] for i in self._outputs]

    def numbers(self, inputs: list[Any]) -> list[Any]:
        """Values of the expressions: floats, or what cannot be one."""
        results = self.run(inputs)
        if are_floats(results):
            return results
        for i, value in enumerate(results):
            if type(value) is not float:
                results[i] = _as_number(value, self._keeps_integer[i])
        return results


def are_floats(values: Iterable[Any]) -> bool:
    """Whether all are plain floats, as nearly always; at the speed of C.

    >>> are_floats([0.5, 1.0]), are_floats([0.5, 1])
    (True, False)
    """
    return set(map(type, values)) <= _FLOAT


def evaluate_all(expressions: Sequence[Any], values: Mapping[str, Any]) -> list[Any]:
    """Values of many expressions at once, as needed to bind a circuit.

    Args:
        expressions: expressions or numbers; pass the same tuple again and it is compiled once.
        values: values of the variables by name; others are ignored.

    Returns:
        One entry an expression: a float where it has a real value, an int where all its variables are of type int,
        a complex number or an array where it has such a value, and a simplified expression where variables are
        missing.

    Raises:
        ValueError, ZeroDivisionError, OverflowError, TypeError: an expression has no value there.

    >>> a, b = Variable("a"), Variable("b")
    >>> evaluate_all((2 * a, a + b), {"a": 1, "b": 0.5})
    [2.0, 1.5]
    >>> print(*evaluate_all((2 * a, a + b), {"a": 1}))
    2.0 (1 + b)
    """
    program = _program_of(expressions)
    inputs = program.inputs(values)
    return program.numbers(inputs) if inputs is not None else _partly_evaluated(expressions, values)


def bound_all(expressions: Sequence[Any], values: Mapping[str, Any]) -> list[Any]:
    """As ``bound`` for many expressions at once; pass the same tuple again and it is compiled once.

    >>> bound_all((2 * Variable("a"), Variable("a") + 0.5), {"a": 1})
    [2, 1.5]
    """
    program = _program_of(expressions)
    inputs = program.inputs(values)
    if inputs is None:
        return [bound(expression, values) for expression in expressions]
    return [result.item() if isinstance(result, np.generic) else result for result in program.run(inputs)]


def bound(expression: Any, values: Mapping[str, Any]) -> Any:
    """An expression with values for some of its variables: a number, or the simpler expression that remains.

    Numbers and lists pass through. Integers stay integers.

    >>> print(bound(2 * Variable("a") + Variable("b"), {"a": 3}))
    (6 + b)
    """
    if not isinstance(expression, ArithExpression):
        return expression(**values) if isinstance(expression, Variable) else expression
    if expression._program is None:
        expression._program = Program((expression,))
    inputs = expression._program.inputs(values)
    if inputs is None:
        return substituted(expression, values)
    result = expression._program.run(inputs)[0]
    return result.item() if isinstance(result, np.generic) else result


def substituted(expression: Any, values: Mapping[str, Any]) -> Any:
    """As ``bound``, part by part: slower, needs no program, and its errors name the part without a value."""

    def leaf(part: Any) -> Any:
        return part(**values) if isinstance(part, Variable) and part.name in values else part

    return fold(expression, leaf, _rebuilt)


def checked_value(name: str, value: Any) -> float:
    """The value of a variable or angle as a float.

    Raises:
        ValueError: it is NaN or infinite.
        TypeError: it is not a real number.

    >>> checked_value("theta", 1)
    1.0
    """
    if isinstance(value, complex | np.complexfloating) and value.imag == 0:
        value = value.real
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} = {value!r}: expected a real number; give it one when binding") from None
    if not math.isfinite(number):
        raise ValueError(f"{name} = {value!r}: expected a finite number; check the values the variables were bound to")
    return number


class _Compiler:
    """Numbers the distinct parts of expressions: constants first, then variables, then steps."""

    def __init__(self, expressions: tuple[Any, ...]) -> None:
        self.constants: list[Any] = []
        self.names: list[str] = []
        self.steps: list[tuple[Symbol, tuple[int, ...]]] = []
        self._numbers: dict[Any, tuple[str, int]] = {}
        places = [fold(expression, self._leaf, self._node) for expression in expressions]
        self._offsets = {
            "constant": 0,
            "variable": len(self.constants),
            "step": len(self.constants) + len(self.names),
        }
        self.outputs = [self._register(place) for place in places]
        self.steps = [
            (symbol, tuple(self._register(place) for place in operands))  # type: ignore[arg-type]
            for symbol, operands in self.steps
        ]

    def _register(self, place: tuple[str, int]) -> int:
        return self._offsets[place[0]] + place[1]

    def _leaf(self, value: Any) -> tuple[str, int]:
        if isinstance(value, Variable):
            return self._place("variable", value.name, self.names, value.name)
        key = ("constant", id(value)) if isinstance(value, list) else (type(value), value)
        return self._place("constant", key, self.constants, value)

    def _node(self, expression: ArithExpression, operands: list[Any]) -> tuple[str, int]:
        step: Any = (expression.symbol, tuple(operands))
        return self._place("step", step, self.steps, step)

    def _place(self, kind: str, key: Any, column: list[Any], entry: Any) -> tuple[str, int]:
        key = (kind, key)
        if key not in self._numbers:
            self._numbers[key] = (kind, len(column))
            column.append(entry)
        return self._numbers[key]


def _step(function: Callable[..., Any], operands: tuple[int, ...]) -> _Step:
    match operands:
        case (first,):
            return function, first, _UNARY
        case (first, second):
            return function, first, second
    return function, operands, _MANY


_programs: dict[int, Program] = {}
_programs_lock = Lock()


def _program_of(expressions: Sequence[Any]) -> Program:
    """The program of a tuple, found again by the tuple's identity (the cache keeps the tuple alive)."""
    program = _programs.get(id(expressions))
    if program is not None and program.expressions is expressions:
        return program
    program = Program(tuple(expressions))
    if isinstance(expressions, tuple):
        with _programs_lock:
            while len(_programs) >= _MAX_PROGRAMS:
                del _programs[next(iter(_programs))]
            _programs[id(expressions)] = program
    return program


def _partly_evaluated(expressions: Sequence[Any], values: Mapping[str, Any]) -> list[Any]:
    results = [bound(expression, values) for expression in expressions]
    return [
        result if isinstance(result, BaseArithmetic) else _as_number(result, _is_integer(expression))
        for expression, result in zip(expressions, results, strict=True)
    ]


def _rebuilt(node: ArithExpression, children: list[Any]) -> Any:
    if not any(isinstance(child, BaseArithmetic) for child in children):
        return _evaluated(node, children)
    if all(child is old for child, old in zip(children, node.children, strict=True)):
        return node
    folded = FOLDING.get(node.symbol, node.symbol)(*children)
    if isinstance(folded, BaseArithmetic):
        return folded
    return node.symbol(*children)  # (a * b) with a = 0 still has the variable b, whatever the values of others


def _evaluated(node: ArithExpression, children: list[Any]) -> Any:
    try:
        return node.symbol.evaluator(*children)
    except (ArithmeticError, TypeError, ValueError, LookupError) as error:
        shown = ", ".join(map(repr, children))
        message = f"cannot evaluate {node}: {node.symbol} of {shown}: {error}; bind other values"
        raise _plain_class(error)(message) from error


def _plain_class(error: Exception) -> type[Exception]:
    known = (ZeroDivisionError, OverflowError, ArithmeticError, TypeError, ValueError, IndexError, LookupError)
    return next(kind for kind in known if isinstance(error, kind))


def _is_integer(expression: Any) -> bool:
    """Whether integer values of this expression stay integers: all its variables are of type int."""
    if isinstance(expression, Variable):
        return expression.type is int
    if not isinstance(expression, ArithExpression):
        return False
    kinds = fold(
        expression,
        lambda leaf: {leaf.type} if isinstance(leaf, Variable) else set(),
        lambda node, results: set().union(*results),
    )
    return bool(kinds == {int})


def _as_number(value: Any, keeps_integer: bool) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, complex) and value.imag == 0:
        return value.real
    if isinstance(value, int) and not keeps_integer:
        return float(value)
    return value
