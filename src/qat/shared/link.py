"""Messages over a socket that never blocks: what cannot be sent now waits, what has come is read."""

from __future__ import annotations

import socket
from collections import deque
from contextlib import suppress
from pathlib import Path

from qat.comm.broker.messages import FRAME_KIND, MAX_MESSAGE_BYTES, Message, frame_of, message_in
from qat.comm.framing import FrameDecoder
from qat.comm.unix_paths import socket_path
from qat.shared.addresses import Address

__all__ = ["Link", "LinkBroken", "connected_to"]

_CHUNK_BYTES = 1 << 18
_NB_READS = 64


class LinkBroken(ConnectionError):  # noqa: N818 (says what it is)
    """The other side is gone."""


def connected_to(address: Address, authority: str, timeout_s: float) -> Link:
    """A connection to a broker.

    Args:
        address: of the broker.
        authority: file of the authority that signed its certificate; empty for those of the system.
        timeout_s: how long to try.

    Raises:
        OSError: nobody listens there, or not with a certificate that is valid for its name.
    """
    if address.path:
        plain = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            plain.settimeout(timeout_s)
            with socket_path(Path(address.path)) as name:
                plain.connect(name)
        except BaseException:
            plain.close()
            raise
        return Link(plain)
    return _secured(address, authority, timeout_s)


def _secured(address: Address, authority: str, timeout_s: float) -> Link:
    import ssl  # jobs beside their broker have no use for it, and are started by the thousand

    context = ssl.create_default_context(cafile=authority or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    plain = socket.create_connection((address.host, address.port), timeout_s)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wrapped = context.wrap_socket(plain, server_hostname=address.host)
        return Link(wrapped, (ssl.SSLWantReadError, ssl.SSLWantWriteError))
    except BaseException:
        plain.close()
        raise


class Link:
    """A connection to the broker. One thread at a time may use it.

    Args:
        connected: the socket; it is the link's from now on.
        later: what it raises, besides ``BlockingIOError``, when it can do nothing now.
    """

    def __init__(self, connected: socket.socket, later: tuple[type[OSError], ...] = ()) -> None:
        self._socket = connected
        self._later: tuple[type[OSError], ...] = (BlockingIOError, *later)
        connected.setblocking(False)
        self._decoder = FrameDecoder(MAX_MESSAGE_BYTES, FRAME_KIND)
        self._outbox: deque[memoryview] = deque()

    def fileno(self) -> int:
        """Descriptor, to wait on."""
        return self._socket.fileno()

    @property
    def has_unsent(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._outbox)

    def write(self, message: Message) -> None:
        """Send a message, now or with a later ``flush``.

        Raises:
            LinkBroken: the other side is gone.
        """
        self._outbox.append(memoryview(frame_of(message)))
        if len(self._outbox) == 1:
            self.flush()

    def flush(self) -> None:
        """Send what can be sent now. Raises as ``write``."""
        while self._outbox:
            try:
                sent = self._socket.send(self._outbox[0])
            except self._later:
                return
            except OSError as error:
                raise LinkBroken(f"the connection broke: {error}") from error
            rest = self._outbox[0][sent:]
            if rest:
                self._outbox[0] = rest
            else:
                self._outbox.popleft()

    def read(self) -> tuple[list[Message], bool]:
        """The messages that have come, and whether there may be more at once.

        Raises:
            LinkBroken: there will be none any more.
            WireError: what came is no message; the link cannot be used any more.
        """
        messages: list[Message] = []
        for _ in range(_NB_READS):
            try:
                data = self._socket.recv(_CHUNK_BYTES)
            except self._later:
                return messages, False
            except OSError as error:
                raise LinkBroken(f"the connection broke: {error}") from error
            if not data:
                if messages:
                    return messages, True
                raise LinkBroken("the broker closed the connection")
            messages += [message_in(frame.kind, frame.payload) for frame in self._decoder.feed(data)]
        return messages, True

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self.abandon()

    def abandon(self) -> None:
        """Let go of the socket without a word to the other side: it belongs to another process too."""
        with suppress(OSError):
            socket.socket.close(self._socket)
