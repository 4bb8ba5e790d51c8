"""Runs random programs with whatever implementation of the published API this interpreter has; prints JSON.

Standalone, published names only, so that the same file runs in either environment:
``python worker.py FIRST_SEED LAST_SEED QPU_NAME``. One line per case: seed, kind, gates and the numbers to compare.
"""

import json
import random
import sys

import numpy as np

import qat.qpus
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


def exact_sampling(rng, qpu):
    program = random_program(rng)
    circuit = program.to_circ()
    result = qpu.submit(circuit.to_job())
    samples = sorted(((s.state.int, s.amplitude) for s in result), key=lambda pair: pair[0])
    return circuit, {f"amplitude {state}": [value.real, value.imag] for state, value in samples if abs(value) > 1e-6}


def subset_sampling(rng, qpu):
    program = random_program(rng)
    circuit = program.to_circ()
    measured = rng.sample(range(circuit.nbqbits), rng.randint(1, circuit.nbqbits - 1))
    result = qpu.submit(circuit.to_job(qubits=measured))
    return circuit, {f"probability {s.state}": [s.probability] for s in result if s.probability > 1e-9}


def observable_value(rng, qpu):
    program = random_program(rng)
    circuit = program.to_circ()
    result = qpu.submit(circuit.to_job(observable=random_observable(rng, circuit.nbqbits)))
    return circuit, {"value": [float(np.real(result.value))]}


def bound_job(rng, qpu):
    program = random_program(rng, with_variables=True)
    circuit = program.to_circ()
    job = circuit.to_job(observable=random_observable(rng, circuit.nbqbits))
    values = {name: rng.uniform(-3, 3) for name in job.get_variables()}
    return circuit, {"value": [float(np.real(qpu.submit(job(**values)).value))], "names": sorted(values)}


def control_flow(rng, qpu):
    """Measurements of basis states, so that every shot gives the same: X, CNOT, CCNOT, SWAP and classical control."""
    program = Program()
    qubits, cbits = program.qalloc(4), program.calloc(4)
    for _ in range(rng.randint(3, 10)):
        gate = rng.choice((X, CNOT, CCNOT, SWAP))
        program.apply(gate, rng.sample(list(qubits), gate.arity))
    program.measure(qubits, cbits)
    for _ in range(rng.randint(1, 4)):
        program.cc_apply(cbits[rng.randrange(4)], X, qubits[rng.randrange(4)])
    program.logic(cbits[0], cbits[1] & ~cbits[2] | cbits[3])
    program.cc_apply(cbits[0], CNOT, qubits[0], qubits[1])
    program.reset(qubits[rng.randrange(4)])
    circuit = program.to_circ()
    result = qpu.submit(circuit.to_job(nbshots=3))
    records = [[m.gate_pos, [int(bit) for bit in m.cbits]] for m in result[0].intermediate_measurements]
    return circuit, {"states": sorted(s.state.int for s in result), "records": records}


KINDS = (exact_sampling, subset_sampling, observable_value, bound_job, control_flow)


def run_case(seed, qpu):
    rng = random.Random(seed)
    kind = KINDS[seed % len(KINDS)]
    circuit, numbers = kind(rng, qpu)
    names = [entry[0] for entry in circuit.iterate_simple()]
    return {"seed": seed, "kind": kind.__name__, "gates": names, "numbers": numbers}


if __name__ == "__main__":
    first, last, name = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    engine = getattr(qat.qpus, name)()
    for number in range(first, last):
        try:
            line = run_case(number, engine)
        except Exception as error:  # a failing case is a result to compare
            line = {"seed": number, "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(line), flush=True)
