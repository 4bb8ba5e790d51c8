"""Who had which QPU when, as lines of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from string import ascii_letters
from typing import NamedTuple

__all__ = ["Bar", "timeline"]


class Bar(NamedTuple):
    """Something that took time.

    Attributes:
        row: where it is drawn, e.g. the name of a QPU.
        who: whose it is.
        start_s: when it began.
        end_s: when it ended.
    """

    row: str
    who: str
    start_s: float
    end_s: float


def timeline(bars: Sequence[Bar], *, width: int = 72) -> list[str]:
    """A line for each row, in which everybody has a letter, and a line for each of them; then the scale.

    A cell has the letter of who had most of it; a dot is time in which nothing ran.

    Args:
        bars: in any order; nothing is drawn if there are none.
        width: cells of a line.

    >>> bars = [Bar("qpu", "ada", 0, 2), Bar("qpu", "bob", 2, 3), Bar("qpu", "ada", 4, 6)]
    >>> print("\\n".join(timeline(bars, width=6)))
    qpu   aab.aa
    a ada ━━··━━
    b bob   ━
          0  6 s
    """
    if not bars:
        return []
    start_s, end_s = min(bar.start_s for bar in bars), max(bar.end_s for bar in bars)
    cell_s = max(end_s - start_s, 1e-9) / width
    people = list(dict.fromkeys(bar.who for bar in sorted(bars, key=lambda bar: bar.start_s)))
    letters = {who: ascii_letters[number % len(ascii_letters)] for number, who in enumerate(people)}
    rows = sorted({bar.row for bar in bars})
    left = max(*(len(row) for row in rows), *(len(who) + 2 for who in people)) + 1
    lines = [
        f"{row:<{left}}" + _cells([bar for bar in bars if bar.row == row], letters, start_s, cell_s, width)
        for row in rows
    ]
    for who in people:
        drawn = _cells([bar for bar in bars if bar.who == who], dict.fromkeys(people, "━"), start_s, cell_s, width)
        first, last = drawn.index("━"), drawn.rindex("━")
        inner = drawn[first : last + 1].replace(".", "·")
        lines.append(f"{letters[who] + ' ' + who:<{left}}{' ' * first}{inner}")
    scale = f"{end_s - start_s:.3g} s"
    return [*lines, f"{'':<{left}}0{scale:>{max(width - 1, len(scale) + 1)}}" if width > 1 else scale]


def _cells(bars: Sequence[Bar], signs: Mapping[str, str], start_s: float, cell_s: float, width: int) -> str:
    """A line: the sign of who had most of each cell."""
    had: list[dict[str, float]] = [{} for _ in range(width)]
    for bar in bars:
        first, last = (bar.start_s - start_s) / cell_s, (bar.end_s - start_s) / cell_s
        begin = min(int(first), width - 1)
        for number in range(begin, max(min(ceil(last), width), begin + 1)):
            part = min(last, number + 1) - max(first, number)
            had[number][bar.who] = had[number].get(bar.who, 0.0) + part
    return "".join(signs[max(cell, key=cell.__getitem__)] if cell else "." for cell in had)
