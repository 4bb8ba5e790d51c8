"""Pauli sums and matrices: sparse matrices out of sums, and sums out of dense matrices.

Row and column indices have qubit 0 as their most significant bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qat.kernels.pauli.sums import POWERS_OF_I, Complexes, PauliSum, mask_array, popcount

if TYPE_CHECKING:
    import scipy.sparse

MAX_MATRIX_QUBITS = 26
"""Matrices on more qubits are refused: they would not fit in memory."""


def sparse_matrix(paulis: PauliSum) -> scipy.sparse.csr_array:
    """Matrix of the sum, shape ``(2**n, 2**n)``, complex128, CSR. Cost O(k * 2**n), memory O(distinct X masks * 2**n).

    Raises:
        ValueError: more than ``MAX_MATRIX_QUBITS`` qubits.

    >>> sparse_matrix(PauliSum.from_terms(1, [(2.0, "Y", [0])], constant=1.0)).toarray().tolist()
    [[(1+0j), -2j], [2j, (1+0j)]]
    """
    from scipy.sparse import csr_array

    columns, values = _rows(paulis)
    size = 1 << paulis.nb_qubits
    starts = np.arange(size + 1) * columns.shape[1]
    matrix = csr_array((values.ravel(), columns.ravel(), starts), shape=(size, size))
    matrix.sort_indices()
    matrix.eliminate_zeros()
    return matrix


def pauli_decomposition(matrix: Any) -> PauliSum:
    """Sum equal to a matrix of shape ``(2**n, 2**n)``, terms with exact zeros dropped. Cost O(n * 4**n).

    One fast Walsh-Hadamard transform per X mask: the coefficient of ``P(x, z)`` is
    ``(-i)**popcount(x & z) / 2**n * sum((-1)**popcount(z & c) * matrix[c ^ x, c])``.

    Raises:
        ValueError: the matrix is not square with a power of two rows.

    >>> pauli_decomposition([[1, 2], [2, -1]]).terms()
    [((1+0j), 'Z', (0,)), ((2+0j), 'X', (0,))]
    """
    dense = np.asarray(matrix, dtype=np.complex128)
    size = dense.shape[0] if dense.ndim else 0
    if dense.shape != (size, size) or size & (size - 1) or not size:
        raise ValueError(f"a matrix of shape {dense.shape} has no Pauli strings: expected (2**n, 2**n)")
    nb_qubits, index = size.bit_length() - 1, np.arange(size)
    entries = dense[index ^ index[:, None], index]
    coefficients = _walsh_hadamard(entries) * POWERS_OF_I[-popcount(index & index[:, None]) % 4] / size
    x, z = np.nonzero(coefficients)
    found = coefficients[x, z] + 0.0  # no negative zeros
    is_string = (x | z) != 0
    return PauliSum(
        nb_qubits=nb_qubits,
        x_masks=mask_array(x[is_string].tolist(), nb_qubits),
        z_masks=mask_array(z[is_string].tolist(), nb_qubits),
        coefficients=found[is_string],
        constant=complex(coefficients[0, 0]),
    )


def _rows(paulis: PauliSum) -> tuple[NDArray[np.int64], Complexes]:
    """Column indices and values of every row, shapes ``(2**n, distinct X masks)``."""
    nb_qubits = paulis.nb_qubits
    if nb_qubits > MAX_MATRIX_QUBITS:
        raise ValueError(f"a matrix on {nb_qubits} qubits is too large: at most {MAX_MATRIX_QUBITS} qubits")
    by_x_mask: dict[int, list[tuple[int, complex]]] = {0: [(0, complex(paulis.constant))]} if paulis.constant else {}
    masks = zip(paulis.x_masks.tolist(), paulis.z_masks.tolist(), paulis.coefficients.tolist(), strict=True)
    for x, z, coefficient in masks:
        by_x_mask.setdefault(x, []).append((z, coefficient))
    index = np.arange(1 << nb_qubits, dtype=np.int64)
    columns = index[:, None] ^ np.array(list(by_x_mask), np.int64).reshape(1, -1)
    values = np.empty(columns.shape, np.complex128)
    for place, (x, strings) in enumerate(by_x_mask.items()):
        values[:, place] = _weights(strings, x, columns[:, place])
    return columns, values


def _weights(strings: list[tuple[int, complex]], x: int, columns: NDArray[np.int64]) -> Complexes:
    """Entry of each row at ``columns``, for strings ``(z, coefficient)`` with one X mask."""
    total = np.zeros(len(columns), np.complex128)
    for z, coefficient in strings:
        turn = coefficient * POWERS_OF_I[(x & z).bit_count() % 4]
        total += turn * (1.0 - 2.0 * (np.bitwise_count(columns & z) & 1))
    return total


def _walsh_hadamard(rows: Complexes) -> Complexes:
    """Transform along the last axis, shape ``(k, 2**n)``."""
    nb_rows, size = rows.shape
    half = 1
    while half < size:
        pairs = rows.reshape(nb_rows, -1, 2, half)
        rows = np.stack([pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]], axis=2)
        half *= 2
    return rows.reshape(nb_rows, size)
