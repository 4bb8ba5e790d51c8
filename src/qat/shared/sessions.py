"""The sessions of this process: one for each pool and way of using it, shared by all its threads.

They are closed when the process ends, or the job that it runs for a server. A forked child opens its own: it must not
talk on its parent's connections.
"""

from __future__ import annotations

import atexit
import os
import secrets
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING, Literal, NamedTuple

from qat.comm.broker.messages import VERSION, OpenSession
from qat.core.running_job import get_job_id, get_job_owner
from qat.shared.addresses import ClientSettings
from qat.shared.session import PATIENCE_S, SharedSession
from qat.shared.stacks import this_stack

if TYPE_CHECKING:
    from qat.shared.suspension import JobRecord

__all__ = ["SessionRequest", "close_sessions", "session_of"]


class SessionRequest(NamedTuple):
    """Which session is wanted.

    Attributes:
        pool: QPUs to use.
        settings: where the broker is.
        share: part of a QPU's time, 0 to 1.
        account: who pays; empty for the usual one.
        priority_class: ``production`` or ``development``.
        patience_s: how long the broker may be away.
        releases_nodes: whether the job can give its nodes back.
        restart_s: how long it takes to have them again.
    """

    pool: str
    settings: ClientSettings
    share: float = 1.0
    account: str = ""
    priority_class: Literal["production", "development"] = "production"
    patience_s: float = PATIENCE_S
    releases_nodes: bool = False
    restart_s: float = 0.0


class _Sessions:
    """Those of one process."""

    def __init__(self) -> None:
        self.guard = Lock()
        self.by_request: dict[tuple[SessionRequest, str | None], SharedSession] = {}


_sessions = _Sessions()


def session_of(request: SessionRequest, record: JobRecord | None = None) -> SharedSession:
    """The session of this process, or of the job that it runs for a server; opened if there is none.

    Args:
        request: which one.
        record: of a job that can end and be run again, which finds its session by it.

    Raises:
        BrokerUnknown: the address of the broker is none.
    """
    key = request, get_job_id()
    with _sessions.guard:
        session = _sessions.by_request.get(key)
        if session is None or session.is_over:
            opening = _opening(request, secrets.token_hex(8) if record is None else _lasting(record.token, request))
            former = () if record is None else record.open_keys
            session = SharedSession(opening, request.settings, patience_s=request.patience_s, former=former)
            _sessions.by_request[key] = session
        return session


def close_sessions() -> None:
    """Close all sessions of this process: what has not run never will.

    >>> close_sessions()
    """
    with _sessions.guard:
        open_now = list(_sessions.by_request.values())
        _sessions.by_request.clear()
    for session in open_now:
        session.close()


def _lasting(token: str, request: SessionRequest) -> str:
    """What makes the name of a session unique, and is the same when its job is run again."""
    digest = blake2b(repr(request._replace(settings=ClientSettings())).encode(), digest_size=4)
    return f"{token}{digest.hexdigest()}"


def _opening(request: SessionRequest, unique: str) -> OpenSession:
    """The first words of a session, whose name nobody else has: two processes of a job do not share one."""
    slurm_job, restart = os.environ.get("SLURM_JOB_ID", ""), os.environ.get("SLURM_RESTART_COUNT", "")
    name = get_job_id() or (f"slurm-{slurm_job}" if slurm_job else f"pid-{os.getpid()}")
    return OpenSession(
        version=VERSION,
        pool=request.pool,
        session=f"{name}.{unique}",
        slurm_job=int(slurm_job) if slurm_job.isdecimal() else None,
        share=request.share,
        account=request.account,
        priority_class=request.priority_class,
        owner=get_job_owner(),
        releases_nodes=request.releases_nodes,
        restart_s=request.restart_s,
        slurm_restart=int(restart) if restart.isdecimal() else 0,
        stack=this_stack(),
    )


def _forget() -> None:
    """In a child that was forked: what its parent holds is not its own."""
    global _sessions
    inherited, _sessions = _sessions, _Sessions()
    for session in inherited.by_request.values():
        session.abandon()


os.register_at_fork(after_in_child=_forget)
atexit.register(close_sessions)
