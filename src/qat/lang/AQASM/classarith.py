"""Arithmetic with carries: reversible versions of classical adders, made of X, CNOT and Toffoli gates.

Numbers are little-endian: **the first qubit of a register has weight 1**. Additions are modulo ``2**n`` where ``n``
is the size of the register that holds the result. Link this module to give the gates ``ADD`` and ``ADD_CONST`` an
implementation: ``prog.to_circ(link=[qat.lang.AQASM.classarith])``. Of its two adders linking takes
:func:`cuccaro_add`; to have the other one, name it first: ``link=[classarith.add, classarith]``.

Sources: Y. Takahashi, S. Tani, N. Kunihiro, Quantum Inf. Comput. 10, 872 (2010), for :func:`add`;
S. A. Cuccaro, T. G. Draper, S. A. Kutin, D. Petrie Moulton, quant-ph/0410184 (2004), for :func:`cuccaro_add`;
V. Vedral, A. Barenco, A. Ekert, Phys. Rev. A 54, 147 (1996), for the carries of :func:`add_const`.
"""

from __future__ import annotations

from collections.abc import Sequence

from qat.lang.AQASM.bits import Qbit
from qat.lang.AQASM.gates import CCNOT, CNOT, X
from qat.lang.AQASM.misc import build_gate
from qat.lang.AQASM.routines import QRoutine

__all__ = ["MAJ", "UMA", "add", "add_const", "cuccaro_add"]


def _majority() -> QRoutine:
    routine = QRoutine()
    carry, total, addend = routine.new_wires(3)
    routine.apply(CNOT, addend, total)
    routine.apply(CNOT, addend, carry)
    routine.apply(CCNOT, carry, total, addend)
    return routine


def _unmajority_and_add() -> QRoutine:
    routine = QRoutine()
    carry, total, addend = routine.new_wires(3)
    routine.apply(CCNOT, carry, total, addend)
    routine.apply(CNOT, addend, carry)
    routine.apply(CNOT, carry, total)
    return routine


MAJ = _majority()
"""Majority of carry, sum bit and addend bit, left on the third wire. Source: Cuccaro et al. (2004), figure 1."""

UMA = _unmajority_and_add()
"""Undoes ``MAJ`` and leaves the sum on the second wire. Source: Cuccaro et al. (2004), figure 2."""


@build_gate("ADD", [int, int], lambda reg_size, reg_size_2: reg_size + reg_size_2)
def cuccaro_add(reg_size: int, reg_size_2: int) -> QRoutine:
    """In-place addition ``|a>|b> -> |a + b>|b>``, modulo ``2**reg_size``, with one ancilla.

    For two registers of ``n`` qubits it takes about ``2 * n`` Toffoli and ``4 * n`` CNOT gates; the upper part of a
    longer ``a`` is incremented by X gates with many controls. Source: Cuccaro et al. (2004), section 2.

    Args:
        reg_size: number of qubits of ``a``, which receives the sum.
        reg_size_2: number of qubits of ``b``.

    >>> (~cuccaro_add)(3, 3).arity, (~cuccaro_add)(3, 3).max_wire
    (6, 6)
    """
    routine = QRoutine()
    total, addend = routine.new_wires(reg_size)[:], routine.new_wires(reg_size_2)[:reg_size]
    carry = routine.get_free_ancillae(1)
    carries = [*carry, *addend]
    for i in range(len(addend)):
        routine.apply(MAJ, carries[i], total[i], addend[i])
    if reg_size > reg_size_2:
        _increment(routine, total[reg_size_2:], addend[-1])
    for i in reversed(range(len(addend))):
        routine.apply(UMA, carries[i], total[i], addend[i])
    routine.free_ancillae(carry)
    return routine


@build_gate("ADD", [int, int], lambda reg_size, reg_size_2: reg_size + reg_size_2)
def add(reg_size: int, reg_size_2: int) -> QRoutine:
    """In-place addition ``|a>|b> -> |a + b>|b>``, modulo ``2**reg_size``.

    For two registers of ``n`` qubits it takes no ancilla and about ``2 * n`` Toffoli and ``5 * n`` CNOT gates. A
    longer ``a`` takes one ancilla for the carry into its upper part, which is then incremented by X gates with many
    controls. Source: Takahashi, Tani, Kunihiro (2010), section 2.

    Args:
        reg_size: number of qubits of ``a``, which receives the sum.
        reg_size_2: number of qubits of ``b``.

    >>> (~add)(3, 3).arity, (~add)(3, 3).max_wire
    (6, 5)
    """
    routine = QRoutine()
    total, addend = routine.new_wires(reg_size)[:], routine.new_wires(reg_size_2)[:reg_size]
    if reg_size <= reg_size_2:
        _ripple(routine, total, addend)
    else:
        carry = routine.get_free_ancillae(1)
        _ripple(routine, total[:reg_size_2], [*addend, *carry], total[reg_size_2:])
        routine.free_ancillae(carry)
    return routine


