"""What follows the qubits of a circuit when a plugin gives them other places: observables, registers of results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qat.core.bits import DefaultRegister
from qat.core.records import QRegister, QRegisterMetadata
from qat.core.wrappers.observable import Observable, Term

__all__ = ["UNUSED", "moved_observable", "read_registers", "written_registers"]

UNUSED = -1
"""Place of a qubit that is left out."""


def moved_observable(observable: Observable | None, places: Sequence[int], nb_qubits: int) -> Observable | None:
    """The observable where the qubits have gone; qubits without a place are in state 0: Z is 1 and X and Y are 0.

    Args:
        observable: Pauli terms; ``None`` stays ``None``.
        places: the new number of each qubit, or ``UNUSED``.
        nb_qubits: number of qubits there.

    >>> from qat.core import Term
    >>> print(moved_observable(Observable(2, pauli_terms=[Term(1.0, "ZX", [0, 1])]), [UNUSED, 0], 1))
    1.0 * (X|[0])
    """
    if observable is None:
        return None
    constant: Any = observable.constant_coeff
    terms = []
    for term in observable.terms or ():
        used = [
            (letter, places[qubit]) for letter, qubit in zip(term.op, term.qbits, strict=True) if places[qubit] >= 0
        ]
        idle = {letter for letter, qubit in zip(term.op, term.qbits, strict=True) if places[qubit] == UNUSED}
        if idle - {"Z"}:
            continue
        if used:
            terms.append(Term(term.coeff, "".join(letter for letter, _ in used), [place for _, place in used]))
        else:
            constant = constant + term.coeff
    return Observable(nb_qubits, pauli_terms=terms, constant_coeff=constant)


def written_registers(registers: Sequence[QRegister]) -> list[dict[str, Any]]:
    """Registers as JSON, to be left in a note."""
    return [
        {
            "key": getattr(register, "key", None),
            "length": register.length,
            "start": register.start,
            "subtype": register._subtype_metadata and register._subtype_metadata.subtype,
            "attributes": register._subtype_metadata
            and (register._subtype_metadata.serialized_attributes or b"").decode(),
        }
        for register in registers
    ]


def read_registers(registers: Sequence[dict[str, Any]]) -> list[QRegister]:
    """Registers from ``written_registers``."""
    return [_read_register(**fields) for fields in registers]


def _read_register(key: str | None, length: int, start: int, subtype: str | None, attributes: str | None) -> QRegister:
    metadata = QRegisterMetadata(subtype, (attributes or "").encode()) if subtype else None
    return DefaultRegister(key, length, start, None, metadata)
