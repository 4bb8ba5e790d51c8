"""Pauli sums: algebra, matrices and groups, against dense matrices."""

import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.kernels.pauli import (
    PauliSum,
    commuting_groups,
    pauli_decomposition,
    qubit_wise_groups,
    single_groups,
    sparse_matrix,
)
from qat.kernels.pauli.diagonal import Tableau, diagonalise
from qat.kernels.pauli.sums import mask_array, masks_of, popcount, string_of
from tests import oracle

GROUPINGS = [single_groups, qubit_wise_groups, commuting_groups]
coefficients = st.complex_numbers(max_magnitude=3, allow_nan=False, allow_infinity=False)


@st.composite
def sums(draw, nb_qubits: int, max_terms: int = 6):
    """A sum on so many qubits, with repeated and identity strings among its terms."""
    letters = st.text("IXYZ", min_size=nb_qubits, max_size=nb_qubits)
    texts = draw(st.lists(letters, max_size=max_terms))
    terms = [(draw(coefficients), text, range(nb_qubits)) for text in texts]
    return PauliSum.from_terms(nb_qubits, terms, draw(coefficients))


def pairs(max_qubits: int = 4):
    return st.integers(1, max_qubits).flatmap(lambda n: st.tuples(sums(n), sums(n)))


def any_sum(max_qubits: int = 4, max_terms: int = 6):
    return st.integers(0, max_qubits).flatmap(lambda n: sums(n, max_terms))


def dense(paulis: PauliSum) -> np.ndarray:
    return oracle.observable(paulis.terms(), paulis.nb_qubits, paulis.constant)


def is_close(left, right) -> bool:
    return np.allclose(left, right, atol=1e-9)


# ---------------------------------------------------------------- masks
def test_qubit_0_is_the_most_significant_bit():
    assert masks_of("XYZ", [0, 1, 2], 3) == (0b110, 0b011)
    assert string_of(0b110, 0b011, 3) == ("XYZ", (0, 1, 2))


@given(st.text("XYZ", max_size=70), st.randoms())
def test_masks_and_strings_are_inverse(letters, random_source):
    qubits = tuple(sorted(random_source.sample(range(80), len(letters))))
    assert string_of(*masks_of(letters, qubits, 80), 80) == (letters, qubits)


@pytest.mark.parametrize("letters, qubits, message", [
    ("Q", [0], "'Q' in 'Q' is not a Pauli letter"),
    ("X", [2], r"qubit 2 is out of bound \(nbqbits=2\)"),
    ("X", [-1], "qubit -1 is out of bound"),
    ("XY", [1, 1], "qubit 1 is repeated"),
])  # fmt: skip
def test_what_is_not_a_string_is_refused(letters, qubits, message):
    with pytest.raises(ValueError, match=message):
        masks_of(letters, qubits, 2)


def test_beyond_64_qubits_masks_are_python_integers():
    paulis = PauliSum.from_terms(100, [(1.0, "XZ", [0, 99]), (2.0, "Y", [50])])
    assert paulis.x_masks.dtype == object and paulis.x_masks[0] == 1 << 99
    assert popcount(paulis.x_masks).tolist() == [1, 1]
    squared = paulis.product(paulis)
    assert squared.constant == 5.0 and squared.terms() == [(4.0, "XYZ", (0, 50, 99))]
    assert paulis.commutator(paulis).terms() == []
    for grouping in GROUPINGS:
        assert sum(len(group.members) for group in grouping(paulis)) == 2
    assert paulis.support == 1 << 99 | 1 << 49 | 1


def test_mask_array_uses_words_up_to_64_qubits():
    assert mask_array([2**63], 64).dtype == np.uint64
    assert mask_array([2**64], 65).dtype == object


# ---------------------------------------------------------------- algebra
@given(pairs())
def test_products_are_matrix_products(both):
    left, right = both
    assert is_close(dense(left.product(right)), dense(left) @ dense(right))


@given(pairs())
def test_commutators(both):
    left, right = both
    a, b = dense(left), dense(right)
    assert is_close(dense(left.commutator(right)), a @ b - b @ a)
    assert is_close(dense(left.commutator(left)), 0)


@given(any_sum())
def test_adjoint(paulis):
    assert is_close(dense(paulis.adjoint()), dense(paulis).conj().T)


@given(any_sum(max_terms=12))
def test_merging_keeps_the_operator_and_leaves_distinct_strings(paulis):
    merged = paulis.merged()
    assert is_close(dense(merged), dense(paulis))
    strings = list(zip(merged.x_masks.tolist(), merged.z_masks.tolist(), strict=True))
    assert len(set(strings)) == len(strings) and (0, 0) not in strings


