"""Results: samples, columns, dense vectors, aggregation, printing."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core.bits import subtype_metadata
from qat.core.errors import ErrorType, QPUException
from qat.core.records import ComplexNumber, QRegister
from qat.core.wrappers.result import BatchResult, IntermediateMeasurement, Result, Sample, State, aggregate_data
from qat.core.wrappers.sample import reverse_bits

WIDE = 2**100 + 5


def result_of(*states, **fields):
    result = Result(**fields)
    for state in states:
        result.add_sample(state)
    return result


# ---------------------------------------------------------------- states


@given(st.integers(0, 2**90 - 1))
def test_reversing_twice_changes_nothing(state):
    assert reverse_bits(reverse_bits(state, 90), 90) == state


@given(st.integers(1, 100), st.data())
def test_a_state_agrees_with_its_bit_string(nb_qubits, data):
    number = data.draw(st.integers(0, 2**nb_qubits - 1))
    state = State(number, nbqbits=nb_qubits)
    assert len(state.bitstring) == nb_qubits and int(state.bitstring, 2) == state.int == state.state
    assert state.lsb_int == int(state.bitstring[::-1], 2)
    assert str(state) == repr(state) == f"|{state.bitstring}>"


def test_a_state_of_unknown_width_says_what_is_missing():
    state = State(3)
    assert (state.nbqbits, state.bitstring, str(state)) == (None, "11", "|11>")
    with pytest.raises(TypeError, match="wrap_samples"):
        _ = state.lsb_int
    with pytest.raises(TypeError, match="wrap_samples"):
        _ = state.value


def test_states_compare_by_number_and_width():
    assert State(3, nbqbits=2) == State(3, [QRegister(2, 0)])
    assert State(3, nbqbits=2) != State(3, nbqbits=3)
    assert State(3) != 3
    assert len({State(3), State(3)}) == 1


# ---------------------------------------------------------------- samples


@pytest.mark.parametrize(("number", "data"), [(0, b"\0"), (3, b"\3"), (300, b",\1"), (2**64, b"\0" * 8 + b"\1")])
def test_state_bytes_are_little_endian_and_never_empty(number, data):
    assert Sample(state=number)._state == data
    assert Sample(_state=data).state.int == number
    assert Sample(state=data).state.int == number


def test_amplitudes_are_python_complex_whatever_was_given():
    for given_amplitude in (0.5, 0.5 + 0j, np.complex64(0.5), ComplexNumber(0.5, 0.0)):
        sample = Sample(state=0, amplitude=given_amplitude)
        assert type(sample.amplitude) is complex and sample.amplitude == 0.5
    assert Sample(state=0).amplitude is None


def test_a_sample_can_be_edited():
    sample = Sample(state=1)
    sample.state, sample.amplitude, sample.probability = 5, 1j, 0.25
    assert (sample.state.int, sample.amplitude, sample.probability) == (5, 1j, 0.25)
    sample.state = State(6)
    sample.set_qreg([QRegister(4, 0)])
    assert str(sample.state) == "|0110>"
    sample._state = b"\1"
    assert sample.state.int == 1


@pytest.mark.parametrize("state", ["01", 1.0, [1]])
def test_a_state_must_be_an_integer(state):
    with pytest.raises(TypeError, match="must be an integer"):
        Sample(state=state)


def test_a_state_must_not_be_negative():
    with pytest.raises(ValueError, match="-1 is negative"):
        Result().add_sample(-1)


def test_samples_print_what_is_known():
    assert repr(Sample(state=2, probability=0.5)) == "Sample(state=|10>, probability=0.5)"


# ---------------------------------------------------------------- building results


def test_columns_become_samples_when_looked_at():
    result = Result.from_arrays(
        np.array([0, 3], np.uint64), probabilities=np.array([0.25, 0.75]), amplitudes=np.array([0.5, 0.75**0.5 * 1j]),
        errors=np.array([0.1, 0.2]), nbqbits=2,
    )  # fmt: skip
    assert len(result) == 2 and result.columns is not None
    zero, three = result
    assert result.columns is None
    assert (str(three.state), three.probability, three.err) == ("|11>", 0.75, 0.2)
    assert three.amplitude == pytest.approx(0.75**0.5 * 1j)
    assert (type(zero.probability), type(zero.amplitude)) == (float, complex)
    assert result[1] is three and result.raw_data[1] is three


def test_samples_taken_from_columns_are_the_truth():
    result = Result.from_arrays([1, 2], nbqbits=2)
    result.raw_data[0].probability = 0.125
    result.raw_data.append(Sample(state=3))
    assert [sample.probability for sample in result] == [0.125, None, None]
    assert pickle.loads(pickle.dumps(result)) == result


def test_wide_states_work_everywhere():
    result = Result.from_arrays([WIDE, 1], probabilities=[0.5, 0.5], nbqbits=101)
    result.wrap_samples([QRegister(100, 0), QRegister(1, 100)])
    assert result[0].state.int == WIDE and len(result[0].state.bitstring) == 101
    assert result[0].state.value == (result[0].state.bitstring[:100], "1")
    assert aggregate_data(result_of(WIDE, WIDE, 1))[0].state.int == WIDE


def test_wrapping_gives_width_and_types():
    integer = QRegister(3, 0, _subtype_metadata=subtype_metadata("QInt"))
    for result in (Result.from_arrays([58], nbqbits=6), result_of(58)):
        result.wrap_samples([integer, integer])
        assert (str(result[0].state), result[0].state.value, result[0].state.nbqbits) == ("|7>|2>", (7, 2), 6)
        assert result.qregs == [integer, integer] == result[0].qregs


def test_added_samples_know_the_width_of_the_result():
    assert str(result_of(2, nbqbits=4)[0].state) == "|0010>"
    result = Result.from_arrays([1], nbqbits=3)
    result.add_sample(2)
    assert [str(sample.state) for sample in result] == ["|001>", "|010>"]


@given(st.integers(0, 15))
def test_least_significant_bit_first_states_are_reversed(state):
    result = result_of(state, lsb_first=True, nbqbits=4)
    assert result[0].state.lsb_int == state and result.need_flip


def test_reversing_needs_the_width():
    with pytest.raises(AttributeError, match="nbqbits"):
        Result(lsb_first=True)


def test_unknown_fields_are_refused_by_name():
    with pytest.raises(TypeError, match="'foo'"):
        Result(foo=1)


def test_plain_structure_fields_are_understood():
    result = Result(_value=ComplexNumber(1.5, 0.0), _parameter_map={"a": 1.0}, raw_data=[], meta_data={"k": "v"})
    assert (result.value, result.parameter_map, result.raw_data, result.meta_data) == (1.5, {"a": 1.0}, [], {"k": "v"})


def test_unpacking_gives_the_value_or_the_result():
    result = Result(raw_data=[])
    assert result.unpack() is result
    assert Result(value=0.0).unpack() == 0.0


# ---------------------------------------------------------------- sequences


def test_a_result_is_a_sequence_of_samples():
    result = result_of(1, 2, 3)
    assert len(result) == 3 and result[-1].state.int == 3 and bool(result)
    assert [sample.state.int for sample in result[:2]] == [1, 2]
    with pytest.raises(IndexError):
        _ = result[3]


def test_a_result_without_samples_says_so():
    result = Result(value=1.0)
    for look in (len, list, lambda r: r[0]):
        with pytest.raises(TypeError, match=r"result\.value"):
            look(result)
    assert result
    assert not Result(raw_data=[])


def dense(vector):
    return Result(statevector=np.array(vector), nbqbits=2)


def test_dense_results_skip_zeros_but_index_basis_states():
    result = dense([0.6, 0, 0.8j, 0])
    assert result.has_statevector and result.raw_data is None and len(result) == 2
    assert [(str(s.state), s.amplitude) for s in result] == [("|00>", 0.6), ("|10>", 0.8j)]
    assert [s.probability for s in result] == pytest.approx([0.36, 0.64])
    assert (result[1].probability, result[2].state.int, result[-1].state.int) == (0.0, 2, 3)
    assert [sample.state.int for sample in result[1:3]] == [1, 2]
    with pytest.raises(IndexError):
        _ = result[4]


def test_real_dense_results_are_probabilities():
    result = dense([0.25, 0.0, 0.75, 0.0])
    assert [(s.state.int, s.probability, s.amplitude) for s in result] == [(0, 0.25, None), (2, 0.75, None)]


def test_a_dense_result_is_already_aggregated():
    result = dense([0.5, 0.5, 0, 0])
    assert aggregate_data(result) is result and result.has_statevector


# ---------------------------------------------------------------- aggregation


@given(st.lists(st.integers(0, 7), min_size=2, max_size=60), st.booleans())
def test_aggregation_counts_shots(states, is_in_columns):
    result = Result.from_arrays(np.array(states), nbqbits=3) if is_in_columns else result_of(*states, nbqbits=3)
    assert aggregate_data(result) is result
    assert result.meta_data["nbshots"] == str(len(states))
    for sample in result:
        frequency = states.count(sample.state.int) / len(states)
        assert sample.probability == pytest.approx(frequency)
        assert sample.err == pytest.approx((frequency * (1 - frequency) / (len(states) - 1)) ** 0.5)
        assert sample.amplitude is None
    assert [sample.state.int for sample in result] == list(dict.fromkeys(states))


def test_a_single_shot_has_no_error():
    assert aggregate_data(result_of(3))[0].err is None


def test_aggregation_keeps_registers_and_other_meta_data():
    result = result_of(3, 1, 1)
    result.wrap_samples([QRegister(4, 0)])
    result.meta_data = {"k": "v"}
    assert [str(sample.state) for sample in aggregate_data(result)] == ["|0011>", "|0001>"]
    assert result.meta_data == {"k": "v", "nbshots": "3"}


def test_rare_outcomes_are_dropped():
    result = result_of(*[1] * 99, 0)
    assert [sample.state.int for sample in aggregate_data(result, threshold=0.01)] == [1]


@pytest.mark.parametrize("result", [Result(), Result(raw_data=[]), Result.from_arrays([], nbqbits=1)])
def test_nothing_cannot_be_aggregated(result):
    with pytest.raises(QPUException) as info:
        aggregate_data(result)
    assert info.value.code == ErrorType.NONERESULT


def shots_with_outcomes():
    result = Result()
    for state, bit in ((3, True), (3, False), (3, True), (1, True)):
        result.add_sample(state, intermediate_measurements=[IntermediateMeasurement([bit], 1, 0.5)])
    return result


def test_intermediate_outcomes_tell_shots_apart():
    kept = aggregate_data(shots_with_outcomes())
    assert [(s.state.int, s.probability, s.intermediate_measurements[0].cbits) for s in kept] == [
        (3, 0.5, [True]),
        (3, 0.25, [False]),
        (1, 0.25, [True]),
    ]


def test_dropping_intermediate_outcomes_warns():
    with pytest.warns(FutureWarning, match="intermediate measurements"):
        merged = aggregate_data(shots_with_outcomes(), keep_intermeas=False)
    assert [(s.state.int, s.probability, s.intermediate_measurements) for s in merged] == [
        (3, 0.75, None),
        (1, 0.25, None),
    ]


# ---------------------------------------------------------------- comparing, copying, printing


def results():
    yield result_of(1, 2, nbqbits=2)
    yield Result.from_arrays([WIDE], probabilities=[1.0], nbqbits=101, meta_data={"a": "b"})
    yield dense([0.6, 0.8j, 0, 0])
    yield Result(value=np.float64(0.5), error=0.1, parameter_map={"a": 1.0})


@pytest.mark.parametrize("result", list(results()))
def test_copies_are_equal_and_apart(result):
    for duplicate in (copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        assert duplicate == result
        duplicate.meta_data = {"changed": "yes"}
        assert duplicate != result
    assert result != 3


def test_long_results_print_shortly():
    text = repr(Result.from_arrays(np.arange(1000), nbqbits=10))
    assert "984 more" in text and len(text) < 1500


def test_printing_leaves_out_what_is_not_there():
    assert repr(Result(value=0.5)) == "Result(value=0.5)"


def test_from_thrift_is_the_identity_or_a_promotion():
    class Special(Result):
        pass

    result = Result(value=1.0)
    assert Result.from_thrift(result) is result is result.to_thrift()
    special = Special.from_thrift(result)
    assert type(special) is Special and special.value == 1.0
    with pytest.raises(TypeError, match="int cannot become a Result"):
        Result.from_thrift(3)


# ---------------------------------------------------------------- batches


def test_a_batch_result_is_a_sequence():
    batch = BatchResult(results=[Result(value=1.0)], meta_data={"a": "b"})
    batch.append(Result(value=2.0))
    batch.extend([Result(value=3.0)])
    assert len(batch) == 3 and [result.value for result in batch] == [1.0, 2.0, 3.0]
    batch[0] = Result(value=0.0)
    assert [result.value for result in batch[:2]] == [0.0, 2.0]
    assert batch == copy.deepcopy(batch) and batch != BatchResult() and batch != 1
    assert repr(BatchResult()) == "BatchResult(results=[], meta_data={})"


# ---------------------------------------------------------------- showing


def test_plot_draws_one_bar_per_state():
    from matplotlib import use

    use("Agg")
    axes = aggregate_data(result_of(0, 3, 3, nbqbits=2)).plot(title="Bell")
    assert [bar.get_height() for bar in axes.patches] == pytest.approx([1 / 3, 2 / 3])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["|00>", "|11>"]
    assert axes.get_title() == "Bell"
    counted = result_of(1, 1, 0, 1, nbqbits=1).plot(ax=axes.figure.add_subplot())
    assert [bar.get_height() for bar in counted.patches] == [0.25, 0.75]


def test_plot_names_the_missing_library(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'openqat\[plot\]'"):
        result_of(0).plot()


def test_display_shows_states_and_probabilities(capsys):
    Result.from_arrays([0, 3], probabilities=[0.5, 0.5], nbqbits=2).display()
    shown = capsys.readouterr().out
    assert "|00>" in shown and "0.5" in shown
