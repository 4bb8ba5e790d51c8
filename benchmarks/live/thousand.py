"""A thousand hybrid jobs through Slurm and one broker: is each result right, is nothing lost or done twice, how fast?

    python -m benchmarks.live.thousand [--jobs 1000] [--tasks 20] [--nodes 4] [--qpus 2] [--at-once 40] [--json FILE]

Each job is an sbatch of its own on a private Slurm of this machine, and asks for a part of the QPUs' duty units, so
that ``--at-once`` of them are admitted. Each task has a right answer that no other task has. In the end what the jobs
found is compared with the broker's accounts. The QPUs are emulated and take the time of a device; everything else is
real.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.live.accounts_check import Plan, Told, faults
from benchmarks.live.paths import programs_import_the_same
from qhpc.broker.usage_reading import reading_usage
from qhpc.broker.usage_rows import SessionRow, SliceRow
from qhpc.embedded.centre import TrialCentre, TrialShape

RIGHT = "every result is right, every task was charged once"


class Run:
    """Jobs on a centre of their own.

    Args:
        directory: an empty one, with a short path.
        options: of the command line.
    """

    def __init__(self, directory: Path, options: argparse.Namespace) -> None:
        self.directory, self.options = directory, options
        self.shape = TrialShape(
            nb_qpus=options.qpus, units=1000 * options.qpus, nb_nodes=options.nodes,
            nb_cores=ceil(options.at_once / options.nodes),
            device={"shot_s": options.shot_s, "seed": 1},
        )  # fmt: skip
        self.ids: list[int] = []
        self.processes: dict[str, dict[str, float]] = {}

    def run(self) -> None:
        """Submit the jobs, and wait until all have ended."""
        options, units = self.options, self.shape.units // self.options.at_once
        with programs_import_the_same(), TrialCentre(self.directory, self.shape) as centre:
            self.begin_s = time.time()
            for number in range(options.jobs):
                self.ids.append(centre.submit(f"job{number}", *self._command(number), units=units))
            self.submitted_s = time.time()
            centre.wait(*self.ids, timeout_s=options.timeout)
            self.processes = dict(processes(centre))

    def _command(self, number: int) -> tuple[str, ...]:
        options = self.options
        nb_qubits = max((options.jobs * options.tasks - 1).bit_length(), 1)
        words = (self.directory / "jobs", number, options.tasks, nb_qubits, options.shots, options.classical)
        return (sys.executable, "-m", "benchmarks.live.numbered_job", *map(str, words))

    def told(self) -> list[Told]:
        """What the jobs have written."""
        return [json.loads(file.read_text()) for file in sorted((self.directory / "jobs").glob("*.json"))]

    def charged(self) -> tuple[list[SliceRow], list[SessionRow]]:
        """The accounts, complete once the broker has ended."""
        with reading_usage(self.directory / "broker" / "usage.db") as reader:
            return list(reader.slices()), list(reader.sessions())

    def last_words(self) -> str:
        """What jobs printed that have failed."""
        texts = ((file.stem, file.read_text(errors="replace")) for file in (self.directory / "jobs").glob("*.out"))
        return "\n".join(f"{name}: {text.strip().splitlines()[-1]}" for name, text in texts if text.strip())


def processes(centre: TrialCentre) -> Iterator[tuple[str, dict[str, float]]]:
    """Peak of the resident memory, in MB, and seconds of CPU of every process that stays."""
    slurm = {name: centre.cluster.pid(name) for name in ("slurmctld", "munged", *_slurmds(centre))}
    drivers = {f"driver of {file.stem}": int(file.read_text()) for file in _drivers(centre)}
    for name, pid in {"broker": centre.process.pid, **drivers, **slurm}.items():
        lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        yield name, {"memory_mb": int(lines["VmHWM"].split()[0]) / 1024, "cpu_s": cpu_s}


def _slurmds(centre: TrialCentre) -> Iterator[str]:
    return (f"slurmd.{node}" for node in centre.cluster.shape.nodes)


def _drivers(centre: TrialCentre) -> Iterator[Path]:
    return (centre.directory / "broker" / "drivers").glob("*.pid")


def figures(run: Run, told: Sequence[Told], slices: Sequence[SliceRow]) -> dict[str, Any]:
    """How fast it was, and what it took."""
    first_s = min(each["times_s"][0][0] for each in told)
    last_s = max(each["times_s"][-1][1] for each in told)
    shots_s = sum(row.busy_s - row.overhead_s for row in slices)
    waits_s = [answered_s - asked_s for each in told for asked_s, answered_s in each["times_s"]]
    length_s, options = max(each["ended_s"] for each in told) - run.begin_s, run.options
    return {
        "benchmark": "thousand",
        "plan": {name: getattr(options, name) for name in ("nodes", "qpus", "shots", "shot_s", "classical")},
        "jobs": len(told),
        "tasks": len(waits_s),
        "wall_s": length_s,
        "submission_s": run.submitted_s - run.begin_s,
        "jobs_per_s": len(told) / length_s,
        "tasks_per_s": len(waits_s) / (last_s - first_s),
        "utilisation": shots_s / options.qpus / (last_s - first_s),
        "at_once": most_at_once([(each["born_s"], each["ended_s"]) for each in told]),
        "nodes": len({each["node"] for each in told}),
        "task_median_ms": 1000 * median(waits_s),
        "job_cpu_ms": 1000 * median(each["cpu_s"] for each in told),
        "job_first_cpu_ms": 1000 * median(each["first_cpu_s"] for each in told),
        "job_memory_mb": median(each["memory_mb"] for each in told),
        "processes": run.processes,
        "load": os.getloadavg(),
        "cores": len(os.sched_getaffinity(0)),
    }


def most_at_once(spans: Sequence[tuple[float, float]]) -> int:
    """The largest number of spans that share a moment.

    >>> most_at_once([(0, 2), (1, 3), (2, 4)])
    2
    """
    changes = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    most = now = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most


_ROWS = {
    "jobs": ("jobs, each with its right results, once", "{:.0f}"),
    "tasks": ("quantum tasks, each charged once", "{:.0f}"),
    "wall_s": ("from the first sbatch to the end of the last job", "{:.0f} s"),
    "submission_s": ("of these, until all were submitted", "{:.0f} s"),
    "jobs_per_s": ("jobs a second", "{:.2f}"),
    "tasks_per_s": ("tasks a second, from the first question to the last answer", "{:.1f}"),
    "utilisation": ("part of the QPUs' time in which they ran shots, over the same", "{:.3f}"),
    "at_once": ("most jobs at once", "{:.0f}"),
    "task_median_ms": ("a task, from submission to result, median", "{:.0f} ms"),
    "job_cpu_ms": ("processor time of a job, median", "{:.0f} ms"),
    "job_first_cpu_ms": ("of this, until its first result", "{:.0f} ms"),
    "job_memory_mb": ("memory of a job, median of the peaks", "{:.0f} MB"),
}
"""What the figures are, in words."""


def rows(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The figures for people: what they are, and how much.

    Args:
        found: what is written as JSON.
    """
    plan = found["plan"]
    shot_ms, classical_ms = 1000 * plan["shot_s"], 1000 * plan["classical"]
    yield "a task", f"{plan['shots']} shots of {shot_ms:g} ms, {classical_ms:g} ms after the one before"
    yield "nodes, QPUs", f"{plan['nodes']}, {plan['qpus']}"
    yield from ((words, form.format(found[name])) for name, (words, form) in _ROWS.items())
    for name, used in found["processes"].items():
        yield f"{name}: peak of its memory, processor time", f"{used['memory_mb']:.0f} MB, {used['cpu_s']:.1f} s"
    now, _, long = found["load"]
    yield "load of the machine over 1 and 15 minutes, cores", f"{now:.1f}, {long:.1f}, {found['cores']}"


