"""Fourier transform, and arithmetic carried out in Fourier space.

Numbers are little-endian: **the first qubit of a register has weight 1**, as in all arithmetic gates of the
language. Additions are modulo ``2**n`` where ``n`` is the size of the register that holds the result, and no
routine needs ancillas. Link this module to give the gates ``ADD``, ``ADD_CONST``, ``MULT`` and ``MULT_CONST`` an
implementation: ``prog.to_circ(link=[qat.lang.AQASM.qftarith])``.

In Fourier space a number ``a`` of ``n`` bits is a phase ``2 * pi * a / 2**(k + 1)`` on the qubit of weight ``2**k``,
so that adding is turning. Source: T. G. Draper, "Addition on a quantum computer", quant-ph/0008033 (2000);
multiplication by repeated additions: L. Ruiz-Perez and J. C. Garcia-Escartin, Quantum Inf. Process. 16, 152 (2017).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from qat.lang.AQASM.bits import Qbit
from qat.lang.AQASM.gates import PH, Gate, H
from qat.lang.AQASM.misc import build_gate
from qat.lang.AQASM.routines import QRoutine

__all__ = ["IQFT", "QFT", "add", "add_const", "add_one", "mult", "mult_const", "sub_one"]


@build_gate("QFT", [int], lambda reg_size: reg_size)
def QFT(reg_size: int) -> QRoutine:  # noqa: N802 (published name)
    """Quantum Fourier transform without the final swaps.

    It maps ``|k>`` to the sum over ``x`` of ``exp(2j * pi * x * k / 2**n) |x> / sqrt(2**n)``, where ``k`` is read with
    its first qubit as the most significant one and ``x`` with its first qubit as the least significant one.

    Args:
        reg_size: number of qubits ``n``.

    >>> routine = (~QFT)(2)
    >>> routine.arity, len(routine.op_list)
    (2, 3)
    """
    routine = QRoutine()
    wires = list(routine.new_wires(reg_size))
    for target in range(reg_size):
        routine.apply(H, wires[target])
        for control in range(target + 1, reg_size):
            routine.apply(_PHASES[control - target].ctrl(), wires[control], wires[target])
    return routine


class _Phases(dict[int, Gate]):
    """``PH(pi / 2**k)`` by ``k``."""

    def __missing__(self, k: int) -> Gate:
        gate = self[k] = PH(math.pi / 2**k)
        return gate


_PHASES = _Phases()


def IQFT(reg_size: int) -> Gate:  # noqa: N802 (published name)
    """Inverse of :func:`QFT`.

    Args:
        reg_size: number of qubits.

    >>> IQFT(3).arity
    3
    """
    return QFT(reg_size).dag()


def _in_fourier_space(routine: QRoutine, wires: Sequence[Qbit], turns: Iterator[tuple[Gate, Sequence[Qbit]]]) -> None:
    """Applies phase gates to a little-endian number between a transform and its inverse."""
    with routine.compute():
        routine.apply(QFT(len(wires)), wires[::-1])
    for gate, qubits in turns:
        routine.apply(gate, qubits)
    routine.uncompute()


def _constant_turns(
    wires: Sequence[Qbit], constant: int, controls: Sequence[Qbit] = ()
) -> Iterator[tuple[Gate, list[Qbit]]]:
    """Phases that add ``constant`` to a number in Fourier space, when all ``controls`` are 1."""
    for weight, wire in enumerate(wires):
        part = constant % 2 ** (weight + 1)
        if part:
            yield PH(math.pi * part / 2**weight).ctrl(len(controls)), [*controls, wire]


@build_gate("ADD", [int, int], lambda reg_size, reg_size_2: reg_size + reg_size_2)
def add(reg_size: int, reg_size_2: int) -> QRoutine:
    """In-place addition ``|a>|b> -> |a + b>|b>``, modulo ``2**reg_size``.

    Args:
        reg_size: number of qubits of ``a``, which receives the sum.
        reg_size_2: number of qubits of ``b``.

    >>> add(3, 2).arity
    5
    """
    routine = QRoutine()
    total, addend = routine.new_wires(reg_size)[:], routine.new_wires(reg_size_2)[:]
    turns = (
        (_PHASES[weight - bit].ctrl(), (control, total[weight]))
        for bit, control in enumerate(addend)
        for weight in range(bit, reg_size)
    )
    _in_fourier_space(routine, total, turns)
    return routine


@build_gate("ADD_CONST", [int, int], lambda reg_size, _constant: reg_size)
def add_const(reg_size: int, constant: int) -> QRoutine:
    """In-place addition of a constant ``|a> -> |a + constant>``, modulo ``2**reg_size``.

    Args:
        reg_size: number of qubits of ``a``.
        constant: what to add; negative numbers subtract.

    >>> add_const(3, -1).arity
    3
    """
    routine = QRoutine()
    total = routine.new_wires(reg_size)[:]
    _in_fourier_space(routine, total, _constant_turns(total, constant))
    return routine


def add_one(reg_size: int) -> Gate:
    """In-place addition of 1, modulo ``2**reg_size``.

    >>> add_one(4).arity
    4
    """
    return add_const(reg_size, 1)


def sub_one(reg_size: int) -> Gate:
    """In-place subtraction of 1, modulo ``2**reg_size``.

    >>> sub_one(4).arity
    4
    """
    return add_const(reg_size, 1).dag()


@build_gate("MULT", [int, int, int], lambda reg_size, reg_size_2, res_reg_size: reg_size + reg_size_2 + res_reg_size)
def mult(reg_size: int, reg_size_2: int, res_reg_size: int) -> QRoutine:
    """Product added to a third register ``|a>|b>|c> -> |a>|b>|c + a * b>``, modulo ``2**res_reg_size``.

    Args:
        reg_size: number of qubits of ``a``.
        reg_size_2: number of qubits of ``b``.
        res_reg_size: number of qubits of ``c``.

    >>> mult(2, 2, 4).arity
    8
    """
    routine = QRoutine()
    first, second, total = (routine.new_wires(size)[:] for size in (reg_size, reg_size_2, res_reg_size))
    turns = (
        (_PHASES[weight - i - j].ctrl(2), (second[j], first[i], total[weight]))
        for j in range(reg_size_2)
        for i in range(reg_size)
        for weight in range(i + j, res_reg_size)
    )
    _in_fourier_space(routine, total, turns)
    return routine


@build_gate("MULT_CONST", [int, int, int], lambda reg_size, reg_size_2, _constant: reg_size + reg_size_2)
def mult_const(reg_size: int, reg_size_2: int, constant: int) -> QRoutine:
    """Multiple added to a second register ``|a>|b> -> |a>|b + a * constant>``, modulo ``2**reg_size_2``.

    Args:
        reg_size: number of qubits of ``a``.
        reg_size_2: number of qubits of ``b``.
        constant: the factor.

    >>> mult_const(2, 3, 5).arity
    5
    """
    routine = QRoutine()
    factor, total = routine.new_wires(reg_size)[:], routine.new_wires(reg_size_2)[:]
    turns = (turn for bit, control in enumerate(factor) for turn in _constant_turns(total, constant << bit, (control,)))
    _in_fourier_space(routine, total, turns)
    return routine
