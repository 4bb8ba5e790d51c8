"""What it brings that jobs ask Slurm for what jobs like them have needed, and not for what their users guess.

    python -m benchmarks.live.learned_duty [--jobs 10] [--declared 500] [--quantum 0.2] [--classical 1.8] [--rounds 4]

The same hybrid jobs twice, on one private Slurm with a broker and an emulated QPU: each declares more (or less) than it
needs. The first time nothing is known; the second time the broker has written down what the first ones needed. All are
submitted at once; they sleep in their classical phases. One run; the load of the machine is told.

- Asked: duty units that the jobs ask Slurm for.
- At once: the most that ran at a time.
- Makespan: from the first job's begin to the last one's end.
- U: seconds in which the QPU worked, from the broker's accounts, over the makespan.
- Stretch: a job's time from its begin on over the time of its phases by plan, mean.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from benchmarks.live.paths import programs_import_the_same
from qhpc.broker.usage_reading import reading_usage
from qhpc.embedded.centre import TrialCentre, TrialShape
from qhpc.slurm.duty_table import table_in
from qhpc.slurm.parsers import parse_licenses, parse_record

SHOT_S, UNITS = 0.005, 1100
STACK = "loop"


class Measured(NamedTuple):
    """What came out of one time."""

    asked: int
    nb_at_once: int
    makespan_s: float
    utilisation: float
    stretch: float
    nb_wrong: int


def run(centre: TrialCentre, time_name: str, options: argparse.Namespace) -> Measured:
    """Submit the jobs, and wait for all of them."""
    shots = round(options.quantum / SHOT_S)
    names = [f"{time_name}{number}" for number in range(options.jobs)]
    files = [centre.directory / "jobs" / f"{name}.json" for name in names]
    arguments = [f"--rounds={options.rounds}", f"--classical={options.classical}", f"--shots={shots}"]
    command = (sys.executable, "-m", "benchmarks.live.hybrid_job")
    ids = [
        centre.submit(name, *command, str(file), *arguments, units=options.declared, stack=STACK)
        for name, file in zip(names, files, strict=True)
    ]
    record = parse_record(centre.cluster.call("scontrol", "--oneliner", "show", "job", str(ids[0])))
    centre.wait(*ids, timeout_s=60.0 + 2.0 * options.jobs * options.rounds * (options.quantum + options.classical))
    told = [json.loads(file.read_text()) for file in files]
    return measured(centre, told, parse_licenses(record["Licenses"])[f"qpu_{centre.shape.pool}"], options)


def measured(centre: TrialCentre, told: list[dict[str, Any]], asked: int, options: argparse.Namespace) -> Measured:
    """From what the jobs have written, and the accounts."""
    begin_s, end_s = min(each["begun_s"] for each in told), max(each["ended_s"] for each in told)
    with reading_usage(centre.usage) as reader:
        busy_s = sum(row.busy_s for row in reader.slices(begin_s, end_s))
    alone_s = options.rounds * (options.quantum + options.classical)
    nb_at_once = max(sum(other["begun_s"] <= each["begun_s"] < other["ended_s"] for other in told) for each in told)
    return Measured(
        asked=asked,
        nb_at_once=nb_at_once,
        makespan_s=end_s - begin_s,
        utilisation=busy_s / (end_s - begin_s),
        stretch=fmean((each["ended_s"] - each["begun_s"]) / alone_s for each in told),
        nb_wrong=sum(each["wrong"] for each in told),
    )


def learned(centre: TrialCentre, limit_s: float = 30.0) -> int:
    """What the broker says that the jobs have needed, when it does."""
    deadline_s = time.monotonic() + limit_s
    while time.monotonic() < deadline_s:
        known = {stack: units for (_, _, stack), units in table_in(centre.duties.read_text("utf-8")).items()}
        if STACK in known:
            return known[STACK]
        time.sleep(0.1)
    raise TimeoutError(f"nothing was learned within {limit_s:g} s")


def main() -> None:
    """Run both, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=10)
    parser.add_argument("--declared", type=int, default=500, help="duty units that each job declares")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--quantum", type=float, default=0.2, help="seconds a round")
    parser.add_argument("--classical", type=float, default=1.8, help="seconds a round")
    options = parser.parse_args()
    shape = TrialShape(
        units=UNITS, nb_cores=options.jobs, device={"shot_s": SHOT_S, "seed": 1}, learns_duty=True, nb_nodes=2
    )
    with (
        tempfile.TemporaryDirectory(dir="/tmp", prefix="duty") as folder,
        programs_import_the_same(),
        TrialCentre(Path(folder), shape) as centre,
    ):
        first = run(centre, "first", options)
        needed = learned(centre)
        second = run(centre, "second", options)
    duty = options.quantum / (options.quantum + options.classical)
    print(
        f"{options.jobs} jobs of duty {duty:.2f}, of {UNITS} units; they needed {needed}; load {os.getloadavg()[0]:.1f}"
    )
    print("| jobs ask for | asked | at once | makespan | U | stretch | wrong |\n|---|---|---|---|---|---|---|")
    for name, found in (("what they declare", first), ("what was learned", second)):
        print(
            f"| {name} | {found.asked} | {found.nb_at_once} | {found.makespan_s:.1f} s | {found.utilisation:.2f} "
            f"| {found.stretch:.2f} | {found.nb_wrong} |"
        )


if __name__ == "__main__":
    main()
