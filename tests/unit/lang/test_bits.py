import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.kernels.formula import evaluate_formula
from qat.lang.AQASM import Program
from qat.lang.AQASM.aqasm_util import InvalidClassicArguments, InvalidCustomName, check_custom_name, flatten_list
from qat.lang.AQASM.bits import BoolFormula, BoolOp, Cbit, CRegister, Qbit, QRegister, UnreferencedQubit, unfold_cbits
from qat.lang.AQASM.text.expressions import read_formula
from qat.lang.AQASM.text.lexer import Tokens
from qat.lang.AQASM.text.writer import infix


def test_registers_are_sequences():
    prog = Program()
    prog.qalloc(2)
    register = prog.qalloc(4)
    assert (register.start, register.length, len(register), register.get_width()) == (2, 4, 4, 4)
    assert [qubit.index for qubit in register] == [2, 3, 4, 5] and register[-1].index == 5
    assert [qubit.index for qubit in register[1:3]] == [3, 4] and isinstance(register[1:3], list)
    assert register[0] is register[0] and register[0].scope is prog
    assert str(register) == "QReg(q[2]..q[5])" and str(register[0]) == "q[2]" and repr(Qbit(1)) == "Qbit(1)"


@pytest.mark.parametrize("key", [4, -5, 100])
def test_qubits_beyond_a_register(key):
    with pytest.raises(UnreferencedQubit, match="use 0 to 3"):
        QRegister(0, length=4)[key]


def test_detached_registers_know_no_program():
    register = Program().qalloc(3)
    copy = register.detached()
    assert (copy.start, copy.length, copy.scope) == (0, 3, None) and register.scope is not None


def test_registers_can_be_seen_as_another_type():
    class Pairs(QRegister):
        pass

    prog = Program()
    pairs = prog.qalloc(4).cast_to(Pairs)
    assert type(pairs) is Pairs and pairs.scope is prog and isinstance(prog.qalloc(2, Pairs), Pairs)


def test_classical_registers():
    register = CRegister(1, 3)
    assert [bit.index for bit in register] == [1, 2, 3] and len(register) == 3 and register[0].index == 1
    assert [bit.index for bit in unfold_cbits([register[1:], [Cbit(7)]])] == [2, 3, 7] and repr(Cbit(1)) == "Cbit(1)"
    for strange in (3, "c", [0]):
        with pytest.raises(InvalidClassicArguments):
            unfold_cbits(strange)


def test_formulas():
    c = CRegister(0, 3)
    formula = c[0] & c[1] | ~c[2] ^ c[0]
    assert formula.to_thrift() == "OR AND 0 1 XOR NOT 2 0" and formula.cbits_list() == [0, 1, 2, 0]
    assert str(c[0] & ~c[1]) == "(c[0] & (~ c[1]))" and BoolOp.AND.is_binary and not BoolOp.NOT.is_binary
    for strange in (1, "a", None):
        with pytest.raises(InvalidClassicArguments, match="classical bits"):
            c[0] & strange


def test_long_formulas_need_no_recursion():
    formula = Cbit(0)
    for index in range(5000):
        formula = formula ^ Cbit(index % 2)
    assert len(formula.cbits_list()) == 5001 and formula.to_thrift().count("XOR") == 5000


leaves = st.integers(0, 3).map(Cbit)
formulas = st.recursive(
    leaves,
    lambda inner: (
        inner.map(lambda one: ~one)
        | st.tuples(inner, st.sampled_from("&|^"), inner).map(lambda three: _combined(*three))
    ),
)


def _combined(left, operator, right):
    return {"&": left.__and__, "|": left.__or__, "^": left.__xor__}[operator](right)


def _value(formula, bits):
    if isinstance(formula, Cbit):
        return bits[formula.index]
    match formula.operator:
        case BoolOp.LEAF:
            return bits[formula.left.index]
        case BoolOp.NOT:
            return not _value(formula.left, bits)
        case BoolOp.AND:
            return _value(formula.left, bits) and _value(formula.right, bits)
        case BoolOp.L_OR:
            return _value(formula.left, bits) or _value(formula.right, bits)
    return _value(formula.left, bits) != _value(formula.right, bits)


@given(formulas, st.lists(st.booleans(), min_size=4, max_size=4))
def test_prefix_and_text_mean_the_same(formula, bits):
    formula = formula if isinstance(formula, BoolFormula) else BoolFormula(BoolOp.LEAF, formula)
    prefix = formula.to_thrift()
    assert evaluate_formula(prefix, bits) == _value(formula, bits)
    assert evaluate_formula(read_formula(Tokens(infix(prefix)), 0), bits) == _value(formula, bits)
    assert infix(read_formula(Tokens(infix(prefix)), 0)) == infix(prefix)


def test_names_and_lists():
    assert flatten_list([1, [2, (3, [4])], "ab"]) == [1, 2, 3, 4, "ab"]
    check_custom_name("FOO_1")
    for name in ("1a", "a b", "", None, "é", "A-B"):
        with pytest.raises(InvalidCustomName):
            check_custom_name(name)
