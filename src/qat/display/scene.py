"""What a drawing shows, before anybody draws it: elements on wires, packed into columns.

Wires are the qubits in order, then one wire for all classical bits when the circuit uses any. Both the text and
the SVG drawings are made from the same scene.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from qat.display.labels import gate_label, shortened
from qat.kernels.gates import GATES, GateForm
from qat.kernels.tape import Kind, Row, Tape
from qat.kernels.tape_algebra import opened

if TYPE_CHECKING:
    from qat.core.wrappers.circuit import Circuit


class Style(Enum):
    """What an element is, for those who colour it."""

    GATE = "gate"
    ROUTINE = "routine"
    MEASURE = "measure"
    RESET = "reset"
    CLASSICAL = "classical"


class Element(NamedTuple):
    """One thing drawn in one column.

    Attributes:
        style: what it is.
        label: text of the box.
        box: wires of the box, in the order in which the gate takes them.
        controls: wires that carry a dot.
        targets: wires that carry the circled plus of an exclusive or.
        swaps: wires that carry a cross.
        writes: classical bits written.
        reads: classical bits that decide whether the gate acts.
    """

    style: Style = Style.GATE
    label: str = ""
    box: tuple[int, ...] = ()
    controls: tuple[int, ...] = ()
    targets: tuple[int, ...] = ()
    swaps: tuple[int, ...] = ()
    writes: tuple[int, ...] = ()
    reads: tuple[int, ...] = ()

    @property
    def wires(self) -> tuple[int, ...]:
        """Every wire it stands on, the classical one aside."""
        return self.box + self.controls + self.targets + self.swaps

    @property
    def cbits(self) -> tuple[int, ...]:
        """Every classical bit it is tied to."""
        return self.writes + self.reads

    @property
    def has_pins(self) -> bool:
        """Whether the wires of the box must be numbered because they are not consecutive and ascending."""
        return any(below != above + 1 for above, below in pairwise(self.box))


class Scene(NamedTuple):
    """A circuit ready to be drawn.

    Attributes:
        nb_qubits: number of qubit wires.
        nb_cbits: number of classical bits on the classical wire, 0 when there is no such wire.
        columns: elements that are drawn above each other, from left to right.
        nb_hidden: number of operations left out because there were too many.
    """

    nb_qubits: int
    nb_cbits: int
    columns: list[list[Element]]
    nb_hidden: int = 0

    @property
    def classical_wire(self) -> int:
        """Index of the classical wire."""
        return self.nb_qubits

    @property
    def nb_wires(self) -> int:
        """Number of wires, the classical one included."""
        return self.nb_qubits + (self.nb_cbits > 0)

    def wire_labels(self) -> list[str]:
        """Names of the wires: ``q0``, ``q1``, … and ``c/3`` for three classical bits."""
        classical = [f"c/{self.nb_cbits}"] if self.nb_cbits else []
        return [f"q{index}" for index in range(self.nb_qubits)] + classical

    def span(self, element: Element) -> range:
        """The wires that the element occupies, those it merely crosses included."""
        wires = element.wires + ((self.classical_wire,) if element.cbits else ())
        return range(min(wires), max(wires) + 1)


def scene_of(
    circuit: Circuit | Tape,
    *,
    max_depth: int | None = 0,
    max_operations: int | None = None,
    ascii_only: bool = False,
    renaming: Mapping[str, str] | None = None,
) -> Scene:
    """The scene of a circuit or tape.

    Args:
        circuit: what to draw.
        max_depth: how many levels of boxed routines are opened, ``None`` for all.
        max_operations: leave out what comes after so many operations, ``None`` to draw all.
        ascii_only: write labels in ASCII.
        renaming: other names for gates, by published name.
    """
    tape = circuit if isinstance(circuit, Tape) else circuit.tape
    rows = list(opened(tape, max_depth).rows())
    shown = rows if max_operations is None else rows[:max_operations]
    labels = _Labels(ascii_only, renaming)
    elements = [element for row in shown for element in elements_of(row, tape.nb_qubits, labels)]
    scene = Scene(tape.nb_qubits, _nb_cbits(tape, shown), [], len(rows) - len(shown))
    return scene._replace(columns=packed(elements, scene))


def _nb_cbits(tape: Tape, rows: Sequence[Row]) -> int:
    """Number of classical bits to show: none unless an operation uses some."""
    used = [row.classical for row in rows if row.classical is not None]
    if not any(classical.cbits or classical.formula for classical in used):
        return 0
    return max(tape.nb_cbits, 1, *(cbit + 1 for classical in used for cbit in classical.cbits))


def packed(elements: Iterable[Element], scene: Scene) -> list[list[Element]]:
    """Elements in columns, each as far left as the wires it spans allow.

    >>> h, cnot = Element(box=(0,), label="H"), Element(controls=(0,), targets=(1,))
    >>> [len(column) for column in packed([h, h._replace(box=(1,)), cnot], Scene(2, 0, []))]
    [2, 1]
    """
    free = [0] * scene.nb_wires
    columns: list[list[Element]] = []
    for element in elements:
        span = scene.span(element)
        place = max(free[span.start : span.stop])
        columns.extend([] for _ in range(place - len(columns) + 1))
        columns[place].append(element)
        free[span.start : span.stop] = [place + 1] * len(span)
    return columns


class _Labels:
    """Writes labels, each distinct gate once."""

    def __init__(self, ascii_only: bool, renaming: Mapping[str, str] | None) -> None:
        self.ascii_only = ascii_only
        self.renaming = renaming or {}

    def gate(self, form: GateForm, parameters: Sequence[Any]) -> str:
        return gate_label(form, parameters, ascii_only=self.ascii_only, renaming=self.renaming)


def elements_of(row: Row, nb_qubits: int, labels: _Labels) -> Iterator[Element]:
    """What one operation is drawn as; measuring three qubits makes three elements."""
    if row.form is not None:
        element = _gate(row.form, row, labels)
        yield element._replace(reads=_cbits(row)) if row.kind == Kind.CLASSIC_CONTROL else element
        return
    cbits = _cbits(row)
    match row.kind:
        case Kind.MEASURE:
            yield from _each(Style.MEASURE, "M", row.qubits, cbits)
        case Kind.RESET:
            yield from _each(Style.RESET, "|0>" if labels.ascii_only else "|0⟩", row.qubits, cbits)
        case Kind.REMAP:
            yield Element(Style.CLASSICAL, _remap_label(row), tuple(range(nb_qubits)))
        case _:
            yield Element(Style.CLASSICAL, _classical_label(row), (nb_qubits,))


def _each(style: Style, label: str, qubits: Sequence[int], cbits: Sequence[int]) -> Iterator[Element]:
    for index, qubit in enumerate(qubits):
        yield Element(style, label, (qubit,), writes=tuple(cbits[index : index + 1]))


def _cbits(row: Row) -> tuple[int, ...]:
    return row.classical.cbits if row.classical is not None else ()


def _gate(form: GateForm, row: Row, labels: _Labels) -> Element:
    inner, nb_controls = form.kernel
    controls, targets = row.qubits[:nb_controls], row.qubits[nb_controls:]
    is_plain = inner.record.name in _SYMBOLS and inner == GateForm(GATES[inner.record.name])
    if is_plain and inner.record.name not in labels.renaming:
        name = inner.record.name
        if name == "SWAP":
            return Element(controls=controls, swaps=targets)
        if nb_controls:
            return Element(controls=controls, targets=targets) if name == "X" else Element(controls=row.qubits)
    style = Style.ROUTINE if inner.record.body is not None else Style.GATE
    return Element(style, labels.gate(inner, row.parameters), targets, controls)


_SYMBOLS = frozenset({"X", "Z", "SWAP"})


def _remap_label(row: Row) -> str:
    remap = row.classical.remap if row.classical is not None else None
    return shortened(f"remap {list(remap or row.qubits)}")


def _classical_label(row: Row) -> str:
    assert row.classical is not None
    formula = formula_text(row.classical.formula or "")
    if row.kind == Kind.BREAK:
        return f"break if {formula}"
    return f"c{','.join(map(str, row.classical.cbits))} = {formula}"


def formula_text(prefix: str) -> str:
    """A prefix formula on classical bits in infix notation.

    >>> formula_text("AND 0 NOT OR 1 2"), formula_text("XOR AND 0 1 2")
    ('c0 & ~(c1 | c2)', '(c0 & c1) ^ c2')
    """
    text = _formula(iter(prefix.split()))
    return text[1:-1] if text.startswith("(") and _closes_at_end(text) else text


def _formula(words: Iterator[str]) -> str:
    word = next(words, "?")
    if word == "NOT":
        return "~" + _formula(words)
    if word in _OPERATORS:
        return f"({_formula(words)} {_OPERATORS[word]} {_formula(words)})"
    return f"c{word}"


_OPERATORS = {"AND": "&", "OR": "|", "XOR": "^"}


def _closes_at_end(text: str) -> bool:
    depth = 0
    for index, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return index == len(text) - 1
    return False


__all__ = ["Element", "Scene", "Style", "elements_of", "formula_text", "packed", "scene_of"]
