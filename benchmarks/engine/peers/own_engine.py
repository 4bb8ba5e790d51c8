"""Our engines through their own interface: a tape goes in, arrays come out."""

from __future__ import annotations

from itertools import starmap, zip_longest
from typing import Any

import numpy as np

from qat.kernels.engine import Moves, Precision
from qat.kernels.gates import GATES, GateForm
from qat.kernels.pauli import PauliSum
from qat.kernels.tape import TapeBuilder

from .base import Run, number, numbers, overlaps, z_means
from .own_qpu import Adapter as OwnQpu
from .published import names, observable

SEED = 7
FORMS = {
    name: GateForm(GATES[gate])
    for name, gate in {"h": "H", "x": "X", "cx": "CNOT", "rx": "RX", "ry": "RY", "rz": "RZ"}.items()
}
"""Gates that ``built`` knows."""


class Adapter(OwnQpu):
    """Calls an engine; what the interface does not have is left out.

    Args:
        nb_threads: the engine's.
        engine: its name; the preferred one by default.
        precision: 2 for double, 1 for single.
    """

    def __init__(self, nb_threads, engine=None, precision=2):
        super().__init__(nb_threads, engine=engine, precision=precision)
        self.engine, self.precision = self.qpu.engine, Precision(precision)

    def run(self, tape):
        """The final state of a tape."""
        return self.engine.state(tape, precision=self.precision)

    def state(self, circuit):
        tape = self.circuit(circuit).tape
        answer = lambda vector: overlaps(vector, circuit.nb_qubits)  # noqa: E731
        return self._limited(Run(lambda: self.run(tape), answer), [tape])

    def energy(self, circuit, observable):
        tape, paulis = self._parts(circuit, observable)
        return self._limited(Run(lambda: self._value(tape, paulis), number), [tape], [paulis])

    def gradient(self, circuit, observable, values):
        if self.precision is Precision.SINGLE:
            self._refuse("gradient in single precision")
        job = self.job(circuit, observable)
        parameters = dict(zip(names(len(values)), values, strict=True))
        tape, paulis = job(**parameters).circuit.tape, job.observable.pauli_sum()
        spread = _derivatives(_binder(job.circuit.tape, list(parameters)), len(parameters))
        moves = Moves(lambda generator: generator.normal(size=len(spread)) @ spread)
        call = lambda: self.engine.value_and_gradient(tape, paulis, moves=moves)[1]  # noqa: E731
        run = Run(call, lambda gradient: numbers(spread @ gradient))
        return self._limited(run, [tape], [paulis], spread.any(axis=0))

    def energies(self, circuit, observable, sets):
        tape, paulis = self._parts(circuit, observable)
        bind = _binder(tape, names(len(sets[0])))
        if self.precision is Precision.SINGLE:
            return Run(lambda: [self._value(bind(values), paulis) for values in sets], numbers)
        one, table = bind(sets[0]), np.array(sets)
        constant = bind([0.0] * table.shape[1]).parameters
        slopes = _derivatives(bind, table.shape[1])
        call = lambda: self.engine.energies(one, constant + table @ slopes, paulis).real.tolist()  # noqa: E731
        return self._limited(Run(call, numbers), [one] * len(sets), [paulis] * len(sets))

    def jobs(self, jobs, with_building):
        if with_building:
            return Run(lambda: self._values(starmap(built, jobs)), numbers)
        ready = [self._parts(*job) for job in jobs]
        run = Run(lambda: self._values(ready), numbers)
        return self._limited(run, *zip(*ready, strict=True))

    def samples(self, circuit, nb_shots):
        tape, qubits = self.circuit(circuit).tape, range(circuit.nb_qubits)
        generator = np.random.default_rng(SEED)
        call = lambda: self.engine.sample(self.run(tape), qubits, nb_shots, generator)  # noqa: E731
        run = Run(call, lambda counts: z_means(counts.outcomes, counts.counts, circuit.nb_qubits))
        return self._limited(run, [tape])

    def trajectories(self, circuit, nb_shots):
        tape, qubits = self.circuit(circuit).tape, range(circuit.nb_qubits)
        generator = np.random.default_rng(SEED)

        def call():
            branches = self.engine.trajectories(tape, nb_shots, generator, precision=self.precision)
            return [self.engine.sample(branch.state, qubits, branch.nb_shots, generator) for branch in branches]

        return Run(call, lambda found: _joined(found, circuit.nb_qubits))

    def submit(self, count):
        self._refuse("stack")

    def minimum(self, circuit, observable, values, method, max_iterations):
        self._refuse("stack")

    def _limited(self, run, tapes, paulis=(), is_varied=None):
        """The run with what bounds its time, for the native engine in double precision.

        Args:
            run: all of it.
            tapes: what it simulates, gates only.
            paulis: the observable of each, if any.
            is_varied: for a gradient, which parameters of its tape matter.
        """
        if self.engine.name != "native" or self.precision is Precision.SINGLE:
            return run
        from .limits import peak, work_of

        works = [work_of(*case, is_varied) for case in zip_longest(tapes, paulis)]
        if any(work is None for work in works):
            return run
        nb_passes = works[0].nb_passes if len(works) == 1 else None
        nb_operations = sum(work.nb_operations for work in works)
        sweeps_s = sum(work.sweeps_s() for work in works) / self.nb_threads
        limits = {"nb_operations": nb_operations, "peak": self.nb_threads * peak(), "sweeps_s": sweeps_s}
        return run._replace(nb_passes=nb_passes, **limits)

    def _parts(self, circuit, terms):
        return self.circuit(circuit).tape, observable(circuit.nb_qubits, terms).pauli_sum()

    def _values(self, cases):
        if self.precision is Precision.SINGLE:
            return [self._value(*case) for case in cases]
        return self.engine.mean_values(list(cases))

    def _value(self, tape, paulis):
        return self.engine.mean_value(tape, paulis, precision=self.precision).real


def built(circuit, terms):
    """Tape and sum by the engine's own builders."""
    builder = TapeBuilder()
    numbers = dict(zip(FORMS, builder.numbers(FORMS.values()), strict=True))
    add = builder.gate
    for name, qubits, angle, _ in circuit.gates:
        if angle is None:
            add(numbers[name], qubits)
        else:
            add(numbers[name], qubits, (angle,))
    return builder.tape(circuit.nb_qubits), PauliSum.from_terms(circuit.nb_qubits, terms)


def _joined(found, nb_qubits):
    outcomes, counts = (np.concatenate(columns) for columns in zip(*found, strict=True))
    return z_means(outcomes, counts, nb_qubits)


def _binder(tape: Any, variables: list[str]):
    """A function from values of the variables to a bound tape; every expression is linear in one variable."""
    at_zero, at_one = (
        np.array([[expression(**dict.fromkeys(variables, value)) for expression in tape.expressions]], float)
        for value in (0.0, 1.0)
    )
    indices = [variables.index(next(iter(expression.get_variables()))) for expression in tape.expressions]
    factors = (at_one - at_zero)[0]
    return lambda values: tape.bound([factors[k] * values[index] for k, index in enumerate(indices)])


def _derivatives(bind: Any, nb_variables: int) -> np.ndarray:
    """Derivatives of a tape's parameters by the variables, shape ``(variables, parameters)``."""
    zero = bind([0.0] * nb_variables).parameters
    return np.array([bind(row.tolist()).parameters - zero for row in np.eye(nb_variables)])
