"""A client's connections to a served object."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from qat.comm.arguments import unpack_argument
from qat.core.errors import ErrorType, ServiceError, WireError
from qat.served.protocol import (
    EXCEPTIONS,
    SILENCE_S,
    VERSION,
    Answer,
    Call,
    Failure,
    Hello,
    Message,
    Role,
    Welcome,
    Working,
)
from qat.served.stream import MessageStream

__all__ = ["Connection", "Conversation"]

_CONNECT_S = 10.0


class Conversation:
    """One connection on which the server has said ``Welcome``; one call at a time."""

    def __init__(self, stream: MessageStream, welcome: Welcome) -> None:
        self._stream = stream
        self.welcome = welcome

    def call(self, method: str, *arguments: Any, **keywords: Any) -> Answer:
        """Call a method, wait for its answer as long as the server works on it.

        Raises:
            ServiceError: what the method raised.
            ConnectionError, WireError: the server is gone or talks nonsense; it may have run the call.
        """
        self._stream.send(Call.of(method, *arguments, **keywords))
        answer: Message = Working()
        while isinstance(answer, Working):
            answer = self._stream.receive()
        if isinstance(answer, Failure):
            raise answer.exception()
        if not isinstance(answer, Answer):
            raise WireError(f"the server said {type(answer).__name__}", "an answer")
        return answer

    def is_usable(self) -> bool:
        """Whether another call can be made."""
        return self._stream.is_open()

    def close(self) -> None:
        """Hang up."""
        self._stream.close()


class Connection:
    """The way to a served object: connects when it is needed, and keeps idle connections for the next call.

    Args:
        role: what is expected there.
        port: where it listens.
        host: its name or address.
        context: TLS, or None.
        server_name: name in the server's certificate, when it is not ``host``.
    """

    def __init__(self, role: Role, port: int, host: str, context: ssl.SSLContext | None = None) -> None:
        self._role, self._port, self._host, self._context = role, port, host, context
        self._idle: list[Conversation] = []
        self._guard = Lock()

    def __str__(self) -> str:
        return f"{self._host}:{self._port}"

    def call(self, method: str, *arguments: Any, **keywords: Any) -> Any:
        """What a method of the served object returns.

        Raises:
            ServiceError: what the method raised, or of the role's class: there is no server, or it is gone.
        """
        with self.conversation() as conversation:
            return unpack_argument(conversation.call(method, *arguments, **keywords).value)

    def welcome(self) -> Welcome:
        """What the server says of the object."""
        with self.conversation() as conversation:
            return conversation.welcome

    @contextmanager
    def conversation(self) -> Iterator[Conversation]:
        """A connection for several calls that belong together.

        Raises:
            ServiceError: see :meth:`call`.
        """
        conversation = self._idle_one() or self._new_one()
        is_fine = False
        try:
            yield conversation
            is_fine = True
        except ServiceError:
            is_fine = True
            raise
        except ConnectionError as error:
            raise self._wrong(
                f"the connection to {self} was lost: {error}. What was sent may have run; look at the server"
            ) from error
        except WireError as error:
            raise self._wrong(f"{self}: {error}") from error
        finally:
            if is_fine:
                with self._guard:
                    self._idle.append(conversation)
            else:
                conversation.close()

    def close(self) -> None:
        """Hang up all idle connections."""
        with self._guard:
            idle, self._idle = self._idle, []
        for conversation in idle:
            conversation.close()

    def _idle_one(self) -> Conversation | None:
        while True:
            with self._guard:
                if not self._idle:
                    return None
                conversation = self._idle.pop()
            if conversation.is_usable():
                return conversation
            conversation.close()

    def _new_one(self) -> Conversation:
        try:
            connected = socket.create_connection((self._host, self._port), _CONNECT_S)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                connected = self._context.wrap_socket(connected, server_hostname=self._host)
        except (OSError, OverflowError) as error:
            raise self._wrong(
                f"TTransportException: Could not connect to any of [({self._host!r}, {self._port})]: {error}. "
                "Is the server running, and are host and port right?"
            ) from error
        stream = MessageStream(connected, SILENCE_S)
        try:
            stream.send(Hello(VERSION, self._role))
            greeting = stream.receive(_CONNECT_S)
        except (ConnectionError, WireError) as error:
            stream.close()
            raise self._wrong(f"nobody at {self} speaks the protocol of served objects: {error}") from error
        if isinstance(greeting, Welcome) and greeting.role == self._role:
            return Conversation(stream, greeting)
        stream.close()
        raise greeting.exception() if isinstance(greeting, Failure) else self._wrong(f"{self} said {greeting!r:.80}")

    def _wrong(self, message: str) -> ServiceError:
        return EXCEPTIONS[self._role](ErrorType.ABORT, "qat.served", message)
