"""Plain records of circuits on the wire: where ancillas are in use, declared variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from qat.comm.wire.values import Value, pack_value, unpack_value
from qat.core.errors import WireError
from qat.core.records import AncillaMap, ComplexNumber, Param, Variable


class Ancillas(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Ranges of operations that lock qubits: pairs of a qubit and its ranges."""

    locked: list[tuple[int, list[tuple[int, int]]]] | None = None
    count: int | None = None


class Declared(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A declared variable: its type, and its value as a parameter record has it."""

    name: str
    type: int | None = None
    has_value: bool = False
    is_abstract: bool | None = None
    value_type: int | None = None
    int_p: Value = None
    double_p: Value = None
    string_p: Value = None
    complex_p: Value = None


def pack_ancillas(ancillas: AncillaMap | None) -> Ancillas | None:
    """An ancilla map as it travels."""
    if ancillas is None:
        return None
    ranges = ancillas.locked_ranges
    locked = None if ranges is None else [(q, [(int(a), int(b)) for a, b in ranges[q]]) for q in ranges]
    return Ancillas(locked, ancillas.nbancillae)


def unpack_ancillas(wire: Ancillas | None) -> AncillaMap | None:
    """The ancilla map.

    >>> unpack_ancillas(pack_ancillas(AncillaMap({4: [(0, 2)]}, 1))).locked_ranges
    {4: [(0, 2)]}
    """
    return None if wire is None else AncillaMap(None if wire.locked is None else dict(wire.locked), wire.count)


def pack_variables(variables: Mapping[str, Variable] | None) -> list[Declared] | None:
    """Declared variables as they travel."""
    return None if variables is None else [_pack(name, variables[name]) for name in variables]


def _pack(name: str, variable: Variable) -> Declared:
    param = variable.value
    if param is None:
        return Declared(name, variable.type)
    values = (param.int_p, param.double_p, param.string_p, param.complex_p)
    packed = (pack_value(value, f"the value of variable {name}") for value in values)
    return Declared(name, variable.type, True, param.is_abstract, param.type, *packed)


def unpack_variables(variables: Sequence[Declared] | None) -> dict[str, Variable] | None:
    """The declared variables by name."""
    return None if variables is None else {wire.name: _unpack(wire) for wire in variables}


def _unpack(wire: Declared) -> Variable:
    if not wire.has_value:
        return Variable(wire.type)
    if not isinstance(wire.string_p, str | None):
        raise WireError(f"the expression of variable {wire.name[:40]!r} is not text", "prefix text")
    complex_p = unpack_value(wire.complex_p)
    return Variable(
        wire.type,
        Param(
            is_abstract=wire.is_abstract,
            type=wire.value_type,
            int_p=unpack_value(wire.int_p),
            double_p=unpack_value(wire.double_p),
            string_p=wire.string_p,
            complex_p=None if complex_p is None else ComplexNumber(complex_p.real, complex_p.imag),
        ),
    )
