"""Terms and observables: construction, algebra against dense matrices, variables, views, copies."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from qat.core import Observable, Term, Variable
from qat.core.variables import conjugate
from qat.core.wrappers import observable_algebra
from qat.core.wrappers.ising import IsingProblem
from tests import oracle

A, B = Variable("a"), Variable("b")
sigma_x, sigma_y, sigma_z = Observable.sigma_x, Observable.sigma_y, Observable.sigma_z
numbers = st.one_of(st.integers(-3, 3), st.floats(-3, 3), st.complex_numbers(max_magnitude=3))


@st.composite
def observables(draw, max_qubits: int = 3):
    nb_qubits = draw(st.integers(1, max_qubits))
    terms = []
    for _ in range(draw(st.integers(0, 5))):
        qubits = draw(st.lists(st.integers(0, nb_qubits - 1), unique=True, max_size=nb_qubits))
        letters = draw(st.text("IXYZ", min_size=len(qubits), max_size=len(qubits)))
        terms.append(Term(draw(numbers), letters, qubits))
    return Observable(nb_qubits, pauli_terms=terms, constant_coeff=draw(numbers))


def dense(observable: Observable, nb_qubits: int | None = None) -> np.ndarray:
    terms = [(term.coeff, term.op, term.qbits) for term in observable.terms]
    return oracle.observable(terms, nb_qubits or observable.nbqbits, observable.constant_coeff)


def is_close(left, right) -> bool:
    return np.allclose(left, right, atol=1e-6)


def texts(observable: Observable) -> list[str]:
    return str(observable).split(" +\n") if str(observable) else []


# ---------------------------------------------------------------- terms
def test_identities_are_stripped():
    term = Term(1, "IXIZ", [3, 1, 0, 2])
    assert (term.op, term.qbits) == ("XZ", [1, 2]) and Term(2, "II", [0, 1]).is_constant()
    term.op, term.qbits = "IX", [0, 1]
    assert term.clean_up() and term.op == "X" and not term.clean_up()


def test_terms_keep_their_order_and_convert_numbers():
    term = Term(np.float64(2), "ZX", np.array([1, 0]))
    assert (term.op, term.qbits) == ("ZX", [1, 0]) and type(term.qbits[0]) is int and type(term.coeff) is float
    assert type(Term(np.complex128(2), "Z", (0,)).coeff) is complex and Term(True, "Z", [0]).coeff == 1
    term.coeff = 2 * A
    assert term._coeff.get_value() == 2 * A and term._coeff.is_abstract and term._coeff.get_variables() == ["a"]


@pytest.mark.parametrize("arguments, error, message", [
    ((1, "XX", [0]), ValueError, r"XX and \[0\] have different length"),
    ((1, "XX", [0, 0]), AssertionError, "Only one Pauli operator"),
    (("x", "X", [0]), TypeError, "'x' is neither a number nor an abstract expression"),
    ((None, "X", [0]), TypeError, "neither a number"),
    ((1, "X", [0.5]), TypeError, "integer"),
])  # fmt: skip
def test_wrong_terms(arguments, error, message):
    with pytest.raises(error, match=message):
        Term(*arguments)


def test_other_letters_are_not_interpreted():
    assert Term(1, "CcCc", [0, 1, 1, 0]).qbits == [0, 1, 1, 0] and not Term(1, "Aa", [0, 1]).is_spin()
    assert Term(1, "XX", [0, 0], do_validity_check=False).qbits == [0, 0]


@pytest.mark.parametrize("left, right, commute", [
    (("X", [0]), ("Y", [0]), False), (("X", [0]), ("Y", [1]), True), (("XX", [0, 1]), ("YY", [0, 1]), True),
    (("XZ", [0, 2]), ("ZX", [0, 1]), False), (("XZ", [0, 2]), ("ZX", [0, 2]), True),
])  # fmt: skip
def test_commutation(left, right, commute):
    assert Term(1, *left).commute(Term(1, *right)) is commute


def test_relations_of_terms():
    assert Term(1, "XY", [0, 1]) == Term(1.0, "YX", [1, 0]) != Term(2, "XY", [0, 1]) and Term(1, "X", [0]) != "X"
    assert Term(1, "XY", [0, 1]).compare_operators(Term(5, "YX", [1, 0])) == 1
    assert hash(Term(1, "XY", [0, 1])) == hash(Term(5, "YX", [1, 0]))
    assert Term(1, "ZZ", [0, 1]).is_diag() and not Term(1, "ZX", [0, 1]).is_diag() and Term(1, "ZX", [0, 1]).is_spin()
    term = Term(1, "ZX", [0, 1])
    term.shift_qbits(2)
    assert term.qbits == [2, 3] and repr(term) == "Term(_coeff=1, op='ZX', qbits=[2, 3])" and term.validate() is None


def test_products_of_terms():
    product = Term(2, "XY", [1, 0]) * Term(3, "YZ", [0, 2])
    assert (product.coeff, product.op, product.qbits) == (6.0, "XZ", [1, 2])
    assert (Term(A, "X", [0]) * Term(3, "Y", [0])).coeff == 1j * A * 3
    assert (Term(2, "X", [0]) * Term(3, "X", [0])).is_constant()
    for wrong in (2, "X"):
        with pytest.raises(TypeError):
            Term(1, "X", [0]) * wrong
    with pytest.raises(NotImplementedError, match="transform the observable to spins"):
        Term(1, "Cc", [0, 1]) * Term(1, "X", [0])


def test_matrix_of_a_term():
    matrix = Term(2.0, "Y", [1]).to_matrix(2)
    assert matrix.format == "coo" and is_close(matrix.toarray(), 2 * oracle.pauli("Y", [1], 2))
    assert is_close(Term(2.0, "Y", [1]).to_matrix(2, sparse=False), matrix.toarray())


def test_terms_are_copied_and_pickled():
    for term in (Term(A, "XZ", [0, 2]), Observable(3, pauli_terms=[Term(A, "XZ", [0, 2])]).terms[0]):
        for twin in (pickle.loads(pickle.dumps(term)), copy.deepcopy(term), copy.copy(term)):
            assert twin == term and type(twin) is Term
            twin.coeff = 3


# ---------------------------------------------------------------- construction
def test_merging_moves_to_the_end_in_the_form_that_came_last():
    terms = [Term(1, "Z", [0]), Term(1, "ZX", [1, 0]), Term(1, "Y", [0]), Term(3, "Z", [0]), Term(1, "XZ", [0, 1])]
    assert texts(Observable(2, pauli_terms=terms)) == ["1 * (Y|[0])", "4 * (Z|[0])", "2 * (XZ|[0, 1])"]
    assert texts(Observable(2, pauli_terms=[Term(A, "Z", [0]), Term(1, "Z", [0])])) == ["(1 + a) * (Z|[0])"]


def test_zero_terms_vanish_and_identities_are_constant():
    terms = [Term(1, "Z", [0]), Term(-1, "Z", [0]), Term(0, "X", [0]), Term(1e-9, "Y", [0]), Term(2, "I", [0])]
    observable = Observable(1, pauli_terms=terms, constant_coeff=1)
    assert len(observable.terms) == 0 and observable.constant_coeff == 3 and str(observable) == "3 * I^1"
    assert [len(Observable(1, pauli_terms=[Term(c, "Z", [0])]).terms) for c in (1e-7, 1e-8)] == [1, 0]


def test_fermionic_terms_merge_only_when_they_are_written_alike():
    terms = [Term(1.0, "Cc", [0, 1]), Term(1.0, "cC", [1, 0]), Term(2.0, "Cc", [0, 1])]
    assert texts(Observable(2, pauli_terms=terms)) == ["1.0 * (cC|[1, 0])", "3.0 * (Cc|[0, 1])"]


@pytest.mark.parametrize("make, error, message", [
    (lambda: Observable(1, pauli_terms=[Term(1, "X", [3])]), ValueError, r"qubit 3 is out of bound \(nbqbits=1\)"),
    (lambda: Observable(1, pauli_terms=[Term(1, "X", [-1])]), ValueError, "qubit -1 is out of bound"),
    (lambda: Observable(1, matrix=np.eye(4)), ValueError, r"shape \(4, 4\) on 1 qubits: expected \(2, 2\)"),
    (lambda: Observable(1, matrix=np.eye(2), pauli_terms=[]), AssertionError, "mutually exclusive"),
    (lambda: Observable(1, constant_coeff="x"), TypeError, "'x' is neither a number"),
    (lambda: Observable("2"), TypeError, "integer"),
    (lambda: sigma_x(3, 2), ValueError, "out of bound"),
])  # fmt: skip
def test_wrong_observables(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_any_iterable_of_terms_makes_an_observable():
    terms = [Term(1, "X", [i]) for i in range(2)]
    made = [
        Observable(2, pauli_terms=given)
        for given in (terms, tuple(terms), iter(terms), Observable(2, pauli_terms=terms).terms)
    ]
    assert all(observable == made[0] for observable in made) and len(made[0].terms) == 2


def test_one_qubit_observables():
    assert str(sigma_x(1)) == "1.0 * (X|[1])" and sigma_x(1).nbqbits == 2 and sigma_z(0, 5).nbqbits == 5
    assert Observable.x(0) == sigma_x(0) and Observable.y(1, 3) == sigma_y(1, 3) and Observable.z(2) == sigma_z(2)


# ---------------------------------------------------------------- matrices
@given(st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_decomposition_of_matrices(nb_qubits, seed):
    parts = np.random.default_rng(seed).standard_normal((2, 2**nb_qubits, 2**nb_qubits))
    matrix = parts[0] + 1j * parts[1]
    for given_matrix in (matrix, csr_array(matrix), matrix.tolist()):
        assert is_close(dense(Observable(nb_qubits, matrix=given_matrix)), matrix)


def test_order_and_types_of_a_decomposition():
    observable = Observable(2, matrix=np.arange(16).reshape(4, 4), constant_coeff=1)
    expected = ["X0", "Y0", "Z0", "X1", "XX01", "YX01", "ZX01", "Y1", "XY01", "Z1", "XZ01"]
    assert [term.op + "".join(map(str, term.qbits)) for term in observable.terms] == expected
    assert observable.constant_coeff == 8.5 and type(observable.constant_coeff) is float
    assert {type(term.coeff) for term in observable.terms} == {complex}
    assert texts(Observable(1, matrix=[[0, -1j], [1j, 0]])) == ["(1+0j) * (Y|[0])"]


@given(observables())
def test_matrices(observable):
    assert is_close(observable.to_matrix(sparse=False), dense(observable))
    assert observable.to_matrix().format == "csr" and is_close(observable.to_matrix().toarray(), dense(observable))


def test_what_has_no_matrix():
    with pytest.raises(NotImplementedError, match=r"\(Cc\|\[0, 1\]\) has other operators"):
        Observable(2, pauli_terms=[Term(1.0, "Cc", [0, 1])]).to_matrix()
    with pytest.raises(ValueError, match=r"\(2 \* a\) has the variables \['a'\]: give them values first.*a=0.5"):
        (2 * A * sigma_x(0)).pauli_sum()
    with pytest.raises(ValueError, match="has the variables"):
        (sigma_x(0) + A).to_matrix()
    with pytest.raises(ValueError, match="is not finite"):
        (float("nan") * sigma_x(0)).pauli_sum()


# ---------------------------------------------------------------- algebra
@given(observables(), observables())
def test_algebra_is_that_of_matrices(left, right):
    size = max(left.nbqbits, right.nbqbits)
    a, b = dense(left, size), dense(right, size)
    for result, expected in ((left + right, a + b), (left - right, a - b), (left * right, a @ b)):
        assert result.nbqbits == size and is_close(dense(result), expected)
    assert is_close(dense(left | right), a @ b - b @ a)
    assert is_close(dense(left ^ right), np.kron(dense(left), dense(right)))


@given(observables(), numbers)
def test_algebra_with_numbers(observable, number):
    matrix, unit = dense(observable), np.eye(2**observable.nbqbits)
    for result in (observable * number, number * observable):
        assert is_close(dense(result), number * matrix)
    for result in (observable + number, number + observable):
        assert is_close(dense(result), matrix + number * unit)
    assert is_close(dense(observable - number), matrix - number * unit)
    assert is_close(dense(number - observable), number * unit - matrix)
    assert is_close(dense(-observable), -matrix)
    assert is_close(dense(observable / (number + 5)), matrix / (number + 5))


@given(observables())
def test_conjugates(observable):
    matrix = dense(observable)
    assert is_close(dense(observable.dag()), matrix.conj().T)
    assert is_close(dense(observable.conj()), matrix.conj())
    assert is_close(dense(observable.transpose()), matrix.T)


def test_large_products_go_by_columns(monkeypatch):
    generator = np.random.default_rng(1)
    words = ["".join(generator.choice(list("IXYZ"), 4)) for _ in range(60)]
    left, right = (
        Observable(4, pauli_terms=[Term(float(c), text, range(4)) for c, text in zip(weights, words, strict=True)])
        for weights in generator.standard_normal((2, 60))
    )
    right = right * 1j + 0.5
    small = left * right, left | right
    monkeypatch.setattr(observable_algebra, "_MIN_VECTOR_PAIRS", 1)
    large = left * right, left | right
    for one, other in zip(small, large, strict=True):
        assert is_close(dense(one), dense(other)) and len(one.terms) == len(other.terms)
    assert (sigma_x(0) * sigma_x(0)).constant_coeff == 1.0 and type((sigma_x(0) * sigma_x(0)).constant_coeff) is float
    assert str(A * sigma_x(0) * sigma_y(0)) == "(1j * a) * (Z|[0])"


def test_order_of_products():
    left = Observable(2, pauli_terms=[Term(1.0, "X", [0]), Term(2.0, "Y", [1])], constant_coeff=7)
    right = Observable(2, pauli_terms=[Term(5.0, "Z", [0]), Term(3.0, "X", [0])], constant_coeff=3)
    assert texts(left * right) == [
        "24.0 * I^2", "6.0 * (Y|[1])", "35.0 * (Z|[0])", "24.0 * (X|[0])", "-5j * (Y|[0])", "10.0 * (ZY|[0, 1])",
        "6.0 * (XY|[0, 1])",
    ]  # fmt: skip
    assert texts(left | right) == ["-10j * (Y|[0])"]
    assert texts(left + right) == ["10 * I^2", "2.0 * (Y|[1])", "5.0 * (Z|[0])", "4.0 * (X|[0])"]


def test_wide_observables():
    wide = sigma_x(0, 100) * sigma_y(99, 100) * 2
    assert texts(wide * wide) == ["4.0 * I^100"] and wide.pauli_sum().nb_qubits == 100


def test_in_place_changes():
    observable = twin = sigma_x(0, 2)
    observable += 2 * sigma_z(2)
    assert observable is twin and twin.nbqbits == 3 and len(twin.terms) == 2
    observable += observable
    observable -= 2 * sigma_x(0)
    assert observable is twin and texts(observable) == ["4.0 * (Z|[2])"]
    observable /= 2
    observable *= 3
    assert observable is not twin and texts(observable) == ["6.0 * (Z|[2])"]


@pytest.mark.parametrize("wrong", [
    lambda: sigma_x(0) + "x", lambda: "x" + sigma_x(0), lambda: sigma_x(0) - None, lambda: None - sigma_x(0),
    lambda: sigma_x(0) * "x", lambda: sigma_x(0) / sigma_x(0), lambda: 2 / sigma_x(0), lambda: A / sigma_x(0),
    lambda: sigma_x(0) ^ 2, lambda: sigma_x(0) | "x", lambda: sigma_x(0) + Term(1, "X", [0]), lambda: sigma_x(0) ** 2,
])  # fmt: skip
def test_what_cannot_be_combined(wrong):
    with pytest.raises(TypeError):
        wrong()


def test_division_by_zero():
    with pytest.raises(ZeroDivisionError):
        sigma_x(0) / 0


def test_numbers_of_numpy():
    for result in (np.float64(2) * sigma_x(0), sigma_x(0) * np.int64(2), np.complex128(2) * sigma_x(0)):
        assert isinstance(result, Observable) and type(result.terms[0].coeff) in (float, complex)
    assert [observable.terms[0].coeff for observable in np.array([1, 2]) * sigma_x(0)] == [1.0, 2.0]


def test_sums_of_many_terms_are_linear():
    total = sum(Observable(50, pauli_terms=[Term(1.0, "ZZ", [i, j])]) for i in range(50) for j in range(i))
    assert len(total.terms) == 1225 and len((total + total).terms) == 1225 and len((total - total).terms) == 0


# ---------------------------------------------------------------- variables
def test_binding():
    observable = A * B * Observable(2, pauli_terms=[Term(0.5, "ZZ", [0, 1]), Term(2.0, "X", [1])], constant_coeff=3.0)
    assert observable.get_variables() == ["a", "b"] and observable(a=2).get_variables() == ["b"]
    assert texts(observable(a=2)) == [
        "(3.0 * (2 * b)) * I^2",
        "(0.5 * (2 * b)) * (ZZ|[0, 1])",
        "(2.0 * (2 * b)) * (X|[1])",
    ]
    assert texts(observable(a=2, b=np.float64(1))) == ["6.0 * I^2", "1.0 * (ZZ|[0, 1])", "4.0 * (X|[1])"]
    assert str(observable(a=0, b=1)) == "" and observable(z=1) == observable
    assert observable(a=0).get_variables() == ["b"] and str(observable(a=0)(b=1)) == ""
    assert type(observable(a=2, b=np.float64(1)).terms[0].coeff) is float


def test_binding_leaves_the_original_alone():
    observable = sigma_x(0)
    bound = observable(a=1)
    bound.add_term(Term(1, "Z", [0]))
    assert len(observable.terms) == 1 and len(bound.terms) == 2


def test_binding_follows_changes():
    observable = A * sigma_x(0)
    assert observable(a=2).terms[0].coeff == 2
    observable.add_term(Term(B, "Z", [0]))
    observable.constant_coeff = A * B
    bound = observable(a=2, b=3)
    assert bound.constant_coeff == 6 and [term.coeff for term in bound.terms] == [2, 3]


def test_conjugates_of_variables():
    assert (A * sigma_x(0)).dag().terms[0].coeff == conjugate(A)


# ---------------------------------------------------------------- fields
def test_terms_are_to_be_looked_at():
    observable = Observable(2, pauli_terms=[Term(0.5, "ZZ", [0, 1]), Term(2.0, "X", [1])])
    terms = observable.terms
    assert terms is observable.terms and terms == [Term(0.5, "ZZ", [0, 1]), Term(2.0, "X", [1])] != list(terms)[:1]
    assert isinstance(terms[0], Term) and isinstance(terms[:1], list) and terms[-1].op == "X" and len(terms) == 2
    with pytest.raises(AttributeError, match=r"not editable: cannot set coeff.*set_terms"):
        terms[0].coeff = 3
    with pytest.raises(TypeError):
        terms[0] = Term(1, "X", [0])
    observable.add_term(Term(1, "Y", [0]))
    assert len(terms) == 2 and len(observable.terms) == 3


def test_setting_terms():
    observable = Observable(2, pauli_terms=[Term(1, "Z", [0])], constant_coeff=1)
    observable.set_terms([Term(1, "X", [0]), Term(2, "X", [0]), Term(1, "I", [0])])
    assert str(observable) == "2 * I^2 +\n3 * (X|[0])"
    observable.terms = observable.terms
    assert str(observable) == "2 * I^2 +\n3 * (X|[0])"
    with pytest.raises(ValueError, match="out of bound"):
        observable.add_term(Term(1, "X", [2]))


def test_a_term_put_in_is_copied():
    term = Term(1, "X", [0])
    observable = Observable(2, pauli_terms=[term])
    term.op = "Z"
    term.qbits.append(1)
    assert texts(observable) == ["1 * (X|[0])"]


def test_changing_fields_changes_the_columns():
    observable = sigma_z(0)
    assert observable.pauli_sum() is observable.pauli_sum() and observable.pauli_sum().z_masks.tolist() == [1]
    observable.nbqbits = 3
    assert observable.pauli_sum().z_masks.tolist() == [4]
    observable.constant_coeff = 2
    assert observable.pauli_sum().constant == 2
    observable.constant_coeff = None
    assert observable.constant_coeff == 0.0
    observable.nbqbits = 0
    with pytest.raises(ValueError, match="out of bound"):
        observable.pauli_sum()


def test_copies_share_the_columns_until_they_change():
    observable = 2 * sigma_z(0, 2)
    bound, twin = observable(a=1), copy.copy(observable)
    assert bound.pauli_sum() is twin.pauli_sum() is observable.pauli_sum()
    twin.add_term(Term(1, "X", [1]))
    bound.nbqbits = 3
    assert [len(each.pauli_sum()) for each in (observable, bound, twin)] == [1, 1, 2]
    assert observable.pauli_sum().z_masks.tolist() == [2] and bound.pauli_sum().z_masks.tolist() == [4]
    later = sigma_z(0, 1)
    unpickled = pickle.loads(pickle.dumps(later))
    later.constant_coeff = 1
    assert (later.pauli_sum().constant, unpickled.pauli_sum().constant) == (1, 0)


def test_other_methods():
    observable = Observable(2, pauli_terms=[Term(1, "ZZ", [0, 1]), Term(1, "XZ", [0, 1])], constant_coeff=2)
    assert observable.get_diag_term() == [Term(1, "ZZ", [0, 1])] and observable.validate() is None
    observable.shift_qbits(1)
    assert texts(observable) == ["2 * I^3", "1 * (ZZ|[1, 2])", "1 * (XZ|[1, 2])"]
    assert observable.type == "terms" and observable.ising is None and Observable.file_extension == ".obs"
    assert repr(sigma_x(0)) == (
        "Observable(terms=[Term(_coeff=1.0, op='X', qbits=[0])], nbqbits=1, constant_coeff=0.0, ising=None)"
    )


def test_equality():
    one = Observable(2, pauli_terms=[Term(1, "X", [0]), Term(1, "YZ", [1, 0])])
    other = Observable(2, pauli_terms=[Term(1.0, "ZY", [0, 1]), Term(1.0, "X", [0])])
    assert one == other and one != other + 1 and one != 2 * other and one != 3
    assert sigma_x(0) != sigma_x(0, 2) and A * sigma_x(0) == A * sigma_x(0) != B * sigma_x(0)
    with pytest.raises(TypeError):
        hash(one)


def test_copies():
    observable = A * sigma_x(0, 3) + 2
    observable.pauli_sum if observable.get_variables() else None
    for twin in (copy.copy(observable), copy.deepcopy(observable), pickle.loads(pickle.dumps(observable))):
        assert twin == observable
        twin.add_term(Term(1, "Z", [0]))
        assert len(observable.terms) == 1 and len(twin.terms) == 2


class Hamiltonian(Observable):
    """A subclass as third-party packages write them: own constructor, attributes set before the parent's."""

    def __init__(self, nqbits, terms, constant_coeff=0.0):
        self.matrix = None
        super().__init__(nqbits, pauli_terms=terms, constant_coeff=constant_coeff)

    def __add__(self, other):
        result = super().__add__(other)
        return Hamiltonian(result.nbqbits, result.terms, result.constant_coeff)


