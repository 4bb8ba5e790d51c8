"""Any implementation of the published API, through programs, jobs and QPUs; ours is one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import qat.qpus
from qat.core import Batch, Term
from qat.core import Observable as QatObservable
from qat.lang.AQASM import CNOT, PH, RX, RY, RZ, SWAP, CustomGate, H, Program, S, T, X, Z
from qat.plugins import AbstractPlugin, ScipyMinimizePlugin

from .base import Gate, Peer, Run, Scaled, UnsupportedError, ladder, matrix, number, numbers, overlaps, z_means

CONSTANT: dict[str, Any] = {
    "h": H, "x": X, "s": S, "t": T, "tdg": T.dag(), "cx": CNOT, "cz": Z.ctrl(), "swap": SWAP,
}  # fmt: skip
MADE: dict[str, Callable[[Gate], Any]] = {
    "unitary": lambda gate: CustomGate(matrix(gate)),
    "mcz": lambda gate: Z.ctrl(len(gate.qubits) - 1),
}
ROTATIONS: dict[str, Callable[[Any], Any]] = {
    "rx": RX,
    "ry": RY,
    "rz": RZ,
    "cp": lambda angle: PH(angle).ctrl(),
}


class NoOp(AbstractPlugin):
    """A plugin that passes everything on."""

    def compile(self, batch, specs):
        """Change nothing."""
        return batch

    def post_process(self, batch_result):
        """Change nothing."""
        return batch_result


def observable(nb_qubits, terms):
    """The published observable of a list of terms."""
    words = [Term(term.coefficient, term.letters, list(term.qubits)) for term in terms if term.letters]
    constant = sum(term.coefficient for term in terms if not term.letters)
    return QatObservable(nb_qubits, pauli_terms=words, constant_coeff=constant)


def names(count):
    """Names of the variables, in alphabetical order."""
    return [f"p{index:04}" for index in range(count)]


class Adapter(Peer):
    """Jobs, submitted to a QPU.

    Args:
        nb_threads: taken from the environment by the QPU.
        qpu: published name of the QPU.
        options: of the QPU, for example ``precision``.
    """

    packages = ("numpy", "scipy")

    def __init__(self, nb_threads, qpu="LinAlg", **options):
        super().__init__(nb_threads)
        self.qpu = getattr(qat.qpus, qpu)(**options)

    def circuit(self, circuit):
        """The published circuit."""
        program = Program()
        qubits, cbits = list(program.qalloc(circuit.nb_qubits)), program.calloc(circuit.nb_cbits)
        variables: dict[int, Any] = {}
        apply = program.apply
        for gate in circuit.gates:
            name, places, angle, _ = gate
            if name in CONSTANT:
                applied = CONSTANT[name]
            elif name in ROTATIONS:
                applied = ROTATIONS[name](_angle(program, angle, variables) if type(angle) is Scaled else angle)
            else:
                self._append(program, qubits, cbits, gate, variables)
                continue
            if len(places) == 1:
                apply(applied, qubits[places[0]])
            elif len(places) == 2:
                apply(applied, qubits[places[0]], qubits[places[1]])
            else:
                apply(applied, *[qubits[place] for place in places])
        return program.to_circ()

    def job(self, circuit, terms):
        """An observable job."""
        return self.circuit(circuit).to_job(observable=observable(circuit.nb_qubits, terms))

    def state(self, circuit):
        job = self.circuit(circuit).to_job()
        return Run(lambda: self.qpu.submit(job), lambda result: _overlaps(result, circuit.nb_qubits))

    def energy(self, circuit, observable):
        job = self.job(circuit, observable)
        return Run(lambda: self.qpu.submit(job).value, number)

    def gradient(self, circuit, observable, values):
        if not hasattr(self.qpu, "value_and_gradient"):
            raise UnsupportedError("no exact gradient")
        job, parameters = self.job(circuit, observable), dict(zip(names(len(values)), values, strict=True))
        in_order = lambda gradient: [gradient[name] for name in parameters]  # noqa: E731
        return Run(lambda: self.qpu.value_and_gradient(job, parameters)[1], in_order)

    def energies(self, circuit, observable, sets):
        job, variables = self.job(circuit, observable), names(len(sets[0]))
        bind = lambda values: job(**dict(zip(variables, values, strict=True)))  # noqa: E731
        return Run(lambda: self._values([bind(values) for values in sets]), numbers)

    def jobs(self, jobs, with_building):
        build = lambda: [self.job(circuit, terms) for circuit, terms in jobs]  # noqa: E731
        if with_building:
            return Run(lambda: self._values(build()), numbers)
        built = build()
        return Run(lambda: self._values(built), numbers)

    def samples(self, circuit, nb_shots):
        job = self.circuit(circuit).to_job(nbshots=nb_shots)
        return Run(lambda: self.qpu.submit(job), lambda result: _result_z_means(result, circuit.nb_qubits))

    trajectories = samples

    def submit(self, count):
        from benchmarks.engine.workloads import Circuit

        ghz = Circuit(4, [Gate("h", (0,)), *(Gate("cx", (k, k + 1)) for k in range(3))])
        stack, job = NoOp() | self.qpu, self.circuit(ghz).to_job()

        def submit_all():
            for _ in range(count - 1):
                stack.submit(job)
            return stack.submit(job)

        return Run(submit_all, lambda result: _overlaps(result, 4))

    def minimum(self, circuit, observable, values, method, max_iterations):
        job = self.job(circuit, observable)
        start = values if method == "COBYLA" else [0.0] * len(values)
        options = {"maxiter": max_iterations}
        stack = ScipyMinimizePlugin(method=method, tol=1e-12, x0=start, options=options) | self.qpu
        return Run(lambda: stack.submit(job).value, number)

    def _values(self, jobs):
        return [result.value for result in self.qpu.submit(Batch(jobs=jobs))]

    def _append(self, program, qubits, cbits, gate, variables):
        targets = [qubits[qubit] for qubit in gate.qubits]
        if gate.name in CONSTANT:
            program.apply(CONSTANT[gate.name], *targets)
        elif gate.name in MADE:
            program.apply(MADE[gate.name](gate), *targets)
        elif gate.name in ROTATIONS:
            program.apply(ROTATIONS[gate.name](_angle(program, gate.angle, variables)), *targets)
        elif gate.name in ("pauli", "rzz"):
            for part in ladder(gate if gate.name == "pauli" else gate._replace(detail="ZZ")):
                self._append(program, qubits, cbits, part, variables)
        elif gate.name == "measure":
            program.measure(targets[0], cbits[gate.detail])
        else:
            program.cc_apply(cbits[gate.detail], X, targets[0])


def _angle(program, angle, variables):
    if type(angle) is not Scaled:
        return angle
    if angle.index not in variables:
        variables[angle.index] = program.new_var(float, f"p{angle.index:04}")
    variable = variables[angle.index]
    return variable if math.isclose(angle.factor, 1.0) else angle.factor * variable


def _overlaps(result, nb_qubits):
    """Of the state in an exact result."""
    states, amplitudes = zip(*((sample.state.int, sample.amplitude) for sample in result), strict=True)
    vector = np.zeros(1 << nb_qubits, complex)
    vector[list(states)] = amplitudes
    return overlaps(vector, nb_qubits)


def _result_z_means(result, nb_qubits):
    states, weights = zip(*((sample.state.int, sample.probability) for sample in result), strict=True)
    return z_means(states, weights, nb_qubits)
