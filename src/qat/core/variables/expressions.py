"""Variables and expressions: the symbolic angles, coefficients and pulse shapes of a program.

An expression is a ``Variable`` or an ``ArithExpression`` (a symbol applied to children). Both are immutable, compare
by structure and hash fast, so that they can be shared freely between circuits, jobs and threads. No walk over an
expression recurses, so a sum of ten thousand terms is as good as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Complex, Real
from typing import Any, ClassVar

import numpy as np

from qat.core.variables.functions import DIV, MUL, PLUS, POW, SUB, UMINUS
from qat.core.variables.symbols import ALL_SYMBOLS, Symbol, check_arity, reads_as_number
from qat.core.variables.walk import fold, preorder, same_structure, variables_by_name

_Type = type


class BaseArithmetic:
    """What variables and expressions have in common: arithmetic with numbers, with arrays and with each other.

    Zero and one fold away (``a * 0`` is 0, ``a * 1`` and ``a + 0`` are ``a``, ``a ** 0`` is 1); nothing else does.
    """

    __slots__ = ("__weakref__",)
    precedence: ClassVar[int] = 0

    def __add__(me, other: Any) -> Any:  # noqa: N805 (the published parameter name)
        return _combined(add, me, other)

    def __radd__(me, other: Any) -> Any:  # noqa: N805
        return _combined(_reflected_add, me, other)

    def __sub__(me, other: Any) -> Any:  # noqa: N805
        return _combined(subtract, me, other)

    def __rsub__(me, other: Any) -> Any:  # noqa: N805
        return _combined(_reflected_subtract, me, other)

    def __mul__(me, other: Any) -> Any:  # noqa: N805
        return _combined(multiply, me, other)

    def __rmul__(me, other: Any) -> Any:  # noqa: N805
        return _combined(_reflected_multiply, me, other)

    def __truediv__(self, ba2: Any) -> Any:
        return _combined(divide, self, ba2)

    def __rtruediv__(self, ba2: Any) -> Any:
        return _combined(_reflected_divide, self, ba2)

    def __pow__(self, ba2: Any) -> Any:
        return _combined(power, self, ba2)

    def __rpow__(self, base: Any) -> Any:
        return _combined(_reflected_power, self, base)

    def __neg__(self) -> Any:
        return negative(self)

    def __pos__(self) -> Any:
        return self

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        """Arithmetic with arrays and NumPy numbers, element by element; other NumPy functions are refused."""
        operation = _ARRAY_OPERATIONS.get(ufunc.__name__)
        if operation is None or method != "__call__" or options:
            raise TypeError(
                f"numpy.{ufunc.__name__} cannot be applied to {_symbolic(inputs)}, which still has variables: use the "
                f"functions of qat.core.variables (cos, sin, exp, sqrt, ln, ...), or give the variables values first"
            )
        return np.frompyfunc(operation, ufunc.nin, 1)(*map(_as_object_array, inputs))

    def __float__(self) -> float:
        raise TypeError(f"float() needs a number, but {self} still has variables: give them values first")

    def __copy__(self) -> BaseArithmetic:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> BaseArithmetic:
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    def get_variables(self) -> list[str]:
        """Names of the variables, sorted."""
        raise NotImplementedError

    def to_thrift(self) -> str:
        """The expression as prefix text."""
        raise NotImplementedError


class Variable(BaseArithmetic):
    """A named value to be given later.

    Args:
        name: one word that reads neither as a number nor as a known symbol.
        var_type: type of the values meant for it.

    Raises:
        ValueError: the name cannot be used.

    >>> theta = Variable("theta")
    >>> print(2 * theta + 1)
    ((2 * theta) + 1)
    >>> theta == Variable("theta"), theta(theta=0.5)
    (True, 0.5)
    """

    __slots__ = ("_hash", "name", "type")

    name: str
    type: _Type

    def __init__(self, name: str, var_type: _Type = float) -> None:
        _check_name(name)
        self.name = name
        self.type = var_type
        self._hash = hash(name)

    def __call__(self, **kwargs: Any) -> Any:
        """The value given for this variable, or the variable itself."""
        value = kwargs.get(self.name, self)
        return value.item() if isinstance(value, np.generic) else value

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Variable) and self.name == other.name)

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        return self.name

    def __reduce__(self) -> Any:
        return Variable, (self.name, self.type)

    def get_variables(self) -> list[str]:
        """The name, in a list."""
        return [self.name]

    def to_thrift(self) -> str:
        """The name."""
        return self.name

    def differentiate(self, other_var: str | Variable) -> int:
        """1 for the variable itself, 0 for any other.

        >>> Variable("a").differentiate("a"), Variable("a").differentiate("b")
        (1, 0)
        """
        return int(self.name == _variable_name(other_var))


class ArithExpression(BaseArithmetic):
    """A symbol applied to children, which are numbers, lists of numbers, or expressions.

    Args:
        symbol: the operator or function.
        children: as many as the symbol takes.

    Raises:
        ValueError: a child is none of these.
        AssertionError: wrong number of children.

    >>> a = Variable("a")
    >>> expression = 2 * a + a**2
    >>> expression.to_thrift(), expression(a=3)
    ('+ * 2 a ** a 2', 15)
    """

    __slots__ = ("_hash", "_program", "_variables", "children", "symbol")

    symbol: Symbol
    children: tuple[Any, ...]

    def __init__(self, symbol: Symbol, *children: Any) -> None:
        if not isinstance(symbol, Symbol):
            raise TypeError(f"expected a Symbol such as qat.core.variables.PLUS, got {symbol!r}")
        check_arity(symbol, children)
        self._set(symbol, tuple(map(as_child, children)))

    def _set(self, symbol: Symbol, children: tuple[Any, ...]) -> None:
        self.symbol = symbol
        self.children = children
        self._variables: tuple[str, ...] | None = None
        self._program: Any = None
        try:
            self._hash = hash((symbol.token, children))
        except TypeError:
            plain = (tuple(child) if isinstance(child, list) else child for child in children)
            self._hash = hash((symbol.token, tuple(plain)))

    def __call__(self, **kwargs: Any) -> Any:
        """The number, or the simpler expression, that remains when variables get values; other names are ignored.

        Raises:
            ValueError, ZeroDivisionError, OverflowError: there is no value; the message names the expression.
        """
        from qat.core.variables.evaluation import bound

        return bound(self, kwargs)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, ArithExpression) and same_structure(self, other))

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        return str(fold(self, str, _printed))

    def __reduce__(self) -> Any:
        from qat.core.variables.prefix import from_text_and_types

        types = {name: variable.type for name, variable in variables_by_name(self).items()}
        return from_text_and_types, (self.to_thrift(), types)

    def get_variables(self) -> list[str]:
        """Names of the variables, sorted; worked out once."""
        if self._variables is None:
            self._variables = tuple(sorted(variables_by_name(self)))
        return list(self._variables)

    def to_thrift(self) -> str:
        """Prefix text, the inverse of ``from_string``.

        >>> (Variable("a") / 2.0).to_thrift()
        '/ a 2.0'
        """
        return " ".join(map(word, preorder(self)))

    @staticmethod
    def from_string(thrift_string: str, var_dic: Mapping[str, Any] | None = None) -> Any:
        """Read prefix text; variables found in ``var_dic`` are replaced by what it holds.

        Raises:
            ValueError: the text is not one expression, or uses a function that is not defined here.

        >>> print(ArithExpression.from_string("+ a * 2 b"))
        (a + (2 * b))
        """
        from qat.core.variables.prefix import expression_from_text

        return expression_from_text(thrift_string, var_dic)

    def differentiate(self, other_var: str | Variable) -> Any:
        """Exact derivative along a real variable; the rules are those of ``qat.core.variables.functions``.

        Raises:
            ValueError: a function in it that depends on the variable has no known derivative.

        >>> print((Variable("a") ** 3).differentiate("a"))
        (3 * (a ** 2))
        """
        return derivative(self, _variable_name(other_var))

    def pretty_print(self, depth: int = 0) -> None:
        """Print the tree, one symbol or leaf a line."""
        lines = fold(self, lambda leaf: [str(leaf)], _tree_lines)
        print("\n".join("  " * depth + " " + line for line in lines))


def as_child(value: Any) -> Any:
    """A value as a child of an expression; NumPy and other numbers become Python numbers.

    Raises:
        ValueError: it is not a number, a list of numbers or an expression.
    """
    kind = type(value)
    if kind is float or kind is int or kind is complex or isinstance(value, BaseArithmetic):
        return value
    if isinstance(value, list) and all(isinstance(item, Complex | np.bool_) for item in value):
        return [as_child(item) for item in value]
    if isinstance(value, bool | np.bool_):
        return int(value)
    if isinstance(value, np.generic) and isinstance(value, Complex):
        return value.item()
    if isinstance(value, Complex):
        return float(value) if isinstance(value, Real) else complex(value)
    raise ValueError(
        f"cannot use {value!r} in an expression: expected a number, a list of numbers, a Variable or an ArithExpression"
    )


def word(part: Any) -> str:
    """A symbol (for an expression), number, list of numbers or variable as one word of prefix text."""
    if isinstance(part, ArithExpression):
        return part.symbol.token
    return "[" + ",".join(map(str, part)) + "]" if isinstance(part, list) else str(part)


def add(left: Any, right: Any) -> Any:
    """Sum of two operands, folded."""
    if _is(right, 0):
        return left
    return right if _is(left, 0) else _node(PLUS, left, right)


def subtract(left: Any, right: Any) -> Any:
    """Difference of two operands, folded."""
    if _is(right, 0):
        return left
    return negative(right) if _is(left, 0) else _node(SUB, left, right)


def multiply(left: Any, right: Any) -> Any:
    """Product of two operands, folded."""
    if _is(left, 0) or _is(right, 0):
        return 0
    if _is(right, 1):
        return left
    return right if _is(left, 1) else _node(MUL, left, right)


def divide(left: Any, right: Any) -> Any:
    """Quotient of two operands."""
    return _node(DIV, left, right)


def power(left: Any, right: Any) -> Any:
    """Power of two operands, folded."""
    if _is(right, 0) or _is(left, 1):
        return 1
    return left if _is(right, 1) else _node(POW, left, right)


def negative(operand: Any) -> Any:
    """The opposite of an expression; two signs cancel."""
    is_negative = isinstance(operand, ArithExpression) and operand.symbol is UMINUS
    return operand.children[0] if is_negative else _node(UMINUS, operand)


FOLDING: Mapping[Symbol, Callable[..., Any]] = {
    PLUS: add, SUB: subtract, MUL: multiply, DIV: divide, POW: power, UMINUS: negative,
}  # fmt: skip
"""How the operators build expressions."""


def derivative(expression: Any, name: str) -> Any:
    """Derivative of a number, list or expression along the variable ``name``. Cost O(distinct parts)."""

    def node(part: ArithExpression, derivatives: list[Any]) -> Any:
        if all(isinstance(change, int | float) and change == 0 for change in derivatives):
            return 0
        if part.symbol.diff is None:
            raise ValueError(
                f"Can't differentiate expression {part}: no differentiation known for symbol {part.symbol}; define "
                f"it with Symbol(..., diff=f), called as f(*arguments, *their_derivatives)"
            )
        return part.symbol.diff(*part.children, *derivatives)

    return fold(expression, lambda leaf: leaf.differentiate(name) if isinstance(leaf, Variable) else 0, node)


_Rule = Callable[[Any, Any], Any]


def _flipped(rule: _Rule) -> _Rule:
    return lambda me, other: rule(other, me)


_reflected_add, _reflected_subtract, _reflected_multiply = _flipped(add), _flipped(subtract), _flipped(multiply)
_reflected_divide, _reflected_power = _flipped(divide), _flipped(power)

_ARRAY_OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "add": lambda left, right: left + right,
    "subtract": lambda left, right: left - right,
    "multiply": lambda left, right: left * right,
    "divide": lambda left, right: left / right,
    "power": lambda left, right: left**right,
    "negative": lambda value: -value,
    "positive": lambda value: value,
    "equal": lambda left, right: left == right,
    "not_equal": lambda left, right: left != right,
}


def _combined(rule: _Rule, me: BaseArithmetic, other: Any) -> Any:
    kind = type(other)
    if kind is float or kind is int or isinstance(other, BaseArithmetic):
        return rule(me, other)
    if isinstance(other, np.ndarray) or hasattr(kind, "precedence"):
        return NotImplemented
    if isinstance(other, list):
        raise ValueError(
            f"cannot combine {me} with the list {other!r}: read a number from it with get_item(list, index)"
        )
    return rule(me, as_child(other))


def _is(operand: Any, number: int) -> bool:
    kind = type(operand)
    return (kind is int or kind is float or kind is complex) and operand == number


def _node(symbol: Symbol, *children: Any) -> ArithExpression:
    expression = ArithExpression.__new__(ArithExpression)
    expression._set(symbol, children)
    return expression


def _printed(node: ArithExpression, texts: list[str]) -> str:
    symbol = node.symbol
    if symbol.infix and len(texts) == 2:
        return f"({texts[0]} {symbol.token} {texts[1]})"
    return f"{symbol.pretty_token}({','.join(texts)})"


def _tree_lines(node: ArithExpression, parts: list[list[str]]) -> list[str]:
    return [f"{node.symbol} [", *("  " + line for lines in parts for line in lines), "]"]


def _as_object_array(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.astype(object)
    array = np.empty((), dtype=object)
    array[()] = value.item() if isinstance(value, np.generic) else value
    return array


def _symbolic(inputs: tuple[Any, ...]) -> BaseArithmetic:
    return next(value for value in inputs if isinstance(value, BaseArithmetic))


def _variable_name(variable: str | Variable) -> str:
    return variable.name if isinstance(variable, Variable) else variable


def _check_name(name: str) -> None:
    if not isinstance(name, str):
        raise TypeError(f"a variable's name is a string, got {name!r}")
    if not name or any(map(str.isspace, name)):
        raise ValueError(f"{name!r} is an invalid variable name (empty, or contains spaces): use one word")
    if name in ALL_SYMBOLS:
        raise ValueError(f"{name} is an invalid variable name (collision with a pre-defined name): choose another")
    if name[0] == "[" or reads_as_number(name):
        raise ValueError(f"{name} is an invalid variable name (numeric value or list): start it with a letter")
