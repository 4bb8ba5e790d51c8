"""Jobs that begin alike: milliseconds of processor time for one batch, and for its jobs one by one.

``python -m benchmarks.engine.shared_prefixes [QUBITS] [LAYERS]``. The circuit has layers of RY, RZ and CNOT; the jobs
are those of ``ObservableSplitter`` for 60 random words of three letters, and those of parameter shifts.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from qat.core import Batch, Observable, Term
from qat.lang.AQASM import CNOT, RY, RZ, Program
from qat.plugins import ObservableSplitter
from qat.qpus import LinAlg

ROUNDS = 3


def layers(nb_qubits: int, nb_layers: int):
    rng, program = random.Random(1), Program()
    qubits = program.qalloc(nb_qubits)
    for layer in range(nb_layers):
        for k in range(nb_qubits):
            RY(program.new_var(float, f"a{layer}_{k}"))(qubits[k])
            RZ(rng.uniform(0, 6))(qubits[k])
        for k in range(layer % 2, nb_qubits - 1, 2):
            CNOT(qubits[k], qubits[k + 1])
    return program.to_circ()


def words(nb_qubits: int) -> list[Term]:
    rng = random.Random(2)
    return [Term(1.0, "".join(rng.choices("XYZ", k=3)), rng.sample(range(nb_qubits), 3)) for _ in range(60)]


def milliseconds(call: Callable[[], Any]) -> float:
    call()
    durations = []
    for _ in range(ROUNDS):
        start = time.process_time()
        call()
        durations.append(time.process_time() - start)
    return 1e3 * median(durations)


def report(name: str, jobs: list[Any]) -> None:
    qpu = LinAlg(seed=1, nb_threads=1)
    together = milliseconds(lambda: qpu.submit(Batch(jobs)))
    alone = milliseconds(lambda: [qpu.submit(job) for job in jobs])
    print(f"{name}: {len(jobs)} jobs, {together:.0f} ms together, {alone:.0f} ms one by one", flush=True)


def main(nb_qubits: int = 16, nb_layers: int = 10) -> None:
    circuit = layers(nb_qubits, nb_layers)
    job = circuit.to_job(observable=Observable(nb_qubits, pauli_terms=words(nb_qubits)), nbshots=1000)
    values = dict.fromkeys(job.get_variables(), 0.3)
    for method in ("naive", "coloring", "clifford"):
        report(f"splitter, {method}", ObservableSplitter(method).compile(Batch([job(**values)]), None).jobs)
    job = circuit.to_job(observable=Observable.sigma_z(0, nb_qubits), nbshots=100)
    report("parameter shifts", [shifted(**values) for jobs in job.gradient().values() for shifted in jobs])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
