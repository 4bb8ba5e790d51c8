"""What giving nodes back saves: one variational search on a slow QPU, in a private Slurm, with and without.

    python -m benchmarks.live.node_release [--quantum 20] [--evaluations 6] [--restart 5] [--json FILE]

The search (COBYLA, two angles) runs as an access server runs it, through the Slurm launcher, with a broker and an
emulated QPU that takes so many seconds for each evaluation; nothing else runs. Node-seconds are from Slurm's begin and
end of each job (whole seconds), so that starting Python again and repeating what is known already is in them. Elapsed
is from submission to result. Both results have to be the same, bit by bit, and each task has to be in the broker's
accounts once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.live.paths import programs_import_the_same
from qat.comm.access.messages import Resources, Submission
from qat.comm.arguments import decode_message, pack_argument
from qat.comm.recipe import ServiceCall, StackRecipe
from qat.comm.wire import encode
from qat.core import Batch, Observable, Term
from qat.lang.AQASM import CNOT, RX, Program
from qhpc.access.launchers.protocol import Ended, Launch, Lost
from qhpc.access.launchers.slurm import SlurmLauncher, SlurmSettings
from qhpc.access.slurm_options import SlurmOptions
from qhpc.broker.usage_reading import reading_usage
from qhpc.embedded.centre import TrialCentre, TrialShape
from qhpc.slurm.parsers import parse_record


def energy() -> Any:
    """The energy that is searched for: two angles, two qubits."""
    program = Program()
    qubits = program.qalloc(2)
    for number, qubit in enumerate(qubits):
        RX(program.new_var(float, f"a{number}"))(qubit)
    CNOT(qubits)
    terms = [Term(1.0, "ZZ", [0, 1]), Term(0.5, "X", [0])]
    return program.to_circ().to_job("OBS", observable=Observable(2, pauli_terms=terms))


def call(address: str, *arguments: Any, **keywords: Any) -> ServiceCall:
    """A service of the stack."""
    packed = {name: pack_argument(value, name) for name, value in keywords.items()}
    kind, _, name = address.partition(":")
    return ServiceCall(kind, name, tuple(pack_argument(value, "it") for value in arguments), packed)


def submission(options: argparse.Namespace, *, releases_nodes: bool) -> bytes:
    """What a client sends."""
    search = {"method": "COBYLA", "x0": [0.3, 0.4], "tol": 1e-9, "options": {"maxiter": options.evaluations}}
    shared = {"duration_s": options.quantum, "restart_s": options.restart, "releases_nodes": releases_nodes}
    stack = call("qat.plugins:ScipyMinimizePlugin", **search), call("qat.qpus:SharedQPU", "qpu", **shared)
    batch = encode(Batch([energy()]))
    return msgspec.msgpack.encode(Submission(recipe=StackRecipe(stack), task="submit", batch=batch, is_single=True))


async def run(centre: TrialCentre, launch: Launch) -> Ended | Lost:
    """Run a job to its end, as an access server does."""
    options = SlurmOptions(
        conf=centre.cluster.configuration, poll_s=0.5, watch_s=0.1, default_memory_bytes=400 << 20,
        environment={"QAT_BROKER": centre.broker},
    )  # fmt: skip
    launcher = SlurmLauncher(SlurmSettings(spool=centre.directory / "spool", options=options, broker=centre.broker))
    await launcher.open()
    try:
        await launcher.adopt(())
        await launcher.submit(launch)
        async for report in launcher.reports():
            if isinstance(report, Ended | Lost):
                return report
    finally:
        await launcher.close()
    raise RuntimeError("the launcher tells nothing more")


def node_seconds(centre: TrialCentre) -> tuple[float, int]:
    """Seconds of node that Slurm gave, and to how many jobs."""
    listed = centre.cluster.call("scontrol", "--oneliner", "show", "job").splitlines()
    jobs = [job for job in map(parse_record, listed) if job.get("StartTime", "Unknown")[:1].isdigit()]
    spans = (datetime.fromisoformat(job["EndTime"]) - datetime.fromisoformat(job["StartTime"]) for job in jobs)
    return sum(span.total_seconds() for span in spans), len(jobs)


def measured(options: argparse.Namespace, *, releases_nodes: bool) -> dict[str, Any]:
    """One way."""
    with tempfile.TemporaryDirectory(prefix="release-", dir="/tmp") as name:
        shape = TrialShape(nb_nodes=1, nb_cores=1, device={"exact_s": options.quantum})
        with programs_import_the_same(), TrialCentre(Path(name), shape) as centre:
            message = submission(options, releases_nodes=releases_nodes)
            launch = Launch(job_id="search", owner="", attempt=1, submission=message, resources=Resources())
            begin_s = time.monotonic()
            end = asyncio.run(run(centre, launch))
            elapsed_s = time.monotonic() - begin_s
            if not isinstance(end, Ended) or end.result is None:
                raise RuntimeError(f"the search has failed: {end}")
            while centre.cluster.call("squeue", "-h").strip():
                time.sleep(0.2)
            held_s, nb_jobs = node_seconds(centre)
            with reading_usage(centre.usage) as reader:
                keys = [row.key for row in reader.slices()]
    if len(keys) != len(set(keys)):
        raise RuntimeError(f"tasks ran more than once: {keys}")
    value = decode_message(end.result).value
    return {"value": value, "tasks": len(keys), "jobs": nb_jobs, "node_s": held_s, "elapsed_s": elapsed_s}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quantum", type=float, default=20.0, help="seconds of QPU an evaluation")
    parser.add_argument("--evaluations", type=int, default=6)
    parser.add_argument("--restart", type=float, default=5.0, help="restart_s of the QPU")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    ways = {}
    for name, releases in (("keeps its node", False), ("gives it back", True)):
        ways[name] = found = measured(options, releases_nodes=releases)
        print(f"{name}: {found}", flush=True)
    if len({found["value"] for found in ways.values()}) != 1:
        raise RuntimeError(f"the results differ: {ways}")
    print(f"\nload {load:.1f} on {os.cpu_count()} cores before, {os.getloadavg()[0]:.1f} after\n")
    print("| the job | evaluations | jobs in Slurm | node-seconds | elapsed, s |\n|---|---|---|---|---|")
    for name, found in ways.items():
        print(f"| {name} | {found['tasks']} | {found['jobs']} | {found['node_s']:.0f} | {found['elapsed_s']:.0f} |")
    if options.json:
        options.json.write_text(json.dumps(ways, indent=1) + "\n")


if __name__ == "__main__":
    main()
