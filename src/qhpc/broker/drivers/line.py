"""The connection to the broker: messages in and out of a socket that does not block."""

from __future__ import annotations

import socket
from contextlib import suppress

from qat.comm.framing import FrameDecoder
from qat.core.errors import WireError
from qhpc.broker.drivers.messages import DriverMessage, frame_of, message_in

__all__ = ["Line"]

_CHUNK_BYTES = 1 << 18


class Line:
    """Messages over a connected socket. It never waits.

    Args:
        connection: the socket; it is the line's from now on.
        max_message_bytes: longer messages are a fault.

    Attributes:
        fault: why the line cannot be used any more; empty as long as it can.

    >>> from qhpc.broker.drivers.messages import Attach
    >>> ours, theirs = socket.socketpair()
    >>> line = Line(ours, 1000)
    >>> line.receive(), theirs.send(frame_of(Attach(1))) > 0, line.receive()
    ([], True, [Attach(version=1)])
    >>> theirs.close(), line.receive(), line.fault
    (None, [], 'the broker closed it')
    >>> line.close()
    """

    def __init__(self, connection: socket.socket, max_message_bytes: int) -> None:
        connection.setblocking(False)
        self.socket = connection
        self.fault = ""
        self._decoder = FrameDecoder(max_message_bytes)
        self._unsent: list[memoryview] = []

    @property
    def has_unsent(self) -> bool:
        """Whether there is more to send than the other side has taken."""
        return bool(self._unsent)

    def receive(self) -> list[DriverMessage]:
        """The messages that are complete now."""
        try:
            data = self.socket.recv(_CHUNK_BYTES)
        except BlockingIOError:
            return []
        except OSError as error:
            self.fault = f"it broke: {error}"
            return []
        if not data:
            self.fault = "the broker closed it"
            return []
        try:
            return [message_in(frame.kind, frame.payload) for frame in self._decoder.feed(data)]
        except WireError as error:
            self.fault = str(error)
            return []

    def put(self, message: DriverMessage) -> None:
        """Have a message sent; ``flush`` does it."""
        self._unsent.append(memoryview(frame_of(message)))

    def flush(self) -> None:
        """Send what the other side takes now."""
        try:
            while self._unsent:
                nb_bytes = self.socket.send(self._unsent[0])
                self._unsent[0] = self._unsent[0][nb_bytes:]
                if not self._unsent[0]:
                    self._unsent.pop(0)
        except BlockingIOError:
            return
        except OSError as error:
            self.fault = f"it broke: {error}"

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
