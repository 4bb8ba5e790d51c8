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
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    if little.dtype.str not in DTYPES:
        raise WireError(f"an array of {array.dtype} cannot be sent", "numbers", "convert it with astype first")
    if little.nbytes > MAX_BYTES:
        raise WireError(f"an array of {little.nbytes} bytes is too large to be sent", f"at most {MAX_BYTES}")
    return Array(little.dtype.str, array.shape, little.reshape(-1).view(np.uint8).data)


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
    if array.dtype not in DTYPES or np.dtype(array.dtype).kind not in kinds:
        raise WireError(f"an array has elements of type {array.dtype[:20]!r}", f"one of the kinds {kinds!r}")
    dtype = np.dtype(array.dtype)
    has_shape = nb_dimensions is None or len(array.shape) == nb_dimensions
    is_possible = has_shape and len(array.shape) <= _MAX_DIMENSIONS and min(array.shape, default=0) >= 0
    if not is_possible or math.prod(array.shape) * dtype.itemsize != len(array.data):
        raise WireError(f"an array of shape {array.shape[:9]} has {len(array.data)} bytes of {array.dtype} elements")
    return np.frombuffer(array.data, dtype).reshape(array.shape).astype(dtype.newbyteorder("="))


_MAX_DIMENSIONS = 8


def pack_indices(indices: NDArray[np.integer[Any]]) -> Array:
    """Integers from 0 on, in the smallest type that holds them.

    >>> pack_indices(np.array([3, 200])).dtype
    '|u1'
    """
    largest = int(indices.max()) if indices.size else 0
    dtype = next(dtype for limit, dtype in _INDEX_DTYPES if largest < limit)
    return pack_array(indices.astype(dtype))


def unpack_indices(array: Array, limit: int, what: str) -> NDArray[np.int32]:
    """The integers, shape ``(n,)``, int32.

    Raises:
        WireError: one of them is not below ``limit``.
    """
    indices = unpack_array(array, "u", 1)
    if indices.size and int(indices.max()) >= min(limit, 1 << 31):
        raise WireError(f"{what} {int(indices.max())} is out of range", f"0 to {limit - 1}")
    return indices.astype(np.int32)
