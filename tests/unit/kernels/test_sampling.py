"""Marginal distributions and random outcomes."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.kernels import sampling
from qat.kernels.engine import Counts
from tests import oracle
from tests.unit.kernels.circuits import haar


@st.composite
def sub_registers(draw):
    nb_qubits = draw(st.integers(1, 5))
    qubits = draw(st.permutations(range(nb_qubits)))
    return nb_qubits, qubits[: draw(st.integers(0, nb_qubits))]


@given(sub_registers(), st.integers(0, 99))
def test_marginals_in_any_order(register, seed):
    nb_qubits, qubits = register
    state = haar(nb_qubits, seed)[:, 0]
    expected = oracle.marginal(np.abs(state) ** 2, qubits, nb_qubits)
    assert np.allclose(sampling.probabilities(state, qubits), expected)


def test_single_precision_gives_double_probabilities():
    assert sampling.probabilities(np.array([1, 0], np.complex64), [0]).dtype == np.float64


@pytest.mark.parametrize("nb_shots", [1, 7, 1000])
@pytest.mark.parametrize("size", [1, 4, 1 << 14])
def test_shots_add_up_and_fall_only_where_they_can(nb_shots, size):
    distribution = np.zeros(size)
    distribution[:: max(size // 3, 1)] = 0.1
    counts = sampling.draw(distribution, nb_shots, np.random.default_rng(3))
    assert counts.counts.sum() == nb_shots and (counts.counts > 0).all()
    assert (distribution[counts.outcomes.astype(int)] > 0).all()
    assert (np.diff(counts.outcomes.astype(int)) > 0).all()


@pytest.mark.parametrize("size", [4, 1 << 13])
def test_frequencies_follow_the_distribution(size):
    distribution = np.zeros(size)
    distribution[[0, 1, size - 1]] = 0.5, 0.3, 0.2
    nb_shots = 1000
    counts = sampling.draw(distribution, nb_shots, np.random.default_rng(1))
    assert counts.outcomes.tolist() == [0, 1, size - 1]
    deviations = (counts.counts - nb_shots * np.array([0.5, 0.3, 0.2])) / np.sqrt(
        nb_shots * np.array([0.25, 0.21, 0.16])
    )
    assert np.abs(deviations).max() < 4


class Largest:
    """A generator of uniform numbers that always gives the largest one below 1."""

    def random(self, size):
        return np.full(size, np.nextafter(1, 0))


def test_the_largest_uniform_number_gives_the_last_possible_outcome():
    distribution = np.zeros(64)
    distribution[:10] = 0.1
    assert sampling._draw_each(distribution, 2, Largest()).outcomes.tolist() == [9]


def test_same_seed_same_outcomes():
    distribution = np.full(8, 1 / 8)
    one, two, other = (sampling.draw(distribution, 50, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one.counts, two.counts) and not np.array_equal(one.counts, other.counts)


def test_single_shots_in_random_order():
    counts = Counts(np.array([0, 3], np.uint64), np.array([50, 50]))
    shots = sampling.in_random_order(counts, np.random.default_rng(0)).tolist()
    assert sorted(shots) == [0] * 50 + [3] * 50
    assert 20 < sum(first != second for first, second in itertools.pairwise(shots)) < 80
