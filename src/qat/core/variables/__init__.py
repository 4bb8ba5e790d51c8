"""Variables and expressions (``qat.core.variables``).

>>> from qat.core.variables import Variable, cos
>>> a, b = Variable("a"), Variable("b")
>>> expression = 2 * a + cos(b) ** 2 - a / b
>>> print(expression)
(((2 * a) + (cos(b) ** 2)) - (a / b))
>>> expression.get_variables()
['a', 'b']
>>> expression(a=0, b=2)
0.17317818956819406
"""

from qat.core.variables.evaluation import bound, checked_value, evaluate_all
from qat.core.variables.expressions import ArithExpression, BaseArithmetic, Variable
from qat.core.variables.functions import (
    DIV,
    MUL,
    PLUS,
    POW,
    SUB,
    UMINUS,
    abso,
    angle,
    atan2,
    conjugate,
    cos,
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
from qat.core.variables.prefix import cast_to_list, cast_to_num, evaluate_thrift_expression
from qat.core.variables.symbols import ALL_SYMBOLS, Symbol

__all__ = [
    "ALL_SYMBOLS",
    "DIV",
    "MUL",
    "PLUS",
    "POW",
    "SUB",
    "UMINUS",
    "ArithExpression",
    "BaseArithmetic",
    "Symbol",
    "Variable",
    "abso",
    "angle",
    "atan2",
    "bound",
    "cast_to_list",
    "cast_to_num",
    "checked_value",
    "conjugate",
    "cos",
    "evaluate_all",
    "evaluate_thrift_expression",
    "exp",
    "get_item",
    "heaviside",
    "imag",
    "ln",
    "real",
    "sin",
    "sqrt",
    "vmax",
]
