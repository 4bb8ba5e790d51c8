"""Terms in columns: the short way gives what the long way does, and leaves to it what is unusual."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core import Observable, Term
from qat.core.wrappers.term import ZERO_TOLERANCE
from qat.kernels.pauli import PauliSum, sums, terms
from qat.kernels.pauli.terms import pauli_columns, plain_qubits, recorded_terms

pytestmark = pytest.mark.skipif(recorded_terms is terms._recorded_terms, reason="nothing is compiled")
WORDS = st.lists(st.tuples(st.integers(0, 6), st.sampled_from("XYZI")), max_size=4, unique_by=lambda pair: pair[0]).map(
    lambda pairs: ("".join(letter for _, letter in pairs), [qubit for qubit, _ in pairs])
)
COEFFICIENTS = st.floats(-2, 2) | st.integers(-2, 2) | st.complex_numbers(max_magnitude=2)


def long_way(*args):
    del args


def same(first, second):
    columns = ("x_masks", "z_masks", "coefficients")
    return (first.nb_qubits, complex(first.constant)) == (second.nb_qubits, complex(second.constant)) and all(
        np.array_equal(getattr(first, name), getattr(second, name)) for name in columns
    )


@given(st.lists(st.tuples(COEFFICIENTS, WORDS), max_size=6), st.integers(7, 64), COEFFICIENTS)
def test_sums_are_the_same_both_ways(drawn, nb_qubits, constant):
    rows = [(coefficient, *word) for coefficient, word in drawn]
    short = PauliSum.from_terms(nb_qubits, rows, constant)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sums, "pauli_columns", long_way)
        assert same(short, PauliSum.from_terms(nb_qubits, iter(rows), constant))


@given(st.lists(st.tuples(st.floats(-2, 2) | st.just(1e-9), WORDS), max_size=6), st.integers(7, 70))
def test_observables_are_the_same_both_ways(drawn, nb_qubits):
    words = [Term(coefficient, *word) for coefficient, word in drawn]
    short, long = Observable(nb_qubits, pauli_terms=words), Observable(nb_qubits, pauli_terms=iter(words))
    assert long._recorded is None
    wider, copied = short._copied(), Observable(nb_qubits, pauli_terms=words)
    assert same(short.pauli_sum(), long.pauli_sum())
    assert wider.get_variables() == [] and str(wider) == str(long)
    assert short == long and short.terms == long.terms and list(short._data) == list(long._data)
    copied.nbqbits = nb_qubits + 2
    long.nbqbits = nb_qubits + 2
    assert same(copied.pauli_sum(), long.pauli_sum())


def test_terms_change_no_observable_afterwards():
    term = Term(1.0, "ZX", [1, 0])
    observable = Observable(2, pauli_terms=[term])
    assert observable._recorded is not None
    term.coeff, term.qbits[0] = 5.0, 3
    assert (observable.terms[0].coeff, observable.terms[0].op, observable.terms[0].qbits) == (1.0, "ZX", [1, 0])
    observable += Observable(2, pauli_terms=[Term(2.0, "XZ", [0, 1])])
    assert [term.coeff for term in observable.terms] == [3.0]


@pytest.mark.parametrize(
    "term",
    [
        Term(1.0, "", []), Term(1, "Z", [0]), Term(1j, "Z", [0]), Term(1e-9, "Z", [0]), Term(1.0, "Cc", [0, 1]),
        Term(1.0, "ZZ", [0, 0], do_validity_check=False), Term(float("nan"), "Z", [0]), Term(1.0, "Z", [2]),
        Observable.z(0).terms[0], type("Own", (Term,), {})(1.0, "Z", [0]), "no term", None,
    ],
)  # fmt: skip
def test_unusual_terms_go_the_long_way(term):
    assert recorded_terms([Term(1.0, "X", [0]), term], Term, 2, ZERO_TOLERANCE) is None


def test_equal_and_wide_terms_go_the_long_way():
    pair = [Term(1.0, "XZ", [0, 1]), Term(1.0, "ZX", [1, 0])]
    assert recorded_terms(pair, Term, 2, ZERO_TOLERANCE) is None
    assert recorded_terms(pair[:1], Term, 65, ZERO_TOLERANCE) is None
    assert recorded_terms(iter(pair), Term, 2, ZERO_TOLERANCE) is None
    columns = recorded_terms(tuple(pair[:1]), Term, 2, ZERO_TOLERANCE)
    assert columns.columns(1) is None and columns.columns(65) is None and columns.columns(64) is not None


@pytest.mark.parametrize(
    ("letters", "qubits", "expected"),
    [
        ("ZX", (3, 1), [3, 1]), ("", [], []), ("I", [0], None), ("Z", [-1], None), ("Z", [0, 1], None),
        ("ZZ", [1, 1], None), ("Z", [True], None), ("Z", [1.0], None), ("Zé", [0, 1], None), ("Z", [64], None),
        ("W", [0], None), ("Z", 0, None), (b"Z", [0], None), ("Z", range(1), None), ("Z" * 65, list(range(65)), None),
    ],
)  # fmt: skip
def test_plain_qubits(letters, qubits, expected):
    found = plain_qubits(letters, qubits)
    assert found == expected and found is not qubits


@pytest.mark.parametrize(
    "rows", [[(1.0, "Z")], [(1.0, "Z", [5])], [("a", "Z", [0])], [None], "ab", [(np.float64(1), "Z", [0])]]
)
def test_unusual_rows_go_the_long_way(rows):
    assert pauli_columns(rows, 2) is None


def test_functions_count_their_arguments():
    for function in (recorded_terms, pauli_columns, plain_qubits):
        with pytest.raises(TypeError):
            function([])
