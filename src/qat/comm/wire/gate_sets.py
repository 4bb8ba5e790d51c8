"""Gate sets on the wire: names, parameter types and arities. Functions that make matrices or circuits do not travel."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from qat.core.errors import WireError
from qat.core.gate_set import GateSet, GateSignature, default_gate_set, revert_type


class Signature(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A family of gates; ``is_predefined`` stands for that of the gate table."""

    name: str
    types: list[int] = []
    arity: int | None = None
    is_predefined: bool = False


def pack_gate_set(gate_set: GateSet) -> list[Signature]:
    """A gate set as it travels."""
    known = default_gate_set()
    return [_pack(signature, known) for signature in gate_set.gate_signatures.values()]


def _pack(signature: GateSignature, known: GateSet) -> Signature:
    if signature.name in known and known[signature.name] == signature:
        return Signature(signature.name, is_predefined=True)
    return Signature(signature.name, signature.parameters, signature.arity)


def unpack_gate_set(signatures: Iterable[Signature]) -> GateSet:
    """The gate set; the predefined gates have their matrices, the others are names with types.

    >>> list(unpack_gate_set(pack_gate_set(default_gate_set())))[:3]
    ['X', 'Y', 'Z']
    """
    known = default_gate_set()
    return GateSet({wire.name: _unpack(wire, known) for wire in signatures})


def _unpack(wire: Signature, known: GateSet) -> GateSignature:
    if wire.is_predefined:
        if wire.name not in known:
            raise WireError(f"there is no predefined gate {wire.name[:40]!r}", f"one of {', '.join(known)}")
        return known[wire.name]
    return GateSignature(wire.name, [revert_type(code) for code in wire.types], wire.arity)
