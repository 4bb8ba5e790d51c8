"""What a served object and its clients say to each other. No input or output here.

A conversation begins with the client's ``Hello``, which the server answers with a ``Welcome``. Then the client calls
methods, one at a time: a ``Call`` is answered by an ``Answer`` or a ``Failure``; as long as the server works on it, it
says ``Working`` every few seconds, so that silence means that it is gone. Values travel as
:mod:`qat.comm.arguments` packs them: no pickle, and no name in them is imported.

Which methods there are depends on the role of the object: see :data:`METHODS`.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from qat.comm.arguments import Argument, pack_argument, unpack_argument
from qat.comm.messages import MessageCodec
from qat.comm.wire import decode, encode
from qat.core.errors import GeneratorException, PluginException, QPUException, ServiceError

__all__ = [
    "EXCEPTIONS", "HEARTBEAT_S", "MAX_MESSAGE_BYTES", "METHODS", "SILENCE_S", "VERSION", "Answer", "Call", "Failure",
    "Hello", "Message", "Role", "Welcome", "Working", "frame_of", "message_in",
]  # fmt: skip

VERSION = 1
HEARTBEAT_S = 2.0
"""How often a working server says so."""

SILENCE_S = 30.0
"""After so long without a word from the other side, it is taken for gone."""

MAX_MESSAGE_BYTES = 1 << 31

Role = Literal["qpu", "plugin", "generator", "application"]

METHODS: dict[Role, tuple[str, ...]] = {
    "qpu": ("submit", "submit_job", "get_specs"),
    "plugin": ("compile", "post_process", "get_specs"),
    "generator": ("generate", "resume", "post_process"),
    "application": ("execute",),
}
"""What may be called, by role. ``resume`` gives a generator the result of what it yielded."""

EXCEPTIONS: dict[Role, type[ServiceError]] = {
    "qpu": QPUException,
    "plugin": PluginException,
    "generator": GeneratorException,
    "application": GeneratorException,
}
"""What a client raises for an exception that is not one of the services'."""


class _Message(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of the messages."""


class Hello(_Message, frozen=True, tag="hello"):
    """A client's first word: what it expects to find."""

    version: int
    role: Role


class Welcome(_Message, frozen=True, tag="welcome"):
    """The server's first word.

    Attributes:
        role: what is served.
        name: its class.
        does_post_processing: whether a plugin or generator defines ``post_process``.
    """

    version: int
    role: Role
    name: str
    does_post_processing: bool = False


class Call(_Message, frozen=True, tag="call"):
    """A method of the served object, and its arguments."""

    method: str
    arguments: tuple[Argument, ...] = ()
    keywords: dict[str, Argument] = {}

    @classmethod
    def of(cls, method: str, *arguments: Any, **keywords: Any) -> Call:
        """A call of ``method`` with these values.

        Raises:
            WireError: a value cannot travel.
        """
        packed = tuple(pack_argument(value, f"argument {i} of {method}") for i, value in enumerate(arguments))
        named = {name: pack_argument(value, f"argument {name!r} of {method}") for name, value in keywords.items()}
        return cls(method, packed, named)

    def values(self) -> tuple[list[Any], dict[str, Any]]:
        """The positional and the keyword arguments."""
        keywords = {name: unpack_argument(value) for name, value in self.keywords.items()}
        return [unpack_argument(value) for value in self.arguments], keywords


class Working(_Message, frozen=True, tag="working"):
    """The server is still at it."""


class Answer(_Message, frozen=True, tag="answer"):
    """What the method returned, what a generator yielded, or that it ended."""

    value: Argument = None
    kind: Literal["returned", "yielded", "ended"] = "returned"

    @classmethod
    def of(cls, value: Any, kind: Literal["returned", "yielded"] = "returned") -> Answer:
        """The answer with this value. Raises :class:`WireError` if it cannot travel."""
        return cls(pack_argument(value, "the answer"), kind)


class Failure(_Message, frozen=True, tag="failure"):
    """The exception that the method raised, as a message of ``qat.comm.wire``."""

    error: bytes

    @classmethod
    def of(cls, error: BaseException, role: Role) -> Failure:
        """An exception; one that is not a service's becomes the one of the role, with its class and text."""
        if not isinstance(error, ServiceError):
            error = EXCEPTIONS[role](code=1, modulename="qat.served", message=f"{type(error).__name__}: {error}")
        return cls(encode(error))

    def exception(self) -> ServiceError:
        """The exception, to be raised."""
        error: ServiceError = decode(self.error, ServiceError)
        return error


Message = Hello | Welcome | Call | Working | Answer | Failure

FRAME_KIND = 0x5153

_codec: MessageCodec[Message] = MessageCodec(Message, kind=FRAME_KIND, name="a served object of openqat")
frame_of, message_in = _codec.frame_of, _codec.message_in
