"""AQASM text as tapes: a recursive-descent reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from qat.core.gate_set import WrongArgumentsNumber, WrongArgumentType
from qat.kernels.formula import bits_of_formula
from qat.kernels.gates import GATES, GateForm, matrix_gate
from qat.kernels.tape import Classical, Kind, Tape, TapeBuilder
from qat.lang.AQASM import gates as predefined
from qat.lang.AQASM.aqasm_util import PyAQASMException
from qat.lang.AQASM.gate import Gate, gate_of
from qat.lang.AQASM.gates import AbstractGate
from qat.lang.AQASM.math_util import check_unitarity, get_arity
from qat.lang.AQASM.text.expressions import read_cbit, read_formula, read_parameter
from qat.lang.AQASM.text.lexer import Token, Tokens, is_free_name
from qat.lang.AQASM.text.writer import CUSTOM_PREFIX, TYPE_NAMES

__all__ = ["read_tape"]

MAX_BITS = 2**31 - 1
_TYPES: Mapping[str, type] = {name: kind for kind, name in TYPE_NAMES.items()} | {"str": str}
_OPERATORS: Mapping[str, Callable[[Gate], Gate]] = {
    "CTRL": lambda gate: gate.ctrl(), "DAG": lambda gate: gate.dag(), "TRANS": lambda gate: gate.trans(),
    "CONJ": lambda gate: gate.conj(),
}  # fmt: skip
_PREDEFINED: Mapping[str, Any] = {name: getattr(predefined, name) for name in GATES} | {"iSWAP": predefined.ISWAP}


def read_tape(text: str, *, default_gate_set: bool = True) -> Tape:
    """The tape of an AQASM text. Cost O(n).

    Raises:
        AQASMError: the text is not AQASM; it says where, what was found and what was expected.
    """
    return _Reader(Tokens(text), _PREDEFINED if default_gate_set else {}).tape()


class _Reader:
    """Reads a text; each method reads what its name says."""

    def __init__(self, tokens: Tokens, known: Mapping[str, Any]) -> None:
        self.tokens = tokens
        self.families: dict[str, Any] = dict(known)
        self.named: dict[str, Gate] = {}
        self.builder = TapeBuilder()
        self.declared: dict[str, int] = {}
        self.used = {"qubits": 0, "cbits": 0}

    def tape(self) -> Tape:
        while self.tokens.accept("DEFINE"):
            self._definition()
        self.tokens.expect("BEGIN", " or DEFINE")
        self._allocations()
        while not self.tokens.accept("END"):
            self._instruction()
        if self.tokens.peek().kind != "end":
            self.tokens.unexpected("nothing after END")
        nb_qubits = self.declared.get("qubits", self.used["qubits"])
        return self.builder.tape(nb_qubits, self.declared.get("cbits", max(self.used["cbits"], nb_qubits)))

    # ---------------------------------------------------------------- definitions
    def _definition(self) -> None:
        if self.tokens.accept("GATE", "G"):
            name = self._new_name(self.named)
            self.tokens.expect("=")
            is_matrix = self.tokens.peek().text == "["
            self.named[name] = self._matrix_gate(name) if is_matrix else self._gate()
        elif self.tokens.accept("PARAM"):
            name = self._new_name(self.families)
            self.families[name] = self._family(name)
        else:
            self.tokens.unexpected("GATE or PARAM")

    def _new_name(self, known: Mapping[str, Any]) -> str:
        token = self.tokens.take("name", "the name of a new gate")
        if token.text in known or not is_free_name(token.text):
            token.refuse(f"{token.text} has a meaning already", "choose another name")
        return token.text

    def _family(self, name: str) -> AbstractGate:
        types = []
        while not self.tokens.accept(":"):
            token = self.tokens.take("name", f"a type ({', '.join(_TYPES)}) or ':'")
            if token.text not in _TYPES:
                token.refuse(f"there is no type {token.text}", f"expected one of {', '.join(_TYPES)}")
            types.append(_TYPES[token.text])
        return AbstractGate(name, types, arity=None if self.tokens.accept("None") else self._arity())

    def _arity(self) -> int:
        token = self.tokens.peek()
        arity = self.tokens.integer("the number of qubits or None")
        if not arity:
            token.refuse("found 0", "a gate acts on at least one qubit")
        return arity

    def _matrix_gate(self, name: str) -> Gate:
        start = self.tokens.peek()
        rows = self._list(lambda: self._list(self._complex))
        if len({len(row) for row in rows}) > 1:
            start.refuse(
                f"the rows of {name} have different lengths {[len(row) for row in rows]}", "expected a square matrix"
            )
        matrix = np.array(rows, dtype=np.complex128)
        try:
            get_arity(matrix)
            check_unitarity(matrix)
        except PyAQASMException as error:
            start.refuse(str(error).rstrip("."))
        published = "CustomGate" if name.startswith(CUSTOM_PREFIX) else name
        return gate_of(GateForm(matrix_gate(matrix, name=published)), ())

    def _list(self, entry: Callable[[], Any]) -> list[Any]:
        self.tokens.expect("[")
        entries = [entry()]
        while not self.tokens.accept("]"):
            self.tokens.accept(",")
            entries.append(entry())
        return entries

    def _complex(self) -> complex:
        token = self.tokens.peek()
        value = read_parameter(self.tokens)
        if not isinstance(value, int | float | complex):
            token.refuse(f"found {value}", "expected a number or (real, imaginary)")
        return complex(value)

    # ---------------------------------------------------------------- instructions
    def _allocations(self) -> None:
        while self.tokens.peek().text in ("qubits", "cbits"):
            token = self.tokens.next()
            if token.text in self.declared:
                token.refuse(f"{token.text} is declared twice", "declare it once")
            size_token = self.tokens.peek()
            size = self.tokens.integer(f"the number of {token.text}")
            if size > MAX_BITS:
                size_token.refuse(f"found {size}", f"expected at most {MAX_BITS}")
            self.declared[token.text] = size

    def _instruction(self) -> None:
        token = self.tokens.peek()
        if self.tokens.accept("?"):
            cbit = self._cbit()
            self.tokens.expect(":")
            self._application(cbit)
        elif token.text in _INSTRUCTIONS and token.kind == "name":
            self.tokens.next()
            _INSTRUCTIONS[token.text](self, token)
        elif token.kind == "name":
            self._application(None)
        else:
            self.tokens.unexpected("an instruction, '?' or END")

    def _application(self, cbit: int | None) -> None:
        token = self.tokens.peek()
        gate = self._gate()
        qubits = self._qubits()
        gate = gate.sized(len(qubits))
        if len(qubits) != gate.arity:
            token.refuse(f"a gate of {gate.arity} qubits is on {len(qubits)}: {qubits}", f"give {gate.arity}")
        form = self.builder.form(gate.tape_form)
        if cbit is None:
            self.builder.gate(form, qubits, gate.tape_parameters)
        else:
            self.builder.controlled_gate(cbit, form, qubits, gate.tape_parameters)

    def _measurement(self, token: Token) -> None:
        qubits = self._qubits()
        cbits = (
            self._cbits() if self.tokens.peek().text == "c" else [self._bit("cbits", index, token) for index in qubits]
        )
        if len(cbits) != len(qubits):
            token.refuse(f"{len(qubits)} qubits are measured into {len(cbits)} classical bits", "give as many of both")
        self.builder.classical(Kind.MEASURE, qubits, Classical(tuple(cbits)))

    def _reset(self, token: Token) -> None:
        qubits = self._qubits() if self.tokens.peek().text == "q" else []
        cbits = self._cbits() if self.tokens.peek().text == "c" else []
        if not (qubits or cbits):
            self.tokens.unexpected("qubits q[…] or classical bits c[…]")
        self.builder.classical(Kind.RESET, qubits, Classical(tuple(cbits)))

    def _logic(self, token: Token) -> None:
        cbit = self._cbit()
        formula = self._formula(cbit)
        self.builder.classical(Kind.CLASSIC, (), Classical((cbit,), formula))

    def _break(self, token: Token) -> None:
        formula = self._formula(0)
        self.builder.classical(Kind.BREAK, (), Classical(tuple(bits_of_formula(formula)), formula))

    # ---------------------------------------------------------------- gates
    def _gate(self) -> Gate:
        token = self.tokens.take("name", "a gate")
        self.tokens.deeper()
        if token.text in _OPERATORS:
            is_bracketed = self.tokens.accept("(")
            gate = _OPERATORS[token.text](self._bracketed_gate() if is_bracketed else self._gate())
            if is_bracketed:
                self.tokens.expect(")")
        elif token.text in ("GATE", "G"):
            gate = self._named_gate()
        else:
            gate = self._family_gate(token)
        self.tokens.back()
        return gate

    def _bracketed_gate(self) -> Gate:
        if not self.tokens.accept("("):
            return self._gate()
        self.tokens.deeper()
        gate = self._bracketed_gate()
        self.tokens.expect(")")
        self.tokens.back()
        return gate

    def _named_gate(self) -> Gate:
        token = self.tokens.take("name", "the name of a gate of DEFINE GATE")
        if token.text not in self.named:
            token.refuse(f"there is no gate {token.text}", "define it with DEFINE GATE before BEGIN")
        return self.named[token.text]

    def _family_gate(self, token: Token) -> Gate:
        family = self.families.get(token.text, self.named.get(token.text))
        if family is None:
            token.refuse(f"there is no gate {token.text}", "define it with DEFINE GATE or DEFINE PARAM before BEGIN")
        if isinstance(family, Gate):
            return family
        try:
            gate: Gate = family(*self._typed(family, self._parameters()))
        except (WrongArgumentsNumber, WrongArgumentType) as error:
            token.refuse(str(error).rstrip("."))
        return gate

    def _typed(self, family: AbstractGate, values: list[Any]) -> list[Any]:
        kinds = [*family.arg_types, *[object] * len(values)]
        return [
            bool(value) if kind is bool and value in (0, 1) else value
            for kind, value in zip(kinds, values, strict=False)
        ]

    def _parameters(self) -> list[Any]:
        closing = {"[": "]", "(": ")"}.get(self.tokens.peek().text)
        if closing is None:
            return []
        self.tokens.next()
        values: list[Any] = []
        while not self.tokens.accept(closing):
            if values:
                self.tokens.expect(",", f" or {closing!r}")
            values.append(read_parameter(self.tokens))
        return values

    # ---------------------------------------------------------------- bits
    def _qubits(self) -> list[int]:
        start = self.tokens.peek()
        qubits = [self._qubit()]
        while self.tokens.accept(","):
            qubits.append(self._qubit())
        return _distinct(qubits, "qubits", start)

    def _qubit(self) -> int:
        token = self.tokens.peek()
        self.tokens.expect("q", ", a qubit")
        self.tokens.expect("[", " and the number of a qubit")
        index = self.tokens.integer("the number of a qubit")
        self.tokens.expect("]")
        return self._bit("qubits", index, token)

    def _cbits(self) -> list[int]:
        start = self.tokens.peek()
        cbits = [self._cbit()]
        while self.tokens.accept(","):
            cbits.append(self._cbit())
        return _distinct(cbits, "classical bits", start)

    def _cbit(self) -> int:
        token = self.tokens.peek()
        return self._bit("cbits", read_cbit(self.tokens), token)

    def _bit(self, kind: str, index: int, token: Token) -> int:
        limit = self.declared.get(kind, MAX_BITS)
        if index >= limit:
            token.refuse(f"there is no {kind[0]}[{index}]", f"the text declares `{kind} {limit}`; use 0 to {limit - 1}")
        self.used[kind] = max(self.used[kind], index + 1)
        return index

    def _formula(self, target: int) -> str:
        start = self.tokens.peek()
        formula = read_formula(self.tokens, target)
        for bit in bits_of_formula(formula):
            self._bit("cbits", bit, start)
        return formula


def _distinct(bits: list[int], kind: str, token: Token) -> list[int]:
    if len(set(bits)) != len(bits):
        token.refuse(f"{kind} {bits} are repeated", "give each one once")
    return bits


_INSTRUCTIONS: Mapping[str, Callable[[_Reader, Token], None]] = {
    "MEAS": _Reader._measurement, "RESET": _Reader._reset, "LOGIC": _Reader._logic, "BREAK": _Reader._break,
    "BREAKIF": _Reader._break,
}  # fmt: skip
