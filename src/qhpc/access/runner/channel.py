"""The end of a child process on the socket to its server: frames in, frames out, blocking."""

from __future__ import annotations

import socket
from collections import deque
from typing import Protocol

import msgspec

from qat.comm.framing import Frame, FrameDecoder, encode_frame
from qhpc.access.runner.frames import FrameKind

__all__ = ["Channel", "RunnerChannel"]

_CHUNK_BYTES = 1 << 18


class RunnerChannel(Protocol):
    """What a runner hears and tells by: a socket, or files."""

    def receive(self) -> Frame | None:
        """The next frame, waiting for it; None when there will be none."""

    def send(self, kind: FrameKind, payload: bytes, *, channel: int = 0) -> None:
        """Send a frame."""

    def send_structure(self, kind: FrameKind, structure: object, *, channel: int = 0) -> None:
        """Send a structure as msgpack."""


class Channel:
    """Frames over a connected socket.

    >>> ours, theirs = socket.socketpair()
    >>> Channel(ours).send(FrameKind.FAULT, b"no", channel=3)
    >>> channel = Channel(theirs)
    >>> channel.receive()
    Frame(kind=14, channel=3, payload=b'no')
    >>> ours.close(), channel.receive()
    (None, None)
    >>> theirs.close()
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._decoder = FrameDecoder()
        self._frames: deque[Frame] = deque()
        self._encoder = msgspec.msgpack.Encoder()

    def receive(self) -> Frame | None:
        """The next frame, waiting for it; None when the server has gone."""
        while not self._frames:
            try:
                data = self._socket.recv(_CHUNK_BYTES)
            except ConnectionError:
                return None
            if not data:
                return None
            self._frames.extend(self._decoder.feed(data))
        return self._frames.popleft()

    def send(self, kind: FrameKind, payload: bytes, *, channel: int = 0) -> None:
        """Send a frame; waits while the server is behind with reading."""
        self._socket.sendall(encode_frame(kind, payload, channel=channel))

    def send_structure(self, kind: FrameKind, structure: object, *, channel: int = 0) -> None:
        """Send a structure as msgpack."""
        self.send(kind, self._encoder.encode(structure), channel=channel)
