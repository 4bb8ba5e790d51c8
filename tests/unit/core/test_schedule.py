"""Schedules and parameters: composition against the time dependence they stand for, jobs, noise."""

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core import Observable, Parameter, Schedule, Term, Variable
from qat.core.enums import ProcessingType
from qat.core.variables import bound, cos, sin

T, A, B = Variable("t"), Variable("a"), Variable("b")
X, Z = Observable.sigma_x(0, 1), Observable.sigma_z(0, 1)
RAMP = Schedule(drive=[(1, X), (2 * T, Z)], tmax=2.0)


def hamiltonian(schedule: Schedule, time: float, **at: float) -> np.ndarray:
    """Matrix at a time, from the coefficients as they stand."""
    at = {**at, schedule.tname: time}
    parts = [bound(coefficient, at) * obs(**at).to_matrix(sparse=False) for coefficient, obs in schedule.drive]
    return sum(parts, np.zeros((2**schedule.nbqbits,) * 2, complex))


shapes = st.sampled_from([1, 2.5, T, 3 * T, sin(T), cos(2 * T) * T, A, A * T])
durations = st.integers(1, 12).map(lambda quarters: quarters / 4)


@st.composite
def schedules(draw):
    drive = [(draw(shapes), draw(st.sampled_from([X, Z, T * Z, X + Z]))) for _ in range(draw(st.integers(1, 3)))]
    return Schedule(drive, draw(durations))


times = st.integers(0, 40).map(lambda eighths: eighths / 8 + 0.01)


def inside(schedule: Schedule, time: float) -> np.ndarray:
    """The schedule's Hamiltonian within its duration, zero elsewhere."""
    return hamiltonian(schedule, time, a=0.7) * (0 <= time < schedule.tmax)


# ---------------------------------------------------------------- composition
@given(schedules(), schedules(), times)
def test_one_after_the_other(first, second, time):
    both = first | second
    assert both.tmax == first.tmax + second.tmax
    expected = inside(first, time) + inside(second, time - first.tmax)
    assert np.allclose(hamiltonian(both, time, a=0.7), expected)


@given(schedules(), schedules(), times)
def test_together(first, second, time):
    assert (first + second).tmax == (first - second).tmax == max(first.tmax, second.tmax)
    assert np.allclose(hamiltonian(first + second, time, a=0.7), inside(first, time) + inside(second, time))
    assert np.allclose(hamiltonian(first - second, time, a=0.7), inside(first, time) - inside(second, time))


@given(schedules(), durations, times)
def test_shifts(schedule, delay, time):
    assert np.allclose(hamiltonian(schedule >> delay, time, a=0.7), inside(schedule, time - delay))
    assert np.allclose(hamiltonian(schedule << delay, time, a=0.7), inside(schedule, time + delay))
    assert (schedule >> delay).tmax == schedule.tmax + delay and (schedule << delay).tmax == schedule.tmax - delay


@given(schedules(), schedules(), schedules(), times)
def test_playing_in_order_is_associative(one, two, three, time):
    left, right = (one | two) | three, one | (two | three)
    assert np.allclose(hamiltonian(left, time, a=0.7), hamiltonian(right, time, a=0.7))


def test_scaling():
    for scaled in (A * RAMP, RAMP * A):
        assert scaled.drive == [(A, X), (A * (2 * T), Z)] and scaled.tmax == 2.0
    assert [c.get_value() for c in (2 * RAMP).drive_coeffs] == [2, 2 * (2 * T)]
    assert (np.float64(2) * RAMP).drive[0][0] == 2.0


def test_symbolic_durations():
    one, other = Schedule(X, tmax=A), Schedule(Z, tmax=B)
    assert str((one | other).tmax) == "(a + b)" and str((one + other).tmax) == "max(a,b)"
    played = (one | other)(a=1.0, b=2.0)
    assert played.tmax == 3.0 and np.allclose(hamiltonian(played, 1.5), Z.to_matrix(sparse=False))


def test_sums_and_empty_schedules():
    assert sum([RAMP, RAMP]) == RAMP + RAMP and 0 + RAMP is RAMP
    assert len((Schedule(tmax=3) | RAMP).drive) == len((RAMP | Schedule(tmax=3)).drive) == 2
    assert Schedule().drive == [] and Schedule().nbqbits is None and str(Schedule()) == "drive:\n\ntmax = 1.0"