def test_subclasses():
    hamiltonian = Hamiltonian(2, [Term(1.0, "X", [0])], 1.0)
    total = hamiltonian + hamiltonian
    assert type(total) is Hamiltonian and total.matrix is None and texts(total) == ["2.0 * I^2", "2.0 * (X|[0])"]
    assert type(2 * hamiltonian) is Observable and type(hamiltonian(a=1)) is Observable
    twin = pickle.loads(pickle.dumps(hamiltonian))
    assert type(twin) is Hamiltonian and twin == hamiltonian and type(copy.copy(hamiltonian)) is Hamiltonian
    assert sigma_x(0, 2) + 1 == hamiltonian


class FermionicTerm(Term):
    """A term with a product of its own, as third-party packages write them."""

    def __mul__(self, other):
        term = copy.deepcopy(self)
        term.op += other.op
        term.qbits += other.qbits
        term.coeff *= other.coeff
        return term


def test_classes_of_terms_are_kept():
    observable = Observable(2, pauli_terms=[FermionicTerm(2.0, "Cc", [0, 1]), FermionicTerm(3.0, "Cc", [1, 0])])
    first, second = observable.terms
    product = first._term * second._term
    assert (product.coeff, product.op, product.qbits) == (6.0, "CcCc", [0, 1, 1, 0]) and first.qbits == [0, 1]
    kept = [observable + observable, 2 * observable, -observable, copy.deepcopy(observable), observable(a=1)]
    kept += [pickle.loads(pickle.dumps(observable)), Observable(2, pauli_terms=observable.terms)]
    assert {type(term._term) for one in kept for term in one.terms} == {FermionicTerm}
    assert type(copy.deepcopy(first)) is type(first.to_term()) is FermionicTerm and isinstance(first, Term)
    assert type((observable + Observable(2, pauli_terms=[Term(1.0, "Cc", [0, 1])])).terms[-1]._term) is Term