def test_merging_drops_what_is_small():
    paulis = PauliSum.from_terms(1, [(1.0, "X", [0]), (1e-9, "Z", [0])])
    assert [letters for _, letters, _ in paulis.merged(tolerance=1e-8).terms()] == ["X"]


@given(any_sum(3), st.integers(0, 2))
def test_more_qubits_are_added_behind(paulis, extra):
    wide = paulis.on_qubits(paulis.nb_qubits + extra)
    assert is_close(dense(wide), np.kron(dense(paulis), np.eye(2**extra)))
    assert wide.terms() == paulis.terms()


def test_a_sum_is_not_narrowed():
    with pytest.raises(ValueError, match="cannot narrow a sum on 2 qubits to 1"):
        PauliSum.from_terms(2, []).on_qubits(1)
    with pytest.raises(ValueError, match="on 1 and 2 qubits"):
        PauliSum.from_terms(1, []).product(PauliSum.from_terms(2, []))


def test_products_by_blocks(monkeypatch):
    generator = random.Random(3)
    terms = [(generator.random(), "".join(generator.choices("IXYZ", k=3)), range(3)) for _ in range(20)]
    left, right = PauliSum.from_terms(3, terms[:13], 0.5), PauliSum.from_terms(3, terms[13:], -1)
    monkeypatch.setattr("qat.kernels.pauli.sums._PRODUCT_BLOCK", 10)
    assert is_close(dense(left.product(right)), dense(left) @ dense(right))


def test_selection_and_properties():
    paulis = PauliSum.from_terms(3, [(1.0, "ZZ", [0, 2]), (2.0, "X", [1])], constant=4.0)
    assert not paulis.is_diagonal and paulis[:1].is_diagonal and paulis[:1].constant == 0.0
    assert paulis[[1]].terms() == [(2.0, "X", (1,))] and len(paulis) == 2
    assert paulis.support == 0b111 and paulis[:0].support == 0


# ---------------------------------------------------------------- matrices
@given(any_sum())
def test_sparse_matrices(paulis):
    matrix = sparse_matrix(paulis)
    assert matrix.shape == (2**paulis.nb_qubits,) * 2 and matrix.dtype == np.complex128
    assert is_close(matrix.toarray(), dense(paulis))
    assert matrix.has_sorted_indices and np.all(matrix.data != 0)


def test_matrices_that_cannot_fit_are_refused():
    with pytest.raises(ValueError, match="a matrix on 40 qubits is too large"):
        sparse_matrix(PauliSum.from_terms(40, []))


@given(st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_decomposition_is_the_inverse_of_the_matrix(nb_qubits, seed):
    entries = np.random.default_rng(seed).standard_normal((2, 2**nb_qubits, 2**nb_qubits))
    matrix = entries[0] + 1j * entries[1]
    assert is_close(dense(pauli_decomposition(matrix)), matrix)


@given(any_sum())
def test_decomposition_finds_the_terms_again(paulis):
    merged = paulis.merged(tolerance=1e-6)
    found = pauli_decomposition(dense(merged)).merged(tolerance=1e-7)
    assert [term[1:] for term in found.terms()] == [term[1:] for term in merged.terms()]
    assert is_close(found.coefficients, merged.coefficients) and is_close(found.constant, merged.constant)


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4,), (0, 0)])
def test_matrices_of_other_shapes_have_no_strings(shape):
    with pytest.raises(ValueError, match="expected"):
        pauli_decomposition(np.zeros(shape))


# ---------------------------------------------------------------- Clifford conjugation
@pytest.mark.parametrize("name, nb_qubits", [("H", 1), ("S", 1), ("CNOT", 2), ("CSIGN", 2)])
@pytest.mark.parametrize("is_reversed", [False, True])
def test_conjugation_of_every_string(name, nb_qubits, is_reversed):
    qubits = tuple(range(nb_qubits))[:: -1 if is_reversed else 1]
    gate = oracle.unitary([(name, [], qubits)], nb_qubits)
    for letters in itertools.product("IXYZ", repeat=nb_qubits):
        x, z = masks_of("".join(letters), range(nb_qubits), nb_qubits)
        tableau = Tableau.from_masks([x], [z], nb_qubits)
        tableau.apply(name, qubits)
        image = [int("".join(map(str, bits[0].astype(int))), 2) for bits in (tableau.x, tableau.z)]
        sign = -1 if tableau.is_negative[0] else 1
        before = oracle.pauli("".join(letters), range(nb_qubits), nb_qubits)
        after = oracle.pauli(*string_of(*image, nb_qubits), nb_qubits)
        assert is_close(gate @ before @ gate.conj().T, sign * after)


