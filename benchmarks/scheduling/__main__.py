"""The figures of the scheduling laboratory, as Markdown.

    PYTHONPATH=src python -m benchmarks.scheduling              # 20 seeds
    PYTHONPATH=src python -m benchmarks.scheduling --seeds 3 --only mission repairman
    PYTHONPATH=src python -m benchmarks.scheduling --first-seed 20 --only equal  # workloads nothing was chosen by

Every number is a mean over seeds with the half width of its 95 % confidence interval.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from inspect import getdoc
from itertools import repeat

import msgspec

from benchmarks.scheduling.equal_utilisation import ORDERS, Duel, duels, summary
from benchmarks.scheduling.equal_utilisation import table as table_of_duels
from qhpc.lab.bounds import bounds_of, repairman_load, repairman_utilisation
from qhpc.lab.comparison import CONTENDERS, DEFAULT, Contender, Row, results, rows, run_checked
from qhpc.lab.measures import steady_utilisation
from qhpc.lab.scenario import Jobs, Scenario
from qhpc.lab.scenario_files import read_scenario
from qhpc.lab.statistics import interval
from qhpc.lab.workload import Workload
from qhpc.scheduling.admission.model import TARGET_STRETCH, UNITS, units_of_duty
from qhpc.scheduling.admission.policies import DEFAULT_ALPHA

PROCESSES = int(os.environ.get("PROCESSES", "0")) or None
"""How many workloads are compared at a time; by default as many as there are processors."""

HETEROGENEOUS = (
    "mix", "mix-heavy-tailed", "mix-poisson", "mix-wrong-declarations", "mix-wrong-durations", "neutral-atoms",
    "superconducting", "several-kinds", "outages", "finite-nodes",
)  # fmt: skip
SHOWN = (
    ("U", "utilisation", 3), ("stretch", "stretch_mean", 2), ("p95", "stretch_p95", 2), ("max", "stretch_max", 1),
    ("slowdown", "slowdown_mean", 2), ("x bound", "makespan_over_bound", 2), ("node waste", "node_waste", 3),
    ("Jain", "jain", 2),
)  # fmt: skip
LEARNED = Contender("capped-duty-learned", DEFAULT.dispatch)
EXCLUSIVE, UNLIMITED = Contender("exclusive", "fifo"), Contender("unlimited", "fifo")


def compared(scenario: Scenario, contenders: Sequence[Contender], seeds: range) -> list[Row]:
    workloads = [scenario.workload(seed) for seed in seeds]
    return rows(list(results(workloads, contenders)))


def table(found: Sequence[Row]) -> Iterator[str]:
    yield "| admission / dispatch | " + " | ".join(title for title, _, _ in SHOWN) + " | against the default |"
    yield "|---" * (len(SHOWN) + 2) + "|"
    for row in found:
        cells = [row.measures[name].text(digits) for _, name, digits in SHOWN]
        yield f"| {row.admission} / {row.dispatch} | " + " | ".join(cells) + f" | {against(row)} |"


def against(row: Row) -> str:
    """Where it is better (+), worse (-) or ties (=) on utilisation, mean and p95 stretch, node waste, turnaround."""
    signs = {"better": "+", "worse": "-", "tie": "="}
    names = {"utilisation": "U", "stretch_mean": "S", "stretch_p95": "p95", "node_waste": "W", "turnaround_s": "T"}
    return " ".join(
        f"{short}{signs[row.against_default[name]]}" for name, short in names.items() if row.against_default
    )


def mission(seeds: range) -> Iterator[str]:
    """Identical jobs that need the QPU a third of their time (12 jobs; N times u is 4)."""
    yield from table(compared(read_scenario("mission"), (EXCLUSIVE, UNLIMITED, DEFAULT), seeds[:2]))


def steady(duty: float, seed: int) -> Workload:
    """Jobs alike with exponential phases, declared with the duty that they have on average."""
    group = Jobs(
        name="j", count=60, nb_phases=100, quantum_s=100 * duty, classical_s=100 * (1 - duty), spread="exponential"
    )
    workload = Scenario(name="repairman", jobs=(group,)).workload(seed)
    jobs = tuple(msgspec.structs.replace(plan, declared_duty=duty) for plan in workload.jobs)
    return msgspec.structs.replace(workload, jobs=jobs)


def repairman(seeds: range) -> Iterator[str]:
    """Identical jobs with exponential phases, in steady state, beside the machine-repairman value without dead time.

    .355 and .55 are the duties at which alpha 1.1 admits most for the number of jobs, 3 and 2.
    """
    yield "| duty | resident jobs N | N u | repairman U | N u / that U | measured U | mean stretch |"
    yield "|---" * 7 + "|"
    for duty in (0.02, 0.05, 0.1, 0.2, 0.3, 0.355, 0.5, 0.55):
        reached, stretches, nb_resident = [], [], 0
        for seed in seeds:
            trace = run_checked(steady(duty, seed), DEFAULT)
            nb_resident = sum(job.admitted_s == 0.0 for job in trace.jobs)
            reached.append(steady_utilisation(trace, 0.0, max(job.admitted_s for job in trace.jobs)))
            stretches.append(sum(job.stretch for job in trace.jobs) / len(trace.jobs))
        expected, load = repairman_utilisation(nb_resident, duty), nb_resident * duty
        found = f"{interval(reached).text(3)} | {interval(stretches).text(2)}"
        yield f"| {duty} | {nb_resident} | {load:.3f} | {expected:.3f} | {load / expected:.2f} | {found} |"


def limits(seeds: range) -> Iterator[str]:
    """The largest N u of N identical jobs for which the machine-repairman formula gives a stretch N u / U of 1.3."""
    yield "| N | " + " | ".join(str(nb_jobs) for nb_jobs in RESIDENT) + " |\n" + "|---" * (len(RESIDENT) + 1) + "|"
    loads = [repairman_load(nb_jobs, TARGET_STRETCH) for nb_jobs in RESIDENT]
    yield "| N u | " + " | ".join(f"{load:.3f}" for load in loads) + " |"
    reached = [repairman_utilisation(n, load / n) for n, load in zip(RESIDENT, loads, strict=True)]
    yield "| U | " + " | ".join(f"{each:.3f}" for each in reached) + " |"


RESIDENT = (2, 3, 4, 5, 6, 8, 10, 12, 20, 50)


def homogeneous(seeds: range) -> Iterator[str]:
    """Identical jobs with exponential phases: the same number at a time, in different orders of tasks."""
    for duty in (0.1, 0.2, 0.3):
        yield f"\nduty {duty}:\n"
        count = int(UNITS * DEFAULT_ALPHA / units_of_duty(duty))
        contenders = [DEFAULT, *(Contender(f"fixed-count:{count}", each) for each in (*ORDERS, "round-robin"))]
        yield from table(rows(list(results([steady(duty, seed) for seed in seeds], contenders))))


def components(seeds: range) -> Iterator[str]:
    """Other orders of tasks under our own admission, alpha 1.1: what the order adds."""
    orders = ("fifo", "shortest-first", "round-robin", "fair-share", "share-deadline")
    contenders = (DEFAULT, *(Contender("capped-duty", each) for each in orders))
    for name in HETEROGENEOUS:
        yield f"\n#### {name}\n"
        yield from table(compared(read_scenario(name), contenders, seeds))


def heterogeneous(seeds: range) -> Iterator[str]:
    """Every contender on every heterogeneous workload."""
    for name in HETEROGENEOUS:
        scenario = read_scenario(name)
        yield f"\n#### {name}\n\n{scenario.about}\n"
        yield from table(compared(scenario, CONTENDERS, seeds))


def equal(seeds: range) -> Iterator[str]:
    """Every baseline beside ours with the alpha that has the same utilisation.

    Of a baseline with a number, the value that comes closest to the default's utilisation.
    With wrong declarations, ours learns duties.
    """
    yield from _equal({name: _LEARNING.get(name, "capped-duty") for name in HETEROGENEOUS}, seeds)


def equal_in_order(seeds: range) -> Iterator[str]:
    """The same with ours in order of arrival and backfill, as Slurm lets jobs start; where it need not learn."""
    yield from _equal({name: "capped-duty-in-order" for name in HETEROGENEOUS if name not in _LEARNING}, seeds)


_LEARNING = {"mix-wrong-declarations": "capped-duty-learned"}


def _equal(admissions: dict[str, str], seeds: range) -> Iterator[str]:
    found: list[Duel] = []
    with ProcessPoolExecutor(PROCESSES) as pool:
        compared = pool.map(all_duels, admissions, admissions.values(), repeat(seeds))
        for name, mine in zip(admissions, compared, strict=True):
            yield f"\n#### {name} at equal utilisation\n"
            yield from table_of_duels(mine)
            found += mine
    yield f"\n#### In how many of the {len(admissions)} scenarios ours is better / ties / is worse\n"
    yield from summary(found)


def all_duels(name: str, ours: str, seeds: range) -> list[Duel]:
    return list(duels(read_scenario(name), seeds, ours))


def turnaround(seeds: range) -> Iterator[str]:
    """Mean turnaround on the mix, as a multiple of the default's."""
    exclusive, unlimited, ours = compared(read_scenario("mix"), (EXCLUSIVE, UNLIMITED, DEFAULT), seeds)
    base = ours.measures["turnaround_s"].mean
    for row in (exclusive, unlimited):
        yield f"- {row.admission}: {row.measures['turnaround_s'].mean / base:.2f} times"


