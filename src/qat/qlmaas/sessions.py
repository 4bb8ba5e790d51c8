"""Sessions: jobs that belong together, under one limit of time."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any

from qat.comm.access.messages import SessionView

if TYPE_CHECKING:
    from typing import Self

    from qat.qlmaas.connection import JobList, QLMaaSConnection

__all__ = ["Session", "current_session_id"]

_current: ContextVar[tuple[Session, ...]] = ContextVar("qlmaas_sessions", default=())


class Session:
    """A session on the server. Inside ``with session:``, jobs sent through its connection belong to it.

    Args:
        connection: to the server.
        view: what the server says about it.

    >>> from qat.comm.access.messages import UserView
    >>> from qat.qlmaas import QLMaaSConnection
    >>> from qat.qlmaas.transport import TableTransport
    >>> view = SessionView(id="s1", owner="ada", state="open", created_s=0.0, name="evening")
    >>> answers = {"GET /v1/me": UserView(name="ada"), "POST /v1/sessions": view, "DELETE /v1/sessions/s1": view}
    >>> connection = QLMaaSConnection("qlm.example.org", token="secret", transport=TableTransport(answers))
    >>> with connection.session("evening") as session:
    ...     print(session.id, current_session_id(connection))
    s1 s1
    """

    def __init__(self, connection: QLMaaSConnection, view: SessionView) -> None:
        self._connection = connection
        self._view = view
        self._tokens: list[Token[tuple[Session, ...]]] = []

    @property
    def id(self) -> str:
        """Its id."""
        return self._view.id

    @property
    def name(self) -> str | None:
        """Its name."""
        return self._view.name

    def info(self) -> SessionView:
        """What the server says about it now."""
        self._view = self._connection.client.session(self.id)
        return self._view

    def jobs(self, **filters: Any) -> JobList:
        """Its jobs; see ``QLMaaSConnection.jobs`` for the filters."""
        return self._connection.jobs(session=self.id, **filters)

    def close(self) -> None:
        """Take no more jobs; those that are there go on."""
        self._view = self._connection.client.close_session(self.id)

    def cancel(self) -> None:
        """Take no more jobs, and cancel those that have not ended."""
        self._view = self._connection.client.close_session(self.id, is_cancelling=True)

    def __enter__(self) -> Self:
        self._tokens.append(_current.set((*_current.get(), self)))
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._tokens.pop())
        self.close()

    def __repr__(self) -> str:
        return f"<session {self.name or self.id}: {self._view.state}>"


def current_session_id(connection: QLMaaSConnection) -> str | None:
    """The id of the innermost ``with session:`` of a connection; None outside of any."""
    inside = [session for session in _current.get() if session._connection is connection]
    return inside[-1].id if inside else None
