"""A connection to a job: its first words with a limit on their length and time, then messages in both directions."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from typing import Any, Protocol, cast

from qat.comm.broker.messages import (
    FRAME_KIND,
    VERSION,
    Greeting,
    Message,
    OpenSession,
    Question,
    Refused,
    frame_of,
    message_in,
)
from qat.comm.framing import FrameDecoder
from qat.core.errors import WireError
from qhpc.broker.identity import Peer, peer_of

__all__ = ["ConnectionHost", "JobConnection"]

_MAX_OPENING_BYTES = 1 << 16
"""Of a connection whose identity nobody knows yet, no more is kept."""

_NONCE_BYTES = 16


class ConnectionHost(Protocol):
    """What a connection needs of the broker.

    Attributes:
        cluster: its name.
        methods: how jobs may say who they are.
        max_message_bytes: longest message of a job.
        max_unread_bytes: what a job has not read before it is disconnected.
    """

    cluster: str
    methods: tuple[Any, ...]
    max_message_bytes: int
    max_unread_bytes: int

    def arrived(self, connection: JobConnection) -> bool:
        """A connection is there; whether it may stay."""

    def gone(self, connection: JobConnection) -> None:
        """A connection is gone."""

    async def opens(self, connection: JobConnection, message: OpenSession) -> bool:
        """A job opens its session; whether it may."""

    async def asks(self, connection: JobConnection, message: Question) -> Message:
        """The answer to who looks after the broker, or asks about a job."""

    def says(self, connection: JobConnection, message: Message) -> None:
        """A job whose session is open says something."""


class JobConnection(asyncio.Protocol):
    """One connection.

    Args:
        host: the broker.

    Attributes:
        peer: the process at the other end of a Unix socket; None over TCP.
        nonce: what a credential has to carry.
        is_open: whether its session is.
        since_s: since when it has not opened its session, or has not read what it was told; None if all is well.
    """

    __slots__ = ("_decoder", "_first", "_host", "_opening", "_out", "_transport", "is_open", "nonce", "peer", "since_s")

    def __init__(self, host: ConnectionHost) -> None:
        self._host = host
        self._transport: asyncio.Transport | None = None
        self._first = bytearray()
        self._decoder: FrameDecoder | None = None
        self._opening: asyncio.Task[None] | None = None
        self._out: list[bytes] = []
        self.peer: Peer | None = None
        self.nonce = secrets.token_bytes(_NONCE_BYTES)
        self.is_open = False
        self.since_s: float | None = None

    # ------------------------------------------------------------ what asyncio calls
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=1 << 20)
        self.since_s = asyncio.get_running_loop().time()
        connected = transport.get_extra_info("socket")
        if isinstance(transport.get_extra_info("ssl_object"), ssl.SSLObject) is False:
            self.peer = peer_of(connected)
        if self._host.arrived(self):
            self.say(Greeting(VERSION, self._host.cluster, self.nonce, self._host.methods))
            self.flush()
        else:
            self.refuse("unavailable", "too many connections are open: try again later")

    def data_received(self, data: bytes) -> None:
        """Something came."""
        if self._decoder is None:
            self._first += data
            self._open_if_said()
            return
        try:
            frames = self._decoder.feed(data)
            for frame in frames:
                self._host.says(self, message_in(frame.kind, frame.payload))
        except WireError as error:
            self.refuse("malformed", str(error))

    def pause_writing(self) -> None:
        """It does not read."""
        if self.since_s is None:
            self.since_s = asyncio.get_running_loop().time()

    def resume_writing(self) -> None:
        """It has read."""
        if self.is_open:
            self.since_s = None

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._transport = None
        if self._opening is not None:
            self._opening.cancel()
        self._host.gone(self)

    # ------------------------------------------------------------ first words
    def _open_if_said(self) -> None:
        """If the first message is whole, have somebody find out who it is; nothing is read meanwhile."""
        if self._opening is not None or self._transport is None:
            return
        try:
            message = self._first_message()
        except WireError as error:
            self.refuse("malformed", str(error))
            return
        if message is not None:
            self._transport.pause_reading()
            self._opening = asyncio.get_running_loop().create_task(self._open(message))

    def _first_message(self) -> OpenSession | Question | None:
        if len(self._first) < 8:
            return None
        end = 8 + int.from_bytes(self._first[:4], "little")
        if end > _MAX_OPENING_BYTES:
            raise WireError(f"the first message announces {end - 8} bytes", f"at most {_MAX_OPENING_BYTES}")
        if len(self._first) < end:
            return None
        (frame,) = FrameDecoder(_MAX_OPENING_BYTES, FRAME_KIND).feed(bytes(self._first[:end]))
        del self._first[:end]
        message = message_in(frame.kind, frame.payload)
        if not isinstance(message, OpenSession | Question):
            raise WireError(f"{type(message).__name__} came first", "OpenSession")
        return message

    async def _open(self, message: OpenSession | Question) -> None:
        if isinstance(message, Question):
            self.say(await self._host.asks(self, message))
            self.flush()
        elif await self._host.opens(self, message):
            self.is_open, self.since_s = True, None
        else:
            self.close()
        self._opening = None
        self._go_on()

    def _go_on(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.resume_reading()
        if self.is_open:
            rest, self._first = bytes(self._first), bytearray()
            self._decoder = FrameDecoder(self._host.max_message_bytes, FRAME_KIND)
            self.data_received(rest)
        else:
            self._open_if_said()

    # ------------------------------------------------------------ what it is told
    def say(self, message: Message) -> None:
        """Tell it something at the next ``flush``."""
        self._out.append(frame_of(message))

    def flush(self) -> None:
        """Send what it was told, in one write; who has not read too much is disconnected."""
        out, self._out = self._out, []
        transport = self._transport
        if not out or transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() > self._host.max_unread_bytes:
            transport.abort()
        else:
            transport.write(out[0] if len(out) == 1 else b"".join(out))

    def refuse(self, code: str, reason: str) -> None:
        """Tell it why, and hang up."""
        self.say(Refused(code, reason))
        self.close()

    def close(self) -> None:
        """Hang up, after what it was told."""
        self.flush()
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Hang up at once."""
        if self._transport is not None:
            self._transport.abort()
