"""Times the computation chain of whatever implementation of the published API this interpreter has; prints JSON.

Standalone, published names only, so that the same file runs in either environment:
``python worker.py QPU_NAME REPEATS``. The output is one JSON object: for each row its unit and its samples.
"""

import gc
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

IMPORT = """
import time
start = time.perf_counter()
import qat.core, qat.lang.AQASM, qat.qpus, qat.plugins
from qat.qpus import PyLinalg
from qat.plugins import AbstractPlugin, ScipyMinimizePlugin
print(time.perf_counter() - start)
"""
QAOA_EDGES = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0), (0, 3), (1, 4), (2, 5)]
QAOA_ANGLES = {"beta_0": 0.4, "beta_1": 0.2, "gamma_0": 0.3, "gamma_1": 0.7}
MAX_EVALUATIONS = 100


def seconds(function, repeats):
    """Durations of single calls."""
    function()
    durations = []
    gc.collect()
    gc.disable()
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        durations.append(time.perf_counter() - start)
    gc.enable()
    return durations


def import_times(repeats):
    """Durations of importing core, language, QPUs and plugins, each in a fresh process."""
    command = [sys.executable, "-c", IMPORT]
    return [float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(repeats)]


def ghz():
    """A 4-qubit GHZ state, from the program on."""
    from qat.lang.AQASM import CNOT, H, Program

    program = Program()
    qubits = program.qalloc(4)
    H(qubits[0])
    for k in range(3):
        CNOT(qubits[k], qubits[k + 1])
    return program.to_circ()


def qaoa_job():
    """The two layers of a QAOA for MaxCut: 6 qubits, 66 gates, 9 terms, 4 variables."""
    from qat.core import Observable, Term
    from qat.lang.AQASM import CNOT, RX, RZ, Program

    program = Program()
    qubits = program.qalloc(6)
    for layer in range(2):
        gamma, beta = (program.new_var(float, f"{name}_{layer}") for name in ("gamma", "beta"))
        for first, second in QAOA_EDGES:
            CNOT(qubits[first], qubits[second])
            RZ(2 * gamma)(qubits[second])
            CNOT(qubits[first], qubits[second])
        for qubit in qubits:
            RX(2 * beta)(qubit)
    terms = [Term(0.5, "ZZ", list(edge)) for edge in QAOA_EDGES]
    return program.to_circ().to_job(observable=Observable(6, pauli_terms=terms))


def large_circuit(nb_gates=10_000, nb_qubits=20):
    """A circuit of random gates, some of them rotations."""
    from qat.lang.AQASM import CNOT, RX, RZ, H, Program

    rng = random.Random(1)
    program = Program()
    qubits = program.qalloc(nb_qubits)
    for _ in range(nb_gates):
        first, second = rng.sample(range(nb_qubits), 2)
        kind = rng.randrange(4)
        if kind == 0:
            H(qubits[first])
        elif kind == 1:
            CNOT(qubits[first], qubits[second])
        else:
            (RX, RZ)[kind - 2](rng.uniform(0, 6))(qubits[first])
    return program.to_circ()


def noop_plugin():
    """A plugin that passes everything on."""
    from qat.plugins import AbstractPlugin

    class NoOp(AbstractPlugin):
        def compile(self, batch, specs):
            return batch

        def post_process(self, batch_result):
            return batch_result

    return NoOp()


def plugin_costs(make_qpu, repeats, chunk=20):
    """How much longer a submission takes with two plugins in front: differences of medians of a few calls each."""
    job, plain, stacked = ghz().to_job(), make_qpu(), noop_plugin() | noop_plugin() | make_qpu()
    calls = (lambda: plain.submit(job), lambda: stacked.submit(job))
    rounds = [[median(seconds(call, chunk)) for call in calls] for _ in range(max(repeats // chunk, 1))]
    return [longer - shorter for shorter, longer in rounds]


def evaluation_rates(make_qpu, repeats):
    """Energy evaluations a second of COBYLA on the QAOA job."""
    from qat.plugins import ScipyMinimizePlugin

    job, rates = qaoa_job(), []
    options = {"maxiter": MAX_EVALUATIONS}
    stack = ScipyMinimizePlugin(method="COBYLA", tol=1e-12, x0=[0.1, 0.2, 0.3, 0.4], options=options) | make_qpu()
    for _ in range(repeats + 1):
        start = time.perf_counter()
        trace = stack.submit(job).meta_data["optimization_trace"]
        rates.append((trace.count(",") + 1) / (time.perf_counter() - start))
    return rates[1:]


def file_times(circuit, repeats):
    """Durations of writing a circuit to a file and reading it again."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "large.circ")

        def there_and_back():
            circuit.dump(path)
            type(circuit).load(path)

        return seconds(there_and_back, repeats)


def measure(qpu_name, repeats):
    """All rows: name, unit, samples."""
    import qat.qpus

    make_qpu = getattr(qat.qpus, qpu_name)
    rows = [("import qat.core, lang, qpus, plugins", "s", import_times(3))]
    rows.append(("Program to circuit, 4-qubit GHZ", "s", seconds(ghz, repeats)))
    qpu, job = make_qpu(), ghz().to_job()
    rows.append(("submit, 4-qubit GHZ, exact", "s", seconds(lambda: qpu.submit(job), repeats)))
    rows.append(("added by two no-op plugins", "s", plugin_costs(make_qpu, repeats)))
    abstract = qaoa_job()
    rows.append(("bind, QAOA (66 gates, 6 qubits)", "s", seconds(lambda: abstract(**QAOA_ANGLES), repeats)))
    bound = abstract(**QAOA_ANGLES)
    rows.append(("submit, QAOA energy (9 terms)", "s", seconds(lambda: qpu.submit(bound), repeats)))
    rows.append(("COBYLA evaluations on the QAOA", "1/s", evaluation_rates(make_qpu, 3)))
    large = large_circuit()
    rows.append(("dump + load, 10 000 gates", "s", file_times(large, 5)))
    if hasattr(large, "to_bytes"):
        there_and_back = seconds(lambda: type(large).from_bytes(large.to_bytes()), 10)
        rows.append(("encode + decode, 10 000 gates", "s", there_and_back))
    return {name: {"unit": unit, "samples": samples} for name, unit, samples in rows}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
