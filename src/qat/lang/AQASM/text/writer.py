"""Tapes as AQASM text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from qat.kernels.gates import GATES, FixedMatrix, GateForm, GateRecord
from qat.kernels.tape import Kind, Row, Tape, is_symbolic
from qat.kernels.tape_algebra import opened
from qat.lang.AQASM.text.expressions import read_parameter
from qat.lang.AQASM.text.lexer import AQASMError, Tokens, is_free_name

__all__ = ["CUSTOM_PREFIX", "TYPE_NAMES", "write_tape"]

TYPE_NAMES: Mapping[type, str] = {float: "float", int: "int", str: "string", complex: "complex", bool: "bool"}
"""Types of parameters in ``DEFINE PARAM``."""

CUSTOM_PREFIX = "custom_"
"""Gates without a name of their own are called ``custom_0``, ``custom_1``, …"""

_INFIX = {"AND": "&", "OR": "|", "XOR": "^"}


def write_tape(tape: Tape) -> str:
    """The tape as AQASM text; boxes are opened. Cost O(n).

    Raises:
        AQASMError: an operation or a parameter has no form as text.
    """
    writer = _Writer()
    lines = [writer.line(row) for row in opened(tape).rows()]
    body = ["BEGIN", f"qubits {tape.nb_qubits}", f"cbits {tape.nb_cbits}", "", *lines, "END", ""]
    return "\n".join([*writer.definitions.values(), *body])


class _Writer:
    """Writes operations and collects the definitions of their gates."""

    def __init__(self) -> None:
        self.definitions: dict[Any, str] = {}
        self._names: dict[GateRecord, str] = {}
        self._nb_custom = 0

    def line(self, row: Row) -> str:
        """One operation."""
        if row.form is None:
            if row.kind not in _CLASSICAL:
                raise AQASMError(f"{Kind(row.kind).name} on qubits {list(row.qubits)} has no form as text")
            return _CLASSICAL[row.kind](row)
        gate = f"{self._gate(row.form, row.parameters)} {_bits('q', row.qubits)}"
        if row.kind != Kind.CLASSIC_CONTROL or row.classical is None:
            return gate
        return f"? c[{row.classical.cbits[0]}] : {gate}"

    def _gate(self, form: GateForm, parameters: tuple[Any, ...]) -> str:
        text = self._written(form.record, parameters)
        for is_marked, word in ((form.is_dag, "DAG"), (form.is_trans, "TRANS"), (form.is_conj, "CONJ")):
            text = f"{word}({text})" if is_marked else text
        return "CTRL(" * form.nb_controls + text + ")" * form.nb_controls

    def _written(self, record: GateRecord, parameters: tuple[Any, ...]) -> str:
        values = ", ".join(written_value(record.name, value) for value in parameters)
        if record is GATES.get(record.name):
            return f"{record.name}[{values}]" if parameters else record.name
        if isinstance(record.matrix, FixedMatrix) and not record.parameters:
            return f"GATE {self._matrix_name(record, record.matrix)}"
        self._define_family(record, parameters)
        return f"{record.name}[{values}]"

    def _matrix_name(self, record: GateRecord, matrix: FixedMatrix) -> str:
        name = self._names.get(record)
        if name is None:
            name = self._new_name(record.name)
            self._names[record] = name
            self.definitions[name] = f"DEFINE GATE {name} = {_matrix(matrix.matrix)}"
        return name

    def _new_name(self, name: str) -> str:
        if name != "CustomGate" and name not in self.definitions and is_free_name(name):
            return name
        self._nb_custom += 1
        return f"{CUSTOM_PREFIX}{self._nb_custom - 1}"

    def _define_family(self, record: GateRecord, parameters: tuple[Any, ...]) -> None:
        if not is_free_name(record.name) or record.name in GATES:
            raise AQASMError(f"a gate called {record.name!r} has no form as text", "rename it or open it")
        types = record.parameters or tuple(map(type, parameters))
        start = " ".join(["DEFINE PARAM", record.name, *(_type_name(record.name, kind) for kind in types), ":"])
        line = f"{start} {record.arity}"
        known = self.definitions.setdefault(record.name, line)
        if not known.startswith(f"{start} "):
            raise AQASMError(
                f"two different gates are called {record.name}: {known!r} and {line!r}", "rename one of them"
            )
        if known != line:
            self.definitions[record.name] = f"{start} None"


def _type_name(gate: str, kind: type) -> str:
    if kind not in TYPE_NAMES:
        known = ", ".join(TYPE_NAMES.values())
        raise AQASMError(f"a parameter of {gate} is of type {kind.__name__}", f"text has {known} only; open the gate")
    return TYPE_NAMES[kind]


def written_value(gate: str, value: Any) -> str:
    """A parameter as text.

    >>> written_value("RX", 0.1), written_value("FOO", "a b"), written_value("FOO", 1j)
    ('0.1', '"a b"', '(0.0, 1.0)')
    """
    if is_symbolic(value):
        return _expression(gate, value)
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, bool | int | np.integer | np.bool_):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return repr(float(value))
    if isinstance(value, complex | np.complexfloating):
        return f"({float(value.real)!r}, {float(value.imag)!r})"
    raise AQASMError(f"the parameter {value!r} of {gate} has no form as text", "open the gate with inline=True")


def _expression(gate: str, expression: Any) -> str:
    text = str(expression)
    try:
        is_understood = str(read_parameter(Tokens(text))) == text
    except AQASMError:
        is_understood = False
    if not is_understood:
        raise AQASMError(f"the parameter {text} of {gate} has no form as text", "rename its variables or bind them")
    return text


def _matrix(matrix: Any) -> str:
    rows = (" ".join(f"({entry.real!r},{entry.imag!r})" for entry in row) for row in matrix.tolist())
    return f"[{' '.join(f'[{row}]' for row in rows)}]"


def _bits(letter: str, indices: Iterable[int]) -> str:
    return ",".join(f"{letter}[{index}]" for index in indices)


def _measurement(row: Row) -> str:
    assert row.classical is not None
    return f"MEAS {_bits('q', row.qubits)} {_bits('c', row.classical.cbits)}"


def _reset(row: Row) -> str:
    assert row.classical is not None
    return " ".join(["RESET", *filter(None, (_bits("q", row.qubits), _bits("c", row.classical.cbits)))])


def _logic(row: Row) -> str:
    assert row.classical is not None and row.classical.formula is not None
    return f"LOGIC c[{row.classical.cbits[0]}] {infix(row.classical.formula)}"


def _break(row: Row) -> str:
    assert row.classical is not None and row.classical.formula is not None
    return f"BREAK {infix(row.classical.formula)}"


_CLASSICAL: Mapping[int, Callable[[Row], str]] = {
    Kind.MEASURE: _measurement, Kind.RESET: _reset, Kind.CLASSIC: _logic, Kind.BREAK: _break,
}  # fmt: skip


def infix(formula: str) -> str:
    """A boolean formula in prefix notation as AQASM writes it.

    >>> infix("OR AND 1 NOT 2 0")
    '((c[1] & ~c[2]) | c[0])'
    """
    stack: list[str] = []
    for word in reversed(formula.split()):
        stack.append(_joined(word, stack))
    return stack.pop()


def _joined(word: str, stack: list[str]) -> str:
    if word in _INFIX:
        left, right = stack.pop(), stack.pop()
        return f"({left} {_INFIX[word]} {right})"
    return f"~{stack.pop()}" if word == "NOT" else f"c[{word}]"