def declarations(seeds: range) -> Iterator[str]:
    """Wrong declarations (a factor from 1/4 to 4 for each user and stack) beside true ones."""
    wrong = read_scenario("mix-wrong-declarations")
    groups = tuple(msgspec.structs.replace(group, declared_factor=(1.0, 1.0)) for group in wrong.jobs)
    true = msgspec.structs.replace(wrong, jobs=groups)
    for title, scenario in (("true", true), ("wrong", wrong)):
        yield f"\n{title}:\n"
        yield from table(compared(scenario, (DEFAULT, LEARNED), seeds))


def nodes(seeds: range) -> Iterator[str]:
    """Node time that node release saves, balanced jobs with phases of 15 minutes on average."""
    kept, given_back = (read_scenario(f"nodes-{how}") for how in ("keeping", "releasing"))
    for who in (UNLIMITED, DEFAULT):
        saved = []
        for seed in seeds:
            held = [_node_s(scenario, seed, who) for scenario in (kept, given_back)]
            saved.append(1.0 - held[1] / held[0])
        yield f"- {who}: {interval(saved).text(3)} of the node time is saved"
    alone = [_node_s(scenario, 0, EXCLUSIVE) for scenario in (kept, given_back)]
    yield f"- a job alone: {1 - alone[1] / alone[0]:.3f}"


