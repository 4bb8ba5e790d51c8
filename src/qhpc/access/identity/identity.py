"""Users, passwords and tokens, as the API and the command line use them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from qhpc.access.identity.attempts import Attempts
from qhpc.access.identity.passwords import PasswordHasher, password_fault
from qhpc.access.identity.secret_texts import new_secret, secret_hash
from qhpc.access.identity.user_names import name_fault
from qhpc.access.jobs.ids import new_id
from qhpc.access.service.caller import Caller
from qhpc.access.service.problems import AccessProblem
from qhpc.access.store.protocol import Account, ApiToken, IdentityStore

__all__ = ["SCOPES", "Identity", "NewToken"]

SCOPES = ("user", "operator")
"""What a token may allow: one's own jobs; everyone's."""

_LOG_IN_LIFETIME_S = 12 * 3600.0
_CACHED_S = 1.0
_MAX_CACHED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token and its secret, which is told once."""

    token: ApiToken
    secret: str

    def __repr__(self) -> str:
        return f"NewToken({self.token!r})"


@dataclass(frozen=True, slots=True)
class _Known:
    """A token that was looked up a moment ago."""

    caller: Caller
    until_s: float


class Identity:
    """Users and tokens of a server. Time is passed in.

    Who a token belongs to is remembered for a second: so long a token lives on that another process revoked, and an
    account that it disabled. What is revoked here is worthless at once.

    Args:
        store: where they are kept.
        hasher: of passwords.
        attempts: counts failed log-ins.

    >>> import asyncio
    >>> from qhpc.access.store.memory import MemoryStore
    >>> async def main():
    ...     identity = Identity(MemoryStore(), PasswordHasher(time_cost=1, memory_kib=8))
    ...     await identity.add_user(Account(name="ada"), "correct horse", now_s=0.0)
    ...     made = await identity.log_in("ada", "correct horse", "10.0.0.1", None, now_s=1.0)
    ...     return await identity.authenticate(made.secret, now_s=2.0)
    >>> asyncio.run(main()).name
    'ada'
    """

    def __init__(
        self, store: IdentityStore, hasher: PasswordHasher | None = None, attempts: Attempts | None = None
    ) -> None:
        self._store = store
        self._hasher = hasher or PasswordHasher()
        self._attempts = attempts or Attempts()
        self._known: dict[str, _Known] = {}

    async def authenticate(self, secret: str, now_s: float) -> Caller | None:
        """Who a token belongs to; None if it is unknown, expired or revoked, or its user is disabled."""
        key = secret_hash(secret)
        known = self._known.get(key)
        if known is not None and now_s < known.until_s:
            return known.caller
        known = await self._look_up(key, now_s)
        if known is None:
            self._known.pop(key, None)
            return None
        if len(self._known) >= _MAX_CACHED:
            self._known.clear()
        self._known[key] = known
        return known.caller

    async def log_in(self, name: str, password: str, address: str, label: str | None, now_s: float) -> NewToken:
        """A token that expires after 12 hours, for a password.

        Raises:
            AccessProblem: ``not-authenticated``: the name or the password is wrong, which of them is not said;
                ``too-many-attempts``: too many were.
        """
        user = await self._checked_user(name, password, address, now_s)
        return await self._new_token(user, user.scopes, label, now_s + _LOG_IN_LIFETIME_S, now_s)

    async def change_password(self, caller: Caller, old: str, new: str, now_s: float) -> None:
        """Set another password, and revoke all tokens of the user but the caller's: whoever knew the old one is out.

        Raises:
            AccessProblem: ``not-authenticated``: the old one is wrong; ``too-many-attempts``: it was too often;
                ``invalid-argument``: the new one is poor.
        """
        user = await self._checked_user(caller.name, old, "password", now_s)
        await self.set_password(user, new)
        await self.revoke_all(user.name, but=caller.token_id)

    async def issue_token(
        self, caller: Caller, label: str | None, scopes: tuple[str, ...] | None, lifetime_s: float | None, now_s: float
    ) -> NewToken:
        """A token of the caller's own; it allows what the caller's token allows if ``scopes`` is None.

        Raises:
            AccessProblem: ``forbidden``: it asks for scopes that the caller does not have.
        """
        excess = [scope for scope in scopes or () if scope not in caller.scopes]
        if excess:
            detail = f"the scope {excess[0][:60]!r} was asked for; at most {', '.join(caller.scopes)} were expected"
            raise AccessProblem("forbidden", detail)
        expires_s = None if lifetime_s is None else now_s + lifetime_s
        return await self._new_token(caller.user, caller.scopes if scopes is None else scopes, label, expires_s, now_s)

    async def tokens(self, caller: Caller) -> Sequence[ApiToken]:
        """The caller's tokens."""
        return await self._store.tokens(caller.name)

    async def revoke_token(self, caller: Caller, token_id: str) -> bool:
        """Remove a token; whether there was one."""
        was_there = await self._store.delete_token(token_id, caller.name)
        self._forget(lambda known: known.caller.token_id == token_id)
        return was_there

    async def revoke_all(self, owner: str, but: str | None = None) -> int:
        """Remove all tokens of a user, but for one perhaps; how many there were."""
        nb_revoked = 0
        for token in await self._store.tokens(owner):
            if token.id != but:
                nb_revoked += await self._store.delete_token(token.id, owner)
        self._forget(lambda known: known.caller.name == owner and known.caller.token_id != but)
        return nb_revoked

    async def add_user(self, user: Account, password: str | None, now_s: float) -> Account:
        """Keep a new user; without a password only tokens log in.

        Raises:
            AccessProblem: ``invalid-argument``: the name is taken or no name, a scope is none, the password is poor.
        """
        fault = name_fault(user.name) or _scope_fault(user.scopes)
        if fault is None and await self._store.account(user.name) is not None:
            fault = f"there is a user {user.name!r} already; another name was expected"
        if fault is not None:
            raise AccessProblem("invalid-argument", fault)
        user = replace(user, created_s=now_s)
        if password is not None:
            return await self.set_password(user, password)
        await self._store.put_account(user)
        return user

    async def add_first_user(self, name: str, now_s: float) -> tuple[Account, str] | None:
        """On a server without users, an operator and the password made for it; None if there are users."""
        if await self._store.accounts():
            return None
        password = secrets.token_urlsafe(18)
        return await self.add_user(Account(name=name, scopes=SCOPES), password, now_s), password

    async def set_password(self, user: Account, password: str) -> Account:
        """Keep a user with another password.

        Raises:
            AccessProblem: ``invalid-argument``: it is poor.
        """
        fault = password_fault(password, user.name)
        if fault is not None:
            raise AccessProblem("invalid-argument", fault)
        return await self.change_user(replace(user, password_hash=await self._hasher.hash(password)))

    async def change_user(self, user: Account) -> Account:
        """Keep a user that was changed, e.g. disabled, whose tokens are then worthless at once."""
        await self._store.put_account(user)
        self._forget(lambda known: known.caller.name == user.name)
        return user

    async def _look_up(self, key: str, now_s: float) -> _Known | None:
        token = await self._store.token_by_hash(key)
        if token is None or (token.expires_s is not None and token.expires_s <= now_s):
            return None
        user = await self._store.account(token.owner)
        if user is None or not user.is_active:
            return None
        scopes = tuple(scope for scope in token.scopes if scope in user.scopes)
        until_s = now_s + _CACHED_S if token.expires_s is None else min(token.expires_s, now_s + _CACHED_S)
        return _Known(Caller(user=user, scopes=scopes, token_id=token.id), until_s)

    async def _checked_user(self, name: str, password: str, address: str, now_s: float) -> Account:
        wait_s = self._attempts.wait_s(name, address, now_s)
        if wait_s > 0:
            detail = f"too many log-ins failed; try again in {wait_s:.0f} s"
            raise AccessProblem("too-many-attempts", detail, retry_after_s=wait_s)
        self._attempts.failed(name, address, now_s)  # until it has succeeded, so that many at once count
        user = None if name_fault(name) else await self._store.account(name)
        password_hash = user.password_hash if user is not None and user.is_active else None
        if not await self._hasher.is_right(password_hash, password) or user is None or password_hash is None:
            raise AccessProblem("not-authenticated", "the user name or the password is wrong")
        self._attempts.succeeded(name, address)
        if self._hasher.is_outdated(password_hash):
            return await self.change_user(replace(user, password_hash=await self._hasher.hash(password)))
        return user

    async def _new_token(
        self, user: Account, scopes: tuple[str, ...], label: str | None, expires_s: float | None, now_s: float
    ) -> NewToken:
        secret = new_secret()
        token = ApiToken(
            id=new_id(now_s),
            owner=user.name,
            secret_sha256=secret_hash(secret),
            scopes=scopes,
            created_s=now_s,
            expires_s=expires_s,
            label=label,
        )
        await self._store.put_token(token)
        return NewToken(token=token, secret=secret)

    def _forget(self, is_stale: Callable[[_Known], bool]) -> None:
        self._known = {key: known for key, known in self._known.items() if not is_stale(known)}


def _scope_fault(scopes: Sequence[str]) -> str | None:
    unknown = [scope for scope in scopes if scope not in SCOPES]
    return f"there is no scope {unknown[0]!r}; {' or '.join(SCOPES)} were expected" if unknown else None
