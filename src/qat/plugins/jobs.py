"""Copies of jobs and circuits with a part replaced."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

from qat.core.wrappers.circuit import Circuit
from qat.core.wrappers.job import Job
from qat.kernels.tape import Tape

__all__ = ["with_circuit", "with_tape"]


def with_circuit(job: Job, circuit: Circuit, **fields: Any) -> Job:
    """A shallow copy of the job with another circuit, and other fields.

    >>> with_circuit(Circuit.empty(1).to_job(), Circuit.empty(2), nbshots=5).circuit.nbqbits
    2
    """
    changed = copy(job)
    changed.circuit = circuit
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def with_tape(circuit: Circuit, tape: Tape, qregs: Sequence[Any] | None = None) -> Circuit:
    """A circuit of the same name, gate set, declared variables and registers (unless given) with other operations.

    >>> with_tape(Circuit.empty(1), Circuit.empty(2).tape).nbqbits
    2
    """
    return Circuit.from_tape(
        tape,
        qregs=(circuit.qregs or ()) if qregs is None else qregs,
        name=circuit.name,
        gate_set=circuit._gate_set,
        var_dic=circuit.declared_variables(),
    )
