"""Arrays on the wire: dtype, shape and raw little-endian bytes."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from qat.core.errors import WireError

DTYPES = frozenset({"|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f4", "<f8", "<c8", "<c16", "|b1"})
"""The element types that travel."""

MAX_BYTES = 2**32 - 1
"""Largest array in one message."""

_INDEX_DTYPES = tuple((1 << 8 * np.dtype(name).itemsize, np.dtype(name)) for name in ("|u1", "<u2", "<u4"))
_NAMES = {np.dtype(name): name for name in DTYPES}
_BY_NAME = {name: (dtype, dtype.newbyteorder("=")) for dtype, name in _NAMES.items()}
_FEW = 64
"""So few small integers are quicker one by one than by NumPy, whose every call costs about a microsecond."""


class Array(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="a"):
    """An array: dtype name, shape, elements in C order."""

    dtype: str
    shape: tuple[int, ...]
    data: memoryview


def pack_array(array: NDArray[Any]) -> Array:
    """An array as it travels.

    Raises:
        WireError: elements of this type do not travel, or there are too many.

    >>> pack_array(np.arange(3)).shape
    (3,)
    """
    name = _NAMES.get(array.dtype)
    little = array if name is not None else np.asarray(array, dtype=array.dtype.newbyteorder("<"))
    name = name or _NAMES.get(little.dtype)
    if name is None:
        raise WireError(f"an array of {array.dtype} cannot be sent", "numbers", "convert it with astype first")
    if little.nbytes > MAX_BYTES:
        raise WireError(f"an array of {little.nbytes} bytes is too large to be sent", f"at most {MAX_BYTES}")
    return Array(name, array.shape, np.ascontiguousarray(little).reshape(-1).view(np.uint8).data)


def unpack_array(array: Array, kinds: str = "biufc", nb_dimensions: int | None = None) -> NDArray[Any]:
    """The array, writable, in native byte order.

    Args:
        array: as it travelled.
        kinds: the kinds of elements that are welcome, as NumPy's ``dtype.kind``.
        nb_dimensions: number of dimensions, when it matters.

    Raises:
        WireError: the elements are of another type, or are more or fewer than the shape says.

    >>> unpack_array(pack_array(np.array([1.5, 2.5])))
    array([1.5, 2.5])
    """
    sent, native = _BY_NAME.get(array.dtype, (None, None))
    if sent is None or sent.kind not in kinds:
        raise WireError(f"an array has elements of type {array.dtype[:20]!r}", f"one of the kinds {kinds!r}")
    shape = array.shape
    has_shape = nb_dimensions is None or len(shape) == nb_dimensions
    is_possible = has_shape and len(shape) <= _MAX_DIMENSIONS and min(shape, default=0) >= 0
    if not is_possible or math.prod(shape) * sent.itemsize != len(array.data):
        raise WireError(f"an array of shape {shape[:9]} has {len(array.data)} bytes of {array.dtype} elements")
    elements = np.frombuffer(array.data, sent).astype(native)
    return elements if len(shape) == 1 else elements.reshape(shape)


_MAX_DIMENSIONS = 8


def pack_indices(indices: NDArray[np.integer[Any]]) -> Array:
    """Integers from 0 on, in the smallest type that holds them.

    >>> pack_indices(np.array([3, 200])).dtype
    '|u1'
    """
    if indices.size <= _FEW and indices.ndim == 1 and (few := _as_bytes(indices.tolist())) is not None:
        return Array("|u1", indices.shape, memoryview(few))
    largest = int(indices.max()) if indices.size else 0
    dtype = next(dtype for limit, dtype in _INDEX_DTYPES if largest < limit)
    return pack_array(indices.astype(dtype))


def _as_bytes(indices: list[int]) -> bytes | None:
    try:
        return bytes(indices)
    except ValueError:  # one is above 255
        return None


def unpack_indices(array: Array, limit: int, what: str) -> NDArray[np.int32]:
    """The integers, shape ``(n,)``, int32.

    Raises:
        WireError: one of them is not below ``limit``.
    """
    if array.dtype == "|u1" and array.shape == (len(array.data),) and len(array.data) <= _FEW:
        few = list(array.data)
        if max(few, default=-1) < limit:
            return np.array(few, np.int32)
    indices = unpack_array(array, "u", 1)
    if indices.size and int(indices.max()) >= min(limit, 1 << 31):
        raise WireError(f"{what} {int(indices.max())} is out of range", f"0 to {limit - 1}")
    return indices.astype(np.int32)
