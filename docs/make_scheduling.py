"""Puts the tables into docs/scheduling.md and draws its pictures into docs/scheduling/.

python docs/make_scheduling.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from openqat.commands.lab import COLUMNS
from qhpc.lab.bounds import repairman_load, repairman_utilisation
from qhpc.lab.comparison import CONTENDERS, DEFAULT, Contender, contender, results, rows, run_checked
from qhpc.lab.curves import Curve, curves_svg
from qhpc.lab.gantt import Panel, svg
from qhpc.lab.scenario_files import read_scenario, shipped_scenarios
from qhpc.scheduling.admission.model import TARGET_STRETCH
from qhpc.scheduling.admission.policies import DEFAULT_ALPHA
from qhpc.scheduling.timings import TIMINGS

PAGE = Path(__file__).with_name("scheduling.md")
FOLDER = Path(__file__).with_name("scheduling")
THREE_WAYS = (contender("exclusive/fifo"), contender("unlimited/fifo"), DEFAULT)
NB_SEEDS = 3


def page(text: str) -> str:
    """The page with new tables: each stands between two comments that name it."""
    for name, make in TABLES.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        table = "\n".join([begin, "", *make(), "", end])
        text = re.sub(f"{begin}.*?{end}", lambda _, table=table: table, text, flags=re.DOTALL)
    return text


def devices() -> Iterator[str]:
    """Every kind of device."""
    yield "| device | s a shot | s a submission | from |\n|---|---|---|---|"
    for name, device in TIMINGS.items():
        yield f"| `{name}` | {device.shot_s:g} | {device.latency_s:g} | {device.source} |"


def scenarios() -> Iterator[str]:
    """Every scenario that is shipped."""
    yield "| scenario | what |\n|---|---|"
    for name, scenario in shipped_scenarios().items():
        yield f"| `{name}` | {scenario.about} |"


def three() -> Iterator[str]:
    """The mission's three situations."""
    return measured("mission", THREE_WAYS, 1)


def mix() -> Iterator[str]:
    """All contenders on the mix."""
    return measured("mix", CONTENDERS, NB_SEEDS)


def loads() -> Iterator[str]:
    """How much duty so many jobs alike may have together."""
    loads_of = {nb_jobs: repairman_load(nb_jobs, TARGET_STRETCH) for nb_jobs in (2, 3, 4, 5, 6, 8, 10, 12, 20, 50)}
    yield "| N | " + " | ".join(map(str, loads_of)) + " |\n" + "|---" * (len(loads_of) + 1) + "|"
    yield "| largest N·u | " + " | ".join(f"{load:.2f}" for load in loads_of.values()) + " |"
    reached = (repairman_utilisation(nb_jobs, load / nb_jobs) for nb_jobs, load in loads_of.items())
    yield "| U there | " + " | ".join(f"{each:.2f}" for each in reached) + " |"


TABLES = {"devices": devices, "scenarios": scenarios, "mission": three, "mix": mix, "loads": loads}
"""What stands between the comments of a name."""


def alpha() -> str:
    """Alpha of the closed loop over a day of the mix, from three beginnings."""
    given = read_scenario("mix")
    given = replace(given, jobs=tuple(replace(group, count=80) for group in given.jobs))
    workload, curves, end_s = given.workload(0), [], 0.0
    for begin in (0.8, DEFAULT_ALPHA, 3.0):
        trace = run_checked(workload, Contender(f"capped-duty-learned-closed-loop:{begin}", DEFAULT.dispatch))
        curves.append(Curve(f"from {begin}", trace.alpha))
        end_s = max(end_s, max(job.admitted_s for job in trace.jobs))
    shown = [Curve(title, list(coarse(points, end_s))) for title, points in curves]
    return curves_svg("alpha of the closed loop, target stretch 1.3", shown, end_s=end_s)


def coarse(points: Sequence[tuple[float, float]], end_s: float) -> Iterator[tuple[float, float]]:
    """Those before the end that differ by a hundredth from the last one that is kept."""
    kept = 0.0
    for time_s, value in points:
        if time_s < end_s and abs(value - kept) >= 0.01:
            kept = value
            yield time_s, value


def measured(scenario: str, contenders: Sequence[Contender], nb_seeds: int) -> Iterator[str]:
    """A table as ``qat lab compare`` shows it."""
    workloads = [read_scenario(scenario).workload(seed) for seed in range(nb_seeds)]
    yield "| " + " | ".join(column.title for column in COLUMNS) + " |"
    yield "|---" * len(COLUMNS) + "|"
    for row in rows(list(results(workloads, contenders))):
        yield "| " + " | ".join(column.text(row) for column in COLUMNS) + " |"


def pictures() -> dict[str, str]:
    """The drawings, by file name."""
    workload = read_scenario("mission-picture").workload(0)
    titles = ("High level only: the QPU is idle", "Low level only: every job crawls", "High and low level")
    panels = [
        Panel(f"{title} ({who})", run_checked(workload, who)) for title, who in zip(titles, THREE_WAYS, strict=True)
    ]
    return {"three_ways.svg": svg(panels), "alpha.svg": alpha()}


def main() -> None:
    """Write everything."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    for name, drawing in pictures().items():
        (FOLDER / name).write_text(drawing, encoding="utf-8")


if __name__ == "__main__":
    main()
