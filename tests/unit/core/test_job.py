"""Jobs and batches: fields, checks, binding, evaluation."""

import copy
import pickle

import numpy as np
import pytest

from qat.core import Batch, Circuit, Job, Observable, Schedule, Term, Variable
from qat.core.plugins import AbstractPlugin
from qat.core.qpu import QPUHandler
from qat.core.records import QRegister
from qat.core.wrappers.result import Result
from qat.kernels.gates import GATES, GateForm
from qat.kernels.tape import Row
from qat.kernels.tape_algebra import tape_of
from qat.qpus import PyLinalg

A, B = Variable("a"), Variable("b")
Z = Observable.sigma_z(0, 2)


def circuit(nb_qubits=2, angle=A) -> Circuit:
    row = Row(0, GateForm(GATES["RX"]), (angle,), (0,), None)
    return Circuit.from_tape(tape_of([row], nb_qubits))


class Echo(QPUHandler):
    """Answers with what it was sent."""

    def submit_job(self, job):
        self.job = job
        return Result(value=float(len(job.get_variables())))


# ---------------------------------------------------------------- fields


def test_defaults_of_a_circuits_job():
    job = circuit().to_job()
    assert (job.type, job.qubits, job.nbshots, job.aggregate_data, job.amp_threshold) == (0, [0, 1], 0, True, 2**-40)
    assert job.threshold == 2**-80 and job.circuit is not None and job.nbqbits == 2
    assert (job.observable, job.schedule, job.psi_0, job.meta_data, job.parameter_map) == (None, None, None, None, {})


def test_an_empty_job():
    job = Job()
    assert (job.type, job.nbshots, job.qubits, job.nbqbits, job.threshold) == (0, None, None, None, 0.0)
    assert job.get_variables() == [] and job == Job() and repr(job).startswith("Job(circuit=None")


@pytest.mark.parametrize("job_type", ["SAMPLE", "FOO", "obs", None, 1])
def test_unknown_job_types_sample(job_type):
    assert circuit().to_job(job_type).type == 0


def test_an_observable_makes_it_an_observable_job():
    assert circuit().to_job(observable=Z).type == 1 == circuit().to_job("SAMPLE", observable=Z).type
    assert circuit().to_job("OBS", observables=[Z]).type == 1
    assert Job(circuit=circuit(), observable=Z).type == 1


def test_an_observable_job_needs_one():
    for make in (lambda: circuit().to_job("OBS"), lambda: Job(circuit=circuit(), type=1)):
        with pytest.raises(ValueError, match="did not supply any observable! Give observable="):
            make()


def test_small_observables_grow_and_large_ones_are_refused():
    small = Observable.sigma_z(0, 1)
    assert circuit().to_job(observable=small).observable.nbqbits == 2 and small.nbqbits == 1
    same = Observable.sigma_z(1, 2)
    assert circuit().to_job(observable=same).observable is same
    with pytest.raises(
        ValueError, match=r"circuit \(2\) is different from that of the observable \(3\): .*not be larger"
    ):
        circuit().to_job(observable=Observable.sigma_z(2, 3))


@pytest.mark.parametrize(
    ("qubits", "expected"),
    [
        ([1, 0], [1, 0]),
        (1, [1]),
        ([], []),
        (np.array([2, 1]), [2, 1]),
        (QRegister(2, 1), [1, 2]),
        ([QRegister(1, 2), QRegister(1, 0)], [2, 0]),
        ([[0], [2]], [0, 2]),
    ],
)
def test_qubits_to_measure(qubits, expected):
    assert circuit(3).to_job(qubits=qubits).qubits == expected


@pytest.mark.parametrize(
    ("qubits", "message"),
    [
        ([5], r"out of bound: cannot measure qubits \[5\] of a circuit of 2: choose among 0 to 1"),
        ([-1], r"cannot measure qubits \[-1\]"),
        ([0, 0], r"Cannot measure qubits \[0, 0\], where one is repeated"),
        ("01", "'01' is no list of qubits"),
    ],
)
def test_wrong_qubits_to_measure(qubits, message):
    with pytest.raises(ValueError, match=message):
        circuit().to_job(qubits=qubits)


@pytest.mark.parametrize("nbshots", [-1, 1.5, "3", True])
def test_wrong_numbers_of_shots(nbshots):
    with pytest.raises(ValueError, match=r"nbshots is .*: give a whole number of shots, or 0 for the exact result"):
        circuit().to_job(nbshots=nbshots)


