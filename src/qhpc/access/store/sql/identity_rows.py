"""Users, tokens and sessions in the database: each function is one operation within a transaction of its caller."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, insert, select, update

from qhpc.access.store.protocol import Account, ApiToken, Session
from qhpc.access.store.sql.rows import (
    account_of,
    row_of_account,
    row_of_session,
    row_of_token,
    session_of,
    token_of,
)
from qhpc.access.store.sql.statements import put
from qhpc.access.store.sql.tables import accounts, sessions, tokens

__all__ = [
    "add_session", "close_session", "delete_token", "forget_sessions", "forget_tokens", "put_account", "put_token",
    "read_account", "read_accounts", "read_session", "read_sessions", "read_token", "read_tokens",
]  # fmt: skip


def put_account(connection: Connection, account: Account) -> None:
    """Keep a user, new or changed."""
    put(connection, accounts, row_of_account(account))


def read_account(connection: Connection, name: str) -> Account | None:
    """A user."""
    row = connection.execute(select(accounts).where(accounts.c.name == name)).mappings().one_or_none()
    return None if row is None else account_of(row)


def read_accounts(connection: Connection) -> list[Account]:
    """All users, by name."""
    return [account_of(row) for row in connection.execute(select(accounts).order_by(accounts.c.name)).mappings()]


def put_token(connection: Connection, token: ApiToken) -> None:
    """Keep a new token."""
    put(connection, tokens, row_of_token(token))


def read_token(connection: Connection, secret_sha256: str) -> ApiToken | None:
    """The token with this hash."""
    by_hash = select(tokens).where(tokens.c.secret_sha256 == secret_sha256)
    row = connection.execute(by_hash).mappings().one_or_none()
    return None if row is None else token_of(row)


def read_tokens(connection: Connection, owner: str) -> list[ApiToken]:
    """A user's tokens, oldest first."""
    by_owner = select(tokens).where(tokens.c.owner == owner).order_by(tokens.c.created_s, tokens.c.id)
    return [token_of(row) for row in connection.execute(by_owner).mappings()]


def delete_token(connection: Connection, token_id: str, owner: str) -> bool:
    """Remove a token; whether there was one."""
    removed = connection.execute(delete(tokens).where(tokens.c.id == token_id, tokens.c.owner == owner))
    return removed.rowcount > 0


def forget_tokens(connection: Connection, before_s: float) -> int:
    """Remove tokens that expired before a time."""
    return connection.execute(delete(tokens).where(tokens.c.expires_s < before_s)).rowcount


def add_session(connection: Connection, session: Session) -> None:
    """Keep a new session."""
    connection.execute(insert(sessions), row_of_session(session))


def read_session(connection: Connection, session_id: str) -> Session | None:
    """A session."""
    row = connection.execute(select(sessions).where(sessions.c.id == session_id)).mappings().one_or_none()
    return None if row is None else session_of(row)


def close_session(connection: Connection, session_id: str, time_s: float) -> Session | None:
    """Close a session that is open."""
    is_open = (sessions.c.id == session_id) & sessions.c.closed_s.is_(None)
    connection.execute(update(sessions).where(is_open).values(closed_s=time_s))
    return read_session(connection, session_id)


def read_sessions(connection: Connection, owner: str) -> list[Session]:
    """A user's sessions, newest first."""
    by_owner = select(sessions).where(sessions.c.owner == owner)
    ordered = by_owner.order_by(sessions.c.created_s.desc(), sessions.c.id.desc())
    return [session_of(row) for row in connection.execute(ordered).mappings()]


def forget_sessions(connection: Connection, before_s: float) -> int:
    """Forget sessions that were closed or over before a time."""
    end_s = func.coalesce(sessions.c.closed_s, sessions.c.expires_s)
    return connection.execute(delete(sessions).where(end_s < before_s)).rowcount
