"""Circuits as SVG: well formed, self-contained, complete."""

from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from qat.display import circuit_svg
from qat.kernels.tape import Tape

MakeTape = Callable[..., Tape]
NAMESPACE = "{http://www.w3.org/2000/svg}"


def parsed(drawing: str) -> ElementTree.Element:
    return ElementTree.fromstring(drawing)


def texts(drawing: str) -> list[str]:
    return [element.text or "" for element in parsed(drawing).iter(f"{NAMESPACE}text")]


def test_labels_and_boxes(everything: Tape) -> None:
    drawing = circuit_svg(everything)
    labels = texts(drawing)
    for label in ("H", "RX(0.3333)", "RX(π/2)", "T†", "ISWAP", "ROUTINE", "c2 = ~(c0 & c1)", "|0⟩"):
        assert label in labels
    assert labels.count("q3") == labels.count("c/3") == len(list(parsed(drawing).iter(f"{NAMESPACE}g")))


def test_symbols_are_shapes(tape: MakeTape) -> None:
    drawing = circuit_svg(tape(3, "CCNOT 0 1 2"))
    assert len(list(parsed(drawing).iter(f"{NAMESPACE}circle"))) == 3
    assert not list(parsed(drawing).iter(f"{NAMESPACE}rect"))


def test_text_is_escaped(tape: MakeTape) -> None:
    drawing = circuit_svg(tape(1, "X 0"), renaming={"X": "<script>&"})
    assert "<script>&" in texts(drawing)
    assert "<script>" not in drawing


def test_nothing_is_loaded_from_elsewhere(everything: Tape) -> None:
    drawing = circuit_svg(everything)
    assert "href" not in drawing and "url(" not in drawing and "<style" not in drawing


def test_colours_follow_the_page(everything: Tape) -> None:
    drawing = circuit_svg(everything)
    assert 'stroke="currentColor"' in drawing
    assert not {"#000", "#fff", "black", "white"} & set(drawing.replace('"', " ").split())


@pytest.mark.parametrize("width", [300.0, 600.0, None])
def test_folding(everything: Tape, width: float | None) -> None:
    root = parsed(circuit_svg(everything, width=width))
    nb_lines = len(list(root.iter(f"{NAMESPACE}g")))
    assert (nb_lines == 1) == (width is None)
    if width is not None:
        assert float(root.attrib["width"]) <= width


def test_same_circuit_same_drawing(everything: Tape) -> None:
    assert circuit_svg(everything) == circuit_svg(everything)


def test_hidden_operations_are_counted(tape: MakeTape) -> None:
    assert "… 4 more operations" in texts(circuit_svg(tape(1, *["X 0"] * 6), max_operations=2))


def test_empty_circuit(tape: MakeTape) -> None:
    assert texts(circuit_svg(tape(2))) == ["q0", "q1"]