@pytest.mark.parametrize("nbshots", [7, 7.0, np.int64(7)])
def test_numbers_of_shots_are_integers(nbshots):
    job = circuit().to_job(nbshots=nbshots)
    assert job.nbshots == 7 and type(job.nbshots) is int


def test_no_number_is_zero():
    job = circuit().to_job(nbshots=None, amp_threshold=None)
    assert (job.nbshots, job.amp_threshold) == (0, 0.0)


def test_a_circuit_without_size_or_with_a_strange_angle_makes_no_job():
    with pytest.raises(ValueError, match=r"no number of qubits: set circuit\.nbqbits"):
        Circuit().to_job()
    with pytest.raises(ValueError, match=r"Gate RX on qubits \[0\] has the parameters \[nan\]: give finite"):
        circuit(angle=float("nan")).to_job()


def test_unknown_fields_are_refused():
    for make in (lambda: Job(bar=1), lambda: circuit().to_job(foo=1)):
        with pytest.raises(TypeError, match="unexpected keyword argument"):
            make()


# ---------------------------------------------------------------- initial states


def test_bit_strings():
    assert circuit().to_job(psi_0="+1").psi_0 == "+1"
    for wrong, message in (("0", "got 1 bits in psi_0 .* 2 qubits"), ("02", "expected one of 0, 1, [+] and -")):
        with pytest.raises(ValueError, match=message):
            circuit().to_job(psi_0=wrong)


@pytest.mark.parametrize("state", [[1, 1, 0, 0], np.array([1, 1, 0, 0]), np.array([3.0, 3.0, 0, 0])])
def test_amplitudes_are_normalised(state):
    assert np.allclose(circuit().to_job(psi_0=state).psi_0, [2**-0.5, 2**-0.5, 0, 0])


def test_wrong_states():
    with pytest.raises(ValueError, match=r"must be equal to \(4,\), instead got an array of shape \(2,\)"):
        circuit().to_job(psi_0=np.array([1.0, 0.0]))
    for wrong in ([0, 0, 0, 0], [float("nan"), 0, 0, 1]):
        with pytest.raises(ValueError, match="psi_0 has norm"):
            circuit().to_job(psi_0=wrong)
    with pytest.raises(TypeError, match="must be of type"):
        circuit().to_job(psi_0=3)


def test_the_initial_state_can_be_changed():
    job = circuit().to_job()
    job.psi_0 = "01"
    assert job.psi_0 == "01"
    job.psi_0 = None
    assert job.psi_0 is None
    with pytest.raises(AttributeError):
        job.threshold = 3


# ---------------------------------------------------------------- binding


def test_binding_gives_a_new_job():
    job = circuit().to_job(observable=Observable(2, pauli_terms=[Term(B, "Z", [0])]), meta_data={"k": "v"})
    assert job.get_variables() == ["a", "b"]
    half = job(a=0.5)
    assert (half.get_variables(), half.parameter_map) == (["b"], {"a": 0.5}) and job.get_variables() == ["a", "b"]
    assert half.meta_data is job.meta_data and job.parameter_map == {}
    full = half(b=2)
    assert full.parameter_map == {"a": 0.5, "b": 2} and full.observable.terms[0].coeff == 2
    assert list(full.circuit.iterate_simple()) == [("RX", [0.5], [0])]


def test_binding_a_schedule_and_several_observables():
    job = Schedule(drive=[(A, Observable.sigma_x(0, 1))], tmax=1.0).to_job(observables=[B * Observable.sigma_z(0, 1)])
    assert job.get_variables() == ["a", "b"]
    bound = job(a=0.5, b=2.0)
    assert bound.get_variables() == [] and bound.observables[0].terms[0].coeff == 2.0
    assert bound.circuit is None and bound.schedule.drive[0][0] == 0.5


def test_jobs_of_subclasses_stay_what_they_are():
    class Mine(Job):
        pass

    job = Mine(circuit=circuit())
    job.extra = 3
    assert type(job(a=0.5)) is Mine and job(a=0.5).extra == 3


def test_equality_copies_and_pickles():
    job = circuit().to_job(observable=Z, psi_0=np.array([0, 1.0, 0, 0]), nbshots=3)
    assert job == copy.deepcopy(job) == pickle.loads(pickle.dumps(job))
    assert job != circuit().to_job(observable=Z, nbshots=3) and job != job(a=0.5) and job != 3
    with pytest.raises(TypeError, match="unhashable"):
        hash(job)


