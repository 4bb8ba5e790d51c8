"""Random plans for the engine: far from what people write, as long as a tape can hold it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from hypothesis import strategies as st

from qat.kernels.gates import GATES, GateForm, GateRecord, matrix_gate
from qat.kernels.tape import Classical, Kind, Row, Tape
from qat.kernels.tape_algebra import body_record, tape_of
from tests.unit.kernels.circuits import TWO_ANGLES, haar

ANGLES = (0.0, 1e-17, 1e-12, 1e-7, np.pi / 4, np.pi / 2, np.pi, -np.pi, 2 * np.pi, 4 * np.pi, 1e5)
"""Where a planner may take one way or the other."""
NOT_FINITE = (np.nan, np.inf, -np.inf)
FORMULAS = ("NOT 0", "XOR 0 1", "OR NOT 2 AND 0 1", "1")
NB_CBITS = 3

seeds = st.integers(0, 2**32 - 1)


@lru_cache
def special_matrices(nb_qubits: int) -> tuple[GateRecord, ...]:
    """Matrices that kernels may treat in their own ways: dense, diagonal, permutations, real, close to the identity."""
    size = 1 << nb_qubits
    rng = np.random.default_rng(nb_qubits)
    unitary = haar(nb_qubits, nb_qubits)
    phases = np.exp(1j * rng.uniform(-4, 4, size))
    real = np.linalg.qr(rng.normal(size=(size, size)))[0]
    matrices = {
        "DENSE": unitary,
        "DIAGONAL": np.diag(phases),
        "PERMUTATION": np.eye(size)[rng.permutation(size)],
        "MONOMIAL": np.diag(phases)[rng.permutation(size)],
        "REAL": real,
        "NEAR": np.linalg.qr(np.eye(size) + 1e-13 * unitary)[0],
        "WILD": rng.normal(size=(size, size)),
        "PROJECTOR": np.diag(np.arange(size) % 2),
    }
    return tuple(matrix_gate(matrix.astype(complex), name=f"{name}{nb_qubits}") for name, matrix in matrices.items())


NB_NOT_UNITARY = 2
"""How many of the special matrices, the last ones, are not unitary."""


def record(rng: np.random.Generator, max_arity: int, *, is_unitary: bool) -> GateRecord:
    """A gate of the table, a matrix on up to five qubits, or one given by a function of two angles."""
    known = [record for record in (*GATES.values(), TWO_ANGLES) if record.arity <= max_arity]
    if rng.random() < 0.7:
        return known[rng.integers(len(known))]
    matrices = special_matrices(int(rng.integers(1, min(max_arity, 5) + 1)))
    return matrices[rng.integers(len(matrices) - NB_NOT_UNITARY * is_unitary)]


def angle(rng: np.random.Generator) -> float:
    """An ordinary angle or a special one."""
    return float(rng.uniform(-7, 7) if rng.random() < 0.6 else ANGLES[rng.integers(len(ANGLES))])


def gate_row(rng: np.random.Generator, nb_qubits: int, kind: Kind = Kind.GATE, *, is_unitary: bool = True) -> Row:
    """A gate with any number of controls and any marks, anywhere; for some kinds under a classical condition."""
    base = record(rng, nb_qubits, is_unitary=is_unitary)
    nb_free = nb_qubits - base.arity
    nb_controls = int(rng.integers(nb_free + 1)) if rng.random() < 0.4 else 0
    form = GateForm(base, nb_controls, *map(bool, rng.integers(2, size=3)))
    qubits = tuple(rng.permutation(nb_qubits)[: form.arity].tolist())
    classical = None if kind == Kind.GATE else Classical((int(rng.integers(NB_CBITS)),))
    return Row(kind, form, tuple(angle(rng) for _ in base.parameters), qubits, classical)


def gate_tape(seed: int, nb_qubits: int, nb_gates: int) -> Tape:
    """A tape of gates alone; one in four has matrices that are not unitary."""
    rng = np.random.default_rng(seed)
    is_unitary = seed % 4 != 0
    return tape_of([gate_row(rng, nb_qubits, is_unitary=is_unitary) for _ in range(nb_gates)], nb_qubits)


def box_row(rng: np.random.Generator, nb_qubits: int) -> Row:
    """A box with some gates in it, itself with controls and marks."""
    arity = int(rng.integers(1, nb_qubits + 1))
    body = tape_of([gate_row(rng, arity) for _ in range(3)], arity)
    nb_controls = int(rng.integers(nb_qubits - arity + 1))
    form = GateForm(body_record("BOX", arity, body), nb_controls, *map(bool, rng.integers(2, size=3)))
    return Row(Kind.GATE, form, (), tuple(rng.permutation(nb_qubits)[: form.arity].tolist()), None)


def observing_row(rng: np.random.Generator, nb_qubits: int, kind: Kind) -> Row:
    """A measurement or reset of some qubits."""
    qubits = rng.permutation(nb_qubits)[: rng.integers(1, nb_qubits + 1)].tolist()[:NB_CBITS]
    cbits = rng.permutation(NB_CBITS)[: len(qubits)].tolist()
    return Row(kind, None, (), tuple(qubits), Classical(tuple(cbits)))


def program_row(rng: np.random.Generator, nb_qubits: int) -> Row:
    """Any operation that an engine executes, but a break."""
    match rng.choice(["gate", "gate", "gate", "box", "if", "measure", "reset", "logic"]):
        case "gate":
            return gate_row(rng, nb_qubits)
        case "box":
            return box_row(rng, nb_qubits)
        case "if":
            return gate_row(rng, nb_qubits, Kind.CLASSIC_CONTROL)
        case "logic":
            formula = FORMULAS[rng.integers(len(FORMULAS))]
            return Row(Kind.CLASSIC, None, (), (), Classical((int(rng.integers(NB_CBITS)),), formula))
        case "measure":
            return observing_row(rng, nb_qubits, Kind.MEASURE)
    return observing_row(rng, nb_qubits, Kind.RESET)


def program_tape(seed: int, nb_qubits: int, nb_rows: int) -> Tape:
    """A tape of operations of all kinds."""
    rng = np.random.default_rng(seed)
    return tape_of([program_row(rng, nb_qubits) for _ in range(nb_rows)], nb_qubits, NB_CBITS)


def state(seed: int, nb_qubits: int) -> np.ndarray:
    """A random normalised state, shape ``(2**nb_qubits,)``."""
    gaussian = np.random.default_rng(seed).normal(size=(2**nb_qubits, 2)) @ (1, 1j)
    normalised: np.ndarray = gaussian / np.linalg.norm(gaussian)
    return normalised
