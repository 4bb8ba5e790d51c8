"""AnalogQPU against formulas, dense exponentials, and its own limits."""

import numpy as np
import pytest
from scipy.linalg import expm

from qat.core import Batch, Job, Observable, Schedule, Term, Variable
from qat.core.errors import ErrorType, QPUException
from qat.core.variables import heaviside
from qat.kernels.control import RunControl
from qat.lang.AQASM import Program
from qat.plugins import ScipyMinimizePlugin
from qat.qpus import AnalogQPU, analog

T = Variable("t")
X, Y, Z = (Observable(1, pauli_terms=[Term(1.0, letter, [0])]) for letter in "XYZ")


def amplitudes(schedule, **options):
    result = AnalogQPU(**options).submit(schedule.to_job(amp_threshold=0.0))
    vector = np.zeros(1 << schedule.nbqbits, complex)
    for sample in result:
        vector[sample.state.int] = sample.amplitude
    return vector


def test_rabi_oscillation_with_detuning():
    omega, delta = 1.3, 0.7
    effective = np.hypot(omega, delta)
    for tmax in (0.0, 0.4, 3.0, 20.0):
        schedule = Schedule([(omega / 2, X), (delta / 2, Z)], tmax=tmax)
        expected = (omega / effective * np.sin(effective * tmax / 2)) ** 2
        assert abs(amplitudes(schedule)[1]) ** 2 == pytest.approx(expected, abs=1e-6)


def test_a_changing_field_turns_by_its_area():
    schedule = Schedule([(3 * T**2, X)], tmax=0.8)
    angle = 0.8**3
    assert amplitudes(schedule) == pytest.approx([np.cos(angle), -1j * np.sin(angle)], abs=1e-6)


def test_several_qubits_like_the_dense_exponential():
    rng = np.random.default_rng(4)
    terms = [
        Term(
            float(rng.normal()), "".join(rng.choice(list("XYZ"), 2)), sorted(map(int, rng.choice(3, 2, replace=False)))
        )
        for _ in range(6)
    ]
    observable = Observable(3, pauli_terms=terms, constant_coeff=0.3)
    initial = rng.normal(size=8) + 1j * rng.normal(size=8)
    initial /= np.linalg.norm(initial)
    job = Schedule(observable, tmax=1.7).to_job(psi_0=initial, amp_threshold=0.0)
    found = np.array([sample.amplitude for sample in AnalogQPU().submit(job)])
    assert found == pytest.approx(expm(-1.7j * observable.to_matrix(sparse=False)) @ initial, abs=1e-6)


def test_qubit_0_is_the_first_letter():
    result = AnalogQPU().submit(Schedule(Observable.sigma_x(0, 3), tmax=np.pi / 2).to_job(psi_0="010"))
    assert [(s.state.bitstring, round(s.probability, 6)) for s in result if s.probability > 1e-9] == [("110", 1.0)]


def test_pulses_one_after_the_other_and_short_ones():
    half = Schedule(X, tmax=np.pi / 4)
    assert abs(amplitudes(half | half)[1]) == pytest.approx(1, abs=1e-5)
    short = Schedule([(heaviside(T, 7.0, 7.3), X)], tmax=10.0)
    assert abs(amplitudes(short)[1]) ** 2 == pytest.approx(np.sin(0.3) ** 2, abs=1e-5)


def test_time_within_the_observable():
    ramp = Observable(1, pauli_terms=[Term(T, "X", [0]), Term(0.4, "Z", [0]), Term(0.2, "X", [0])], constant_coeff=2.0)
    apart = Schedule([(T + 0.2, X), (0.4, Z)], tmax=1.5)
    found, expected = amplitudes(Schedule(ramp, tmax=1.5)), amplitudes(apart)
    assert abs(np.vdot(found, expected)) == pytest.approx(1, abs=1e-6)
    assert found == pytest.approx(np.exp(-3j) * expected, abs=1e-6)


def test_slow_annealing_finds_the_ground_state():
    nb = 4
    drive = sum(Observable.sigma_x(i, nb) for i in range(nb))
    cost = sum(
        Observable.sigma_z(i, nb) * Observable.sigma_z(i + 1, nb) for i in range(nb - 1)
    ) + 0.3 * Observable.sigma_z(0, nb)
    ramp = T / 40.0
    schedule = Schedule([(-(1 - ramp), drive), (ramp, cost)], tmax=40.0)
    result = AnalogQPU(seed=1).submit(schedule.to_job(psi_0="++++", nbshots=200))
    best = max(result, key=lambda sample: sample.probability)
    assert best.state.bitstring == "1010"
    assert best.probability > 0.8
    assert result.meta_data["nbshots"] == "200"


