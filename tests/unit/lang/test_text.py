"""AQASM text: what is written, what is read, and what is said about mistakes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core.variables import Variable, cos, exp, get_item, heaviside, sin
from qat.kernels.tape import Classical, Kind, TapeBuilder
from qat.lang.AQASM import CNOT, RX, AbstractGate, CustomGate, H, Program, QRoutine, S, X, build_gate
from qat.lang.AQASM.gates import Gate
from qat.lang.AQASM.text import AQASMError, circuit_to_text, program_to_text, text_to_circuit
from qat.lang.AQASM.text.expressions import read_parameter
from qat.lang.AQASM.text.lexer import MAX_DEPTH, Tokens
from qat.lang.AQASM.text.writer import write_tape


def lines(prog):
    return program_to_text(prog).splitlines()


def body(prog):
    text = lines(prog)
    return text[text.index("") + 1 : -1]


def read(text):
    return list(text_to_circuit(text).iterate_simple())


@pytest.fixture
def prog():
    return Program()


@pytest.fixture
def qubits(prog):
    return prog.qalloc(4)


# ---------------------------------------------------------------- out
def test_gates_are_written(prog, qubits):
    theta = prog.new_var(float, "theta")
    H(qubits[0])
    RX(0.3).ctrl()(qubits[:2])
    S.dag().trans().conj().ctrl(2)(qubits[:3])
    RX(2 * theta + 1)(qubits[3])
    assert body(prog) == [
        "H q[0]", "CTRL(RX[0.3]) q[0],q[1]", "CTRL(CTRL(CONJ(TRANS(DAG(S))))) q[0],q[1],q[2]",
        "RX[((2 * theta) + 1)] q[3]",
    ]  # fmt: skip


def test_classical_operations_are_written(prog, qubits):
    bits = prog.calloc(2)
    prog.measure(qubits[:2], bits)
    prog.cc_apply(bits[0], X, qubits[2])
    prog.logic(bits[0], ~bits[1] | bits[0])
    prog.reset(qubits[:2], bits[0])
    prog.reset(qubits[3])
    prog.cbreak(bits[0] ^ bits[1])
    assert lines(prog)[:3] == ["BEGIN", "qubits 4", "cbits 2"] and body(prog) == [
        "MEAS q[0],q[1] c[0],c[1]", "? c[0] : X q[2]", "LOGIC c[0] (~c[1] | c[0])", "RESET q[0],q[1] c[0]",
        "RESET q[3]", "BREAK (c[0] ^ c[1])",
    ]  # fmt: skip


def test_definitions_are_written_once(prog, qubits):
    flip, foo = CustomGate(np.array([[0, 1], [1, 0]])), AbstractGate("FOO", [float, int, str, complex], arity=2)
    for _ in range(2):
        flip(qubits[0])
        foo(0.5, 3, 'a "b"', 1j).dag()(qubits[:2])
    assert lines(prog)[:2] == [
        "DEFINE GATE custom_0 = [[(0.0,0.0) (1.0,0.0)] [(1.0,0.0) (0.0,0.0)]]",
        "DEFINE PARAM FOO float int string complex : 2",
    ]
    assert body(prog)[:2] == ["GATE custom_0 q[0]", r'DAG(FOO[0.5, 3, "a \"b\"", (0.0, 1.0)]) q[0],q[1]']
    assert program_to_text(prog) == circuit_to_text(text_to_circuit(program_to_text(prog)))


def test_what_cannot_be_written(prog, qubits):
    AbstractGate("LIST", [list], arity=1)([1, 2])(qubits[0])
    with pytest.raises(AQASMError, match=r"\[1, 2\] of LIST has no form"):
        program_to_text(prog)
    builder = TapeBuilder()
    builder.classical(Kind.REMAP, (), Classical(remap=(1, 0)))
    with pytest.raises(AQASMError, match="REMAP"):
        write_tape(builder.tape(2))
    other = Program()
    wires = other.qalloc(2)
    AbstractGate("FOO", [float], arity=1)(0.5)(wires[0])
    AbstractGate("FOO", [int], arity=1)(1)(wires[0])
    with pytest.raises(AQASMError, match="two different gates"):
        program_to_text(other)


@pytest.mark.parametrize("name", ["PI", "pi", "sin(", "θ", "a.b", "a[0]"])
def test_expressions_that_would_not_be_understood(prog, qubits, name):
    RX(2 * Variable(name))(qubits[0])
    with pytest.raises(AQASMError, match="has no form as text; rename its variables"):
        program_to_text(prog)


def test_functions_without_a_form_as_text(prog, qubits):
    RX(get_item([1.0, 2.0], Variable("a")))(qubits[0])
    with pytest.raises(AQASMError, match="has no form as text"):
        program_to_text(prog)


@pytest.mark.parametrize("name", ["MEAS", "q", "a b", "é", "1a", "qubits", "H"])
def test_names_without_a_form_as_text(prog, qubits, name):
    AbstractGate(name, [float], arity=1)(0.5)(qubits[0])
    with pytest.raises(AQASMError, match="rename it or open it"):
        program_to_text(prog)


def test_matrices_get_another_name_if_need_be(prog, qubits):
    Gate(1, np.diag([1, 1j]), "MEAS")(qubits[0])
    assert body(prog) == ["GATE custom_0 q[0]"]


def test_boxes_are_opened(prog, qubits):
    @build_gate("PAIR", [], arity=2)
    def pair():
        routine = QRoutine()
        CNOT(routine.new_wires(2))
        return routine

    pair().ctrl()(qubits[:3])
    assert body(prog) == ["CCNOT q[0],q[1],q[2]"]
    assert circuit_to_text(prog.to_circ()) == program_to_text(prog)


# ---------------------------------------------------------------- in
def test_short_texts():
    assert read("BEGIN END") == []
    assert read("BEGIN qubits 2 H q[0] CNOT q[0], q[1] END") == [("H", [], [0]), ("CNOT", [], [0, 1])]
    circuit = text_to_circuit("BEGIN\nH q[3]\nMEAS q[3]\nEND")
    assert (circuit.nbqbits, circuit.nbcbits) == (4, 4) and circuit.qregs[0].length == 4
    assert text_to_circuit("BEGIN qubits 3 cbits 0 END").nbcbits == 0


@pytest.mark.parametrize("written, expected", [
    ("CTRL (RX[0.3]) q[0],q[1]", ("C-RX", [0.3], [0, 1])),
    ("CTRL(((X ))) q[0],q[1]", ("CNOT", [], [0, 1])),
    ("CTRL(CNOT) q[0],q[1],q[2]", ("CCNOT", [], [0, 1, 2])),
    ("DAG(CTRL(RX[PI/2])) q[2],q[0]", ("C-RX", [-math.pi / 2], [2, 0])),
    ("DAG T q[0]", ("D-T", [], [0])),
    ("RZ(PI/2.0) q[0]", ("RZ", [math.pi / 2], [0])),
    ("RX[3*PI/4] q[0]", ("RX", [3 * math.pi / 4], [0])),
    ("RY[4.3e-3/1.6^0.5] q[0]", ("RY", [4.3e-3 / 1.6**0.5], [0])),
    ("RX[-2] q[0]", ("RX", [-2], [0])),
    ("RX[7 % 4] q[0]", ("RX", [3], [0])),
    ("iSWAP q[0],q[1]", ("ISWAP", [], [0, 1])),
    ("? c[1]: X q[0]", ("X", [], [0], 1)),
    ("MEAS q[2],q[0] c[0],c[1]", ("MEASURE", [2, 0], [0, 1])),
    ("MEAS q[2]", ("MEASURE", [2], [2])),
    ("RESET q[0],q[1]", ("RESET", [0, 1], [])),
    ("RESET c[0]", ("RESET", [], [0])),
    ("BREAKIF c[1] & c[2]", ("BREAK", "AND 1 2")),
    ("LOGIC c[0] (c[1]|c[2])&(c[3]^~c[1])", ("LOGIC", "AND OR 1 2 XOR 3 NOT 1", 0)),
    ("LOGIC c[0] c[1] + c[2] * c[3]", ("LOGIC", "OR 1 AND 2 3", 0)),
    ("LOGIC c[2] 0", ("LOGIC", "XOR 2 2", 2)),
    ("H q[0] // a remark", ("H", [], [0])),
    ("H q[0] # another", ("H", [], [0])),
])  # fmt: skip
def test_instructions(written, expected):
    assert read(f"BEGIN\nqubits 4\ncbits 4\n{written}\nEND\n") == [expected]


def test_definitions():
    text = """
        DEFINE GATE ex = [[(1,0) (0,0)] [ (0,0) (1,0) ]]
        DEFINE G ph3_4 = PH[3*PI/4]
        DEFINE G ex2 = DAG(X)
        DEFINE G ex3 = CTRL(CTRL(G ex2))
        DEFINE PARAM FOO float string : 1
        DEFINE PARAM BAZ : 1
        BEGIN
        GATE ex q[0]
        CTRL(G ph3_4) q[1],q[0]
        DAG G ex3 q[0],q[1],q[2]
        FOO[0.5, "a"] q[0]
        BAZ[] q[0]
        END
    """
    assert read(text) == [
        ("ex", [], [0]), ("C-PH", [3 * math.pi / 4], [1, 0]), ("C-C-X", [], [0, 1, 2]), ("FOO", [0.5, "a"], [0]),
        ("BAZ", [], [0]),
    ]  # fmt: skip
    assert abs(text_to_circuit(text).gateDic["_0"].matrix.data[3].re - 1) < 1e-12


def test_gates_of_any_number_of_qubits(prog, qubits):
    text = "DEFINE PARAM QFT int : None BEGIN QFT[4] q[0],q[1] CTRL(QFT[4]) q[0],q[1],q[2],q[3] END"
    assert read(text) == [("QFT", [4], [0, 1]), ("C-QFT", [4], [0, 1, 2, 3])]
    assert circuit_to_text(text_to_circuit(text)).startswith("DEFINE PARAM QFT int : None\nBEGIN")
    with pytest.raises(AQASMError, match="None qubits is on 1"):
        text_to_circuit("DEFINE PARAM QFT int : None BEGIN CTRL(QFT[4]) q[0] END")


def test_own_gate_set():
    text = "DEFINE GATE H = [[1 0] [0 (0, 1)]] BEGIN GATE H q[0] END"
    circuit = text_to_circuit(text, default_gate_set=False)
    assert [name for name, *_ in circuit.iterate_simple()] == ["H"] and circuit.gateDic["_0"].matrix.data[3].im == 1
    with pytest.raises(AQASMError, match="no gate X"):
        text_to_circuit("BEGIN X q[0] END", default_gate_set=False)


def test_linked_text():
    @build_gate("FLIP", [int], arity=1)
    def flip(nb):
        return QRoutine(1).apply(RX(math.pi * nb), 0)

    text = "DEFINE PARAM FLIP int : 1 BEGIN FLIP[3] q[1] END"
    assert read(text) == [("FLIP", [3], [1])]
    linked = text_to_circuit(text, link=[flip])
    assert len(linked) == 1 and list(linked.iterate_simple()) == [("RX", [3 * math.pi], [1])]
    assert text_to_circuit(text, link=[flip], inline=False).gateDic["_0"].circuit_implementation is not None
    assert text_to_circuit(text, include_matrices=False).gateDic["H"].matrix is not None


a, b = Variable("a"), Variable("b")
expressions = st.recursive(
    st.sampled_from([a, b])
    | st.integers(-9, 9)
    | st.floats(-9, 9, allow_nan=False).map(lambda number: round(number, 3)),
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: _combined(*t))
        | inner.map(lambda one: -one)
        | inner.map(lambda one: sin(one) + cos(one) * 2)
        | inner.map(lambda one: exp(one / 100) ** 2)
        | inner.map(lambda one: heaviside(one, 0, 3))
    ),
    max_leaves=6,
)


def _combined(left, operator, right):
    return {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right}[operator]()


@given(expressions)
def test_expressions_mean_the_same_after_reading(expression):
    again = read_parameter(Tokens(str(expression) if hasattr(expression, "get_variables") else repr(expression)))
    values = {"a": 0.37, "b": -1.21}
    first, second = (one(**values) if hasattr(one, "get_variables") else one for one in (expression, again))
    assert np.isclose(float(first), float(second), rtol=1e-12, atol=1e-12)


# ---------------------------------------------------------------- mistakes
@pytest.mark.parametrize("text, line, column, message", [
    ("", 1, 1, "found the end of the text; expected 'BEGIN' or DEFINE"),
    ("BEGIN\n H q[0]\n", 3, 1, r"expected an instruction, '\?' or END"),
    ("BEGIN\n  FOO q[0]\nEND", 2, 3, "no gate FOO"),
    ("BEGIN\nH q[0],q[1] END", 2, 1, "a gate of 1 qubits is on 2"),
    ("BEGIN qubits 2 CNOT q[1],q[1] END", 1, 21, r"qubits \[1, 1\] are repeated"),
    ("BEGIN qubits 2 H q[2] END", 1, 18, r"no q\[2\]; .*use 0 to 1"),
    ("BEGIN cbits 1 MEAS q[0] c[1] END", 1, 25, r"no c\[1\]"),
    ("BEGIN cbits 1 MEAS q[1] END", 1, 15, r"no c\[1\]"),
    ("BEGIN RX[a+] q[0] END", 1, 12, "found ']'; expected a number, a name"),
    ("BEGIN RX[1/0] q[0] END", 1, 10, "division by zero"),
    ("BEGIN RX[9^9^9^9] q[0] END", 1, 10, "cannot be computed"),
    ("BEGIN RX[1e999] q[0] END", 1, 7, "inf is not compatible"),
    ("BEGIN RX q[0] END", 1, 7, "requires 1 argument"),
    ("BEGIN RX[1,2] q[0] END", 1, 7, "requires 1 argument"),
    ("BEGIN RX[1 2] q[0] END", 1, 12, "expected ',' or ']'"),
    ('BEGIN RX["a"] q[0] END', 1, 7, "not compatible with type"),
    ("BEGIN RX[foo(1)] q[0] END", 1, 10, "no function foo; expected one of abs, "),
    ("BEGIN H @ END", 1, 9, "found '@'"),
    ("BEGIN H[0] q[0] END", 1, 8, "expected 'q', a qubit"),
    ("BEGIN MEAS q[0] c[0],c[1] END", 1, 7, "1 qubits are measured into 2"),
    ("BEGIN RESET END", 1, 13, "expected qubits"),
    ("BEGIN LOGIC c[0] (c[1]|c[2)&c[3] END", 1, 27, r"found '\)'; expected ']'"),
    ("BEGIN BREAK q[0] END", 1, 13, "expected a classical bit"),
    ("BEGIN H q[1.5] END", 1, 11, "found 1.5; expected the number of a qubit"),
    ("BEGIN qubits 99999999999 END", 1, 14, "expected at most"),
    ("BEGIN qubits 9999999999999999999999 END", 1, 14, "expected the number of qubits"),
    ("BEGIN qubits 1 qubits 2 END", 1, 16, "declared twice"),
    ("BEGIN END X", 1, 11, "nothing after END"),
    ("DEFINE FOO", 1, 8, "expected GATE or PARAM"),
    ("DEFINE PARAM X float : 1 BEGIN END", 1, 14, "X has a meaning already"),
    ("DEFINE PARAM F float : x BEGIN END", 1, 24, "the number of qubits or None"),
    ("DEFINE PARAM F float : 0 BEGIN END", 1, 24, "at least one qubit"),
    ("DEFINE PARAM F what : 1 BEGIN END", 1, 16, "no type what"),
    ("DEFINE GATE q = X BEGIN END", 1, 13, "q has a meaning already"),
    ("DEFINE GATE a = [[(1,0) (0,0)] [(1,0)]] BEGIN END", 1, 17, r"lengths \[2, 1\]"),
    ("DEFINE GATE a = [[1 1] [1 1]] BEGIN END", 1, 17, "not unitary"),
    ("DEFINE GATE a = [[1]] BEGIN END", 1, 17, "square matrix"),
    ("DEFINE GATE a = [[x 0] [0 1]] BEGIN END", 1, 19, "found x; expected a number"),
    ("BEGIN GATE nobody q[0] END", 1, 12, "no gate nobody"),
    ('BEGIN F["a\n"] END', 1, 9, "found '\"'"),
])  # fmt: skip
def test_mistakes_are_pointed_at(text, line, column, message):
    with pytest.raises(AQASMError, match=message) as info:
        text_to_circuit(text)
    assert (info.value.line, info.value.column) == (line, column)


@pytest.mark.parametrize("text", [
    "BEGIN RX[" + "(" * 5000, "BEGIN RX[" + "-" * 5000, "BEGIN " + "CTRL(" * 5000, "BEGIN LOGIC c[0] " + "~" * 5000,
    "BEGIN CTRL(" + "(" * 5000, "BEGIN " + "DAG " * 5000,
])  # fmt: skip
def test_deep_nesting_is_refused(text):
    with pytest.raises(AQASMError, match=f"more than {MAX_DEPTH} deep"):
        text_to_circuit(text)


@given(st.text(alphabet=st.sampled_from('HqcX[]()0123.,:?~&+-*/^ \n"='), max_size=40))
def test_any_text_is_read_or_refused_with_a_place(text):
    try:
        text_to_circuit(f"BEGIN {text} END")
    except AQASMError as error:
        assert error.line is not None and error.column is not None and error.line >= 1 and error.column >= 1


def test_large_texts_are_quick():
    text = "\n".join(["BEGIN", "qubits 2", *["RX[0.5] q[0]", "CNOT q[0],q[1]"] * 2000, "END"])
    assert len(text_to_circuit(text)) == 4000