def test_other_time_variable():
    time = Variable("u")
    schedule = Schedule([(time, X)], 1.0, "u")
    assert np.allclose(hamiltonian(schedule | schedule, 1.25), 0.25 * X.to_matrix(sparse=False))
    for wrong in (lambda: schedule | RAMP, lambda: RAMP + schedule):
        with pytest.raises(ValueError, match="same time variable"):
            wrong()


@pytest.mark.parametrize("wrong, error", [
    (lambda: RAMP + 3, TypeError), (lambda: RAMP - X, TypeError), (lambda: 3 + RAMP, TypeError),
    (lambda: RAMP | X, TypeError), (lambda: RAMP * X, ValueError), (lambda: RAMP * "x", ValueError),
    (lambda: X + RAMP, TypeError), (lambda: -RAMP, TypeError),
    (lambda: Schedule(X) | Schedule(Observable.sigma_x(0, 2)), ValueError),
    (lambda: Schedule([(1, X), (1, Observable.sigma_x(0, 2))]), ValueError),
    (lambda: Schedule("x"), TypeError), (lambda: Schedule(3), TypeError), (lambda: Schedule([X]), TypeError),
    (lambda: Schedule([(1, X, 2)]), TypeError), (lambda: Schedule([("x", X)]), TypeError),
    (lambda: Schedule(X, "2"), TypeError), (lambda: Schedule(X, gamma_t=2.0), TypeError),
    (lambda: Schedule(X, gamma_t=A * T), TypeError),
])  # fmt: skip
def test_what_is_refused(wrong, error):
    with pytest.raises(error):
        wrong()


# ---------------------------------------------------------------- fields and variables
def test_fields():
    assert RAMP.drive == [(1, X), (2 * T, Z)] and RAMP.nbqbits == 1 and RAMP.tname == "t" and RAMP._other is None
    assert [c.get_value() for c in RAMP.drive_coeffs] == [1, 2 * T] and RAMP.drive_obs == [X, Z]
    assert Schedule(X).drive == [(1, X)] and Schedule(((1, X),)).drive == Schedule([[1, X]]).drive
    assert Schedule(X, gamma_t=T).gamma_t == T and RAMP.gamma_t is None and RAMP.validate() is None
    changed = copy.copy(RAMP)
    changed.drive, changed.tmax = Z, np.float64(4)
    assert changed.drive == [(1, Z)] and changed.tmax == 4.0 and RAMP.tmax == 2.0


def test_bosons():
    assert Schedule(Observable(2, pauli_terms=[Term(1.0, "Aa", [0, 1])])).is_bosonic and not RAMP.is_bosonic
    assert not Schedule(Observable(1, ising=([[0]], [1]))).is_bosonic


def test_binding():
    schedule = Schedule([(A * T, B * X)], tmax=A + 1)
    assert schedule.get_variables() == ["a", "b", "t"]
    half = schedule(a=2)
    assert half.tmax == 3 and half.drive == [(2 * T, B * X)] and half.get_variables() == ["b", "t"]
    assert schedule(a=2, b=3, t=4).drive == [(8, 3 * X)] and schedule(other=1) == schedule


def test_what_goes_with_a_schedule():
    schedule = Schedule([(A, X)], gamma_t=T)
    schedule._other = b"payload"
    kept = [schedule(a=1), 2 * schedule, copy.deepcopy(schedule), pickle.loads(pickle.dumps(schedule))]
    assert [(s._other, s.gamma_t) for s in kept] == [(b"payload", T)] * 4
    left = [schedule | schedule, schedule + schedule, schedule >> 1]
    assert [(s._other, s.gamma_t) for s in left] == [(None, None)] * 3


def test_equality_and_text():
    assert Schedule([(1, X), (2 * T, Z)], 2.0) == RAMP != Schedule(X, 2.0) and RAMP != 3
    assert str(RAMP) == "drive:\n1 * 1.0 * (X|[0])\n(2 * t) * 1.0 * (Z|[0])\ntmax = 2.0"
    assert repr(Schedule()).startswith("Schedule(tname='t', drive_obs=[], drive_coeffs=[]")
    with pytest.raises(TypeError):
        hash(RAMP)


# ---------------------------------------------------------------- jobs
def test_jobs():
    job = RAMP.to_job(nbshots=7, meta_data={"a": "b"})
    assert job.schedule is RAMP and job.circuit is None and (job.nbshots, job.qubits, job.psi_0) == (7, [0], "0")
    assert job.type == ProcessingType.SAMPLE and job.aggregate_data and job.amp_threshold == 2**-40
    assert job.meta_data == {"a": "b"} and job.get_variables() == ["t"]
    assert (A * RAMP).to_job()(a=2.0).schedule.drive[0][0] == 2.0


