"""Why a job waits in Slurm for its share of a QPU, in words. Pure, but for the time zone of this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from qhpc.broker.capacity import AwayQpu, Offer
from qhpc.slurm.directory import SlurmJob, units_of
from qhpc.slurm.states import phase_of, reason_words

__all__ = ["clock_text", "is_called", "pending_text", "waits_for_units"]


def waits_for_units(job: SlurmJob, pool: str) -> bool:
    """Whether a job waits for nothing but units of a pool."""
    return phase_of(job.state) == "waiting" and job.reason == "Licenses" and units_of(job, pool) > 0


def is_called(job: SlurmJob, name: str) -> bool:
    """Whether a job is meant by a name: ``slurm-ID``, or an access server's id, which is in the comment.

    >>> job = SlurmJob(id=7, state="PENDING", comment="here.a1b2.1")
    >>> is_called(job, "slurm-7"), is_called(job, "a1b2"), is_called(job, "a1")
    (True, True, False)
    """
    return name == f"slurm-{job.id}" or name in (job.comment or "").split(".")


def pending_text(job: SlurmJob, offers: Mapping[str, Offer], now_s: float) -> str:
    """Why a job waits in Slurm, one sentence a line; empty if it does not wait.

    Args:
        job: as Slurm knows it.
        offers: what Slurm hands out, by pool.
        now_s: time.
    """
    return "\n".join(_sentences(job, offers, now_s)) if phase_of(job.state) == "waiting" else ""


def _sentences(job: SlurmJob, offers: Mapping[str, Offer], now_s: float) -> Iterator[str]:
    pools = {pool: units for pool in offers if (units := units_of(job, pool))}
    asked = " and ".join(f"{units} units of the pool {pool!r}" for pool, units in pools.items())
    if job.reason == "Licenses" and pools:
        yield f"Slurm job {job.id} waits for {asked}"
    else:
        yield f"Slurm job {job.id} waits in Slurm: {reason_words(job.reason)}"
    for pool in pools:
        yield from (_away_text(qpu, now_s) for qpu in offers[pool].away)
        yield _offer_text(pool, offers[pool])


def _away_text(qpu: AwayQpu, now_s: float) -> str:
    until = "nobody knows until when" if qpu.until_s is None else f"until {clock_text(qpu.until_s, now_s)}"
    because = f" ({qpu.reason})" if qpu.reason and qpu.reason != "calibration" else ""
    comma = "," if qpu.until_s is None else ""
    return f"{qpu.name} is {qpu.state}{comma} {until}{because}"


def _offer_text(pool: str, offer: Offer) -> str:
    if not offer.units:
        return f"no units of {pool!r} are handed out meanwhile; jobs that have some go on"
    if offer.away:
        return f"{offer.units} of the {offer.total} units of {pool!r} are handed out meanwhile"
    return f"{offer.units} units of {pool!r} are handed out, to jobs that run or go before it"


def clock_text(time_s: float, now_s: float) -> str:
    """A time for people: of this day, as short as it can be.

    >>> clock_text(100_000.0, 90_000.0).count(":"), clock_text(90_030.0, 90_000.0).count(":")
    (1, 2)
    """
    then, today = time.localtime(time_s), time.localtime(now_s)
    day = "" if then[:3] == today[:3] else time.strftime("%Y-%m-%d ", then)
    return day + time.strftime("%H:%M:%S" if abs(time_s - now_s) < 600 else "%H:%M", then)
