"""The compiled functions called with anything of the right type: they answer or refuse, and never read beyond.

The Python engine checks what it passes on; the extension must not depend on it. Sanitizers see what a crash would hide.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

_native = pytest.importorskip("qat.kernels._native")

REFUSALS = (ValueError, MemoryError)
usual = settings(max_examples=120)

INT32 = (-(2**31), -2, -1, 0, 1, 2, 3, 4, 60, 2**31 - 1)
INT64 = (-(2**63), -1, 0, 1, 4, 16, 2**61, 2**62 - 1, 2**63 - 1)
REALS = (0.0, 1.0, -0.5, 1e-300, 1e300, np.nan, np.inf, -np.inf)
MASKS = (0, 1, 3, 7, 2**32, 2**63, 2**64 - 1)
SIZES = (0, 1, 2, 3, 4, 8, 16)
QUBITS = (-1, 0, 1, 2, 3, 11, 61, 2**31 - 1)
HUGE = (48, 59, 60)
"""Numbers of qubits that a program may have and no machine holds; what lies between would really be allocated."""


def arrays(values, dtype, sizes=SIZES):
    """Arrays of the given values, of the given lengths."""
    lists = st.sampled_from(sizes).flatmap(lambda size: st.lists(st.sampled_from(values), min_size=size, max_size=size))
    return lists.map(lambda entries: np.array(entries, dtype))


def amplitudes(sizes=SIZES):
    """Complex numbers, in either precision."""
    return st.sampled_from((np.complex64, np.complex128)).flatmap(lambda dtype: arrays(REALS[:4], dtype, sizes))


complexes = arrays(REALS, np.complex128)
parameters = arrays(REALS, np.float64)
counts = st.sampled_from((-5, 0, 1, 2, 7))
kinds = st.sampled_from((-1, *range(9), 2**31 - 1))
forms = st.lists(st.tuples(kinds, st.sampled_from(INT32), st.sampled_from(REALS), st.sampled_from(INT64)), max_size=4)


@st.composite
def wild_programs(draw):
    """Columns of any content; ``None`` when they are refused."""
    gates = draw(arrays(INT32, np.int32, SIZES[:5]))
    lengths = (len(gates) + 1,) if draw(st.booleans()) else SIZES
    columns = [draw(arrays(INT32, np.int32, lengths)) for _ in range(2)]
    qubits, nb_qubits = draw(arrays(INT32, np.int32)), draw(st.sampled_from((*QUBITS, *HUGE)))
    try:
        return _native.Program(nb_qubits, gates, columns[0], qubits, columns[1], draw(forms), draw(complexes))
    except REFUSALS:
        return None


@st.composite
def tame_programs(draw):
    """A few gates with a fixed, a supplied and a turning form, on any number of qubits."""
    nb_qubits = draw(st.sampled_from((1, 2, 3, 11, *HUGE)))
    kinds = draw(st.lists(st.integers(0, 7), max_size=4))
    arities = [2 if kind >= 6 else 1 for kind in kinds]
    starts = np.cumsum([0, *arities]).astype(np.int32)
    qubits = np.array([qubit % nb_qubits for arity in arities for qubit in range(arity)], np.int32)
    indices = np.arange(len(kinds), dtype=np.int32)
    described = [(kind, 0, 1.0, 0) for kind in kinds]
    try:
        matrix = np.array([1, 1, 1, -1], complex) / 2**0.5
        return _native.Program(
            nb_qubits, indices, starts, qubits, np.append(indices, 0).astype(np.int32), described, matrix
        )
    except REFUSALS:
        return None


programs = st.one_of(wild_programs(), tame_programs())


@st.composite
def strings(draw):
    """Grouped Pauli strings; ``None`` when they are refused."""
    try:
        return _native.PauliStrings(
            draw(st.sampled_from(QUBITS)), draw(arrays(MASKS, np.uint64)), draw(arrays(MASKS, np.uint64))
        )
    except REFUSALS:
        return None


def is_refused(call, *arguments) -> bool:
    """Whether a call is refused; any other error is let through."""
    try:
        call(*arguments)
    except REFUSALS:
        return True
    return False


def test_refusals_are_told_from_other_errors():
    assert is_refused(_native.draw, np.zeros(2), 1, 0) and not is_refused(_native.draw, np.ones(2), 1, 0)
    with pytest.raises(TypeError):
        is_refused(_native.draw, "no array", 1, 0)


@usual
@given(programs, parameters, complexes, amplitudes(), st.booleans(), st.booleans(), counts, st.sampled_from(INT32))
def test_runs(program, values, supplied, initial, is_single, fusion, nb_threads, nb_tile_bits):
    if program is None:
        return
    is_refused(program.plan_size, values, supplied)
    try:
        state = program.run(values, supplied, is_single, fusion, nb_threads, nb_tile_bits)
    except REFUSALS:
        pass
    else:
        assert program.nb_qubits < 48 and len(state) == 2**program.nb_qubits
    try:
        state = program.run_from(values, supplied, initial, fusion, nb_threads, nb_tile_bits)
    except REFUSALS:
        return
    assert state.dtype == initial.dtype and len(state) in (len(initial), 2**program.nb_qubits)


@usual
@given(strings(), amplitudes(), complexes, st.sampled_from(REALS), counts)
def test_sums_of_strings(sum_of_strings, state, coefficients, constant, nb_threads):
    if sum_of_strings is None:
        return
    fits = not is_refused(sum_of_strings.term_values, state, nb_threads)
    has_coefficients = fits and len(coefficients) == len(sum_of_strings)
    for call in (sum_of_strings.expectation, sum_of_strings.applied):
        assert is_refused(call, coefficients, constant, state, nb_threads) != has_coefficients


@usual
@given(
    amplitudes(), parameters, st.lists(st.sampled_from(QUBITS), max_size=70), st.sampled_from(INT64), st.integers(0, 9)
)
def test_samples(state, weights, places, nb_shots, seed):
    is_refused(_native.probabilities, state, places)
    if nb_shots <= 16 or nb_shots > 2**40:
        is_refused(_native.draw, state, nb_shots, seed)
        is_refused(_native.draw, weights, nb_shots, seed)


rates = st.lists(st.tuples(st.sampled_from(INT64), st.sampled_from(INT64), st.sampled_from(INT64)), max_size=3)


@usual
@given(programs, parameters, complexes, rates, complexes, strings(), complexes, counts)
def test_gradients(program, values, supplied, uses, entries, sum_of_strings, coefficients, nb_threads):
    if program is None or sum_of_strings is None:
        return
    start = np.zeros(0, np.complex128)
    for marks in (np.ones(np.shape(values), np.uint8), np.zeros(2, np.uint8)):
        arguments = (supplied, uses, entries, start, sum_of_strings, coefficients, 0.5, marks, nb_threads)
        is_refused(_native.value_and_gradient, program, values, *arguments)
    rows = np.atleast_2d(values)
    is_refused(_native.energies, program, rows, sum_of_strings, coefficients, 0.5, nb_threads)
    is_refused(_native.energies, program, rows[:0], sum_of_strings, coefficients, 0.5, nb_threads)


@usual
@given(
    programs,
    parameters,
    arrays(MASKS[:4], np.uint64),
    arrays(REALS, np.float64),
    parameters,
    st.sampled_from((0, 1, 99)),
)
def test_subspaces(program, probe, masks, coefficients, values, max_states):
    if program is None:
        return
    try:
        found = _native.Subspace.found(program, np.atleast_2d(probe), masks, masks, coefficients, 0.5, max_states)
    except REFUSALS:
        return
    if found is not None:
        assert is_refused(found.value, values) == (len(values) != len(probe))
        assert is_refused(found.value_and_gradient, values) == (len(values) != len(probe))
