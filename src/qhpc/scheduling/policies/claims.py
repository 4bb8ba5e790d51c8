"""Who waits for a pool, and how much of it is promised to them."""

from __future__ import annotations

from qhpc.scheduling.model import Session

__all__ = ["Claims"]


class Claims:
    """The shares of the sessions that wait for a pool. Every operation costs O(1).

    A user is promised at most the whole pool, by however many sessions.

    >>> from qhpc.scheduling.model import Session
    >>> ada = Session(id="1", user="ada", account="a", pool="p")
    >>> eve, again = (Session(id=each, user="eve", account="a", pool="p") for each in "23")
    >>> claims = Claims()
    >>> for session in (ada, eve, again):
    ...     claims.add(session, nb_qpus=1)
    >>> claims.crowding(ada), claims.crowding(eve)
    (2.0, 4.0)
    """

    def __init__(self) -> None:
        self._parts: dict[str, float] = {}
        self._by_user: dict[str, float] = {}
        self._total = 0.0

    def add(self, session: Session, nb_qpus: int) -> None:
        """A session waits."""
        self.remove(session)
        part = self._parts[session.id] = max(session.share, MIN_SHARE) / nb_qpus
        self._change(session.user, part)

    def remove(self, session: Session) -> None:
        """It does not wait any more."""
        self._change(session.user, -self._parts.pop(session.id, 0.0))

    def crowding(self, session: Session) -> float:
        """How many times the pool is promised to those who wait, as one of them sees it.

        Below 1 if they are promised less than the pool. What a user is promised in excess counts against that user.
        """
        return self._total * max(self._by_user.get(session.user, 0.0), 1.0) or 1.0

    def _change(self, user: str, part: float) -> None:
        before = self._by_user.get(user, 0.0)
        after = before + part
        if after > _NOTHING:
            self._by_user[user] = after
        else:
            self._by_user.pop(user, None)
            after = 0.0
        self._total = self._total + min(after, 1.0) - min(before, 1.0) if self._by_user else 0.0


MIN_SHARE = 1e-3
"""A smaller share counts as this one."""
_NOTHING = 1e-9
