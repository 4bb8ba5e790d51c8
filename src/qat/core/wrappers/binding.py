"""Binding of circuits: values of variables in, tapes with numbers out. It runs at every step of an optimiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np

from qat.core.gate_set import is_type
from qat.core.variables import evaluate_all
from qat.core.variables.evaluation import are_floats
from qat.kernels import tape_algebra
from qat.kernels.tape import Tape, is_symbolic

_TEXT = {str}


def bound_tape(tape: Tape, values: Mapping[str, Any]) -> Tape:
    """The tape with values for variables; the same tape when it has none.

    Raises:
        ValueError: an angle becomes infinite or not a number.
        TypeError: the values are not given by name, or one is not a number or an expression.
    """
    if not isinstance(values, Mapping):
        raise TypeError(f"Variables are bound by name, but got {values!r}: give a dictionary, as in {{'a': 0.5}}")
    if not tape.expressions and not tape_algebra.has_boxes(tape):
        return tape
    is_plain = are_floats(values.values()) and set(map(type, values)) <= _TEXT
    plain = values if is_plain else {name: plain_value(name, value) for name, value in values.items()}

    def evaluate(expressions: tuple[Any, ...]) -> Sequence[Any]:
        results = evaluate_all(expressions, plain)
        if are_floats(results) and all(map(isfinite, results)):
            return results
        for expression, result in zip(expressions, results, strict=True):
            if type(result) is not float:
                _check_type(tape, expression, result)
            elif not isfinite(result):
                raise ValueError(_not_finite(expression, result, plain))
        return results

    return tape_algebra.bound(tape, evaluate)


def _check_type(tape: Tape, expression: Any, value: Any) -> None:
    """Check a value that is not a float against the gates of the tape that take it."""
    if is_symbolic(value) or expression not in tape.expressions:
        return
    number = tape.expressions.index(expression)
    for index in tape.slots[tape.slot_expressions == number].tolist():
        row = int(np.searchsorted(tape.parameter_starts, index, side="right")) - 1
        form = tape.forms[tape.gates[row]]
        expected = form.record.parameters[index - int(tape.parameter_starts[row])]
        if not is_type(expected, value):
            raise TypeError(
                f"The parameter {expression} of gate {form.syntax} becomes {value!r}: give numbers that make it a "
                f"{expected.__name__}"
            )


def plain_value(name: str, value: Any) -> Any:
    """A value as an ordinary Python number, where it is a number of NumPy.

    Raises:
        TypeError: the name is not text.
    """
    if type(name) is not str:
        raise TypeError(f"Variables are bound by name, but got {name!r} of {type(name)}: give its name as text")
    return value.item() if isinstance(value, np.generic) else value


def _not_finite(expression: Any, result: float, values: Mapping[str, Any]) -> str:
    used = {name: values[name] for name in expression.get_variables() if name in values}
    return f"The gate parameter {expression} becomes {result} with {used}: give finite values"
