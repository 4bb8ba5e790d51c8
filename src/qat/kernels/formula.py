"""Boolean formulas over classical bits, in prefix notation: ``AND 0 NOT 1`` is (bit 0) and not (bit 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

_BINARY: dict[str, Callable[[bool, bool], bool]] = {
    "AND": lambda left, right: left and right,
    "OR": lambda left, right: left or right,
    "XOR": lambda left, right: left != right,
}


def evaluate_formula(formula: str, cbits: Sequence[int]) -> bool:
    """Value of a formula; numbers are indices into ``cbits``.

    Raises:
        ValueError: the formula is malformed or reads a bit that does not exist.

    >>> evaluate_formula("AND 1 OR 0 2", [1, 1, 0])
    True
    """
    tokens = iter(formula.split())
    value = _next_value(tokens, cbits, formula)
    if (extra := next(tokens, None)) is not None:
        raise ValueError(f"Formula {formula!r} goes on after its end, at {extra!r}")
    return value


def _next_value(tokens: Iterator[str], cbits: Sequence[int], formula: str) -> bool:
    token = next(tokens, None)
    if token is None:
        raise ValueError(f"Formula {formula!r} ends too early: an operand is missing")
    if token in _BINARY:
        left = _next_value(tokens, cbits, formula)
        return _BINARY[token](left, _next_value(tokens, cbits, formula))
    if token == "NOT":
        return not _next_value(tokens, cbits, formula)
    return _bit(token, cbits, formula)


def _bit(token: str, cbits: Sequence[int], formula: str) -> bool:
    if not token.isdecimal() or int(token) >= len(cbits):
        raise ValueError(f"Formula {formula!r}: {token!r} is neither AND, OR, XOR, NOT nor one of {len(cbits)} bits")
    return bool(cbits[int(token)])


def bits_of_formula(formula: str) -> list[int]:
    """Indices of the bits a formula reads, increasing.

    >>> bits_of_formula("AND 3 NOT 1")
    [1, 3]
    """
    return sorted({int(token) for token in formula.split() if token.isdecimal()})
