"""How boolean expressions become gates.

An expression is reduced to a conjunction of literals (qubits, or their negations), perhaps negated as a whole. A
part that is no literal is first computed into an ancilla. Everything but the one gate that acts lies in a
compute-uncompute pair, so ancillas come back clean and a control reaches that one gate alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from qat.lang.AQASM.bits import Qbit, QRegister
from qat.lang.AQASM.gates import CNOT, X, Z

__all__ = ["Conjunction", "Expression", "Literal", "flip_sign_where", "open_block", "xor_into"]


class Literal(NamedTuple):
    """A qubit, or its negation."""

    qubit: Qbit
    is_negated: bool = False


class Conjunction(NamedTuple):
    """The *and* of some literals, negated or not; without literals it is true."""

    literals: tuple[Literal, ...]
    is_negated: bool = False


class Expression:
    """A boolean expression on the qubits of a program or routine.

    A comparison overrides ``conjunction``; the others are told by their operator.
    """

    __slots__ = ()

    scope: Any

    def qbits_list(self) -> list[Qbit]:
        """The qubits it reads."""
        raise NotImplementedError

    def conjunction(self) -> Conjunction:
        """Writes the gates that reduce it to a conjunction, to be undone by the caller; inputs may be changed."""
        raise NotImplementedError


def xor_into(expression: Any, output: Qbit) -> None:
    """Writes ``output ^= expression``; nothing else is changed, ancillas are clean again."""
    if getattr(expression, "operator", None) == "^":
        for operand in expression.operand:
            xor_into_or_flip(operand, output)
        return
    scope = expression.scope
    with scope.compute():
        conjunction = _reduced(expression, may_change_inputs=True)
        _apply_to_negated(scope, conjunction.literals)
    _flip_where(scope, conjunction, output)
    scope.uncompute()


def xor_into_or_flip(operand: Any, output: Qbit) -> None:
    """The same for an operand that may be a constant."""
    if isinstance(operand, bool):
        if operand:
            output.scope.apply(X, output)
    else:
        xor_into(operand, output)


def flip_sign_where(expression: Any) -> None:
    """Writes the gates that turn the sign of the states for which the expression is true."""
    if getattr(expression, "operator", None) == "^":
        for operand in expression.operand:
            _flip_sign_of_operand(operand, expression)
        return
    scope = expression.scope
    with scope.compute():
        conjunction = _reduced(expression, may_change_inputs=True)
        _apply_to_negated(scope, conjunction.literals)
    qubits = [literal.qubit for literal in conjunction.literals]
    if qubits:
        scope.apply(Z.ctrl(len(qubits) - 1), qubits)
    scope.uncompute()
    if conjunction.is_negated == bool(qubits):
        _flip_sign(scope, expression.qbits_list()[0])


def _flip_sign_of_operand(operand: Any, expression: Any) -> None:
    if not isinstance(operand, bool):
        flip_sign_where(operand)
    elif operand:
        _flip_sign(expression.scope, expression.qbits_list()[0])


def _flip_sign(scope: Any, qubit: Qbit) -> None:
    """Turns the sign of every state, which counts once a control is added."""
    for gate in (X, Z, X, Z):
        scope.apply(gate, qubit)


def open_block(expression: Any, register_type: type[QRegister]) -> Any:
    """Computes the expression into an ancilla, to be undone by the next ``uncompute`` of its scope."""
    scope = expression.scope
    with scope.compute():
        result = scope.get_free_ancillae(1, register_type)
        _write(expression, result[0])
    return result


def _write(expression: Any, output: Qbit) -> None:
    """Writes ``output ^= expression``, leaving ancillas to be cleaned by undoing all of it; inputs are restored."""
    operator = getattr(expression, "operator", None)
    if operator == "^":
        for operand in expression.operand:
            if isinstance(operand, bool):
                xor_into_or_flip(operand, output)
            else:
                _write(operand, output)
    elif operator in _CLAUSES:
        scope = expression.scope
        conjunction = _reduced(expression, may_change_inputs=False)
        _apply_to_negated(scope, conjunction.literals)
        _flip_where(scope, conjunction, output)
        _apply_to_negated(scope, conjunction.literals)
    else:
        xor_into(expression, output)


_CLAUSES = frozenset("&|~")


def _reduced(expression: Any, *, may_change_inputs: bool) -> Conjunction:
    """The expression as a conjunction; ancillas are taken on the way, to be freed by undoing."""
    if isinstance(expression, Qbit):
        return Conjunction((Literal(expression),))
    match getattr(expression, "operator", None):
        case "~":
            inner = _reduced(expression.operand[0], may_change_inputs=may_change_inputs)
            return inner._replace(is_negated=not inner.is_negated)
        case "&":
            return _conjunction(_literals(expression.operand))
        case "|":
            negated = (_negated(literal) for literal in _literals(expression.operand))
            return _negation(_conjunction(negated))
        case "^":
            return Conjunction((Literal(_computed(expression)),))
    if may_change_inputs:
        return expression.conjunction()  # type: ignore[no-any-return]
    return Conjunction((Literal(_computed(expression)),))


def _negation(conjunction: Conjunction) -> Conjunction:
    return conjunction._replace(is_negated=not conjunction.is_negated)


def _negated(literal: Literal | bool) -> Literal | bool:
    return not literal if isinstance(literal, bool) else literal._replace(is_negated=not literal.is_negated)


def _literals(operands: Iterable[Any]) -> list[Literal | bool]:
    return [operand if isinstance(operand, bool) else _literal(operand) for operand in operands]


def _literal(expression: Any) -> Literal | bool:
    """A qubit that has the value of the expression or of its negation; an ancilla unless it is one already."""
    if isinstance(expression, Qbit):
        return Literal(expression)
    if getattr(expression, "operator", None) == "~":
        return _negated(_literal(expression.operand[0]))
    return Literal(_computed(expression))


def _computed(expression: Any) -> Qbit:
    (ancilla,) = expression.scope.get_free_ancillae(1)
    _write(expression, ancilla)
    return ancilla  # type: ignore[no-any-return]


def _conjunction(literals: Iterable[Literal | bool]) -> Conjunction:
    """Literals without repetitions; a contradiction or a false constant makes the negation of true."""
    kept: dict[int, Literal] = {}
    for literal in literals:
        if isinstance(literal, bool):
            if not literal:
                return Conjunction((), is_negated=True)
        elif kept.setdefault(literal.qubit.index, literal).is_negated != literal.is_negated:
            return Conjunction((), is_negated=True)
    return Conjunction(tuple(kept.values()))


def _apply_to_negated(scope: Any, literals: Iterable[Literal]) -> None:
    for literal in literals:
        if literal.is_negated:
            scope.apply(X, literal.qubit)


def _flip_where(scope: Any, conjunction: Conjunction, output: Qbit) -> None:
    qubits = [literal.qubit for literal in conjunction.literals]
    if len(qubits) == 1:
        scope.apply(CNOT, qubits[0], output)
    elif qubits:
        scope.apply(X.ctrl(len(qubits)), qubits, output)
    if conjunction.is_negated == bool(qubits):
        scope.apply(X, output)
