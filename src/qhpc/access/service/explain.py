"""Why a job is where it is, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from qat.comm.access.messages import Explanation, LogLine
from qhpc.access.jobs.record import JobRecord
from qhpc.access.launchers.protocol import Standing

__all__ = ["Situation", "explain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a waiting job waits behind.

    Attributes:
        queue_position: jobs before it; None if it does not wait.
        nb_waiting: waiting jobs of all users.
        nb_running: running jobs of all users.
        free_slots: how many jobs could start now.
        own_running: running jobs of its owner.
        max_running_jobs: how many its owner may have.
        mean_running_s: how long jobs ran lately; None when none ended yet.
        now_s: time.
    """

    queue_position: int | None
    nb_waiting: int
    nb_running: int
    free_slots: int
    own_running: int
    max_running_jobs: int | None
    mean_running_s: float | None
    now_s: float


def explain(
    job: JobRecord,
    situation: Situation,
    server_lines: tuple[LogLine, ...] = (),
    at_qpus: tuple[str, ...] = (),
    standing: Standing | None = None,
) -> Explanation:
    """Why a job is where it is.

    Args:
        job: the job.
        situation: around it.
        server_lines: what the server wrote into its log.
        at_qpus: what is known of its quantum tasks at shared QPUs.
        standing: where it is in the cluster.

    >>> now = Situation(queue_position=0, nb_waiting=1, nb_running=2, free_slots=0, own_running=0,
    ...                 max_running_jobs=None, mean_running_s=4.0, now_s=10.0)
    >>> explain(JobRecord(id="a", owner="ada"), now).reasons
    ('all places are taken: 2 jobs run',)
    """
    return Explanation(
        summary=_summary(job, situation, standing),
        reasons=(*_reasons(job, situation), *(standing.reasons if standing else ()), *at_qpus),
        queue_position=situation.queue_position,
        expected_start_s=_expected_start(job, situation, standing),
        story=tuple(_story(job, server_lines)),
    )


def _summary(job: JobRecord, situation: Situation, standing: Standing | None) -> str:
    if job.is_cancel_requested and job.ended_s is None:
        return "The job is being cancelled."
    match job.state:
        case "waiting" if situation.queue_position:
            return f"The job waits behind {_count(situation.queue_position, 'job')}."
        case "waiting":
            return "The job is the next one to start."
        case "pending" if standing is not None:
            return "The job was given to the cluster, which has not started it yet."
        case "pending":
            return "The job was handed to a runner and starts."
        case "running":
            return f"The job has been running for {_duration(situation.now_s - (job.started_s or situation.now_s))}."
        case "done":
            return "The job is done; its result can be fetched."
        case "failed" | "stopped":
            return f"The job {'failed' if job.state == 'failed' else 'was stopped at a limit'}: {_why(job)}"
        case "cancelled":
            return "The job was cancelled."
        case _:
            return "The files of the job were removed."


def _why(job: JobRecord) -> str:
    return job.failure.message if job.failure is not None else "no reason was recorded"


def _reasons(job: JobRecord, situation: Situation) -> Iterator[str]:
    if job.state != "waiting":
        return
    if job.message:
        yield job.message
    limit = situation.max_running_jobs
    if limit is not None and situation.own_running >= limit:
        yield f"{job.owner} may have {_count(limit, 'running job')}, and has {situation.own_running}"
    if situation.free_slots <= 0:
        yield f"all places are taken: {_count(situation.nb_running, 'job')} run"
    if situation.queue_position:
        yield f"{_count(situation.queue_position, 'job')} before it; users take turns"


def _expected_start(job: JobRecord, situation: Situation, standing: Standing | None) -> tuple[float, float] | None:
    """Earliest: every job before it ends at once. Latest: what the cluster says, who counts on time limits; or, before
    it is there, four times the mean running time for each round."""
    if job.state == "pending" and standing is not None and standing.latest_start_s is not None:
        return situation.now_s, max(situation.now_s, standing.latest_start_s)
    if job.state != "waiting" or situation.queue_position is None or situation.mean_running_s is None:
        return None
    places = max(1, situation.nb_running + situation.free_slots)
    rounds = (situation.queue_position + (situation.free_slots <= 0)) / places
    return situation.now_s, situation.now_s + 4 * rounds * situation.mean_running_s


def _story(job: JobRecord, lines: tuple[LogLine, ...]) -> Iterator[str]:
    moments = [(job.created_s, f"accepted: {job.stack}")]
    moments += [(line.time_s, line.text) for line in lines]
    if job.started_s is not None:
        moments.append((job.started_s, f"started, attempt {job.attempt}"))
    if job.ended_s is not None:
        moments.append((job.ended_s, f"ended: {job.state}"))
    for time_s, text in sorted(moments):
        yield f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%d %H:%M:%S} {text}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + "s" * (number != 1)


def _duration(seconds: float) -> str:
    """
    >>> _duration(3.21), _duration(75), _duration(7300)
    ('3.2 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest_s = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest_s} s"
    return f"{minutes // 60} h {minutes % 60} min"
