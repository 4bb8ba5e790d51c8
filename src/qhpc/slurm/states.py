"""Slurm's states and reasons as tables: what they mean for us, and how they are said to people. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["REASONS", "STATES", "Phase", "State", "phase_of", "reason_words"]

Phase = Literal["waiting", "running", "ended", "unknown"]
"""Where a job is. ``unknown``: a state that we do not know, of a newer Slurm; it changes nothing."""

Ending = Literal["completed", "failed", "cancelled", "time-limit", "out-of-memory", "node-lost", "preempted", "refused"]
"""How a job ended, as far as Slurm knows."""


@dataclass(frozen=True, slots=True)
class State:
    """What a state of Slurm means.

    Attributes:
        phase: where the job is.
        words: for people; the job is the subject.
        ending: how it ended, if it has.
    """

    phase: Phase
    words: str
    ending: Ending | None = None


STATES: dict[str, State] = {
    "PENDING": State("waiting", "waits in Slurm"),
    "CONFIGURING": State("waiting", "has nodes, which get ready"),
    "REQUEUED": State("waiting", "was put back into Slurm's queue"),
    "REQUEUE_FED": State("waiting", "was put back into the queue of a federation"),
    "REQUEUE_HOLD": State("waiting", "was put back into Slurm's queue and is held there"),
    "RESV_DEL_HOLD": State("waiting", "is held because its reservation was deleted"),
    "SPECIAL_EXIT": State("waiting", "was put back into Slurm's queue with a special exit and is held there"),
    "RUNNING": State("running", "runs"),
    "COMPLETING": State("running", "ends"),
    "RESIZING": State("running", "changes its size"),
    "SIGNALING": State("running", "is sent a signal"),
    "STAGE_OUT": State("running", "stores its files"),
    "STOPPED": State("running", "was stopped and keeps its nodes"),
    "SUSPENDED": State("running", "was suspended and gave its cores to others"),
    "COMPLETED": State("ended", "ended", "completed"),
    "BOOT_FAIL": State("ended", "was lost because its node could not boot", "node-lost"),
    "CANCELLED": State("ended", "was cancelled", "cancelled"),
    "DEADLINE": State("ended", "could not end before its deadline", "time-limit"),
    "FAILED": State("ended", "failed", "failed"),
    "NODE_FAIL": State("ended", "was lost with its node", "node-lost"),
    "OUT_OF_MEMORY": State("ended", "used more memory than it was given", "out-of-memory"),
    "PREEMPTED": State("ended", "had to give its nodes to a job of higher priority", "preempted"),
    "REVOKED": State("ended", "was started by another cluster of the federation", "refused"),
    "TIMEOUT": State("ended", "ran longer than its time limit", "time-limit"),
}
"""By Slurm's word. Flags such as COMPLETING come in the place of the state."""


def phase_of(state: str) -> Phase:
    """Where a job of this state is.

    >>> phase_of("PENDING"), phase_of("CANCELLED by 0"), phase_of("BRAND_NEW")
    ('waiting', 'ended', 'unknown')
    """
    known = STATES.get(state.partition(" ")[0].rstrip("+"))
    return "unknown" if known is None else known.phase


REASONS: dict[str, str] = {
    "Priority": "jobs of higher priority are before it",
    "Resources": "it waits for free cores or memory",
    "Licenses": "it waits for a licence: the QPU has as many hybrid jobs as it can serve, or is being calibrated",
    "Dependency": "it waits for another job to end",
    "DependencyNeverSatisfied": "it waits for a job that ended otherwise than it had to; cancel it",
    "BeginTime": "its time to begin has not come, or it was put back and waits a while",
    "Reservation": "its reservation has not begun",
    "ReservationDeleted": "its reservation was deleted; ask for another",
    "JobArrayTaskLimit": "its array runs as many jobs at once as it may",
    "JobHeldAdmin": "an operator holds it",
    "JobHeldUser": "its owner holds it (scontrol release ID lets it go)",
    "JobLaunchFailure": "it was killed on its node, e.g. for want of memory, or not started; its slurmd.log tells",
    "launch_failed_requeued_held": "it could not be started on its node and is held; the log of slurmd tells why",
    "NodeDown": "a node that it needs is down",
    "Nodes required for job are DOWN": "the nodes that could run it are down, drained or reserved; operators know more",
    "ReqNodeNotAvail": "a node that it needs is down, drained or reserved",
    "PartitionDown": "its partition is down",
    "PartitionInactive": "its partition takes no jobs",
    "PartitionNodeLimit": "it asks for more nodes than its partition gives",
    "PartitionTimeLimit": "it asks for more time than its partition gives; ask for less (max_time)",
    "BadConstraints": "no node can ever run it: ask for fewer cores, less memory or other constraints",
    "AccountNotAllowed": "its account may not use the partition",
    "InvalidAccount": "its account is not known to Slurm",
    "InvalidQOS": "its QOS is not known to Slurm",
    "QOSNotAllowed": "its QOS may not be used in the partition",
    "Prolog": "its nodes are being prepared",
    "Cleaning": "its former run is being cleaned up",
    "NonZeroExitCode": "its program ended with an error",
    "OutOfMemory": "it used more memory than it was given",
    "TimeLimit": "it ran longer than its time limit",
    "RaisedSignal": "its program was ended by a signal",
    "SystemFailure": "Slurm, a file system or the network failed",
}
"""Why jobs wait or failed, by Slurm's word; ``Assoc…``, ``QOS…`` and ``Max…`` limits are said by a rule."""


def reason_words(reason: str | None) -> str:
    """A reason, said to people.

    >>> reason_words("QOSMaxCpuPerUserLimit")
    'a limit of the site is reached (QOSMaxCpuPerUserLimit)'
    >>> reason_words("Whatever"), reason_words(None)
    ('Slurm says Whatever', 'Slurm gives no reason')
    """
    if reason is None:
        return "Slurm gives no reason"
    name = reason.partition(",")[0].strip()
    if name in REASONS:
        return REASONS[name]
    if name.startswith(("Assoc", "QOS", "Max")):
        return f"a limit of the site is reached ({name})"
    return f"Slurm says {name}"
