"""Circuits: samples, mean values, binding, measurements and classical control. Each case gives gates and numbers."""

import numpy as np
from random_programs import random_observable, random_program

from qat.lang.AQASM import CCNOT, CNOT, SWAP, Program, X


def gates_of(circuit):
    return [entry[0] for entry in circuit.iterate_simple()]


def exact_sampling(rng, qpu):
    program = random_program(rng)
    circuit = program.to_circ()
    result = qpu.submit(circuit.to_job())
    samples = sorted(((s.state.int, s.amplitude) for s in result), key=lambda pair: pair[0])
    return gates_of(circuit), {
        f"amplitude {state}": [value.real, value.imag] for state, value in samples if abs(value) > 1e-6
    }


def subset_sampling(rng, qpu):
    program = random_program(rng)
    circuit = program.to_circ()
    measured = rng.sample(range(circuit.nbqbits), rng.randint(1, circuit.nbqbits - 1))
    result = qpu.submit(circuit.to_job(qubits=measured))
    return gates_of(circuit), {f"probability {s.state}": [s.probability] for s in result if s.probability > 1e-9}


def observable_value(rng, qpu):
    program = random_program(rng)
    circuit = program.to_circ()
    result = qpu.submit(circuit.to_job(observable=random_observable(rng, circuit.nbqbits)))
    return gates_of(circuit), {"value": [float(np.real(result.value))]}


def bound_job(rng, qpu):
    program = random_program(rng, with_variables=True)
    circuit = program.to_circ()
    job = circuit.to_job(observable=random_observable(rng, circuit.nbqbits))
    values = {name: rng.uniform(-3, 3) for name in job.get_variables()}
    return gates_of(circuit), {"value": [float(np.real(qpu.submit(job(**values)).value))], "names": sorted(values)}


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
    return gates_of(circuit), {"states": sorted(s.state.int for s in result), "records": records}


KINDS = (exact_sampling, subset_sampling, observable_value, bound_job, control_flow)
