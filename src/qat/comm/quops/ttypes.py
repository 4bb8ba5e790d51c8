"""Quantum channels: noise, or any map from density matrices to density matrices."""

from __future__ import annotations

from qat.core.enums import RepresentationType
from qat.core.records import Matrix, Record

__all__ = ["QuantumChannel", "RepresentationType"]


class QuantumChannel(Record):
    """A quantum channel in one of its representations.

    Args:
        representation: one of :class:`RepresentationType`.
        arity: number of qubits.
        name: its name.
        kraus_ops: the Kraus operators, for representation ``KRAUS``.
        matrix: the matrix, for the other representations.
        basis: names of the basis elements of the matrix.

    >>> QuantumChannel(RepresentationType.KRAUS, arity=1, kraus_ops=[]).arity
    1
    """

    fields = ("representation", "arity", "name", "kraus_ops", "matrix", "basis")

    def __init__(
        self,
        representation: int | None = None,
        arity: int | None = None,
        name: str | None = None,
        kraus_ops: list[Matrix] | None = None,
        matrix: Matrix | None = None,
        basis: list[str] | None = None,
    ) -> None:
        self.representation = representation
        self.arity = arity
        self.name = name
        self.kraus_ops = kraus_ops
        self.matrix = matrix
        self.basis = basis
