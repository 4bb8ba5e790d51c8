"""Circuits as self-contained SVG, readable on light and dark backgrounds.

Lines and letters take the colour of the surrounding text (``currentColor``); boxes are tinted translucently and
wires stop at their edges, so nothing relies on the colour of the page. Lengths are in pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from qat.display.scene import Element, Scene, Style, scene_of

if TYPE_CHECKING:
    from qat.core.wrappers.circuit import Circuit
    from qat.kernels.tape import Tape

WIRE_SPACING = 44.0
BOX_HEIGHT = 30.0
COLUMN_GAP = 14.0
CHARACTER_WIDTH = 7.9
MARGIN = 16.0
DEFAULT_WIDTH = 1100.0
"""Pixels per line when the caller names no width."""

_FONT = "ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace"
_TINTS = {
    Style.GATE: "#3b82f6",
    Style.ROUTINE: "#8b5cf6",
    Style.MEASURE: "#f59e0b",
    Style.RESET: "#94a3b8",
    Style.CLASSICAL: "#10b981",
}


class _Placed(NamedTuple):
    """A column with its centre and width."""

    elements: Sequence[Element]
    centre: float
    width: float


class _Line(NamedTuple):
    """Columns that stand on one line of the drawing."""

    columns: Sequence[_Placed]
    width: float


def circuit_svg(
    circuit: Circuit | Tape,
    *,
    width: float | None = DEFAULT_WIDTH,
    max_depth: int | None = 0,
    max_operations: int | None = None,
    renaming: Mapping[str, str] | None = None,
) -> str:
    """Draws a circuit as an SVG document, qubit 0 on top, time from left to right.

    Args:
        circuit: what to draw.
        width: fold lines wider than so many pixels (columns stay whole); ``None`` never folds.
        max_depth: how many levels of boxed routines are opened, ``None`` for all.
        max_operations: leave out what comes after so many operations, ``None`` draws all.
        renaming: other names for gates, by published name.

    >>> from qat.kernels.tape import TapeBuilder
    >>> circuit_svg(TapeBuilder().tape(1)).startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    True
    """
    scene = scene_of(circuit, max_depth=max_depth, max_operations=max_operations, renaming=renaming)
    labels = scene.wire_labels()
    margin = MARGIN + max(map(len, labels), default=0) * CHARACTER_WIDTH + 10
    lines = list(_lines(scene.columns, margin, width))
    height = scene.nb_wires * WIRE_SPACING + (14 if scene.nb_cbits else 0)
    body: list[str] = []
    for index, line in enumerate(lines):
        body.append(f'<g transform="translate(0 {_number(MARGIN / 2 + index * (height + MARGIN))})">')
        body += _drawn_line(line, scene, labels, margin)
        body.append("</g>")
    total = MARGIN + len(lines) * (height + MARGIN) - MARGIN + (18 if scene.nb_hidden else 0)
    if scene.nb_hidden:
        body.append(_text(MARGIN, total - 10, f"… {scene.nb_hidden} more operations", anchor="start"))
    return _document(body, max(line.width for line in lines), total, scene)


def _document(body: Sequence[str], width: float, height: float, scene: Scene) -> str:
    size = f'width="{_number(width)}" height="{_number(height)}" viewBox="0 0 {_number(width)} {_number(height)}"'
    title = f"Quantum circuit on {scene.nb_qubits} qubits"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}" font-family="{_FONT}" '
        f'font-size="13" stroke-linecap="round" fill="none" stroke="currentColor" stroke-width="1.3">'
        f"<title>{title}</title>"
    )
    return "\n".join([head, *body, "</svg>"])


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _lines(columns: Sequence[Sequence[Element]], margin: float, width: float | None) -> Iterator[_Line]:
    placed: list[_Placed] = []
    x = margin
    for column in columns:
        needed = max(_width(element) for element in column)
        if width is not None and placed and x + needed + COLUMN_GAP + MARGIN > width:
            yield _Line(placed, x + MARGIN)
            placed, x = [], margin
        placed.append(_Placed(column, x + COLUMN_GAP + needed / 2, needed))
        x += COLUMN_GAP + needed
    yield _Line(placed, x + COLUMN_GAP + MARGIN)


def _width(element: Element) -> float:
    if not element.box:
        return 20.0
    return max(len(element.label) * CHARACTER_WIDTH + 20, 40.0 if element.has_pins else 30.0)


def _y(wire: int) -> float:
    return (wire + 0.5) * WIRE_SPACING


def _drawn_line(line: _Line, scene: Scene, labels: Sequence[str], margin: float) -> Iterator[str]:
    for wire, label in enumerate(labels):
        yield _text(margin - 8, _y(wire), label, anchor="end")
        yield from _wire(line, scene, wire, margin)
    for column in line.columns:
        for element in column.elements:
            yield from _element(element, column.centre, scene)


def _wire(line: _Line, scene: Scene, wire: int, start: float) -> Iterator[str]:
    """The visible pieces of a wire: between the boxes that stand on it, dashed inside boxes that it passes."""
    x = start
    for column in line.columns:
        for element in column.elements:
            if element.box and min(element.box) <= wire <= max(element.box):
                half = _width(element) / 2
                yield from _wire_piece(x, column.centre - half, wire, scene)
                x = column.centre + half
                if wire not in element.box:
                    yield _path(f"M{_number(column.centre - half)} {_number(_y(wire))}h{_number(2 * half)}", _PASSING)
    yield from _wire_piece(x, line.width - MARGIN, wire, scene)


_PASSING = 'stroke-dasharray="2 4" stroke-opacity=".6"'


def _wire_piece(start: float, end: float, wire: int, scene: Scene) -> Iterator[str]:
    offsets = (-1.5, 1.5) if wire == scene.classical_wire else (0.0,)
    for offset in offsets:
        yield _path(f"M{_number(start)} {_number(_y(wire) + offset)}H{_number(end)}", 'stroke-opacity=".6"')


def _element(element: Element, x: float, scene: Scene) -> Iterator[str]:
    yield from _links(element, x)
    if element.cbits:
        yield from _classical_link(element, x, scene)
    if element.box:
        yield from _box(element, x)
    for wire in element.controls:
        yield f'<circle cx="{_number(x)}" cy="{_number(_y(wire))}" r="4" fill="currentColor" stroke="none"/>'
    for wire in element.targets:
        yield f'<circle cx="{_number(x)}" cy="{_number(_y(wire))}" r="10"/>'
        yield _path(f"M{_number(x)} {_number(_y(wire) - 10)}v20M{_number(x - 10)} {_number(_y(wire))}h20")
    for wire in element.swaps:
        yield _path(f"M{_number(x - 6)} {_number(_y(wire) - 6)}l12 12m0 -12l-12 12")


def _links(element: Element, x: float) -> Iterator[str]:
    """Vertical lines between the symbols, outside the box."""
    top, bottom = _y(min(element.wires)), _y(max(element.wires))
    if not element.box:
        pieces = [(top, bottom)]
    else:
        upper, lower = _box_edges(element)
        pieces = [(top, upper), (lower, bottom)]
    for start, end in pieces:
        if end > start:
            yield _path(f"M{_number(x)} {_number(start)}V{_number(end)}")


def _box_edges(element: Element) -> tuple[float, float]:
    return _y(min(element.box)) - BOX_HEIGHT / 2, _y(max(element.box)) + BOX_HEIGHT / 2


def _classical_link(element: Element, x: float, scene: Scene) -> Iterator[str]:
    lowest = max(element.wires)
    start = _y(lowest) + (BOX_HEIGHT / 2 if lowest in element.box else 4)
    end = _y(scene.classical_wire)
    yield _path(f"M{_number(x - 1.5)} {_number(start)}V{_number(end)}m3 0V{_number(start)}", 'stroke-opacity=".8"')
    if element.reads:
        yield f'<circle cx="{_number(x)}" cy="{_number(end)}" r="5" fill="currentColor" stroke="none"/>'
    else:
        yield f'<path d="M{_number(x - 6)} {_number(end - 9)}h12l-6 9z" fill="currentColor" stroke="none"/>'
    yield _text(x, end + 16, ",".join(map(str, element.cbits)), size=11)


def _box(element: Element, x: float) -> Iterator[str]:
    upper, lower = _box_edges(element)
    width, tint = _width(element), _TINTS[element.style]
    yield (
        f'<rect x="{_number(x - width / 2)}" y="{_number(upper)}" width="{_number(width)}" '
        f'height="{_number(lower - upper)}" rx="4" fill="{tint}" fill-opacity=".16" stroke="{tint}"/>'
    )
    if element.style is Style.MEASURE:
        yield _path(f"M{_number(x - 9)} {_number(_y(element.box[0]) + 6)}a9 9 0 0 1 18 0m-9 0l7 -12")
        return
    yield _text(x, _label_height(element), element.label)
    if element.has_pins:
        for index, wire in enumerate(element.box):
            yield _text(x - width / 2 + 5, _y(wire), str(index), anchor="start", size=10)


def _label_height(element: Element) -> float:
    """Height of the label: the middle, or below it when the wire there has a number or passes through."""
    top, bottom = min(element.box), max(element.box)
    is_on_wire = (top + bottom) % 2 == 0
    return (_y(top) + _y(bottom)) / 2 + (WIRE_SPACING / 2 if element.has_pins and is_on_wire else 0)


def _path(data: str, attributes: str = "") -> str:
    return f'<path d="{data}" {attributes}/>' if attributes else f'<path d="{data}"/>'


def _text(x: float, y: float, content: str, *, anchor: str = "middle", size: int = 13) -> str:
    font = f' font-size="{size}"' if size != 13 else ""
    return (
        f'<text x="{_number(x)}" y="{_number(y)}" dy=".35em" text-anchor="{anchor}"{font} '
        f'fill="currentColor" stroke="none">{escape(content)}</text>'
    )
