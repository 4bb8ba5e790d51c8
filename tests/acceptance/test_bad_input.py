"""What users get wrong, and what they are told: the error, the wrong value, the cure; at once, no trace left.

Everything here goes through published names only.
"""

import time
from pathlib import Path

import numpy as np
import pytest

import qat.generators
import qat.plugins
import qat.qpus
from qat.comm.exceptions.ttypes import ErrorType, PluginException, QPUException
from qat.core import (
    Batch,
    Circuit,
    Job,
    Observable,
    Term,
)
from qat.core.gate_set import WrongArgumentType
from qat.lang.AQASM import CNOT, RX, AbstractGate, H, Program
from qat.lang.AQASM.aqasm_util import PyAQASMException
from qat.plugins import (
    FusionPlugin,
    Nnizer,
    ObservableSplitter,
    ScipyMinimizePlugin,
)
from qat.qpus import CLinalg, LinAlg, QPUHandler, get_current_qpu
from tests.acceptance.blunders import (
    NOT_A_NUMBER,
    Generating,
    PostProcessing,
    Z,
    ghz,
    minimized,
    qubits,
    rotation,
    simulated,
)
from tests.acceptance.mistakes import RUNNING, TABLES


@pytest.fixture(scope="module", autouse=True)
def warm():
    """What is imported at first use is imported now, so that the clock sees the mistakes alone."""
    minimized(method="COBYLA", options={"maxiter": 20})
    assert {*dir(qat.qpus), *dir(qat.plugins), *dir(qat.generators)}


@pytest.mark.parametrize(("table", "name"), [(table, name) for table, cases in TABLES.items() for name in cases])
def test_mistakes(table, name):
    case = TABLES[table][name]
    start = time.thread_time()
    with pytest.raises(case.error) as caught:
        case.act()
    assert time.thread_time() - start < 1.0
    text = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    assert case.value in text and case.cure in text, text


def test_published_codes_of_errors():
    codes = {
        "unbound variable": ErrorType.ILLEGAL_GATES,
        "gate without matrix": ErrorType.ILLEGAL_GATES,
        "unknown job type": ErrorType.INVALID_ARGS,
        "100 qubits": ErrorType.INSUFFICIENT_RESOURCES,
        "shots beyond memory": ErrorType.INSUFFICIENT_RESOURCES,
        "measurements without shots": ErrorType.INVALID_ARGS,
    }
    for name, code in codes.items():
        with pytest.raises(QPUException) as caught:
            RUNNING[name].act()
        assert (caught.value.code, caught.value.modulename) == (code, "qat.linalg")


def test_what_published_programs_rely_on_is_no_error():
    assert ghz().to_job("NOISE").type == 0, "an unknown type means samples"
    assert rotation()(beta=1.0).get_variables() == ["alpha"], "unknown names are ignored"
    assert len(simulated(H, nbshots=10**12)) == 2, "many shots cost nothing"


# ---------------------------------------------------------------- files


def file_of(tmp_path, content: bytes) -> str:
    (tmp_path / "wrong.circ").write_bytes(content)
    return str(tmp_path / "wrong.circ")


