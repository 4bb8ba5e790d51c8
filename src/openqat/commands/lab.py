"""``qat lab``: policies that share QPUs, compared on a virtual clock."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from openqat.output import Column, Output, output_option
from openqat.texts import duration_text
from qhpc.lab.comparison import (
    CONTENDERS,
    DEFAULT,
    Contender,
    Row,
    all_contenders,
    contender,
    results,
    rows,
    run_checked,
)
from qhpc.lab.gantt import Panel, html_page, svg
from qhpc.lab.scenario_files import shipped_scenarios
from qhpc.lab.sources import FixedWorkload, Source, read_source, write_workload

__all__ = ["command"]


def _measure(title: str, name: str, digits: int) -> Column:
    return Column(title, lambda row: row.measures[name].text(digits))


COLUMNS = (
    Column("Admission", lambda row: row.admission),
    Column("Dispatch", lambda row: row.dispatch),
    _measure("U", "utilisation", 3),
    _measure("Stretch", "stretch_mean", 2),
    _measure("p95", "stretch_p95", 2),
    _measure("Slowdown", "slowdown_mean", 2),
    _measure("xBound", "makespan_over_bound", 2),
    _measure("Node waste", "node_waste", 2),
    _measure("Jain", "jain", 2),
    Column("Turnaround", lambda row: duration_text(row.measures["turnaround_s"].mean)),
)

DETAILS = (
    ("utilisation", 4), ("dead_time", 4), ("stretch_mean", 3), ("stretch_p50", 3), ("stretch_p95", 3),
    ("stretch_max", 3), ("slowdown_mean", 3), ("slowdown_p50", 3), ("slowdown_p95", 3), ("slowdown_max", 3),
    ("turnaround_s", 0), ("makespan_s", 0), ("makespan_over_bound", 3), ("node_s", 0), ("node_waste", 3),
    ("node_compute", 3), ("jain", 3), ("worst_user", 3),
)  # fmt: skip

seeds_option = click.option(
    "--seeds", type=click.IntRange(1, 10_000), default=5, show_default=True, help="How many random workloads."
)
gantt_option = click.option(
    "--gantt", type=click.Path(dir_okay=False, path_type=Path), help="Draw the first seed: FILE.svg or FILE.html."
)


@click.group()
def command() -> None:
    """Compare ways to share QPUs, on a virtual clock, with the code that schedules a live centre."""


@command.command("list")
@output_option
def list_scenarios(output: Output) -> None:
    """List the scenarios that come with the laboratory."""
    columns = (Column("Scenario", lambda scenario: scenario.name), Column("About", lambda scenario: scenario.about))
    output.rows(list(shipped_scenarios().values()), columns, key="name")


@command.command()
@click.argument("scenario")
@click.option("--policy", default=str(DEFAULT), show_default=True, help="ADMISSION/DISPATCH.")
@seeds_option
@gantt_option
@output_option
def run(scenario: str, policy: str, seeds: int, gantt: Path | None, output: Output) -> None:
    """Run SCENARIO under one policy: a name of `qat lab list`, or a .toml, .csv or .swf file."""
    given, who = read_source(scenario), contender(policy)
    row = _compared(given, [who], seeds)[0]
    lines = {name: row.measures[name].text(digits) for name, digits in DETAILS}
    lines.update({f"idle: {reason}": f"{part:.4f}" for reason, part in row.idle.items()})
    output.record(row, lines, key="admission")
    _draw(gantt, given, [who], [row])


@command.command()
@click.argument("scenario")
@click.option(
    "--policy", "policies", multiple=True, help="ADMISSION/DISPATCH or ADMISSION:NUMBER/DISPATCH; as often as you like."
)
@click.option("--all", "everything", is_flag=True, help="Every admission with every dispatch policy.")
@seeds_option
@gantt_option
@output_option
def compare(
    scenario: str, policies: tuple[str, ...], everything: bool, seeds: int, gantt: Path | None, output: Output
) -> None:
    """Run SCENARIO under many policies, side by side.

    Intervals are of 95 % confidence, over the seeds. JSON also says where each policy is better or worse than the
    default, compared seed by seed.
    """
    given = read_source(scenario)
    contenders = [contender(policy) for policy in dict.fromkeys(policies)]
    contenders = contenders or list(all_contenders() if everything else CONTENDERS)
    compared = _compared(given, contenders, seeds)
    output.rows(compared, COLUMNS, key="admission")
    _draw(gantt, given, contenders, compared)


@command.command()
@click.argument("scenario")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Which random workload.")
def export(scenario: str, path: Path, seed: int) -> None:
    """Write a workload of SCENARIO to PATH.

    A .csv file keeps every phase; a .swf file, the Standard Workload Format with quantum columns, keeps sums.
    """
    write_workload(read_source(scenario).workload(seed), path)


@command.command("import")
@click.argument("source", type=click.Path(exists=True, dir_okay=False))
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
def import_workload(source: str, path: Path) -> None:
    """Check the workload in the file SOURCE and write it to PATH, e.g. a .swf file to a .csv file to be edited."""
    workload = read_source(source).workload(0)
    write_workload(workload, path)
    click.echo(f"{len(workload.jobs)} jobs, {sum(len(plan.phases) for plan in workload.jobs)} quantum tasks", err=True)


def _compared(scenario: Source, contenders: Sequence[Contender], seeds: int) -> list[Row]:
    workloads = [scenario.workload(seed) for seed in range(1 if isinstance(scenario, FixedWorkload) else seeds)]
    count = len(workloads) * len(contenders)
    done = []
    with click.progressbar(length=count, label=scenario.name, file=sys.stderr) as bar:
        for result in results(workloads, contenders):
            done.append(result)
            bar.update(1)
    return rows(done)


def _draw(path: Path | None, scenario: Source, contenders: Sequence[Contender], compared: Sequence[Row]) -> None:
    if path is None:
        return
    workload = scenario.workload(0)
    panels = [Panel(str(who), run_checked(workload, who)) for who in contenders]
    if path.suffix == ".svg":
        path.write_text(svg(panels), "utf-8")
    elif path.suffix == ".html":
        table = [[column.title for column in COLUMNS], *([column.text(row) for column in COLUMNS] for row in compared)]
        path.write_text(html_page(scenario.name, panels, table), "utf-8")
    else:
        raise click.UsageError(f"--gantt is {path.name}: give a name that ends with .svg or .html")
