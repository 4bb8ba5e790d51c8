"""An old way to run a circuit, kept for programs that still use it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any


class Task:
    """A circuit and the QPU that runs it.

    Args:
        circuit: the circuit.
        qpu: the QPU.

    >>> import warnings
    >>> from qat.core import Circuit
    >>> from qat.qpus import LinAlg
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", FutureWarning)
    ...     task = Task(Circuit.empty(2), LinAlg())
    >>> [str(sample.state) for sample in task.states()]
    ['|00>']
    """

    def __init__(self, circuit: Any, qpu: Any) -> None:
        warnings.warn(
            "The Task class will soon be deprecated. Use qpu.submit(circuit.to_job()) instead.",
            FutureWarning,
            stacklevel=2,
        )
        self.circuit = circuit
        self.qpu = qpu

    def states(self, qbits: Sequence[int] | None = None) -> Any:
        """The result with the possible outcomes of measuring ``qbits`` (all by default) and their probabilities."""
        return self.qpu.submit(self.circuit.to_job(qubits=qbits))

    def execute(self, qbits: Sequence[int] | None = None, nb_samples: int = 1) -> Any:
        """The outcomes of ``nb_samples`` shots; of one shot, its sample alone."""
        job = self.circuit.to_job(qubits=qbits, nbshots=nb_samples, aggregate_data=False)
        result = self.qpu.submit(job)
        return result[0] if nb_samples == 1 else result
