"""AQASM text, out and in.

::

    DEFINE GATE flip = [[(0.0,0.0) (1.0,0.0)] [(1.0,0.0) (0.0,0.0)]]
    DEFINE PARAM WAIT float int : 1
    BEGIN
    qubits 2
    cbits 1
    H q[0]
    CTRL(RX[(2 * theta)]) q[0],q[1]
    GATE flip q[1]
    WAIT[0.5, 3] q[0]
    MEAS q[0] c[0]
    ? c[0] : X q[1]
    LOGIC c[0] (~c[0])
    RESET q[0] c[0]
    BREAK c[0]
    END

What the text cannot hold: registers (there is one with all qubits), the matrices of gates with parameters that are
not predefined (link a module that has them when reading), and comments.

>>> circuit = text_to_circuit("BEGIN qubits 2  H q[0]  CNOT q[0],q[1]  END")
>>> print(circuit_to_text(circuit))
BEGIN
qubits 2
cbits 2
<BLANKLINE>
H q[0]
CNOT q[0],q[1]
END
<BLANKLINE>
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qat.lang.AQASM.text.lexer import AQASMError
from qat.lang.AQASM.text.reader import read_tape
from qat.lang.AQASM.text.writer import write_tape

if TYPE_CHECKING:
    from qat.core import Circuit
    from qat.lang.AQASM.program import Program

__all__ = ["AQASMError", "circuit_to_text", "program_to_text", "text_to_circuit"]


def circuit_to_text(circuit: Circuit) -> str:
    """The circuit as AQASM text; boxes are opened.

    Raises:
        AQASMError: an operation or a parameter has no form as text.

    >>> from qat.core import Circuit
    >>> circuit_to_text(Circuit.empty(2)).split()
    ['BEGIN', 'qubits', '2', 'cbits', '0', 'END']
    """
    return write_tape(circuit.tape)


def program_to_text(program: Program) -> str:
    """The circuit of a program as AQASM text.

    >>> from qat.lang.AQASM import H, Program
    >>> prog = Program()
    >>> _ = H(prog.qalloc(1))
    >>> program_to_text(prog).splitlines()[-2]
    'H q[0]'
    """
    return circuit_to_text(program.to_circ(inline=True))


def text_to_circuit(
    text: str,
    *,
    include_matrices: bool = True,
    default_gate_set: bool = True,
    link: Any = None,
    inline: bool = True,
) -> Circuit:
    """The circuit of an AQASM text.

    Args:
        text: the text.
        include_matrices: show the matrices of gates in the gate dictionary.
        default_gate_set: whether ``H``, ``RX``, … are known; otherwise the text has to define all gates.
        link: modules, gates or gate sets with implementations for gates of the text.
        inline: open those implementations in place.

    Raises:
        AQASMError: the text is not AQASM; it says where, what was found and what was expected.

    >>> list(text_to_circuit("BEGIN qubits 1  DAG(T) q[0]  END").iterate_simple())
    [('D-T', [], [0])]
    """
    from qat.core.wrappers.circuit import Circuit

    circuit = Circuit.from_tape(read_tape(text, default_gate_set=default_gate_set), include_matrices=include_matrices)
    if link:
        from qat.lang.linking.linker import Linker

        Linker(link=link, inline=inline, include_matrices=include_matrices).link(circuit)
    return circuit
