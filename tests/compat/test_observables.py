"""Terms, observables and schedules as published programs use them."""

import inspect

import numpy as np
import pytest

from qat.core import Observable, Parameter, Schedule, Term, Variable
from qat.core.spins import integer_to_spins, spins_to_integer
from qat.core.variables import heaviside

T = Variable("t")
OBSERVABLE = Observable(2, pauli_terms=[Term(0.5, "ZZ", [0, 1]), Term(2.0, "X", [1])], constant_coeff=3.0)
sigma_x, sigma_y, sigma_z = Observable.sigma_x, Observable.sigma_y, Observable.sigma_z


def test_printed_forms():
    assert str(OBSERVABLE) == "3.0 * I^2 +\n0.5 * (ZZ|[0, 1]) +\n2.0 * (X|[1])"
    assert str(OBSERVABLE - OBSERVABLE) == ""
    assert str(sigma_x(0, 2) * sigma_y(0, 2)) == "1j * (Z|[0])"
    assert str(sigma_x(0) * sigma_y(1)) == "1.0 * (XY|[0, 1])"
    assert str(sigma_x(0, 1) | sigma_y(0, 1)) == "2j * (Z|[0])"
    assert str(Observable(1, matrix=np.array([[1, 2], [2, -1]]))) == "(2+0j) * (X|[0]) +\n(1+0j) * (Z|[0])"


def test_arithmetic():
    assert (OBSERVABLE + OBSERVABLE).constant_coeff == 6.0 and (2 * OBSERVABLE).terms[0].coeff == 1.0
    assert [term.coeff for term in (OBSERVABLE * 2).terms] == [1.0, 4.0]
    assert [term.coeff for term in (OBSERVABLE / 2).terms] == [0.25, 1.0] and (-OBSERVABLE).constant_coeff == -3.0
    assert (sigma_z(0) + sigma_x(3)).nbqbits == 4
    assert [term.coeff for term in (sigma_z(0) + 2 * sigma_z(0)).terms] == [3.0]
    assert len(sum(sigma_x(i, 2) for i in range(2)).terms) == 2


def test_variables():
    scaled = Variable("v") * OBSERVABLE
    assert scaled.get_variables() == ["v"]
    assert scaled(v=2).terms[1].coeff == 4.0 and scaled(v=2).constant_coeff == 6.0
    assert Term(Variable("t"), "X", [0])._coeff.get_value() == Variable("t")


def test_matrices():
    assert np.allclose(OBSERVABLE.to_matrix(sparse=False)[0], [3.5, 2, 0, 0])
    assert OBSERVABLE.to_matrix().format == "csr"
    assert {term.op: term.coeff for term in Observable(1, matrix=np.array([[1, 2], [2, -1]])).terms} == {"X": 2, "Z": 1}


def test_terms():
    assert (Term(1, "IX", [0, 1]).op, Term(1, "IX", [0, 1]).qbits) == ("X", [1])
    product = Term(1, "X", [0]) * Term(1, "Y", [0])
    assert (product.coeff, product.op) == (1j, "Z")
    assert Term(1.0, "Cc", [0, 1]).op == "Cc" and Term(1.0, "Aa", [0, 1]).op == "Aa"
    for wrong, error in (((1, "XX", [0]), ValueError), ((1, "XX", [0, 0]), AssertionError)):
        with pytest.raises(error):
            Term(*wrong)
    with pytest.raises(TypeError):
        Term(1, "X", [0]) * 2


def test_merging():
    mixed = Observable(2, pauli_terms=[Term(1, "ZX", [1, 0])]) + Observable(2, pauli_terms=[Term(1, "XZ", [0, 1])])
    assert str(mixed) == "2 * (XZ|[0, 1])"
    assert str(Observable(2, pauli_terms=[Term(1, "ZX", [1, 0])])) == "1 * (ZX|[1, 0])"
    with pytest.raises(ValueError, match="out of bound"):
        Observable(1, pauli_terms=[Term(1, "X", [3])])


def test_editing():
    observable = Observable(1, pauli_terms=[Term(1.0, "X", [0])])
    observable.nbqbits = 2
    observable.add_term(Term(2.0, "Z", [1]))
    assert str(observable) == "1.0 * (X|[0]) +\n2.0 * (Z|[1])"
    observable.set_terms([Term(1.0, "Y", [0])])
    assert [term.op for term in observable.terms] == ["Y"] and observable._ising is None
    assert str((1j * observable).dag()) == "-1j * (Y|[0])"


def test_schedules():
    schedule = Schedule(drive=[(1, sigma_x(0, 1)), (T * 2, sigma_z(0, 1))], tmax=2.0)
    assert schedule.tmax == 2.0 and schedule.nbqbits == 1 and schedule.tname == "t" and schedule._other is None
    assert [c.get_value() for c in schedule.drive_coeffs] == [1, T * 2] and len(schedule.drive_obs) == 2
    assert (schedule | schedule).tmax == 4.0 and len((schedule | schedule).drive) == 4
    assert schedule(t=1.0).drive[1][0] == 2.0 and Schedule().drive == []
    job = schedule.to_job(nbshots=7)
    assert job.circuit is None and job.schedule.tmax == 2.0 and job.nbshots == 7 and job.type == 0


def test_schedules_are_composed_with_windows():
    schedule = Schedule(drive=[(1, sigma_x(0, 1)), (T * 2, sigma_z(0, 1))], tmax=2.0)
    assert str(schedule | schedule).splitlines()[1:] == [
        "heaviside(t,0,2.0) * 1.0 * (X|[0])",
        "(heaviside(t,0,2.0) * (t * 2)) * 1.0 * (Z|[0])",
        "heaviside(t,2.0,4.0) * 1.0 * (X|[0])",
        "(heaviside(t,2.0,4.0) * ((t - 2.0) * 2)) * 1.0 * (Z|[0])",
        "tmax = 4.0",
    ]
    assert (schedule + schedule).drive[2][0] == heaviside(T, 0, 2.0)
    assert [c.get_value() for c in (Variable("a") * schedule).drive_coeffs] == [Variable("a"), Variable("a") * (T * 2)]


def test_spins():
    assert integer_to_spins(5, 3).tolist() == [-1.0, 1.0, -1.0] and spins_to_integer(np.array([-1, 1, -1])) == 5


@pytest.mark.parametrize("callable_, signature", [
    (Term, "(coefficient, pauli_op, qbits, do_validity_check=True)"),
    (Observable, "(nqbits, matrix=None, pauli_terms=None, ising=None, constant_coeff=0.0)"),
    (Observable.sigma_x, "(index, nbqbits=0)"),
    (Observable.z, "(index, nbqbits=0)"),
    (Observable.to_matrix, "(self, sparse=True)"),
    (Observable.as_pulse, "(self, width, pulse_shape=None, t_var=None)"),
    (Schedule, "(drive=None, tmax=1.0, tname='t', gamma_t=None)"),
    (Schedule.to_job, "(self, job_type='SAMPLE', qubits=None, observable=None, psi_0=None, nbshots=0, "
                      "aggregate_data=True, amp_threshold=9.094947017729282e-13, **kwargs)"),
    (Parameter, "(value=0, func=None, psd=None, sampling_frequency=None)"),
    (Parameter.generate_noise, "(self, tf, seed=None)"),
])  # fmt: skip
def test_signatures(callable_, signature):
    found = inspect.signature(callable_)
    plain = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in found.parameters.values()]
    assert str(found.replace(parameters=plain, return_annotation=inspect.Signature.empty)) == signature
