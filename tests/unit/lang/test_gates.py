import pickle

import numpy as np
import pytest

from qat.core.gate_set import GateSignature, WrongArgumentsNumber, WrongArgumentType
from qat.core.variables import Variable
from qat.kernels.gates import GATES
from qat.lang.AQASM import (
    CCNOT,
    CNOT,
    PH,
    RX,
    RY,
    RZ,
    SWAP,
    AbstractGate,
    CustomGate,
    H,
    Program,
    S,
    T,
    X,
    Y,
    Z,
    gates,
)  # fmt: skip
from qat.lang.AQASM.aqasm_util import InvalidArguments
from qat.lang.AQASM.gate import gate_of
from qat.lang.AQASM.gates import Gate, ParamGate, PredefGate
from qat.lang.AQASM.math_util import InvalidDimensions, InvalidUnitaryMatrix, check_unitarity, get_arity


def names_of(*applied):
    """Published names of gates, each applied alone."""
    names = []
    for gate in applied:
        prog = Program()
        gate(prog.qalloc(gate.arity))
        names += [name for name, *_ in prog.to_circ().iterate_simple()]
    return names


def test_every_predefined_gate_is_a_view_of_the_table():
    for name, record in GATES.items():
        gate = getattr(gates, name)
        made = gate(*[0.3] * record.nb_parameters) if record.parameters else gate
        assert made.form.record is record and made.name == name and made.arity == record.arity
        assert np.allclose(made.matrix, record.matrix(*[0.3] * record.nb_parameters))
        assert isinstance(made, ParamGate if record.parameters else PredefGate)


def test_inverses_are_folded_or_marked():
    for gate in (X, Y, Z, H, CNOT, CCNOT, SWAP):
        assert gate.dag() == gate
    for family in (RX, RY, RZ, PH):
        assert family(0.3).dag().parameters == (-0.3,) and family(0.3).dag().dag() == family(0.3)
    assert S.dag().is_dag and S.dag().subgate == S and S.dag().dag() == S
    assert family.dag(0.5).parameters == (-0.5,)


def test_published_names():
    assert names_of(X.ctrl(), X.ctrl(2), X.ctrl(3), CNOT.ctrl(), CNOT.ctrl(2), Z.ctrl(), Z.ctrl().ctrl()) == [
        "CNOT", "C-C-X", "C-C-C-X", "CCNOT", "C-C-CNOT", "CSIGN", "C-C-Z",
    ]  # fmt: skip
    assert names_of(S.dag().ctrl(), S.ctrl().dag(), T.conj(), Y.trans(), H.ctrl().ctrl(2)) == [
        "C-D-S", "C-D-S", "S-T", "T-Y", "C-C-C-H",
    ]  # fmt: skip
    assert names_of(X.conj().ctrl(), RX(0.1).conj(), RX(0.1).trans().dag()) == ["C-S-X", "S-RX", "T-RX"]


def test_layers_are_visible():
    gate = T.dag().trans().conj().ctrl(2)
    assert (gate.name, gate.nb_ctrls, gate.arity) == (None, 2, 3)
    layers = []
    while gate.name is None:
        layers.append((bool(gate.nb_ctrls), gate.is_conj, gate.is_trans, gate.is_dag))
        gate = gate.subgate
    assert layers == [tuple(place == layer for place in range(4)) for layer in range(4)] and gate is not None
    assert gate == T and T.subgate is None and T.nb_ctrls is None


