"""What is written on a gate: names with marks, parameters shortened, multiples of pi recognised.

>>> from qat.kernels.gates import GATES, GateForm
>>> gate_label(GateForm(GATES["RX"], is_dag=True), (1.5707963267948966,))
'RX†(π/2)'
>>> gate_label(GateForm(GATES["RX"], is_dag=True), (1.5707963267948966,), ascii_only=True)
'D-RX(pi/2)'
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from qat.kernels.gates import GateForm

MAX_LABEL = 28
"""Longest label, in characters; what is longer loses its parameters, then its end."""

_DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 32, 64, 128, 256)
_ELLIPSIS = "…"
CROSS = "\N{MULTIPLICATION SIGN}"
"""The cross of a swap, and of dimensions."""
_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "UMINUS": 3, "**": 4}
_NAMES = {"CustomGate": "U"}


class Marks(NamedTuple):
    """How dagger, transpose and conjugate are written: before the name or after it."""

    before: tuple[str, str, str]
    after: tuple[str, str, str]


UNICODE_MARKS = Marks(("", "", ""), ("†", "ᵀ", "*"))
ASCII_MARKS = Marks(("D-", "T-", "S-"), ("", "", ""))


def gate_label(
    form: GateForm, parameters: Sequence[Any], *, ascii_only: bool = False, renaming: Mapping[str, str] | None = None
) -> str:
    """The text of a gate's box, controls aside.

    Args:
        form: the gate; its controls are drawn, not written.
        parameters: floats, integers, strings, matrices or unbound expressions.
        ascii_only: write marks as the prefixes ``D-``, ``T-``, ``S-`` and pi as ``pi``.
        renaming: other names for gates, by published name.
    """
    record = form.record
    name = (renaming or {}).get(record.name) or _NAMES.get(record.name) or record.label or record.name
    marked = _with_marks(name, form, ASCII_MARKS if ascii_only else UNICODE_MARKS)
    if not parameters:
        return shortened(marked)
    full = f"{marked}({', '.join(parameter_text(value) for value in parameters)})"
    text = full if len(full) <= MAX_LABEL else _with_short_parameters(marked, parameters)
    return to_ascii(text) if ascii_only else text


def _with_marks(name: str, form: GateForm, marks: Marks) -> str:
    for before, after, is_set in zip(*marks, (form.is_dag, form.is_trans, form.is_conj), strict=True):
        name = f"{before}{name}{after}" if is_set else name
    return name


def _with_short_parameters(name: str, parameters: Sequence[Any]) -> str:
    room = max(MAX_LABEL - len(name) - 2, 4)
    if len(parameters) == 1:
        return shortened(name) + f"({shortened(parameter_text(parameters[0]), room)})"
    return shortened(name) + f"({_ELLIPSIS})"


def shortened(text: str, limit: int = MAX_LABEL) -> str:
    """The text, its end replaced by an ellipsis when it is longer than ``limit`` characters.

    >>> shortened("a rather long name", 9)
    'a rather…'
    """
    return text if len(text) <= limit else text[: limit - 1] + _ELLIPSIS


def to_ascii(text: str) -> str:
    """The text in ASCII: ``pi`` for π, ``..`` for the ellipsis, ``?`` for what has no spelling.

    >>> to_ascii("2π/3")
    '2pi/3'
    """
    spelled = text.replace("π", "pi").replace(_ELLIPSIS, "..").replace(CROSS, "x").replace("·", "*")
    return spelled.encode("ascii", "replace").decode()


def parameter_text(value: Any) -> str:
    """A gate parameter as a person would write it.

    >>> [parameter_text(value) for value in (0.75 * math.pi, -math.pi, 0.333333, 3, "up", 1e-7)]
    ['3π/4', '-π', '0.3333', '3', 'up', '1e-07']
    """
    if isinstance(value, float):
        return angle_text(value)
    if isinstance(value, complex):
        return f"{value:.4g}"
    if hasattr(value, "get_variables"):
        return expression_text(value)
    if hasattr(value, "shape"):
        return f"[{CROSS.join(map(str, value.shape))}]"
    return str(value)


def angle_text(angle_rad: float) -> str:
    """A float, as a fraction of pi where it is one and with four digits otherwise.

    >>> angle_text(math.pi / 16), angle_text(0.0), angle_text(2.5)
    ('π/16', '0', '2.5')
    """
    turns = angle_rad / math.pi
    if angle_rad == 0 or not math.isfinite(turns):
        return f"{angle_rad:.4g}"
    for denominator in _DENOMINATORS:
        numerator = round(turns * denominator)
        if numerator and abs(numerator) <= 4 * denominator and abs(turns * denominator - numerator) < 1e-9:
            return _fraction_of_pi(numerator, denominator)
    return f"{angle_rad:.4g}"


def _fraction_of_pi(numerator: int, denominator: int) -> str:
    sign = "-" if numerator < 0 else ""
    factor = "" if abs(numerator) == 1 else str(abs(numerator))
    return f"{sign}{factor}π" + (f"/{denominator}" if denominator > 1 else "")


def expression_text(expression: Any) -> str:
    """An unbound parameter in infix notation with no more brackets than needed.

    >>> from qat.core.variables import Variable
    >>> a, b = Variable("a"), Variable("b")
    >>> expression_text(2 * a + 1), expression_text((a + b) * a / 2), expression_text(-(a - b))
    ('2·a + 1', '(a + b)·a/2', '-(a - b)')
    """
    return _infix(expression, 0)


def _infix(node: Any, outer: int) -> str:
    children = getattr(node, "children", None)
    if not children:
        return parameter_text(node) if isinstance(node, float) else str(getattr(node, "name", node))
    token = str(getattr(node.symbol, "token", node.symbol))
    inner = _PRECEDENCE.get(token)
    if inner is None:
        return f"{token}({', '.join(_infix(child, 0) for child in children)})"
    text = _operation(token, inner, children)
    return f"({text})" if inner < outer else text


def _operation(token: str, precedence: int, children: Sequence[Any]) -> str:
    if len(children) == 1:
        return "-" + _infix(children[0], precedence)
    left = _infix(children[0], precedence + (token == "**"))
    right = _infix(children[1], precedence + (token in {"-", "/", "%"}))
    spaced = {"+": " + ", "-": " - ", "*": "·"}
    return f"{left}{spaced.get(token, token)}{right}"
