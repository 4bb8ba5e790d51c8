"""Scaluq in double precision. It refuses gates on a measured qubit that was not reset: no trajectories."""

from __future__ import annotations

import numpy as np
import scaluq

from .base import PAULI_NUMBERS, Peer, Run, Scaled, matrix, number, numbers, overlaps, z_means

native = scaluq.default.f64
gates = native.gate
PLAIN = {
    "h": lambda gate: gates.H(*gate.qubits),
    "x": lambda gate: gates.X(*gate.qubits),
    "s": lambda gate: gates.S(*gate.qubits),
    "t": lambda gate: gates.T(*gate.qubits),
    "tdg": lambda gate: gates.Tdag(*gate.qubits),
    "unitary": lambda gate: gates.DenseMatrix(list(gate.qubits), matrix(gate), is_unitary=True),
    "cx": lambda gate: gates.CX(*gate.qubits),
    "cz": lambda gate: gates.CZ(*gate.qubits),
    "swap": lambda gate: gates.Swap(*gate.qubits),
    "cp": lambda gate: gates.U1(gate.qubits[1], gate.angle, [gate.qubits[0]]),
    "mcz": lambda gate: gates.Z(gate.qubits[-1], list(gate.qubits[:-1])),
}
ROTATIONS = {"rx": (gates.RX, gates.ParamRX), "ry": (gates.RY, gates.ParamRY), "rz": (gates.RZ, gates.ParamRZ)}


def pauli(letters, qubits, coefficient=1.0):
    """A Pauli word."""
    return native.PauliOperator(list(qubits), [PAULI_NUMBERS[letter] for letter in letters], coefficient)


def append(circuit, gate):
    """Append a gate."""
    if gate.name in PLAIN:
        circuit.add_gate(PLAIN[gate.name](gate))
        return
    is_scaled = isinstance(gate.angle, Scaled)
    if gate.name in ROTATIONS:
        make, what = ROTATIONS[gate.name][is_scaled], gate.qubits[0]
    else:
        make = gates.ParamPauliRotation if is_scaled else gates.PauliRotation
        what = pauli(gate.detail or "ZZ", gate.qubits)
    if is_scaled:
        circuit.add_param_gate(make(what, gate.angle.factor), f"p{gate.angle.index}")
    else:
        circuit.add_gate(make(what, gate.angle))


def translated(circuit):
    """Scaluq's circuit."""
    result = native.Circuit()
    for gate in circuit.gates:
        append(result, gate)
    return result


def observable(terms):
    """Scaluq's observable of a list of terms."""
    return native.Operator([pauli(term.letters, term.qubits, term.coefficient) for term in terms])


def run(circuit, state):
    """Start anew, run, and wait for the end."""
    state.set_zero_state()
    circuit.update_quantum_state(state)
    scaluq.synchronize()
    return state


class Adapter(Peer):
    """Its default execution space, double precision."""

    packages = ("scaluq",)

    def state(self, circuit):
        translation, state = translated(circuit), native.StateVector(circuit.nb_qubits)
        answer = lambda state: overlaps(  # noqa: E731
            np.asarray(state.get_amplitudes()), circuit.nb_qubits, is_little_endian=True
        )
        return Run(lambda: run(translation, state), answer)

    def energy(self, circuit, terms):
        translation, state, energy = translated(circuit), native.StateVector(circuit.nb_qubits), observable(terms)
        return Run(lambda: energy.get_expectation_value(run(translation, state)), number)

    def gradient(self, circuit, terms, values):
        translation, energy = translated(circuit), observable(terms)
        parameters = {f"p{index}": value for index, value in enumerate(values)}
        call = lambda: translation.compute_expectation_gradient(energy, parameters)  # noqa: E731
        return Run(call, lambda found: [found[name] for name in parameters])

    def energies(self, circuit, terms, sets):
        translation, energy = translated(circuit), observable(terms)
        states = native.StateVectorBatched(len(sets), circuit.nb_qubits)
        parameters = {f"p{index}": list(column) for index, column in enumerate(zip(*sets, strict=True))}

        def call():
            states.set_zero_state()
            translation.update_quantum_state(states, parameters)
            return energy.get_expectation_value(states)

        return Run(call, numbers)

    def jobs(self, jobs, with_building):
        build = lambda: ((circuit.nb_qubits, translated(circuit), observable(terms)) for circuit, terms in jobs)  # noqa: E731
        built = None if with_building else list(build())

        def value(nb_qubits, translation, energy):
            state = native.StateVector(nb_qubits)
            translation.update_quantum_state(state)
            return energy.get_expectation_value(state)

        return Run(lambda: [value(*job) for job in (built or build())], numbers)

    def samples(self, circuit, nb_shots):
        translation, state = translated(circuit), native.StateVector(circuit.nb_qubits)
        answer = lambda found: z_means(found, [1] * nb_shots, circuit.nb_qubits, is_little_endian=True)  # noqa: E731
        return Run(lambda: run(translation, state).sampling(nb_shots), answer)
