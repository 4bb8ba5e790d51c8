"""Messages over a connected socket: whole messages in and out, a limit on silence, one writer at a time."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from threading import Lock
from weakref import finalize

from qat.comm.framing import Frame, FrameDecoder
from qat.core.errors import WireError
from qat.served.protocol import MAX_MESSAGE_BYTES, Message, frame_of, message_in

__all__ = ["MessageStream", "SilenceError", "StreamClosedError"]

_CHUNK_BYTES = 1 << 18


class StreamClosedError(ConnectionError):
    """The other side closed the connection."""


class SilenceError(ConnectionError):
    """The other side said nothing for too long."""


class MessageStream:
    """Messages over a socket, plain or TLS.

    Args:
        connected: the socket; it is the stream's from now on.
        silence_s: how long the other side may take nothing, or say nothing, unless ``receive`` is told otherwise.
    """

    def __init__(self, connected: socket.socket, silence_s: float) -> None:
        self._socket = connected
        finalize(self, connected.close)
        self._silence_s = silence_s
        self._decoder = FrameDecoder(MAX_MESSAGE_BYTES)
        self._frames: list[Frame] = []
        self._writing = Lock()

    def send(self, message: Message) -> None:
        """Send a message.

        Raises:
            ConnectionError: the other side is gone, or takes nothing any more.
        """
        data = frame_of(message)
        with self._writing:
            try:
                self._socket.settimeout(self._silence_s)
                self._socket.sendall(data)
            except TimeoutError:
                raise SilenceError(f"the other side took nothing for {self._silence_s:g} s") from None
            except OSError as error:
                raise StreamClosedError(f"the connection broke: {error}") from error

    def receive(self, silence_s: float | None = None) -> Message:
        """The next message.

        Args:
            silence_s: how long to wait for the next bytes.

        Raises:
            StreamClosedError: there will be none.
            SilenceError: none came in time.
            WireError: what came is no message; the stream cannot be used any more.
        """
        while not self._frames:
            self._frames = self._decoder.feed(self._read(self._silence_s if silence_s is None else silence_s))
        frame = self._frames.pop(0)
        return message_in(frame.kind, frame.payload)

    def _read(self, silence_s: float) -> bytes:
        try:
            self._socket.settimeout(silence_s)
            data = self._socket.recv(_CHUNK_BYTES)
        except TimeoutError:
            raise SilenceError(f"the other side said nothing for {silence_s:g} s") from None
        except OSError as error:
            raise StreamClosedError(f"the connection broke: {error}") from error
        if not data:
            if self._decoder.has_partial_frame:
                raise WireError("the connection ended in the middle of a message")
            raise StreamClosedError("the other side closed the connection")
        return data

    def is_open(self) -> bool:
        """Whether the other side, from which nothing is expected now, has kept the connection open."""
        try:
            self._socket.settimeout(0)
            self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False  # it closed, or said what nobody asked for

    def close(self) -> None:
        """Close the connection; whoever waits on it wakes up."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
