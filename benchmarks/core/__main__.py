"""Cost of the computation chain, as a table; optionally beside another implementation of the same published API.

    python -m benchmarks.core [--qpu PyLinalg] [--rounds 3] [--repeats 100]
    python -m benchmarks.core --against /path/to/other/env/bin/python

With ``--against`` both run the same worker, each in its own environment, in turns, so that both see the same weather on
the machine; ``ratio`` is theirs over ours for durations and ours over theirs for rates: above 1, ours is better.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

SOURCES = Path(__file__).parents[2] / "src"
WORKER = Path(__file__).with_name("worker.py")
DEADLINE_S = 600
Rows = dict[str, dict[str, Any]]


def environment(python: str) -> dict[str, str]:
    """Environment variables of a worker: this interpreter sees the sources beside the benchmarks, others do not."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if python == sys.executable:
        variables["PYTHONPATH"] = os.pathsep.join([str(SOURCES), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    return variables


def run_worker(python: str, qpu: str, repeats: int) -> Rows:
    """Samples by row."""
    command = [python, "-W", "ignore", str(WORKER), qpu, str(repeats)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=DEADLINE_S, check=False, env=environment(python)
    )
    if done.returncode:
        raise SystemExit(f"{python} failed:\n{done.stderr[-2000:]}")
    rows: Rows = json.loads(done.stdout.splitlines()[-1])
    return rows


def merged(rounds: list[Rows]) -> Rows:
    """All rounds' samples together."""
    names = rounds[0]
    return {
        name: {"unit": names[name]["unit"], "samples": [s for each in rounds for s in each[name]["samples"]]}
        for name in names
    }


def shown(value: float, unit: str) -> str:
    """A duration with three digits in a fitting unit, or a rate."""
    if unit != "s":
        return f"{value:.0f}/s"
    scale, name = next(((s, n) for s, n in ((1, "s"), (1e-3, "ms")) if abs(value) >= s), (1e-6, "us"))
    return f"{value / scale:.3g} {name}"


def ratio(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> float:
    """By how much ours is better."""
    quotient = median(theirs["samples"]) / median(ours["samples"])
    return quotient if ours["unit"] == "s" else 1 / quotient


def line(name: str, ours: Mapping[str, Any], theirs: Mapping[str, Any] | None) -> str:
    """One row of the table."""
    samples, unit = ours["samples"], ours["unit"]
    cells = f"{name:38}{shown(median(samples), unit):>12}{shown(min(samples), unit):>12}{len(samples):>7}"
    if theirs is None:
        return cells
    return f"{cells}{shown(median(theirs['samples']), unit):>12}{ratio(ours, theirs):>9.3g}"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--against", help="python of another environment, to be measured in turns with this one")
    parser.add_argument("--qpu", default="PyLinalg", help="published name of the QPU")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=100, help="single calls a round")
    options = parser.parse_args()
    pythons = [sys.executable, *([options.against] if options.against else [])]
    rounds: dict[str, list[Rows]] = {python: [] for python in pythons}
    for _ in range(options.rounds):
        for python in pythons:
            rounds[python].append(run_worker(python, options.qpu, options.repeats))
    ours = merged(rounds[sys.executable])
    theirs = merged(rounds[options.against]) if options.against else {}
    print(f"{'what':38}{'median':>12}{'min':>12}{'n':>7}" + (f"{'theirs':>12}{'ratio':>9}" if theirs else ""))
    for name, row in ours.items():
        print(line(name, row, theirs.get(name)))


if __name__ == "__main__":
    main()
