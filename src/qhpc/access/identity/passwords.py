"""Passwords: hashed by argon2 in threads of their own, so that nobody waits for the log-in of another."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TypeVar, TypeVarTuple

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

__all__ = ["MAX_LENGTH", "MIN_LENGTH", "PasswordHasher", "password_fault"]

Values = TypeVarTuple("Values")
Result = TypeVar("Result")

MIN_LENGTH = 8
MAX_LENGTH = 1024


def password_fault(password: str, user: str) -> str | None:
    """Why a password is too poor, or None. Length counts, and nothing else about its letters.

    >>> password_fault("secret", "ada")
    'the password has 6 letters; at least 8 were expected'
    >>> password_fault("correct horse", "ada")
    """
    if len(password) < MIN_LENGTH:
        return f"the password has {len(password)} letters; at least {MIN_LENGTH} were expected"
    if len(password) > MAX_LENGTH:
        return f"the password has {len(password)} letters; at most {MAX_LENGTH} were expected"
    if password.casefold() == user.casefold() or len(set(password)) == 1:
        return "the password is the user's name or one letter; one that nobody guesses was expected"
    return None


class PasswordHasher:
    """Hashes and checks passwords.

    Args:
        time_cost: rounds.
        memory_kib: memory of one hash.
        nb_threads: so many at once; more wait, so that memory stays bounded.

    >>> hasher = PasswordHasher(time_cost=1, memory_kib=8)
    >>> text = asyncio.run(hasher.hash("correct horse"))
    >>> asyncio.run(hasher.is_right(text, "correct horse")), asyncio.run(hasher.is_right(None, "correct horse"))
    (True, False)
    """

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 64 << 10, nb_threads: int = 2) -> None:
        self._argon2 = argon2.PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(nb_threads, thread_name_prefix="argon2")

    async def hash(self, password: str) -> str:
        """The text that the store keeps."""
        return await self._run(self._argon2.hash, password)

    async def is_right(self, password_hash: str | None, password: str) -> bool:
        """Whether a password is the one that was hashed. Takes the same time if there is none."""
        return await self._run(self._check, password_hash, password)

    def is_outdated(self, password_hash: str) -> bool:
        """Whether a password should be hashed again, because hashes are made with more effort now."""
        return self._argon2.check_needs_rehash(password_hash)

    def _check(self, password_hash: str | None, password: str) -> bool:
        try:
            self._argon2.verify(password_hash or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None

    @cached_property
    def _nobody(self) -> str:
        """A hash that no password fits."""
        return self._argon2.hash(secrets.token_bytes(32))

    async def _run(self, function: Callable[[*Values], Result], *values: *Values) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *values)
