"""Registers on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from qat.core.bits import DefaultRegister
from qat.core.errors import WireError
from qat.core.records import QRegister, QRegisterMetadata


class Register(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A register: where it lies, its quantum type with attributes, its key."""

    length: int
    start: int = 0
    msb: int | None = None
    subtype: str | None = None
    attributes: bytes | None = None
    key: str | None = None
    is_default: bool = False


def pack_registers(registers: Iterable[QRegister] | None) -> list[Register] | None:
    """Registers as they travel."""
    return None if registers is None else [_pack(register) for register in registers]


def _pack(register: QRegister) -> Register:
    metadata = register._subtype_metadata
    return Register(
        register.length or 0,
        register.start or 0,
        register.msb,
        None if metadata is None else metadata.subtype,
        None if metadata is None else metadata.serialized_attributes,
        getattr(register, "key", None),
        isinstance(register, DefaultRegister),
    )


def unpack_registers(registers: Sequence[Register] | None) -> list[QRegister] | None:
    """The registers, as plain records: what is needed to read results, without the classes of the language."""
    return None if registers is None else [_unpack(register) for register in registers]


def _unpack(wire: Register) -> QRegister:
    if not (0 <= wire.length < _LIMIT and 0 <= wire.start < _LIMIT):
        raise WireError(f"a register has {wire.length} qubits from {wire.start} on", "numbers from 0 on")
    has_type = wire.subtype is not None or wire.attributes is not None
    metadata = QRegisterMetadata(wire.subtype, wire.attributes) if has_type else None
    if wire.is_default:
        return DefaultRegister(wire.key, wire.length, wire.start, wire.msb, metadata)
    return QRegister(wire.length, wire.start, wire.msb, metadata)


_LIMIT = 1 << 31
