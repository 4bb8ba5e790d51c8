"""Circuits as text, compared with drawings that were checked by eye."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.display import circuit_text
from qat.kernels.gates import GATES, GateForm, GateRecord
from qat.kernels.tape import Tape, TapeBuilder

MakeTape = Callable[..., Tape]
GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> str:
    return (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("everything", {}),
        ("everything_unfolded", {"width": None}),
        ("everything_ascii", {"width": 72, "ascii_only": True}),
    ],
)
def test_everything(name: str, options: dict[str, object], everything: Tape) -> None:
    assert circuit_text(everything, **options) == golden(name)


def test_ghz_is_drawn_low(tape: MakeTape) -> None:
    drawing = circuit_text(tape(4, "H 0", "CNOT 0 1", "CNOT 1 2", "CNOT 2 3"))
    assert drawing == golden("ghz")


def test_fourier_transform(tape: MakeTape) -> None:
    lines = ("H 0", "C-PH 1 0 (1.5707963267948966)", "C-PH 2 0 (0.7853981633974483)", "H 1",
             "C-PH 2 1 (1.5707963267948966)", "H 2", "SWAP 0 2")  # fmt: skip
    assert circuit_text(tape(3, *lines)) == golden("fourier")


def test_empty_circuits(tape: MakeTape) -> None:
    assert circuit_text(tape(2)) == "q0 ───\n\nq1 ───"
    assert circuit_text(tape(0)) == ""


def test_gates_move_left(tape: MakeTape) -> None:
    assert circuit_text(tape(2, "X 0", "X 0", "Y 1")).count("\n") == 5
    assert "┤ Y ├" in circuit_text(tape(2, "X 0", "X 0", "Y 1")).splitlines()[4][:10]


def test_measurements_without_bits_need_no_classical_wire(tape: MakeTape) -> None:
    assert "═" not in circuit_text(tape(1, "RESET 0", nb_cbits=3))


def test_double_digits_align(tape: MakeTape) -> None:
    lines = circuit_text(tape(11, "H 10")).splitlines()
    assert lines[0].startswith(" q0 ─") and lines[-2].startswith("q10 ─")


def test_folding_keeps_columns_whole(tape: MakeTape) -> None:
    drawing = circuit_text(tape(1, *["RX 0 (0.25)"] * 9), width=40)
    assert drawing.count("RX(0.25)") == 9
    assert max(map(len, drawing.splitlines())) <= 40


def test_a_column_wider_than_the_page_stands_alone(tape: MakeTape) -> None:
    assert circuit_text(tape(1, "RX 0 (0.25)", "RX 0 (0.25)"), width=5).count("q0") == 2


def test_operations_left_out_are_counted(tape: MakeTape) -> None:
    drawing = circuit_text(tape(1, *["X 0"] * 5), max_operations=2)
    assert drawing.count("X") == 2
    assert drawing.endswith("… 3 more operations")


def test_renaming_replaces_symbols_too(tape: MakeTape) -> None:
    drawing = circuit_text(tape(2, "CNOT 0 1"), renaming={"X": "flip"})
    assert "┤ flip ├" in drawing and "⊕" not in drawing


def boxed() -> Tape:
    body = TapeBuilder()
    body.gate(body.form(GateForm(GATES["H"])), [0])
    body.gate(body.form(GateForm(GATES["CNOT"])), [0, 1])
    record = GateRecord(name="BELL", arity=2, label="BELL", body=body.tape(2))
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(record)), [2, 0])
    return builder.tape(3)


def test_routines_open_on_demand() -> None:
    assert "BELL" in circuit_text(boxed())
    opened = circuit_text(boxed(), max_depth=1)
    assert "BELL" not in opened
    assert "┤ H ├" in opened.splitlines()[4]
    assert circuit_text(boxed(), max_depth=None) == opened


def test_pins_tell_the_order_of_qubits() -> None:
    lines = circuit_text(boxed()).splitlines()
    assert "┤1 " in lines[1] and "╌" in lines[3] and "┤0 " in lines[5]


names = st.sampled_from(["X", "H", "T", "CNOT", "SWAP", "CCNOT", "CSIGN", "ISWAP", "C-H", "C-D-T"])


@st.composite
def circuits(draw: st.DrawFn) -> Tape:
    nb_qubits = draw(st.integers(3, 6))
    builder = TapeBuilder()
    for name in draw(st.lists(names, max_size=12)):
        *prefixes, base = name.split("-")
        form = GateForm(GATES[base], nb_controls=prefixes.count("C"), is_dag="D" in prefixes)
        qubits = draw(st.permutations(range(nb_qubits)))[: form.arity]
        builder.gate(builder.form(form), qubits)
    return builder.tape(nb_qubits)


@given(circuits(), st.integers(30, 60))
def test_any_circuit_fits_its_width(circuit: Tape, width: int) -> None:
    drawing = circuit_text(circuit, width=width)
    assert max(map(len, drawing.splitlines())) <= width
    assert circuit_text(circuit, width=width) == drawing


@given(circuits())
def test_ascii_drawings_have_the_same_shape(circuit: Tape) -> None:
    drawing = circuit_text(circuit, ascii_only=True, width=None)
    assert drawing.isascii()
    assert drawing.count("\n") == circuit_text(circuit, width=None).count("\n")


@given(circuits())
def test_every_control_is_drawn(circuit: Tape) -> None:
    drawing = circuit_text(circuit, width=None)
    expected = 0
    for row in circuit.rows():
        assert row.form is not None
        inner, nb_controls = row.form.kernel
        expected += nb_controls + (inner.record.name == "Z" and nb_controls > 0)
    assert drawing.count("●") == expected
