"""The language: integers and booleans as registers, ancillas, nested blocks, measured typed registers."""

from circuit_cases import gates_of
from random_programs import random_gate

import qat.lang.AQASM.classarith as classarith
import qat.lang.AQASM.qftarith as qftarith
from qat.lang.AQASM import CNOT, H, Program, QBoolArray, QInt, QRoutine, X


def most_likely(result):
    best = max(result, key=lambda sample: sample.probability)
    return {"state": str(best.state), "value": repr(best.state.value), "probability": float(best.probability)}


def amplitudes_of(result, nb_ancillas=0):
    """The amplitudes that are not zero, the first one made real: global phases are left free. Ancillas must be 0."""
    states = sorted((sample.state.int, complex(sample.amplitude)) for sample in result if abs(sample.amplitude) > 1e-6)
    assert all(state % 2**nb_ancillas == 0 for state, _ in states)
    phase = states[0][1].conjugate() / abs(states[0][1])
    return {
        f"amplitude {state >> nb_ancillas}": [(value * phase).real, (value * phase).imag] for state, value in states
    }


def assign(rng, registers):
    """One statement on integer registers: the target stands alone on its side."""
    target, source, other = rng.sample(registers, 3)
    draw = rng.randrange(6)
    if draw == 0:
        target += source
    elif draw == 1:
        target -= source
    elif draw == 2:
        target += rng.randrange(1, 4)
    elif draw == 3:
        target -= rng.randrange(1, 4)
    elif draw == 4:
        target += source * rng.randrange(2, 4)
    else:
        target += source + other


def integer_sums(rng, qpu):
    program = Program()
    registers = [program.qalloc(rng.randint(2, 3), QInt, reverse_bit_order=rng.random() < 0.3) for _ in range(3)]
    for register in registers:
        register.set_value(rng.randrange(2**register.length))
    for _ in range(rng.randint(1, 3)):
        assign(rng, registers)
    circuit = program.to_circ(link=[rng.choice((classarith, qftarith))])
    return [], most_likely(qpu.submit(circuit.to_job(qubits=rng.sample(registers, 3))))


def integer_products(rng, qpu):
    program = Program()
    a, b, c = (program.qalloc(rng.randint(1, 2), QInt) for _ in range(3))
    for register in (a, b):
        register.set_value(rng.randrange(2**register.length))
    c += a * b
    return ["MULT"], most_likely(qpu.submit(program.to_circ(link=[qftarith]).to_job()))


def comparisons(rng, qpu):
    """A phase on the values for which a comparison holds; the gates below are free."""
    routine = QRoutine()
    a, b = routine.new_wires(2, QInt), routine.new_wires(2, QInt)
    other = b if rng.random() < 0.5 else rng.randrange(4)
    draw = rng.randrange(6)
    clause = [a < other, a <= other, a > other, a >= other, a == other, a != other][draw]
    clause.phase()
    return [], after_hadamards(qpu, routine, 4)


def after_hadamards(qpu, routine, nb_qubits):
    program = Program()
    qubits = program.qalloc(nb_qubits)
    for qubit in qubits:
        H(qubit)
    routine(qubits)
    circuit = program.to_circ(link=[classarith])
    return amplitudes_of(qpu.submit(circuit.to_job()), circuit.nbqbits - nb_qubits)


def random_clause(rng, bits):
    """A formula in which each bit occurs once."""
    first, *others = [~bit if rng.random() < 0.4 else bit for bit in rng.sample(list(bits), len(bits))]
    for other in others:
        first = first & other if rng.random() < 0.5 else first ^ other
    return first


def clauses(rng, qpu):
    """Phases of a boolean formula, as a routine's."""
    routine = QRoutine()
    bits = routine.new_wires(3, QBoolArray)
    random_clause(rng, bits).phase()
    return [], after_hadamards(qpu, routine, 3)


def borrowing_routine(rng, nb_wires):
    """A routine with an ancilla that is computed, used and undone."""
    routine = QRoutine()
    wires, (ancilla,) = routine.new_wires(nb_wires), routine.new_wires(1)
    routine.set_ancillae(ancilla)
    with routine.compute():
        for _ in range(rng.randint(0, 2)):
            gate = random_gate(rng, nb_wires, [])
            routine.apply(gate, rng.sample(list(wires), gate.arity))
        routine.apply(CNOT, rng.choice(list(wires)), ancilla)
    inner = random_gate(rng, nb_wires, [])
    routine.apply(inner.ctrl(), ancilla, rng.sample(list(wires), inner.arity))
    routine.uncompute()
    return routine


def ancillas(rng, qpu):
    program = Program()
    qubits = program.qalloc(4)
    for _ in range(rng.randint(1, 3)):
        for qubit in qubits:
            program.apply(random_gate(rng, 1, []), qubit)
        routine = borrowing_routine(rng, rng.randint(1, 3))
        gate = rng.choice([routine, routine.ctrl(), routine.dag(), routine.dag().ctrl()])
        program.apply(gate, rng.sample(list(qubits), gate.arity))
    circuit = program.to_circ()
    result = qpu.submit(circuit.to_job())
    return gates_of(circuit), {**amplitudes_of(result), "qubits": circuit.nbqbits}


def typed_registers(rng, qpu):
    """Registers of all types, measured in any order, whole or in part."""
    program = Program()
    classes = [QInt, QBoolArray, None]
    registers = [program.qalloc(rng.randint(1, 3), rng.choice(classes)) for _ in range(3)]
    for register in registers:
        for qubit in register:
            if rng.random() < 0.5:
                X(qubit)
    wanted = rng.sample(registers, rng.randint(1, 3))
    if rng.random() < 0.4:
        wanted = [qubit.index for register in wanted for qubit in register]
        wanted = wanted[: rng.randint(1, len(wanted))]
    circuit = program.to_circ()
    (sample,) = qpu.submit(circuit.to_job(qubits=wanted))
    shown = {"state": str(sample.state), "value": repr(sample.state.value), "bits": sample.state.bitstring}
    return gates_of(circuit), {**shown, "int": sample.state.int, "lsb": sample.state.lsb_int}


def mixed_measurements(rng, qpu):
    """Measurements in superposition: whatever the outcomes, later conditions must follow them."""
    program = Program()
    qubits, cbits = program.qalloc(3), program.calloc(4)
    for qubit in qubits:
        H(qubit)
    first, second = rng.sample(range(3), 2)
    program.measure([qubits[first], qubits[second]], [cbits[0], cbits[1]])
    program.cc_apply(cbits[0], X, qubits[first])
    program.logic(cbits[2], cbits[1] ^ cbits[0] | ~cbits[1])
    program.cc_apply(cbits[1], X, qubits[second])
    program.reset(qubits[3 - first - second])
    circuit = program.to_circ()
    result = qpu.submit(circuit.to_job(nbshots=20, aggregate_data=False))
    states = sorted({str(sample.state) for sample in result})
    positions = [[record.gate_pos, len(record.cbits)] for record in result[0].intermediate_measurements]
    return gates_of(circuit), {"states": states, "positions": positions}


KINDS = (
    integer_sums,
    integer_products,
    comparisons,
    clauses,
    ancillas,
    typed_registers,
    mixed_measurements,
)
