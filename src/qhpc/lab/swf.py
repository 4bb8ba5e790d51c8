"""The Standard Workload Format with quantum columns: one line a job, as other tools know it.

The first 18 fields are those of the format's version 2.2; the run time is that of the job alone, the partition numbers
the pools. Six follow: quantum tasks, seconds of QPU in all, shots a task, seconds of latency a task, declared duty,
seconds that a restart takes on nodes that were given back. -1 is "not known", for a restart "nodes are kept".
A line has sums only: phases of one length are read from it. CSV keeps every phase.

Source: D. Feitelson, Parallel Workloads Archive, "The Standard Workload Format", version 2.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite, nan

from qhpc.lab.errors import LabError
from qhpc.lab.headers import HeaderReader, header_lines
from qhpc.lab.plan_checks import complaint_about
from qhpc.lab.workload import JobPlan, Phase, Workload

__all__ = ["FIELDS", "parse_swf", "write_swf"]

FIELDS = (
    "job", "submitted_s", "waited_s", "run_s", "processors", "cpu_s", "memory_kb", "requested_processors",
    "requested_s", "requested_memory_kb", "status", "user", "group", "executable", "queue", "partition",
    "preceding_job", "think_s", "quantum_tasks", "quantum_s", "shots", "latency_s", "declared_duty", "restart_s",
)  # fmt: skip
"""Names of the fields, in order."""

_NB_STANDARD = 18
_UNKNOWN = "-1"
_DEVELOPMENT = 2
"""Number of the queue."""

_ROUNDED = 1e-8
"""A rest of the run time that is smaller, as part of it, comes from rounding."""


def write_swf(workload: Workload) -> str:
    """The text of a file with a summary of each job.

    >>> job = JobPlan(id="1", arrival_s=0.0, phases=(Phase(20.0, 10.0),) * 3, user="1", account="1", stack="1")
    >>> workload = Workload(name="one", jobs=(job,))
    >>> parse_swf(write_swf(workload), "one.swf").jobs[0].alone_s
    90.0
    """
    numbers = [_Numbers(getattr(plan, name) for plan in workload.jobs) for name in ("user", "account", "stack")]
    pools = [pool.name for pool in workload.pools]
    lines = ["Version: 2.2", *header_lines(workload), "Fields: " + " ".join(FIELDS)]
    jobs = (_written(number, plan, numbers, pools) for number, plan in enumerate(workload.jobs, 1))
    return "".join([*(f"; {line}\n" for line in lines), *(f"{line}\n" for line in jobs)])


def parse_swf(text: str, source: str) -> Workload:
    """The workload that a text in this format describes.

    Args:
        text: of the file.
        source: its name, for messages.

    Raises:
        LabError: a line has not all fields, or values that cannot be.
    """
    header, jobs = HeaderReader(source), []
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith(";"):
            header.take(line.lstrip("; "), number)
        elif line.strip():
            jobs.append(_read(line.split(), header.pools, source, number))
    return header.workload(jobs)


class _Numbers:
    """Numbers names from 1, in order of appearance."""

    def __init__(self, names: Iterator[str]) -> None:
        self._numbers = {name: number for number, name in enumerate(dict.fromkeys(names), 1)}

    def of(self, name: str) -> int:
        return self._numbers[name]


def _written(number: int, plan: JobPlan, numbers: Sequence[_Numbers], pools: Sequence[str]) -> str:
    user, group, executable = (
        table.of(name) for table, name in zip(numbers, (plan.user, plan.account, plan.stack), strict=True)
    )
    known = {
        "job": number,
        "submitted_s": plan.arrival_s,
        "run_s": plan.alone_s,
        "processors": plan.nb_nodes,
        "requested_processors": plan.nb_nodes,
        "status": 1,
        "user": user,
        "group": group,
        "executable": executable,
        "queue": _DEVELOPMENT if plan.priority_class == "development" else 1,
        "partition": pools.index(plan.pool) + 1,
        "quantum_tasks": len(plan.phases),
        "quantum_s": plan.quantum_s,
        "shots": plan.phases[0].shots,
        "latency_s": plan.latency_s,
        "declared_duty": plan.declared_duty,
        "restart_s": plan.restart_s,
    }
    return " ".join(_UNKNOWN if known.get(name) is None else f"{known[name]:.10g}" for name in FIELDS)


def _read(values: list[str], pools: Sequence[str], source: str, line: int) -> JobPlan:
    if len(values) != len(FIELDS):
        known = "18 are the format's, without quantum columns; " if len(values) == _NB_STANDARD else ""
        missing = ", ".join(FIELDS[len(values) :]) or "fewer"
        raise LabError(f"{len(values)} fields: {known}expected {len(FIELDS)}, also {missing}", source, line)
    fields = dict(zip(FIELDS, values, strict=True))
    numbers = {name: _number(name, fields[name], source, line) for name in FIELDS}
    if not 1 <= numbers["partition"] <= len(pools):
        raise LabError(f"partition is {fields['partition']}: expected 1 to {len(pools)}", source, line)
    if numbers["quantum_tasks"] < 1:
        raise LabError(f"quantum_tasks is {fields['quantum_tasks']}: expected at least 1", source, line)
    plan = _plan(fields, numbers, pools)
    if complaint := complaint_about(plan, pools):
        raise LabError(complaint, source, line)
    return plan


def _number(name: str, text: str, source: str, line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = nan
    if not isfinite(value):
        raise LabError(f"{name} is {text!r}: expected a number", source, line)
    return value


def _plan(fields: dict[str, str], numbers: dict[str, float], pools: Sequence[str]) -> JobPlan:
    count, latency_s = int(numbers["quantum_tasks"]), max(numbers["latency_s"], 0.0)
    classical_s = numbers["run_s"] - numbers["quantum_s"] - count * latency_s
    if abs(classical_s) < _ROUNDED * numbers["run_s"]:
        classical_s = 0.0
    nb_nodes = numbers["processors"] if numbers["processors"] > 0 else numbers["requested_processors"]
    phase = Phase(
        classical_s / count,
        numbers["quantum_s"] / count,
        max(int(numbers["shots"]), 0),
    )
    return JobPlan(
        id=fields["job"],
        arrival_s=numbers["submitted_s"],
        phases=(phase,) * count,
        pool=pools[int(numbers["partition"]) - 1],
        user=f"user{fields['user']}",
        account=f"account{fields['group']}",
        stack=fields["executable"],
        nb_nodes=int(nb_nodes),
        declared_duty=None if numbers["declared_duty"] < 0 else numbers["declared_duty"],
        priority_class="development" if numbers["queue"] == _DEVELOPMENT else "production",
        restart_s=None if numbers["restart_s"] < 0 else numbers["restart_s"],
        latency_s=latency_s,
    )
