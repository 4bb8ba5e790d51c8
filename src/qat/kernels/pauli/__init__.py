"""Pauli algebra on columns: sums, products, matrices, and groups that are measured together."""

from qat.kernels.pauli.groups import DiagonalGroup, commuting_groups, qubit_wise_groups, single_groups
from qat.kernels.pauli.matrices import pauli_decomposition, sparse_matrix
from qat.kernels.pauli.sums import PauliSum

__all__ = [
    "DiagonalGroup",
    "PauliSum",
    "commuting_groups",
    "pauli_decomposition",
    "qubit_wise_groups",
    "single_groups",
    "sparse_matrix",
]
