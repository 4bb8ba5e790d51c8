"""PennyLane's C++ devices: gates go straight to the device's state, without the cost of a QNode."""

from __future__ import annotations

import math
from importlib import import_module

import numpy as np
import pennylane as qml

from .base import Peer, Run, Scaled, by_parameter, matrix, number, numbers, overlaps, scaled_angles, z_means_of_bits

LETTERS = {"X": qml.PauliX, "Y": qml.PauliY, "Z": qml.PauliZ}
GATES = {
    "h": lambda gate, angle: qml.Hadamard(gate.qubits[0]),
    "x": lambda gate, angle: qml.PauliX(gate.qubits[0]),
    "s": lambda gate, angle: qml.S(gate.qubits[0]),
    "t": lambda gate, angle: qml.T(gate.qubits[0]),
    "tdg": lambda gate, angle: qml.PhaseShift(-math.pi / 4, gate.qubits[0]),
    "rx": lambda gate, angle: qml.RX(angle, gate.qubits[0]),
    "ry": lambda gate, angle: qml.RY(angle, gate.qubits[0]),
    "rz": lambda gate, angle: qml.RZ(angle, gate.qubits[0]),
    "unitary": lambda gate, angle: qml.QubitUnitary(matrix(gate), wires=gate.qubits[0]),
    "cx": lambda gate, angle: qml.CNOT(list(gate.qubits)),
    "cz": lambda gate, angle: qml.CZ(list(gate.qubits)),
    "swap": lambda gate, angle: qml.SWAP(list(gate.qubits)),
    "cp": lambda gate, angle: qml.ControlledPhaseShift(angle, list(gate.qubits)),
    "rzz": lambda gate, angle: qml.IsingZZ(angle, list(gate.qubits)),
    "mcz": lambda gate, angle: qml.ctrl(qml.PauliZ(gate.qubits[-1]), list(gate.qubits[:-1])),
    "pauli": lambda gate, angle: qml.PauliRot(angle, gate.detail, wires=list(gate.qubits)),
}
ROTATING = ("RX", "RY", "RZ", "IsingZZ", "PauliRot", "MultiRZ")
MODULES = {
    "lightning.qubit": ("lightning_qubit", "Lightning"),
    "lightning.kokkos": ("lightning_kokkos", "LightningKokkos"),
}


def operations(circuit, values=()):
    """PennyLane's operations."""
    angle = lambda a: a.factor * values[a.index] if isinstance(a, Scaled) else a  # noqa: E731
    return [GATES[gate.name](gate, angle(gate.angle)) for gate in circuit.gates]


def word(term):
    """The operator of a term, without its coefficient."""
    factors = [LETTERS[letter](qubit) for letter, qubit in zip(term.letters, term.qubits, strict=True)]
    return qml.prod(*factors) if len(factors) > 1 else factors[0] if factors else qml.Identity(0)


def mean(terms):
    """The measurement of an observable; its Pauli form is computed here, not when timed."""
    operator = qml.Hamiltonian([term.coefficient for term in terms], [word(term) for term in terms])
    _ = operator.pauli_rep
    return qml.expval(operator)


class Adapter(Peer):
    """The device's state vector and measurements.

    Args:
        nb_threads: taken from the environment.
        device: ``lightning.qubit`` or ``lightning.kokkos``.
    """

    packages = ("pennylane", "pennylane-lightning")

    def __init__(self, nb_threads, device="lightning.qubit"):
        super().__init__(nb_threads)
        self.device = device
        folder, prefix = MODULES[device]
        base = f"pennylane_lightning.{folder}"
        self._make_state = getattr(import_module(f"{base}._state_vector"), f"{prefix}StateVector")
        self._measurements = getattr(import_module(f"{base}._measurements"), f"{prefix}Measurements")

    def run(self, native, state):
        """Start anew and run."""
        state.reset_state()
        state._apply_lightning(native)
        return state

    def make_state(self, nb_qubits):
        """A state in double precision."""
        return self._make_state(nb_qubits, dtype=np.complex128)

    def value(self, state, measurement):
        """Mean value of an observable."""
        return float(self._measurements(state).expval(measurement))

    def state(self, circuit):
        native, state = operations(circuit), self.make_state(circuit.nb_qubits)
        return Run(lambda: self.run(native, state), lambda state: overlaps(state.state, circuit.nb_qubits))

    def energy(self, circuit, terms):
        native, state, measurement = operations(circuit), self.make_state(circuit.nb_qubits), mean(terms)
        return Run(lambda: self.value(self.run(native, state), measurement), number)

    def gradient(self, circuit, terms, values):
        device, angles = qml.device(self.device, wires=circuit.nb_qubits), scaled_angles(circuit)
        tape = qml.tape.QuantumScript(operations(circuit, values), [mean(terms)])
        tape.trainable_params = list(range(len(angles)))
        program, config = device.preprocess(qml.devices.ExecutionConfig(gradient_method="adjoint"))
        (tape,), _ = program((tape,))
        tape = _trained_on_rotations(tape)
        call = lambda: device.execute_and_compute_derivatives((tape,), config)[1]  # noqa: E731
        return Run(call, lambda found: by_parameter(angles, np.asarray(found).reshape(-1), len(values)))

    def energies(self, circuit, terms, sets):
        state, measurement = self.make_state(circuit.nb_qubits), mean(terms)
        value = lambda values: self.value(self.run(operations(circuit, values), state), measurement)  # noqa: E731
        return Run(lambda: [value(values) for values in sets], numbers)

    def jobs(self, jobs, with_building):
        build = lambda: ((circuit.nb_qubits, operations(circuit), mean(terms)) for circuit, terms in jobs)  # noqa: E731
        built = None if with_building else list(build())
        value = lambda count, native, what: self.value(self.run(native, self.make_state(count)), what)  # noqa: E731
        return Run(lambda: [value(*job) for job in (built or build())], numbers)

    def samples(self, circuit, nb_shots):
        native, state = operations(circuit), self.make_state(circuit.nb_qubits)
        wires = list(range(circuit.nb_qubits)) if self.device == "lightning.qubit" else circuit.nb_qubits

        def call():
            sampler = self._measurements(self.run(native, state))._measurement_lightning
            return sampler.generate_samples(wires, nb_shots)

        return Run(call, lambda bits: z_means_of_bits(np.asarray(bits).reshape(nb_shots, -1)))


def _trained_on_rotations(tape):
    """The tape with all angles of rotations trainable; the device may have written Pauli rotations out."""
    trained, position = [], 0
    for operation in tape.operations:
        trained += [position] if operation.name in ROTATING and not _is_basis_change(operation) else []
        position += operation.num_params
    tape = tape.copy()
    tape.trainable_params = trained
    return tape


def _is_basis_change(operation):
    return operation.name == "RX" and math.isclose(abs(operation.parameters[0]), math.pi / 2)
