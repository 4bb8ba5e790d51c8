"""SPSA, particle swarms, sequential optimisation and gradient descent as plugins."""

import ast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core import Observable, Term
from qat.core.errors import PluginException
from qat.lang.AQASM import CNOT, RX, RY, Program
from qat.plugins import GradientDescentOptimizer, PSOMinimizePlugin, SeqOptim, SPSAMinimizePlugin
from qat.plugins.seq_optim import minimum_of_sinusoid
from qat.qpus import LinAlg
from tests.unit.plugins.jobs import Constant, Recorder, wave, wave_job

START = [0.1, 0.2]


def mixed_job():
    """Minimum -1.4 at (pi, pi)."""
    program = Program()
    qubits = program.qalloc(2)
    RY(program.new_var(float, "a"))(qubits[0])
    RX(program.new_var(float, "b"))(qubits[1])
    CNOT(qubits)
    terms = [Term(1.0, "Z", [0]), Term(0.5, "ZZ", [0, 1]), Term(0.3, "X", [1])]
    return program.to_circ().to_job(observable=Observable(2, pauli_terms=terms, constant_coeff=0.1))


def information(result):
    return ast.literal_eval(result.meta_data["optimizer_data"])


@pytest.mark.parametrize(
    "plugin",
    [
        SPSAMinimizePlugin(x0=START, seed=3),
        SPSAMinimizePlugin(seed=3),
        PSOMinimizePlugin(max_iter=40, seed=1),
        PSOMinimizePlugin(x0=START, max_iter=40, name_method_used="HPSO_TVAC", seed=1),
    ],
)
def test_random_optimisers(plugin):
    result = (plugin | LinAlg()).submit(wave_job())
    assert result.value < -1.95 and np.isclose(wave(**result.parameter_map), result.value, atol=0.02)
    found = information(result)
    assert set(found) == {"iterations", "energies"}
    assert ast.literal_eval(result.meta_data["parameters"]) == list(result.parameter_map.values())


def test_spsa_evaluates_twice_a_step():
    result = (SPSAMinimizePlugin(x0=START, maxiter=4, seed=1) | LinAlg()).submit(wave_job())
    assert len(ast.literal_eval(result.meta_data["optimization_trace"])) == 8
    assert information(result)["iterations"] == 3 and len(information(result)["energies"]) == 4


def test_swarms_send_one_batch_an_iteration():
    recorder = Recorder()
    result = (PSOMinimizePlugin(x0=START, max_iter=3, swarm_number=5, seed=1) | recorder).submit(wave_job())
    assert recorder.sizes == [5, 5, 5] and recorder.jobs[0].parameter_map == {"a": 0.1, "b": 0.2}
    trace = ast.literal_eval(result.meta_data["optimization_trace"])
    assert len(trace) == 15 and min(trace) == result.value == information(result)["energies"][-1]


def test_unknown_options_and_values():
    with pytest.raises(PluginException, match=r"unexpected keyword argument .*foo"):
        (SPSAMinimizePlugin(x0=START, foo=1) | LinAlg()).submit(wave_job())
    with pytest.raises(PluginException, match=r"X.* is unknown"):
        (PSOMinimizePlugin(name_method_used="X") | LinAlg()).submit(wave_job())
    for plugin in (SPSAMinimizePlugin(), PSOMinimizePlugin(), SeqOptim(), GradientDescentOptimizer()):
        with pytest.raises(PluginException, match="is nan, which cannot be minimised"):
            (plugin | Constant(float("nan"))).submit(wave_job())


def test_sequential_optimisation_needs_one_cycle_for_separate_angles():
    job = mixed_job()
    result = (SeqOptim(ncycles=2, x0=START) | LinAlg()).submit(job)
    assert np.isclose(result.value, -1.4, atol=1e-12)
    assert np.allclose(np.abs(list(result.parameter_map.values())), np.pi)
    assert len(ast.literal_eval(result.meta_data["optimization_trace"])) == 1 + 2 * (2 * 2 + 1)


def test_sequential_optimisation_with_coefficient(capsys):
    program = Program()
    RY(4 * program.new_var(float, "a"))(program.qalloc(1))
    job = program.to_circ().to_job(observable=Observable.sigma_z(0, 1) + Observable.sigma_x(0, 1))
    result = (SeqOptim(ncycles=1, coeff=4, x0=[0.1], verbose=True) | LinAlg()).submit(job)
    assert np.isclose(result.value, -np.sqrt(2))
    assert capsys.readouterr().out.startswith("SeqOptim cycle 1: value -1.41421356")
    with pytest.raises(ValueError, match="coeff=0"):
        SeqOptim(coeff=0)


@given(st.floats(-5, 5), st.floats(-7, 7), st.floats(-5, 5))
def test_minimum_of_any_sinusoid(amplitude, phase, middle):
    def value(x):
        return amplitude * np.cos(x - phase) + middle

    place, lowest = minimum_of_sinusoid(value(0.0), value(np.pi / 2), value(-np.pi / 2))
    assert np.isclose(lowest, middle - abs(amplitude), atol=1e-9)
    assert np.isclose(value(place), lowest, atol=1e-6)


@pytest.mark.parametrize("natural", [False, True])
def test_gradient_descent_takes_the_first_published_steps(natural):
    """Both metrics agree here, as each angle turns a qubit of its own."""
    plugin = GradientDescentOptimizer(maxiter=5, x0=START, natural_gradient=natural)
    result = (plugin | LinAlg()).submit(mixed_job())
    points, energies = zip(*information(result)["energies"], strict=True)
    assert np.allclose(points[1], [0.11996668332936561, 0.21986693307950614])
    assert np.allclose(energies[-1], 1.543918252760404)
    assert result.value == energies[-1] and information(result)["iterations"] == 5


def test_gradient_descent_stops():
    for options in ({"stop_crit": "grad_norm", "tol": 1e-4}, {"stop_crit": "energy_dist", "tol": 1e-8}):
        plugin = GradientDescentOptimizer(maxiter=500, x0=START, natural_gradient=False, **options)
        result = (plugin | LinAlg()).submit(mixed_job())
        assert np.isclose(result.value, -1.4, atol=1e-6) and information(result)["iterations"] < 200
    with pytest.raises(ValueError, match="stop_crit='x' is unknown"):
        GradientDescentOptimizer(stop_crit="x")
    with pytest.raises(ValueError, match="collective"):
        GradientDescentOptimizer(collective=True)


def test_gradient_descent_needs_no_exact_gradients():
    recorder = Recorder()
    plugin = GradientDescentOptimizer(maxiter=100, x0=START, natural_gradient=False)
    assert np.isclose((plugin | recorder).submit(mixed_job()).value, -1.4, atol=1e-5)
    assert set(recorder.sizes) == {5}


def test_natural_gradient_is_faster_on_a_flat_direction():
    program = Program()
    qubits = program.qalloc(2)
    RY(program.new_var(float, "a"))(qubits[0])
    RX(0.2 * program.new_var(float, "b"))(qubits[1])
    job = program.to_circ().to_job(observable=Observable.sigma_z(0, 2) + Observable.sigma_z(1, 2))
    steps = [
        information((GradientDescentOptimizer(x0=[1.0, 5.0], natural_gradient=natural) | LinAlg()).submit(job))
        for natural in (True, False)
    ]
    assert steps[0]["iterations"] * 3 < steps[1]["iterations"]
    assert np.isclose(steps[0]["energies"][-1][1], -2, atol=1e-5)
