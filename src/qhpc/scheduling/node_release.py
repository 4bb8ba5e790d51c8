"""When a session gives back its nodes during a quantum phase, and when it has to have them again.

Nodes are given back if the QPU will need longer than they need to come back, and are wanted again that much before
the phase is expected to end. The wait for the QPU, whose length nobody knows, only makes giving back more worth.
"""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf

from qhpc.scheduling.instructions import Instruction, ReclaimNodes, ReleaseNodes, WakeAt
from qhpc.scheduling.model import Session

__all__ = ["NodeRelease"]


class NodeRelease:
    """Which sessions are without nodes.

    Attributes:
        next_s: when the first of them needs its nodes again; without end if none does.

    >>> session = Session(id="s", user="u", account="a", pool="p", releases_nodes=True, restart_s=20.0)
    >>> release = NodeRelease()
    >>> release.quantum_phase(session, now_s=0.0, needed_s=100.0)
    [ReleaseNodes(session_id='s', until_s=80.0)]
    >>> release.last_slice(session, end_s=140.0)
    [WakeAt(time_s=120.0)]
    >>> release.due(119.0), release.due(120.0)
    ([], [ReclaimNodes(session_id='s')])
    """

    def __init__(self) -> None:
        self._without: set[str] = set()
        self._due: list[tuple[float, str]] = []
        self.next_s = inf

    def quantum_phase(self, session: Session, now_s: float, needed_s: float) -> list[Instruction]:
        """A session begins to wait for QPUs, of which it needs ``needed_s`` seconds."""
        if not session.releases_nodes or needed_s <= session.restart_s or session.id in self._without:
            return []
        self._without.add(session.id)
        return [ReleaseNodes(session.id, now_s + needed_s - session.restart_s)]

    def last_slice(self, session: Session, end_s: float) -> list[Instruction]:
        """The last slice that a session waits for has begun, and is expected to end at ``end_s``."""
        if session.id not in self._without:
            return []
        heappush(self._due, (end_s - session.restart_s, session.id))
        self.next_s = self._due[0][0]
        return [WakeAt(end_s - session.restart_s)]

    def ended(self, session: Session) -> list[Instruction]:
        """The quantum phase is over, sooner than expected if nodes are not there again."""
        return self._reclaimed(session.id)

    def closed(self, session_id: str) -> None:
        """The session needs no nodes any more."""
        self._without.discard(session_id)

    def due(self, now_s: float) -> list[Instruction]:
        """Sessions that need their nodes again now."""
        instructions: list[Instruction] = []
        while self._due and self._due[0][0] <= now_s:
            instructions += self._reclaimed(heappop(self._due)[1])
        self.next_s = self._due[0][0] if self._due else inf
        return instructions

    def _reclaimed(self, session_id: str) -> list[Instruction]:
        if session_id not in self._without:
            return []
        self._without.discard(session_id)
        return [ReclaimNodes(session_id)]
