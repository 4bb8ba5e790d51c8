"""Random gates, routines, programs and observables, made of published names alone."""

import numpy as np

from qat.core import Observable, Term
from qat.lang.AQASM import (
    CCNOT,
    CNOT,
    CSIGN,
    ISWAP,
    PH,
    RX,
    RY,
    RZ,
    SQRTSWAP,
    SWAP,
    CustomGate,
    H,
    Program,
    QRoutine,
    S,
    T,
    X,
    Y,
    Z,
)

CONSTANT = (X, Y, Z, H, S, T, CNOT, CSIGN, SWAP, ISWAP, SQRTSWAP, CCNOT)
ROTATIONS = (RX, RY, RZ, PH)
MARKS = ("dag", "trans", "conj")


def random_unitary(rng, nb_qubits):
    numbers = np.array([rng.gauss(0, 1) for _ in range(2 * 4**nb_qubits)]).reshape(2, 2**nb_qubits, -1)
    return np.linalg.qr(numbers[0] + 1j * numbers[1])[0]


def random_gate(rng, nb_qubits, angles, depth=0):
    """A gate of at most ``nb_qubits`` qubits with random marks and controls; ``angles`` offers parameters."""
    draw = rng.random()
    if draw < 0.45:
        gate = rng.choice([gate for gate in CONSTANT if gate.arity <= nb_qubits])
    elif draw < 0.8:
        gate = rng.choice(ROTATIONS)(rng.choice(angles) if angles and rng.random() < 0.7 else rng.uniform(-7, 7))
    elif draw < 0.9 or depth > 1:
        gate = CustomGate(random_unitary(rng, rng.randint(1, min(2, nb_qubits))))
    else:
        gate = random_routine(rng, nb_qubits, angles, depth + 1)
    if rng.random() < 0.4:
        gate = getattr(gate, rng.choice(MARKS))()
    if gate.arity < nb_qubits and rng.random() < 0.3:
        gate = gate.ctrl(rng.randint(1, min(2, nb_qubits - gate.arity)))
    return gate


def random_routine(rng, nb_qubits, angles, depth):
    routine = QRoutine()
    wires = routine.new_wires(rng.randint(1, nb_qubits))
    for _ in range(rng.randint(1, 5)):
        gate = random_gate(rng, len(wires), angles, depth)
        routine.apply(gate, rng.sample(list(wires), gate.arity))
    return routine


def random_program(rng, with_variables=False):
    program = Program()
    qubits = program.qalloc(rng.randint(2, 6))
    angles = []
    if with_variables:
        a, b = program.new_var(float, "a"), program.new_var(float, "b")
        angles = [a, b, 2 * a + 1, a * b, -b / 3]
    for _ in range(rng.randint(5, 30)):
        gate = random_gate(rng, len(qubits), angles)
        program.apply(gate, rng.sample(list(qubits), gate.arity))
    return program


def random_observable(rng, nb_qubits):
    terms = []
    for _ in range(rng.randint(1, 8)):
        qubits = rng.sample(range(nb_qubits), rng.randint(1, nb_qubits))
        terms.append(Term(rng.uniform(-2, 2), "".join(rng.choice("XYZ") for _ in qubits), qubits))
    return Observable(nb_qubits, pauli_terms=terms, constant_coeff=rng.uniform(-1, 1))