def test_jobs_with_observables():
    for job in (RAMP.to_job(observable=Z), RAMP.to_job("OBS", observable=Z)):
        assert job.type == ProcessingType.OBSERVABLE and job.observable == Z
    job = RAMP.to_job(observables=[X, Z])
    assert job.type == ProcessingType.SAMPLE and job.observables == [X, Z] and job.observable is None
    assert RAMP.to_job("OBS", observables=[X]).type == ProcessingType.OBSERVABLE
    for wrong in (lambda: RAMP.to_job("OBS"), lambda: RAMP.to_job(observable=Observable.sigma_x(3))):
        with pytest.raises(ValueError, match="observable"):
            wrong()


def test_initial_states():
    assert RAMP.to_job(psi_0="+").psi_0 == "+" and RAMP.to_job(qubits=0).qubits == [0]
    assert RAMP.to_job(psi_0=np.array([1, 0])).psi_0.tolist() == [1.0, 0.0]
    for wrong in ("00", "q"):
        with pytest.raises(ValueError, match="psi_0"):
            RAMP.to_job(psi_0=wrong)
    assert Schedule().to_job().psi_0 == ""


# ---------------------------------------------------------------- parameters
def test_parameters():
    assert Parameter()() == 0 and Parameter(2.0)() == Parameter(2.0)(3) == 2.0
    assert Parameter(1.0, func=sin(T))(0.5) == 1 + math.sin(0.5)
    assert Parameter(1) == Parameter(1) != Parameter(2) and Parameter(1) != 1 and Parameter(1).validate() is None
    parameter = Parameter(1.0, sin(T), 1 / (1 + Variable("f") ** 2), 2.0)
    assert (
        parameter.func == sin(T) and parameter.psd == 1 / (1 + Variable("f") ** 2) and "func=sin(t)" in repr(parameter)
    )


@pytest.mark.parametrize("arguments, error, message", [
    ({"func": 3}, TypeError, "Please specify a func of type ArithExpression.*got 3"),
    ({"func": sin(A)}, ValueError, "should contain one Variable, 't'"),
    ({"psd": 1 / (1 + T), "sampling_frequency": 1.0}, ValueError, "should contain one Variable, 'f'"),
    ({"psd": Variable("f")}, ValueError, "specify a sampling frequency"),
])  # fmt: skip
def test_wrong_parameters(arguments, error, message):
    with pytest.raises(error, match=message):
        Parameter(1.0, **arguments)


def test_a_time_is_needed():
    with pytest.raises(ValueError, match="call it with one"):
        Parameter(1.0, func=sin(T))()


def test_noise():
    parameter = Parameter(1.0, psd=1 / (1 + Variable("f") ** 2), sampling_frequency=2.0)
    assert parameter.get_noise() is None and parameter(3.0) == 1.0
    parameter.generate_noise(10.0, seed=1)
    noise, instants = parameter.get_noise()
    assert len(noise) == len(instants) == 20 and instants[0] == 0.0 and instants[-1] == 10.0
    assert np.isclose(parameter(instants[3]), 1.0 + noise[3]) and parameter(11.0) == 1.0 and parameter() == 1.0
    assert np.isclose(parameter((instants[3] + instants[4]) / 2), 1.0 + (noise[3] + noise[4]) / 2)
    parameter.generate_noise(10.0, seed=1)
    assert np.array_equal(parameter.get_noise()[0], noise)
    constant = Parameter(1.0)
    assert constant.generate_noise(1.0) is None and constant.get_noise() is None


def test_noise_has_the_spectrum_asked_for():
    psd, frequency = 1 / (1 + Variable("f") ** 2), 2.0
    parameter = Parameter(psd=psd, sampling_frequency=frequency)
    spectra = []
    for seed in range(400):
        parameter.generate_noise(32.0, seed=seed)
        spectra.append(np.abs(np.fft.rfft(parameter.get_noise()[0])) ** 2 / (64 * frequency))
    expected = [psd(f=f) for f in np.fft.rfftfreq(64, 1 / frequency).tolist()]
    assert np.allclose(np.mean(spectra, axis=0), expected, rtol=0.3)
    assert np.isclose(np.sum(np.mean(spectra, axis=0)), np.sum(expected), rtol=0.05)
