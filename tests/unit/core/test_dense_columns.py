"""Results that keep the state vector: the same samples as columns, made when looked at."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core.records import QRegister
from qat.core.wrappers import dense_columns
from qat.core.wrappers.dense_columns import DenseColumns
from qat.core.wrappers.result import Result, aggregate_data
from qat.core.wrappers.sample import Columns


def vector(nb_qubits: int, seed: int = 1, density: float = 0.5):
    rng = np.random.default_rng(seed)
    state = rng.normal(size=2 << nb_qubits).view(complex)
    state[rng.random(1 << nb_qubits) > density] = 0
    state[-1] = 1.0
    return state / np.linalg.norm(state)


def expected(state, qubits, threshold) -> Columns:
    nb_qubits = len(qubits)
    ordered = state.reshape((2,) * nb_qubits).transpose(qubits).reshape(-1)
    weights = ordered.real**2 + ordered.imag**2
    states = np.flatnonzero(weights > threshold)
    return Columns(states, weights[states], ordered[states])


def same(found: Columns, wanted: Columns) -> bool:
    return (
        found.states.tolist() == wanted.states.tolist()
        and np.allclose(found.probabilities, wanted.probabilities, atol=1e-15)
        and np.array_equal(found.amplitudes, wanted.amplitudes)
    )


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Several blocks even in small vectors."""
    monkeypatch.setattr(dense_columns, "BLOCK_BITS", 3)


@given(st.integers(1, 7), st.integers(0, 5), st.floats(0, 1), st.randoms(use_true_random=False))
def test_the_samples_are_those_of_the_vector(nb_qubits, seed, density, random):
    qubits = random.sample(range(nb_qubits), nb_qubits)
    state, threshold = vector(nb_qubits, seed, density), random.choice([0.0, 1e-3, 0.01])
    dense, wanted = DenseColumns(state, qubits, threshold), expected(state, qubits, threshold)
    assert dense.nb_samples == len(wanted.states)
    assert same(dense.columns(), wanted)
    assert same(Columns(dense.states, dense.probabilities, dense.amplitudes), wanted)
    summary = [(s.state.int, s.amplitude) for s in dense.iterate(None, nb_qubits)]
    assert summary == list(zip(wanted.states.tolist(), wanted.amplitudes.tolist(), strict=True))
    assert [s.state.int for s in dense.samples(None, nb_qubits)] == wanted.states.tolist()
    for index in range(-len(summary), len(summary)):
        sample = dense.sample(index, None, nb_qubits)
        assert (sample.state.int, sample.amplitude) == summary[index]


def dense_result(nb_qubits: int = 5, **options) -> Result:
    result = Result.from_columns(DenseColumns(vector(nb_qubits), range(nb_qubits), **options), nb_qubits)
    result.wrap_samples([QRegister(length=nb_qubits, start=0)])
    return result


def test_samples_looked_at_cannot_be_edited():
    result = dense_result()
    for sample in (result[0], next(iter(result)), result[:2][1]):
        with pytest.raises(AttributeError, match=r"Cannot set probability .* edit the list result.raw_data"):
            sample.probability = 0.5
        assert sample.probability == pytest.approx(abs(sample.amplitude) ** 2)
    result.raw_data[0].probability = 0.25
    assert result[0].probability == 0.25 and result.columns is None


def test_a_dense_result_is_like_one_in_columns():
    dense, wanted = dense_result(), expected(vector(5), range(5), 0.0)
    plain = Result.from_arrays(*wanted[:1], probabilities=wanted[1], amplitudes=wanted[2], nbqbits=5)
    plain.wrap_samples([QRegister(length=5, start=0)])
    assert len(dense) == len(plain) and bool(dense) and dense.has_samples
    assert [str(sample.state) for sample in dense] == [str(sample.state) for sample in plain]
    assert repr(dense[-1]) == repr(plain[-1])
    assert dense.to_bytes() == plain.to_bytes()
    assert Result.from_bytes(dense.to_bytes()) == plain
    assert copy.deepcopy(dense) == plain == dense
    with pytest.raises(IndexError, match="use 0 to"):
        dense_result()[99]


def test_printing_makes_few_samples():
    result = dense_result(7)
    text = repr(result)
    assert f"… {len(result) - 16} more]" in text and isinstance(result.columns, DenseColumns)


def test_aggregation_counts_states():
    result = aggregate_data(dense_result())
    assert {sample.probability for sample in result} == {1 / len(result)}


def test_counting_can_be_stopped_and_tells_its_progress():
    heard = []
    DenseColumns(vector(6), range(6), look=heard.append)
    assert heard == [number / 8 for number in range(8)]

    def stop(fraction):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        DenseColumns(vector(6), range(6), look=stop)


def test_no_state_above_the_threshold():
    result = Result.from_columns(DenseColumns(vector(4), range(4), threshold=2.0), 4)
    assert len(result) == 0 and list(result) == [] and result[:3] == []
