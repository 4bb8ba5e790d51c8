"""A hybrid job for experiments: rounds of classical time and a quantum task; writes down when things happened.

python -m benchmarks.live.hybrid_job FILE --rounds 30 --classical 0.8 --shots 80
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

from qat.lang import RX, Program
from qat.qpus import SharedQPU


def job_of(shots: int, angle: float) -> Any:
    program = Program()
    qubits = program.qalloc(1)
    program.apply(RX(angle), qubits)
    return program.to_circ().to_job(nbshots=shots)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--pool", default="qpu")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--classical", type=float, default=0.8, help="seconds a round")
    parser.add_argument("--shots", type=int, default=80)
    parser.add_argument("--shot-s", type=float, default=0.005)
    parser.add_argument("--share", type=float, default=1.0)
    options = parser.parse_args()
    born_s = time.time()
    qpu = SharedQPU(options.pool, share=options.share, duration_s=options.shots * options.shot_s)
    qpu.get_specs()
    told: dict[str, Any] = {
        "slurm_job": int(os.environ["SLURM_JOB_ID"]),
        "born_s": born_s,
        "begun_s": time.time(),
        "asked_s": [],
        "answered_s": [],
        "wrong": 0,
    }
    for number in range(options.rounds):
        time.sleep(options.classical)
        told["asked_s"].append(time.time())
        result = qpu.submit(job_of(options.shots, 0.1 * number))
        told["answered_s"].append(time.time())
        counts = sum(round(sample.probability * options.shots) for sample in result)
        told["wrong"] += counts != options.shots
    told["ended_s"] = time.time()
    partial = options.file.with_suffix(".part")
    partial.write_text(json.dumps(told))
    partial.replace(options.file)


if __name__ == "__main__":
    main()
