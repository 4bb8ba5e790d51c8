"""MUNGE credentials: what says, among the machines of a cluster, who made it. A few functions of ``libmunge``.

Whoever shares the cluster's MUNGE key with the maker of a credential can decode it, once, and is told the maker's
user id. The calls block, for some milliseconds; libmunge gives up on a daemon that does not answer after some seconds.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

__all__ = ["MungeError", "MungeRefused", "MungeUnavailable", "Munged", "munge", "unmunge"]

_LIBRARY = "libmunge.so.2"
_OPTION_TTL, _OPTION_SOCKET = 4, 8
_MAX_CREDENTIAL_BYTES = 1 << 16

_CLOCKS = "check that the clocks of both machines agree (NTP)"
_KEYS = "check that both machines have the same /etc/munge/munge.key"
_REFUSALS: dict[int, str] = {
    8: "the credential is malformed",
    9: "the credential is of another version of MUNGE; install the same one on both machines",
    10: "the credential has an unknown cipher",
    11: "the credential has an unknown MAC",
    12: "the credential has an unknown compression",
    13: "the credential has an unknown realm",
    14: f"the credential is not valid here; {_KEYS}",
    15: f"the credential has expired; {_CLOCKS}, and make a new one for each connection",
    16: f"the credential is from the future; {_CLOCKS}",
    17: "the credential was used before; make a new one for each connection",
    18: "the credential is for another user or group",
}
"""What libmunge's errors say of a credential (``munge.h``, ``munge_err_t``); all others are about the daemon."""


class MungeError(Exception):
    """A credential cannot be made or decoded."""


class MungeRefused(MungeError):  # noqa: N818 (says what it is)
    """The credential proves nothing."""


class MungeUnavailable(MungeError):  # noqa: N818 (says what it is)
    """MUNGE is not installed, or its daemon does not answer: start ``munged``, and try again."""


class Munged(NamedTuple):
    """What was in a credential.

    Attributes:
        payload: what its maker put in.
        uid: user id of its maker.
        gid: group id of its maker.
    """

    payload: bytes
    uid: int
    gid: int


def munge(payload: bytes, *, socket: str | None = None, ttl_s: int = 60) -> bytes:
    """A credential of this process with a payload.

    Args:
        payload: anybody in the cluster can read it.
        socket: where the daemon listens; None for the system's.
        ttl_s: how long it is good.

    Raises:
        MungeUnavailable: there is no MUNGE.
    """
    credential = ctypes.c_void_p()
    with _context(socket, ttl_s) as context, _freeing(credential):
        status = _library().munge_encode(ctypes.byref(credential), context, payload, len(payload))
        if status:
            raise MungeUnavailable(_daemon_fault(status, socket))
        return ctypes.string_at(credential.value or 0)


def unmunge(credential: bytes, *, socket: str | None = None) -> Munged:
    """What is in a credential. A second time, the same one is refused.

    Args:
        credential: as it came.
        socket: where the daemon listens; None for the system's.

    Raises:
        MungeRefused: it is no credential, or one that is not good (any more); the message says why.
        MungeUnavailable: there is no MUNGE.
    """
    if not 0 < len(credential) <= _MAX_CREDENTIAL_BYTES or b"\0" in credential:
        raise MungeRefused(_REFUSALS[8])
    payload, length = ctypes.c_void_p(), ctypes.c_int()
    uid, gid = ctypes.c_uint32(), ctypes.c_uint32()
    with _context(socket) as context, _freeing(payload):
        status = _library().munge_decode(credential, context, *map(ctypes.byref, (payload, length, uid, gid)))
        if status in _REFUSALS:
            raise MungeRefused(_REFUSALS[status])
        if status:
            raise MungeUnavailable(_daemon_fault(status, socket))
        data = ctypes.string_at(payload.value, length.value) if payload.value else b""
        return Munged(data, uid.value, gid.value)


def _daemon_fault(status: int, socket: str | None) -> str:
    text = _library().munge_strerror(status).decode(errors="replace")
    return f"munged does not answer at {socket or 'its usual socket'}: {text}; is the daemon running?"


@contextmanager
def _context(socket: str | None, ttl_s: int | None = None) -> Iterator[int]:
    library = _library()
    context = library.munge_ctx_create()
    if not context:
        raise MemoryError("libmunge has no memory")
    try:
        if socket is not None:
            library.munge_ctx_set(ctypes.c_void_p(context), _OPTION_SOCKET, ctypes.c_char_p(socket.encode()))
        if ttl_s is not None:
            library.munge_ctx_set(ctypes.c_void_p(context), _OPTION_TTL, ctypes.c_int(ttl_s))
        yield context
    finally:
        library.munge_ctx_destroy(ctypes.c_void_p(context))


@contextmanager
def _freeing(pointer: ctypes.c_void_p) -> Iterator[None]:
    """Whatever the library put there is given back: also what came with a credential that it refused."""
    try:
        yield
    finally:
        _free()(pointer)


@cache
def _free() -> Callable[[ctypes.c_void_p], None]:
    free: Any = ctypes.CDLL(None).free
    free.argtypes, free.restype = [ctypes.c_void_p], None
    return free  # type: ignore[no-any-return]


@cache
def _library() -> Any:
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError as error:
        raise MungeUnavailable(f"MUNGE is not installed here ({error}); install the package munge") from None
    pointer = ctypes.c_void_p
    library.munge_ctx_create.restype = pointer
    library.munge_strerror.restype = ctypes.c_char_p
    library.munge_encode.argtypes = [pointer, pointer, ctypes.c_char_p, ctypes.c_int]
    library.munge_decode.argtypes = [ctypes.c_char_p, pointer, pointer, pointer, pointer, pointer]
    return library
