"""What the routes need of identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from qhpc.access.service.caller import Caller
from qhpc.access.store.protocol import ApiToken

__all__ = ["IdentityPort", "NewToken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token and its secret, which is told once."""

    token: ApiToken
    secret: str

    def __repr__(self) -> str:
        return f"NewToken({self.token!r})"


class IdentityPort(Protocol):
    """Users and tokens. Errors are :class:`~qhpc.access.service.problems.AccessProblem`."""

    async def authenticate(self, secret: str, now_s: float) -> Caller | None:
        """Who a token belongs to; None if it is unknown, expired or revoked."""

    async def log_in(self, name: str, password: str, address: str, label: str | None, now_s: float) -> NewToken:
        """A token that expires, for a password.

        Raises:
            AccessProblem: ``not-authenticated`` or ``too-many-attempts``.
        """

    async def change_password(self, caller: Caller, old: str, new: str, now_s: float) -> None:
        """Set another password.

        Raises:
            AccessProblem: ``not-authenticated`` (the old one is wrong) or ``invalid-argument`` (the new one is poor).
        """

    async def issue_token(
        self, caller: Caller, label: str | None, scopes: tuple[str, ...] | None, lifetime_s: float | None, now_s: float
    ) -> NewToken:
        """A token of the caller's own.

        Raises:
            AccessProblem: ``forbidden``: it asks for scopes that the caller does not have.
        """

    async def tokens(self, caller: Caller) -> Sequence[ApiToken]:
        """The caller's tokens."""

    async def revoke_token(self, caller: Caller, token_id: str) -> bool:
        """Remove a token; whether there was one."""
