"""Users, tokens and sessions of a store in a database."""

from __future__ import annotations

from collections.abc import Sequence

from qhpc.access.store.protocol import Account, ApiToken, Session
from qhpc.access.store.sql import identity_rows
from qhpc.access.store.sql.database import Database

__all__ = ["SqlIdentity"]


class SqlIdentity:
    """The part of the store that needs no files; see :class:`~qhpc.access.store.protocol.IdentityStore`.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_account(self, account: Account) -> None:
        """Keep a user, new or changed."""
        await self._database.run(identity_rows.put_account, account)

    async def account(self, name: str) -> Account | None:
        """A user."""
        return await self._database.run(identity_rows.read_account, name)

    async def accounts(self) -> Sequence[Account]:
        """All users, by name."""
        return await self._database.run(identity_rows.read_accounts)

    async def put_token(self, token: ApiToken) -> None:
        """Keep a new token."""
        await self._database.run(identity_rows.put_token, token)

    async def token_by_hash(self, secret_sha256: str) -> ApiToken | None:
        """The token with this hash."""
        return await self._database.run(identity_rows.read_token, secret_sha256)

    async def tokens(self, owner: str) -> Sequence[ApiToken]:
        """A user's tokens, oldest first."""
        return await self._database.run(identity_rows.read_tokens, owner)

    async def delete_token(self, token_id: str, owner: str) -> bool:
        """Remove a token; whether there was one."""
        return await self._database.run(identity_rows.delete_token, token_id, owner)

    async def forget_tokens(self, before_s: float) -> int:
        """Remove tokens that expired before a time."""
        return await self._database.run(identity_rows.forget_tokens, before_s)

    async def add_session(self, session: Session) -> None:
        """Keep a new session."""
        await self._database.run(identity_rows.add_session, session)

    async def session(self, session_id: str) -> Session | None:
        """A session."""
        return await self._database.run(identity_rows.read_session, session_id)

    async def close_session(self, session_id: str, time_s: float) -> Session | None:
        """Close a session; closing it again changes nothing."""
        return await self._database.run(identity_rows.close_session, session_id, time_s)

    async def sessions(self, owner: str) -> Sequence[Session]:
        """A user's sessions, newest first."""
        return await self._database.run(identity_rows.read_sessions, owner)

    async def forget_sessions(self, before_s: float) -> int:
        """Forget sessions that were closed or over before a time."""
        return await self._database.run(identity_rows.forget_sessions, before_s)
