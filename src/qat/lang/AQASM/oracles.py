"""Oracles made from boolean formulas."""

from __future__ import annotations

from qat.lang.AQASM.oracle_synthesis import Var
from qat.lang.AQASM.routines import QRoutine

__all__ = ["Var", "lift_boolean_formula"]


def lift_boolean_formula(boolean_formula: Var) -> QRoutine:
    """The oracle of a formula: ``|x>|y> -> |x>|y ^ formula(x)>``, ancillas clean, made of X gates with controls.

    Args:
        boolean_formula: formula of ``Var`` objects.

    >>> lift_boolean_formula(Var(0) & Var(1)).arity
    3
    """
    return boolean_formula.to_routine()
