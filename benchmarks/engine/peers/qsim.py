"""Google's qsim through Cirq. Single precision only: never a like-for-like entry beside double precision."""

from __future__ import annotations

import math

import cirq
import qsimcirq

from .base import Peer, Run, UnsupportedError, ladder, matrix, number, numbers, overlaps, z_means_of_bits

LETTERS = {"X": cirq.X, "Y": cirq.Y, "Z": cirq.Z}
GATES = {
    "h": lambda gate: cirq.H,
    "x": lambda gate: cirq.X,
    "s": lambda gate: cirq.S,
    "t": lambda gate: cirq.T,
    "tdg": lambda gate: cirq.T**-1,
    "rx": lambda gate: cirq.rx(gate.angle),
    "ry": lambda gate: cirq.ry(gate.angle),
    "rz": lambda gate: cirq.rz(gate.angle),
    "unitary": lambda gate: cirq.MatrixGate(matrix(gate)),
    "cx": lambda gate: cirq.CX,
    "cz": lambda gate: cirq.CZ,
    "swap": lambda gate: cirq.SWAP,
    "cp": lambda gate: cirq.CZPowGate(exponent=gate.angle / math.pi),
    "rzz": lambda gate: cirq.ZZPowGate(exponent=gate.angle / math.pi, global_shift=-0.5),
}


def operations(gate, qubits):
    """Cirq's operations for a gate."""
    if gate.name == "pauli":
        return [operation for part in ladder(gate) for operation in operations(part, qubits)]
    if gate.name == "mcz":
        return [cirq.Z(qubits[gate.qubits[-1]]).controlled_by(*(qubits[qubit] for qubit in gate.qubits[:-1]))]
    if gate.name not in GATES:
        raise UnsupportedError(f"no {gate.name}")
    return [GATES[gate.name](gate)(*(qubits[qubit] for qubit in gate.qubits))]


def translated(circuit):
    """Cirq's circuit and its qubits; identities keep idle qubits in it."""
    qubits = cirq.LineQubit.range(circuit.nb_qubits)
    native = [operation for gate in circuit.gates for operation in operations(gate, qubits)]
    return cirq.Circuit([cirq.I(qubit) for qubit in qubits], native), qubits


def observable(qubits, terms):
    """Cirq's observable of a list of terms."""
    words = [
        cirq.PauliString(
            {qubits[qubit]: LETTERS[letter] for letter, qubit in zip(term.letters, term.qubits, strict=True)},
            coefficient=term.coefficient,
        )
        for term in terms
    ]
    return cirq.PauliSum.from_pauli_strings(words)


class Adapter(Peer):
    """Gates fused up to three qubits: the quickest of 2 to 5 on every circuit of the table."""

    packages = ("qsimcirq", "cirq-core")

    def __init__(self, nb_threads, fused_qubits=3):
        super().__init__(nb_threads)
        options = qsimcirq.QSimOptions(cpu_threads=nb_threads, max_fused_gate_size=fused_qubits)
        self.simulator = qsimcirq.QSimSimulator(options)

    def value(self, native, qubits, energy):
        """Mean value of an observable."""
        return self.simulator.simulate_expectation_values(native, [energy], qubit_order=qubits)[0].real

    def state(self, circuit):
        native, qubits = translated(circuit)

        def answer(_amplitudes):
            vector = self.simulator.simulate(native, qubit_order=qubits).final_state_vector
            return overlaps(vector.astype(complex), circuit.nb_qubits)

        return Run(lambda: self.simulator.compute_amplitudes(native, [1], qubit_order=qubits), answer)

    def energy(self, circuit, terms):
        native, qubits = translated(circuit)
        energy = observable(qubits, terms)
        return Run(lambda: self.value(native, qubits, energy), number)

    def jobs(self, jobs, with_building):
        def build():
            for circuit, terms in jobs:
                native, qubits = translated(circuit)
                yield native, qubits, observable(qubits, terms)

        built = None if with_building else list(build())
        return Run(lambda: [self.value(*job) for job in (built or build())], numbers)

    def samples(self, circuit, nb_shots):
        native, qubits = translated(circuit)
        native.append(cirq.measure(*qubits, key="all"))
        call = lambda: self.simulator.run(native, repetitions=nb_shots).measurements["all"]  # noqa: E731
        return Run(call, z_means_of_bits)
