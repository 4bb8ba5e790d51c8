"""Variables and expressions: folding, text, derivatives and evaluation."""

import cmath
import copy
import math
import pickle
import threading

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qat.core.variables import (
    ALL_SYMBOLS,
    PLUS,
    ArithExpression,
    BaseArithmetic,
    Symbol,
    Variable,
    abso,
    angle,
    atan2,
    bound,
    cast_to_list,
    cast_to_num,
    checked_value,
    conjugate,
    cos,
    evaluate_all,
    evaluate_thrift_expression,
    evaluation,
    exp,
    get_item,
    heaviside,
    imag,
    ln,
    prefix,
    real,
    sin,
    sqrt,
    vmax,
)
from qat.core.variables.evaluation import bound_all, substituted

A, B = Variable("a"), Variable("b")
NAMES = ("a", "b", "c")
read = ArithExpression.from_string
values = st.floats(-3, 3).map(lambda x: round(x, 3))


OPERATIONS = [
    "+", "-", "*", "neg", "cos", "sin", "exp", "max", "heaviside", "atan2", "square", "quotient", "get_item",
]  # fmt: skip


@st.composite
def expressions(draw, depth: int = 4):
    """An expression that has a value, a float, wherever its variables are floats."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(st.one_of(st.sampled_from(NAMES).map(Variable), values, st.integers(-3, 3)))
    one = draw(expressions(depth - 1))
    other = draw(expressions(depth - 1))
    match draw(
        st.sampled_from(
            ["+", "-", "*", "neg", "cos", "sin", "exp", "max", "heaviside", "atan2", "square", "quotient", "get_item"]
        )
    ):
        case "+":
            return one + other
        case "-":
            return one - other
        case "*":
            return one * other
        case "neg":
            return -one
        case "cos":
            return cos(one)
        case "sin":
            return sin(one)
        case "exp":
            return exp(sin(one))
        case "max":
            return vmax(one, other)
        case "heaviside":
            return heaviside(one, -1, other)
        case "atan2":
            return atan2(one, 2 + cos(other))
        case "square":
            return one**2
        case "quotient":
            return one / (2 + sin(other))
        case _:
            return get_item([1.5, 2, -3.0], 1 + cos(one))


symbolic = expressions().filter(lambda expression: isinstance(expression, BaseArithmetic))
bindings = st.fixed_dictionaries(dict.fromkeys(NAMES, values))


@pytest.fixture(autouse=True)
def symbols_as_before():
    """Forget the symbols that a test defines."""
    before = dict(ALL_SYMBOLS)
    yield
    ALL_SYMBOLS.clear()
    ALL_SYMBOLS.update(before)


# ---------------------------------------------------------------- building
@pytest.mark.parametrize("result, expected", [
    (A + 0, A), (0 + A, A), (A - 0, A), (A * 1, A), (1.0 * A, A), (A**1, A), (+A, A), (A.__neg__().__neg__(), A),
    (A * 0, 0), (0.0 * A, 0), (A**0, 1), (1**A, 1),
])  # fmt: skip
def test_folding(result, expected):
    assert result == expected and type(result) is type(expected)


@pytest.mark.parametrize("expression, text", [
    (A - A, "(a - a)"), (A / 1, "(a / 1)"), (0 - A, "-(a)"), (-(A + B), "-((a + b))"), (2 * (-A), "(2 * -(a))"),
    (1 - A, "(1 - a)"), (2 / A, "(2 / a)"), (2**A, "(2 ** a)"), (A * -1, "(a * -1)"), (1j * A, "(1j * a)"),
    (heaviside(A, B, 1), "heaviside(a,b,1)"), (vmax(A, 1), "max(a,1)"), (abso(A), "abs(a)"),
    (get_item([1, 2], A), "get_item([1, 2],a)"),
])  # fmt: skip
def test_printed_form(expression, text):
    assert str(expression) == text and repr(expression) == f"<ArithExpression {text}>"


@pytest.mark.parametrize("number", [np.float64(2), np.float32(2), np.int64(2), np.complex128(2), np.bool_(True), True])
def test_numbers_of_numpy_become_plain_numbers(number):
    for expression, place in ((number + A, 0), (A + number, 1), (number - A, 0), (A / number, 1), (number / A, 0)):
        child = expression.children[place]
        assert child == number and type(child) in (int, float, complex)


def test_numpy_constants_and_arrays():
    assert str(np.pi * A) == "(3.141592653589793 * a)"
    assert (np.array([1, 2]) * A).tolist() == [A, 2 * A] == [item * A for item in (1, 2)]
    assert (A - np.array([1.0, 0.0])).tolist() == [A - 1.0, A]
    assert (np.array([A, B]) @ np.array([1, 2])) == A + B * 2


@pytest.mark.parametrize("function", [np.cos, np.sqrt, np.exp, np.abs, np.isfinite])
def test_functions_of_numpy_are_refused_with_a_cure(function):
    with pytest.raises(TypeError, match=r"has variables: use the functions of qat\.core\.variables"):
        function(A)


def test_other_objects_are_refused():
    for other in ("x", None, {}, (1,), ["x"]):
        with pytest.raises(ValueError, match=r"cannot (use|combine)"):
            A + other
    with pytest.raises(ValueError, match="get_item"):
        A * [1]
    with pytest.raises(TypeError):
        A < B  # noqa: B015
    for function in (abs, float, int, complex):
        with pytest.raises(TypeError):
            function(A)
    with pytest.raises(TypeError, match="give them values first"):
        float(A + B)


def test_unknown_classes_may_take_part_themselves():
    class Friend:
        precedence = 1

        def __radd__(self, other):
            return "mine"

    assert A + Friend() == "mine"


@pytest.mark.parametrize(
    "name", ["1.0", "1e5", "nan", "inf", "Infinity", "j", "1j", "(1+2j)", "a b", "a\tb", "", "cos", "+", "[1,2]"]
)
def test_names_that_cannot_be_told_apart_are_refused(name):
    with pytest.raises(ValueError, match="invalid variable name"):
        Variable(name)


@pytest.mark.parametrize("name", ["a", "θ", "a[0]", "a.b", "True", "x-1", "nano", "_", "infer"])
def test_other_names_travel(name):
    assert read((2 * Variable(name)).to_thrift()) == 2 * Variable(name)


def test_names_are_text():
    with pytest.raises(TypeError, match="name is a string, got 3"):
        Variable(3)


def test_children_and_arity_are_checked():
    for wrong in (lambda: cos(), lambda: cos(A, B), lambda: ArithExpression(PLUS, A), lambda: heaviside(A)):
        with pytest.raises(AssertionError, match="argument"):
            wrong()
    with pytest.raises(TypeError, match="expected a Symbol"):
        ArithExpression("+", A, 1)
    with pytest.raises(ValueError, match="cannot use 'x'"):
        ArithExpression(PLUS, A, "x")


# ---------------------------------------------------------------- equality, hash, copies
def test_equality_is_structural():
    assert Variable("a", int) == A and A != B and A != "a" and hash(A) == hash(Variable("a"))
    assert 2 * A + 1 == 2 * A + 1 and hash(2 * A + 1) == hash(2 * A + 1)
    assert A + B != B + A and A + 1 != A + 1.0 and A + 1 != 2 and cos(A) != sin(A)
    assert get_item([1, 2], A) == get_item([1, 2], A) != get_item([1, 3], A)
    assert len({2 * A, 2 * A, A * 2}) == 2


@given(symbolic)
def test_copies_and_pickles_are_equal(expression):
    assert copy.copy(expression) is expression and copy.deepcopy(expression) is expression
    twin = pickle.loads(pickle.dumps(expression))
    assert twin == expression and hash(twin) == hash(expression)


def test_pickles_keep_types_of_variables():
    twin = pickle.loads(pickle.dumps(2 * Variable("n", int)))
    assert twin.children[1].type is int and pickle.loads(pickle.dumps(Variable("n", int))).type is int
    assert pickle.loads(pickle.dumps(cos)) is cos


# ---------------------------------------------------------------- prefix text
@given(symbolic)
def test_prefix_text_round_trip(expression):
    assert read(expression.to_thrift()) == expression


@pytest.mark.parametrize("text, value", [
    ("3", 3), ("3.2", 3.2), ("1e3", 1000.0), ("-2", -2), ("1j", 1j), ("(1+2j)", 1 + 2j), ("+ 1 2", 3),
    ("inf", math.inf), ("* [1,2,3] a", None), ("get_item [1,2] 0.5", 1), ("UMINUS 3", -3), ("heaviside 0.5 0 1", 1),
])  # fmt: skip
def test_numbers_in_text(text, value):
    if value is None:
        with pytest.raises(TypeError, match="takes numbers"):
            read(text, {"a": 2})
    else:
        assert read(text) == value and type(read(text)) is type(value)


def test_text_is_not_folded():
    assert str(read("* a 0")) == "(a * 0)" and str(read("  +  a\t0\n")) == "(a + 0)"
    assert str(read("get_item [1, 2, 3] a")) == "get_item([1, 2, 3],a)"


@pytest.mark.parametrize("text, message", [
    ("", "0 separate values"),
    ("a b", "2 separate values"),
    ("+ a", r"\+ takes 2 argument\(s\), 1 follow"),
    ("foo a 2", r"create it with Symbol\('foo', ...\)"),
    ("+ a b 3", "3 separate values|2 separate values"),
    ("get_item [1,b] a", r"cannot read '\[1,b\]'"),
    ("__import__('os').system('true') 1", "2 separate values"),
])  # fmt: skip
def test_unreadable_text(text, message):
    with pytest.raises(ValueError, match=message):
        read(text)


def test_text_that_is_too_long(monkeypatch):
    monkeypatch.setattr(prefix, "MAX_TEXT_LENGTH", 10)
    with pytest.raises(ValueError, match="11 characters is too long: at most 10"):
        read("+ a bbbbbbb")


def test_text_cannot_make_huge_numbers():
    with pytest.raises(OverflowError):
        read("** 9 ** 9 ** 9 9")
    with pytest.raises((OverflowError, TypeError)):
        read("** get_item [9] a get_item [999999999999] a", {"a": 0})
    assert read("** 2 100") == 2**100 and read("* 3 9") == 27
    with pytest.raises(OverflowError):
        read(" ".join(["*"] * 200 + ["9" * 60] * 201))
    factors = " ".join(["*"] * 200 + [f"max a {'9' * 60}"] * 201)
    with pytest.raises(OverflowError):
        read(factors)(a=0.0)
    with pytest.raises(ValueError, match=r"cannot read 'get_item \[1\] 5'.*out of range"):
        read("get_item [1] 5")
    with pytest.raises(TypeError, match="use get_item"):
        read("* [1,2] 1000000000000")


def test_values_replace_variables_while_reading():
    assert evaluate_thrift_expression("+ a 2", {"a": 3}) == 5
    assert str(evaluate_thrift_expression("+ a b", {"a": 3})) == "(3 + b)"
    assert read("+ a b", {"a": B}) == B + B
    assert read("* a 2", {"a": Variable("a", int)}).children[0].type is int


def test_casts():
    assert cast_to_num("x") is None and cast_to_num("7") == 7 and cast_to_list("[]") == [] and cast_to_list("1") is None
    with pytest.raises(ValueError, match="Cannot cast 'x' into a number"):
        cast_to_num("x", True)


def test_pretty_print(capsys):
    (A + cos(B)).pretty_print(1)
    assert capsys.readouterr().out == "   + [\n     a\n     cos [\n       b\n     ]\n   ]\n"


# ---------------------------------------------------------------- long expressions
def test_long_sums_need_no_deep_stack():
    variables = [Variable(f"v{i}") for i in range(5000)]
    total = sum((0.5 * variable for variable in variables), 0)
    at = {variable.name: 1.0 for variable in variables}
    assert total(**at) == 2500.0 and len(total.get_variables()) == 5000
    assert total == read(total.to_thrift()) == pickle.loads(pickle.dumps(total))
    assert total.differentiate("v7") == 0.5 and total(v0=1.0).get_variables() == sorted(at)[1:]
    assert str(total).startswith("(((((")


def test_shared_parts_are_worked_out_once():
    total = A
    for _ in range(60):
        total = total + total
    assert total(a=1.0) == 2.0**60 and total.differentiate("a") == 2**60 and total.get_variables() == ["a"]
    assert total(b=3) is total and total == total + 0


# ---------------------------------------------------------------- evaluation
@given(symbolic, bindings)
def test_programs_agree_with_evaluation_part_by_part(expression, at):
    expected = substituted(expression, at)
    assert bound(expression, at) == expected
    (number,) = evaluate_all((expression,), at)
    assert type(number) is float and number == expected


@given(symbolic, bindings)
def test_binding_in_two_steps(expression, at):
    half = bound(expression, {"a": at["a"]})
    assert "a" not in getattr(half, "get_variables", list)()
    assert math.isclose(bound(half, at), bound(expression, at), rel_tol=1e-9, abs_tol=1e-9)


def test_integers_stay_integers_where_asked():
    n = Variable("n", int)
    assert bound(2 * n + 1, {"n": 3}) == 7 and type(bound(2 * n + 1, {"n": 3})) is int
    assert bound_all((2 * n, A), {"n": 3, "a": 1}) == [6, 1]
    results = evaluate_all((n, 2 * n + 1, A, n + A, 3, n / 2), {"n": 3, "a": 1})
    assert [type(result) for result in results] == [int, int, float, float, float, float]


def test_real_results_are_floats():
    at = {"a": np.float32(0.5), "b": np.int64(2)}
    results = evaluate_all((A, A * B, 1j * A * 1j, abso(1j * B), conjugate(A)), at)
    assert results == [0.5, 1.0, -0.5, 2.0, 0.5] and {type(result) for result in results} == {float}
    assert evaluate_all((1j * A,), at) == [0.5j]


def test_missing_variables_leave_expressions():
    results = evaluate_all((A * 2, A + B, B), {"a": 1})
    assert results == [2.0, 1 + B, B] and type(results[0]) is float
    assert evaluate_all([A * 2], {}) == [A * 2]


def test_binding_to_an_expression():
    assert (A + B)(a=2 * B) == 2 * B + B
    assert evaluate_all((A + 1,), {"a": B}) == [B + 1]


def test_binding_folds_but_keeps_the_other_variables():
    assert (A + B)(a=0) == B and (A * B)(a=1) == B and (A**B)(b=1) == A
    for expression, text in (
        (A * B, "(0 * b)"),
        (A / B, "(0 / b)"),
        (B**A, "(b ** 0)"),
        (2 * (A * B), "(2 * (0 * b))"),
    ):
        bound = expression(a=0)
        assert (str(bound), bound.get_variables()) == (text, ["b"])
    assert evaluate_all((A * B, A + B), {"a": 0})[0].get_variables() == ["b"] and (A * B)(a=0)(b=3) == 0


def test_lists_and_other_values():
    assert get_item(B, A)(b=[1, 2, 3]) == get_item([1, 2, 3], A)
    assert get_item(B, A)(b=[1, 2, 3], a=1.2) == 2 and Variable("s", str)(s="text") == "text"
    assert A(b=1) is A and A(a=np.float64(2)) == 2.0 and type(A(a=np.float64(2))) is float


def test_arrays_are_evaluated_element_by_element():
    times = np.linspace(0, 2, 5)
    window = heaviside(A, 0.5, 1.5) * cos(A) + vmax(A, 1) + get_item([10, 20, 30], A) + atan2(A, 1) + abso(-A)
    expected = [window(a=time) for time in times.tolist()]
    assert np.allclose(window(a=times), expected)


def test_evaluate_all_compiles_a_tuple_once(monkeypatch):
    made = []
    monkeypatch.setattr(evaluation, "Program", lambda parts, make=evaluation.Program: made.append(1) or make(parts))
    monkeypatch.setattr(evaluation, "_programs", {})
    monkeypatch.setattr(evaluation, "_MAX_PROGRAMS", 2)
    parts = (A + 1, B * 2)
    assert [evaluate_all(parts, {"a": 1.0, "b": i}) for i in range(3)] == [[2.0, 2.0 * i] for i in range(3)]
    assert len(made) == 1
    for other in ((A,), (B,), (A + B,)):
        evaluate_all(other, {"a": 1, "b": 2})
    assert len(evaluation._programs) == 2
    assert evaluate_all(parts, {"a": 2.0, "b": 1}) == [3.0, 2.0] and len(made) == 5


def test_evaluation_from_many_threads():
    expression = sum(cos(Variable(f"x{i}")) for i in range(20))
    results = {}

    def work(number):
        at = {f"x{i}": float(number) for i in range(20)}
        results[number] = [evaluate_all((expression,), at)[0] for _ in range(50)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.allclose(results[number], 20 * math.cos(number)) for number in range(4))


@pytest.mark.parametrize("expression, at, error, message", [
    (A / B, {"a": 1, "b": 0}, ZeroDivisionError, r"cannot evaluate \(a / b\): / of 1, 0"),
    (2 * sqrt(A), {"a": -1.0}, ValueError, r"cannot evaluate sqrt\(a\).*sqrt\(-1.0\) is not a real number"),
    (ln(A), {"a": 0.0}, ValueError, "not a real number"),
    (exp(A), {"a": 1e4}, OverflowError, "too large"),
    (A + 1, {"a": "x"}, TypeError, r"cannot evaluate \(a \+ 1\)"),
    (get_item([1, 2], A), {"a": 5}, IndexError, "out of range"),
    (vmax(A, 1j), {"a": 1.0}, TypeError, "cannot evaluate max"),
])  # fmt: skip
def test_errors_name_the_part_without_a_value(expression, at, error, message):
    with pytest.raises(error, match=message):
        expression(**at)
    with pytest.raises(error, match=message):
        evaluate_all((A, expression), at)


def test_checked_value():
    assert checked_value("a", np.float32(0.5)) == 0.5 and checked_value("a", 2 + 0j) == 2.0
    assert type(checked_value("a", 1)) is float
    for value in (math.nan, math.inf, -math.inf, np.nan):
        with pytest.raises(ValueError, match=r"theta = .*: expected a finite number"):
            checked_value("theta", value)
    for value in (1j, None, "x", A):
        with pytest.raises(TypeError, match=r"theta = .*: expected a real number"):
            checked_value("theta", value)


# ---------------------------------------------------------------- functions on numbers
@pytest.mark.parametrize("function, argument, expected", [
    (cos, 0.3, math.cos(0.3)), (sin, 2, math.sin(2)), (exp, 1j, cmath.exp(1j)), (sqrt, 2, math.sqrt(2)),
    (ln, 2, math.log(2)), (sqrt, -1 + 0j, 1j), (real, 1 + 2j, 1.0), (imag, 1 + 2j, 2.0), (angle, 1j, math.pi / 2),
    (angle, -1, math.pi), (abso, -3, 3), (abso, 3 + 4j, 5.0), (conjugate, 1 + 2j, 1 - 2j), (conjugate, 3, 3),
    (cos, np.float64(0.3), math.cos(0.3)),
])  # fmt: skip
def test_functions_of_one_number(function, argument, expected):
    assert cmath.isclose(function(argument), expected, abs_tol=1e-15)
    assert type(function(argument)) in (int, float, complex)


def test_other_functions_on_numbers():
    assert [heaviside(x, 0, 1) for x in (-0.1, 0, 0.5, 1, 1.1)] == [0, 1, 1, 0, 0]
    assert vmax(2, 3.5) == 3.5 and atan2(1, 2) == math.atan2(1, 2)
    assert get_item([1, 2, 3], 1.7) == 2 and get_item([1, 2, 3], -1) == 3 and get_item([1, B], 1) == B
    assert np.allclose(cos(np.array([0.0, 1.0])), np.cos([0, 1]))
    with pytest.raises(ValueError, match=r"sqrt\(-1\) is not a real number"):
        sqrt(-1)


# ---------------------------------------------------------------- derivatives
REAL_CASES = [
    A + B, A - B, B - A, -A, A * B, A * A, A / B, B / A, A**2, A**3, A**B, B**A, 2**A, A**-1, A**0.5, cos(A),
    sin(2 * A), exp(A * B), sqrt(A), ln(A), A * cos(A), cos(A) ** 2, vmax(A, B), vmax(B, A), abso(A), abso(-A),
    atan2(A, B), atan2(B, A), real(A), imag(A), conjugate(A), angle(A), heaviside(A, 0, 1), get_item([1, 2, 3], A),
    A * heaviside(A, 0, 5), exp(1j * A), abso(A + 1j * B), angle(A + 1j * B), angle(1j * A + B), real(exp(1j * A)),
    imag(exp(2j * A)), conjugate(exp(1j * A)), sqrt(A + 1j), ln(A * 1j), A ** (A + B), (A + B) ** (A * B),
]  # fmt: skip


@pytest.mark.parametrize("expression", REAL_CASES, ids=str)
@pytest.mark.parametrize("at", [(0.7, 1.3), (1.9, 0.4)])
def test_derivatives_are_exact(expression, at):
    step = 1e-6
    for name in ("a", "b"):
        here = dict(zip("ab", at, strict=True))
        low, high = ({**here, name: here[name] + sign * step} for sign in (-1, 1))
        slope = (bound(expression, high) - bound(expression, low)) / (2 * step)
        assert np.isclose(bound(expression.differentiate(name), here), slope, rtol=1e-6, atol=1e-7)


@given(symbolic, bindings)
def test_derivatives_of_any_expression(expression, at):
    step = 1e-5
    low, mid, high = (bound(expression, {**at, "a": at["a"] + shift}) for shift in (-step, 0.0, step))
    one, other = (mid - low) / step, (high - mid) / step
    assume(abs(one - other) < 1e-2 * (1 + abs(one)))  # away from jumps and kinks
    exact = bound(expression.differentiate("a"), {**at, "a": at["a"] + step / 2})  # beside a single odd point
    assert math.isclose(exact, other, rel_tol=1e-3, abs_tol=1e-3 * (1 + abs(mid)))


def test_powers_have_derivatives_at_zero():
    assert (A**2).differentiate("a")(a=0) == 0 and (A**3).differentiate("a")(a=0.0) == 0.0
    assert str((A**2).differentiate("a")) == "(2 * a)" and (A**1.0).differentiate("a") == 1


def test_conventions_where_there_is_no_derivative():
    assert vmax(A, 2 * A).differentiate("a")(a=0.0) == 1  # the first argument where both are equal
    assert heaviside(A, B, 1).differentiate("b") == 0 and get_item([1, 2], A).differentiate("a") == 0
    with pytest.raises(ZeroDivisionError):
        abso(A).differentiate("a")(a=0.0)
    with pytest.raises(ValueError, match="does not depend"):
        get_item(A, B).differentiate("a")


def test_what_does_not_depend_has_derivative_zero():
    unknown = Symbol("no_derivative", lambda x: x, 1)
    assert unknown(A).differentiate("b") == 0 and A.differentiate(Variable("a")) == 1 and A.differentiate("b") == 0
    with pytest.raises(ValueError, match=r"no differentiation known for symbol no_derivative; define it with Symbol"):
        (2 * unknown(A)).differentiate("a")


# ---------------------------------------------------------------- symbols
def test_symbols_of_users():
    mod = Symbol(token="%%%", evaluator=lambda x, y: x % y, arity=2, diff=lambda x, y, dx, dy: dx)
    assert mod(A, 10).to_thrift() == "%%% a 10" and mod(A, 10)(a=13) == 3 and mod(13, 10) == 3
    assert read("%%% a 10") == mod(A, 10) and mod(3 * A, 10).differentiate("a") == 3
    assert ALL_SYMBOLS["%%%"] is mod and Symbol.all_symbols is ALL_SYMBOLS
    assert evaluate_all((mod(A, 10),), {"a": np.float64(13.5)}) == [3.5]
    with pytest.raises(ZeroDivisionError, match="cannot evaluate"):
        mod(A, B)(a=1, b=0)


def test_printing_of_symbols():
    infix = Symbol("<+>", lambda x, y: x, 2, infix=True)
    named = Symbol("longname", lambda x, y: x, 2, pretty_token="short")
    assert str(infix(2 * A, B)) == "((2 * a) <+> b)" and str(named(A, B)) == "short(a,b)"
    assert str(cos) == cos.pretty_str() == "cos" and repr(cos) == "<Symbol cos>" and named.pretty_str() == "short"


@pytest.mark.parametrize("token", ["", "a b", "1", "1e5", "[x", "nan"])
def test_tokens_that_cannot_be_read_are_refused(token):
    with pytest.raises(ValueError, match="cannot be a symbol's token"):
        Symbol(token, lambda x: x, 1)
    assert token not in ALL_SYMBOLS


def test_tokens_are_text():
    with pytest.raises(TypeError, match="token is a string"):
        Symbol(3, lambda x: x, 1)


def test_errors_of_users_evaluators_pass_unchanged():
    class OddError(Exception):
        pass

    def evaluator(value):
        raise OddError

    with pytest.raises(OddError):
        Symbol("odd", evaluator, 1)(A)(a=1.0)
