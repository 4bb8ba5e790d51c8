"""Circuits as text: boxes on wires, in Unicode or ASCII, folded to a width.

Every element is drawn on a canvas with three rows per wire; the rows between two wires are laid over each other
where nothing collides, so that simple circuits stay low.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from qat.display.labels import CROSS, to_ascii
from qat.display.scene import Element, Scene, scene_of

if TYPE_CHECKING:
    from qat.core.wrappers.circuit import Circuit
    from qat.kernels.tape import Tape

DEFAULT_WIDTH = 100
"""Characters per line when the caller names no width."""

_ASCII = str.maketrans(
    "─│┌┐└┘├┤┬┴┼╌●■⊕═║╫╥╩╬»«" + CROSS,
    "-|++++||+++.@#X=::+V#><x",
)  # fmt: skip
_ROWS = 3
_TRUNCATED = "… {} more operations"


def circuit_text(
    circuit: Circuit | Tape,
    *,
    width: int | None = DEFAULT_WIDTH,
    ascii_only: bool = False,
    max_depth: int | None = 0,
    max_operations: int | None = None,
    renaming: Mapping[str, str] | None = None,
) -> str:
    """Draws a circuit as text, qubit 0 on top, time from left to right.

    Args:
        circuit: what to draw.
        width: fold lines longer than so many characters (columns stay whole); ``None`` never folds.
        ascii_only: use ASCII characters only.
        max_depth: how many levels of boxed routines are opened, ``None`` for all.
        max_operations: leave out what comes after so many operations, ``None`` draws all.
        renaming: other names for gates, by published name.

    >>> from qat.kernels.gates import GATES, GateForm
    >>> from qat.kernels.tape import TapeBuilder
    >>> builder = TapeBuilder()
    >>> builder.gate(builder.form(GateForm(GATES["H"])), [0])
    >>> builder.gate(builder.form(GateForm(GATES["CNOT"])), [0, 1])
    >>> print(circuit_text(builder.tape(2)))
        ┌───┐
    q0 ─┤ H ├──●───
        └───┘  │
    q1 ────────⊕───
    """
    scene = scene_of(
        circuit, max_depth=max_depth, max_operations=max_operations, ascii_only=ascii_only, renaming=renaming
    )
    labels = [label + " " for label in _aligned(scene.wire_labels())]
    blocks = _folded([_drawn(column, scene) for column in scene.columns], len(labels[0]) if labels else 0, width)
    text = "\n\n".join(_block(block, scene, labels) for block in blocks)
    if scene.nb_hidden:
        text += "\n" + _TRUNCATED.format(scene.nb_hidden)
    return to_ascii(text.translate(_ASCII)) if ascii_only else text


def _aligned(labels: Sequence[str]) -> list[str]:
    longest = max(map(len, labels), default=0)
    return [label.rjust(longest) for label in labels]


class _Canvas:
    """Characters of one column, ``_ROWS`` rows per wire, grown around a centre.

    Columns are addressed relative to the centre: negative to the left of it.
    """

    def __init__(self, nb_wires: int, left: int, right: int) -> None:
        self.left = left
        self.rows = [[" "] * (left + 1 + right) for _ in range(_ROWS * nb_wires)]

    def put(self, row: int, x: int, text: str) -> None:
        """Write text from ``x`` on."""
        start = self.left + x
        self.rows[row][start : start + len(text)] = text

    def get(self, row: int, x: int = 0) -> str:
        """The character at ``x``."""
        return self.rows[row][self.left + x]


class _Extent(NamedTuple):
    left: int
    right: int


class _Block(NamedTuple):
    columns: Sequence[list[str]]
    is_first: bool
    is_last: bool


def _middle(wire: int) -> int:
    return _ROWS * wire + 1


def _inner(element: Element) -> str:
    """The inside of a box in the row of its label."""
    return f" {element.label} "


def _extent(element: Element) -> _Extent:
    width = len(_inner(element)) + 2 if element.box else 1
    index = len(_cbit_text(element))
    left = max((width - 1) // 2, (index - 1) // 2, 1)
    return _Extent(left, max(width - 1 - (width - 1) // 2, index - 1 - (index - 1) // 2, 1))


def _cbit_text(element: Element) -> str:
    return ",".join(map(str, element.cbits))


def _drawn(column: Sequence[Element], scene: Scene) -> list[str]:
    """One column as ``_ROWS`` strings per wire, without the space between columns."""
    extents = [_extent(element) for element in column]
    left = max(extent.left for extent in extents)
    canvas = _Canvas(scene.nb_wires, left, max(extent.right for extent in extents))
    _draw_wires(canvas, scene)
    for element in column:
        _draw_element(canvas, element, scene)
    return ["".join(row) for row in canvas.rows]


def _draw_wires(canvas: _Canvas, scene: Scene) -> None:
    for wire in range(scene.nb_wires):
        middle = canvas.rows[_middle(wire)]
        middle[:] = [_wire_character(wire, scene)] * len(middle)


def _wire_character(wire: int, scene: Scene) -> str:
    return "═" if wire == scene.classical_wire else "─"


def _draw_element(canvas: _Canvas, element: Element, scene: Scene) -> None:
    _draw_links(canvas, element)
    if element.box:
        _draw_box(canvas, element)
    for wire in element.controls:
        canvas.put(_middle(wire), 0, "●")
    for wire in element.targets:
        canvas.put(_middle(wire), 0, "⊕")
    for wire in element.swaps:
        canvas.put(_middle(wire), 0, CROSS)
    if element.cbits:
        _draw_classical_link(canvas, element, scene)


_CROSSING = {"─": "┼", "═": "╪", " ": "│"}
_DOUBLE_CROSSING = {"─": "╫", " ": "║", "└": "╥"}


def _draw_links(canvas: _Canvas, element: Element) -> None:
    """The vertical line through everything on the element's wires."""
    top, bottom = _middle(min(element.wires)), _middle(max(element.wires))
    for row in range(top + 1, bottom):
        canvas.put(row, 0, _CROSSING[canvas.get(row)])


