"""Oracles of boolean formulas."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from qat.lang.AQASM.oracle_synthesis import Formula, Var
from qat.lang.AQASM.oracles import lift_boolean_formula
from tests.unit.lang.acting import unitary_of

FORMULAS: list[Callable[[Any, Any, Any], Any]] = [
    lambda a, b, c: a & b & c,
    lambda a, b, c: (a & b) | c,
    lambda a, b, c: a ^ (b | c),
    lambda a, b, c: (a & b) ^ (b & c),
    lambda a, b, c: c,
]


@pytest.mark.parametrize("index", range(len(FORMULAS)))
@pytest.mark.parametrize("is_negated", [False, True])
def test_oracle_flips_its_last_qubit(index: int, is_negated: bool) -> None:
    formula = FORMULAS[index](Var(0), Var(1), Var(2))
    matrix = unitary_of(lift_boolean_formula(~formula if is_negated else formula))
    for bits in itertools.product((0, 1), repeat=3):
        place = 8 * bits[0] + 4 * bits[1] + 2 * bits[2]
        value = bool(FORMULAS[index](*bits)) != is_negated
        assert abs(matrix[place + value, place] - 1) < 1e-9
        assert abs(matrix[place + 1 - value, place + 1] - 1) < 1e-9


def test_formulas_print_and_count_variables() -> None:
    formula = (Var(0) & Var(3)) | ~Var(1)
    assert str(formula) == "((q0 & q3) | (~q1))" and repr(formula) == str(formula)
    assert formula.get_nbvars() == 4 and formula.to_routine().arity == 5


def test_unknown_operator() -> None:
    with pytest.raises(ValueError, match="is no operator of formulas"):
        Formula("+", Var(0), Var(1))
