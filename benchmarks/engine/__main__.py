"""Speed of the state-vector engine beside other simulators, in one interleaved run.

    python -m benchmarks.engine.environments DIR
    python -m benchmarks.engine --environments DIR [--threads 1] [--rounds 5] [--workloads fourier,grover]
                                [--peers openqat,engine,qulacs] [--published PYTHON]
                                [--small] [--clock cpu] [--json FILE]

Every peer runs in its own process and virtual environment. For each workload all peers prepare it and make one call as
a warm-up; the answers are compared with the first peer's. Then they take turns, one timed call (or, for short ones, a
few) a round. ``floor`` is what the engine's passes over the state would take at the bandwidth of a copy of that size,
measured in the same rounds. The exit status is the number of wrong answers.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.engine.peers import DEFAULT, ENTRIES
from benchmarks.engine.report import full_table, head, line, preamble
from benchmarks.engine.rounds import Bench, Plan, Row
from benchmarks.engine.workloads import WORKLOADS


def names(text: str, known: Mapping[str, Any]) -> list[str]:
    """The names in a list separated by commas.

    Raises:
        argparse.ArgumentTypeError: one of them is unknown.
    """
    found = text.split(",")
    unknown = [name for name in found if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
    return found


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--threads", type=int, choices=(1, 2), default=1)
    parser.add_argument("--workloads", type=lambda text: names(text, WORKLOADS), default=list(WORKLOADS))
    parser.add_argument("--peers", type=lambda text: names(text, ENTRIES), default=list(DEFAULT))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--environments", type=Path, default=Path("build/peers"), metavar="DIR")
    parser.add_argument("--published", type=Path, help="python of another implementation of the published API")
    parser.add_argument("--deadline", type=float, default=60.0, help="seconds a call may take")
    parser.add_argument("--budget", type=float, default=20.0, help="seconds after which a peer is not asked again")
    parser.add_argument("--small", action="store_true", help="small sizes: are all adapters right?")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: on busy machines")
    parser.add_argument("--json", type=Path, help="file for all samples")
    return parser.parse_args(arguments)


def plan(options: argparse.Namespace) -> Plan:
    """What the options ask for."""
    peers = [*options.peers, *(["published"] if options.published and "published" not in options.peers else [])]
    return Plan(
        peers, options.environments, options.published, options.threads, options.rounds, options.deadline,
        options.budget, options.small, options.clock,
    )  # fmt: skip


def document(row: Row) -> dict[str, Any]:
    """A row as JSON."""
    cells = {name: cell._asdict() for name, cell in row.cells.items()}
    return {"workload": row.workload, "bandwidth": row.bandwidth, "cells": cells}


def main() -> int:
    """Measure; print each row when it is there, and the table at the end."""
    options = parsed()
    wanted, rows = plan(options), []
    with Bench(wanted) as bench:
        print(preamble(bench.versions(), wanted.nb_threads, wanted.clock), end="\n\n", flush=True)
        for workload in options.workloads:
            rows.append(bench.measure(workload))
            cells = zip(head(wanted.peers)[1:], line(rows[-1], wanted.peers)[1:], strict=True)
            print(WORKLOADS[workload].title, *(f"  {a:18} {b}" for a, b in cells), sep="\n", flush=True)
    print("\n" + full_table(rows, wanted.peers))
    if options.json:
        options.json.write_text(json.dumps([document(row) for row in rows], indent=1))
    return sum("WRONG" in (cell.problem or "") for row in rows for cell in row.cells.values())


if __name__ == "__main__":
    sys.exit(main())