def _node_s(scenario: Scenario, seed: int, who: Contender) -> float:
    workload = scenario.workload(seed)
    if scenario.name.endswith("releasing"):  # the same phases as those that keep their nodes
        restart_s = workload.jobs[0].restart_s
        workload = read_scenario("nodes-keeping").workload(seed)
        jobs = tuple(msgspec.structs.replace(plan, restart_s=restart_s) for plan in workload.jobs)
        workload = msgspec.structs.replace(workload, jobs=jobs)
    return sum(job.node_s for job in run_checked(workload, who, bounds_of(workload)).jobs)


FIGURES: dict[str, Callable[[range], Iterator[str]]] = {
    figure.__name__: figure
    for figure in (
        mission,
        limits,
        repairman,
        homogeneous,
        turnaround,
        declarations,
        nodes,
        components,
        equal,
        equal_in_order,
        heterogeneous,
    )
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", choices=FIGURES, default=list(FIGURES))
    chosen = parser.parse_args()
    seeds = range(chosen.first_seed, chosen.first_seed + chosen.seeds)
    for name in chosen.only:
        print(f"\n### {name}\n\n{getdoc(FIGURES[name])}\n")
        for line in FIGURES[name](seeds):
            print(line, flush=True)


if __name__ == "__main__":
    main()
