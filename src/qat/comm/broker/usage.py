"""What was used of QPUs, as a broker tells it. Durations are seconds."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

__all__ = ["GROUPS", "Group", "QpuUsage"]

Group = Literal["user", "account", "qpu", "pool", "job"]
"""What use can be summed up by."""

GROUPS: tuple[Group, ...] = get_args(Group)


class QpuUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What a user, an account, a QPU, a pool or a job has used.

    Attributes:
        name: of it; of a job the id of its Slurm job, or the name of its session without what makes that unique.
        nb_tasks: quantum tasks that ran, in whole or in part.
        nb_slices: parts in which they ran.
        nb_shots: shots that they ran.
        used_s: seconds of QPU, failed slices included.
        blocked_s: of these, seconds in which the QPU ran no shots: latency, loading.
        failed_s: of these, seconds in slices that failed.
        lost_s: seconds in slices of which nobody knows whether they ran; not in ``used_s``.
        nb_sessions: sessions that have ended; None for a QPU, as of what follows: sessions wait for pools.
        waited_s: seconds in which these waited for QPUs that did other things.
        node_waited_s: the same times the nodes that waited with them.
        slurm_job: id of the Slurm job, for a job.
        slurm_state: its state in Slurm's accounting, where that was asked.
        slurm_nodes: its nodes, as there.
    """

    name: str
    nb_tasks: int = 0
    nb_slices: int = 0
    nb_shots: int = 0
    used_s: float = 0.0
    blocked_s: float = 0.0
    failed_s: float = 0.0
    lost_s: float = 0.0
    nb_sessions: int | None = None
    waited_s: float | None = None
    node_waited_s: float | None = None
    slurm_job: int | None = None
    slurm_state: str = ""
    slurm_nodes: tuple[str, ...] = ()
