"""Variables and expressions as published programs use them."""

import inspect

import numpy as np
import pytest

import qat.core.variables as variables
from qat.core import Variable
from qat.core.variables import (
    ALL_SYMBOLS,
    ArithExpression,
    BaseArithmetic,
    Symbol,
    abso,
    angle,
    atan2,
    conjugate,
    cos,
    evaluate_thrift_expression,
    exp,
    get_item,
    heaviside,
    imag,
    ln,
    real,
    sin,
    sqrt,
    vmax,
)

A, B = Variable("a"), Variable("b", float)
EXPRESSION = 2 * A + cos(B) ** 2 - A / B


def test_the_documented_example():
    assert str(EXPRESSION) == "(((2 * a) + (cos(b) ** 2)) - (a / b))"
    assert EXPRESSION.to_thrift() == "- + * 2 a ** cos b 2 / a b"
    assert EXPRESSION.get_variables() == ["a", "b"] and (B + A).get_variables() == ["a", "b"]
    assert isinstance(EXPRESSION(a=1), ArithExpression) and isinstance(EXPRESSION, BaseArithmetic)
    assert np.isclose(EXPRESSION(a=1, b=2.0, unknown=3), 2 + np.cos(2) ** 2 - 0.5)


def test_folding():
    assert (A * 0, A * 1, A + 0) == (0, A, A)
    assert str(-A) == "-(a)" and (-A).to_thrift() == "UMINUS a"


def test_prefix_text():
    assert ArithExpression.from_string("a") == A and ArithExpression.from_string("3.2") == 3.2
    assert type(ArithExpression.from_string("3.2")) is float
    assert ArithExpression.from_string("* 2.0 t") == ArithExpression.from_string("* 2.0 t")
    assert str(ArithExpression.from_string("+ a * 2 b")) == "(a + (2 * b))"
    assert evaluate_thrift_expression("+ a 2", {"a": 3}) == 5


def test_functions_that_are_not_smooth():
    assert [heaviside(A, 0, 1)(a=x) for x in (-0.1, 0, 0.5, 1, 1.1)] == [0, 1, 1, 0, 0]
    assert get_item([1, 2, 3], 1.7) == 2 and get_item([1, 2, 3], A)(a=1.7) == 2


def test_functions_evaluate_on_numbers():
    at = 0.3
    pairs = [(cos, np.cos), (sin, np.sin), (exp, np.exp), (sqrt, np.sqrt), (ln, np.log), (abso, np.abs)]
    assert all(np.isclose(ours(at), numpys(at)) for ours, numpys in pairs)
    assert vmax(2, 1) == 2 and atan2(1, 2) == np.arctan2(1, 2) and angle(1j) == np.angle(1j)
    assert (real(1 + 2j), imag(1 + 2j), conjugate(1 + 2j)) == (1, 2, 1 - 2j)


def test_equality_and_hash():
    assert Variable("a") == A != B and hash(A) == hash(Variable("a")) and (A + 1) == (A + 1)


@pytest.mark.parametrize("function", [lambda: A < B, lambda: abs(A), lambda: float(A), lambda: np.cos(A)])
def test_type_errors(function):
    with pytest.raises(TypeError):
        function()


def test_numpy_numbers():
    assert str(np.pi * A) == "(3.141592653589793 * a)" and str(np.float64(2) * A) == "(2.0 * a)"
    assert (np.float64(2) * A).to_thrift() == "* 2.0 a"


@pytest.mark.parametrize("name", ["1.0", "a b", "cos"])
def test_names(name):
    with pytest.raises(ValueError, match="invalid variable name"):
        Variable(name)


def test_derivatives():
    assert str((A * cos(A)).differentiate("a")) == "((a * -(sin(a))) + cos(a))"
    assert (
        A.differentiate("a") == 1 and (2 * A).differentiate("a") == 2 and str((A / B).differentiate("a")) == "(1 / b)"
    )


def test_symbols_of_third_parties():
    """As Pulser defines its own modulo and window."""
    before = dict(ALL_SYMBOLS)
    mod = Symbol(token="%", evaluator=lambda x, y: x % y, arity=2)
    assert mod(Variable("u"), 10).to_thrift() == "% u 10" and mod(Variable("u"), 10)(u=13) == 3 and mod(13, 10) == 3
    assert ALL_SYMBOLS["%"] is mod and ArithExpression.from_string("% u 10") == mod(Variable("u"), 10)
    ALL_SYMBOLS.clear()
    ALL_SYMBOLS.update(before)


def test_third_parties_find_variables_by_attributes():
    assert EXPRESSION.symbol.token == "-" and EXPRESSION.children[1] == A / B and A.name == "a" and A.type is float
    assert (variables.PLUS.arity, variables.PLUS.infix, cos.pretty_token, cos.diff is not None) == (
        2,
        True,
        "cos",
        True,
    )


@pytest.mark.parametrize("callable_, signature", [
    (Variable, ["name", "var_type"]),
    (ArithExpression, ["symbol", "children"]),
    (Symbol, ["token", "evaluator", "arity", "infix", "pretty_token", "diff"]),
    (ArithExpression.from_string, ["thrift_string", "var_dic"]),
    (evaluate_thrift_expression, ["thrift_string", "values"]),
    (Variable.differentiate, ["self", "other_var"]),
    (ArithExpression.pretty_print, ["self", "depth"]),
])  # fmt: skip
def test_signatures(callable_, signature):
    assert list(inspect.signature(callable_).parameters) == signature


PUBLISHED_NAMES = {
    "ALL_SYMBOLS", "ArithExpression", "BaseArithmetic", "DIV", "MUL", "PLUS", "POW", "SUB", "Symbol", "UMINUS",
    "Variable", "abso", "angle", "atan2", "cast_to_list", "cast_to_num", "conjugate", "cos",
    "evaluate_thrift_expression", "exp", "get_item", "heaviside", "imag", "ln", "real", "sin", "sqrt", "vmax",
}  # fmt: skip
PUBLISHED_TOKENS = {
    "+", "*", "-", "UMINUS", "/", "**", "cos", "sin", "exp", "sqrt", "heaviside", "max", "ln", "real", "imag", "angle",
    "abs", "atan2", "get_item", "conjugate",
}  # fmt: skip


def test_names_of_the_module():
    assert set(dir(variables)) >= PUBLISHED_NAMES and set(ALL_SYMBOLS) >= PUBLISHED_TOKENS
