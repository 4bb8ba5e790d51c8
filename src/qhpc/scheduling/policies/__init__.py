"""Dispatch policies: the order in which the tasks of a pool run. ``POLICIES`` names them all."""

from collections.abc import Callable

from qhpc.scheduling.policies.lanes import FairShare, RoundRobin
from qhpc.scheduling.policies.protocol import DispatchPolicy, ReadyTask
from qhpc.scheduling.policies.share_deadline import ShareDeadline
from qhpc.scheduling.policies.shortest_in_share import ShortestInShare
from qhpc.scheduling.policies.single_lane import Fifo, Priority, ShortestFirst

__all__ = [
    "POLICIES", "DispatchPolicy", "FairShare", "Fifo", "Priority", "ReadyTask", "RoundRobin", "ShareDeadline",
    "ShortestFirst", "ShortestInShare",
]  # fmt: skip

POLICIES: dict[str, Callable[[], DispatchPolicy]] = {
    policy.name: policy
    for policy in (Fifo, Priority, ShortestFirst, RoundRobin, FairShare, ShareDeadline, ShortestInShare)
}
"""Makes a policy, by its name."""
