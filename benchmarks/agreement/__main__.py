"""Compares this implementation with another one of the same published API on random circuits and jobs.

    python -m benchmarks.agreement --against /path/to/other/env/bin/python [--cases 400] [--qpu PyLinalg]

Both run the same worker on the same seeds, each in its own environment: circuits, registers of numbers and booleans,
ancillas, binding, derivatives, expressions, observables, schedules, plugins. Numbers must agree within 1e-7, gate by
gate the names and the number of controls must be equal. How daggers, transposes and conjugates are spelled is left
free (``Y``, ``D-Y`` and ``T-T-Y`` are one gate): the numbers tell. The exit status is the number of cases that differ.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter
from functools import reduce
from pathlib import Path
from typing import Any

WORKER = Path(__file__).with_name("worker.py")
TOLERANCE = 1e-7
CONTROLLED = (("CCNOT", "C-C-X"), ("CNOT", "C-X"), ("CSIGN", "C-Z"))
CASE_DEADLINE_S = 5.0


def run_worker(python: str, cases: int, qpu: str) -> dict[int, dict[str, Any]]:
    """Results by seed."""
    command = [python, str(WORKER), "0", str(cases), qpu]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60 + CASE_DEADLINE_S * cases, check=False
    )
    if done.returncode:
        raise SystemExit(f"{python} failed:\n{done.stderr[-2000:]}")
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {line["seed"]: line for line in lines}


def is_close(a: Any, b: Any) -> bool:
    """Whether two JSON values agree, numbers within the tolerance."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(is_close(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(is_close, a, b))
    if isinstance(a, float) or isinstance(b, float):
        return abs(a - b) <= TOLERANCE
    return bool(a == b)


def unmarked(gates: list[str]) -> list[str]:
    """Gate names without dagger, transpose and conjugate marks, controls written out."""
    plain = [re.sub(r"(?:[DTS]-)+", "", gate) for gate in gates]
    return [reduce(lambda name, pair: name.replace(*pair), CONTROLLED, gate) for gate in plain]


def difference(ours: dict[str, Any], theirs: dict[str, Any]) -> str | None:
    """What differs between two results of one case; ``None`` when they agree."""
    if "error" in ours or "error" in theirs:
        return f"ours: {ours.get('error', 'fine')}; theirs: {theirs.get('error', 'fine')}"
    if unmarked(ours["gates"]) != unmarked(theirs["gates"]):
        return f"gates: {ours['gates']} against {theirs['gates']}"
    if not is_close(ours["numbers"], theirs["numbers"]):
        return f"numbers: {ours['numbers']} against {theirs['numbers']}"
    return None


def main() -> int:
    """Compare, print a line per difference and a summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--against", required=True, help="python of the other environment")
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--qpu", default="PyLinalg")
    options = parser.parse_args()
    ours = run_worker(sys.executable, options.cases, options.qpu)
    theirs = run_worker(options.against, options.cases, options.qpu)
    found = {seed: difference(ours[seed], theirs[seed]) for seed in ours}
    for seed, text in found.items():
        if text:
            print(f"case {seed} ({ours[seed].get('kind', '?')}): {text[:1500]}")
    kinds = Counter(line.get("kind", "error") for line in ours.values())
    nb_different = sum(map(bool, found.values()))
    print(f"{len(found) - nb_different} of {len(found)} cases agree ({dict(kinds)})")
    return min(nb_different, 99)


if __name__ == "__main__":
    sys.exit(main())
