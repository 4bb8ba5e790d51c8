"""Which registers the measured qubits of a job belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qat.core.bits import DefaultRegister

if TYPE_CHECKING:
    from qat.core.wrappers.job import Job

__all__ = ["get_registers", "measured_registers"]


def get_registers(qregisters: Sequence[Any] | None, qbit_list: Sequence[int] | None) -> list[Any] | None:
    """The registers that a list of qubits is made of, in its order.

    Returns:
        The registers, or None when the qubits are not a row of complete registers.

    >>> first, second = DefaultRegister(length=2, start=0), DefaultRegister(length=1, start=2)
    >>> [register.start for register in get_registers([first, second], [2, 0, 1])]
    [2, 0]
    >>> get_registers([first, second], [1, 2]) is None
    True
    """
    qubits = list(qbit_list or ())
    by_start = {register.start: register for register in qregisters or () if register.length}
    found, position = [], 0
    while position < len(qubits):
        first = qubits[position]
        register = by_start.get(first)
        if register is None:
            return None
        end = position + register.length
        if qubits[position:end] != [*range(first, first + register.length)]:
            return None
        found.append(register)
        position = end
    return found


def measured_registers(job: Job) -> list[Any]:
    """The registers that give a job's samples their width and types.

    Complete registers keep their type, qubits of no register (ancillas) form registers of their own; as soon as a
    register is measured in part, all measured qubits form one untyped register.
    """
    source: Any = job.circuit if job.circuit is not None else job.schedule
    declared = getattr(source, "qregs", None)
    qubits = job.qubits or [*range(getattr(source, "nbqbits", None) or 0)]
    if qubits and declared and len(declared) == 1 and _is_all(declared[0], qubits):
        return list(declared)  # nearly always
    registers = get_registers(declared, qubits)
    if registers is None and declared:
        registers = get_registers([*declared, *_ancillas(declared, qubits)], qubits)
    return [DefaultRegister(length=len(qubits))] if registers is None else registers


def _is_all(register: Any, qubits: Sequence[int]) -> bool:
    return register.start == 0 and register.length == len(qubits) and qubits == [*range(len(qubits))]


def _ancillas(declared: Sequence[Any], qubits: Sequence[int]) -> list[Any]:
    """A register for each run of measured qubits beyond the declared registers."""
    named = {qubit for register in declared for qubit in range(register.start, register.start + register.length)}
    runs: list[list[int]] = []
    for qubit in qubits:
        if qubit in named:
            continue
        if runs and runs[-1][-1] + 1 == qubit:
            runs[-1].append(qubit)
        else:
            runs.append([qubit])
    return [DefaultRegister("Anc", length=len(run), start=run[0]) for run in runs]
