"""Slices put together are what one run of all their shots would have been."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.comm.wire import decode, encode
from qat.core import Observable, Result, Term
from qat.core.records import ComplexNumber
from qat.core.wrappers.aggregation import aggregate_data
from qat.core.wrappers.sample import IntermediateMeasurement
from qat.lang.AQASM import CNOT, RX, H, Program
from qat.qpus import LinAlg
from qhpc.broker.merging import MergeError, merge, merged

SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=6)
OBSERVABLE = Observable(
    2, pauli_terms=[Term(0.7, "ZZ", [0, 1]), Term(-1.3, "X", [0]), Term(0.2, "Y", [1])], constant_coeff=0.5
)


def program(is_measured=False):
    program = Program()
    qubits = program.qalloc(2)
    H(qubits[0])
    RX(0.8)(qubits[1])
    if is_measured:
        program.measure(qubits[0], program.calloc(1))
        H(qubits[0])
    CNOT(qubits)
    return program.to_circ()


def shots_of(states, cuts):
    """Shots as results of slices, cut at these sizes."""
    slices, begin = [], 0
    for size in cuts:
        result = Result(nbqbits=2)
        for state in states[begin : begin + size]:
            result.add_sample(state)
        slices.append(result)
        begin += size
    return slices


def of_the_wire(results, shots):
    return decode(merge([encode(result) for result in results], shots), Result)


def name_of(sample):
    return sample.state.int, str([list(map(bool, inner.cbits)) for inner in sample.intermediate_measurements or ()])


def table(result):
    return {name_of(sample): (sample.probability, sample.err) for sample in result}


@given(SIZES, st.randoms(use_true_random=False))
def test_counts_are_those_of_all_shots(sizes, random):
    states = [random.choice((0, 1, 1, 3)) for _ in range(sum(sizes))]
    whole = aggregate_data(shots_of(states, [sum(sizes)])[0])
    for merge_them in (merged, of_the_wire):
        found = merge_them([aggregate_data(each) for each in shots_of(states, sizes)], sizes)
        expected = table(whole)
        assert set(table(found)) == set(expected)
        assert found.meta_data == whole.meta_data == {"nbshots": str(sum(sizes))}
        for outcome, (probability, error) in table(found).items():
            assert probability == expected[outcome][0], "to the last bit"
            known = expected[outcome][1]
            assert error == (None if known is None else pytest.approx(known, rel=1e-6, abs=1e-9))


@given(SIZES, st.randoms(use_true_random=False))
def test_listed_shots_come_one_after_the_other(sizes, random):
    states = [random.randrange(4) for _ in range(sum(sizes))]
    found = of_the_wire(shots_of(states, sizes), sizes)
    assert [sample.state.int for sample in found] == states
    assert all(sample.probability is None for sample in found)


@given(SIZES, st.integers(0, 1000))
def test_slices_of_a_seeded_simulator_add_up(sizes, seed):
    job = program().to_job
    qpu = LinAlg(seed=seed)
    slices = [qpu.submit(job(nbshots=size, aggregate_data=True)) for size in sizes]
    counts: Counter[int] = Counter()
    for each, size in zip(slices, sizes, strict=True):
        counts.update({sample.state.int: round(sample.probability * size) for sample in each})
    found = of_the_wire(slices, sizes)
    nb = sum(sizes)
    assert {sample.state.int: sample.probability for sample in found} == {s: c / nb for s, c in counts.items()}
    assert sum(sample.probability for sample in found) == pytest.approx(1)
    assert [sample.state.int for sample in found] == sorted(counts)
    assert len(sizes) == 1 or str(found[0].state) in ("|00>", "|01>", "|10>", "|11>")


@settings(max_examples=40)
@given(SIZES, st.integers(0, 1000))
def test_observables_are_means_and_errors_those_of_all_shots(sizes, seed):
    qpu, job = LinAlg(seed=seed), program().to_job
    slices = [qpu.submit(job(observable=OBSERVABLE, nbshots=size)) for size in sizes]
    found, nb = merged(slices, sizes), sum(sizes)
    values = np.array([each.value for each in slices])
    assert found.value == pytest.approx(np.average(values, weights=sizes))
    squares = 0.0
    for term in OBSERVABLE.terms:
        label = "".join(f"{letter}{qubit}" for letter, qubit in zip(term.op, term.qbits, strict=True))
        mean = np.average([each.value_data[label].re for each in slices], weights=sizes)
        assert found.value_data[label].re == pytest.approx(mean)
        if nb > 1:
            square = max(abs(term.coeff) ** 2 - mean**2, 0.0) / (nb - 1)
            squares += square
            assert found.error_data[label] == pytest.approx(square**0.5, rel=1e-6, abs=1e-7)
    assert of_the_wire(slices, sizes).value == pytest.approx(found.value)
    if nb > 1:
        assert found.error == pytest.approx(squares**0.5, rel=1e-6, abs=1e-7)
    else:
        assert found.error is None


def test_outcomes_on_the_way_are_told_apart():
    sizes, qpu = (30, 50), LinAlg(seed=5)
    for is_counted in (True, False):
        job = program(is_measured=True).to_job
        slices = [qpu.submit(job(nbshots=size, aggregate_data=is_counted)) for size in sizes]
        found = of_the_wire(slices, sizes)
        keys = [name_of(sample) for sample in found]
        if is_counted:
            expected = Counter()
            for each, size in zip(slices, sizes, strict=True):
                expected.update({key: round(p * size) for key, (p, _) in table(each).items()})
            assert {key: round(p * 80) for key, (p, _) in table(found).items()} == expected
            assert len(keys) == len(set(keys)) > 4
        else:
            assert keys == [name_of(sample) for each in slices for sample in each]


def test_states_beyond_64_bits():
    slices = []
    for state in (1 << 80, 1 << 80, 3):
        result = Result(nbqbits=90)
        result.add_sample(state, probability=1.0)
        slices.append(result)
    found = of_the_wire(slices, [2, 2, 4])
    assert {sample.state.int: sample.probability for sample in found} == {1 << 80: 0.5, 3: 0.5}
    assert [sample.err for sample in found] == [None, None], "unknown in the slices, unknown in all"


def test_corrected_probabilities_are_not_rounded_to_counts():
    slices = [Result.from_arrays([0, 1], probabilities=[p, 1 - p], nbqbits=1) for p in (0.51234, 0.487)]
    found = merged(slices, [100, 300])
    assert [sample.probability for sample in found] == pytest.approx([0.4933350, 0.506665], abs=1e-7)


def test_values_of_several_observables_and_vectors_of_frequencies():
    slices = [Result(values=[1.0, 0.0]), Result(values=[0.0, 0.5])]
    assert merged(slices, [1, 3]).values == [0.25, 0.375]
    slices = [Result(statevector=np.array(each)) for each in ([1.0, 0.0], [0.5, 0.5])]
    assert merged(slices, [1, 1]).statevector.tolist() == [0.75, 0.25]
    assert merged([Result(value=1j), Result(value=1.0)], [1, 1]).value == 0.5 + 0.5j


def test_meta_data_of_all():
    slices = [Result(value=1.0, meta_data={"device": name, "mode": "fast"}) for name in ("a", "b", "a")]
    assert merged(slices, [1, 1, 1]).meta_data == {"device": "a, b", "mode": "fast"}
    assert merged([Result(value=1.0), Result(value=0.0)], [1, 1]).meta_data is None


def test_exact_results_are_what_they_are():
    exact = LinAlg().submit(program().to_job())
    found = of_the_wire([exact, exact], [10, 10])
    assert [sample.amplitude for sample in found] == [sample.amplitude for sample in exact]
    vector = Result(statevector=np.array([0.6, 0.8j]))
    assert merged([vector, vector], [1, 1]).statevector.tolist() == [0.6, 0.8j]


def test_slices_are_not_changed_and_one_is_itself():
    slices = [encode(LinAlg(seed=1).submit(program().to_job(nbshots=9))), encode(Result(value=1.0))]
    assert merge(slices[:1], [9]) is slices[0]
    results = [Result(value=float(i), meta_data={"a": "b"}) for i in range(2)]
    merged(results, [1, 1]).meta_data["a"] = "c"
    assert results[0].meta_data == {"a": "b"}


def sampled(**fields):
    result = Result(nbqbits=1)
    result.add_sample(0, **fields)
    return result


@pytest.mark.parametrize(
    ("slices", "shots", "message"),
    [
        ([], [], "give at least one"),
        ([Result(value=1.0)], [0], "each of some shots"),
        ([Result(value=1.0)], [1, 1], "1 results"),
        ([Result(value=1.0), Result()], [1, 1], "some slices have value"),
        ([Result(nbqbits=1), Result(nbqbits=2)], [1, 1], r"differ in nbqbits: \[1, 2\]"),
        ([sampled(), sampled(probability=1.0)], [1, 1], "list their shots"),
        ([sampled(amplitude=1.0), sampled(amplitude=1j)], [1, 1], "different amplitudes"),
        ([Result(statevector=np.array([1.0, v])) for v in (1j, 2j)], [1, 1], "different state vectors"),
        ([Result(value=1.0, value_data={n: ComplexNumber(1.0, 0.0)}) for n in "ab"], [1, 1], "terms"),
    ],
)
def test_what_does_not_go_together(slices, shots, message):
    with pytest.raises(MergeError, match=message):
        merged(slices, shots)


def test_a_slice_that_saw_nothing():
    seen = sampled(probability=1.0)
    assert merged([Result(nbqbits=1, raw_data=[]), seen], [1, 3])[0].probability == 0.75
    measured = Result(nbqbits=1)
    measured.add_sample(1, intermediate_measurements=[IntermediateMeasurement([True], 0, 0.5)])
    assert len(merged([measured, Result(nbqbits=1, raw_data=[])], [1, 1])) == 1
