"""Whatever is encoded comes back equal."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qat.comm.wire import decode, encode
from qat.comm.wire.codec import KINDS
from qat.comm.wire.values import pack_value, unpack_value
from qat.core import Batch, Circuit, Job, Observable, Result, Schedule, Term
from qat.core.errors import QPUException, WireError
from qat.core.gate_set import default_gate_set
from qat.core.variables import ArithExpression, Symbol, Variable
from qat.kernels.gates import GATES, GateForm, GateRecord, matrix_gate
from qat.kernels.tape import TapeBuilder
from qat.kernels.tape_algebra import body_record, hashable, opened, same_operations

from .values import ALL, VALUES, WAIT, circuits, jobs, results, wait_matrix

FEW = settings(max_examples=40, suppress_health_check=list(HealthCheck))


def returned(value):
    return decode(encode(value), type(value))


def test_every_kind_has_a_strategy():
    assert {kind.name for kind in KINDS} == set(ALL)
    assert len({kind.number for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("name", [name for name in ALL if name not in ("Circuit", "Job", "Batch")])
@FEW
@given(data=st.data())
def test_values_come_back_equal(name, data):
    value = data.draw(ALL[name])
    assert returned(value) == value
    assert encode(returned(value)) == encode(value)


def comparable(operation):
    """An operation of ``iterate_simple`` with its parameters in a form that compares."""
    name, parameters, *rest = operation
    return name, list(map(hashable, parameters)) if isinstance(parameters, list) else parameters, rest


def assert_same_circuit(circuit, other):
    """Equality of circuits, by what their gates do rather than by how their matrices are computed."""
    tape, returned_tape = circuit.tape, other.tape
    assert (other.name, other.nbqbits, other.nbcbits, len(other)) == (
        circuit.name,
        circuit.nbqbits,
        circuit.nbcbits,
        len(circuit),
    )
    assert list(map(comparable, other.iterate_simple(depth=0))) == list(
        map(comparable, circuit.iterate_simple(depth=0))
    )
    for row, other_row in zip(opened(tape).rows(), opened(returned_tape).rows(), strict=True):
        assert (row.kind, row.qubits, row.classical) == (other_row.kind, other_row.qubits, other_row.classical)
        assert row.form is None or row.form.syntax == other_row.form.syntax
    assert [(r.length, r.start, r._subtype_metadata) for r in other.qregs] == [
        (r.length, r.start, r._subtype_metadata) for r in circuit.qregs
    ]
    assert list(other.gate_set) == list(circuit.gate_set)
    for name in ("ancilla_map", "var_dic", "has_matrices"):
        assert getattr(other, name) == getattr(circuit, name)


@FEW
@given(circuits())
def test_circuits_come_back_the_same(circuit):
    assert_same_circuit(circuit, returned(circuit))
    assert encode(returned(circuit)) == encode(circuit)


@FEW
@given(jobs())
def test_jobs_come_back_the_same(job):
    other = returned(job)
    for name in ("schedule", "observable", "type", "qubits", "nbshots", "aggregate_data", "amp_threshold", "meta_data"):
        assert getattr(other, name) == getattr(job, name), name
    assert other.parameter_map == job.parameter_map
    assert np.array_equal(other.psi_0, job.psi_0)
    assert other.get_variables() == job.get_variables()
    if job.circuit is not None:
        assert_same_circuit(job.circuit, other.circuit)


@settings(FEW, max_examples=20)
@given(ALL["Batch"])
def test_batches_share_what_they_shared(batch):
    other = returned(batch)
    assert len(other) == len(batch) and (other.meta_data or {}) == (batch.meta_data or {})
    for name in ("circuit", "schedule", "observable"):
        kept, found = (
            [id(getattr(job, name)) for job in jobs if getattr(job, name) is not None] for jobs in (batch, other)
        )
        assert len(set(kept)) == len(set(found))


@given(VALUES)
def test_plain_values_come_back_equal(value):
    assert unpack_value(pack_value(value, "value")) == value


@FEW
@given(results())
def test_results_stay_in_columns_until_looked_at(result):
    other = returned(result)
    if other.columns is not None:
        assert len(other) == len(result)
        assert other.columns is not None


# ---------------------------------------------------------------- numbers to the last bit


@given(st.floats())
def test_parameters_come_back_to_the_last_bit(angle):
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(GATES["RX"])), [0], [angle])
    circuit = Circuit.from_tape(builder.tape(1))
    assert returned(circuit).tape.parameters.tobytes() == circuit.tape.parameters.tobytes()


def test_numbers_of_numpy_become_those_of_python():
    result = returned(Result(value=np.float64(0.1), parameter_map={"a": np.int64(3)}))
    assert (type(result.value), result.value, type(result.parameter_map["a"])) == (float, 0.1, int)


@pytest.mark.parametrize("number", [2**63, -(2**63), 2**64 - 1, 2**64, -(2**63) - 1, 2**5000])
def test_integers_of_any_size(number):
    assert unpack_value(pack_value(number, "x")) == number


# ---------------------------------------------------------------- gates


def circuit_with(*rows, nb_qubits=2):
    builder = TapeBuilder()
    for form, qubits, *parameters in rows:
        builder.gate(builder.form(form if isinstance(form, GateForm) else GateForm(form)), qubits, parameters)
    return Circuit.from_tape(builder.tape(nb_qubits))


def test_predefined_gates_come_back_as_themselves():
    circuit = returned(
        circuit_with(
            *((record, range(record.arity), *[0.5] * record.nb_parameters) for record in GATES.values()), nb_qubits=3
        )
    )
    assert [form.record for form in circuit.tape.forms] == list(GATES.values())
    assert all(GATES[form.record.name] is form.record for form in circuit.tape.forms)


def test_matrices_travel():
    matrix = np.array([[0, 1j], [1j, 0]])
    record = returned(circuit_with((matrix_gate(matrix), [0]))).tape.forms[0].record
    assert np.array_equal(record.matrix(), matrix) and record == matrix_gate(matrix)


def test_computed_matrices_travel_for_the_values_in_use():
    circuit = returned(
        circuit_with((WAIT, [0], 0.25), (GateForm(WAIT, 1, is_dag=True), [0, 1], 0.75), (WAIT, [1], 0.25))
    )
    plain, controlled = circuit.tape.forms
    assert np.allclose(plain.matrices(0.25), wait_matrix(0.25))
    assert np.allclose(controlled.matrices(0.75), wait_matrix(0.75).conj())
    assert np.allclose(plain.matrices(np.array([0.25, 0.75])), [wait_matrix(0.25), wait_matrix(0.75)])
    with pytest.raises(ValueError, match=r"WAIT is not known for \(0.5,\).*Bind the circuit before sending"):
        plain.matrices(0.5)
    assert np.allclose(returned(circuit).tape.forms[0].matrices(0.25), wait_matrix(0.25))


def test_a_computed_matrix_of_an_unbound_parameter_stays_behind():
    record = returned(circuit_with((WAIT, [0], Variable("a")))).tape.forms[0].record
    with pytest.raises(ValueError, match="travelled for None"):
        record.matrix(0.5)


def test_gates_in_boxes_keep_their_matrices():
    body = circuit_with((WAIT, [0], 0.5), (GATES["CNOT"], [0, 1])).tape
    outer = body_record("OUTER", 1, circuit_with((body_record("BOX", 2, body), [1, 0])).tape)
    circuit = circuit_with((outer, [0]), (WAIT, [0], 0.75))
    flat = returned(circuit).flat_tape
    assert [row.form.syntax for row in flat.rows()] == ["WAIT", "CNOT", "WAIT"]
    assert [row.qubits for row in flat.rows()] == [row.qubits for row in circuit.flat_tape.rows()]
    matrices = [row.form.full_matrix(*row.parameters) for row in flat.rows()]
    assert np.allclose(matrices[0], wait_matrix(0.5)) and np.allclose(matrices[2], wait_matrix(0.75))


def test_gates_known_by_name_alone_travel():
    circuit = circuit_with(
        (GateRecord(name="ORACLE", arity=2, parameters=(int, str), identity=("ORACLE",)), [1, 0], 3, "f")
    )
    assert list(returned(circuit).iterate_simple()) == [("ORACLE", [3, "f"], [1, 0])]


def test_expressions_shared_by_many_gates_travel_once():
    angle = 2 * Variable("a") + 1
    circuit = circuit_with(*[(GATES["RX"], [0], angle)] * 50)
    other = returned(circuit)
    assert other.tape.expressions == (angle,) and same_operations(other.tape, circuit.tape)
    assert other(a=0.5).tape.parameters.tolist() == [2.0] * 50


def test_types_of_variables_travel():
    circuit = circuit_with((GATES["RX"], [0], Variable("n", int) * 0.5))
    (variable,) = [child for child in returned(circuit).tape.expressions[0].children if hasattr(child, "name")]
    assert variable.type is int


def test_symbols_of_ones_own_travel_by_name():
    modulo = Symbol("modulo_of_tests", lambda left, right: left % right, 2)
    expression = ArithExpression(modulo, Variable("a"), 3)
    other = returned(circuit_with((GATES["RX"], [0], expression)))
    assert other(a=5.0).tape.parameters.tolist() == [2.0]


def test_a_circuit_edited_gate_by_gate_travels():
    circuit = circuit_with((GATES["H"], [0]), (GATES["RX"], [1], 0.5))
    circuit.ops[0].qbits[0] = 1
    assert list(returned(circuit).iterate_simple()) == [("H", [], [1]), ("RX", [0.5], [1])]


def test_the_per_gate_view_looks_the_same_afterwards():
    circuit = circuit_with((GateForm(GATES["RX"], 1), [0, 1], 0.5), (GATES["T"], [0]))
    other = returned(circuit)
    assert other.ops == circuit.ops and other.gateDic == circuit.gateDic


# ---------------------------------------------------------------- jobs, observables, results in particular


def test_subclasses_travel_as_the_published_class():
    class Hamiltonian(Observable):
        pass

    hamiltonian = Hamiltonian(1, pauli_terms=[Term(2.0, "X", [0])])
    assert decode(encode(hamiltonian), Observable).terms == [Term(2.0, "X", [0])]
    assert type(Hamiltonian.from_bytes(hamiltonian.to_bytes())) is Hamiltonian


def test_the_payload_of_a_vendor_is_untouched():
    schedule = Schedule(drive=Observable.sigma_x(0, 1), tmax=1.0)
    schedule._other = bytes(range(256))
    assert returned(schedule.to_job(nbshots=3)).schedule._other == bytes(range(256))


def test_job_of_a_circuit_defaults():
    job = returned(circuit_with((GATES["H"], [0])).to_job())
    assert (job.qubits, job.nbshots, job.type, job.aggregate_data, job.amp_threshold) == ([0, 1], 0, 0, True, 2**-40)


def test_wide_states_travel():
    result = Result.from_arrays([2**99 + 1, 3], probabilities=[0.5, 0.5], nbqbits=100)
    assert [sample.state.int for sample in returned(result)] == [2**99 + 1, 3]


def test_exceptions_come_back_as_their_class():
    class Special(QPUException):
        pass

    assert decode(encode(Special(1, "m", "text", "f", 3)), QPUException) == QPUException(1, "m", "text", "f", 3)


def test_a_predefined_gate_set_has_its_matrices_again():
    circuit = Circuit.from_tape(TapeBuilder().tape(1), gate_set=default_gate_set())
    assert np.allclose(returned(circuit).gate_set["RX"].get_matrix(0.5), default_gate_set()["RX"].get_matrix(0.5))


# ---------------------------------------------------------------- what cannot travel


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object(), "a object cannot be sent"),
        (Result(value=object()), "value is a object, which cannot be sent"),
        (Result(meta_data={1: "x"}), "meta_data has the key 1"),
        (Result(value=np.array(["a"])), "an array of <U1 cannot be sent"),
        (circuit_with((GateRecord(name="G", arity=1, identity="G"), [0], {1, 2})), "a gate parameter is a set"),
        (Result(meta_data={"a": "\ud800"}), "has a field that cannot be sent"),
    ],
)
def test_what_cannot_travel_is_named(value, message):
    with pytest.raises(WireError, match=message):
        encode(value)


def test_boxes_nested_without_end_are_refused():
    record = GATES["H"]
    for _ in range(150):
        record = body_record("BOX", 1, circuit_with((record, [0]), nb_qubits=1).tape)
    with pytest.raises(WireError, match="nested more than"):
        encode(circuit_with((record, [0])))


def test_an_empty_batch_travels():
    assert len(returned(Batch([]))) == 0


def test_job_without_circuit_travels():
    assert returned(Job(nbshots=3)).nbshots == 3
