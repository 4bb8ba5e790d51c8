"""Tables of what was measured, as Markdown."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.engine.bandwidth import floor_s
from benchmarks.engine.peers import ENTRIES
from benchmarks.engine.rounds import Cell, Row
from benchmarks.engine.workloads import WORKLOADS

OURS = ("openqat", "openqat-single", "engine", "engine-single", "numpy")
ABSENT = "-"


def milliseconds(seconds: float) -> str:
    """Three digits, no exponent.

    >>> [milliseconds(value) for value in (1.23456e-5, 0.01999, 1.5, math.nan)]
    ['0.0123', '20.0', '1500', '-']
    """
    if math.isnan(seconds):
        return ABSENT
    value = 1e3 * seconds
    digits = 2 - math.floor(math.log10(value)) if value > 0 else 0
    return f"{value:.{max(digits, 0)}f}"


def shown(cell: Cell | None) -> str:
    """One cell: the median with the minimum below it in brackets, or why there is none."""
    if cell is None:
        return ABSENT
    if cell.problem is not None:
        return ABSENT if cell.problem.startswith("no ") else cell.problem
    few = "" if len(cell.samples_s) > 1 else " (once)"
    return f"{milliseconds(cell.median_s)} [{milliseconds(min(cell.samples_s))}]{few}"


def lead(row: Row, ours: str) -> str:
    """By how much one of our entries is quicker than the best peer of its precision, by medians."""
    mine = row.cells.get(ours, Cell()).median_s
    peers = [
        (cell.median_s, name)
        for name, cell in row.cells.items()
        if name not in OURS and ENTRIES[name].is_single == ENTRIES[ours].is_single and cell.samples_s
    ]
    if not peers or math.isnan(mine):
        return ABSENT
    best, name = min(peers)
    return f"{best / mine:.3g} x ({name})"


def floor(row: Row) -> str:
    """The least time of the engine's passes at the bandwidth measured, or of one pass where it does not tell."""
    if row.bandwidth is None:
        return ABSENT
    passes = _nb_passes(row)
    return f"{milliseconds(_floor_s(row))} ({'a pass' if passes is None else f'{passes} passes'})"


def _nb_passes(row: Row) -> int | None:
    return next((cell.nb_passes for cell in row.cells.values() if cell.nb_passes is not None), None)


def _floor_s(row: Row) -> float:
    if row.bandwidth is None:
        return 0.0
    return floor_s(_nb_passes(row) or 1, WORKLOADS[row.workload].nb_amplitudes, row.bandwidth)


def arithmetic(row: Row) -> str:
    """The least time of the engine's additions and multiplications at the peak measured."""
    cell = row.cells.get("engine", Cell())
    if not cell.nb_operations:
        return ABSENT
    return f"{milliseconds(_arithmetic_s(cell))} ({cell.nb_operations / 1e9:.3g} G)"


def _arithmetic_s(cell: Cell) -> float:
    return cell.nb_operations / cell.peak if cell.nb_operations and cell.peak else 0.0


def sweeps(row: Row) -> str:
    """The least time for what the engine moves between registers and the caches that its tiles are in."""
    seconds = row.cells.get("engine", Cell()).sweeps_s
    return milliseconds(seconds) if seconds else ABSENT


def distance(row: Row) -> str:
    """How many times the largest of the limits ``engine`` takes, where its operations are known."""
    cell = row.cells.get("engine", Cell())
    if not cell.nb_operations or math.isnan(cell.median_s):
        return ABSENT
    return f"{cell.median_s / max(_floor_s(row), _arithmetic_s(cell), cell.sweeps_s or 0.0):.3g} x"


def table(lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first line is its head.

    >>> print(table([["a", "b"], ["1", "2"]]))
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    head, *body = lines
    rule = "|" + "---|" * len(head)
    return "\n".join([_line(head), rule, *map(_line, body)])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def head(peers: Sequence[str]) -> list[str]:
    """Titles of the columns."""
    marked = [f"{name} (single)" if ENTRIES[name].is_single else name for name in peers]
    limits = ["floor", "arithmetic", "sweeps", "engine / limit"]
    return ["ms: median [min]", *marked, *limits, *(f"lead of {name}" for name in peers if name in OURS)]


def line(row: Row, peers: Sequence[str]) -> list[str]:
    """The cells of a workload."""
    cells = [shown(row.cells.get(name)) for name in peers]
    leads = [lead(row, name) for name in peers if name in OURS]
    return [WORKLOADS[row.workload].title, *cells, floor(row), arithmetic(row), sweeps(row), distance(row), *leads]


def full_table(rows: Sequence[Row], peers: Sequence[str]) -> str:
    """The whole table."""
    return table([head(peers), *(line(row, peers) for row in rows)])


def machine() -> str:
    """Processor, cores, system and Python."""
    names = [text.split(":")[1].strip() for text in _cpu_lines() if text.startswith("model name")]
    processor = names[0] if names else platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _cpu_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def preamble(versions: Mapping[str, str], nb_threads: int, clock: str = "wall") -> str:
    """Machine, threads, clock and versions."""
    lines = [f"Machine: {machine()}; threads: {nb_threads}; clock: {clock}", ""]
    return "\n".join([*lines, *(f"- {name}: {text}" for name, text in versions.items())])
