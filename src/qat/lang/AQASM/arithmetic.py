"""Arithmetic in terms of additions that are linked later: modular sums, products and powers, as Shor's algorithm uses.

Numbers are little-endian: **the first qubit of a register has weight 1**. The gates ``ADD`` and ``ADD_CONST`` have no
implementation here; link one of the libraries:

>>> from qat.lang.AQASM import Program, qftarith
>>> prog = Program()
>>> gate = add_const_mod(4, 8, 15)
>>> _ = gate(prog.qalloc(gate.arity))
>>> prog.to_circ(link=[qftarith]).nbqbits
6

Modular routines take numbers smaller than the modulus. Sources: S. Beauregard, Quantum Inf. Comput. 3, 175 (2003),
for the modular addition and exponentiation; V. Vedral, A. Barenco, A. Ekert, Phys. Rev. A 54, 147 (1996).
"""

from __future__ import annotations

import math

from qat.lang.AQASM.aqasm_util import InvalidArguments
from qat.lang.AQASM.bits import Qbit
from qat.lang.AQASM.gates import CNOT, SWAP, AbstractGate, X
from qat.lang.AQASM.misc import build_gate
from qat.lang.AQASM.routines import QRoutine

__all__ = ["add", "add_const", "add_const_mod", "add_mod", "modular_exp", "mult_const", "mult_const_mod"]

add = AbstractGate("ADD", [int, int], arity=lambda reg_size, reg_size_2: reg_size + reg_size_2)
"""``|a>|b> -> |a + b>|b>``, to be linked; parameters are the sizes of both registers."""

add_const = AbstractGate("ADD_CONST", [int, int], arity=lambda reg_size, _constant: reg_size)
"""``|a> -> |a + constant>``, to be linked; parameters are the size of the register and the constant."""


def _check_modulus(reg_size: int, modulus: int) -> None:
    if not 0 < modulus <= 2**reg_size:
        raise InvalidArguments(
            modulus,
            f"it is no modulus for numbers of {reg_size} qubits",
            f"give a modulus from 1 to {2**reg_size} or longer registers",
        )


@build_gate("ADD_CONST_MOD", [int, int, int], lambda reg_size, _constant, _modulus: reg_size)
def add_const_mod(reg_size: int, constant: int, modulus: int) -> QRoutine:
    """In-place modular addition of a constant ``|a> -> |(a + constant) mod modulus>`` for ``a < modulus``.

    It takes two ancillas besides those of ``ADD_CONST(reg_size + 1, ...)``, which it calls four times.
    Source: Beauregard (2003), figure 5.

    Args:
        reg_size: number of qubits of ``a``.
        constant: what to add, any integer.
        modulus: at most ``2**reg_size``.

    >>> add_const_mod(3, 4, 7).arity
    3
    """
    _check_modulus(reg_size, modulus)
    routine = QRoutine()
    number = routine.new_wires(reg_size)
    constant %= modulus
    if not constant:
        return routine
    sign, is_reduced = routine.get_free_ancillae(2)
    total = [*number, sign]
    routine.apply(add_const(reg_size + 1, modulus - constant).dag(), total)
    routine.apply(CNOT, sign, is_reduced)
    routine.apply(add_const(reg_size + 1, modulus).ctrl(), is_reduced, total)
    with routine.compute():
        routine.apply(add_const(reg_size + 1, constant).dag(), total)
    _flip_if_positive(routine, sign, is_reduced)
    routine.uncompute()
    routine.free_ancillae(sign, is_reduced)
    return routine


def _flip_if_positive(routine: QRoutine, sign: Qbit, flag: Qbit) -> None:
    with routine.compute():
        routine.apply(X, sign)
    routine.apply(CNOT, sign, flag)
    routine.uncompute()


@build_gate("ADD_MOD", [int, int], lambda reg_size, _modulus: 2 * reg_size)
def add_mod(reg_size: int, modulus: int) -> QRoutine:
    """Modular addition of the first register into the second ``|a>|b> -> |a>|(a + b) mod modulus>``.

    Both numbers are smaller than ``modulus``. It takes two ancillas besides those of ``ADD`` and ``ADD_CONST`` on
    ``reg_size + 1`` qubits. Source: Vedral, Barenco, Ekert (1996), figure 4.

    Args:
        reg_size: number of qubits of ``a`` and of ``b``.
        modulus: at most ``2**reg_size``.

    >>> add_mod(3, 7).arity
    6
    """
    _check_modulus(reg_size, modulus)
    routine = QRoutine()
    addend, number = routine.new_wires(reg_size), routine.new_wires(reg_size)
    sign, is_reduced = routine.get_free_ancillae(2)
    total = [*number, sign]
    routine.apply(add(reg_size + 1, reg_size), total, addend)
    routine.apply(add_const(reg_size + 1, modulus).dag(), total)
    routine.apply(CNOT, sign, is_reduced)
    routine.apply(add_const(reg_size + 1, modulus).ctrl(), is_reduced, total)
    with routine.compute():
        routine.apply(add(reg_size + 1, reg_size).dag(), total, addend)
    _flip_if_positive(routine, sign, is_reduced)
    routine.uncompute()
    routine.free_ancillae(sign, is_reduced)
    return routine


