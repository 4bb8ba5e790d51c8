"""Bodies of requests and answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar

import msgspec
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from qhpc.access.service.problems import AccessProblem

__all__ = ["JSON", "MESSAGE", "SUBMISSION", "json_answer", "raw_answer", "read_json", "read_raw"]

JSON = "application/json"
SUBMISSION = "application/vnd.openqat.submission+msgpack"
MESSAGE = "application/vnd.openqat.message"

_CHUNK_BYTES = 256 * 1024
"""Longer bodies are sent in parts, each of which a reader must take in time."""

_Body = TypeVar("_Body")


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A structure, or a list of them, as JSON."""
    return Response(msgspec.json.encode(value), status, headers=headers, media_type=JSON)


def raw_answer(content: bytes, media_type: str) -> Response:
    """Bytes as they are."""
    if len(content) <= _CHUNK_BYTES:
        return Response(content, media_type=media_type)
    length = {"content-length": str(len(content))}
    return StreamingResponse(_parts(content), media_type=media_type, headers=length)


async def _parts(content: bytes) -> AsyncIterator[bytes]:
    view = memoryview(content)
    for start in range(0, len(content), _CHUNK_BYTES):
        yield bytes(view[start : start + _CHUNK_BYTES])


async def read_json(request: Request, kind: type[_Body]) -> _Body:
    """The body as a structure.

    Raises:
        AccessProblem: it is of another type, or cannot be read.
    """
    check_type(request, JSON)
    body = await request.body()
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise AccessProblem("malformed-request", f"the body is not as expected: {error}") from None


async def read_raw(request: Request, media_type: str) -> bytes:
    """The body as bytes, if it is of this type."""
    check_type(request, media_type)
    return await request.body()


def check_type(request: Request, expected: str) -> None:
    """Refuse a body of another type."""
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != expected:
        raise AccessProblem("wrong-media-type", f"the body is {given[:80]!r}; {expected} was expected")