def test_observables_and_qubits():
    schedule = Schedule([(1.0, X)], tmax=0.3)
    exact = AnalogQPU().submit(schedule.to_job(observable=Z))
    assert exact.value == pytest.approx(np.cos(0.6), abs=1e-6)
    shots = AnalogQPU(seed=2).submit(schedule.to_job(observable=Z, nbshots=4000))
    assert abs(shots.value - np.cos(0.6)) < 5 * shots.error
    two = Schedule([(1.0, Observable.sigma_x(1, 2))], tmax=np.pi / 2)
    assert AnalogQPU().submit(two.to_job(qubits=[1]))[0].state.bitstring == "1"


def test_seeds_repeat():
    job = Schedule(X, tmax=0.8).to_job(nbshots=500)
    assert AnalogQPU(seed=3).submit(job) == AnalogQPU(seed=3).submit(job)


def test_a_job_is_left_as_it_is():
    job = Schedule(X, tmax=0.8).to_job(nbshots=5)
    before = repr(job)
    AnalogQPU().submit(job)
    assert repr(job) == before


def test_more_shots_of_one_job_need_no_more_evolution(monkeypatch):
    nb_evolutions = []
    evolved = analog.evolved
    monkeypatch.setattr(analog, "evolved", lambda *parts: nb_evolutions.append(1) or evolved(*parts))
    qpu, schedule = AnalogQPU(seed=1), Schedule([(T, X)], tmax=1.0)
    for job in (schedule.to_job(nbshots=5), schedule.to_job(nbshots=7), schedule.to_job(observable=Z)):
        qpu.submit(job)
    assert len(nb_evolutions) == 1
    turned = qpu.submit(schedule.to_job(psi_0="1", observable=Z)).value
    schedule.tmax = 2.0
    longer = qpu.submit(schedule.to_job(psi_0="1", observable=Z)).value
    assert (turned, longer) == (pytest.approx(-np.cos(1.0), abs=1e-6), pytest.approx(-np.cos(4.0), abs=1e-6))
    assert len(nb_evolutions) == 3


def circuit_job():
    program = Program()
    program.qalloc(1)
    return program.to_circ().to_job()


@pytest.mark.parametrize(("job", "code", "message"), [
    (circuit_job(), ErrorType.INVALID_ARGS, "this job has none"),
    (Job(schedule=Schedule([(Variable("omega"), X)])), ErrorType.INVALID_ARGS, "Variables without values: omega"),
    (Schedule(X, tmax=-1.0).to_job(), ErrorType.INVALID_ARGS, "lasts -1.0"),
    (Schedule([(1j, X)], tmax=1.0).to_job(), ErrorType.NOT_SIMULATABLE, "make the Hamiltonian Hermitian"),
    (Schedule([(1 / T, X)], tmax=1.0).to_job(), ErrorType.NOT_SIMULATABLE, "no evolution"),
    (Schedule(sum(Observable.sigma_x(i, 40) for i in range(40))).to_job(), ErrorType.INSUFFICIENT_RESOURCES, "memory"),
    (Schedule(Z, gamma_t=1 - T).to_job(), ErrorType.INVALID_ARGS, "gamma_t"),
])  # fmt: skip
def test_jobs_that_make_no_sense(job, code, message):
    with pytest.raises(QPUException) as raised:
        AnalogQPU().submit(job)
    assert raised.value.code == code
    assert message in raised.value.message


def test_tolerances_that_make_no_sense():
    with pytest.raises(ValueError, match="tolerance is 0"):
        AnalogQPU(tolerance=0)


def test_cancelling_and_progress():
    heard = []
    job = Schedule([(T, X), (1.0, Z)], tmax=40.0).to_job()

    def on_progress(fraction):
        heard.append(fraction)
        control.cancel()

    control = RunControl(on_progress)
    with control, pytest.raises(QPUException) as raised:
        AnalogQPU(tolerance=1e-13).submit(job)
    assert raised.value.code == ErrorType.ABORT
    assert len(heard) == 1
    assert 0 < heard[0] < 1


def test_a_pulse_is_tuned_and_time_is_no_parameter():
    area = Variable("area")
    job = Schedule([(area * 2 * T, X)], tmax=1.0).to_job(observable=Z)
    result = (ScipyMinimizePlugin(method="COBYLA", x0=[1.0]) | AnalogQPU()).submit(job)
    assert set(result.parameter_map) == {"area"}
    assert result.parameter_map["area"] == pytest.approx(np.pi / 2, abs=1e-2)
    batch = (ScipyMinimizePlugin(method="COBYLA", x0=[1.0]) | AnalogQPU()).submit(Batch([job, job]))
    assert set(batch.results[0].parameter_map) == {"area"}


def test_a_schedule_without_parameters_is_only_run():
    job = Schedule([(T, X)], tmax=1.0).to_job(observable=Z)
    assert (ScipyMinimizePlugin() | AnalogQPU()).submit(job).value == pytest.approx(np.cos(1.0), abs=1e-6)
