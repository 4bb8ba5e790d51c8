"""Secrets of API tokens. The store has only their hashes: with 256 random bits nobody finds one by trying."""

from __future__ import annotations

import secrets
from hashlib import sha256

__all__ = ["SECRET_PREFIX", "new_secret", "secret_hash"]

SECRET_PREFIX = "oqat_"
"""Lets scanners of repositories and logs find secrets that should not be there."""


def new_secret() -> str:
    """A secret of 256 random bits.

    >>> len(new_secret()), new_secret() != new_secret()
    (48, True)
    """
    return SECRET_PREFIX + secrets.token_urlsafe(32)


def secret_hash(secret: str) -> str:
    """What the store keeps of a secret: SHA-256, hex.

    >>> secret_hash("oqat_abc")[:8]
    'a4d7f809'
    """
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
