"""MindQuantum's double-precision vector simulator."""

from __future__ import annotations

import math

import mindquantum
import mindquantum.core.gates as gates
import numpy as np
from mindquantum.core.circuit import Circuit as NativeCircuit
from mindquantum.core.operators import Hamiltonian, QubitOperator
from mindquantum.simulator import Simulator

from .base import Peer, Run, Scaled, matrix, number, numbers, overlaps, z_means_of_bits

GATES = {
    "h": lambda gate, angle: gates.H.on(gate.qubits[0]),
    "x": lambda gate, angle: gates.X.on(gate.qubits[0]),
    "s": lambda gate, angle: gates.S.on(gate.qubits[0]),
    "t": lambda gate, angle: gates.T.on(gate.qubits[0]),
    "tdg": lambda gate, angle: gates.PhaseShift(-math.pi / 4).on(gate.qubits[0]),
    "rx": lambda gate, angle: gates.RX(angle).on(gate.qubits[0]),
    "ry": lambda gate, angle: gates.RY(angle).on(gate.qubits[0]),
    "rz": lambda gate, angle: gates.RZ(angle).on(gate.qubits[0]),
    "unitary": lambda gate, angle: gates.UnivMathGate("unitary", matrix(gate)).on(gate.qubits[0]),
    "cx": lambda gate, angle: gates.X.on(gate.qubits[1], gate.qubits[0]),
    "cz": lambda gate, angle: gates.Z.on(gate.qubits[1], gate.qubits[0]),
    "swap": lambda gate, angle: gates.SWAP.on(list(gate.qubits)),
    "cp": lambda gate, angle: gates.PhaseShift(angle).on(gate.qubits[1], gate.qubits[0]),
    "rzz": lambda gate, angle: gates.Rzz(angle).on(list(gate.qubits)),
    "pauli": lambda gate, angle: gates.RotPauliString(gate.detail, angle).on(list(gate.qubits)),
    "mcz": lambda gate, angle: gates.Z.on(gate.qubits[-1], list(gate.qubits[:-1])),
}


def translated(circuit):
    """MindQuantum's circuit."""
    angle = lambda a: {f"p{a.index}": a.factor} if isinstance(a, Scaled) else a  # noqa: E731
    return NativeCircuit([GATES[gate.name](gate, angle(gate.angle)) for gate in circuit.gates])


def observable(terms):
    """MindQuantum's observable of a list of terms."""
    total = QubitOperator()
    for term in terms:
        word = " ".join(f"{letter}{qubit}" for letter, qubit in zip(term.letters, term.qubits, strict=True))
        total += QubitOperator(word, term.coefficient)
    return Hamiltonian(total)


def simulator(nb_qubits):
    """A simulator in double precision."""
    return Simulator("mqvector", nb_qubits, dtype=mindquantum.complex128)


def run(circuit, state, values=None):
    """Start anew and run."""
    state.reset()
    state.apply_circuit(circuit, values)
    return state


class Adapter(Peer):
    """Its ``mqvector`` simulator."""

    packages = ("mindquantum",)

    def state(self, circuit):
        native, state = translated(circuit), simulator(circuit.nb_qubits)
        answer = lambda state: overlaps(state.get_qs(), circuit.nb_qubits, is_little_endian=True)  # noqa: E731
        return Run(lambda: run(native, state), answer)

    def energy(self, circuit, terms):
        native, state, energy = translated(circuit), simulator(circuit.nb_qubits), observable(terms)
        return Run(lambda: run(native, state).get_expectation(energy), number)

    def gradient(self, circuit, terms, values):
        native, state = translated(circuit), simulator(circuit.nb_qubits)
        gradient = state.get_expectation_with_grad(observable(terms), native)
        order = [int(name[1:]) for name in native.params_name]
        arguments = np.array([values[index] for index in order])

        def answer(found):
            by_index = dict(zip(order, np.asarray(found).real.reshape(-1), strict=True))
            return [float(by_index.get(index, 0.0)) for index in range(len(values))]

        return Run(lambda: gradient(arguments)[1], answer)

    def energies(self, circuit, terms, sets):
        native, state, energy = translated(circuit), simulator(circuit.nb_qubits), observable(terms)

        def value(values):
            parameters = {f"p{index}": value for index, value in enumerate(values)}
            return run(native, state, parameters).get_expectation(energy)

        return Run(lambda: [value(values) for values in sets], numbers)

    def jobs(self, jobs, with_building):
        build = lambda: ((circuit.nb_qubits, translated(circuit), observable(terms)) for circuit, terms in jobs)  # noqa: E731
        built = None if with_building else list(build())

        def value(nb_qubits, native, energy):
            return run(native, simulator(nb_qubits)).get_expectation(energy)

        return Run(lambda: [value(*job) for job in (built or build())], numbers)

    def samples(self, circuit, nb_shots):
        native, state = translated(circuit), simulator(circuit.nb_qubits)
        measured = NativeCircuit([gates.Measure(f"q{qubit:02}").on(qubit) for qubit in range(circuit.nb_qubits)])

        def answer(result):
            columns = dict(zip(result.keys, z_means_of_bits(result.samples), strict=True))
            return [columns[name] for name in sorted(columns)]

        return Run(lambda: run(native, state).sampling(measured, shots=nb_shots, seed=3), answer)
