"""The mission's three situations, live: the same hybrid jobs under three ways of sharing one QPU, beside the lab.

    python -m benchmarks.live.three_ways [--jobs 6] [--rounds 30] [--quantum 0.4] [--classical 0.8]
                                         [--picture three-ways.svg] [--json FILE]

Each way has a private Slurm on loopback, a broker and an emulated QPU that takes the time of a device. The jobs sleep
in their classical phases: what is measured is who waits for whom. Utilisation is QPU time over the time from the first
job's begin to the last one's end; stretch is a job's time from its begin on over the time that it needs alone. The
lab's numbers are those of its machines on a virtual clock for the same jobs, which knows no start-up: how long Slurm
and Python needed to bring a job to its begin is a column of its own.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from qhpc.embedded.centre import TrialCentre, TrialShape
from qhpc.lab.comparison import contender, run_checked
from qhpc.lab.gantt import Panel, svg
from qhpc.lab.trace import JobTrace, QpuTrace, Run, Trace
from qhpc.lab.workload import JobPlan, Phase, Workload

SHOT_S = 0.005
_SLICES = "SELECT slurm_job, start_s, busy_s, overhead_s FROM slices ORDER BY start_s"


class Way(NamedTuple):
    """A way to share: what a job asks Slurm for, the broker's order, and the lab's name of both."""

    name: str
    units: float
    policy: str
    contender: str


WAYS = (
    Way("high-level only", 1.0, "fifo", "exclusive/fifo"),
    Way("low-level only", 0.0, "fifo", "unlimited/fifo"),
    Way("high and low level", -1.0, "shortest-in-share", "capped-duty:1.0/shortest-in-share"),
)
"""``units``: part of the QPU's duty units that a job asks for; -1 is its duty."""


class Measured(NamedTuple):
    """What came out of a way."""

    utilisation: float
    stretch: float
    worst: float
    makespan_s: float
    start_s: float


def workload(options: argparse.Namespace) -> Workload:
    """The jobs as the lab has them."""
    phases = (Phase(options.classical, options.quantum, round(options.quantum / SHOT_S)),) * options.rounds
    return Workload(
        name="live", jobs=tuple(JobPlan(id=f"job{i}", arrival_s=0.0, phases=phases) for i in range(options.jobs))
    )


def live(way: Way, given: Workload, directory: Path) -> tuple[Trace, float]:
    """Run the jobs, and tell what happened and how long a job took to its begin."""
    plan = given.jobs[0]
    units = round(1000 * (plan.duty if way.units < 0 else way.units) - 0.5) if way.units else 0
    shape = TrialShape(policy=way.policy, device={"shot_s": SHOT_S, "seed": 1}, nb_cores=len(given.jobs))
    phase = plan.phases[0]
    with TrialCentre(directory, shape) as centre:
        ids = [
            centre.submit(
                job.id, sys.executable, "-m", "benchmarks.live.hybrid_job", str(directory / "jobs" / f"{job.id}.json"),
                "--rounds", str(len(plan.phases)), "--classical", str(phase.classical_s), "--shots", str(phase.shots),
                "--shot-s", str(SHOT_S), "--share", str(plan.duty if way.units < 0 else 1.0), units=units,
            )
            for job in given.jobs
        ]  # fmt: skip
        centre.wait(*ids, timeout_s=len(ids) * plan.alone_s * 1.5 + 60.0)
        centre_usage = centre.usage
    return recorded(given, directory / "jobs", centre_usage)


def recorded(given: Workload, folder: Path, usage: Path) -> tuple[Trace, float]:
    """What happened as the jobs and the broker's accounts tell it, from the first begin on."""
    told = {job.id: json.loads((folder / f"{job.id}.json").read_text()) for job in given.jobs}
    if any(entry["wrong"] for entry in told.values()):
        raise RuntimeError("a result was wrong")
    zero_s = min(entry["begun_s"] for entry in told.values())
    jobs = []
    for plan in given.jobs:
        entry, job = told[plan.id], JobTrace(plan)
        job.admitted_s, job.ended_s = entry["begun_s"] - zero_s, entry["ended_s"] - zero_s
        job.asked_s = [time_s - zero_s for time_s in entry["asked_s"]]
        job.answered_s = [time_s - zero_s for time_s in entry["answered_s"]]
        job.node_s = job.ended_s - job.admitted_s
        jobs.append(job)
    qpu = QpuTrace("qpu-1", "qpu")
    owners = {entry["slurm_job"]: name for name, entry in told.items()}
    with sqlite3.connect(usage) as database:
        for slurm_job, wall_s, busy_s, overhead_s in database.execute(_SLICES):
            start_s = wall_s - zero_s
            qpu.add(Run(start_s, start_s + overhead_s, start_s + busy_s, owners[slurm_job]))
    start_s = sum(entry["begun_s"] - entry["born_s"] for entry in told.values()) / len(told)
    return Trace(given, jobs, [qpu], {}, []), start_s


def measured(trace: Trace, start_s: float) -> Measured:
    """Utilisation, mean and worst stretch, makespan."""
    end_s = trace.end_s - min(job.admitted_s for job in trace.jobs)
    stretches = [job.stretch for job in trace.jobs]
    return Measured(trace.qpus[0].busy_s / end_s, sum(stretches) / len(stretches), max(stretches), end_s, start_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--quantum", type=float, default=0.4)
    parser.add_argument("--classical", type=float, default=0.8)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    given = workload(options)
    panels, rows, found = [], [], {}
    for way in WAYS:
        with tempfile.TemporaryDirectory(prefix="live-", dir="/tmp") as name:
            trace, start_s = live(way, given, Path(name))
        here, lab = measured(trace, start_s), measured(run_checked(given, contender(way.contender)), 0.0)
        panels.append(Panel(f"{way.name}: U {here.utilisation:.2f}, stretch {here.stretch:.2f}", trace))
        found[way.name] = {"live": here._asdict(), "lab": lab._asdict()}
        rows.append(
            f"| {way.name} | {here.utilisation:.3f} | {lab.utilisation:.3f} | {here.stretch:.3f} | {lab.stretch:.3f} | "
            f"{here.worst:.3f} | {here.makespan_s:.1f} | {lab.makespan_s:.1f} | {here.start_s:.2f} |"
        )
        print(rows[-1], flush=True)
    print(
        "| Way | U live | U lab | Stretch live | Stretch lab | Worst | Makespan live, s | lab, s | Begin, s |\n"
        + "|---" * 9
        + "|"
    )
    print("\n".join(rows))
    if options.picture:
        options.picture.write_text(svg(panels))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
