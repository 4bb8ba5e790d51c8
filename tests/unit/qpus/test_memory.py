"""Memory of jobs: its peak, limits of the process, refused allocations, large results."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.engine.memory import CASES, allowed_bytes, measured
from qat.comm.resource.ttypes import AllocationModel
from qat.core import Observable
from qat.core.errors import ErrorType, QPUException
from qat.core.simutil import wavefunction
from qat.core.wrappers.dense_columns import DenseColumns
from qat.kernels.memory import available_bytes
from qat.lang.AQASM import CNOT, RX, H, Program
from qat.qpus import LinAlg
from tests.unit.kernels.engines import IS_NATIVE

ROOT = Path(__file__).parents[3]
needs_native = pytest.mark.skipif(not IS_NATIVE, reason="the extension is not compiled")


def spread(nb_qubits: int, nb_turned: int):
    """All turns of the first ``nb_turned`` qubits are possible outcomes."""
    program = Program()
    qubits = program.qalloc(nb_qubits)
    for number in range(nb_turned):
        RX(0.3 + 0.1 * number)(qubits[number])
    return program.to_circ()


def ghz(nb_qubits: int):
    program = Program()
    qubits = program.qalloc(nb_qubits)
    H(qubits[0])
    for number in range(nb_qubits - 1):
        CNOT(qubits[number], qubits[number + 1])
    return program.to_circ()


def in_child(code: str) -> str:
    """What a new Python process prints."""
    variables = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
        "OPENBLAS_NUM_THREADS": "1",
    }
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@needs_native
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize("case", CASES)
def test_the_peak_is_little_more_than_the_state(case):
    peak, _ = measured(case, 23)
    assert 16 << 23 <= peak <= allowed_bytes(case, 23)


@pytest.mark.parametrize("order", [False, True])
def test_large_results_keep_the_state(order):
    nb_qubits = 19
    circuit = spread(nb_qubits, nb_qubits)
    qubits = list(range(nb_qubits))[:: -1 if order else 1]
    result = LinAlg().submit(circuit.to_job(qubits=qubits))
    assert isinstance(result.columns, DenseColumns)
    assert len(result) == np.count_nonzero(np.abs(wavefunction(circuit, LinAlg())) ** 2 > circuit.to_job().threshold)
    last = result[-1]
    chance = np.prod([np.sin((0.3 + 0.1 * number) / 2) ** 2 for number in range(nb_qubits)])
    assert str(last.state) == "|" + "1" * nb_qubits + ">" and last.probability == pytest.approx(chance)


def test_large_results_with_few_states_are_columns():
    result = LinAlg().submit(spread(19, 3).to_job())
    assert not isinstance(result.columns, DenseColumns) and len(result) == 8
    assert sum(sample.probability for sample in result) == pytest.approx(1)
    result.raw_data[0].probability = 0.0


def test_wave_functions_of_large_results():
    state = wavefunction(spread(19, 19), LinAlg())
    assert np.linalg.norm(state) == pytest.approx(1) and len(state) == 1 << 19
    assert np.allclose(wavefunction(spread(19, 19), LinAlg(), probs=True), np.abs(state) ** 2)


# ---------------------------------------------------------------- too little of it
@pytest.mark.parametrize("engine", ["numpy", None])
def test_an_allocation_limits_memory(engine):
    qpu = LinAlg(engine=engine, nb_threads=1)
    qpu.apply_resource_consumption_limits(AllocationModel(allocated_total_memory_mb=20, parallel_job_count=2))
    assert len(qpu.submit(ghz(10).to_job())) == 2
    job = ghz(20).to_job(observable=Observable.sigma_z(0, 20))
    for act in (lambda: qpu.submit(job), lambda: qpu.submit([job, job]), lambda: qpu.value_and_gradient(job, {})):
        with pytest.raises(QPUException, match=r"20 qubits need .* 10000000 are available") as caught:
            act()
        assert caught.value.code == ErrorType.INSUFFICIENT_RESOURCES and caught.value.retryable
    qpu.apply_resource_consumption_limits(AllocationModel(allocated_total_memory_mb=2000))
    assert qpu.submit(job).value == pytest.approx(0, abs=1e-9)


def test_an_allocation_limits_threads():
    qpu = LinAlg()
    qpu.apply_resource_consumption_limits(AllocationModel(allocated_thread_count_per_job=1))
    assert qpu.engine.nb_threads == 1
    qpu.apply_resource_consumption_limits(AllocationModel())
    assert qpu.engine.nb_threads == 1
    for wrong in (AllocationModel(allocated_thread_count_per_job=0), AllocationModel(allocated_total_memory_mb=-5)):
        with pytest.raises(QPUException, match=r"The allocation has (0 threads|-5 MB of memory): give at least 1"):
            qpu.apply_resource_consumption_limits(wrong)


@pytest.mark.parametrize("kind", ["samples", "observable", "batch", "values", "gradient"])
def test_a_refused_allocation_is_a_published_exception(monkeypatch, kind):
    def refuse(*args, **kwargs):
        raise MemoryError

    qpu, observable = LinAlg(), Observable.sigma_z(0, 2)
    for name in ("state", "mean_value", "mean_values", "energies", "value_and_gradient"):
        monkeypatch.setattr(type(qpu.engine), name, refuse)
    act = {
        "samples": lambda: qpu.submit(ghz(2).to_job()),
        "observable": lambda: qpu.submit(ghz(2).to_job(observable=observable)),
        "batch": lambda: qpu.submit([ghz(2).to_job(), ghz(2).to_job()]),
        "values": lambda: qpu.submit([ghz(n).to_job(observable=observable) for n in (2, 3)]),
        "gradient": lambda: qpu.value_and_gradient(ghz(2).to_job(observable=observable), {}),
    }[kind]
    with pytest.raises(QPUException, match="refused to allocate what the run needs") as caught:
        act()
    assert caught.value.code == ErrorType.INSUFFICIENT_RESOURCES


LIMITED = """
import resource
from qat.core.errors import QPUException
from qat.kernels import memory
from qat.qpus import LinAlg
from tests.unit.qpus.test_memory import ghz
LinAlg().submit(ghz(4).to_job())
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (600 << 20), resource.RLIM_INFINITY))
print(memory.available_bytes() <= 600 << 20)
{before}
try:
    LinAlg(engine={engine!r}).submit(ghz(28).to_job())
