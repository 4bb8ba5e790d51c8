"""Structures of circuits that came before: variational loops and repeated jobs send one structure again and again.

A circuit of gates of the table, without expressions and classical operations, is its structure and its parameters. The
structure is checked when it first comes; after that, the tapes share its columns, as bound copies of a circuit do, so
that the plan of the engine is found at once, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from qat.comm.wire.arrays import pack_array, unpack_array
from qat.comm.wire.gates import Gate, unpack_form, unpack_gate
from qat.comm.wire.tape import Columns, unpack_tape
from qat.core.errors import WireError
from qat.kernels.gates import GateRecord
from qat.kernels.tape import Tape

MAX_KEPT = 256
MAX_KEPT_BYTES = 1 << 13
"""Longer structures are not kept: checking them costs little beside running them."""


class _Structure(msgspec.Struct, frozen=True, array_like=True):
    """What a tape has beside the values of its parameters."""

    gates: list[str]
    columns: Columns
    nb_parameters: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Structure).decode


def plain_tape(gates: Sequence[str | Gate], columns: Columns) -> Tape | None:
    """The tape of a small circuit that is its structure and its parameters; None for other circuits.

    Raises:
        WireError: the columns do not fit together.
    """
    if (
        len(columns.gates.data) > MAX_KEPT_BYTES
        or not _is_plain(columns)
        or any(type(gate) is not str for gate in gates)
    ):
        return None
    parameters = _parameters(columns)
    structure = _encode((gates, msgspec.structs.replace(columns, parameters=None), len(parameters)))
    return _tape_of(structure).with_parameters(parameters) if len(structure) <= MAX_KEPT_BYTES else None


def _is_plain(columns: Columns) -> bool:
    return (
        columns.kinds is None
        and columns.slots is None
        and not (columns.objects or columns.expressions or columns.details)
    )


def _parameters(columns: Columns) -> NDArray[np.float64]:
    if columns.parameters is None:
        return np.empty(0)
    return unpack_array(columns.parameters, "f", 1).astype(np.float64, copy=False)


@lru_cache(maxsize=MAX_KEPT)
def _tape_of(structure: bytes) -> Tape:
    """The tape of a structure, all parameters 0."""
    parts = _decode(structure)
    zeros = pack_array(np.zeros(parts.nb_parameters))
    columns = msgspec.structs.replace(parts.columns, parameters=zeros)
    return unpack_tape(columns, [unpack_form(form, _gates(parts.gates)) for form in columns.forms])


def _gates(names: Sequence[str]) -> Callable[[int], GateRecord]:
    return lambda number: gate_at(names, number, _no_body)


def gate_at(gates: Sequence[str | Gate], number: int, bodies: Callable[[int], Tape]) -> GateRecord:
    """The record of the gate of this number.

    Raises:
        WireError: there is none.
    """
    if not 0 <= number < len(gates):
        raise WireError(f"gate {number} is out of range", f"0 to {len(gates) - 1}")
    return unpack_gate(gates[number], bodies)


def _no_body(number: int) -> Tape:
    raise WireError(f"a gate has the body {number}, which does not come before it")
