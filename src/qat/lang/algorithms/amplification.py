"""Amplitude amplification, of which Grover's search is the best-known case.

Source: G. Brassard, P. Høyer, M. Mosca, A. Tapp, "Quantum amplitude amplification and estimation",
quant-ph/0005055 (2000).
"""

from __future__ import annotations

from qat.lang.AQASM.aqasm_util import InvalidArguments
from qat.lang.AQASM.gates import Gate, H, X, Z
from qat.lang.AQASM.misc import build_gate
from qat.lang.AQASM.routines import QRoutine

__all__ = ["amplification_step", "grover_diffusion", "householder", "uniform_distribution"]


@build_gate("UNIFORM", [int], lambda nbits: nbits)
def uniform_distribution(nbits: int) -> QRoutine:
    """The uniform superposition of all states of ``nbits`` qubits, prepared from zero.

    >>> uniform_distribution(3).arity
    3
    """
    routine = QRoutine()
    for wire in routine.new_wires(nbits):
        routine.apply(H, wire)
    return routine


def householder(state_prep: Gate) -> QRoutine:
    """The reflection ``1 - 2 U|0><0|U†``, which turns the sign of the state that ``state_prep`` prepares.

    Args:
        state_prep: gate or routine ``U``.

    >>> householder(H).arity
    1
    """
    routine = QRoutine()
    wires = routine.new_wires(arity_of(state_prep))[:]
    with routine.compute():
        routine.apply(state_prep.dag(), wires)
        for wire in wires:
            routine.apply(X, wire)
    routine.apply(Z.ctrl(len(wires) - 1), wires)
    routine.uncompute()
    return routine


@build_gate("GDIFF", [int], lambda nbits: nbits)
def grover_diffusion(nbits: int) -> QRoutine:
    """Grover's diffusion ``1 - 2 |s><s|`` about the uniform superposition ``s`` of ``nbits`` qubits.

    >>> grover_diffusion(2).arity
    2
    """
    return householder(uniform_distribution(nbits))


def amplification_step(oracle: Gate, state_prep: Gate | None = None) -> QRoutine:
    """One step of amplitude amplification: the oracle, then the reflection about the prepared state.

    The step is ``(1 - 2 U|0><0|U†) O``. With ``M`` marked states among ``N`` it turns the uniform superposition by
    the angle ``2 * asin(sqrt(M / N))`` and changes its sign.

    Args:
        oracle: gate or routine that turns the sign of the marked states.
        state_prep: gate or routine ``U`` that prepares the state to amplify; the uniform superposition by default.

    >>> from qat.lang.AQASM import CSIGN
    >>> amplification_step(CSIGN).arity
    2
    """
    routine = QRoutine()
    wires = routine.new_wires(arity_of(oracle))
    routine.apply(oracle, wires)
    routine.apply(grover_diffusion(len(wires)) if state_prep is None else householder(state_prep), wires)
    return routine


def arity_of(gate: Gate) -> int:
    """Number of qubits of a gate.

    Raises:
        InvalidArguments: its signature leaves the number open.
    """
    if gate.arity is None:
        raise InvalidArguments(gate, "its number of qubits is open", "give its AbstractGate an arity")
    return gate.arity
