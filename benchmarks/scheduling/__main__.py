"""The figures of the scheduling laboratory, as Markdown.

    PYTHONPATH=src python -m benchmarks.scheduling              # 20 seeds
    PYTHONPATH=src python -m benchmarks.scheduling --seeds 3 --only mission repairman

Every number is a mean over seeds with the half width of its 95 % confidence interval.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence

import msgspec

from benchmarks.scheduling.equal_utilisation import matched
from qhpc.lab.bounds import bounds_of, repairman_utilisation
from qhpc.lab.comparison import CONTENDERS, DEFAULT, Contender, Row, results, rows, run_checked
from qhpc.lab.measures import steady_utilisation
from qhpc.lab.scenario import Jobs, Scenario
from qhpc.lab.scenario_files import read_scenario
from qhpc.lab.statistics import interval

HETEROGENEOUS = (
    "mix", "mix-heavy-tailed", "mix-poisson", "mix-wrong-declarations", "neutral-atoms", "superconducting",
    "several-kinds", "outages", "finite-nodes",
)  # fmt: skip
SHOWN = (
    ("U", "utilisation", 3), ("stretch", "stretch_mean", 2), ("p95", "stretch_p95", 2), ("max", "stretch_max", 1),
    ("slowdown", "slowdown_mean", 2), ("x bound", "makespan_over_bound", 2), ("node waste", "node_waste", 3),
    ("Jain", "jain", 2),
)  # fmt: skip
LEARNED = Contender("capped-duty-learned", DEFAULT.dispatch)
EXCLUSIVE, UNLIMITED = Contender("exclusive", "fifo"), Contender("unlimited", "fifo")


def compared(scenario: Scenario, contenders: Sequence[Contender], seeds: int) -> list[Row]:
    workloads = [scenario.workload(seed) for seed in range(seeds)]
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


def mission(seeds: int) -> Iterator[str]:
    """Identical jobs that need the QPU a third of their time (12 jobs; N times u is 4)."""
    yield from table(compared(read_scenario("mission"), (EXCLUSIVE, UNLIMITED, DEFAULT), min(seeds, 2)))


def repairman(seeds: int) -> Iterator[str]:
    """Identical jobs with exponential phases, in steady state, beside the machine-repairman value without dead time."""
    yield "| duty | resident jobs | machine repairman U | measured U | mean stretch |\n|---|---|---|---|---|"
    for duty in (0.1, 0.2, 0.3):
        group = Jobs(
            name="j", count=60, nb_phases=100, quantum_s=100 * duty, classical_s=100 * (1 - duty), spread="exponential"
        )
        # All jobs are declared with the duty that they have on average: nobody knows their phases beforehand.
        reached, stretches, nb_resident = [], [], 0
        for seed in range(seeds):
            workload = Scenario(name="repairman", jobs=(group,)).workload(seed)
            jobs = tuple(msgspec.structs.replace(plan, declared_duty=duty) for plan in workload.jobs)
            workload = msgspec.structs.replace(workload, jobs=jobs)
            trace = run_checked(workload, DEFAULT)
            nb_resident = sum(job.admitted_s == 0.0 for job in trace.jobs)
            reached.append(steady_utilisation(trace, 0.0, max(job.admitted_s for job in trace.jobs)))
            stretches.append(sum(job.stretch for job in trace.jobs) / len(trace.jobs))
        expected = repairman_utilisation(nb_resident, duty)
        found = f"{interval(reached).text(3)} | {interval(stretches).text(2)}"
        yield f"| {duty} | {nb_resident} | {expected:.3f} | {found} |"


def heterogeneous(seeds: int) -> Iterator[str]:
    """Every contender on every heterogeneous workload."""
    for name in HETEROGENEOUS:
        scenario = read_scenario(name)
        yield f"\n#### {name}\n\n{scenario.about}\n"
        yield from table(compared(scenario, CONTENDERS, seeds))


def equal(seeds: int) -> Iterator[str]:
    """Baselines with the setting that brings them closest to the default's utilisation."""
    for name in HETEROGENEOUS:
        yield f"\n#### {name} at equal utilisation\n"
        yield from table(matched(read_scenario(name), seeds))


def turnaround(seeds: int) -> Iterator[str]:
    """Mean turnaround on the mix, as a multiple of the default's."""
    exclusive, unlimited, ours = compared(read_scenario("mix"), (EXCLUSIVE, UNLIMITED, DEFAULT), seeds)
    base = ours.measures["turnaround_s"].mean
    for row in (exclusive, unlimited):
        yield f"- {row.admission}: {row.measures['turnaround_s'].mean / base:.2f} times"


def declarations(seeds: int) -> Iterator[str]:
    """Wrong declarations (a factor from 1/4 to 4 for each user and stack) beside true ones."""
    wrong = read_scenario("mix-wrong-declarations")
    groups = tuple(msgspec.structs.replace(group, declared_factor=(1.0, 1.0)) for group in wrong.jobs)
    true = msgspec.structs.replace(wrong, jobs=groups)
    for title, scenario in (("true", true), ("wrong", wrong)):
        yield f"\n{title}:\n"
        yield from table(compared(scenario, (DEFAULT, LEARNED), seeds))


def nodes(seeds: int) -> Iterator[str]:
    """Node time that node release saves, balanced jobs with phases of 15 minutes on average."""
    kept, given_back = (read_scenario(f"nodes-{how}") for how in ("keeping", "releasing"))
    for who in (UNLIMITED, DEFAULT):
        saved = []
        for seed in range(seeds):
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


FIGURES: dict[str, Callable[[int], Iterator[str]]] = {
    figure.__name__: figure for figure in (mission, repairman, turnaround, declarations, nodes, equal, heterogeneous)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", nargs="*", choices=FIGURES, default=list(FIGURES))
    chosen = parser.parse_args()
    for name in chosen.only:
        print(f"\n### {name}\n\n{FIGURES[name].__doc__}\n")
        for line in FIGURES[name](chosen.seeds):
            print(line, flush=True)


if __name__ == "__main__":
    main()