def parsed(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--tasks", type=int, default=20, help="of each job")
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--qpus", type=int, default=2)
    parser.add_argument("--at-once", type=int, default=40, help="jobs that the duty units suffice for")
    parser.add_argument("--shots", type=int, default=10, help="of each task")
    parser.add_argument("--shot-s", type=float, default=0.001, help="seconds of QPU a shot")
    parser.add_argument("--classical", type=float, default=0.02, help="seconds before each task")
    parser.add_argument("--timeout", type=float, default=3600.0, help="seconds")
    parser.add_argument("--json", type=Path, help="file for the figures; docs/make_live.py reads it")
    parser.add_argument("--directory", type=Path, help="of the centre, to look at its logs later")
    return parser.parse_args(words)


def main() -> None:
    """Run, check and tell."""
    options = parsed()
    with tempfile.TemporaryDirectory(prefix="live-", dir="/tmp") as name:
        run = Run(options.directory or Path(name), options)
        run.run()
        told, (slices, sessions) = run.told(), run.charged()
        wrong = list(faults(Plan(run.ids, options.tasks, options.shots), told, slices, sessions))
        found = figures(run, told, slices)
        print("\n".join(": ".join(row) for row in rows(found)))
        print(
            "\n".join([*wrong[:50], run.last_words()] if wrong else ["every result is right, every task charged once"])
        )
    if options.json:
        options.json.write_text(json.dumps({**found, "faults": wrong}, indent=1))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
