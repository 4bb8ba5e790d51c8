"""Tapes written in one line: ``tape(2, "H 0", "CNOT 0 1", "C-RX 0 1 (0.5)", "?0 X 1", "MEASURE 0 -> 0")``."""

import re
from collections.abc import Callable

import pytest

from qat.kernels.gates import GATES, GateForm, GateRecord
from qat.kernels.tape import Classical, Kind, Tape, TapeBuilder

MakeTape = Callable[..., Tape]
_LINE = re.compile(
    r"(?:\?(?P<cbit>\d+) )?(?P<name>[\w-]+)(?P<qubits>(?: \d+)*)(?: \((?P<angles>.*)\))?(?: -> (?P<to>.*))?"
)


def _form(name: str, nb_qubits: int) -> GateForm:
    *prefixes, base = name.split("-")
    record = GATES.get(base) or GateRecord(name=base, arity=nb_qubits - prefixes.count("C"), label=base)
    marks = {"is_dag": "D" in prefixes, "is_trans": "T" in prefixes, "is_conj": "S" in prefixes}
    return GateForm(record, nb_controls=prefixes.count("C"), **marks)


def _append(builder: TapeBuilder, line: str) -> None:
    match = _LINE.fullmatch(line)
    assert match is not None, line
    qubits = [int(qubit) for qubit in match["qubits"].split()]
    if match["name"] in Kind.__members__:
        words = (match["to"] or "").split(" = ")
        cbits = tuple(int(cbit) for cbit in words[0].split())
        formula = words[1] if len(words) > 1 else None
        builder.classical(Kind[match["name"]], qubits, Classical(cbits, formula))
        return
    angles = [float(angle) for angle in (match["angles"] or "").split(",") if angle]
    form = builder.form(_form(match["name"], len(qubits)))
    if match["cbit"] is None:
        builder.gate(form, qubits, angles)
    else:
        builder.controlled_gate(int(match["cbit"]), form, qubits, angles)


@pytest.fixture(scope="session")
def tape() -> MakeTape:
    def make(nb_qubits: int, *lines: str, nb_cbits: int = 0) -> Tape:
        builder = TapeBuilder()
        for line in lines:
            _append(builder, line)
        return builder.tape(nb_qubits, nb_cbits)

    return make


@pytest.fixture(scope="session")
def everything(tape: MakeTape) -> Tape:
    """A circuit with one of each thing that can be drawn."""
    return tape(
        4,
        "H 0", "H 1", "H 2", "CNOT 0 1", "CNOT 2 3", "CCNOT 0 3 1", "SWAP 0 2", "C-SWAP 0 3 1", "RX 1 (0.3333333)",
        "C-RX 2 0 (1.5707963267948966)", "D-T 3", "CSIGN 1 2", "ISWAP 0 3", "PH 0 (2.0943951023931953)",
        "FOO 0 3 (0.2,3)", "C-D-FOO 3 0 1 (0.2,3)", "C-FOO 1 0 2 (0.2,3)", "ROUTINE 0 1 2", "MEASURE 0 -> 0",
        "MEASURE 1 2 -> 1 2", "RESET 1", "?0 X 2", "?1 C-X 3 2", "CLASSIC -> 2 = NOT AND 0 1", "BREAK ->  = OR 0 1",
        "X 0", "C-T 0 1",
        nb_cbits=3,
    )  # fmt: skip
