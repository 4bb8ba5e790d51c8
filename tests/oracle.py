"""The dense oracle: circuits as products of full matrices, independent of the package and as plain as can be.

Operations are given as ``Circuit.iterate_simple`` shows them: ``("C-RX", [0.3], [0, 2])``. Qubit 0 is the most
significant bit. Everything costs ``O(4**n)`` or more, which is the price of being obvious.
"""

from __future__ import annotations

import cmath
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

Operation = tuple[str, Sequence[Any], Sequence[int]]
Custom = Mapping[str, Any] | None

_I = np.eye(2)
_X = np.array([[0, 1], [1, 0]])
_Y = np.array([[0, -1j], [1j, 0]])
_Z = np.diag([1, -1])
_SWAP = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
PAULIS = {"I": _I, "X": _X, "Y": _Y, "Z": _Z}


def _rotation(pauli: np.ndarray, angle: float) -> np.ndarray:
    return math.cos(angle / 2) * _I - 1j * math.sin(angle / 2) * pauli


def controlled(matrix: np.ndarray) -> np.ndarray:
    """``|0><0| (x) 1 + |1><1| (x) matrix``."""
    return np.kron(np.diag([1, 0]), np.eye(len(matrix))) + np.kron(np.diag([0, 1]), matrix)


def base_matrix(name: str, parameters: Sequence[Any] = ()) -> np.ndarray:
    """Matrix of a predefined gate, from its textbook definition."""
    match name:
        case "I" | "X" | "Y" | "Z":
            return PAULIS[name].astype(complex)
        case "H":
            return (_X + _Z) / math.sqrt(2)
        case "S" | "T":
            return np.diag([1, cmath.exp(1j * math.pi / {"S": 2, "T": 4}[name])])
        case "CNOT" | "CSIGN":
            return controlled({"CNOT": _X, "CSIGN": _Z}[name])
        case "CCNOT":
            return controlled(controlled(_X))
        case "SWAP":
            return _SWAP.astype(complex)
        case "ISWAP":
            xx, yy = np.kron(_X, _X), np.kron(_Y, _Y)
            return _exponential(1j * math.pi / 4 * (xx + yy))
        case "SQRTSWAP":
            return ((1 + 1j) * np.eye(4) + (1 - 1j) * _SWAP) / 2
        case "PH":
            return np.diag([1, cmath.exp(1j * parameters[0])])
        case "RX" | "RY" | "RZ":
            return _rotation(PAULIS[name[1]], parameters[0])
    raise KeyError(name)


def _exponential(matrix: np.ndarray) -> np.ndarray:
    term = total = np.eye(len(matrix), dtype=complex)
    for k in range(1, 60):
        term = term @ matrix / k
        total = total + term
    return total


def gate_matrix(name: str, parameters: Sequence[Any] = (), custom: Custom = None) -> np.ndarray:
    """Matrix of a gate with prefixes: ``C-`` control, ``D-`` dagger, ``T-`` transpose, ``S-`` conjugate."""
    if custom and name in custom:
        matrix = custom[name]
        return np.asarray(matrix(*parameters) if callable(matrix) else matrix, complex)
    if len(name) > 2 and name[1] == "-":
        inner = gate_matrix(name[2:], parameters, custom)
        match name[0]:
            case "C":
                return controlled(inner)
            case "D":
                return inner.conj().T
            case "T":
                return inner.T
            case "S":
                return inner.conj()
    return base_matrix(name, parameters)


def embedded(matrix: np.ndarray, qubits: Sequence[int], nb_qubits: int) -> np.ndarray:
    """The matrix on ``qubits`` of ``nb_qubits``, entry by entry."""
    full = np.zeros((2**nb_qubits,) * 2, complex)
    for column_bits in itertools.product((0, 1), repeat=nb_qubits):
        column = _number(column_bits[qubit] for qubit in qubits)
        for row in range(len(matrix)):
            row_bits = list(column_bits)
            for qubit, bit in zip(qubits, f"{row:0{len(qubits)}b}", strict=True):
                row_bits[qubit] = int(bit)
            full[_number(row_bits), _number(column_bits)] += matrix[row, column]
    return full


def _number(bits: Iterable[int]) -> int:
    return int("".join(map(str, bits)) or "0", 2)


def unitary(operations: Iterable[Operation], nb_qubits: int, custom: Custom = None) -> np.ndarray:
    """Product of the gates, the first one applied first."""
    total = np.eye(2**nb_qubits, dtype=complex)
    for name, parameters, qubits in operations:
        total = embedded(gate_matrix(name, parameters, custom), qubits, nb_qubits) @ total
    return total