FILES = {
    "empty": (lambda good: b"", "it is empty"),
    "other text": (lambda good: b"BEGIN\nqubits 1\nEND\n", "check the file name"),
    "noise": (lambda good: np.random.default_rng(1).bytes(300), "check the file name"),
    "cut short": (lambda good: good[: len(good) // 2], "transfer it again"),
    "too long": (lambda good: good + b"x", "transfer it again"),
    "edited": (lambda good: good[:-4] + bytes([good[-4] ^ 64]) + good[-3:], "edited or damaged"),
    "newer": (lambda good: good[:4] + b"\xff\x7f" + good[6:], "version"),
    "another kind": (lambda good: ghz().to_job().to_bytes(), "load it with Job.load"),
}


@pytest.mark.parametrize("kind", FILES)
def test_spoiled_files(tmp_path, kind):
    spoil, cure = FILES[kind]
    name = file_of(tmp_path, spoil(ghz().to_bytes()))
    start = time.thread_time()
    with pytest.raises(Exception) as caught:
        Circuit.load(name)
    assert time.thread_time() - start < 1.0
    assert not isinstance(caught.value, MemoryError | RecursionError | KeyError | IndexError)
    assert name in str(caught.value) and cure in str(caught.value)


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"missing\.circ"):
        Circuit.load(str(tmp_path / "missing.circ"))
    with pytest.raises(FileNotFoundError, match=r"create it first.*nowhere"):
        ghz().dump(str(tmp_path / "nowhere" / "x.circ"))
    with pytest.raises(TypeError, match=r"'text'.*give bytes, or use load"):
        Circuit.from_bytes("text")


def test_a_failed_dump_leaves_the_old_file(tmp_path, monkeypatch):
    name = str(tmp_path / "kept.circ")
    ghz(2).dump(name)

    def no_space(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", no_space)
    with pytest.raises(OSError, match="No space left"):
        ghz(5).dump(name)
    monkeypatch.undo()
    assert Circuit.load(name).nbqbits == 2
    assert [path.name for path in tmp_path.iterdir()] == ["kept.circ"]


# ---------------------------------------------------------------- nothing left behind


class Failing(QPUHandler):
    """Fails after somebody below has got the job."""

    def submit_job(self, job):
        raise QPUException(ErrorType.ABORT, "device", "out of order")


FAILING_STACKS = {
    "simulator": lambda: LinAlg(),
    "published simulators": lambda: CLinalg(),
    "fusion": lambda: FusionPlugin() | Failing(),
    "routing": lambda: Nnizer() | Failing(),
    "splitter": lambda: ObservableSplitter() | Failing(),
    "minimizer": lambda: ScipyMinimizePlugin(x0=[0.1, 0.2]) | Failing(),
    "late": lambda: PostProcessing(lambda results: None) | FusionPlugin() | LinAlg(),
}


def failing_job() -> Job:
    """A job that every stack above fails on: two variables, a gate without a matrix."""
    prog = Program()
    qbits = prog.qalloc(3)
    RX(prog.new_var(float, "a"))(qbits[0])
    RX(prog.new_var(float, "b"))(qbits[1])
    CNOT(qbits[0], qbits[2])
    AbstractGate("DEVICE", [float], arity=1)(0.5)(qbits[0])
    observable = Observable(3, pauli_terms=[Term(1.0, "ZZ", [0, 2]), Term(0.5, "X", [1])], constant_coeff=1.0)
    return prog.to_circ().to_job(observable=observable, meta_data={"who": "me"})


@pytest.mark.parametrize("name", FAILING_STACKS)
def test_a_failed_submission_leaves_jobs_as_they_were(name):
    stack, job = FAILING_STACKS[name](), failing_job()
    batch, circuit, observable = Batch([job], meta_data={"k": "v"}), job.circuit, job.observable
    before = batch.to_bytes()
    for submitted in (batch, job, [job]):
        with pytest.raises((QPUException, PluginException)):
            stack.submit(submitted, meta_data={"more": "data"})
    assert batch.to_bytes() == before and batch.meta_data == {"k": "v"}
    assert batch.jobs[0] is job and job.circuit is circuit and job.observable is observable
    assert job.get_variables() == ["a", "b"] and not circuit.has_view


def test_a_failed_operation_leaves_the_program_as_it_was():
    prog = Program()
    qbits, cbits = prog.qalloc(3), prog.calloc(1)
    H(qbits[0])
    before, size = str(prog), prog.qbit_count
    for wrong in (
        lambda: CNOT(qbits[0], qbits[0]),
        lambda: CNOT(qbits[0]),
        lambda: prog.apply(H, qubits()[1]),
        lambda: prog.apply("H", qbits[0]),
        lambda: RX(NOT_A_NUMBER)(qbits[0]),
        lambda: prog.measure(qbits, cbits),
        lambda: prog.cc_apply(cbits[0], CNOT, qbits[0]),
        lambda: prog.logic(cbits[0], "nonsense"),
        lambda: prog.qalloc(-1),
        lambda: prog.apply(H, -1),
        lambda: prog.uncompute(),
    ):
        with pytest.raises((PyAQASMException, WrongArgumentType)):
            wrong()
        assert (str(prog), prog.qbit_count) == (before, size)
    assert [entry[0] for entry in prog.to_circ().iterate_simple()] == ["H"]


def test_a_failed_binding_leaves_the_circuit_as_it_was():
    circ = rotation(lambda alpha: 1 / alpha)
    for values in ({"alpha": 0}, {"alpha": NOT_A_NUMBER}, {"alpha": "x"}):
        with pytest.raises((ArithmeticError, ValueError, TypeError)):
            circ(**values)
    assert circ.get_variables() == ["alpha"] and circ(alpha=2.0).get_variables() == []


def test_a_failed_run_closes_its_contexts():
    with pytest.raises(QPUException, match="out of order"), Failing():
        ghz().to_job().run()
    assert get_current_qpu() is None
    assert len(ghz().to_job().run()) == 2


def test_a_stack_works_again_after_a_failure():
    stack = ScipyMinimizePlugin(method="COBYLA", x0=[0.5]) | LinAlg()
    with pytest.raises(PluginException):
        stack.submit(rotation().to_job())
    assert stack.submit(rotation().to_job(observable=Z)).value == pytest.approx(-1.0, abs=1e-6)
    closed = []

    def conversation():
        try:
            yield ghz().to_job()
        finally:
            closed.append(True)

    with pytest.raises(QPUException, match="out of order"):
        (Generating(conversation()) | Failing()).execute()
    assert closed == [True]
