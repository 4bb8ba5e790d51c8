"""``serve``: offers a service to clients in other processes, until it is interrupted.

The published types of server differ in how calls meet each other:

============  =====================================================================================================
``simple``    one call at a time, from however many clients
``threaded``  every client has a thread
``pool``      as ``threaded``, ten calls at a time
``fork``      every client has a process of its own, with a copy of the object
``stoppable``  as ``fork``; a client that goes away takes its process with it, even in the middle of a call
============  =====================================================================================================
"""

from __future__ import annotations

import os
import signal
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from threading import BoundedSemaphore, Lock, Thread
from typing import Any, NamedTuple

from qat.core.errors import WireError
from qat.served.listener import listening_socket, server_context, warn_if_open
from qat.served.protocol import SILENCE_S, Call, Failure, Hello
from qat.served.pulse import Pulse
from qat.served.responder import Responder
from qat.served.stream import MessageStream

__all__ = ["SERVER_TYPES", "Server", "serve"]

_HANDSHAKE_S = 10.0
_IDLE_S = 24 * 3600.0
_POOL_SIZE = 10


class ServerType(NamedTuple):
    """How calls meet: what a call waits for, and whether clients have processes of their own."""

    turn: Callable[[], AbstractContextManager[Any]]
    forks: bool = False
    is_stoppable: bool = False


SERVER_TYPES: dict[str, ServerType] = {
    "simple": ServerType(Lock),
    "threaded": ServerType(nullcontext),
    "pool": ServerType(lambda: BoundedSemaphore(_POOL_SIZE)),
    "fork": ServerType(nullcontext, forks=True),
    "stoppable": ServerType(nullcontext, forks=True, is_stoppable=True),
}


def serve(service: Any, *arguments: Any) -> None:
    """Offer a service to clients; returns when the process is interrupted. Arguments as for :class:`Server`."""
    with Server(service, *arguments) as server, suppress(KeyboardInterrupt):
        server.run()


class Server:
    """A served object and the socket it listens on.

    Args:
        service: a QPU, plugin, generator, application or stack.
        port: 0 for any free one; ``server.port`` tells which.
        host_ip: address to listen on; ``"*"`` for all.
        server_type: one of :data:`SERVER_TYPES`; ``simple`` by default.
        ssl_cert: certificate (PEM) that makes it TLS.
        ssl_key: its key.
        ssl_ca: authority whose clients are let in; all by default.

    Raises:
        TypeError: the object cannot be served.
        ValueError: there is no such type of server.
        OSError: the port is taken.

    >>> from qat.qpus import LinAlg, RemoteQPU
    >>> from qat.core import Circuit
    >>> with Server(LinAlg(), 0) as server:
    ...     server.start()
    ...     len(RemoteQPU(server.port).submit(Circuit.empty(1).to_job()))
    1
    """

    def __init__(
        self,
        service: Any,
        port: int,
        host_ip: str = "localhost",
        server_type: str | None = None,
        ssl_cert: str | None = None,
        ssl_key: str | None = None,
        ssl_ca: str | None = None,
    ) -> None:
        Responder(service)  # refuses what cannot be served
        server_type = server_type or "simple"
        if server_type not in SERVER_TYPES:
            raise ValueError(f"there is no server type {server_type!r}: give one of {', '.join(SERVER_TYPES)}")
        self._service = service
        self._type = SERVER_TYPES[server_type]
        self._turn = self._type.turn()
        self._context = server_context(ssl_cert, ssl_key, ssl_ca)
        warn_if_open(host_ip, self._context)
        self._listener = listening_socket(port, host_ip)
        self._streams: set[MessageStream] = set()
        self._pulse = Pulse()
        self._is_closed = False

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self._listener.getsockname()[1]
        return port

    def start(self) -> None:
        """Serve in a thread of its own, until ``close``."""
        Thread(target=self.run, name=f"serve-{self.port}", daemon=True).start()

    def run(self) -> None:
        """Serve, until ``close`` or an interruption."""
        care = self._in_process if self._type.forks else self._in_thread
        while not self._is_closed:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                if self._is_closed:
                    return
                time.sleep(0.05)  # out of file descriptors: clients that leave make room
                continue
            care(connection)

    def close(self) -> None:
        """Stop listening and let go of all clients."""
        self._is_closed = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for stream in tuple(self._streams):
            stream.close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _in_thread(self, connection: socket.socket) -> None:
        Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _in_process(self, connection: socket.socket) -> None:
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if os.fork():
            connection.close()
            return
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            self._listener.close()
            self._pulse = Pulse(ends_process=self._type.is_stoppable)
            self._converse(connection)
            status = 0
        finally:
            os._exit(status)

    def _converse(self, connection: socket.socket) -> None:
        """One client, from its first word until it leaves or talks nonsense."""
        try:
            stream = MessageStream(_secured(connection, self._context), SILENCE_S)
        except OSError:  # no TLS, or gone already
            connection.close()
            return
        self._streams.add(stream)
        responder = Responder(self._service)
        try:
            if _is_welcome(stream, responder):
                while isinstance(call := stream.receive(_IDLE_S), Call):
                    stream.send(self._answered(stream, responder, call))
        except (ConnectionError, WireError):
            pass  # nobody is left to be told
        finally:
            responder.close()
            self._streams.discard(stream)
            stream.close()

    def _answered(self, stream: MessageStream, responder: Responder, call: Call) -> Any:
        with self._pulse.of(stream), self._turn:
            return responder.respond(call)


def _secured(connection: socket.socket, context: ssl.SSLContext | None) -> socket.socket:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.settimeout(_HANDSHAKE_S)
    return connection if context is None else context.wrap_socket(connection, server_side=True)


def _is_welcome(stream: MessageStream, responder: Responder) -> bool:
    hello = stream.receive(_HANDSHAKE_S)
    if not isinstance(hello, Hello):
        return False
    greeting = responder.greet(hello)
    stream.send(greeting)
    return not isinstance(greeting, Failure)
