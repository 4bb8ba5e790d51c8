"""Terms of observables: a coefficient times a product of one-qubit operators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Complex
from operator import index, lt
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from qat.core.variables import BaseArithmetic
from qat.core.variables.expressions import as_child
from qat.kernels.pauli.terms import plain_qubits

if TYPE_CHECKING:
    import scipy.sparse
    from numpy.typing import NDArray

ZERO_TOLERANCE = 1e-8
"""Coefficients up to this size count as zero: their terms vanish, as published."""

Entry = tuple[Any, str, tuple[int, ...], "type[Term]"]
"""Coefficient, letters and qubits of a term, and its class: third-party packages have terms of their own."""
Key = tuple[str, tuple[int, ...]]
"""Letters and qubits that equal terms share."""


class Coefficient:
    """A number or expression as terms and schedules hold it; third-party code calls ``get_value``.

    >>> Coefficient(0.5).get_value()
    0.5
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = as_coefficient(value)

    @property
    def is_abstract(self) -> bool:
        """Whether it still has variables."""
        return isinstance(self.value, BaseArithmetic)

    def get_value(self) -> Any:
        """The number or expression."""
        return self.value

    def get_variables(self) -> list[str]:
        """Names of its variables, sorted."""
        return variables_of(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Coefficient) and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash(self.value)

    def __repr__(self) -> str:
        return f"Coefficient({self.value})"


class Term:
    """A coefficient times a product of one-qubit operators.

    Args:
        coefficient: a number or an expression.
        pauli_op: one letter a qubit. ``I X Y Z`` are Pauli operators; other letters, such as the fermionic ``C`` and
            ``c``, are not interpreted. ``I`` is stripped.
        qbits: the qubits, as many as letters.
        do_validity_check: refuse a Pauli string that names a qubit twice.

    Raises:
        ValueError: numbers of letters and qubits differ.
        AssertionError: two Pauli operators on one qubit.
        TypeError: the coefficient is neither a number nor an expression.

    >>> term = Term(2.0, "IX", [0, 1])
    >>> term.coeff, term.op, term.qbits
    (2.0, 'X', [1])
    >>> product = Term(1, "X", [0]) * Term(1, "Y", [0])
    >>> product.coeff, product.op, product.qbits
    (1j, 'Z', [0])
    """

    _value: Any
    op: str
    qbits: list[int]
    _do_validity_check: bool

    def __init__(self, coefficient: Any, pauli_op: str, qbits: Sequence[int], do_validity_check: bool = True) -> None:
        self._value = coefficient if type(coefficient) is float else as_coefficient(coefficient)
        self._do_validity_check = do_validity_check
        self.op = pauli_op
        if (plain := plain_qubits(pauli_op, qbits)) is not None:
            self.qbits = plain
            return
        self.qbits = qubits = list(map(index, qbits))
        if len(pauli_op) != len(qubits):
            raise ValueError(f"{pauli_op} and {qubits} have different length: give one qubit for each letter")
        if "I" in pauli_op:
            self.clean_up()
        if do_validity_check and len(qubits) > 1:
            self._check_term_validity()

    @property
    def coeff(self) -> Any:
        """The coefficient: a number or an expression."""
        return self._value

    @coeff.setter
    def coeff(self, coefficient: Any) -> None:
        self._value = as_coefficient(coefficient)

    @property
    def _coeff(self) -> Coefficient:
        return Coefficient(self._value)

    def _check_term_validity(self) -> None:
        if len(set(self.qbits)) != len(self.qbits) and self.is_spin():
            raise AssertionError(
                f"Only one Pauli operator should be applied to a given qubit in a single term! Got "
                f"({self.op}|{self.qbits}): multiply the operators on one qubit first"
            )

    def clean_up(self) -> bool:
        """Strip the ``I`` and their qubits; whether there were any."""
        kept = [(letter, qubit) for letter, qubit in zip(self.op, self.qbits, strict=True) if letter != "I"]
        has_changed = len(kept) != len(self.op)
        self.op = "".join(letter for letter, _ in kept)
        self.qbits = [qubit for _, qubit in kept]
        return has_changed

    def is_constant(self) -> bool:
        """Whether it is a multiple of the identity."""
        return not self.op

    def is_diag(self) -> bool:
        """Whether it has no operator but Z."""
        return not self.op.strip("Z")

    def is_spin(self) -> bool:
        """Whether it has no operator but Pauli operators."""
        return is_pauli(self.op)

    def commute(self, term2: Term) -> bool:
        """Whether two Pauli terms commute.

        >>> Term(1, "XX", [0, 1]).commute(Term(1, "ZZ", [0, 1]))
        True
        """
        letters = dict(zip(self.qbits, self.op, strict=True))
        clashes = [letters.get(qubit, other) != other for other, qubit in zip(term2.op, term2.qbits, strict=True)]
        return sum(clashes) % 2 == 0

    def compare_operators(self, term2: Term) -> int:
        """1 for equal operators, whatever the order of the qubits; 0 otherwise."""
        return int(self._key() == term2._key())

    def shift_qbits(self, offset: int) -> None:
        """Add ``offset`` to the qubits, in place."""
        self.qbits = [qubit + offset for qubit in self.qbits]

    def to_matrix(self, nbqbits: int, sparse: bool = True) -> scipy.sparse.coo_array | NDArray[np.complex128]:
        """Matrix on ``nbqbits`` qubits, shape ``(2**nbqbits, 2**nbqbits)``, qubit 0 the most significant bit.

        Raises:
            NotImplementedError: it has other than Pauli operators.
            ValueError: a qubit does not exist, or the coefficient has variables.
        """
        from qat.core.wrappers.observable import Observable

        matrix: Any = Observable(nbqbits, pauli_terms=[self]).to_matrix(sparse)
        return matrix.tocoo() if sparse else matrix

    def validate(self) -> None:
        """Nothing to check: a term is checked when it is made."""

    def _key(self) -> Key:
        return key_of(self.op, tuple(self.qbits))

    def __mul__(self, term2: Term) -> Term:
        if not isinstance(term2, Term):
            return NotImplemented
        from qat.core.wrappers.observable_algebra import term_product

        return term_of(term_product(self._entry(), term2._entry()))

    def _entry(self) -> Entry:
        return self._value, self.op, tuple(self.qbits), type(self)

    def __eq__(self, term: object) -> bool:
        return isinstance(term, Term) and bool(self._value == term._value) and self._key() == term._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"Term(_coeff={self._value}, op={self.op!r}, qbits={self.qbits})"


