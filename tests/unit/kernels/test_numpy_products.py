"""Products in pieces against products in one go."""

import numpy as np
import pytest

from qat.kernels import numpy_products as products


@pytest.fixture(autouse=True, params=[1 << 30, 16, 1], ids=["whole", "pieces", "tiny"])
def piece_size(request, monkeypatch):
    monkeypatch.setattr(products, "MAX_OPERATIONS", request.param)
    monkeypatch.setattr(products, "MAX_DOT_LENGTH", request.param)


def numbers(*shape):
    rng = np.random.default_rng(len(shape))
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def test_overlap():
    bra, ket = numbers(64), numbers(64) + 1
    assert np.isclose(products.overlap(bra, ket), np.vdot(bra, ket))


@pytest.mark.parametrize("dimension", [2, 4])
def test_overlaps(dimension):
    bras, kets = numbers(dimension, 32), numbers(dimension, 32) + 1
    assert np.allclose(products.overlaps(bras, kets), bras.conj() @ kets.T)


@pytest.mark.parametrize("inner", [1, 2, 16])
@pytest.mark.parametrize("batch", [(), (3,)])
def test_matrix_on_an_axis(inner, batch):
    matrix, states = numbers(4, 4), numbers(*batch, 64)
    expected = np.einsum("ab,kbi->kai", matrix, states.reshape(-1, 4, inner)).reshape(states.shape)
    assert np.allclose(products.on_middle_axis(matrix, states, inner), expected)


def test_rows():
    rows, weights, values = numbers(3, 8).real, numbers(3).real, numbers(8).real
    assert np.allclose(products.weighted_sum(weights, rows), weights @ rows)
    assert np.allclose(products.row_sums(rows, values), rows @ values)
