"""Pictures of a number over time, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

__all__ = ["Curve", "curves_svg"]


class Curve(NamedTuple):
    """A number over time, constant from each point to the next one.

    Attributes:
        title: of the curve.
        points: times in seconds, in order, and the number from then on.
    """

    title: str
    points: Sequence[tuple[float, float]]


_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 960.0, 300.0, 50.0, 30.0, 26.0
_COLOURS = ("#0b6e99", "#d9730d", "#448361", "#9065b0")
_NB_LINES = 5


def curves_svg(title: str, curves: Sequence[Curve], *, end_s: float) -> str:
    """Curves in one frame, from time 0 and value 0 on, with hours below and the values at the left.

    Args:
        title: above the frame.
        curves: at most four.
        end_s: when the last value ends.

    >>> picture = curves_svg("alpha", [Curve("from 1.2", [(0.0, 1.2), (3600.0, 1.1)])], end_s=7200.0)
    >>> picture.startswith("<svg"), "from 1.2" in picture
    (True, True)
    """
    highest = max(value for curve in curves for _, value in curve.points)
    scale = _Scale(end_s, highest)
    parts = [f'<text class="title" x="{_LEFT}" y="16">{escape(title)}</text>', *_grid(scale)]
    for number, (curve, colour) in enumerate(zip(curves, _COLOURS, strict=False)):
        line = " ".join(f"{scale.x(time_s):.1f},{scale.y(value):.1f}" for time_s, value in _steps(curve, end_s))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        place = f'x="{_WIDTH - 180:.0f}" y="{_TOP + 16 + 16 * number:.0f}"'
        parts.append(f'<text {place} style="fill:{colour}">{escape(curve.title)}</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}">'
    style = "<style>text { font: 11px sans-serif; fill: #333 } .title { font-size: 13px; font-weight: bold }</style>"
    return "\n".join([head, style, *parts, "</svg>", ""])


class _Scale(NamedTuple):
    end_s: float
    highest: float

    def x(self, time_s: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - 10.0) * time_s / self.end_s

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * value / self.highest


def _steps(curve: Curve, end_s: float) -> list[tuple[float, float]]:
    """Corners of the line: each value lasts until the next one comes."""
    last: float | None = None
    corners: list[tuple[float, float]] = []
    for time_s, value in curve.points:
        if last is not None:
            corners.append((time_s, last))
        corners.append((time_s, value))
        last = value
    return corners if last is None else [*corners, (end_s, last)]


def _grid(scale: _Scale) -> list[str]:
    parts = []
    for number in range(_NB_LINES + 1):
        value, hours = scale.highest * number / _NB_LINES, scale.end_s / 3600 * number / _NB_LINES
        y, x = scale.y(value), scale.x(hours * 3600)
        parts.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - 10}" y2="{y:.1f}" stroke="#e9e9e7"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.1f}</text>')
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - 10}" text-anchor="middle">{hours:.0f} h</text>')
    return parts
