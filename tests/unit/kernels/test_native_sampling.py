"""Compiled marginal distributions and random outcomes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.kernels import sampling

_native = pytest.importorskip("qat.kernels._native")
native_sampling = pytest.importorskip("qat.kernels.native_sampling")


def random_state(nb_qubits, seed, dtype=np.complex128):
    gaussian = np.random.default_rng(seed).normal(size=(2**nb_qubits, 2)) @ (1, 1j)
    return (gaussian / np.linalg.norm(gaussian)).astype(dtype)


@st.composite
def sub_registers(draw, max_qubits=9):
    nb_qubits = draw(st.integers(1, max_qubits))
    qubits = draw(st.permutations(range(nb_qubits)))
    return nb_qubits, qubits[: draw(st.integers(0, nb_qubits))]


@settings(deadline=None)
@given(sub_registers(), st.integers(0, 99), st.sampled_from([np.complex128, np.complex64]))
def test_marginals(register, seed, dtype):
    nb_qubits, qubits = register
    state = random_state(nb_qubits, seed, dtype)
    found = native_sampling.probabilities(state, qubits)
    assert found.dtype == np.float64 and np.allclose(found, sampling.probabilities(state, qubits), atol=1e-6)


@pytest.mark.parametrize("qubits", [[0, 1, 2], [13, 12, 11], [11, 12, 13], [5], [7, 0, 13], list(range(14))])
def test_marginals_of_larger_states(qubits):
    state = random_state(14, 3)
    assert np.allclose(native_sampling.probabilities(state, qubits), sampling.probabilities(state, qubits))


@pytest.mark.parametrize("nb_shots", [0, 1, 5, 1000, 100_000])
@pytest.mark.parametrize("size", [1, 2, 300, 4096])
def test_shots_add_up_and_fall_only_where_they_can(nb_shots, size):
    weights = np.zeros(size)
    weights[:: max(size // 5, 1)] = 0.1
    values, counts = _native.draw(weights, nb_shots, 3)
    assert counts.sum() == nb_shots and (counts > 0).all() and len(values) <= min(size, nb_shots)
    assert (weights[values.astype(int)] > 0).all() and (np.diff(values.astype(int)) > 0).all()
    assert values.dtype == np.uint64 and counts.dtype == np.int64


def chi_squared(counts, expected):
    """How far counts lie from their expectation, in units of 5 standard deviations of chi squared."""
    degrees = len(expected) - 1
    return (((counts - expected) ** 2 / expected).sum() - degrees) / (5 * np.sqrt(2 * degrees))


@pytest.mark.parametrize("seed", range(5))
def test_frequencies_follow_the_distribution(seed):
    weights = np.random.default_rng(seed).uniform(0.5, 1, 1500)
    nb_shots = 400_000
    values, counts = _native.draw(weights, nb_shots, seed)
    assert len(values) == len(weights)
    assert abs(chi_squared(counts, nb_shots * weights / weights.sum())) < 1


def test_seeds_are_independent():
    """Counts of one outcome over many seeds scatter as binomial numbers do."""
    counts = [_native.draw(np.ones(4), 100, seed)[1] for seed in range(400)]
    spread = np.var(np.array(counts)[:, 0])
    assert 0.7 * 18.75 < spread < 1.4 * 18.75


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_states_and_their_probabilities_give_the_same(dtype):
    state = random_state(9, 1, dtype)
    weights = sampling.probabilities(state.astype(np.complex128), range(9))
    for one, two in zip(_native.draw(state, 3000, 7), _native.draw(weights, 3000, 7), strict=True):
        assert np.array_equal(one, two)


def test_known_outcomes_of_a_seed():
    """These numbers may not change: seeds are for reproducing results on other machines."""
    values, counts = _native.draw(np.arange(8.0), 10, 1)
    assert (values.tolist(), counts.tolist()) == KNOWN


KNOWN = ([3, 4, 5, 6], [2, 2, 4, 2])


@pytest.mark.parametrize("qubits", [[0, 1, 2, 3, 4], [4, 0], [1]])
@pytest.mark.parametrize("nb_shots", [3, 2000])
def test_samples_of_registers(qubits, nb_shots):
    state = random_state(5, 2)
    one, two = (native_sampling.sample(state, qubits, nb_shots, np.random.default_rng(8)) for _ in range(2))
    assert np.array_equal(one.outcomes, two.outcomes) and np.array_equal(one.counts, two.counts)
    assert one.counts.sum() == nb_shots and one.outcomes.max() < 2 ** len(qubits)
    if nb_shots == 2000:
        expected = nb_shots * sampling.probabilities(state, qubits)
        counts = np.bincount(one.outcomes.astype(int), one.counts, len(expected))
        assert abs(counts - expected).max() < 6 * np.sqrt(expected.max() + 1)


def test_what_cannot_be_drawn_is_refused():
    for weights in (np.zeros(3), np.array([np.nan, 1]), np.array([np.inf])):
        with pytest.raises(ValueError, match="Cannot draw outcomes"):
            _native.draw(weights, 3, 0)
    with pytest.raises(ValueError, match="Cannot draw -1 shots"):
        _native.draw(np.ones(2), -1, 0)
    with pytest.raises(ValueError, match="has no bit 3"):
        _native.probabilities(random_state(2, 0), [3])
