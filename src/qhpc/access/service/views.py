"""Records as users see them. Pure."""

from __future__ import annotations

from qat.comm.access.messages import JobView, SessionView, TokenView, UserView
from qhpc.access.jobs.record import JobRecord
from qhpc.access.store.protocol import Account, ApiToken, Session

__all__ = ["job_view", "session_view", "token_view", "user_view"]

_SHARED = tuple(
    name for name in JobView.__struct_fields__ if name in JobRecord.__slots__ and name not in ("message", "meta_data")
)


def job_view(job: JobRecord, queue_position: int | None = None, cluster_id: str | None = None) -> JobView:
    """A job as its owner sees it.

    >>> job_view(JobRecord(id="a", owner="ada", is_cancel_requested=True)).message
    'cancellation was asked for'
    """
    shared = {name: getattr(job, name) for name in _SHARED}
    return JobView(
        **shared, queue_position=queue_position, message=_message(job), meta_data=job.meta_data, cluster_id=cluster_id
    )


def _message(job: JobRecord) -> str | None:
    if job.is_cancel_requested and job.ended_s is None:
        return "cancellation was asked for"
    return job.failure.message if job.failure is not None else job.message


def session_view(session: Session, nb_jobs: int, time_s: float) -> SessionView:
    """A session as its owner sees it.

    >>> session_view(Session(id="s", owner="ada", created_s=0.0, expires_s=5.0), 0, 6.0).state
    'closed'
    """
    return SessionView(
        id=session.id,
        owner=session.owner,
        state="open" if is_open(session, time_s) else "closed",
        created_s=session.created_s,
        expires_s=session.expires_s,
        name=session.name,
        nb_jobs=nb_jobs,
    )


def is_open(session: Session, time_s: float) -> bool:
    """Whether a session takes jobs.

    >>> is_open(Session(id="s", owner="ada", created_s=0.0, closed_s=1.0), 2.0)
    False
    """
    return session.closed_s is None and (session.expires_s is None or time_s < session.expires_s)


def user_view(account: Account) -> UserView:
    """A user without secrets.

    >>> user_view(Account(name="ada", password_hash="secret")).name
    'ada'
    """
    return UserView(
        name=account.name,
        account=account.account,
        scopes=account.scopes,
        is_active=account.is_active,
        max_waiting_jobs=account.max_waiting_jobs,
        max_running_jobs=account.max_running_jobs,
        max_stored_bytes=account.max_stored_bytes,
    )


def token_view(token: ApiToken, secret: str | None = None) -> TokenView:
    """A token; its secret only in the answer that makes it.

    >>> token_view(ApiToken(id="a", owner="ada", secret_sha256="ab", scopes=("user",), created_s=0.0)).owner
    'ada'
    """
    return TokenView(
        id=token.id,
        owner=token.owner,
        scopes=token.scopes,
        created_s=token.created_s,
        expires_s=token.expires_s,
        label=token.label,
        secret=secret,
    )
