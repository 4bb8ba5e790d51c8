"""Jobs that the plugin tests share."""

from itertools import pairwise

import numpy as np

from qat.core import Observable, Result, Term
from qat.core.qpu import QPUHandler
from qat.lang.AQASM import CNOT, RX, RY, H, Program
from qat.qpus import LinAlg


def wave_circuit():
    """Two qubits whose Z means are cos(a) and cos(2 b + 1)."""
    program = Program()
    qubits = program.qalloc(2)
    RY(program.new_var(float, "a"))(qubits[0])
    RX(2 * program.new_var(float, "b") + 1)(qubits[1])
    return program.to_circ()


def wave_job(**options):
    """Value cos(a) + cos(2 b + 1); minimum -2 at (pi, (pi - 1) / 2)."""
    observable = Observable(2, pauli_terms=[Term(1.0, "Z", [0]), Term(1.0, "Z", [1])])
    return wave_circuit().to_job(observable=observable, **options)


def wave(a, b):
    return np.cos(a) + np.cos(2 * b + 1)


def ghz(nb_qubits=3):
    program = Program()
    qubits = program.qalloc(nb_qubits)
    H(qubits[0])
    for first, second in pairwise(qubits):
        CNOT(first, second)
    return program.to_circ()


class Recorder(QPUHandler):
    """A simulator that remembers its jobs and the sizes of the batches it got; no exact gradients."""

    def __init__(self):
        super().__init__()
        self.jobs, self.sizes = [], []

    def submit(self, batch, meta_data=None):
        self.sizes.append(len(getattr(batch, "jobs", None) or (batch if isinstance(batch, list) else [batch])))
        return super().submit(batch, meta_data)

    def submit_job(self, job):
        self.jobs.append(job)
        return LinAlg().submit_job(job)


class Constant(QPUHandler):
    """Answers every job with the same value."""

    def __init__(self, value):
        super().__init__()
        self.value = value

    def submit_job(self, job):
        return Result(value=self.value)
