"""State vectors from QPUs, and parts of basis states. Qubit 0 is the most significant bit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qat.core.wrappers.dense_columns import DenseColumns
from qat.core.wrappers.sample import reverse_bits

if TYPE_CHECKING:
    from qat.core.wrappers.circuit import Circuit
    from qat.core.wrappers.result import Result

__all__ = ["get_substate", "rev_bits", "wavefunction"]


def wavefunction(circuit: Circuit, qpu: Any, probs: bool = False) -> NDArray[Any]:
    """The state that a circuit prepares, run exactly on a QPU.

    Args:
        circuit: a circuit without measurements.
        qpu: a simulator.
        probs: whether to return probabilities instead of amplitudes.

    Returns:
        Array of shape ``(2**nbqbits,)``: complex128 amplitudes, or float64 probabilities.

    Raises:
        ValueError: the QPU gives no amplitudes.

    >>> from qat.lang.AQASM import Program, X
    >>> from qat.qpus import LinAlg
    >>> program = Program()
    >>> _ = X(program.qalloc(2)[0])
    >>> wavefunction(program.to_circ(), LinAlg(), probs=True).tolist()
    [0.0, 0.0, 1.0, 0.0]
    """
    result = qpu.submit(circuit.to_job())
    vector = np.zeros(2**circuit.nbqbits, np.float64 if probs else np.complex128)
    states, entries = _entries(result, probs)
    if not isinstance(entries, np.ndarray) and any(entry is None for entry in entries):
        raise ValueError(f"{type(qpu).__name__} gave no amplitudes: use a simulator, or ask for probs=True.")
    vector[states] = entries
    return vector


def _entries(result: Result, probs: bool) -> tuple[Any, Any]:
    if isinstance(result.columns, DenseColumns):
        columns = result.columns.columns()
        return columns.states, columns.probabilities if probs else columns.amplitudes
    samples: Any = list(result)
    states = [sample.state.int for sample in samples]
    return states, [sample.probability if probs else sample.amplitude for sample in samples]


def get_substate(state: int, nbqbits: int, qubits_list: Sequence[int]) -> int:
    """The bits of some qubits of a basis state, in the order asked for.

    Args:
        state: the basis state.
        nbqbits: its number of qubits.
        qubits_list: the qubits.

    >>> bin(get_substate(0b100, 3, [0, 1])), bin(get_substate(0b100, 3, [1, 0]))
    ('0b10', '0b1')
    """
    substate = 0
    for qubit in qubits_list:
        substate = substate << 1 | (state >> (nbqbits - 1 - qubit) & 1)
    return substate


def rev_bits(size: int, nbits: int) -> int:
    """The integer ``size`` with its ``nbits`` bits in the opposite order.

    >>> rev_bits(0b110, 3)
    3
    """
    return reverse_bits(size, nbits)
