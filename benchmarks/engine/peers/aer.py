"""Qiskit Aer's state-vector method. It has no gradients."""

from __future__ import annotations

import math

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.circuit.library import UnitaryGate
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer import AerSimulator

from .base import Peer, Run, Scaled, ladder, matrix, number, numbers, overlaps, z_means

PLAIN = {
    **{name: lambda circuit, gate, angle: getattr(circuit, gate.name)(*gate.qubits) for name in ("h", "x", "s", "t")},
    **{name: lambda circuit, gate, angle: getattr(circuit, gate.name)(*gate.qubits) for name in ("tdg", "cx", "cz")},
    "swap": lambda circuit, gate, angle: circuit.swap(*gate.qubits),
    **{
        name: lambda circuit, gate, angle: getattr(circuit, gate.name)(angle, *gate.qubits)
        for name in ("rx", "ry", "rz", "cp", "rzz")
    },
    "unitary": lambda circuit, gate, angle: circuit.append(UnitaryGate(matrix(gate)), list(gate.qubits)),
    "mcz": lambda circuit, gate, angle: circuit.mcp(math.pi, list(gate.qubits[:-1]), gate.qubits[-1]),
    "measure": lambda circuit, gate, angle: circuit.measure(gate.qubits[0], gate.detail),
}


def append(circuit, gate, parameters=()):
    """Append a gate; Pauli rotations are written out, as Aer has none."""
    angle = gate.angle.factor * parameters[gate.angle.index] if isinstance(gate.angle, Scaled) else gate.angle
    if gate.name == "pauli":
        for part in ladder(gate):
            append(circuit, part, parameters)
    elif gate.name == "x_if":
        with circuit.if_test((circuit.clbits[gate.detail], 1)):
            circuit.x(gate.qubits[0])
    else:
        PLAIN[gate.name](circuit, gate, angle)


def observable(nb_qubits, terms):
    """Qiskit's observable of a list of terms."""
    words = [(term.letters, list(term.qubits), term.coefficient) for term in terms]
    return SparsePauliOp.from_sparse_list(words, num_qubits=nb_qubits)


class Adapter(Peer):
    """Circuits with save instructions, many in one call where the workload has many."""

    packages = ("qiskit-aer", "qiskit")

    def __init__(self, nb_threads):
        super().__init__(nb_threads)
        self.simulator = AerSimulator(
            method="statevector",
            max_parallel_threads=nb_threads,
            max_parallel_experiments=1,
            max_parallel_shots=1,
        )

    def circuit(self, circuit, parameters=()):
        """Qiskit's circuit."""
        result = QuantumCircuit(circuit.nb_qubits, circuit.nb_cbits)
        for gate in circuit.gates:
            append(result, gate, parameters)
        has_unknown = any(gate.name == "mcz" for gate in circuit.gates)
        return transpile(result, self.simulator, optimization_level=0) if has_unknown else result

    def run(self, circuits, nb_shots=1, **options):
        """Run and check."""
        result = self.simulator.run(circuits, shots=nb_shots, **options).result()
        if not result.success:
            raise RuntimeError(result.status)
        return result

    def with_value(self, circuit, terms, parameters=()):
        """A circuit that saves the mean value of an observable."""
        result = self.circuit(circuit, parameters)
        result.save_expectation_value(observable(circuit.nb_qubits, terms), range(circuit.nb_qubits), label="value")
        return result

    def state(self, circuit):
        short = self.circuit(circuit)
        whole = short.copy()
        whole.save_statevector()
        short.save_amplitudes([1])

        def answer(_result):
            vector = np.asarray(self.run(whole).get_statevector())
            return overlaps(vector, circuit.nb_qubits, is_little_endian=True)

        return Run(lambda: self.run(short), answer)

    def energy(self, circuit, terms):
        native = self.with_value(circuit, terms)
        return Run(lambda: self.run(native).data(0)["value"], number)

    def energies(self, circuit, terms, sets):
        parameters = [Parameter(f"p{index}") for index in range(len(sets[0]))]
        native = self.with_value(circuit, terms, parameters)
        columns = dict(zip(parameters, (list(column) for column in zip(*sets, strict=True)), strict=True))

        def call():
            result = self.run(native, parameter_binds=[columns])
            return [result.data(index)["value"] for index in range(len(sets))]

        return Run(call, numbers)

    def jobs(self, jobs, with_building):
        build = lambda: [self.with_value(circuit, terms) for circuit, terms in jobs]  # noqa: E731
        built = None if with_building else build()

        def call():
            result = self.run(built or build())
            return [result.data(index)["value"] for index in range(len(jobs))]

        return Run(call, numbers)

    def samples(self, circuit, nb_shots):
        native = self.circuit(circuit)
        native.measure_all()

        def answer(counts):
            outcomes = [int(outcome, 16) >> circuit.nb_cbits for outcome in counts]
            return z_means(outcomes, list(counts.values()), circuit.nb_qubits, is_little_endian=True)

        return Run(lambda: self.run(native, nb_shots).data(0)["counts"], answer)

    trajectories = samples
