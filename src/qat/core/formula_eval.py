"""Boolean formulas over classical bits, in prefix notation (``AND 1 OR 0 2``), at their published address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qat.kernels.formula import bits_of_formula, evaluate_formula

_SIGNS: Mapping[str, str] = {"AND": "&", "OR": "|", "XOR": "^"}


def evaluate(formula_str: str, tab: Any) -> bool:
    """Value of a formula.

    Args:
        formula_str: the formula; numbers are indices into ``tab``.
        tab: values of the classical bits.

    Raises:
        ValueError: the formula is malformed or reads a bit that does not exist.

    >>> evaluate("AND 1 OR 0 2", [0, 1, 1])
    True
    """
    return evaluate_formula(formula_str, tab)


def evaluate_list(formula_list: Sequence[str], tab: Any) -> bool:
    """Value of a formula given as a list of words.

    >>> evaluate_list(["NOT", "0"], [0])
    True
    """
    return evaluate_formula(" ".join(formula_list), tab)


def involved_cbits(formula: str) -> list[int]:
    """Indices of the bits that a formula reads, increasing.

    >>> involved_cbits("AND 3 NOT 1")
    [1, 3]
    """
    return bits_of_formula(formula)


def to_aqasm_string(formula_str: str) -> str:
    """The formula as the AQASM language writes it.

    >>> to_aqasm_string("AND 1 OR 0 NOT 2")
    '(c[1] & (c[0] | ~c[2]))'
    """
    return _infix(iter(formula_str.split()))


def _infix(words: Iterator[str]) -> str:
    word = next(words, None)
    if word is None:
        raise ValueError("The formula ends too early: an operand is missing")
    if word == "NOT":
        return f"~{_infix(words)}"
    if word in _SIGNS:
        return f"({_infix(words)} {_SIGNS[word]} {_infix(words)})"
    return f"c[{word}]"
