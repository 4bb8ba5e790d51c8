"""Showing any value, in a terminal and in a notebook."""

import math
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from qat.core import Batch, BatchResult, Circuit, Observable, Result, Schedule, Term, Variable
from qat.display import circuit_svg, circuit_text, display, html, is_notebook, text
from qat.display.labels import expression_text
from qat.display.tables import MAX_ROWS, Table, bar
from qat.lang.AQASM import CNOT, RX, H, Program, QRoutine
from qat.qpus import LinAlg


@pytest.fixture
def bell() -> Circuit:
    program = Program()
    qubits = program.qalloc(2)
    H(qubits[0])
    CNOT(qubits)
    return program.to_circ()


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A pretended notebook; what it shows is collected."""
    shown: list[str] = []
    shell = SimpleNamespace(kernel=object())
    module = SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", module)
    output = SimpleNamespace(HTML=lambda content: content, display=shown.append)
    monkeypatch.setitem(sys.modules, "IPython.display", output)
    return shown


BELL = """\
    ┌───┐
q0 ─┤ H ├──●───
    └───┘  │
q1 ────────⊕───"""


# ---------------------------------------------------------------- circuits
def test_circuit_in_a_terminal(bell: Circuit, capsys: pytest.CaptureFixture[str]) -> None:
    assert bell.display() is None
    assert capsys.readouterr().out == BELL + "\n"


def test_published_options(bell: Circuit, capsys: pytest.CaptureFixture[str]) -> None:
    display(bell, max_depth=None, circuit_name="bell", batchmode=True, renaming_dict={"H": "hada"})
    assert "┤ hada ├" in capsys.readouterr().out


def test_programs_and_routines(bell: Circuit) -> None:
    routine = QRoutine()
    routine.apply(H, 0)
    routine.apply(CNOT, 0, 1)
    assert text(routine) == text(routine.to_prog()) == text(bell) == BELL


def test_circuit_in_a_notebook(bell: Circuit, notebook: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert is_notebook()
    bell.display(depth=0, fmt="svg")
    assert len(notebook) == 1 and "<svg" in notebook[0]
    assert capsys.readouterr().out == ""


def test_plain_python_is_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not is_notebook()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    assert not is_notebook()


def test_drawing_in_a_file(bell: Circuit, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    display(bell, filename=str(tmp_path / "bell.svg"))
    assert (tmp_path / "bell.svg").read_text(encoding="utf-8") == circuit_svg(bell)
    assert "┤ H ├" in capsys.readouterr().out


def test_width_follows_the_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    program = Program()
    qubit = program.qalloc(1)
    for _ in range(20):
        H(qubit)
    monkeypatch.setenv("COLUMNS", "50")
    display(program.to_circ())
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 50


def test_long_circuits_are_cut_in_notebooks() -> None:
    program = Program()
    qubit = program.qalloc(1)
    for _ in range(2100):
        H(qubit)
    assert "100 more operations" in html(program)


def test_edited_view_is_drawn(bell: Circuit) -> None:
    bell.ops.pop()
    assert "⊕" not in circuit_text(bell)


# ---------------------------------------------------------------- unbound parameters
a, b = Variable("a"), Variable("b")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (a, "a"),
        (2 * a + 1, "2·a + 1"),
        (a - (b - 1), "a - (b - 1)"),
        ((a + b) * (a - b), "(a + b)·(a - b)"),
        (a / (b * 2), "a/(b·2)"),
        ((a**2) ** b, "(a**2)**b"),
        (-(a + b), "-(a + b)"),
        (math.pi * a, "π·a"),
        (a + 0.25, "a + 0.25"),
    ],
)
def test_expressions(expression: Any, expected: str) -> None:
    assert expression_text(expression) == expected


def test_functions_of_variables() -> None:
    from qat.core.variables import cos, heaviside

    assert expression_text(cos(a) ** 2 + heaviside(a, 0, 1)) == "cos(a)**2 + heaviside(a, 0, 1)"


def test_unbound_circuit() -> None:
    program = Program()
    RX(2 * program.new_var(float, "theta"))(program.qalloc(1))
    assert "┤ RX(2·theta) ├" in circuit_text(program.to_circ())


# ---------------------------------------------------------------- results, observables, jobs
def test_sampled_result(bell: Circuit) -> None:
    result = LinAlg().submit(bell.to_job())
    assert text(result).splitlines() == [
        "state  probability              amplitude",
        "|00>   0.500000     ██████████  0.7071+0.0000j",
        "|11>   0.500000     ██████████  0.7071+0.0000j",
    ]
    assert html(result).count("<tr>") == 3
    assert result._repr_html_() == html(result)


def test_shots_have_no_amplitudes(bell: Circuit) -> None:
    assert "amplitude" not in text(LinAlg(seed=1).submit(bell.to_job(nbshots=10)))


def test_value() -> None:
    assert text(Result(value=1.5)) == "value = 1.5"
    assert text(Result(value=np.float64(1.5), error=0.021)) == "value = 1.5 ± 0.021"
    assert text(Result()) == "empty result"


def test_long_results_are_cut() -> None:
    program = Program()
    for qubit in program.qalloc(6):
        H(qubit)
    result = LinAlg().submit(program.to_circ().to_job())
    lines = text(result).splitlines()
    assert len(lines) == MAX_ROWS + 2 and lines[-1] == "… 32 more states"


def test_observable() -> None:
    observable = Observable(2, pauli_terms=[Term(0.5, "ZZ", [0, 1]), Term(Variable("w"), "X", [1])], constant_coeff=3)
    assert text(observable).splitlines()[0] == "observable on 2 qubits, 2 terms"
    assert text(observable).splitlines()[2:] == [
        "3            I",
        "0.5          ZZ        0, 1",
        "w            X         1",
    ]


def test_jobs_and_batches(bell: Circuit) -> None:
    sample = bell.to_job(qubits=[1], nbshots=10)
    value = bell.to_job(observable=Observable.sigma_z(0, 2))
    assert text(sample).splitlines()[0] == "sampling of qubits [1], 10 shots"
    assert text(value).splitlines()[0] == "expectation value, exact"
    assert "coefficient" in text(value) and "┤ H ├" in text(value)
    shown = text(Batch(jobs=[sample, value]))
    assert shown.index("job 0") < shown.index("10 shots") < shown.index("job 1") < shown.index("exact")
    assert html(Batch(jobs=[sample, value])).count("<svg") == 2


def test_schedules() -> None:
    job = Schedule(drive=Observable.sigma_x(0, 1), tmax=2.0).to_job()
    assert "sampling" in text(job) and "<pre>" in html(job)


def test_batch_results() -> None:
    results = BatchResult(results=[Result(value=1.0), Result(value=2.0)])
    assert text(results) == "result 0\nvalue = 1\n\nresult 1\nvalue = 2"
    assert html(results).count("value =") == 2


def test_anything_else_prints() -> None:
    assert text([1, 2]) == "[1, 2]"
    assert html("<b>") == "<pre>&lt;b&gt;</pre>"


@pytest.mark.parametrize(("fraction", "expected"), [(0, ""), (1, "█" * 20), (2, "█" * 20), (-1, ""), (0.025, "▌")])
def test_bars(fraction: float, expected: str) -> None:
    assert bar(fraction) == expected


def test_tables_escape_html() -> None:
    assert "&lt;x&gt;" in Table("", ("h",), [("<x>",)]).html()
