"""The envelope of a message: what it is, in which version, how long, and whether it arrived unchanged.

::

    offset  size  field
    0       4     magic, b"OQAT"
    4       2     version of the format, little-endian like all numbers
    6       2     kind of value
    8       4     checksum (CRC-32) of all other bytes from offset 4 on
    12      8     length of the payload in bytes
    20      …     payload, msgpack
"""

from __future__ import annotations

import struct
import zlib

from qat.core.errors import WireError

MAGIC = b"OQAT"
VERSION = 1
"""The format that is written, and the newest that is read."""

_HEADER = struct.Struct("<4sHHIQ")
_CHECKED = struct.Struct("<HHQ")


def seal(kind: int, payload: bytes | bytearray) -> bytes:
    """The message with a payload of this kind.

    >>> len(seal(1, b"abc"))
    23
    """
    return _HEADER.pack(MAGIC, VERSION, kind, _checksum(VERSION, kind, payload), len(payload)) + payload


def unseal(message: bytes | bytearray | memoryview) -> tuple[int, memoryview]:
    """Kind and payload of a message.

    Raises:
        WireError: it is no message, is too new, is cut off or was changed.

    >>> kind, payload = unseal(seal(1, b"abc"))
    >>> kind, bytes(payload)
    (1, b'abc')
    """
    view = memoryview(message).cast("B")
    if len(view) < _HEADER.size or bytes(view[: len(MAGIC)]) != MAGIC:
        raise _not_a_message(view)
    _, version, kind, checksum, length = _HEADER.unpack_from(view)
    if not 1 <= version <= VERSION:
        found = f"it is written in format version {version}"
        raise WireError(found, f"version 1 to {VERSION}", "read it with a newer openqat: pip install -U openqat")
    payload = view[_HEADER.size :]
    if len(payload) != length:
        found = f"it holds {len(payload)} bytes of content where its header announces {length}"
        raise WireError(found, "a complete file", "write or transfer it again")
    if checksum != _checksum(version, kind, payload):
        raise WireError(
            "its content does not match its checksum", "an unchanged file", "it was edited or damaged: write it again"
        )
    return kind, payload


def _checksum(version: int, kind: int, payload: bytes | bytearray | memoryview) -> int:
    return zlib.crc32(payload, zlib.crc32(_CHECKED.pack(version, kind, len(payload))))


def _not_a_message(view: memoryview) -> WireError:
    start = bytes(view[:8])
    found = f"it starts with {start!r}" if start else "it is empty"
    return WireError(found, f"a file written by dump(), which starts with {MAGIC!r}", "check the file name")