def state(operations: Iterable[Operation], nb_qubits: int, custom: Custom = None) -> np.ndarray:
    """The final state from all qubits 0."""
    return unitary(operations, nb_qubits, custom)[:, 0]


def pauli(letters: str, qubits: Sequence[int], nb_qubits: int) -> np.ndarray:
    """Matrix of a Pauli string, by Kronecker products."""
    total = np.eye(1, dtype=complex)
    placed = dict(zip(qubits, letters, strict=True))
    for qubit in range(nb_qubits):
        total = np.kron(total, PAULIS[placed.get(qubit, "I")])
    return total


def observable(
    terms: Iterable[tuple[complex, str, Sequence[int]]], nb_qubits: int, constant: complex = 0.0
) -> np.ndarray:
    """Matrix of ``constant + sum(coefficient * string)``."""
    total = constant * np.eye(2**nb_qubits, dtype=complex)
    for coefficient, letters, qubits in terms:
        total = total + coefficient * pauli(letters, qubits, nb_qubits)
    return total


def marginal(probabilities: Sequence[float], qubits: Sequence[int], nb_qubits: int) -> np.ndarray:
    """Distribution of ``qubits`` in their order, from that of all qubits."""
    total = np.zeros(2 ** len(qubits))
    for bits, probability in zip(itertools.product((0, 1), repeat=nb_qubits), probabilities, strict=True):
        total[_number(bits[qubit] for qubit in qubits)] += probability
    return total


def projected(vector: np.ndarray, qubits: Sequence[int], outcome: Sequence[int], nb_qubits: int) -> np.ndarray:
    """The part of a state in which ``qubits`` show ``outcome``, not normalised."""
    kept = [
        all(bits[qubit] == bit for qubit, bit in zip(qubits, outcome, strict=True))
        for bits in itertools.product((0, 1), repeat=nb_qubits)
    ]
    return np.where(kept, vector, 0)


class Branch(NamedTuple):
    """One history of a program that measures.

    Attributes:
        outcomes: the bits seen by each measurement and reset, in order.
        vector: the final state; its squared length is the probability of the history.
        cbits: the classical bits at the end.
        is_broken: whether the program stopped at a break.
    """

    outcomes: tuple[tuple[int, ...], ...]
    vector: np.ndarray
    cbits: tuple[int, ...]
    is_broken: bool = False


def branches(statements: Iterable[Sequence[Any]], nb_qubits: int, nb_cbits: int) -> list[Branch]:
    """All histories of a program.

    Statements are ``("gate", matrix, qubits)``, ``("if", cbit, matrix, qubits)``, ``("measure", qubits, cbits)``,
    ``("reset", qubits, cbits)``, ``("logic", cbit, function)`` and ``("break", function)``, with functions of the
    classical bits.
    """
    start = np.zeros(2**nb_qubits, complex)
    start[0] = 1
    found = [Branch((), start, (0,) * nb_cbits)]
    for statement in statements:
        found = [after for before in found for after in _histories(statement, before, nb_qubits)]
    return found


def _histories(statement: Sequence[Any], branch: Branch, nb_qubits: int) -> Iterable[Branch]:
    if branch.is_broken:
        return [branch]
    match statement:
        case "gate", matrix, qubits:
            return [branch._replace(vector=embedded(matrix, qubits, nb_qubits) @ branch.vector)]
        case "if", cbit, matrix, qubits:
            return _histories(("gate", matrix, qubits), branch, nb_qubits) if branch.cbits[cbit] else [branch]
        case "logic", cbit, function:
            return [branch._replace(cbits=_with(branch.cbits, [cbit], [int(function(branch.cbits))]))]
        case "break", function:
            return [branch._replace(is_broken=bool(function(branch.cbits)))]
        case kind, qubits, cbits:
            outcomes = itertools.product((0, 1), repeat=len(qubits))
            return [_observed(branch, kind == "reset", qubits, cbits, bits, nb_qubits) for bits in outcomes]
    raise ValueError(statement)


def _observed(
    branch: Branch, is_reset: bool, qubits: Sequence[int], cbits: Sequence[int], bits: tuple[int, ...], nb_qubits: int
) -> Branch:
    vector = projected(branch.vector, qubits, bits, nb_qubits)
    for qubit, bit in zip(qubits, bits, strict=True):
        if is_reset and bit:
            vector = embedded(base_matrix("X"), [qubit], nb_qubits) @ vector
    values = [0] * len(cbits) if is_reset else bits
    return Branch((*branch.outcomes, bits), vector, _with(branch.cbits, cbits, values))


def _with(cbits: Sequence[int], places: Sequence[int], values: Sequence[int]) -> tuple[int, ...]:
    changed = dict(zip(places, values, strict=True))
    return tuple(changed.get(place, bit) for place, bit in enumerate(cbits))