def _ripple(routine: QRoutine, total: Sequence[Qbit], addend: Sequence[Qbit], upper: Sequence[Qbit] = ()) -> None:
    """Takahashi's adder, in which the qubit ``addend[i + 1]`` carries the carry out of place ``i`` for a while.

    Args:
        routine: where to write the gates.
        total: number that receives the sum, ``n`` qubits.
        addend: number to add, ``n`` qubits, then one in state zero if there is an ``upper`` part.
        upper: qubits of the sum above ``total``.
    """
    places = len(total)
    for i in range(1, places):
        routine.apply(CNOT, addend[i], total[i])
    with routine.compute():
        for i in reversed(range(1, len(addend) - 1)):
            routine.apply(CNOT, addend[i], addend[i + 1])
    for i in range(len(addend) - 1):
        routine.apply(CCNOT, addend[i], total[i], addend[i + 1])
    if upper:
        _increment(routine, upper, addend[places])
        routine.apply(CCNOT, addend[places - 1], total[places - 1], addend[places])
    for i in reversed(range(1, places)):
        routine.apply(CNOT, addend[i], total[i])
        routine.apply(CCNOT, addend[i - 1], total[i - 1], addend[i])
    routine.uncompute()
    for i in range(places):
        routine.apply(CNOT, addend[i], total[i])


def _increment(routine: QRoutine, number: Sequence[Qbit], control: Qbit) -> None:
    """Adds 1 to a number when ``control`` is 1, from its highest qubit down."""
    for i in reversed(range(len(number))):
        routine.apply(X.ctrl(i + 1), control, number[:i], number[i])


@build_gate("ADD_CONST", [int, int], lambda reg_size, _constant: reg_size)
def add_const(reg_size: int, constant: int) -> QRoutine:
    """In-place addition of a constant ``|a> -> |a + constant>``, modulo ``2**reg_size``.

    It takes ``reg_size - 1`` ancillas for the carries, fewer for an even constant. The carry out of place ``i`` is
    the carry into it *and* ``a[i]`` where bit ``i`` of the constant is 0, and *or* ``a[i]`` where it is 1.

    Args:
        reg_size: number of qubits of ``a``.
        constant: what to add; negative numbers subtract.

    >>> (~add_const)(4, 3).max_wire - (~add_const)(4, 3).arity + 1
    3
    """
    routine = QRoutine()
    wires = routine.new_wires(reg_size)[:]
    constant %= 2**reg_size
    if constant:
        shift = (constant & -constant).bit_length() - 1
        _add_odd(routine, wires[shift:], constant >> shift)
    return routine


def _add_odd(routine: QRoutine, wires: Sequence[Qbit], constant: int) -> None:
    """Adds an odd constant; ``carries[i]`` is the carry into place ``i + 1``."""
    carries = routine.get_free_ancillae(len(wires) - 1) if len(wires) > 1 else []
    for i, carry in enumerate(carries):
        _carry(routine, wires[i], carries[i - 1] if i else None, carry, bool(constant >> i & 1))
    for i in reversed(range(len(wires))):
        if i:
            routine.apply(CNOT, carries[i - 1], wires[i])
        if constant >> i & 1:
            routine.apply(X, wires[i])
        if i:
            _carry(
                routine, wires[i - 1], carries[i - 2] if i > 1 else None, carries[i - 1], bool(constant >> (i - 1) & 1)
            )
    if carries:
        routine.free_ancillae(carries)


def _carry(routine: QRoutine, wire: Qbit, before: Qbit | None, after: Qbit, bit: bool) -> None:
    """Adds to ``after`` the carry out of a place: ``wire`` or ``before`` if the constant has the bit, else both."""
    if before is None:
        routine.apply(CNOT, wire, after)
        return
    routine.apply(CCNOT, wire, before, after)
    if bit:
        routine.apply(CNOT, wire, after)
        routine.apply(CNOT, before, after)
