"""The command line, called in place; the installed scripts are checked where the package is."""

import tomllib
from pathlib import Path

import pytest

from qat import commands
from qat.core import Batch, BatchResult, Circuit, Observable, Result
from qat.lang.AQASM import CNOT, H, Program

BELL = "BEGIN\nqubits 2\ncbits 2\nH q[0]\nCNOT q[0],q[1]\nRX[0.5] q[1]\nEND\n"
SUM = "DEFINE PARAM ADD int int : 4\nBEGIN\nqubits 4\ncbits 4\nADD[2, 2] q[0],q[1],q[2],q[3]\nEND\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a circuit, a job, a batch and texts, as the current one."""
    monkeypatch.chdir(tmp_path)
    program = Program()
    qubits = program.qalloc(2)
    H(qubits[0])
    CNOT(qubits)
    circuit = program.to_circ()
    value = circuit.to_job(observable=Observable(2, constant_coeff=3.0) + Observable.sigma_z(0, 2))
    circuit.dump("bell.circ")
    circuit.to_job().dump("bell.job")
    Batch([circuit.to_job(nbshots=4), value]).dump("both.batch")
    Path("bell.aqasm").write_text(BELL)
    Path("sum.aqasm").write_text(SUM)
    return tmp_path


def test_text_to_circuit_and_back(folder):
    commands.aqasm2circ(["bell.aqasm"])
    circuit = Circuit.load("bell.aqasm.circ")
    assert list(circuit.iterate_simple())[2] == ("RX", [0.5], [1]) and circuit.gateDic["_0"].matrix is None
    commands.aqasm2circ(["bell.aqasm", "full.circ", "--full-matrices"])
    assert Circuit.load("full.circ").gateDic["_0"].matrix is not None
    commands.circ2aqasm(["full.circ"])
    commands.circ2aqasm(["full.circ", "again.aqasm"])
    assert Path("full.circ.aqasm").read_text() == Path("again.aqasm").read_text()
    assert Path("again.aqasm").read_text().split() == BELL.split()


def test_libraries_are_linked(folder):
    commands.aqasm2circ(["sum.aqasm", "sum.circ", "-L", "qat.lang.AQASM.qftarith"])
    assert len(Circuit.load("sum.circ").ops) > 5
    commands.aqasm2circ(["sum.aqasm", "box.circ", "-L", "qat.lang.AQASM.qftarith", "--no-inline"])
    assert len(Circuit.load("box.circ").ops) == 1


def test_circuits_are_shown(folder, capsys):
    commands.circstat(["bell.circ"])
    shown = capsys.readouterr().out
    assert shown.startswith("== Quantum gates ==\ncustom gate : 0\nH : 1\nCNOT : 1\n== Other ==\nnbqbits : 2\n")
    commands.circprint(["bell.circ"])
    assert "┤" in capsys.readouterr().out
    commands.circprint(["bell.circ", "drawing"])
    assert Path("drawing.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(
    "options", [[], ["--qpu", "qat.pylinalg:PyLinalg"], ["--plugin", "qat.plugins:Remap"], ["--skip-plugins"]]
)
def test_jobs_are_run(folder, capsys, options):
    if "--skip-plugins" in options:
        options = [*options, "--qpu", "qat.qpus:LinAlg", "--plugin", "nowhere:Nothing"]
    commands.jobrun(["bell.job", *options])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["state=|00>", "state=|11>"]
    assert lines[0].split("\t")[1].startswith("proba=0.") and lines[0].split("\t")[2].startswith("amp=(0.707")
    commands.jobrun(["bell.job", *options, "-o", "bell.res"])
    assert capsys.readouterr().out == "" and len(Result.load("bell.res")) == 2


def test_results_are_shown(folder, capsys):
    commands.jobrun(["bell.job", "--output", "bell.res"])
    commands.resprint(["bell.res", "-N", "4"])
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()] == ["state=|0000>", "state=|0011>"]


@pytest.mark.parametrize("options", [[], ["--skip-plugins", "--qpu", "qat.qpus:LinAlg"]])
def test_batches_are_run(folder, capsys, options):
    commands.batchrun(["both.batch", *options])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Result of job #0" and lines[1].startswith("state=") and lines[1].endswith("amp=None")
    assert lines[-2] == "Result of job #1" and float(lines[-1]) == pytest.approx(3)
    commands.batchrun(["both.batch", *options, "-o", "both.bres"])
    assert len(BatchResult.load("both.bres")) == 2
    commands.resprint(["both.bres", "--batch"])
    assert capsys.readouterr().out.splitlines()[0] == "Result 0"


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        (commands.jobrun, ["nothing.job"], "qat-jobrun: .*nothing"),
        (commands.jobrun, ["bell.job", "--qpu", "LinAlg"], "'LinAlg' names no class: write its module"),
        (commands.jobrun, ["bell.job", "--qpu", "qat.qpus:Nothing"], "qat-jobrun: .*Nothing"),
        (commands.circstat, ["bell.job"], "qat-circstat: "),
        (commands.aqasm2circ, ["bell.job"], "aqasm2circ: "),
        (commands.aqasm2circ, ["bell.aqasm", "-L", "no.such.module"], "aqasm2circ: No module named 'no'"),
    ],
)
def test_mistakes_take_one_line(folder, command, arguments, message):
    with pytest.raises(SystemExit, match=message) as info:
        command(arguments)
    assert "\n" not in str(info.value)


def test_every_command_is_installed_under_its_published_name():
    scripts = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["scripts"]
    names = ["aqasm2circ", "circ2aqasm", "qat-jobrun", "qat-batchrun", "qat-resprint", "qat-circstat", "qat-circprint"]
    assert scripts.pop("qat") == "openqat.__main__:main"
    assert scripts == {name: f"qat.commands:{name.removeprefix('qat-')}" for name in names}