# ---------------------------------------------------------------- pulses
def test_pulses():
    pulse = (2 * sigma_x(0)).as_pulse(2.0)
    assert str(pulse) == "drive:\nheaviside(t,0,2.0) * 2.0 * (X|[0])\ntmax = 2.0" and pulse.tname == "t"
    ramp = sigma_x(0).as_pulse(A, lambda time, start, width: (time - start) / width, "s")
    assert ramp.drive[0][0] == Variable("s") / A and ramp.tmax == A and ramp.tname == "s"


# ---------------------------------------------------------------- Ising problems
COUPLINGS = np.array([[0, 1.0, 2.0], [1, 0, 3], [2, 3, 0]])
FIELDS = np.array([1.0, -2, 3])


def ising_energies() -> list[float]:
    """The energies of all states, from the definition."""
    spins = [1 - 2 * np.array([state >> 2 & 1, state >> 1 & 1, state & 1]) for state in range(8)]
    return [float(-s @ COUPLINGS @ s - FIELDS @ s - 5) for s in spins]


class Problem:
    """An Ising problem as another package makes it."""

    def get_j_h_and_offset(self):
        return COUPLINGS, FIELDS, 5.0


@pytest.mark.parametrize("problem", [(COUPLINGS, FIELDS, 5.0), [COUPLINGS.tolist(), FIELDS.tolist(), 5], Problem()])
def test_ising_problems(problem):
    observable = Observable(3, ising=problem)
    assert observable.type == "ising" and observable.terms is None and observable.constant_coeff == 0.0
    assert is_close(np.diag(observable.to_matrix(sparse=False)), ising_energies())
    assert is_close(
        np.diag((2 * observable + 1 - sigma_z(0) * 0).to_matrix(sparse=False)), 2 * np.array(ising_energies()) + 1
    )
    assert observable._ising.get_j_h_and_offset()[2] == 5 and observable(a=1) == observable == copy.deepcopy(observable)
    assert observable != observable + 0 and observable.get_variables() == []