@build_gate("MULT_CONST", [int, int, int], lambda reg_size, acc_size, _constant: reg_size + acc_size)
def mult_const(reg_size: int, acc_size: int, constant: int) -> QRoutine:
    """Multiple added to an accumulator ``|a>|b> -> |a>|b + a * constant>``, modulo ``2**acc_size``.

    Args:
        reg_size: number of qubits of ``a``.
        acc_size: number of qubits of ``b``.
        constant: the factor.

    >>> mult_const(2, 3, 5).arity
    5
    """
    routine = QRoutine()
    factor, total = routine.new_wires(reg_size), routine.new_wires(acc_size)
    for bit, control in enumerate(factor):
        part = (constant << bit) % 2**acc_size
        if part:
            routine.apply(add_const(acc_size, part).ctrl(), control, total)
    return routine


@build_gate("MULT_CONST_MOD", [int, int, int, int], lambda reg_size, acc_size, _constant, _modulus: reg_size + acc_size)
def mult_const_mod(reg_size: int, acc_size: int, constant: int, modulus: int) -> QRoutine:
    """Modular multiple added to an accumulator ``|a>|b> -> |a>|(b + a * constant) mod modulus>`` for ``b < modulus``.

    Args:
        reg_size: number of qubits of ``a``, any number.
        acc_size: number of qubits of ``b``.
        constant: the factor, any integer.
        modulus: at most ``2**acc_size``.

    >>> mult_const_mod(2, 3, 5, 7).arity
    5
    """
    _check_modulus(acc_size, modulus)
    routine = QRoutine()
    factor, total = routine.new_wires(reg_size), routine.new_wires(acc_size)
    for bit, control in enumerate(factor):
        part = (constant << bit) % modulus
        if part:
            routine.apply(add_const_mod(acc_size, part, modulus).ctrl(), control, total)
    return routine


@build_gate(
    "MODULAR_EXP", [int, int, int, int], lambda reg_control_size, acc_size, _base, _modulus: reg_control_size + acc_size
)
def modular_exp(reg_control_size: int, acc_size: int, base: int, modulus: int) -> QRoutine:
    """Modular exponential ``|a>|0> -> |a>|base**a mod modulus>``, the core of Shor's algorithm.

    It takes ``acc_size`` ancillas besides those of ``MULT_CONST_MOD(acc_size, acc_size, ...)``.
    Source: Beauregard (2003), figures 6 and 7.

    Args:
        reg_control_size: number of qubits of the exponent ``a``.
        acc_size: number of qubits of the result.
        base: the base, which has no common factor with the modulus.
        modulus: at most ``2**acc_size``.

    Raises:
        InvalidArguments: ``base`` and ``modulus`` have a common factor, which is then a factor of the modulus found.

    >>> modular_exp(8, 4, 2, 15).arity
    12
    """
    _check_modulus(acc_size, modulus)
    if (factor := math.gcd(base, modulus)) != 1:
        raise InvalidArguments(
            base, f"it has the factor {factor} in common with the modulus {modulus}", "give a base that has none"
        )
    routine = QRoutine()
    exponent, power = routine.new_wires(reg_control_size), routine.new_wires(acc_size)
    if modulus > 1:
        routine.apply(X, power[0])
    for bit, control in enumerate(exponent):
        factor = pow(base, 2**bit, modulus)
        if factor != 1 % modulus:
            routine.apply(_mult_in_place(acc_size, factor, modulus).ctrl(), control, power)
    return routine


def _mult_in_place(reg_size: int, factor: int, modulus: int) -> QRoutine:
    """``|a> -> |a * factor mod modulus>``: multiply into an ancilla, swap, and divide the ancilla back to zero."""
    routine = QRoutine()
    number = routine.new_wires(reg_size)
    product = routine.get_free_ancillae(reg_size)
    routine.apply(mult_const_mod(reg_size, reg_size, factor, modulus), number, product)
    for qubit, other in zip(number, product, strict=True):
        routine.apply(SWAP, qubit, other)
    inverse = pow(factor, -1, modulus)
    routine.apply(mult_const_mod(reg_size, reg_size, inverse, modulus).dag(), number, product)
    routine.free_ancillae(product)
    return routine
