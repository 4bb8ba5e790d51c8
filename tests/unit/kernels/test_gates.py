"""Every record of the gate table against its textbook matrix, and against what else the record says."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.kernels.gates import GATES, FixedMatrix, GateForm, GateRecord, Inverse, matrix_gate
from tests.oracle import controlled, gate_matrix, unitary
from tests.unit.kernels.circuits import angles, haar

PARAMETRIC = [record for record in GATES.values() if record.parameters]
each_record = pytest.mark.parametrize("record", GATES.values(), ids=list(GATES))
each_rotation = pytest.mark.parametrize("record", PARAMETRIC, ids=[record.name for record in PARAMETRIC])
ANGLES = (0.0, 0.3, -1.7, np.pi, 5.0)


def samples(record: GateRecord) -> list[tuple[float, ...]]:
    """Parameters to try a record with."""
    return [(angle,) for angle in ANGLES] if record.parameters else [()]


def close(one, other) -> bool:
    return np.allclose(one, other, rtol=0, atol=1e-12)


def test_the_table_has_the_published_names_in_the_published_order():
    assert [*GATES] == [
        "X",
        "Y",
        "Z",
        "H",
        "CNOT",
        "CSIGN",
        "ISWAP",
        "SQRTSWAP",
        "I",
        "SWAP",
        "CCNOT",
        "S",
        "T",
        "PH",
        "RZ",
        "RX",
        "RY",
    ]
    assert [record.name for record in PARAMETRIC] == ["PH", "RZ", "RX", "RY"]


@each_record
def test_matrix_is_the_textbook_one_and_unitary(record):
    for parameters in samples(record):
        matrix = record.matrix(*parameters)
        assert matrix.shape == (2**record.arity,) * 2 and matrix.dtype == np.complex128
        assert close(matrix, gate_matrix(record.name, parameters))
        assert close(matrix @ matrix.conj().T, np.eye(len(matrix)))


@each_record
def test_inverse(record):
    for parameters in samples(record):
        form, opposite = GateForm(record).inverted(parameters)
        assert close(form.full_matrix(*opposite), record.matrix(*parameters).conj().T)
        assert form.is_dag == (record.inverse is Inverse.MARK)


@each_record
def test_inverting_twice_gives_the_gate_back(record):
    for parameters in samples(record):
        form, opposite = GateForm(record, 1, is_conj=True).inverted(parameters)
        assert form.inverted(opposite) == (GateForm(record, 1, is_conj=True), parameters)


@each_record
def test_symmetric_flag(record):
    matrices = [record.matrix(*parameters) for parameters in samples(record)]
    assert record.is_symmetric == all(close(matrix, matrix.T) for matrix in matrices)


@each_record
def test_decomposition_is_exact(record):
    if record.decomposition:
        steps = [(step.name, step.angles_rad, step.qubits) for step in record.decomposition]
        assert close(unitary(steps, record.arity), record.matrix())


@each_record
def test_every_larger_constant_gate_has_a_decomposition(record):
    assert bool(record.decomposition) == (record.arity > 1)
    assert all(GATES[step.name].arity <= 2 for step in record.decomposition)


@each_record
def test_controlled_gives_the_same_matrix(record):
    inner, nb_controls = GateForm(record).kernel
    assert (nb_controls > 0) == (record.name in {"CNOT", "CSIGN", "CCNOT"}) == (record.controlled is not None)
    assert close(
        GateForm(inner.record, nb_controls).full_matrix(*samples(record)[0]), record.matrix(*samples(record)[0])
    )


@each_record
def test_label_and_summary(record):
    assert record.label and record.summary.endswith(".")


@each_rotation
def test_generator(record):
    for angle in ANGLES:
        levels, vectors = np.linalg.eigh(record.generator)
        expected = vectors @ np.diag(np.exp(-1j * angle * levels)) @ vectors.conj().T
        assert close(record.matrix(angle), expected)


@each_record
def test_only_gates_of_one_angle_have_a_generator(record):
    assert (record.generator is not None) == bool(record.parameters)


@each_rotation
def test_arrays_of_angles_give_arrays_of_matrices(record):
    stack = record.matrix(np.array(ANGLES))
    assert stack.shape == (len(ANGLES), 2, 2)
    assert all(close(matrix, record.matrix(angle)) for matrix, angle in zip(stack, ANGLES, strict=True))


@each_record
def test_constant_matrices_cannot_be_changed(record):
    if not record.parameters:
        with pytest.raises(ValueError, match="read-only"):
            record.matrix()[0, 0] = 3


@given(
    name=st.sampled_from([*GATES]),
    nb_controls=st.integers(0, 2),
    marks=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    angle=angles,
)
def test_forms_have_the_matrix_their_syntax_says(name, nb_controls, marks, angle):
    form = GateForm(GATES[name], nb_controls, *marks)
    parameters = (angle,) * form.record.nb_parameters
    expected = gate_matrix(form.syntax, parameters)
    assert close(form.full_matrix(*parameters), expected)
    inverse, opposite = form.inverted(parameters)
    assert close(inverse.full_matrix(*opposite), expected.conj().T)
    assert close(form.transposed().full_matrix(*parameters), expected.T)
    assert close(form.conjugated().full_matrix(*parameters), expected.conj())
    assert close(form.control().full_matrix(*parameters), controlled(expected))
    inner, total = form.kernel
    assert close(GateForm(inner.record, total, *marks).full_matrix(*parameters), expected)


@pytest.mark.parametrize(
    ("name", "nb_controls", "syntax"),
    [
        ("X", 1, "CNOT"),
        ("X", 2, "C-C-X"),
        ("X", 3, "C-C-C-X"),
        ("CNOT", 1, "CCNOT"),
        ("CNOT", 2, "C-C-CNOT"),
        ("CCNOT", 1, "C-CCNOT"),
        ("Z", 1, "CSIGN"),
        ("Z", 2, "C-C-Z"),
        ("CSIGN", 1, "C-CSIGN"),
        ("Y", 1, "C-Y"),
        ("RX", 1, "C-RX"),
    ],
)
def test_controls_are_named_as_published(name, nb_controls, syntax):
    assert GateForm(GATES[name]).control(nb_controls).syntax == syntax


def test_marked_gates_and_namesakes_keep_their_controls():
    assert GateForm(GATES["X"], is_conj=True).control().syntax == "C-S-X"
    namesake = matrix_gate(np.eye(2), name="X")
    assert GateForm(namesake).control().record is namesake


def test_syntax_shows_marks_from_the_outside_in():
    assert GateForm(GATES["T"], 2, is_dag=True, is_trans=True, is_conj=True).syntax == "C-C-S-T-D-T"


def test_a_gate_given_by_its_matrix():
    matrix = haar(2, 7)
    record = matrix_gate(matrix)
    assert (record.name, record.arity, record.parameters) == ("CustomGate", 2, ())
    assert record == matrix_gate(matrix.copy()) and hash(record) == hash(matrix_gate(matrix))
    assert record != matrix_gate(matrix.conj()) and record != matrix_gate(matrix, name="U")
    assert close(GateForm(record, is_dag=True).full_matrix(), matrix.conj().T)


def test_a_gate_without_matrix_has_none_in_any_form():
    record = GateRecord(name="FOO", arity=1, parameters=(float,))
    assert GateForm(record).matrices(0.1) is None and GateForm(record, 1).full_matrix(0.1) is None


def test_a_fixed_matrix_follows_the_shape_of_its_parameters():
    fixed = FixedMatrix(np.eye(2))
    assert fixed(0.3).shape == (2, 2) and fixed(np.zeros(3), 1.0).shape == (3, 2, 2)


def test_records_survive_pickle_and_copies():
    for duplicate in (pickle.loads(pickle.dumps(GATES["RX"])), copy.deepcopy(GATES["RX"])):
        assert duplicate is GATES["RX"]
    record = matrix_gate(haar(1, 3), name="U")
    again = pickle.loads(pickle.dumps(GateForm(record, 1, is_dag=True)))
    assert again == GateForm(record, 1, is_dag=True) and close(again.record.matrix(), record.matrix())


def test_a_namesake_of_a_predefined_gate_survives_pickle():
    namesake = matrix_gate(haar(1, 3), name="H")
    again = pickle.loads(pickle.dumps(namesake))
    assert again == namesake and again != GATES["H"]
