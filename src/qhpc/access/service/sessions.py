"""What users may do with sessions: jobs that belong together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qat.comm.access.messages import SessionView
from qhpc.access.jobs.ids import is_id, new_id
from qhpc.access.service.caller import Caller
from qhpc.access.service.dispatcher import Dispatcher
from qhpc.access.service.problems import AccessProblem
from qhpc.access.service.views import session_view
from qhpc.access.store.protocol import JobFilter, Session, Store

__all__ = ["Sessions"]


class Sessions:
    """Opens, shows and closes sessions."""

    def __init__(self, store: Store, dispatcher: Dispatcher, clock: Callable[[], float]) -> None:
        self._store, self._dispatcher, self._clock = store, dispatcher, clock

    async def open(self, caller: Caller, name: str | None, max_time_s: float | None) -> SessionView:
        """A new session; it closes by itself after ``max_time_s``."""
        now_s = self._clock()
        expires_s = None if max_time_s is None else now_s + max_time_s
        session = Session(id=new_id(now_s), owner=caller.name, created_s=now_s, expires_s=expires_s, name=name)
        await self._store.add_session(session)
        return await self._view(session)

    async def list(self, caller: Caller) -> Sequence[SessionView]:
        """The caller's sessions, newest first."""
        return [await self._view(session) for session in await self._store.sessions(caller.name)]

    async def get(self, caller: Caller, session_id: str) -> SessionView:
        """A session of the caller."""
        return await self._view(await self._session(caller, session_id))

    async def close(self, caller: Caller, session_id: str, *, cancels: bool) -> SessionView:
        """Take no more jobs, and cancel those that have not ended if asked to."""
        session = await self._session(caller, session_id)
        closed = await self._store.close_session(session.id, self._clock())
        if cancels:
            for job in [job for job in self._dispatcher.jobs if job.record.session_id == session_id]:
                await self._dispatcher.cancel(job)
        return await self._view(closed or session)

    async def _session(self, caller: Caller, session_id: str) -> Session:
        session = await self._store.session(session_id) if is_id(session_id) else None
        if session is None or (session.owner != caller.name and not caller.is_operator):
            raise AccessProblem("unknown-session", f"there is no session {session_id[:60]!r} of yours")
        return session

    async def _view(self, session: Session) -> SessionView:
        nb_jobs = await self._store.count(JobFilter(session_id=session.id))
        return session_view(session, nb_jobs, self._clock())
