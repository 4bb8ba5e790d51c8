"""Records in a file that only grows, so that a torn end is told from the rest. No input or output here.

::

    offset  size  field
    0       4     length of the payload, little-endian like all numbers
    4       4     CRC-32 of the payload
    8       …     payload
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

__all__ = ["Records", "record", "records_in"]

_HEADER = struct.Struct("<II")


class Records(NamedTuple):
    """What a file holds.

    Attributes:
        payloads: of all whole records, in order.
        nb_bytes: how far they go; what follows was being written when the writer died.
        is_damaged: whether whole records follow what is not one: then the file was changed by somebody else.
    """

    payloads: list[bytes]
    nb_bytes: int
    is_damaged: bool


def record(payload: bytes) -> bytes:
    """A payload as a record.

    >>> records_in(record(b"one") + record(b"two")[:-1])
    Records(payloads=[b'one'], nb_bytes=11, is_damaged=False)
    """
    return _HEADER.pack(len(payload), zlib.crc32(payload)) + payload


def records_in(data: bytes) -> Records:
    """The records at the beginning of ``data``. Cost O(bytes)."""
    payloads, start, view = [], 0, memoryview(data)
    while (payload := _payload_at(view, start)) is not None:
        payloads.append(bytes(payload))
        start += _HEADER.size + len(payload)
    return Records(payloads, start, _follows_another(view, start))


def _payload_at(view: memoryview, start: int) -> memoryview | None:
    """The payload of the record that begins at ``start``; None if none does."""
    if len(view) - start < _HEADER.size:
        return None
    size, checksum = _HEADER.unpack_from(view, start)
    payload = view[start + _HEADER.size : start + _HEADER.size + size]
    return payload if size and len(payload) == size and zlib.crc32(payload) == checksum else None


def _follows_another(view: memoryview, start: int) -> bool:
    """Whether the record at ``start`` is broken, but a whole one follows it."""
    if len(view) - start < _HEADER.size:
        return False
    size, _ = _HEADER.unpack_from(view, start)
    return _payload_at(view, start + _HEADER.size + size) is not None
