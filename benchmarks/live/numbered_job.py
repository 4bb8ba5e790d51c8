"""A hybrid job whose every quantum task has an answer of its own: number NUMBER of many, TASKS tasks each.

    python -m benchmarks.live.numbered_job FOLDER NUMBER TASKS QUBITS SHOTS CLASSICAL_S

Task t of job n prepares the basis state n·TASKS + t, which no other task of any job prepares, so that a result that
went astray is seen. What was found is written into FOLDER, in a file whose name nobody else takes.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from qat.lang import Program, X
from qat.qpus import SharedQPU


def job_of(state: int, nb_qubits: int, nb_shots: int) -> Any:
    """Prepare a basis state, and sample it."""
    program = Program()
    qubits = program.qalloc(nb_qubits)
    for place, digit in enumerate(format(state, f"0{nb_qubits}b")):
        if digit == "1":
            program.apply(X, qubits[place])
    return program.to_circ().to_job(nbshots=nb_shots)


def run(number: int, nb_tasks: int, nb_qubits: int, nb_shots: int, classical_s: float) -> dict[str, Any]:
    """Do the job, and tell what came of it."""
    born_s, qpu = time.time(), SharedQPU("qpu")
    found, times_s, first_cpu_s = list[list[int]](), list[tuple[float, float]](), 0.0
    for task in range(nb_tasks):
        time.sleep(classical_s)
        asked_s = time.time()
        result = qpu.submit(job_of(number * nb_tasks + task, nb_qubits, nb_shots))
        times_s.append((asked_s, time.time()))
        found.append([sample.state.int for sample in result])
        first_cpu_s = first_cpu_s or time.process_time()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "number": number,
        "slurm_job": int(os.environ["SLURM_JOB_ID"]),
        "node": os.environ["SLURMD_NODENAME"],
        "born_s": born_s,
        "first_cpu_s": first_cpu_s,
        "ended_s": time.time(),
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "memory_mb": usage.ru_maxrss / 1024,
        "times_s": times_s,
        "found": found,
    }


def main() -> None:
    """Run, and write down what happened."""
    folder, *counts, classical_s = sys.argv[1:]
    number, nb_tasks, nb_qubits, nb_shots = map(int, counts)
    told = run(number, nb_tasks, nb_qubits, nb_shots, float(classical_s))
    path = Path(folder, f"{number}.{told['slurm_job']}.{os.getpid()}.json")
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(told))
    partial.replace(path)


if __name__ == "__main__":
    main()
