"""Observables: sums of products of Pauli (or other one-qubit) operators."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import index
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from qat.core.serialization import Serializable
from qat.core.variables import BaseArithmetic
from qat.core.variables.evaluation import bound_all
from qat.core.wrappers import observable_algebra as algebra
from qat.core.wrappers.ising import as_ising, ising_terms, same_problem
from qat.core.wrappers.observable_algebra import Terms
from qat.core.wrappers.term import (
    ZERO_TOLERANCE,
    Coefficient,
    Term,
    TermList,
    TermView,
    as_coefficient,
    is_zero,
    key_of,
    term_of,
    variables_of,
)
from qat.kernels.pauli.terms import recorded_terms

if TYPE_CHECKING:
    import scipy.sparse
    from numpy.typing import NDArray

    from qat.core.wrappers.schedule import Schedule
    from qat.kernels.pauli import PauliSum
    from qat.kernels.pauli.terms import TermColumns

__all__ = ["Coefficient", "Observable", "Term", "TermList"]


class Observable(Serializable):
    """A sum of terms and a constant, to be measured or to drive a schedule.

    Equal terms are merged and terms whose coefficient is zero (up to 1e-8) vanish. Adding, multiplying, ``|`` (the
    commutator) and ``^`` (the tensor product) make new observables; ``+=`` and ``-=`` change this one.

    Args:
        nqbits: number of qubits.
        matrix: a matrix of shape ``(2**nqbits, 2**nqbits)``, qubit 0 the most significant bit, or
        pauli_terms: the terms, or
        ising: an Ising problem ``(J, h)``, ``(J, h, offset)`` or of ``qat.opt``:
            ``H = - s @ J @ s - h @ s - offset`` with ``s[i]`` the operator Z on qubit ``i``.
        constant_coeff: a multiple of the identity to be added.

    Raises:
        ValueError: a qubit does not exist, or the matrix has the wrong shape.
        AssertionError: more than one of ``matrix``, ``pauli_terms`` and ``ising``.

    >>> observable = Observable(2, pauli_terms=[Term(0.5, "ZZ", [0, 1]), Term(2.0, "X", [1])], constant_coeff=3.0)
    >>> print(2 * observable)
    6.0 * I^2 +
    1.0 * (ZZ|[0, 1]) +
    4.0 * (X|[1])
    """

    file_extension = ".obs"
    precedence: ClassVar[int] = 1
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        nqbits: int,
        matrix: Any = None,
        pauli_terms: Iterable[Term] | None = None,
        ising: Any = None,
        constant_coeff: Any = 0.0,
    ) -> None:
        if (matrix is not None) + (pauli_terms is not None) + (ising is not None) > 1:
            raise AssertionError(
                "Specification via a matrix, via a list of terms or via an ising are all mutually exclusive: give one"
            )
        self._nbqbits = index(nqbits)
        self._constant: Any = as_coefficient(constant_coeff)
        self._stored: Terms = {}
        self._recorded: TermColumns | None = None  # terms at which nobody has looked yet, instead of those stored
        self._ising = None if ising is None else self._fitting_ising(as_ising(ising))
        self._terms: TermList | None = None
        self._columns: list[PauliSum] = []  # at most one; copies share the list, so that it is worked out once
        self._symbolic: tuple[Any, ...] | None = None
        if matrix is not None:
            self._set_matrix(matrix)
        if pauli_terms is not None:
            self._set_terms(pauli_terms)

    @classmethod
    def _made(cls, nb_qubits: int, data: Terms, constant: Any) -> Observable:
        """A plain observable of terms that are known to be merged and in range."""
        observable = Observable.__new__(Observable)
        observable._nbqbits, observable._stored, observable._constant = nb_qubits, data, constant
        observable._recorded = observable._ising = None
        observable._forget()
        return observable

    # ------------------------------------------------------------------ fields

    @property
    def _data(self) -> Terms:
        if self._recorded is not None:
            self._stored = {key_of(entry[1], entry[2]): entry for entry in self._recorded.entries(Term)}
            self._recorded = None
        return self._stored

    @_data.setter
    def _data(self, data: Terms) -> None:
        self._stored, self._recorded = data, None

    def _set_terms(self, terms: Iterable[Term]) -> None:
        """Take terms where there are none."""
        if isinstance(terms, list | tuple):
            self._recorded = recorded_terms(terms, Term, self._nbqbits, ZERO_TOLERANCE)
        if self._recorded is None:
            for term in terms:
                self._add(term)

    @property
    def nbqbits(self) -> int:
        """Number of qubits."""
        return self._nbqbits

    @nbqbits.setter
    def nbqbits(self, nb_qubits: int) -> None:
        self._nbqbits = index(nb_qubits)
        self._forget()

    @property
    def constant_coeff(self) -> Any:
        """Coefficient of the identity: a number or an expression."""
        return self._constant

    @constant_coeff.setter
    def constant_coeff(self, coefficient: Any) -> None:
        self._constant = as_coefficient(0.0 if coefficient is None else coefficient)
        self._forget()

    @property
    def terms(self) -> TermList | None:
        """The terms, to be looked at; ``None`` for an Ising problem. Set them with a list of terms."""
        if self._ising is not None:
            return None
        if self._terms is None:
            self._terms = TermList(iter(self._data.values()))
        return self._terms

    @terms.setter
    def terms(self, new_terms: Iterable[Term]) -> None:
        self.set_terms(new_terms)

    @property
    def ising(self) -> Any:
        """The Ising problem, or ``None``."""
        return self._ising

    @property
    def type(self) -> str:
        """``"terms"`` or ``"ising"``."""
        return "terms" if self._ising is None else "ising"

    def set_terms(self, new_terms: Iterable[Term]) -> None:
        """Replace the terms; the constant stays, and takes up multiples of the identity among them."""
        terms = list(new_terms)
        self._data, self._ising = {}, None
        for term in terms:
            self._add(term)

    def add_term(self, term: Term) -> None:
        """Add a term, in place.

        Raises:
            ValueError: a qubit does not exist, or the observable is an Ising problem.
        """
        self._add(term)

    def _add(self, term: Term) -> None:
        if self._ising is not None:
            raise ValueError("Could not add a term to an Ising observable: add another observable to it instead")
        if not hasattr(term, "qbits"):
            raise TypeError(f"The term is {term!r:.80}: give a Term, as Term(1.0, 'ZZ', [0, 1])")
        qubits, letters = tuple(term.qbits), term.op
        for qubit in qubits:
            if not 0 <= qubit < self._nbqbits:
                raise ValueError(f"qubit {qubit} is out of bound (nbqbits={self._nbqbits}) in {term}")
        if letters.strip("I"):
            algebra.merge(self._data, key_of(letters, qubits), (term.coeff, letters, qubits, _class_of(term)))
        else:
            self._constant = self._constant + term.coeff
        self._forget()

    def _set_matrix(self, matrix: Any) -> None:
        from qat.kernels.pauli import pauli_decomposition

        dense = matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix)
        if dense.shape != (2**self._nbqbits,) * 2:
            size = 2**self._nbqbits
            raise ValueError(f"a matrix of shape {dense.shape} on {self._nbqbits} qubits: expected {(size, size)}")
        paulis = pauli_decomposition(dense).merged()
        found = sorted(algebra.from_pauli_sum(paulis).items(), key=lambda item: _digits(*item[0]))
        self._data = {key: entry for key, entry in found if not is_zero(entry[0])}
        self._constant = self._constant + algebra.real_if_possible(complex(paulis.constant))

    def _fitting_ising(self, problem: Any) -> Any:
        size = len(problem.get_j_h_and_offset()[1])
        if size != self._nbqbits:
            raise ValueError(f"an Ising problem of {size} spins needs {size} qubits, got {self._nbqbits}")
        return problem

    def _forget(self) -> None:
        """Drop what was worked out from the fields."""
        self._terms = self._symbolic = None
        self._columns = []

    def _parts(self) -> tuple[Terms, Any]:
        """Terms and constant, also of an Ising problem."""
        if self._ising is None:
            return self._data, self._constant
        entries, constant = ising_terms(self._ising)
        return {entry[1:]: (*entry, Term) for entry in entries}, self._constant + constant

    # ------------------------------------------------------------------ variables

    def _expressions(self) -> tuple[Any, ...]:
        """The constant and the coefficients that have variables."""
        if self._symbolic is None:
            entries = self._data.values() if self._recorded is None else ()
            coefficients = [self._constant, *(entry[0] for entry in entries)]
            self._symbolic = tuple([c for c in coefficients if isinstance(c, BaseArithmetic)])
        return self._symbolic

    def get_variables(self) -> list[str]:
        """Names of the variables of the coefficients, sorted."""
        return sorted({name for expression in self._expressions() for name in variables_of(expression)})

    def __call__(self, **kwargs: Any) -> Observable:
        """The observable with values for variables; unknown names are ignored.

        >>> from qat.core.variables import Variable
        >>> print((Variable("v") * Observable.sigma_z(0))(v=2))
        2 * (Z|[0])
        """
        expressions = self._expressions()
        if not expressions:
            return self._copied()
        values = dict(zip(expressions, map(as_coefficient, bound_all(expressions, kwargs)), strict=True))
        pairs = ((key, values.get(entry[0], entry[0]), entry) for key, entry in self._data.items())
        data = {key: (c, *entry[1:]) for key, c, entry in pairs if not is_zero(c)}
        return Observable._made(self._nbqbits, data, values.get(self._constant, self._constant))

    # ------------------------------------------------------------------ arithmetic

    def _copied(self) -> Observable:
        """A plain observable with the same terms."""
        observable = Observable._made(self._nbqbits, self._stored.copy(), self._constant)
        observable._recorded, observable._ising = self._recorded, self._ising
        observable._columns, observable._symbolic = self._columns, self._symbolic
        return observable

    def _scaled(self, factor: Any) -> Observable:
        terms, constant = self._parts()
        return Observable._made(self._nbqbits, algebra.scaled(terms, factor), constant * factor)

    def _shifted_by(self, constant: Any) -> Observable:
        terms, _ = self._parts()
        return Observable._made(self._nbqbits, terms.copy(), constant)

    def __add__(self, other: Any) -> Observable:
        if isinstance(other, Observable):
            return self._plus(other, other._parts())
        return self._shifted_by(self._parts()[1] + as_coefficient(other)) if _is_scalar(other) else NotImplemented

    def __radd__(self, other: Any) -> Observable:
        return self + other if _is_scalar(other) else NotImplemented

    def __sub__(self, other: Any) -> Observable:
        if isinstance(other, Observable):
            return self._plus(other, (-other)._parts())
        return self._shifted_by(self._parts()[1] - as_coefficient(other)) if _is_scalar(other) else NotImplemented

    def __rsub__(self, other: Any) -> Observable:
        if not _is_scalar(other):
            return NotImplemented
        return (-self)._shifted_by(as_coefficient(other) - self._parts()[1])

    def _plus(self, other: Observable, parts: tuple[Terms, Any]) -> Observable:
        terms, constant = self._parts()
        nb_qubits = max(self._nbqbits, other._nbqbits)
        return Observable._made(nb_qubits, algebra.summed(terms, parts[0]), constant + parts[1])

    def __iadd__(self, other: Any) -> Observable:
        return self._absorb(other) if isinstance(other, Observable) and self._ising is None else self + other

    def __isub__(self, other: Any) -> Observable:
        return self._absorb(-other) if isinstance(other, Observable) and self._ising is None else self - other

    def _absorb(self, other: Observable) -> Observable:
        terms, constant = other._parts()
        for key, entry in list(terms.items()):
            algebra.merge(self._data, key, entry)
        self._constant = self._constant + constant
        self._nbqbits = max(self._nbqbits, other._nbqbits)
        self._forget()
        return self

    def __neg__(self) -> Observable:
        terms, constant = self._parts()
        data = {key: (0 - entry[0], *entry[1:]) for key, entry in terms.items()}
        return Observable._made(self._nbqbits, data, 0 - constant)

    def __mul__(self, other: Any) -> Observable:
        if not isinstance(other, Observable):
            return self._scaled(as_coefficient(other)) if _is_scalar(other) else NotImplemented
        nb_qubits = max(self._nbqbits, other._nbqbits)
        return Observable._made(nb_qubits, *algebra.product(*self._parts(), *other._parts(), nb_qubits))

    def __rmul__(self, other: Any) -> Observable:
        return self._scaled(as_coefficient(other)) if _is_scalar(other) else NotImplemented

    def __truediv__(self, num_val: Any) -> Observable:
        return self._scaled(1.0 / as_coefficient(num_val)) if _is_scalar(num_val) else NotImplemented

    def __itruediv__(self, num_val: Any) -> Observable:
        return self.__truediv__(num_val)

    def __or__(self, obs: Any) -> Observable:
        """The commutator ``self @ obs - obs @ self``."""
        if not isinstance(obs, Observable):
            return Observable(self._nbqbits) if _is_scalar(obs) else NotImplemented
        nb_qubits = max(self._nbqbits, obs._nbqbits)
        return Observable._made(nb_qubits, algebra.commutator(self._parts()[0], obs._parts()[0], nb_qubits), 0.0)

    def __xor__(self, obs: Any) -> Observable:
        """The tensor product, the qubits of ``obs`` after those of this observable."""
        if not isinstance(obs, Observable):
            return NotImplemented
        terms, constant = algebra.tensor(*self._parts(), self._nbqbits, *obs._parts())
        return Observable._made(self._nbqbits + obs._nbqbits, terms, constant)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Observable):
            return NotImplemented
        if self is other:
            return True
        if (self._ising is None) != (other._ising is None) or self._nbqbits != other._nbqbits:
            return False
        has_same_ising = self._ising is None or same_problem(self._ising, other._ising)
        return has_same_ising and self._constant == other._constant and _plain(self._data) == _plain(other._data)

    # ------------------------------------------------------------------ related operators

    def dag(self) -> Observable:
        """The Hermitian adjoint, for Pauli operators; coefficients with variables become ``conjugate(...)``.

        >>> print((1j * Observable.sigma_x(0)).dag())
        -1j * (X|[0])
        """
        return self._mapped(lambda coefficient, letters: _conjugate(coefficient))

    def conj(self) -> Observable:
        """The complex conjugate, for Pauli operators."""
        return self._mapped(lambda c, letters: 0 - _conjugate(c) if letters.count("Y") % 2 else _conjugate(c))

    def transpose(self) -> Observable:
        """The transpose, for Pauli operators."""
        return self._mapped(lambda c, letters: 0 - c if letters.count("Y") % 2 else c)

    def _mapped(self, rule: Callable[[Any, str], Any]) -> Observable:
        terms, constant = self._parts()
        data = {key: (rule(entry[0], entry[1]), *entry[1:]) for key, entry in terms.items()}
        return Observable._made(self._nbqbits, data, rule(constant, ""))

    def get_diag_term(self) -> list[Term]:
        """The terms made of Z alone."""
        terms, _ = self._parts()
        return [term_of(entry) for entry in terms.values() if not entry[1].strip("Z")]

    def shift_qbits(self, offset: int) -> None:
        """Put ``offset`` qubits before the others, in place."""
        terms, constant = self._parts()
        self._data, self._constant, self._ising = algebra.shifted(terms, offset), constant, None
        self.nbqbits = self._nbqbits + offset

    def as_pulse(
        self, width: Any, pulse_shape: Callable[[Any, Any, Any], Any] | None = None, t_var: str | None = None
    ) -> Schedule:
        """A schedule that drives this observable from time 0 to ``width``.

        Args:
            width: duration, a number or an expression.
            pulse_shape: makes the time-dependent coefficient out of the time variable, the start and the width; a
                square pulse unless given.
            t_var: name of the time variable, ``"t"`` unless given.
        """
        from qat.core.variables import Variable, heaviside
        from qat.core.wrappers.schedule import Schedule

        name = t_var or "t"
        shape = (pulse_shape or heaviside)(Variable(name), 0, width)
        return Schedule(drive=[(shape, self)], tmax=width, tname=name)

    def pauli_sum(self) -> PauliSum:
        """The observable in columns, worked out once.

        Raises:
            NotImplementedError: it has other than Pauli operators.
            ValueError: a coefficient has variables, or a qubit does not exist.
        """
        if not self._columns:
            self._columns.append(self._new_columns())
        return self._columns[0]

    def _new_columns(self) -> PauliSum:
        if self._recorded is not None and (columns := self._recorded.columns(self._nbqbits)) is not None:
            return algebra.sum_of_columns(columns, self._constant, self._nbqbits)
        return algebra.pauli_sum(*self._parts(), self._nbqbits)

    def to_matrix(self, sparse: bool = True) -> scipy.sparse.csr_array | NDArray[np.complex128]:
        """Matrix of shape ``(2**nbqbits, 2**nbqbits)``, qubit 0 the most significant bit; CSR unless dense.

        Raises:
            NotImplementedError: it has other than Pauli operators.
            ValueError: a coefficient has variables.
        """
        from qat.kernels.pauli import sparse_matrix

        matrix = sparse_matrix(self.pauli_sum())
        return matrix if sparse else matrix.toarray()

    def validate(self) -> None:
        """Nothing to check: an observable is checked when it is made."""

    # ------------------------------------------------------------------ one-qubit observables

    @staticmethod
    def _sigma(pauli: str, index: int, nbqbits: int) -> Observable:
        return Observable(nbqbits or index + 1, pauli_terms=[Term(1.0, pauli, [index])])

    @staticmethod
    def sigma_x(index: int, nbqbits: int = 0) -> Observable:
        """X on a qubit of ``nbqbits`` (``index + 1`` unless given)."""
        return Observable._sigma("X", index, nbqbits)

    @staticmethod
    def sigma_y(index: int, nbqbits: int = 0) -> Observable:
        """Y on a qubit of ``nbqbits`` (``index + 1`` unless given)."""
        return Observable._sigma("Y", index, nbqbits)

    @staticmethod
    def sigma_z(index: int, nbqbits: int = 0) -> Observable:
        """Z on a qubit of ``nbqbits`` (``index + 1`` unless given)."""
        return Observable._sigma("Z", index, nbqbits)

    x, y, z = sigma_x, sigma_y, sigma_z

    # ------------------------------------------------------------------ text, copies

    def __str__(self) -> str:
        terms, constant = self._parts()
        has_constant = isinstance(constant, BaseArithmetic) or constant != 0
        lines = [f"{constant} * I^{self._nbqbits}"] if has_constant else []
        lines += [f"{c} * ({letters}|{list(qubits)})" for c, letters, qubits, _ in terms.values()]
        return " +\n".join(lines)

    def __repr__(self) -> str:
        return (
            f"Observable(terms={self.terms!r}, nbqbits={self._nbqbits}, constant_coeff={self._constant}, "
            f"ising={self._ising!r})"
        )

    def __copy__(self) -> Observable:
        observable = object.__new__(type(self))
        observable.__dict__.update(self.__dict__)
        observable._stored = self._stored.copy()
        return observable

    def __getstate__(self) -> dict[str, Any]:
        stored = self._data
        return {**self.__dict__, "_stored": stored, "_terms": None, "_symbolic": None, "_columns": []}


def _class_of(term: Term) -> type[Term]:
    return term._entry()[3] if isinstance(term, TermView) else type(term)


def _digits(letters: str, qubits: tuple[int, ...]) -> int:
    """Place of a string in the published order of decompositions, the letter of qubit 0 changing fastest."""
    return sum("IXYZ".index(letter) << 2 * qubit for letter, qubit in zip(letters, qubits, strict=True))


def _plain(data: Terms) -> dict[Any, Any]:
    return {key: entry[0] for key, entry in data.items()}


def _conjugate(coefficient: Any) -> Any:
    from qat.core.variables import conjugate

    return conjugate(coefficient) if isinstance(coefficient, BaseArithmetic) else coefficient.conjugate()


def _is_scalar(value: Any) -> bool:
    from numbers import Complex

    return isinstance(value, BaseArithmetic | Complex | np.bool_)
