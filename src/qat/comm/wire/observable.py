"""Observables on the wire: coefficients, letters and qubits of the terms in columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from qat.comm.wire.arrays import Array, pack_array, pack_indices, unpack_array, unpack_indices
from qat.comm.wire.codec import Format
from qat.comm.wire.values import Items, Value, pack_value, unpack_value
from qat.core.errors import WireError
from qat.core.wrappers.observable import Observable, Term


class ObservableParts(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """An observable.

    Attributes:
        nb_qubits: number of qubits.
        constant: coefficient of the identity.
        letters: the operators of each term.
        qubits: the qubits of all terms, one for each letter.
        coefficients: an array, or a list when some are expressions or integers.
        ising: couplings, fields and offset of an Ising problem, instead of terms.
    """

    nb_qubits: int
    constant: Value = 0.0
    letters: list[str] = []
    qubits: Array | None = None
    coefficients: Array | Items | None = None
    ising: tuple[Array, Array, float] | None = None


def pack_observable(observable: Observable) -> ObservableParts:
    """An observable as it travels; what a subclass adds stays behind."""
    constant = pack_value(observable.constant_coeff, "the constant of an observable")
    if observable.ising is not None:
        couplings, fields, offset = observable.ising.get_j_h_and_offset()
        arrays = (pack_array(np.asarray(part, np.float64)) for part in (couplings, fields))
        return ObservableParts(observable.nbqbits, constant, ising=(*arrays, float(offset)))  # type: ignore[arg-type]
    terms = observable.terms or ()
    qubits = [qubit for term in terms for qubit in term.qbits]
    return ObservableParts(
        nb_qubits=observable.nbqbits,
        constant=constant,
        letters=[term.op for term in terms],
        qubits=pack_indices(np.array(qubits, np.int64)) if qubits else None,
        coefficients=_pack_coefficients([term.coeff for term in terms]) if terms else None,
    )


_ARRAYS: Mapping[type, type[np.number[Any]]] = {float: np.float64, complex: np.complex128}


def _pack_coefficients(coefficients: Sequence[Any]) -> Array | Items:
    kinds = set(map(type, coefficients))
    dtype = _ARRAYS.get(kinds.pop()) if len(kinds) == 1 else None
    if dtype is not None:
        return pack_array(np.array(coefficients, dtype))
    return Items([pack_value(coefficient, "a coefficient of an observable") for coefficient in coefficients])


def unpack_observable(parts: ObservableParts) -> Observable:
    """The observable.

    Raises:
        WireError: its columns do not fit together.
    """
    if not 0 <= parts.nb_qubits < 1 << 31:
        raise WireError(f"an observable has {parts.nb_qubits} qubits", f"0 to {(1 << 31) - 1}")
    constant = unpack_value(parts.constant)
    if parts.ising is not None:
        couplings, fields, offset = parts.ising
        problem = (unpack_array(couplings, "f", 2), unpack_array(fields, "f", 1), offset)
        return Observable(parts.nb_qubits, ising=problem, constant_coeff=constant)
    return Observable(parts.nb_qubits, pauli_terms=_terms(parts), constant_coeff=constant)


def _terms(parts: ObservableParts) -> list[Term]:
    qubits = [] if parts.qubits is None else unpack_indices(parts.qubits, parts.nb_qubits, "qubit").tolist()
    coefficients = _coefficients(parts.coefficients)
    if len(coefficients) != len(parts.letters) or sum(map(len, parts.letters)) != len(qubits):
        raise WireError(f"an observable has {len(parts.letters)} terms, {len(coefficients)} coefficients")
    terms, start = [], 0
    for letters, coefficient in zip(parts.letters, coefficients, strict=True):
        terms.append(Term(coefficient, letters, qubits[start : start + len(letters)]))
        start += len(letters)
    return terms


def _coefficients(coefficients: Array | Items | None) -> list[Any]:
    if isinstance(coefficients, Array):
        found: list[Any] = unpack_array(coefficients, "fc", 1).tolist()
        return found
    return [] if coefficients is None else [unpack_value(value) for value in coefficients.items]


FORMATS = {"Observable": Format(ObservableParts, pack_observable, unpack_observable)}
