"""Peak memory of jobs: each in a process of its own, beyond what the process has before it.

    python -m benchmarks.engine.memory                # 24 to 26 qubits
    python -m benchmarks.engine.memory --qubits 28

The state of ``n`` qubits takes ``16 * 2**n`` bytes; "allowed" is 1.05 times that and 64 MB.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.engine.client import ROOT, SOURCES

CASES = ("exact", "exact, few states", "exact, order reversed", "shots", "observable", "gradient")
"""What is asked of a QFT-like circuit; a gradient has two states, so its limit is 2.05 times 16 bytes an amplitude."""


def circuit(nb_qubits: int, *, is_spread: bool) -> Any:
    """Rotations and CNOTs; ``is_spread``: all amplitudes are different from 0."""
    from qat.lang.AQASM import CNOT, RX, RZ, Program, X

    program = Program()
    qubits = program.qalloc(nb_qubits)
    for number, qubit in enumerate(qubits):
        (RX(0.1 * (number + 1)) if is_spread else X)(qubit)
    for left, right in pairwise(qubits):
        CNOT(left, right)
        RZ(0.3)(right)
    return program.to_circ()


def job(case: str, nb_qubits: int) -> Any:
    """The job of a case."""
    from qat.core import Observable, Term

    made = circuit(nb_qubits, is_spread=case != "exact, few states")
    if case == "shots":
        return made.to_job(nbshots=1_000_000)
    if case == "exact, order reversed":
        return made.to_job(qubits=list(reversed(range(nb_qubits))))
    if case in ("observable", "gradient"):
        terms = [Term(1.0, "ZZ", [q, q + 1]) for q in range(nb_qubits - 1)] + [Term(0.5, "X", [q]) for q in range(5)]
        return made.to_job(observable=Observable(nb_qubits, pauli_terms=terms))
    return made.to_job()


def run(case: str, nb_qubits: int) -> Callable[[], Any]:
    """What is measured."""
    from qat.qpus import LinAlg

    qpu, made = LinAlg(), job(case, nb_qubits)
    if case == "gradient":
        return lambda: qpu.value_and_gradient(made, {})
    return lambda: qpu.submit(made)


def _peak_bytes() -> int:
    """Largest resident set of this process so far. (``ru_maxrss`` would count the parent's from before ``exec``.)"""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def _measure(case: str, nb_qubits: int) -> None:
    """In the child: a small job first, so that everything is imported, then the large one."""
    run(case, 12)()
    call, before = run(case, nb_qubits), _peak_bytes()
    start = time.perf_counter()
    result = call()
    print(_peak_bytes() - before, time.perf_counter() - start)
    del result


def measured(case: str, nb_qubits: int, *, deadline_s: float = 300.0) -> tuple[int, float]:
    """Bytes at the peak and seconds of one job."""
    command = [sys.executable, "-m", "benchmarks.engine.memory", "--case", case, "--qubits", str(nb_qubits)]
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(SOURCES)])}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=deadline_s, check=True)
    nb_bytes, seconds = done.stdout.split()
    return int(nb_bytes), float(seconds)


def allowed_bytes(case: str, nb_qubits: int) -> int:
    """What a job may take."""
    nb_states = 2 if case == "gradient" else 1
    return int((nb_states + 0.05) * (16 << nb_qubits)) + (64 << 20)


def rows(sizes: list[int]) -> Iterator[str]:
    """The table."""
    yield "| job | qubits | peak, MiB | 16 bytes an amplitude | ratio | allowed | seconds |"
    yield "|---|---|---|---|---|---|---|"
    for nb_qubits in sizes:
        for case in CASES:
            peak, seconds = measured(case, nb_qubits)
            state = 16 << nb_qubits
            verdict = "yes" if peak <= allowed_bytes(case, nb_qubits) else "NO"
            yield (
                f"| {case} | {nb_qubits} | {peak / 2**20:.0f} | {state / 2**20:.0f} | {peak / state:.3f} "
                f"| {verdict} | {seconds:.2f} |"
            )


def main() -> None:
    """Print the table, or measure one case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--qubits", default="24,25,26", help="numbers of qubits, separated by commas")
    parser.add_argument("--case", choices=CASES, help="only measure this one, here: prints bytes and seconds")
    options = parser.parse_args()
    sizes = [int(size) for size in options.qubits.split(",")]
    if options.case:
        _measure(options.case, sizes[0])
        return
    for row in rows(sizes):
        print(row, flush=True)


if __name__ == "__main__":
    main()
