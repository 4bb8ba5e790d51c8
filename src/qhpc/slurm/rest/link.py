"""The way to slurmrestd: its address, and one request on one connection. Each has a deadline."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from qat.qlmaas.http1 import AnswerParser, ProtocolError, request_bytes
from qhpc.slurm.controller import ControllerUnreachable
from qhpc.slurm.rest.requests import RestRequest

__all__ = ["RestAddress", "ask", "rest_address"]

_CHUNK_BYTES = 1 << 16
_MAX_ANSWER_BYTES = 1 << 28
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class RestAddress(NamedTuple):
    """Where slurmrestd listens: a path, or a host and a port, with TLS or without."""

    path: str = ""
    host: str = ""
    port: int = 0
    has_tls: bool = False

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"http{'s' * self.has_tls}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def rest_address(text: str) -> RestAddress:
    """The address in a text. Tokens travel, so beside TLS only a Unix socket and loopback will do.

    Raises:
        ValueError: it is none.

    >>> rest_address("unix:/run/slurmrestd/socket").path, str(rest_address("https://slurm.site:6820"))
    ('/run/slurmrestd/socket', 'https://slurm.site:6820')
    """
    expected = "expected unix:/PATH, https://HOST:PORT, or http://127.0.0.1:PORT"
    if text.startswith("unix:/"):
        return RestAddress(path=text.removeprefix("unix:"))
    try:
        parts = urlsplit(text)
        address = RestAddress(host=parts.hostname or "", port=parts.port or 0, has_tls=parts.scheme == "https")
    except ValueError:
        raise ValueError(f"the address of slurmrestd is {text!r}; {expected}") from None
    is_plain = parts.scheme == "http" and address.host in _LOOPBACK
    if not (address.host and address.port and (address.has_tls or is_plain)) or parts.path.strip("/"):
        raise ValueError(f"the address of slurmrestd is {text!r}; {expected}")
    return address


async def ask(
    address: RestAddress, request: RestRequest, headers: Mapping[str, str], deadline_s: float
) -> tuple[int, bytes]:
    """Send a request; status and body of the answer.

    Raises:
        ControllerUnreachable: no answer came in time.
    """
    try:
        async with asyncio.timeout(deadline_s):
            return await _asked(address, request, headers)
    except TimeoutError:
        raise ControllerUnreachable(f"slurmrestd at {address} has not answered within {deadline_s:g} s") from None
    except (OSError, ProtocolError) as error:
        raise ControllerUnreachable(f"slurmrestd at {address} cannot be asked: {error}") from error


async def _asked(address: RestAddress, request: RestRequest, headers: Mapping[str, str]) -> tuple[int, bytes]:
    reader, writer = await _connected(address)
    try:
        host = address.host or "localhost"
        fields = {"Host": host, "Content-Type": "application/json", "Connection": "close", **headers}
        writer.write(request_bytes(request.method, request.path, fields, request.body))
        await writer.drain()
        return await _answer(reader)
    finally:
        writer.close()


async def _connected(address: RestAddress) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if address.path:
        return await asyncio.open_unix_connection(address.path)
    context = ssl.create_default_context() if address.has_tls else None
    return await asyncio.open_connection(address.host, address.port, ssl=context)


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    parser, body = AnswerParser(), bytearray()
    while not parser.is_complete:
        if data := await reader.read(_CHUNK_BYTES):
            body += parser.feed(data)
        else:
            parser.end()
        if len(body) > _MAX_ANSWER_BYTES:
            raise ProtocolError(f"the answer has more than {_MAX_ANSWER_BYTES} bytes")
    assert parser.head is not None  # it is complete
    return parser.head.status, bytes(body)