class TermView(Term):
    """A term of an observable, to be looked at. Change the observable with ``add_term`` or ``set_terms``.

    ``to_term`` and copies give a term of the class that was put in.
    """

    def __init__(self, entry: Entry) -> None:
        self.__dict__.update(_fields(entry), _kind=entry[3])

    def to_term(self) -> Term:
        """A term of its own, which may be changed."""
        return term_of(self._entry())

    @property
    def _term(self) -> Term:
        return self.to_term()

    def _entry(self) -> Entry:
        return self._value, self.op, tuple(self.qbits), self.__dict__["_kind"]

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(
            f"A TermView is not editable: cannot set {name}; make new terms and call Observable.set_terms"
        )

    def __reduce__(self) -> Any:
        return term_of, (self._entry(),)

    __hash__ = Term.__hash__


class TermList(Sequence[Term]):
    """The terms of an observable, to be looked at. Lists and tuples of equal terms are equal to it."""

    __slots__ = ("_terms",)

    def __init__(self, entries: Iterator[Entry]) -> None:
        self._terms: list[Term] = [TermView(entry) for entry in entries]

    def __getitem__(self, place: Any) -> Any:
        return self._terms[place]

    def __len__(self) -> int:
        return len(self._terms)

    def __iter__(self) -> Iterator[Term]:
        return iter(self._terms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TermList | list | tuple) and self._terms == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._terms)


def term_of(entry: Entry) -> Term:
    """The term of an entry, in its class."""
    term = entry[3].__new__(entry[3])
    term.__dict__.update(_fields(entry))
    return term


def _fields(entry: Entry) -> dict[str, Any]:
    return {"_value": entry[0], "op": entry[1], "qbits": list(entry[2]), "_do_validity_check": True}


def as_coefficient(value: Any) -> Any:
    """A number, or an expression, as a coefficient; NumPy numbers become Python numbers.

    Raises:
        TypeError: it is neither.

    >>> as_coefficient(np.float64(0.5))
    0.5
    """
    kind = type(value)
    if kind is float or kind is int or kind is complex or isinstance(value, BaseArithmetic):
        return value
    if isinstance(value, Complex | np.bool_):
        return as_child(value)
    raise TypeError(f"{value!r} is neither a number nor an abstract expression: give a number or an expression")


def is_zero(coefficient: Any) -> bool:
    """Whether a coefficient is a number that counts as zero."""
    return not isinstance(coefficient, BaseArithmetic) and abs(coefficient) <= ZERO_TOLERANCE


def variables_of(value: Any) -> list[str]:
    """Names of the variables of a number or expression, sorted."""
    return value.get_variables() if isinstance(value, BaseArithmetic) else []


def is_pauli(letters: str) -> bool:
    """Whether there are no letters but those of Pauli operators."""
    return not letters.strip("XYZI")


def key_of(letters: str, qubits: tuple[int, ...]) -> Key:
    """What equal terms share: Pauli letters in order of the qubits, other letters as they stand.

    Fermionic operators do not commute, so that ``Cc`` on ``[0, 1]`` and ``cC`` on ``[1, 0]`` are different.

    >>> key_of("ZX", (1, 0))
    ('XZ', (0, 1))
    """
    if len(qubits) < 2 or all(map(lt, qubits, qubits[1:])) or not is_pauli(letters):
        return letters, qubits
    order = sorted(range(len(qubits)), key=qubits.__getitem__)
    return "".join([letters[i] for i in order]), tuple([qubits[i] for i in order])