def test_changing_ising_problems():
    observable = Observable(3, ising=(COUPLINGS, FIELDS))
    with pytest.raises(ValueError, match="Could not add a term to an Ising observable"):
        observable.add_term(Term(1, "X", [0]))
    total = observable
    total += sigma_x(0, 3)
    assert total is not observable and total.terms[-1].op == "X"
    observable.set_terms([Term(1, "X", [0])])
    assert observable.ising is None and texts(observable) == ["1 * (X|[0])"]
    shifted = Observable(1, ising=([[0]], [2]), constant_coeff=1)
    shifted.shift_qbits(1)
    assert texts(shifted) == ["1.0 * I^2", "-2.0 * (Z|[1])"]


@pytest.mark.parametrize("problem, error, message", [
    ("x", TypeError, r"'x' is not an Ising problem: give \(J, h\)"),
    ((COUPLINGS,), TypeError, "not an Ising problem"),
    ((COUPLINGS, FIELDS[:2]), ValueError, r"J has shape \(3, 3\) and h has shape \(2,\)"),
    (([[0]], [1]), ValueError, "of 1 spins needs 1 qubits, got 3"),
])  # fmt: skip
def test_wrong_ising_problems(problem, error, message):
    with pytest.raises(error, match=message):
        Observable(3, ising=problem)


def test_ising_problems_are_values():
    problem = IsingProblem(COUPLINGS, FIELDS, 5)
    assert problem == IsingProblem(COUPLINGS, FIELDS, 5.0) != IsingProblem(COUPLINGS, FIELDS) and problem != 3
    assert repr(IsingProblem([[0]], [1])) == "IsingProblem([[0.0]], [1.0], 0.0)"
