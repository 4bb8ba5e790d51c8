"""Results and observables as rows of text, from which text and HTML tables are made."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from qat.core.wrappers.observable import Observable
    from qat.core.wrappers.result import Result

MAX_ROWS = 32
"""Longest table; what comes after is counted, not shown."""

BAR_LENGTH = 20
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_CELL = "padding:2px 12px;text-align:left;font-family:ui-monospace,monospace"


class Table(NamedTuple):
    """A table: a line above it, the names of its columns, its rows of text, a line below it."""

    caption: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    footer: str = ""

    def text(self) -> str:
        """The table as aligned text.

        >>> print(Table("two states", ("state", "p"), [("|0>", "0.5"), ("|1>", "0.5")]).text())
        two states
        state  p
        |0>    0.5
        |1>    0.5
        """
        lines = [self.caption] if self.caption else []
        if self.rows:
            widths = [max(map(len, column)) for column in zip(self.header, *self.rows, strict=True)]
            lines += ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (self.header, *self.rows)]
        return "\n".join([*lines, self.footer] if self.footer else lines)

    def html(self) -> str:
        """The table as HTML that takes the colours of the page.

        >>> "<th" in Table("", ("state",), [("|0>",)]).html()
        True
        """
        parts = [f"<div>{escape(self.caption)}</div>" if self.caption else ""]
        if self.rows:
            body = "".join(_html_row("td", row) for row in self.rows)
            parts.append(f'<table style="border-collapse:collapse">{_html_row("th", self.header)}{body}</table>')
        parts.append(f"<div>{escape(self.footer)}</div>" if self.footer else "")
        return "".join(parts)


def _html_row(tag: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f'<{tag} style="{_CELL}">{escape(cell)}</{tag}>' for cell in cells) + "</tr>"


def result_table(result: Result) -> Table:
    """The value of a result, or its states with probabilities as bars; amplitudes when there are any."""
    samples = list(islice(result, MAX_ROWS + 1)) if result.has_samples or result.has_statevector else []
    shown = samples[:MAX_ROWS]
    has_amplitudes = any(sample.amplitude is not None for sample in shown)
    header = ("state", "probability", "", *(("amplitude",) if has_amplitudes else ()))
    rows = [_sample_row(sample, has_amplitudes) for sample in shown]
    nb_hidden = len(result) - MAX_ROWS if len(samples) > MAX_ROWS else 0
    return Table(_value_line(result), header, rows, f"… {nb_hidden} more states" if nb_hidden else "")


def _value_line(result: Result) -> str:
    if result.value is None:
        return "" if (result.has_samples and len(result)) or result.has_statevector else "empty result"
    error = f" ± {result.error:.2g}" if result.error else ""
    return f"value = {result.value:.10g}{error}"


def _sample_row(sample: Any, has_amplitude: bool) -> tuple[str, ...]:
    probability = sample.probability
    cells = (str(sample.state), "" if probability is None else f"{probability:.6f}", bar(probability or 0.0))
    if not has_amplitude:
        return cells
    return (*cells, "" if sample.amplitude is None else f"{complex(sample.amplitude):.4f}")


def bar(fraction: float) -> str:
    """A bar of at most ``BAR_LENGTH`` characters for a number between 0 and 1, to an eighth of a character.

    >>> bar(0.5), bar(0.025)
    ('██████████', '▌')
    """
    eighths = round(min(max(fraction, 0.0), 1.0) * BAR_LENGTH * 8)
    return (_EIGHTHS[8] * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def observable_table(observable: Observable) -> Table:
    """The terms of an observable, constant first."""
    terms = list(observable.terms or ())
    constant = [(str(observable.constant_coeff), "I", "")] if observable.constant_coeff else []
    rows = constant + [(str(term.coeff), str(term.op), ", ".join(map(str, term.qbits))) for term in terms[:MAX_ROWS]]
    nb_hidden = max(len(terms) - MAX_ROWS, 0)
    caption = f"observable on {observable.nbqbits} qubits, {len(terms)} term{'s' * (len(terms) != 1)}"
    return Table(caption, ("coefficient", "operator", "qubits"), rows, f"… {nb_hidden} more terms" if nb_hidden else "")
