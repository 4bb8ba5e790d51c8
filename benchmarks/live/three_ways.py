"""The mission's three situations, live: the same hybrid jobs under three ways of sharing one QPU, beside the lab.

    python -m benchmarks.live.three_ways [--jobs 6] [--rounds 30] [--quantum 0.4] [--classical 0.8]
                                         [--picture three-ways.svg] [--json FILE]

Each way has a private Slurm on loopback, a broker and an emulated QPU that takes the time of a device. The jobs sleep
in their classical phases: what is measured is who waits for whom. Each result is checked, and each task has to be in
the broker's accounts once. All jobs are submitted at once. Columns, the same for both:

- U: seconds in which the QPU ran shots, from the broker's accounts, over the makespan.
- Makespan: from the first job's begin to the last one's end. What Slurm and Python need between one job and the next is
  in it; before the first it is not.
- Stretch, worst: a job's time from its begin on (its session is open) over the time of its phases by plan, mean and
  largest; what broker, driver and Python need in each round is in it.
- Slowdown: the same from submission on, mean: waiting in Slurm's queue is in it, which stretch does not see.
- Start: from the start of a job's process by Slurm to its begin, mean: Python, imports, opening the session.

The lab's numbers are those of its machines on a virtual clock for the same jobs. It knows no start, no latency and no
computing: where the live numbers differ, that is why. One run a way; the load of the machine is told.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Literal, NamedTuple

from benchmarks.live.paths import programs_import_the_same
from benchmarks.live.recording import Told, caption, measured, recorded, table
from qhpc.broker.usage_reading import reading_usage
from qhpc.embedded.centre import TrialCentre, TrialShape
from qhpc.lab.comparison import contender, run_checked
from qhpc.lab.gantt import Panel, svg
from qhpc.lab.trace import Trace
from qhpc.lab.workload import JobPlan, Phase, Workload
from qhpc.scheduling.admission.model import UNITS, units_of_duty
from qhpc.scheduling.admission.policies import DEFAULT_ALPHA

SHOT_S = 0.005
LICENCES = round(UNITS * DEFAULT_ALPHA)
"""Duty units that Slurm hands out: as many as the laboratory's default offers."""


class Way(NamedTuple):
    """A way to share.

    Attributes:
        name: of it.
        units: part of the QPU's duty units that a job asks Slurm for; None for its duty.
        policy: the broker's order.
        contender: the lab's name of both.
    """

    name: str
    asks: Literal["all", "none", "duty"]
    policy: str
    contender: str


WAYS = (
    Way("high-level only", "all", "fifo", "exclusive/fifo"),
    Way("low-level only", "none", "fifo", "unlimited/fifo"),
    Way("high and low level", "duty", "shortest-in-share", "capped-duty/shortest-in-share"),
)


def workload(options: argparse.Namespace) -> Workload:
    """The jobs as the lab has them."""
    phases = (Phase(options.classical, options.quantum, round(options.quantum / SHOT_S)),) * options.rounds
    return Workload(
        name="live", jobs=tuple(JobPlan(id=f"job{i}", arrival_s=0.0, phases=phases) for i in range(options.jobs))
    )


def units(way: Way, duty: float) -> int:
    """Duty units that a job asks Slurm for: those that the laboratory counts for it."""
    return {"all": LICENCES, "none": 0, "duty": units_of_duty(duty)}[way.asks]


def live(way: Way, given: Workload, directory: Path) -> tuple[Trace, float]:
    """Run the jobs; what happened, and how long a process took to its begin."""
    duty = given.jobs[0].duty(TrialShape().prefetch_depth)
    device = {"shot_s": SHOT_S, "seed": 1}
    shape = TrialShape(policy=way.policy, units=LICENCES, device=device, nb_cores=len(given.jobs))
    submitted: dict[str, float] = {}
    with programs_import_the_same(), TrialCentre(directory, shape) as centre:
        ids = []
        for job in given.jobs:
            submitted[job.id] = time.time()
            command = job_command(directory, job, share=duty if way.asks == "duty" else 1.0)
            ids.append(centre.submit(job.id, *command, units=units(way, duty)))
        centre.wait(*ids, timeout_s=len(ids) * given.jobs[0].alone_s * 1.5 + 60.0)
    files = {job.id: directory / "jobs" / f"{job.id}.json" for job in given.jobs}
    told = {name: {**read(file), "submitted_s": submitted[name]} for name, file in files.items()}
    with reading_usage(centre.usage) as reader:
        trace = recorded(given, told, reader.slices())
    return trace, fmean(entry["begun_s"] - entry["born_s"] for entry in told.values())


def job_command(directory: Path, job: JobPlan, share: float) -> tuple[str, ...]:
    """What Slurm runs."""
    phase = job.phases[0]
    options = {
        "rounds": len(job.phases), "classical": phase.classical_s, "shots": phase.shots, "shot-s": SHOT_S,
        "share": share,
    }  # fmt: skip
    words = (word for name, value in options.items() for word in (f"--{name}", str(value)))
    return (sys.executable, "-m", "benchmarks.live.hybrid_job", str(directory / "jobs" / f"{job.id}.json"), *words)


def read(file: Path) -> Told:
    """What a job has written; if it has not, what it printed."""
    if not file.exists():
        raise RuntimeError(f"{file.stem} has failed:\n{file.with_suffix('.out').read_text(errors='replace')}")
    told: Told = json.loads(file.read_text())
    return told


def run(options: argparse.Namespace) -> tuple[dict[str, Any], list[Panel]]:
    """All ways: the numbers, and pictures."""
    given, ways, panels = workload(options), dict[str, Any](), []
    load_before = os.getloadavg()[0]
    for way in WAYS:
        with tempfile.TemporaryDirectory(prefix="live-", dir="/tmp") as name:
            trace, start_s = live(way, given, Path(name))
        here, lab = measured(trace), measured(run_checked(given, contender(way.contender)))
        ways[way.name] = {"live": here._asdict(), "lab": lab._asdict(), "start_s": start_s}
        panels.append(Panel(f"{way.name}: U {here.utilisation:.2f}, stretch {here.stretch:.2f}", trace))
        print(f"{way.name}: U {here.utilisation:.3f}, stretch {here.stretch:.3f}", flush=True)
    phase = given.jobs[0].phases[0]
    plan = {
        "jobs": options.jobs, "rounds": options.rounds, "classical_s": phase.classical_s, "quantum_s": phase.quantum_s,
    }  # fmt: skip
    machine = {
        "cores": len(os.sched_getaffinity(0)), "load_before": load_before, "load_after": os.getloadavg()[0],
    }  # fmt: skip
    return {"benchmark": "three_ways", "plan": plan, "machine": machine, "ways": ways}, panels


def parsed(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--quantum", type=float, default=0.4, help="seconds a round")
    parser.add_argument("--classical", type=float, default=0.8, help="seconds a round")
    parser.add_argument("--picture", type=Path, help="SVG file for what happened")
    parser.add_argument("--json", type=Path, help="file for the numbers; docs/make_live.py reads it")
    return parser.parse_args(words)


def main() -> None:
    """Run, print and write."""
    options = parsed()
    found, panels = run(options)
    print("\n".join([caption(found), "", *table(found)]))
    if options.picture:
        options.picture.write_text(svg(panels))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
