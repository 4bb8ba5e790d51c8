"""Phase estimation, and counting the solutions of a search with it.

Sources: A. Kitaev, quant-ph/9511026 (1995); R. Cleve, A. Ekert, C. Macchiavello, M. Mosca, Proc. R. Soc. A 454, 339
(1998); counting: G. Brassard, P. Høyer, A. Tapp, quant-ph/9805082 (1998).
"""

from __future__ import annotations

from qat.lang.algorithms.amplification import amplification_step, arity_of
from qat.lang.AQASM.gates import Gate, H
from qat.lang.AQASM.qftarith import QFT
from qat.lang.AQASM.routines import QRoutine

__all__ = ["phase_estimation", "quantum_counting"]


def phase_estimation(operator: Gate, nbits: int) -> QRoutine:
    """Estimates the phase of a unitary operator.

    The routine acts on the qubits of ``operator``, prepared before, then on ``nbits`` qubits in state zero that
    receive the result. On an eigenvector of eigenvalue ``exp(2j * pi * phase)`` the result, read with its first qubit
    as the most significant one, is ``y`` with ``phase ≈ y / 2**nbits``. It applies ``operator`` ``2**nbits - 1`` times.

    Args:
        operator: gate or routine whose phase is wanted.
        nbits: number of bits of the result.

    >>> from qat.lang.AQASM import T
    >>> phase_estimation(T, 3).arity
    4
    """
    routine = QRoutine()
    state, result = routine.new_wires(arity_of(operator)), routine.new_wires(nbits)[:]
    for wire in result:
        routine.apply(H, wire)
    controlled = operator.ctrl()
    for power, wire in enumerate(result):
        for _ in range(2**power):
            routine.apply(controlled, wire, state)
    routine.apply(QFT(nbits).dag(), result)
    return routine


def quantum_counting(oracle: Gate, nbits: int, prepare: bool = True) -> QRoutine:
    """Estimates how many states an oracle marks.

    The routine acts on the qubits of ``oracle``, then on ``nbits`` qubits in state zero that receive the result ``y``
    (first qubit most significant). With ``N`` states in all, the number of marked ones is near
    ``N * cos(pi * y / 2**nbits)**2``.

    Args:
        oracle: gate or routine that turns the sign of the marked states.
        nbits: number of bits of the result.
        prepare: whether to prepare the uniform superposition of the first qubits, from zero.

    >>> from qat.lang.AQASM import CSIGN
    >>> quantum_counting(CSIGN, 3).arity
    5
    """
    step = amplification_step(oracle)
    routine = QRoutine()
    wires = routine.new_wires(step.arity + nbits)[:]
    if prepare:
        for wire in wires[: step.arity]:
            routine.apply(H, wire)
    routine.apply(phase_estimation(step, nbits), wires)
    return routine