def test_shifting_qubits():
    job = circuit().to_job(observable=0.5 * Z + 3)
    job.shift_qbits(2)
    assert (job.circuit.nbqbits, job.qubits, job.observable.nbqbits) == (4, [2, 3], 4)
    (term,) = job.observable.terms
    assert (term.coeff, term.op, term.qbits, job.observable.constant_coeff) == (0.5, "Z", [2], 3)
    analog = Schedule(drive=Observable.sigma_x(0, 1)).to_job(observables=[Observable.sigma_z(0, 1)])
    analog.shift_qbits(1)
    assert analog.observables[0].terms[0].qbits == [1]


# ---------------------------------------------------------------- using


def test_evaluation_binds_in_alphabetical_order_or_by_name():
    qpu = Echo()
    job = circuit(angle=A + B).to_job(observable=Z)
    assert job.eval([0.5, 0.25], qpu) == 0.0 and qpu.job.parameter_map == {"a": 0.5, "b": 0.25}
    assert job.eval({"b": 1.0}, qpu=qpu) == 1.0
    assert job.eval(qpu=qpu) == 2.0
    sampled = circuit(1, 0.5).eval(qpu=PyLinalg())
    assert isinstance(sampled, Result) and [str(sample.state) for sample in sampled] == ["|0>", "|1>"]
    for wrong in ([0.5], [], [1.0, 2.0, 3.0]):
        with pytest.raises(ValueError, match=r"Got \d parameters, expected 2, one for each of \['a', 'b'\]"):
            job.eval(wrong, qpu)


def test_running():
    qpu = Echo()
    assert circuit().to_job().run(qpu).value == 1.0 and circuit().run(qpu, nbshots=3).value == 1.0
    assert qpu.job.nbshots == 3
    with qpu:
        assert circuit().run().value == 1.0 and circuit().eval([0.5]) == 0.0


def test_running_with_meta_data():
    class Keeper(QPUHandler):
        def submit_job(self, job, meta_data):
            self.meta_data = meta_data
            return Result(value=1.0)

    qpu = Keeper()
    circuit().to_job().run(qpu, meta_data={"k": "v"})
    assert qpu.meta_data["k"] == "v"


class Backwards(AbstractPlugin):
    """Inverts circuits, and may repeat the job."""

    def __init__(self, nb_jobs=1):
        super().__init__()
        self.nb_jobs = nb_jobs

    def compile(self, batch, specs):
        job = batch.jobs[0]
        job.circuit = job.circuit.dag()
        return Batch([job] * self.nb_jobs)


def test_compiling():
    expected = [("RX", [-0.5], [0])]
    for stack in (Backwards(), Backwards() | Echo()):
        assert list(circuit(angle=0.5).to_job().compile(stack).circuit.iterate_simple()) == expected
        job = circuit(angle=0.5).compile(stack, nbshots=3)
        assert list(job.circuit.iterate_simple()) == expected and job.nbshots == 3
    batch = circuit().compile(Backwards(2))
    assert isinstance(batch, Batch) and len(batch) == 2


# ---------------------------------------------------------------- batches


def test_batches_are_sequences():
    first, second = circuit().to_job(), circuit(angle=B).to_job(nbshots=3)
    batch = Batch([first, second], {"k": "v"})
    assert len(batch) == 2 and [*batch] == [first, second] and batch[1] is second and batch[:1] == [first]
    assert first in batch and circuit(3).to_job() not in batch
    assert batch.get_variables() == ["a", "b"] and batch.meta_data == {"k": "v"}
    assert batch == Batch([first, second], {"k": "v"}) != Batch([first])
    assert not callable(batch)


def test_batches_add_up():
    job = circuit().to_job()
    both = Batch([job], {"a": "1", "b": "2"}) + Batch([job], {"b": "3"})
    assert len(both) == 2 and both.meta_data == {"a": "1", "b": "3"}
    assert (Batch([job]) + Batch([job])).meta_data is None
    with pytest.raises(TypeError, match="unsupported operand"):
        Batch([job]) + 3


def test_an_empty_batch():
    batch = Batch()
    assert (batch.jobs, batch.meta_data, len(batch), [*batch]) == (None, None, 0, [])
    assert repr(batch) == "Batch(jobs=None, meta_data=None)" and batch == Batch()
    assert pickle.loads(pickle.dumps(Batch([circuit().to_job()]))) == Batch([circuit().to_job()])
