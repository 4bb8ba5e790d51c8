"""Writes docs/gates.md, the reference of the gate table.

python docs/make_gates.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from qat.core import Variable
from qat.display import circuit_text
from qat.kernels.gates import GATES, GateForm, GateRecord, Inverse, Step
from qat.kernels.tape import TapeBuilder
from qat.lang.AQASM import CCNOT, CNOT, T, X

PAGE = Path(__file__).with_name("gates.md")
INTRODUCTION = """\
# Gates

The gates of `qat.lang.AQASM` that have a matrix. This page is made from the gate table (`qat.kernels.gates.GATES`) by
`python docs/make_gates.py`; a test checks that it is up to date.

Qubit 0 of a gate is the most significant bit of its matrix indices, angles are in radians, controls are the first
qubits; see [conventions](conventions.md#gates). `a` stands for the angle of a gate, and every equality holds exactly,
global phase included.

A generator `G` means that the matrix is `exp(-i a G)`.
"""
MARKS = """\
## Marks and controls

Every gate has `.ctrl(n)`, `.dag()`, `.trans()` and `.conj()`. Circuits name what they make with prefixes: `C-` for each
control, then `S-` for the complex conjugate, `T-` for the transpose and `D-` for the dagger.
"""
ANGLE = 0.7310585786
"""An angle at which no two of the entries below have the same value."""
ENTRIES = {
    "0": 0,
    "1": 1,
    "-1": -1,
    "i": 1j,
    "-i": -1j,
    "1/√2": 1 / np.sqrt(2),
    "-1/√2": -1 / np.sqrt(2),
    "(1+i)/2": (1 + 1j) / 2,
    "(1-i)/2": (1 - 1j) / 2,
    "exp(iπ/4)": np.exp(0.25j * np.pi),
    "1/2": 0.5,
    "-1/2": -0.5,
    "i/2": 0.5j,
    "-i/2": -0.5j,
    "cos(a/2)": np.cos(ANGLE / 2),
    "sin(a/2)": np.sin(ANGLE / 2),
    "-sin(a/2)": -np.sin(ANGLE / 2),
    "-i sin(a/2)": -1j * np.sin(ANGLE / 2),
    "exp(ia)": np.exp(1j * ANGLE),
    "exp(ia/2)": np.exp(0.5j * ANGLE),
    "exp(-ia/2)": np.exp(-0.5j * ANGLE),
}
"""How the numbers in matrices are written."""


def page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *overview(), "", *(section(record) for record in GATES.values()), *marks()])


def overview() -> Iterator[str]:
    """The table of all gates."""
    yield "| gate | qubits | parameters | what it does |\n|---|---|---|---|"
    for record in GATES.values():
        yield f"| [{record.name}](#{record.name.lower()}) | {record.arity} | {signature(record)} | {summary(record)} |"


def summary(record: GateRecord) -> str:
    """What a gate does, as a cell of a table."""
    return record.summary.replace("|", "\\|")


def signature(record: GateRecord) -> str:
    """Types of the parameters."""
    return ", ".join(parameter.__name__ for parameter in record.parameters)


def section(record: GateRecord) -> str:
    """All that the table says of one gate."""
    facts = "\n".join(f"- {name}: {text}" for name, text in facts_of(record))
    parts = (f"## {record.name}", record.summary, block(matrix_text(matrix_of(record))), facts, block(drawing(record)))
    return "\n\n".join(parts) + "\n"


def facts_of(record: GateRecord) -> Iterator[tuple[str, str]]:
    """The lines of a gate's section."""
    yield "inverse", inverse(record)
    yield "controlled", controlled(record)
    if record.generator is not None:
        yield "generator", f"`{row_text(record.generator)}`"
    if record.decomposition:
        yield "decomposition", "`" + "; ".join(map(step_text, record.decomposition)) + "`"


def inverse(record: GateRecord) -> str:
    """How the inverse is written."""
    spelling = {
        Inverse.SELF: f"`{record.name}` itself",
        Inverse.NEGATE: f"`{record.name}(-a)`",
        Inverse.MARK: f"`D-{record.name}`",
    }
    return spelling[record.inverse]


def controlled(record: GateRecord) -> str:
    """The gate as a controlled one, and the name of the gate with one more control."""
    name = GateForm(record).control().syntax
    if record.controlled is None:
        return f"`{name}`"
    seen = record.controlled
    return f"`{name}`; it is itself `{seen.target}` with {seen.nb_controls} control{'s' * (seen.nb_controls > 1)}"


def step_text(step: Step) -> str:
    """One gate of a decomposition."""
    angles = f"({', '.join(map(angle_text, step.angles_rad))})" if step.angles_rad else ""
    return f"{step.name}{angles} {','.join(map(str, step.qubits))}"


def angle_text(angle: float) -> str:
    """A fraction of pi."""
    parts = round(4 * angle / np.pi)
    if not np.isclose(parts * np.pi / 4, angle):
        raise ValueError(f"the angle {angle} is no multiple of pi/4; teach angle_text how to write it")
    return {-1: "-π/4", 1: "π/4"}[parts]


def matrix_of(record: GateRecord) -> np.ndarray:
    """The matrix at ``ANGLE``, shape ``(2**arity, 2**arity)``."""
    assert record.matrix is not None
    return record.matrix(*[ANGLE] * record.nb_parameters)


def entry_text(entry: complex) -> str:
    """A number of a matrix as a formula.

    Raises:
        ValueError: the number is none of ``ENTRIES``.
    """
    for text, value in ENTRIES.items():
        if np.isclose(entry, value, atol=1e-12):
            return text
    raise ValueError(f"no formula for {entry}; add it to ENTRIES")


def row_text(matrix: np.ndarray) -> str:
    """A small matrix on one line."""
    return "[" + ", ".join("[" + ", ".join(map(entry_text, row)) + "]" for row in matrix) + "]"


def matrix_text(matrix: np.ndarray) -> str:
    """A matrix in aligned columns."""
    texts = [list(map(entry_text, row)) for row in matrix]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in texts)


def drawing(record: GateRecord) -> str:
    """The gate as a circuit of its own draws it."""
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(record)), range(record.arity), (Variable("a"),) * record.nb_parameters)
    return "\n".join(line.rstrip() for line in circuit_text(builder.tape(record.arity)).splitlines())


def block(text: str) -> str:
    """Text in a fenced block."""
    return f"```text\n{text}\n```"


def marks() -> Iterator[str]:
    """Examples of names with prefixes, as the language makes them."""
    gates = {
        "T.ctrl(2)": T.ctrl(2),
        "T.dag()": T.dag(),
        "T.dag().ctrl()": T.dag().ctrl(),
        "T.trans().conj()": T.trans().conj(),
        "T.dag().dag()": T.dag().dag(),
        "X.ctrl()": X.ctrl(),
        "X.ctrl(2)": X.ctrl(2),
        "X.ctrl().ctrl()": X.ctrl().ctrl(),
        "CNOT.ctrl()": CNOT.ctrl(),
        "CCNOT.ctrl()": CCNOT.ctrl(),
    }
    yield MARKS
    yield "| written | named |\n|---|---|"
    yield from (f"| `{written}` | `{gate.tape_form.syntax}` |" for written, gate in gates.items())
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
