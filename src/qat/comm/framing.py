"""Frames on a byte stream: what a pipe, a socket or TLS carries between two processes. No input or output here.

::

    offset  size  field
    0       4     length of what follows after byte 8, little-endian like all numbers
    4       2     kind of frame, a number of the protocol that uses the stream
    6       2     channel: which of several conversations on the stream it belongs to
    8       …     payload

>>> decoder = FrameDecoder()
>>> stream = encode_frame(3, b"abc", channel=7) + encode_frame(4, b"")
>>> decoder.feed(stream[:5]), [(frame.kind, frame.channel, bytes(frame.payload)) for frame in decoder.feed(stream[5:])]
([], [(3, 7, b'abc'), (4, 0, b'')])
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from qat.core.errors import WireError

__all__ = ["MAX_PAYLOAD_BYTES", "Frame", "FrameDecoder", "encode_frame"]

MAX_PAYLOAD_BYTES = 1 << 32
"""No frame is longer; a stream may allow less."""

_HEADER = struct.Struct("<IHH")


class Frame(NamedTuple):
    """One frame.

    Attributes:
        kind: number of the kind of message.
        channel: the conversation it belongs to.
        payload: its content.
    """

    kind: int
    channel: int
    payload: bytes


def encode_frame(kind: int, payload: bytes | bytearray | memoryview, *, channel: int = 0) -> bytes:
    """A frame as bytes.

    Raises:
        WireError: the payload is too long.
    """
    size = memoryview(payload).nbytes
    if size >= MAX_PAYLOAD_BYTES:
        raise WireError(f"a message of {size} bytes is too large to be sent", f"less than {MAX_PAYLOAD_BYTES}")
    return b"".join((_HEADER.pack(size, kind, channel), payload))


class FrameDecoder:
    """Takes bytes as they arrive and gives the frames that are complete.

    Args:
        max_payload_bytes: longer frames are refused as soon as their header is seen, before any of it is kept.
        kind: frames of any other kind are refused just so: what is at the other end speaks something else.
    """

    def __init__(self, max_payload_bytes: int = MAX_PAYLOAD_BYTES, kind: int | None = None) -> None:
        self._max_payload_bytes, self._kind = max_payload_bytes, kind
        self._buffer = bytearray()

    @property
    def has_partial_frame(self) -> bool:
        """Whether a frame has begun and not ended: a stream that closes now was cut off."""
        return bool(self._buffer)

    def feed(self, data: bytes | bytearray | memoryview) -> list[Frame]:
        """The frames that are complete with these bytes. Cost O(bytes).

        Raises:
            WireError: a frame is longer than allowed, or of another kind; the stream cannot be used any more.
        """
        self._buffer += data
        frames, start = [], 0
        while len(self._buffer) - start >= _HEADER.size:
            size, kind, channel = _HEADER.unpack_from(self._buffer, start)
            if size > self._max_payload_bytes:
                raise WireError(f"a message of {size} bytes was announced", f"at most {self._max_payload_bytes}")
            if self._kind not in (None, kind):
                raise WireError(f"a frame of kind {kind} came", f"kind {self._kind}", "is this the right address?")
            end = start + _HEADER.size + size
            if len(self._buffer) < end:
                break
            frames.append(Frame(kind, channel, bytes(memoryview(self._buffer)[start + _HEADER.size : end])))
            start = end
        del self._buffer[:start]
        return frames