def test_equality_and_hash():
    assert H.ctrl() == H.ctrl() and H.ctrl() != H and X.ctrl() != CNOT and H != "H"
    assert RX(0.3) == RX(0.3) and RX(0.3) != RX(0.4) and RX(0.3) != RY(0.3) and len({H, X, H.ctrl(), H.ctrl()}) == 3
    flip = np.array([[0, 1], [1, 0]])
    assert CustomGate(flip) == CustomGate(flip.copy()) and CustomGate(flip) != CustomGate(np.eye(2))
    first, second = (AbstractGate("FOO", [np.ndarray], arity=1)(np.array([1, 2])) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("count", [-1, 1.5, "a", None, True, 10**9])
def test_strange_numbers_of_controls(count):
    with pytest.raises(InvalidArguments, match="number of controls"):
        H.ctrl(count)


def test_no_control_is_the_gate_itself():
    assert H.ctrl(0) is H and H.ctrl(np.int64(2)).arity == 3


@pytest.mark.parametrize("angle", [float("nan"), float("inf"), 10**400, 1j, "a", None, [0.1], object()])
def test_strange_angles(angle):
    with pytest.raises(WrongArgumentType) as info:
        RX(angle)
    assert any("finite number" in note for note in info.value.__notes__)


@pytest.mark.parametrize("angles", [(), (0.1, 0.2)])
def test_wrong_number_of_angles(angles):
    with pytest.raises(WrongArgumentsNumber, match=r"RX requires 1 argument\(s\)"):
        RX(*angles)


def test_angles_become_plain_numbers():
    assert [type(RX(value).parameters[0]) for value in (0.5, np.float32(0.5), np.float64(1), 1, np.int64(2), True)] == [
        float, float, float, int, int, int,
    ]  # fmt: skip
    theta = Variable("theta")
    assert RX(2 * theta).get_variables() == ["theta"] and RX(theta).parameters == (theta,)
    assert RX(theta).matrix is None and RX(theta).bind_variables({"theta": 0.5}) == RX(0.5)
    assert RX(2 * theta).dag().ctrl().bind_variables({"theta": 0.5}) == RX(-1.0).ctrl()


# ---------------------------------------------------------------- gates by their matrix
def test_custom_gates():
    gate = CustomGate(np.array([[0, 1], [1, 0]]))
    assert gate.arity == 1 and gate.name == "CustomGate" and np.array_equal(gate.parameters[0], [[0, 1], [1, 0]])
    prog = Program()
    gate.ctrl()(prog.qalloc(2))
    ((name, (matrix,), qubits),) = prog.to_circ().iterate_simple()
    assert (name, qubits) == ("C-CustomGate", [0, 1]) and np.array_equal(matrix, [[0, 1], [1, 0]])


def test_gates_by_matrix_and_name():
    gate = Gate(1, np.diag([1, 1j]), "QUARTER")
    assert names_of(gate, gate.dag()) == ["QUARTER", "D-QUARTER"] and np.allclose(gate.dag().matrix, np.diag([1, -1j]))
    assert Gate(2, name="OPAQUE").matrix is None
    for bad in (lambda: Gate(2, np.eye(2), "N"), lambda: Gate(0), lambda: Gate(1.5)):
        with pytest.raises((InvalidDimensions, InvalidArguments)):
            bad()


@pytest.mark.parametrize(
    "matrix", [np.eye(3), np.ones((2, 4)), np.eye(1), np.ones(4), np.zeros((0, 0)), np.ones((2, 2, 2))]
)
def test_matrices_of_wrong_shape(matrix):
    with pytest.raises(InvalidDimensions, match="square matrix"):
        CustomGate(matrix)
    with pytest.raises(InvalidDimensions):
        get_arity(matrix)


@pytest.mark.parametrize("matrix", [np.ones((2, 2)), np.eye(2) * (1 + 1e-5), np.zeros((2, 2))])
def test_matrices_that_are_not_unitary(matrix):
    with pytest.raises(InvalidUnitaryMatrix, match="not unitary"):
        check_unitarity(matrix)
    for make in (CustomGate, lambda matrix: Gate(1, matrix, "M")):
        with pytest.raises(InvalidUnitaryMatrix, match=r"differs from the identity by .*normalise it"):
            make(matrix)


def test_matrices_hold_finite_numbers():
    for matrix in (np.full((2, 2), np.nan), np.diag([1, np.inf])):
        with pytest.raises(InvalidUnitaryMatrix, match="not unitary"):
            CustomGate(matrix)


def test_rounded_matrices_are_accepted():
    check_unitarity(np.round(np.array([[1, 1], [1, -1]]) / np.sqrt(2), 8))


@pytest.mark.parametrize("matrix", [[[0, 1], [1, 0]], "a", None])
def test_matrices_must_be_arrays(matrix):
    with pytest.raises(WrongArgumentType):
        CustomGate(matrix)


# ---------------------------------------------------------------- families of gates
def test_families_are_signatures():
    foo = AbstractGate("FOO", [float, int], arity=2)
    assert isinstance(foo, GateSignature) and (foo.name, foo.nb_args, foo.arg_types) == ("FOO", 2, [float, int])
    gate = foo(0.2, 3)
    assert isinstance(gate, ParamGate) and gate.abstract_gate is foo and gate.parameters == (0.2, 3)
    assert str(foo) == "FOO : 2 params of types [<class 'float'>, <class 'int'>], generating a gate of arity 2"
    assert foo == AbstractGate("FOO", [float, int], arity=2) and foo != AbstractGate("FOO", [float], arity=2)
    assert names_of(gate.dag(), gate.ctrl().dag()) == ["D-FOO", "C-D-FOO"]


def test_arity_from_parameters_and_from_use():
    by_number = AbstractGate("FOO", [int], arity=lambda nb: nb)
    assert by_number(3).arity == 3
    with pytest.raises(InvalidArguments, match="arity 0"):
        by_number(0)
    with pytest.raises(InvalidArguments, match="arity n"):
        by_number(Variable("n", int))
    open_gate = AbstractGate("BAR", [float])(0.5)
    prog = Program()
    qubits = prog.qalloc(3)
    open_gate(qubits)
    open_gate.ctrl()(qubits[:2])
    assert [gate[2] for gate in prog.to_circ().iterate_simple()] == [[0, 1, 2], [0, 1]] and open_gate.arity is None


@pytest.mark.parametrize("arity", [0, -1, 1.5, "a"])
def test_strange_arities(arity):
    with pytest.raises(InvalidArguments, match="arity"):
        AbstractGate("FOO", [float], arity=arity)


@pytest.mark.parametrize("kind, good, bad", [
    (int, 3, 2.5), (str, "a", 1), (complex, 1j, "a"), (bool, True, 2), (list, [1, 2], 3), (np.ndarray, np.eye(2), [1]),
    (dict, {}, []),
])  # fmt: skip
def test_types_of_parameters(kind, good, bad):
    family = AbstractGate("FOO", [kind], arity=1)
    assert family(good).parameters[0] is good or family(good).parameters == (good,)
    with pytest.raises(WrongArgumentType):
        family(bad)


def test_large_integers():
    prog = Program()
    AbstractGate("FOO", [int], arity=1)(10**400)(prog.qalloc(1))
    assert list(prog.to_circ().iterate_simple()) == [("FOO", [10**400], [0])]


def test_matrix_generators():
    wait = AbstractGate("WAIT", [float], arity=1, matrix_generator=lambda time: np.diag([1, np.exp(1j * time)]))
    assert np.allclose(wait(0.3).matrix, np.diag([1, np.exp(0.3j)]))
    assert np.allclose(wait(0.3).ctrl().dag().matrix, np.diag([1, 1, 1, np.exp(-0.3j)]))
    batch = wait(0.3).form.record.matrix(np.array([0.1, 0.2]))
    assert np.allclose(batch[1], np.diag([1, np.exp(0.2j)])) and batch.shape == (2, 2, 2)
    wrong = AbstractGate("WRONG", [], arity=1, matrix_generator=lambda: np.eye(4))
    prog = Program()
    wrong()(prog.qalloc(1))
    with pytest.raises(InvalidDimensions, match="WRONG"):
        prog.to_circ()


def test_matrices_are_computed_when_parameters_are_known():
    wait = AbstractGate("WAIT", [float], arity=1, matrix_generator=lambda time: np.diag([1, np.exp(1j * time)]))
    prog = Program()
    qubit = prog.qalloc(1)
    wait(0.3)(qubit)
    wait(Variable("a"))(qubit)
    circuit = prog.to_circ()
    known, unknown = (circuit.gateDic[op.gate] for op in circuit.ops)
    assert abs(known.matrix.data[3].im - np.sin(0.3)) < 1e-12 and unknown.matrix is None
    bound = circuit(a=0.3)
    assert [gate.matrix is None for gate in (bound.gateDic[op.gate] for op in bound.ops)] == [False, False]
    assert len(list(pickle.loads(pickle.dumps(circuit)).iterate_simple())) == 2


@pytest.mark.parametrize("inverse", [lambda angle: [-angle], lambda angle: (-angle,), lambda angle: -angle])
def test_inverses_by_parameters(inverse):
    turn = AbstractGate("TURN", [float], arity=1)
    turn.set_dag(inverse)
    assert turn(0.5).dag() == turn(-0.5) and turn(0.5).ctrl().dag() == turn(-0.5).ctrl()


def test_inverses_by_another_gate():
    left, right = (AbstractGate(name, [], arity=1) for name in ("LEFT", "RIGHT"))
    left.set_dag(right)
    assert left().dag() == right() and left().ctrl().dag() == right().ctrl()


def test_a_family_named_like_a_predefined_gate_is_that_gate():
    assert AbstractGate("RX", [float], arity=1)(0.5) == RX(0.5)
    assert AbstractGate("RX", [float], arity=2)(0.5) != RX(0.5)


def test_gates_from_forms_and_reprs():
    assert gate_of(RX(0.5).ctrl().form, (0.5,)) == RX(0.5).ctrl()
    assert repr(RX(0.5).ctrl()) == "<Gate C-RX(0.5)>" and repr(H) == "<PredefGate H>"
    with pytest.raises(InvalidArguments, match="no such predefined gate"):
        PredefGate("FOO", 1)
    assert ParamGate(AbstractGate("FOO", [float], arity=1), 1, 0.5).parameters == (0.5,)
