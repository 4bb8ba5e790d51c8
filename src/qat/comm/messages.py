"""The messages of a protocol as frames on a stream, and back. No input or output here."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from qat.comm.framing import encode_frame
from qat.core.errors import WireError

__all__ = ["MessageCodec"]


M = TypeVar("M")


class MessageCodec(Generic[M]):
    """Encodes and decodes the messages of one protocol.

    Args:
        messages: union of its tagged structures.
        kind: number of its frames, other than those of all other protocols.
        name: of the protocol, for errors.

    >>> class Ping(msgspec.Struct, tag="ping", array_like=True):
    ...     number: int
    >>> codec = MessageCodec(Ping, kind=7, name="a game")
    >>> frame = codec.frame_of(Ping(3))
    >>> codec.message_in(7, frame[8:])
    Ping(number=3)
    """

    def __init__(self, messages: Any, *, kind: int, name: str) -> None:
        self._kind, self._name = kind, name
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(messages).decode

    def frame_of(self, message: M) -> bytes:
        """A message as it travels."""
        return encode_frame(self._kind, self._encode(message))

    def message_in(self, kind: int, payload: bytes) -> M:
        """The message in a frame.

        Raises:
            WireError: it is none of this protocol.
        """
        if kind != self._kind:
            raise WireError(f"a frame of kind {kind} came", f"kind {self._kind}", f"is {self._name} at the other end?")
        try:
            message: M = self._decode(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            cure = "use the same version of openqat on both sides"
            raise WireError(f"a message cannot be read: {error}", f"one of {self._name}", cure) from error
        return message
