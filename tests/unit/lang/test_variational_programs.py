"""Random programs with variables: binding in any order, and derivatives by all methods against finite differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.core import Observable, Term, Variable
from qat.core.variables import BaseArithmetic, cos, exp, sin
from qat.lang.AQASM import Program, QRoutine, build_gate, gates
from qat.qpus import LinAlg
from tests import oracle
from tests.unit.lang.specs import MAX_ARITY, NAMES, OPERATORS, arity, circuit_unitary, dense, routines, steps, written

NB_QUBITS = 3
A, B, W = Variable("a"), Variable("b"), Variable("w")
ANGLES = (A, B, 2 * A + 1, A * B, -B / 3, cos(A), sin(B) * exp(A / 2), A**2, 0.7)
STEP = 1e-4


@st.composite
def turning(draw):
    """A gate with an angle, or one without."""
    name = draw(st.sampled_from(["RX", "RY", "RZ", "PH", "H", "T", "CNOT", "ISWAP"]))
    return "base", name, (draw(st.sampled_from(ANGLES)),) if name in ("RX", "RY", "RZ", "PH") else ()


def _layered(inner):
    small = inner.filter(lambda spec: arity(spec) < MAX_ARITY)
    return (
        st.tuples(st.sampled_from(["dag", "trans", "conj"]), inner)
        | st.tuples(st.just("ctrl"), small)
        | routines(inner)
    )


variational_gate = st.recursive(turning(), _layered, max_leaves=5)
programs = steps(variational_gate, NB_QUBITS, 4)
points = st.fixed_dictionaries({name: st.floats(-2, 2).map(lambda value: round(value, 2)) for name in "abw"})


def number(value, point):
    return value(**point) if isinstance(value, BaseArithmetic) else value


def bound(spec, point):
    """The description with numbers for the variables."""
    match spec:
        case "base", name, parameters:
            return "base", name, tuple(number(parameter, point) for parameter in parameters)
        case "routine", size, inner:
            return "routine", size, bound_steps(inner, point)
        case "conjugation", size, outer, inner:
            return "conjugation", size, bound_steps(outer, point), bound_steps(inner, point)
        case operator, inner:
            return operator, bound(inner, point)


def bound_steps(described, point):
    return [(bound(spec, point), wires) for spec, wires in described]


def circuit_of(described):
    program = Program()
    qubits = program.qalloc(NB_QUBITS)
    for qubit in qubits:
        gates.RY(0.4 + qubit.index)(qubit)
    for spec, places in described:
        program.apply(written(spec), [qubits[place] for place in places])
    return program.to_circ()


def unitary_at(described, point):
    total = oracle.unitary([("RY", [0.4 + qubit], [qubit]) for qubit in range(NB_QUBITS)], NB_QUBITS)
    for spec, places in bound_steps(described, point):
        total = oracle.embedded(dense(spec), places, NB_QUBITS) @ total
    return total


TERMS = [(1.0, "Z", [0]), (W * A, "XY", [0, 1]), (-0.3, "ZZ", [2, 1]), (W, "X", [2])]
OBSERVABLE = Observable(NB_QUBITS, pauli_terms=[Term(*term) for term in TERMS], constant_coeff=B)


def value_at(described, point):
    state = unitary_at(described, point)[:, 0]
    terms = [(number(coefficient, point), letters, qubits) for coefficient, letters, qubits in TERMS]
    return float((state.conj() @ oracle.observable(terms, NB_QUBITS, point["b"]) @ state).real)


def slope_at(described, point, name):
    values = (value_at(described, {**point, name: point[name] + sign * STEP}) for sign in (1, -1))
    return (next(values) - next(values)) / (2 * STEP)


@settings(max_examples=40, deadline=None)
@given(programs, points, st.permutations("abw"))
def test_binding_in_any_order(described, point, order):
    circuit = circuit_of(described)
    names = circuit.get_variables()
    for name in order:
        circuit = circuit(**{name: point[name]})
        names = [other for other in names if other != name]
        assert circuit.get_variables() == names
    assert np.allclose(circuit_unitary(circuit), unitary_at(described, point))


@settings(max_examples=40, deadline=None)
@given(programs, points, st.sampled_from(["exact", "shift-rule", "h-test"]))
def test_derivatives(described, point, method):
    job = circuit_of(described).to_job(observable=OBSERVABLE)
    point = {name: point[name] for name in job.get_variables()}
    expected = {name: slope_at(described, point, name) for name in point}
    if method == "exact":
        value, found = LinAlg().value_and_gradient(job, point)
        assert value == pytest.approx(value_at(described, point))
    else:
        jobs = job.gradient(method)
        found = {name: sum(LinAlg().submit(each(**point)).value for each in jobs[name]) for name in jobs}
    assert found == pytest.approx(expected, abs=1e-5)


@build_gate("BLOCK", [float, int], arity=lambda _angle, size: size)
def block(angle, size):
    """A layer of rotations which undoes what it borrows."""
    routine = QRoutine()
    wires = routine.new_wires(size)
    with routine.compute():
        for wire in wires:
            gates.H(wire)
    for index, wire in enumerate(wires):
        gates.RZ(angle * (index + 1))(wire)
    routine.uncompute()
    return routine


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(ANGLES[:-1]), st.lists(st.sampled_from(list(OPERATORS)), max_size=2), st.booleans(), points)
def test_gates_with_an_implementation(angle, layers, is_inlined, point):
    gate, expected = block(angle, 2), np.kron(*(turn(number(angle, point) * k) for k in (1, 2)))
    for layer in layers:
        gate, expected = getattr(gate, layer)(), OPERATORS[layer](expected)
    program = Program()
    gate(program.qalloc(gate.arity))
    circuit = program.to_circ(inline=is_inlined)(**point)
    assert np.allclose(circuit_unitary(circuit), expected)
    state = LinAlg().submit(circuit.to_job())
    assert sum(sample.probability for sample in state) == pytest.approx(1)


def turn(angle):
    hadamard = oracle.base_matrix("H")
    return hadamard @ oracle.base_matrix("RZ", [angle]) @ hadamard


def test_every_rotation_is_among_the_gates():
    assert {"RX", "RY", "RZ", "PH"} < set(NAMES[1])
