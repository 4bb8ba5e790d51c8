"""What a routine does, on all basis states at once.

The engine runs once, on a state in which every input is tied to a copy of itself, so that the copies tell afterwards
which output belongs to which input.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.kernels.engine import select_engine
from qat.kernels.tape_algebra import resized
from qat.lang.AQASM import Program

Numbers = tuple[int, ...]


def unitary_of(gate: Any, link: Sequence[Any] = ()) -> NDArray[np.complex128]:
    """Matrix of a gate or routine without its ancillas, which are checked to come back clean."""
    program = Program()
    qubits = program.qalloc(gate.arity)
    program.apply(gate, qubits)
    circuit = program.to_circ(link=list(link))
    size, nb_ancillas = 2**gate.arity, circuit.nbqbits - gate.arity
    start = np.zeros((size, 2**nb_ancillas, size), np.complex128)
    start[np.arange(size), 0, np.arange(size)] = size**-0.5
    tape = resized(circuit.tape, circuit.nbqbits + gate.arity, 0)
    final = select_engine().state(tape, start.ravel()).reshape(size, 2**nb_ancillas, size) * size**0.5
    assert np.allclose(final[:, 1:, :], 0, atol=1e-9), "an ancilla is not clean"
    return final[:, 0, :]


def numbers(index: int, sizes: Sequence[int]) -> Numbers:
    """The little-endian numbers in registers of these sizes, from a basis state (first qubit most significant)."""
    bits = format(index, f"0{sum(sizes)}b")
    values, start = [], 0
    for size in sizes:
        values.append(int(bits[start : start + size][::-1] or "0", 2))
        start += size
    return tuple(values)


def check_map(
    gate: Any, sizes: Sequence[int], expected: Callable[..., Numbers | None], link: Sequence[Any] = ()
) -> None:
    """Check that a gate maps little-endian numbers as ``expected`` says, amplitude 1; ``None`` means: do not care."""
    matrix = unitary_of(gate, link)
    assert gate.arity == sum(sizes)
    outputs = np.argmax(np.abs(matrix), axis=0)
    for column in range(2 ** sum(sizes)):
        values = numbers(column, sizes)
        wanted = expected(*values)
        if wanted is not None:
            amplitude = matrix[outputs[column], column]
            assert abs(amplitude - 1) < 1e-7, (values, amplitude)
            assert numbers(int(outputs[column]), sizes) == wanted, values


def controlled(expected: Callable[..., Numbers | None]) -> Callable[..., Numbers | None]:
    """The map of a gate with one control in front."""

    def wanted(control: int, *values: int) -> Numbers | None:
        result = expected(*values) if control else values
        return None if result is None else (control, *result)

    return wanted


def signs_of(gate: Any, link: Sequence[Any] = ()) -> NDArray[np.float64]:
    """Diagonal of a gate which is checked to be diagonal with entries 1 and -1."""
    matrix = unitary_of(gate, link)
    diagonal = np.diag(matrix)
    assert np.allclose(matrix, np.diag(diagonal), atol=1e-9)
    assert np.allclose(np.abs(diagonal.real), 1) and np.allclose(diagonal.imag, 0, atol=1e-9)
    return diagonal.real.round()
