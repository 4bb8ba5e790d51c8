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

from benchmarks.live.numbered_job import job_of
from qat.qpus import SharedQPU

NB_QUBITS = 8


def process_start_s() -> float:
    """When Slurm started this process, in seconds since 1970: before Python was there."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - age_s


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Do the rounds, and tell what happened."""
    qpu = SharedQPU(options.pool, share=options.share, duration_s=options.shots * options.shot_s)
    qpu.get_specs()
    told: dict[str, Any] = {
        "slurm_job": int(os.environ["SLURM_JOB_ID"]),
        "born_s": process_start_s(),
        "begun_s": time.time(),
        "asked_s": [],
        "answered_s": [],
        "wrong": 0,
    }
    for number in range(options.rounds):
        time.sleep(options.classical)
        told["asked_s"].append(time.time())
        result = qpu.submit(job_of(number % (1 << NB_QUBITS), NB_QUBITS, options.shots))
        told["answered_s"].append(time.time())
        told["wrong"] += [sample.state.int for sample in result] != [number % (1 << NB_QUBITS)]
    told["ended_s"] = time.time()
    return told


def main() -> None:
    """Run, and write down what happened."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--pool", default="qpu")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--classical", type=float, default=0.8, help="seconds a round")
    parser.add_argument("--shots", type=int, default=80)
    parser.add_argument("--shot-s", type=float, default=0.005)
    parser.add_argument("--share", type=float, default=1.0)
    options = parser.parse_args()
    told = run(options)
    partial = options.file.with_suffix(".part")
    partial.write_text(json.dumps(told))
    partial.replace(options.file)


if __name__ == "__main__":
    main()
