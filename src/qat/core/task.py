"""An old way to run a circuit, kept for programs that still use it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any


class Task:
    """A circuit and the QPU that runs it.

    Args:
        circuit: the circuit.
        qpu: the QPU.
    """

    def __init__(self, circuit: Any, qpu: Any) -> None:
        warnings.warn(
            "The Task class will soon be deprecated. Use qpu.submit(circuit.to_job()) instead.",
            FutureWarning,
            stacklevel=2,
        )
        self.circuit = circuit
        self.qpu = qpu

    def states(self) -> Iterator[Any]:
        """The possible outcomes, with their probabilities."""
        return iter(self.qpu.submit(self.circuit.to_job()))

    def execute(self) -> Any:
        """The outcome of one shot."""
        return self.qpu.submit(self.circuit.to_job(nbshots=1, aggregate_data=False))[0]
