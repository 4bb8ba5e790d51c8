"""Slurm's tokens (``scontrol token``): signed claims of who is there. Pure: bytes and the time in, a user name out.

They are JSON Web Tokens (RFC 7519) with a MAC of the cluster's key, which Slurm calls ``jwt_key``. Only the algorithm
HS256 is read, whatever a token says of itself.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

__all__ = ["LEEWAY_S", "TokenClaims", "TokenError", "claims_in", "user_of_token"]

LEEWAY_S = 60.0
"""How much the clocks of the cluster may differ."""

_MAX_BYTES = 8192
_json = msgspec.json.Decoder(dict[str, Any])


class TokenError(ValueError):
    """A token proves nothing; the message says why, without any of the token."""


class TokenClaims(NamedTuple):
    """What a token says of itself.

    Attributes:
        user: name of whose it is.
        expires_s: it is good until then, in seconds since 1970.
    """

    user: str
    expires_s: float


def claims_in(token: bytes) -> TokenClaims:
    """What a token says, unproved: for who has it and sends it to where it is proved.

    Raises:
        TokenError: it is no token.

    >>> claims_in(b"e30.eyJzdW4iOiJhZGEiLCJleHAiOjYwfQ.AA")
    TokenClaims(user='ada', expires_s=60.0)
    """
    claims = _object_in(_parts(token)[1])
    return TokenClaims(_user(claims), _time(claims, "exp"))


def user_of_token(token: bytes, key: bytes, now_s: float) -> str:
    """The user whose token it is.

    Args:
        token: as it came.
        key: the cluster's, as in the file of Slurm's ``jwt_key``.
        now_s: time, in seconds since 1970.

    Raises:
        TokenError: it is no token, is not signed with the key, or is not good now.

    >>> user_of_token(b"not.a.token", b"key", 0.0)
    Traceback (most recent call last):
        ...
    qhpc.slurm.tokens.TokenError: the token is malformed; get one with 'scontrol token'
    """
    parts = _parts(token)
    header = _object_in(parts[0])
    if header.get("alg") != "HS256" or "crit" in header:
        raise TokenError(f"the token is signed with {str(header.get('alg'))[:20]!r}; expected 'HS256', as Slurm does")
    signed, signature = b".".join(parts[:2]), _bytes_in(parts[2])
    if not hmac.compare_digest(hmac.digest(key, signed, sha256), signature):
        raise TokenError("the token is not signed with this cluster's key; get one here with 'scontrol token'")
    return _user_in(_object_in(parts[1]), now_s)


def _parts(token: bytes) -> list[bytes]:
    parts = token.split(b".")
    if len(parts) != 3 or len(token) > _MAX_BYTES:
        raise TokenError("the token is malformed; get one with 'scontrol token'")
    return parts


def _user_in(claims: dict[str, Any], now_s: float) -> str:
    expires_s, begins_s = _time(claims, "exp"), max(_time(claims, "iat", 0.0), _time(claims, "nbf", 0.0))
    if now_s >= expires_s:
        raise TokenError(f"the token expired {now_s - expires_s:.0f} s ago; get a new one with 'scontrol token'")
    if begins_s > now_s + LEEWAY_S:
        raise TokenError(f"the token is good in {begins_s - now_s:.0f} s only; check that the clocks agree (NTP)")
    return _user(claims)


def _user(claims: dict[str, Any]) -> str:
    user = claims.get("sun")
    if not isinstance(user, str) or not user:
        raise TokenError("the token names no user ('sun'); get one with 'scontrol token'")
    return user


def _time(claims: dict[str, Any], name: str, default: float | None = None) -> float:
    value = claims.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1 << 53:
        raise TokenError(f"the token's time {name!r} is missing or no number; get one with 'scontrol token'")
    return float(value)


def _object_in(part: bytes) -> dict[str, Any]:
    try:
        return _json.decode(_bytes_in(part))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise TokenError("the token is malformed; get one with 'scontrol token'") from None


def _bytes_in(part: bytes) -> bytes:
    try:
        return b64decode(part + b"=" * (-len(part) % 4), b"-_", validate=True)
    except binascii.Error:
        raise TokenError("the token is malformed; get one with 'scontrol token'") from None
