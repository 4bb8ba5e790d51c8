"""Derivatives as jobs, against dense matrices and finite differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.core import Circuit, Observable, Term, Variable
from qat.core.enums import ErrorType
from qat.core.errors import QPUException
from qat.core.variables import cos
from qat.core.wrappers.differentiation import shift_rule
from qat.kernels.gates import GATES, GateForm, GateRecord
from qat.kernels.tape import Classical, Row
from qat.kernels.tape_algebra import body_record, tape_of
from tests.oracle import observable, state

A, B = Variable("a"), Variable("b")
ROTATIONS = ["RX", "RY", "RZ", "PH"]
METHODS = ["shift-rule", "h-test"]
VALUES = {"a": 0.4, "b": 0.7}
OBSERVABLE = Observable(3, pauli_terms=[Term(1.0, "Z", [0]), Term(0.5, "XY", [0, 1]), Term(-0.3, "YZ", [1, 2])])


def gate(name, *qubits, parameters=(), **form) -> Row:
    return Row(0, GateForm(GATES[name], **form), tuple(parameters), qubits, None)


def job_of(*rows, obs=OBSERVABLE, nb_qubits=3, **fields):
    return Circuit.from_tape(tape_of(rows, nb_qubits)).to_job(observable=obs, **fields)


def value(job) -> float:
    vector = state(list(job.circuit.iterate_simple()), job.circuit.nbqbits)
    terms = [(term.coeff, term.op, term.qbits) for term in job.observable.terms]
    matrix = observable(terms, job.circuit.nbqbits, job.observable.constant_coeff)
    return float((vector.conj() @ matrix @ vector).real)


def derivative(job, name, method=None) -> float:
    return sum(value(each(**VALUES)) for each in job.differentiate(name, method))


def finite_difference(job, name, step=1e-4) -> float:
    there, back = ({**VALUES, name: VALUES[name] + sign * step} for sign in (1, -1))
    return (value(job(**there)) - value(job(**back))) / (2 * step)


def spread() -> list[Row]:
    """Gates that make every derivative differ from zero."""
    return [gate("RY", q, parameters=[0.5 + q]) for q in range(3)] + [gate("CNOT", 0, 1), gate("T", 1), gate("H", 2)]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("nb_controls", [0, 1, 2])
@pytest.mark.parametrize("name", ROTATIONS)
def test_every_rotation_and_its_controlled_forms(name, nb_controls, method):
    rotation = gate(name, *[2, 0, 1][: nb_controls + 1], parameters=[A], nb_controls=nb_controls)
    job = job_of(*spread(), rotation, *spread())
    assert abs(finite_difference(job, "a")) > 1e-3
    assert derivative(job, "a", method) == pytest.approx(finite_difference(job, "a"), abs=1e-7)


@settings(max_examples=30)
@given(
    name=st.sampled_from(ROTATIONS),
    marks=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    nb_controls=st.integers(0, 1),
    method=st.sampled_from(METHODS),
)
def test_marked_rotations(name, marks, nb_controls, method):
    form = GateForm(GATES[name], nb_controls, *marks)
    job = job_of(*spread(), Row(0, form, (A,), (1, 2)[: form.arity], None), *spread())
    assert derivative(job, "a", method) == pytest.approx(finite_difference(job, "a"), abs=1e-7)


@pytest.mark.parametrize("method", METHODS)
def test_chain_and_product_rules(method):
    rows = [
        *spread(),
        gate("RX", 0, parameters=[2 * A + 1]),
        gate("RZ", 1, parameters=[A * B]),
        gate("RY", 0, 2, parameters=[cos(A)], nb_controls=1),
        gate("RX", 2, parameters=[B]),
    ]
    job = job_of(*rows, obs=A**2 * OBSERVABLE + B)
    for name in ("a", "b"):
        assert derivative(job, name, method) == pytest.approx(finite_difference(job, name), abs=1e-6)


def test_number_of_jobs_and_what_they_keep():
    job = job_of(gate("RX", 0, parameters=[A]), gate("RY", 1, parameters=[2 * A]), nbshots=10, meta_data={"k": "v"})
    jobs = job.differentiate("a")
    assert len(jobs) == 4
    assert {(each.nbshots, each.type, each.meta_data["k"], *each.qubits) for each in jobs} == {(10, 1, "v", 0, 1, 2)}
    angles = [[str(parameters[0]) for _, parameters, _ in each.circuit.iterate_simple()] for each in jobs]
    assert angles[:2] == [[f"(a {sign} 1.5707963267948966)", "(2 * a)"] for sign in "+-"]
    assert [each.observable.terms[0].coeff for each in jobs] == [0.5, -0.5, 1.0, -1.0]
    assert len(job_of(gate("RX", 0, 1, parameters=[A], nb_controls=1)).differentiate("a")) == 4
    assert job.get_variables() == ["a"] and next(iter(job.circuit.iterate_simple()))[1] == [A]


def test_gradient():
    job = job_of(
        *spread(), gate("RX", 0, parameters=[A]), gate("RY", 1, parameters=[B]), obs=Variable("w") * OBSERVABLE
    )
    assert {name: len(jobs) for name, jobs in job(w=1.0).gradient().items()} == {"a": 2, "b": 2}
    assert {name: len(jobs) for name, jobs in job.gradient().items()} == {"a": 2, "b": 2, "w": 1}
    assert {name: len(jobs) for name, jobs in job.gradient("h-test").items()} == {"a": 1, "b": 1, "w": 1}
    assert job.gradient()["w"][0].circuit.get_variables() == ["a", "b"]


def test_hadamard_test_adds_a_qubit_in_front():
    (job,) = job_of(gate("RX", 1, parameters=[A])).differentiate("a", "h-test")
    names = [(name, qubits) for name, _, qubits in job.circuit.iterate_simple()]
    assert names == [("H", [0]), ("RX", [2]), ("CNOT", [0, 2])]
    assert (job.circuit.nbqbits, job.observable.nbqbits, job.qubits) == (4, 4, [0, 1, 2, 3])
    assert job.circuit.qregs[0].length == 4


def test_boxes_are_differentiated_inside():
    body = tape_of([gate("RX", 0, parameters=[2 * A])], 1)
    job = job_of(*spread(), Row(0, GateForm(body_record("BOX", 1, body), 1), (), (0, 1), None))
    assert len(job.differentiate("a")) == 4
    assert derivative(job, "a") == pytest.approx(finite_difference(job, "a"), abs=1e-7)


@pytest.mark.parametrize("method", METHODS)
def test_conditional_rotations_stay_conditional(method):
    rotation = gate("RX", 0, parameters=[A])._replace(kind=4, classical=Classical((0,)))
    circuit = Circuit.from_tape(tape_of([rotation], 3, 1))
    for job in circuit.to_job(observable=OBSERVABLE).differentiate("a", method):
        kinds = [op.type for op in job.circuit.ops]
        assert kinds == [0, 4, 4] if method == "h-test" else kinds == [4]


def test_a_variable_that_cancels_out():
    job = job_of(gate("RX", 0, parameters=[A - A + B]), gate("RZ", 1, parameters=[A]))
    assert derivative(job, "a") == pytest.approx(finite_difference(job, "a"), abs=1e-7)


# ---------------------------------------------------------------- errors


def test_only_observable_jobs_of_circuits():
    job = Circuit.from_tape(tape_of([gate("RX", 0, parameters=[A])], 3)).to_job()
    for call in (lambda: job.differentiate("a"), job.gradient):
        with pytest.raises(QPUException, match="only jobs of type OBS can be differentiated") as info:
            call()
        assert info.value.code == ErrorType.INVALID_ARGS
    analog = job_of(gate("H", 0))
    analog.circuit = None
    with pytest.raises(QPUException, match="only jobs with a circuit"):
        analog.differentiate("a")


def test_unknown_variable_method_and_option():
    job = job_of(gate("RX", 0, parameters=[A]))
    with pytest.raises(ValueError, match=r"w\.r\.t zzz\. Unknown variable: the job has a"):
        job.differentiate("zzz")
    with pytest.raises(ValueError, match=r"Unknown differential method foo\. Possible methods are shift-rule, h-test"):
        job.differentiate("a", "foo")
    with pytest.raises(TypeError, match=r"Unknown options \['foo'\]"):
        job.differentiate("a", foo=1)


@pytest.mark.parametrize("method", METHODS)
def test_gates_without_a_rule(method):
    record = GateRecord(name="FOO", arity=1, parameters=(float,))
    job = job_of(Row(0, GateForm(record), (A,), (0,), None), gate("RX", 0, parameters=[B]))
    with pytest.raises(
        ValueError, match=r"Can't differentiate gate FOO: only PH, RZ, RX, RY .* Give it an implementation"
    ):
        job.differentiate("a", method)
    assert len(job.differentiate("b")) == 2


def test_generators_with_other_frequencies_have_no_rule():
    record = GateRecord(name="W", arity=1, parameters=(float,), generator=np.diag([0, 3.0]))
    with pytest.raises(ValueError, match=r"No shift rule for gate W, which has frequencies \[3.0\]"):
        shift_rule(GateForm(record))
    constant = GateRecord(name="G", arity=1, parameters=(float,), generator=np.eye(2))
    assert shift_rule(GateForm(constant)) == ()
