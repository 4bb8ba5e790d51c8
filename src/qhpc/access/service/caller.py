"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass

from qhpc.access.store.protocol import Account

__all__ = ["Caller"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A user who has logged in.

    Attributes:
        user: the account with its quotas.
        scopes: what the token allows, at most what the user may do.
        token_id: the token; None for who came without one.

    >>> Caller(user=Account(name="ada"), scopes=("user",)).is_operator
    False
    """

    user: Account
    scopes: tuple[str, ...]
    token_id: str | None = None

    @property
    def name(self) -> str:
        """User name."""
        return self.user.name

    @property
    def is_operator(self) -> bool:
        """Whether everyone's jobs are theirs to see."""
        return "operator" in self.scopes