def _draw_box(canvas: _Canvas, element: Element) -> None:
    inner = _inner(element)
    start = -((len(inner) + 1) // 2)
    top, bottom = min(element.box), max(element.box)
    _draw_border(canvas, start, _ROWS * top, "┌┴┐" if min(element.wires) < top else "┌─┐", len(inner))
    _draw_border(canvas, start, _ROWS * bottom + 2, "└┬┘" if max(element.wires) > bottom else "└─┘", len(inner))
    label_row = _label_row(element)
    for row in range(_middle(top), _middle(bottom) + 1):
        wire = row // _ROWS if row % _ROWS == 1 else None
        canvas.put(row, start, _box_row(element, wire, inner if row == label_row else " " * len(inner)))


def _draw_border(canvas: _Canvas, start: int, row: int, corners: str, length: int) -> None:
    canvas.put(row, start, corners[0] + "─" * length + corners[2])
    canvas.put(row, 0, corners[1])


def _box_row(element: Element, wire: int | None, inner: str) -> str:
    """One row of a box, borders included; ``wire`` is the wire that meets it there, if any."""
    if wire is None:
        return f"│{inner}│"
    if wire not in element.box:
        return f"│{'╌' * len(inner)}│"
    if element.has_pins:
        pin = str(element.box.index(wire))
        inner = pin + inner[len(pin) :]
    return f"┤{inner}├"


def _label_row(element: Element) -> int:
    """Row of the label: the middle of the box, or below it when the wire there has a number or passes through."""
    centre = (_middle(min(element.box)) + _middle(max(element.box))) // 2
    return centre + (element.has_pins and centre % _ROWS == 1)


def _draw_classical_link(canvas: _Canvas, element: Element, scene: Scene) -> None:
    """The double line from the element down to the classical wire, and the numbers of the bits below it."""
    lowest, end = max(element.wires), _middle(scene.classical_wire)
    start = _middle(lowest) + 1
    for row in range(start, end):
        is_box_bottom = row == start and lowest in element.box
        canvas.put(row, 0, "╥" if is_box_bottom else _DOUBLE_CROSSING[canvas.get(row)])
    canvas.put(end, 0, "■" if element.reads else "╩")
    numbers = _cbit_text(element)
    canvas.put(end + 1, -((len(numbers) - 1) // 2), numbers)


def _folded(columns: Sequence[list[str]], margin: int, width: int | None) -> Iterator[_Block]:
    """Columns grouped into lines of at most ``width`` characters, at least one column each."""
    room = (width or 0) - margin - 5
    start, used = 0, 0
    for index, column in enumerate(columns):
        needed = len(column[0]) + 1
        if width is not None and index > start and used + needed > room:
            yield _Block(columns[start:index], start == 0, False)
            start, used = index, 0
        used += needed
    yield _Block(columns[start:], start == 0, True)


def _block(block: _Block, scene: Scene, labels: Sequence[str]) -> str:
    rows = [_joined(block, row, scene, labels) for row in range(_ROWS * scene.nb_wires)]
    lines: list[str] = []
    for wire in range(scene.nb_wires):
        top, middle, bottom = rows[_ROWS * wire : _ROWS * wire + _ROWS]
        merged = _overlaid(lines.pop(), top) if lines else [top]
        lines += [*merged, middle, bottom]
    return "\n".join(line.rstrip() for line in _without_blank_ends(lines))


def _joined(block: _Block, row: int, scene: Scene, labels: Sequence[str]) -> str:
    """One row of characters through all columns of a block."""
    wire = row // _ROWS
    is_wire = row % _ROWS == 1
    space = _wire_character(wire, scene) if is_wire else " "
    label = labels[wire] if is_wire else " " * len(labels[wire])
    begin = "" if block.is_first else ("« " if is_wire else "  ")
    end = space if block.is_last or not is_wire else " »"
    return label + begin + space + space.join(column[row] for column in block.columns) + space + end


def _overlaid(upper: str, lower: str) -> list[str]:
    """Two rows as one if nothing collides, otherwise both."""
    pairs = list(zip(upper, lower, strict=True))
    if all(above == " " or below == " " or above == below == "│" or above == below == "║" for above, below in pairs):
        return ["".join(below if above == " " else above for above, below in pairs)]
    return [upper, lower]


def _without_blank_ends(lines: list[str]) -> list[str]:
    first = 0 if lines and lines[0].strip() else 1
    last = len(lines) if lines and lines[-1].strip() else -1
    return lines[first:last]
