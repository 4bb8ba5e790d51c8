"""Terms in columns as they are written: compiled; where nothing is, every term is an object from the start.

All functions answer ``None`` for what they do not take, so that the caller goes the long way, which says what is wrong
if anything is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

__all__ = ["TermColumns", "pauli_columns", "plain_qubits", "recorded_terms"]

PauliColumns = tuple[bytes, bytes, bytes]
"""X masks and Z masks as uint64, coefficients as complex128."""


class TermColumns(Protocol):
    """Different words of X, Y and Z with real coefficients, in their order."""

    def __len__(self) -> int: ...

    def columns(self, nb_qubits: int, /) -> PauliColumns | None:
        """Their columns on so many qubits, ``None`` if a word goes beyond, or for more than 64."""

    def entries(self, kind: type, /) -> list[Any]:
        """``(coefficient, letters, qubits, kind)`` of each."""


def _recorded_terms(terms: Sequence[Any], kind: type, nb_qubits: int, tolerance: float, /) -> TermColumns | None:
    """The terms, exactly of the class ``kind``, if their coefficients are real and above the tolerance."""
    del terms, kind, nb_qubits, tolerance
    return None


def _pauli_columns(terms: Sequence[Any], nb_qubits: int, /) -> PauliColumns | None:
    """The columns of ``(coefficient, letters, qubits)``; words may be equal, and have an ``I``."""
    del terms, nb_qubits
    return None


def _plain_qubits(letters: str, qubits: Sequence[int], /) -> list[int] | None:
    """The qubits, if they are as many different integers as there are letters, each X, Y or Z."""
    del letters, qubits
    return None


if TYPE_CHECKING:
    recorded_terms, pauli_columns, plain_qubits = _recorded_terms, _pauli_columns, _plain_qubits
else:
    try:
        from qat.kernels._native import pauli_columns, plain_qubits, recorded_terms
    except ImportError:  # there is no compiled engine, or an older one
        recorded_terms, pauli_columns, plain_qubits = _recorded_terms, _pauli_columns, _plain_qubits