except QPUException as error:
    print(error.code, error.message)
print(len(LinAlg(engine={engine!r}).submit(ghz(20).to_job())))
"""
UNCHECKED = "memory.available_bytes = lambda: 1 << 62"


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS")
@pytest.mark.parametrize("engine", ["numpy", *(["native"] if IS_NATIVE else [])])
@pytest.mark.parametrize("before", ["", UNCHECKED], ids=["checked", "unchecked"])
def test_a_limited_address_space_is_survived(engine, before):
    """Refused before anything is allocated; if that check were wrong, by the failed allocation. Then life goes on."""
    is_known, refusal, nb_states = in_child(LIMITED.format(engine=engine, before=before)).splitlines()
    assert (is_known, nb_states) == ("True", "2")
    assert refusal.startswith(f"{ErrorType.INSUFFICIENT_RESOURCES} Not enough memory for simulation")
    assert ("28 qubits need" in refusal) == (not before)


@needs_native
@pytest.mark.skipif(available_bytes() < 6 << 30, reason="28 qubits need 4.3 GiB; less than 6 GiB are available")
def test_28_qubits_with_a_known_answer():
    result = LinAlg().submit(ghz(28).to_job(nbshots=1000))
    assert {sample.state.int for sample in result} == {0, (1 << 28) - 1}
    assert result[0].probability == pytest.approx(0.5, abs=0.1)
