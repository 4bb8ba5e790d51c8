"""Spins and integers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core.spins import integer_to_spins, spins_to_integer


@given(st.integers(0, 2**12 - 1))
def test_round_trip(integer):
    spins = integer_to_spins(integer, 12)
    assert spins.shape == (12,) and spins.dtype == np.float64 and spins_to_integer(spins) == integer


def test_bit_1_is_spin_minus_1_and_spin_0_comes_first():
    assert integer_to_spins(np.int64(4), 3).tolist() == [-1.0, 1.0, 1.0] and integer_to_spins(0, 0).tolist() == []
    assert spins_to_integer(np.array([-1, -1, 1])) == 6


@pytest.mark.parametrize("integer, nb_spins", [(-1, 3), (8, 3), (1, 0)])
def test_integers_without_spins(integer, nb_spins):
    with pytest.raises(ValueError, match=f"{integer} is not a state of {nb_spins} spins"):
        integer_to_spins(integer, nb_spins)


def test_what_is_no_spin():
    with pytest.raises(ValueError, match="0 is not a spin"):
        spins_to_integer([1, 0])
