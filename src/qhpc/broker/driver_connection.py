"""A connection to the driver of a QPU."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from qat.comm.framing import FrameDecoder
from qat.core.errors import WireError
from qhpc.broker.drivers.messages import MAX_MESSAGE_BYTES, DriverMessage, frame_of, message_in

__all__ = ["DriverConnection"]


class DriverConnection(asyncio.Protocol):
    """One connection.

    Args:
        hear: called with each message.

    Attributes:
        is_over: done when the connection is gone.
    """

    __slots__ = ("_decoder", "_hear", "_out", "_transport", "is_over")

    def __init__(self, hear: Callable[[DriverMessage], None]) -> None:
        self._hear = hear
        self._transport: asyncio.Transport | None = None
        self._decoder = FrameDecoder(MAX_MESSAGE_BYTES)
        self._out: list[bytes] = []
        self.is_over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Something came."""
        try:
            for frame in self._decoder.feed(data):
                self._hear(message_in(frame.kind, frame.payload))
        except WireError as error:
            self._end(f"what came is no message of a driver: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._transport = None
        self._end(f"the connection broke: {exc}" if exc else "the driver closed the connection")

    def say(self, message: DriverMessage) -> None:
        """Tell it something at the next ``flush``."""
        self._out.append(frame_of(message))

    def flush(self) -> None:
        """Send what it was told, in one write."""
        out, self._out = self._out, []
        if out and self._transport is not None and not self._transport.is_closing():
            self._transport.write(out[0] if len(out) == 1 else b"".join(out))

    def close(self) -> None:
        """Hang up, after what it was told."""
        self.flush()
        if self._transport is not None:
            self._transport.close()

    def _end(self, reason: str) -> None:
        if not self.is_over.done():
            self.is_over.set_result(reason)
        if self._transport is not None:
            self._transport.abort()
