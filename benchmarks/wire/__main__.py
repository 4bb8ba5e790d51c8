"""Size of messages and time to write and read them, as a table.

PYTHONPATH=src python -m benchmarks.wire
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))

from qat.comm.wire import decode, encode
from qat.core import Batch, Circuit, Observable, Result, Term
from qat.kernels.gates import GATES, GateForm
from qat.kernels.tape import TapeBuilder

REPEATS = 30


def random_circuit(nb_gates: int, nb_qubits: int = 20, seed: int = 0) -> Circuit:
    """Gates of one to three qubits, some with angles."""
    rng, builder = np.random.default_rng(seed), TapeBuilder()
    records = [GATES[name] for name in ("H", "CNOT", "RX", "RZ", "CCNOT")]
    forms = [builder.form(GateForm(record)) for record in records]
    for choice in rng.integers(len(records), size=nb_gates).tolist():
        record = records[choice]
        qubits = rng.choice(nb_qubits, record.arity, replace=False).tolist()
        builder.gate(forms[choice], qubits, rng.random(record.nb_parameters).tolist())
    return Circuit.from_tape(builder.tape(nb_qubits))


def values() -> dict[str, Any]:
    """What is measured, by name."""
    rng = np.random.default_rng(0)
    circuit, states = random_circuit(8, 4), np.arange(1024, dtype=np.uint64)
    terms = [Term(1.0 + i, "ZZ", rng.choice(20, 2, replace=False).tolist()) for i in range(190)]
    return {
        "job, 8 gates": circuit.to_job(),
        "circuit, 10 000 gates": random_circuit(10_000),
        "batch, 100 jobs": Batch([random_circuit(66, 6, seed).to_job() for seed in range(100)]),
        "observable, 190 terms": Observable(20, pauli_terms=terms),
        "result, 2 states": Result.from_arrays(states[:2], probabilities=np.full(2, 0.5), nbqbits=4),
        "result, 1024 states": Result.from_arrays(states, probabilities=np.full(1024, 2**-10), nbqbits=10),
        "result, 2**20 amplitudes": Result(statevector=np.full(2**20, 2**-10 + 0j), nbqbits=20),
    }


def milliseconds(call: Callable[[], Any]) -> float:
    """Median time of a call."""
    samples = []
    for _ in range(REPEATS):
        start = perf_counter()
        call()
        samples.append(perf_counter() - start)
    return 1e3 * median(samples)


def main() -> None:
    """Prints the table."""
    print(f"{'value':26}{'bytes':>12}{'encode (ms)':>14}{'decode (ms)':>14}")
    for name, value in values().items():
        message = encode(value)
        encoding = milliseconds(lambda value=value: encode(value))
        decoding = milliseconds(lambda value=value, message=message: decode(message, type(value)))
        print(f"{name:26}{len(message):12}{encoding:14.3f}{decoding:14.3f}")


if __name__ == "__main__":
    main()