@st.composite
def commuting_strings(draw):
    """Z strings seen through a random Clifford circuit, which is how all commuting strings look."""
    nb_qubits = draw(st.integers(1, 5))
    z_masks = draw(st.lists(st.integers(0, 2**nb_qubits - 1), min_size=1, max_size=7))
    tableau = Tableau.from_masks([0] * len(z_masks), z_masks, nb_qubits)
    one, two = st.sampled_from(["H", "S"]), st.sampled_from(["CNOT", "CSIGN"])
    for _ in range(draw(st.integers(0, 20))):
        qubits = draw(st.permutations(range(nb_qubits)))
        if nb_qubits > 1 and draw(st.booleans()):
            tableau.apply(draw(two), tuple(qubits[:2]))
        else:
            tableau.apply(draw(one), tuple(qubits[:1]))
    return tableau


@given(commuting_strings())
def test_commuting_strings_become_z_strings(tableau):
    size = tableau.x.shape[1]
    gates = diagonalise(tableau)
    for gate in gates:
        tableau.apply(*gate)
    assert not tableau.x.any()
    names = [name for name, _ in gates]
    rank = names.count("H")
    assert names.count("CNOT") <= rank * (size - rank) and names.count("CSIGN") <= rank * (rank - 1) // 2


# ---------------------------------------------------------------- groups
@pytest.mark.parametrize("grouping", GROUPINGS)
@given(paulis=any_sum(max_terms=10))
def test_groups_share_out_the_terms_and_their_circuits_are_right(grouping, paulis):
    groups = grouping(paulis)
    members = sorted(index for group in groups for index in group.members.tolist())
    assert members == list(range(len(paulis)))
    for group in groups:
        _check_circuit(paulis, group)


def _check_circuit(paulis, group):
    size = paulis.nb_qubits
    circuit = oracle.unitary([(name, [], qubits) for name, qubits in group.circuit], size)
    strings = [term[1:] for term in paulis.terms()]
    for index, z_mask, sign in zip(group.members.tolist(), group.z_masks.tolist(), group.signs.tolist(), strict=True):
        image = circuit @ oracle.pauli(*strings[index], size) @ circuit.conj().T
        assert is_close(image, sign * oracle.pauli(*string_of(0, z_mask, size), size))
        assert z_mask & ~group.measured == 0


@given(any_sum(max_terms=10))
def test_qubit_wise_groups_need_gates_on_single_qubits_only(paulis):
    for group in qubit_wise_groups(paulis):
        assert all(name in ("H", "S") and len(qubits) == 1 for name, qubits in group.circuit)


def test_all_diagonal_terms_make_one_group_without_gates():
    terms = [(1.0, "ZZ", pair) for pair in itertools.combinations(range(6), 2)]
    for grouping in GROUPINGS[1:]:
        (group,) = grouping(PauliSum.from_terms(6, terms))
        assert group.circuit == () and set(group.signs.tolist()) == {1.0}


def test_commuting_groups_are_fewer_than_qubit_wise_ones():
    heisenberg = [(1.0, letter * 2, (i, i + 1)) for i in range(5) for letter in "XYZ"]
    paulis = PauliSum.from_terms(6, heisenberg)
    assert [len(grouping(paulis)) for grouping in GROUPINGS] == [15, 3, 2]


def test_largest_coefficients_choose_first():
    paulis = PauliSum.from_terms(1, [(0.1, "X", [0]), (-5.0, "Z", [0]), (1.0, "X", [0])])
    assert [group.members.tolist() for group in qubit_wise_groups(paulis)] == [[1], [0, 2]]


def test_no_terms_no_groups():
    for grouping in GROUPINGS:
        assert grouping(PauliSum.from_terms(2, [], constant=1.0)) == []


def test_mean_values_by_groups():
    """A sum's mean value, from the outcome distributions of its groups alone."""
    terms = [(0.5, "XX", (0, 1)), (1.5, "YY", (0, 1)), (-1.0, "ZZ", (0, 1)), (0.25, "XZ", (1, 2)), (2.0, "Y", (2,))]
    paulis = PauliSum.from_terms(3, terms, constant=0.75)
    state = _random_state(8)
    exact = (state.conj() @ dense(paulis) @ state).real
    for grouping in GROUPINGS:
        total = 0.75
        for group in grouping(paulis):
            circuit = oracle.unitary([(name, [], qubits) for name, qubits in group.circuit], 3)
            probabilities = np.abs(circuit @ state) ** 2
            parities = popcount(np.arange(8, dtype=np.uint64)[:, None] & group.z_masks) & 1
            weights = paulis.coefficients[group.members].real * group.signs
            total += float(probabilities @ (1 - 2 * parities) @ weights)
        assert is_close(total, exact)


def _random_state(size: int) -> np.ndarray:
    parts = np.random.default_rng(5).standard_normal((2, size))
    vector = parts[0] + 1j * parts[1]
    return vector / np.linalg.norm(vector)
