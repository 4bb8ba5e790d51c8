"""Encoding and decoding: from a value to its kind, its structure and its bytes, and back."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import msgspec

from qat.comm.wire.envelope import seal, unseal
from qat.core.errors import WireError


class Format(NamedTuple):
    """How values of one class travel: their structure, and the functions into it and out of it."""

    structure: type[Any]
    pack: Callable[[Any], Any]
    unpack: Callable[[Any], Any]


class Kind(NamedTuple):
    """A kind of value: its number in the envelope, its class, and the module that has its format."""

    number: int
    name: str
    family: str


KINDS = (
    Kind(1, "Circuit", "circuit"),
    Kind(2, "Job", "job"),
    Kind(3, "Batch", "job"),
    Kind(4, "Result", "result"),
    Kind(5, "BatchResult", "result"),
    Kind(6, "Observable", "observable"),
    Kind(7, "Schedule", "schedule"),
    Kind(8, "HardwareSpecs", "specs"),
    Kind(9, "Topology", "specs"),
    Kind(10, "ServiceError", "errors"),
)
"""What travels. Numbers are never used again for something else."""

_BY_NUMBER = {kind.number: kind for kind in KINDS}
_BY_NAME = {kind.name: kind for kind in KINDS}
_HOME = "qat.core."
_encoder = msgspec.msgpack.Encoder()


def _kind_of(cls: type[Any]) -> Kind:
    """The kind of a class: that of its nearest ancestor that has one."""
    for base in cls.__mro__:
        if base.__module__.startswith(_HOME) and base.__name__ in _BY_NAME:
            return _BY_NAME[base.__name__]
    names = ", ".join(_BY_NAME)
    raise WireError(f"a {cls.__name__} cannot be sent or written to a file", f"one of {names}")


@cache
def _format_of(kind: Kind) -> Format:
    formats: dict[str, Format] = import_module(f"qat.comm.wire.{kind.family}").FORMATS
    return formats[kind.name]


@cache
def _decoder_of(kind: Kind) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(_format_of(kind).structure)


def encode(value: Any) -> bytes:
    """A value as a message.

    Args:
        value: an object of one of the classes of ``KINDS``.

    Raises:
        WireError: something in the value cannot travel.
    """
    kind = _kind_of(type(value))
    structure = _format_of(kind).pack(value)
    try:
        payload = _encoder.encode(structure)
    except (TypeError, OverflowError, UnicodeEncodeError, msgspec.EncodeError) as error:
        cure = "look for a field of an unusual type"
        raise WireError(
            f"this {kind.name} has a field that cannot be sent: {error}", "numbers and text", cure
        ) from error
    return seal(kind.number, payload)


def decode(data: bytes | bytearray | memoryview, cls: type[Any]) -> Any:
    """The value of class ``cls`` in a message.

    Args:
        data: the message.
        cls: what it should hold; a subclass of a published class stands for that class.

    Raises:
        WireError: the message is damaged, holds something else, or makes no sense.
    """
    expected = _kind_of(cls)
    number, payload = unseal(data)
    if number != expected.number:
        raise _wrong_kind(number, f"a {expected.name}")
    return _opened(expected, payload)


def decode_any(data: bytes | bytearray | memoryview) -> Any:
    """The value in a message, of whichever kind it is.

    Raises:
        WireError: the message is damaged, of an unknown kind, or makes no sense.
    """
    number, payload = unseal(data)
    kind = _BY_NUMBER.get(number)
    if kind is None:
        raise _wrong_kind(number, "a published value")
    return _opened(kind, payload)


def _opened(kind: Kind, payload: memoryview) -> Any:
    unpack, decoder = _format_of(kind).unpack, _decoder_of(kind)
    try:
        return unpack(decoder.decode(payload))
    except WireError:
        raise
    except Exception as error:  # Whatever stumbles over content that makes no sense, callers see one class of error.
        raise WireError(f"its content is not that of a {kind.name}: {error}", cure="write it again") from error


def _wrong_kind(number: int, expected: str) -> WireError:
    found = _BY_NUMBER.get(number)
    if found is None:
        cure = "read it with a newer openqat: pip install -U openqat"
        return WireError(f"it holds a value of the unknown kind {number}", expected, cure)
    return WireError(f"it holds a {found.name}", expected, f"load it with {found.name}.load")
