"""The end of the server on the socket to a child process: frames in and out, within the event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import cast

from qat.comm.framing import Frame, FrameDecoder, encode_frame
from qat.core.errors import WireError

__all__ = ["Link"]


class Link(asyncio.Protocol):
    """Frames over a socket.

    Args:
        on_frame: called with each frame.
        on_closed: called once when the other end has gone, or has sent what is no frame.
        max_payload_bytes: of a frame; a larger one closes the link.
    """

    def __init__(
        self,
        on_frame: Callable[[Frame], None],
        on_closed: Callable[[], None],
        *,
        max_payload_bytes: int,
    ) -> None:
        self._on_frame, self._on_closed = on_frame, on_closed
        self._decoder = FrameDecoder(max_payload_bytes)
        self._transport: asyncio.Transport | None = None

    @property
    def is_open(self) -> bool:
        """Whether the other end can be reached."""
        return self._transport is not None

    async def open(self, connection: socket.socket) -> None:
        """Begin to listen on a connected socket, which belongs to this link from now on."""
        await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=connection)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        try:
            frames = self._decoder.feed(data)
        except WireError:
            self.close()
            return
        for frame in frames:
            self._on_frame(frame)

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the event loop."""
        self._transport = None
        self._on_closed()

    def send(self, kind: int, payload: bytes, *, channel: int = 0) -> None:
        """Send a frame, as soon as the other end reads."""
        if self._transport is not None:
            self._transport.write(encode_frame(kind, payload, channel=channel))

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.abort()
