"""Qulacs. Its rotations turn the other way, hence the minus signs."""

from __future__ import annotations

import cmath

from qulacs import Observable as QulacsObservable
from qulacs import ParametricQuantumCircuit, QuantumCircuit, QuantumState
from qulacs import gate as gates
from qulacs.circuit import QuantumCircuitOptimizer

from .base import (
    PAULI_NUMBERS,
    Peer,
    Run,
    Scaled,
    by_parameter,
    matrix,
    number,
    numbers,
    overlaps,
    scaled_angles,
    z_means,
)


def multi_controlled_z(gate):
    """Z on the last qubit, controlled by the others."""
    result = gates.to_matrix_gate(gates.Z(gate.qubits[-1]))
    for control in gate.qubits[:-1]:
        result.add_control_qubit(control, 1)
    return result


PLAIN = {
    "h": lambda gate: gates.H(*gate.qubits),
    "x": lambda gate: gates.X(*gate.qubits),
    "s": lambda gate: gates.S(*gate.qubits),
    "t": lambda gate: gates.T(*gate.qubits),
    "tdg": lambda gate: gates.Tdag(*gate.qubits),
    "unitary": lambda gate: gates.DenseMatrix(gate.qubits[0], matrix(gate)),
    "cx": lambda gate: gates.CNOT(*gate.qubits),
    "cz": lambda gate: gates.CZ(*gate.qubits),
    "swap": lambda gate: gates.SWAP(*gate.qubits),
    "cp": lambda gate: gates.DiagonalMatrix(list(gate.qubits), [1, 1, 1, cmath.exp(1j * gate.angle)]),
    "mcz": multi_controlled_z,
    "measure": lambda gate: gates.Measurement(gate.qubits[0], gate.detail),
    "x_if": lambda gate: gates.Adaptive(gates.X(gate.qubits[0]), lambda cbits: cbits[gate.detail] == 1),
}
ROTATIONS = {
    "rx": (gates.RX, gates.ParametricRX),
    "ry": (gates.RY, gates.ParametricRY),
    "rz": (gates.RZ, gates.ParametricRZ),
}


def rotation(gate, values):
    """A rotation; with a parameter, one whose angle can be changed."""
    has_parameter = isinstance(gate.angle, Scaled)
    angle = gate.angle.factor * values[gate.angle.index] if has_parameter else gate.angle
    if gate.name in ROTATIONS:
        return ROTATIONS[gate.name][has_parameter](gate.qubits[0], -angle)
    letters = [PAULI_NUMBERS[letter] for letter in gate.detail or "ZZ"]
    make = gates.ParametricPauliRotation if has_parameter else gates.PauliRotation
    return make(list(gate.qubits), letters, -angle)


def observable(nb_qubits, terms):
    """The simulator's observable of a list of terms."""
    result = QulacsObservable(nb_qubits)
    for term in terms:
        word = " ".join(f"{letter} {qubit}" for letter, qubit in zip(term.letters, term.qubits, strict=True))
        result.add_operator(term.coefficient, word)
    return result


class Adapter(Peer):
    """Gates one by one, or merged first by its optimizer (timed, as users run it).

    Args:
        nb_threads: taken from the environment.
        block_size: greatest number of qubits of a merged gate; ``None``: nothing is merged.
    """

    packages = ("qulacs", "numpy")

    def __init__(self, nb_threads, block_size=None):
        super().__init__(nb_threads)
        self.block_size = block_size

    def circuit(self, circuit, values=None):
        """The simulator's circuit; parametric if values are given."""
        result = (QuantumCircuit if values is None else ParametricQuantumCircuit)(circuit.nb_qubits)
        for gate in circuit.gates:
            if gate.name in PLAIN:
                result.add_gate(PLAIN[gate.name](gate))
            elif isinstance(gate.angle, Scaled):
                result.add_parametric_gate(rotation(gate, values))
            else:
                result.add_gate(rotation(gate, values))
        return result

    def run(self, circuit, state):
        """Start anew and run."""
        state.set_zero_state()
        if self.block_size is not None:
            circuit = circuit.copy()
            QuantumCircuitOptimizer().optimize(circuit, self.block_size)
        circuit.update_quantum_state(state)
        return state

    def state(self, circuit):
        native, state = self.circuit(circuit), QuantumState(circuit.nb_qubits)
        answer = lambda state: overlaps(state.get_vector(), circuit.nb_qubits, is_little_endian=True)  # noqa: E731
        return Run(lambda: self.run(native, state), answer)

    def energy(self, circuit, terms):
        native, state = self.circuit(circuit), QuantumState(circuit.nb_qubits)
        energy = observable(circuit.nb_qubits, terms)
        return Run(lambda: energy.get_expectation_value(self.run(native, state)), number)

    def gradient(self, circuit, terms, values):
        native, energy = self.circuit(circuit, values), observable(circuit.nb_qubits, terms)
        angles = [Scaled(angle.index, -angle.factor) for angle in scaled_angles(circuit)]
        return Run(lambda: native.backprop(energy), lambda found: by_parameter(angles, found, len(values)))

    def energies(self, circuit, terms, sets):
        native, energy = self.circuit(circuit, sets[0]), observable(circuit.nb_qubits, terms)
        angles, state = list(enumerate(scaled_angles(circuit))), QuantumState(circuit.nb_qubits)

        def value(values):
            for position, angle in angles:
                native.set_parameter(position, -angle.factor * values[angle.index])
            state.set_zero_state()
            native.update_quantum_state(state)
            return energy.get_expectation_value(state)

        return Run(lambda: [value(values) for values in sets], numbers)

    def jobs(self, jobs, with_building):
        build = lambda: ((self.circuit(job[0]), observable(job[0].nb_qubits, job[1])) for job in jobs)  # noqa: E731
        built = None if with_building else list(build())

        def value(circuit, energy):
            state = QuantumState(circuit.get_qubit_count())
            circuit.update_quantum_state(state)
            return energy.get_expectation_value(state)

        return Run(lambda: [value(*job) for job in (built or build())], numbers)

    def samples(self, circuit, nb_shots):
        native, state = self.circuit(circuit), QuantumState(circuit.nb_qubits)
        answer = lambda found: z_means(found, [1] * len(found), circuit.nb_qubits, is_little_endian=True)  # noqa: E731
        return Run(lambda: self.run(native, state).sampling(nb_shots), answer)

    def trajectories(self, circuit, nb_shots):
        native, state = self.circuit(circuit), QuantumState(circuit.nb_qubits)

        def shot():
            state.set_zero_state()
            native.update_quantum_state(state)
            return state.sampling(1)[0]

        answer = lambda found: z_means(found, [1] * nb_shots, circuit.nb_qubits, is_little_endian=True)  # noqa: E731
        return Run(lambda: [shot() for _ in range(nb_shots)], answer)
