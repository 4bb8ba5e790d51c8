"""What live jobs have told, as a trace of the laboratory, and the few numbers that are taken from both. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from msgspec.structs import replace

from qhpc.broker.usage_rows import SliceRow
from qhpc.lab.trace import JobTrace, QpuTrace, Run, Trace
from qhpc.lab.workload import JobPlan, Workload

__all__ = ["Measured", "Told", "caption", "measured", "recorded", "table"]

Told = Mapping[str, Any]
"""What a job of :mod:`benchmarks.live.hybrid_job` has written, and when it was submitted (``submitted_s``)."""


class Measured(NamedTuple):
    """What came out of a way to share a QPU.

    Attributes:
        utilisation: seconds in which the QPU ran shots over the makespan.
        stretch: mean over the jobs of the time from a job's begin to its end, over what its phases take by plan.
        worst: the largest of these.
        slowdown: mean of the time from its submission to its end, over the same.
        makespan_s: from the first job's begin to the last one's end.
    """

    utilisation: float
    stretch: float
    worst: float
    slowdown: float
    makespan_s: float


def recorded(given: Workload, told: Mapping[str, Told], slices: Iterable[SliceRow]) -> Trace:
    """What happened, from the first submission on, as the jobs and the broker's accounts tell it.

    Raises:
        ValueError: a result was wrong, a round is missing, or the accounts do not have each task once.
    """
    zero_s = min(entry["submitted_s"] for entry in told.values())
    owners = {entry["slurm_job"]: name for name, entry in told.items()}
    qpu, tasks = QpuTrace("qpu-1", "qpu"), dict[str, list[str]]()
    for row in slices:
        owner = owners.get(row.slurm_job or 0, f"Slurm's job {row.slurm_job}")
        tasks.setdefault(owner, []).append(row.key)
        start_s = row.start_s - zero_s
        qpu.add(Run(start_s, start_s + row.overhead_s, start_s + row.busy_s, owner))
    if strangers := set(tasks) - set(told):
        raise ValueError(f"the accounts have tasks of {', '.join(sorted(strangers))}; expected those of the jobs only")
    jobs = [_job(plan, told[plan.id], tasks.get(plan.id, []), zero_s) for plan in given.jobs]
    return Trace(replace(given, jobs=tuple(job.plan for job in jobs)), jobs, [qpu], {}, [])


def _job(plan: JobPlan, entry: Told, keys: Sequence[str], zero_s: float) -> JobTrace:
    """A job as it went, refused if it did not do what it was to do."""
    nb_rounds, nb_wrong, nb_answers = len(plan.phases), entry["wrong"], len(entry["answered_s"])
    if nb_wrong or not nb_rounds == nb_answers == len(keys) == len(set(keys)):
        found = f"{nb_wrong} wrong results, {nb_answers} answers and {len(set(keys))} tasks in {len(keys)} slices"
        raise ValueError(f"{plan.id} has {found}; expected {nb_rounds} rounds, each with one right result in one slice")
    job = JobTrace(replace(plan, arrival_s=entry["submitted_s"] - zero_s))
    job.admitted_s, job.ended_s = entry["begun_s"] - zero_s, entry["ended_s"] - zero_s
    job.asked_s = [time_s - zero_s for time_s in entry["asked_s"]]
    job.answered_s = [time_s - zero_s for time_s in entry["answered_s"]]
    job.node_s = job.ended_s - job.admitted_s
    return job


def measured(trace: Trace) -> Measured:
    """The numbers of a trace, of a live run or of the laboratory."""
    makespan_s = trace.end_s - min(job.admitted_s for job in trace.jobs)
    stretches = [job.stretch for job in trace.jobs]
    return Measured(
        utilisation=sum(qpu.busy_s for qpu in trace.qpus) / len(trace.qpus) / makespan_s,
        stretch=fmean(stretches),
        worst=max(stretches),
        slowdown=fmean(job.slowdown for job in trace.jobs),
        makespan_s=makespan_s,
    )


_HEADINGS = {
    "utilisation": "U", "stretch": "Stretch", "worst": "Worst", "slowdown": "Slowdown", "makespan_s": "Makespan, s",
}  # fmt: skip


def table(found: Mapping[str, Any]) -> Iterator[str]:
    """The table of a run: of each number the live one, the laboratory's, and by how much the live one differs.

    Args:
        found: what :mod:`benchmarks.live.three_ways` writes as JSON.
    """
    yield "| Way | " + " | ".join(f"{heading} live | lab | differs" for heading in _HEADINGS.values()) + " | Start, s |"
    yield "|---" * (3 * len(_HEADINGS) + 2) + "|"
    for name, way in found["ways"].items():
        cells = (cell for number in _HEADINGS for cell in _cells(way["live"][number], way["lab"][number]))
        yield f"| {name} | {' | '.join(cells)} | {way['start_s']:.2f} |"


def _cells(live: float, lab: float) -> tuple[str, str, str]:
    return f"{live:.3f}", f"{lab:.3f}", f"{100 * (live / lab - 1):+.1f} %"


def caption(found: Mapping[str, Any]) -> str:
    """What was run, and on what."""
    plan, machine = found["plan"], found["machine"]
    return (
        f"{plan['jobs']} jobs of {plan['rounds']} rounds, each {plan['classical_s']:g} s on nodes and "
        f"{plan['quantum_s']:g} s of QPU; {machine['cores']} cores at a load of {machine['load_before']:.1f} before "
        f"and {machine['load_after']:.1f} after it."
    )
