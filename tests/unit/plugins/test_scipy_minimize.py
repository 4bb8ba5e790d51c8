"""The SciPy plugin: methods, gradients, starting points, overrides, errors."""

import json

import numpy as np
import pytest

from qat.core import Batch, Observable, Variable
from qat.core.errors import PluginException
from qat.lang.AQASM import RY, Program
from qat.plugins import EmptyPlugin, ScipyMinimizePlugin
from qat.qpus import LinAlg
from tests.unit.plugins.jobs import Constant, Recorder, wave, wave_circuit, wave_job

START = [0.4, 0.3]
GRADIENT_FREE = ("Nelder-Mead", "Powell", "COBYLA", "COBYQA")
WITH_GRADIENT = ("CG", "BFGS", "Newton-CG", "L-BFGS-B", "TNC", "SLSQP", "trust-constr")
WITH_HESSIAN = ("dogleg", "trust-ncg", "trust-krylov", "trust-exact")


def hessian(x):
    return np.diag([-np.cos(x[0]), -4 * np.cos(2 * x[1] + 1)])


def trace_of(result):
    return json.loads(result.meta_data["optimization_trace"])


@pytest.mark.parametrize("method", [None, *GRADIENT_FREE, *WITH_GRADIENT])
@pytest.mark.filterwarnings("ignore:delta_grad == 0.0")
def test_every_method_finds_the_minimum(method):
    result = (ScipyMinimizePlugin(method=method, x0=START) | LinAlg()).submit(wave_job())
    assert np.isclose(result.value, -2, atol=1e-5)
    assert np.isclose(wave(**result.parameter_map), result.value, atol=1e-12)


@pytest.mark.parametrize("method", WITH_HESSIAN)
def test_methods_with_hessian(method):
    plugin = ScipyMinimizePlugin(method=method, x0=[2.5, 1.0], hess=hessian)
    assert np.isclose((plugin | LinAlg()).submit(wave_job()).value, -2, atol=1e-5)


@pytest.mark.parametrize("method", [None, *WITH_GRADIENT[:2], *WITH_GRADIENT[3:]])
@pytest.mark.filterwarnings("ignore:delta_grad == 0.0")
def test_exact_gradients_save_evaluations(method):
    exact = (ScipyMinimizePlugin(method=method, x0=START) | LinAlg()).submit(wave_job())
    plain = (ScipyMinimizePlugin(method=method, x0=START, jac="2-point") | LinAlg()).submit(wave_job())
    assert len(trace_of(exact)) < len(trace_of(plain))


def test_gradient_comes_from_the_qpu_only_directly_below():
    recorder = Recorder()
    result = (ScipyMinimizePlugin(x0=START) | recorder).submit(wave_job())
    assert len(recorder.jobs) == len(trace_of(result)) > 30
    assert set(recorder.sizes) == {1}


def test_jobs_with_shots_use_parameter_shifts():
    recorder = Recorder()
    options = {"x0": [2.8, 0.9], "method": "BFGS", "options": {"maxiter": 3}}
    result = (ScipyMinimizePlugin(**options) | recorder).submit(wave_job(nbshots=2000))
    assert set(recorder.sizes) == {5}
    assert wave(**result.parameter_map) < -1.9


@pytest.mark.parametrize("options", [{"jac": True}, {"method": "Newton-CG"}])
def test_gradients_asked_for_or_needed(options):
    recorder = Recorder()
    result = (ScipyMinimizePlugin(x0=START, **options) | recorder).submit(wave_job())
    assert np.isclose(result.value, -2) and set(recorder.sizes) == {5}


def test_user_gradient_bounds_constraints_and_callback():
    seen = []
    gradient = {"jac": lambda x: np.array([-np.sin(x[0]), -2 * np.sin(2 * x[1] + 1)])}
    result = (ScipyMinimizePlugin(x0=START, **gradient, callback=lambda x: seen.append(x)) | LinAlg()).submit(
        wave_job()
    )
    assert np.isclose(result.value, -2) and len(seen) > 2
    bounded = (ScipyMinimizePlugin(x0=START, bounds=[(0, 1), (0, 0.3)]) | LinAlg()).submit(wave_job())
    assert bounded.parameter_map == {"a": 1.0, "b": 0.3}
    line = {"type": "eq", "fun": lambda x: x[0] - x[1]}
    constrained = (ScipyMinimizePlugin(x0=START, method="SLSQP", constraints=[line]) | LinAlg()).submit(wave_job())
    assert np.isclose(constrained.parameter_map["a"], constrained.parameter_map["b"])
    assert constrained.value < min(wave(x, x) for x in np.linspace(0, 3, 50)) + 1e-3


def test_result():
    result = (ScipyMinimizePlugin(x0=START, method="COBYLA", tol=1e-6) | LinAlg()).submit(wave_job())
    assert set(result.meta_data) == {"optimizer_data", "parameters", "optimization_trace", "parameter_map"}
    assert type(result.value) is float and all(type(value) is float for value in result.parameter_map.values())
    assert json.loads(result.meta_data["parameters"]) == list(result.parameter_map.values())
    assert min(trace_of(result)) == result.value
    assert "success: True" in result.meta_data["optimizer_data"]


def test_our_cobyla_and_that_of_scipy_give_the_same_result(monkeypatch):
    stack = ScipyMinimizePlugin(x0=START, method="COBYLA", tol=1e-3) | LinAlg()
    ours = stack.submit(wave_job())
    monkeypatch.setattr("qat.vsolve.optimize.scipy_cobyla.settings", lambda *_: None)
    theirs = stack.submit(wave_job())
    assert np.allclose(trace_of(ours), trace_of(theirs)) and np.isclose(ours.value, theirs.value)
    labels = [[line.split(":")[0] for line in each.meta_data["optimizer_data"].splitlines()] for each in (ours, theirs)]
    assert labels[0] == labels[1]


def test_random_start_covers_half_a_turn():
    options = {"method": "COBYLA", "options": {"maxiter": 4}, "seed": 1}
    stack = ScipyMinimizePlugin(**options) | Recorder()
    starts = [stack.submit(wave_job()) and stack.qpu.jobs[-4].parameter_map for _ in range(50)]
    values = np.array([list(start.values()) for start in starts])
    assert values.min() >= 0 and values.max() < np.pi and values.std() > 0.7
    again = ScipyMinimizePlugin(**options) | Recorder()
    again.submit(wave_job())
    assert again.qpu.jobs[0].parameter_map == starts[0] != starts[1]


def test_start_of_another_length_is_said_and_replaced():
    for start in ([0.1], [0.1, 0.2, 0.3]):
        with pytest.warns(UserWarning, match=rf"x0 has {len(start)} values but the job has 2 variables \(a, b\)"):
            result = (ScipyMinimizePlugin(method="COBYLA", x0=start) | LinAlg()).submit(wave_job())
        assert np.isclose(result.value, -2, atol=1e-4)


def test_submission_replaces_all_arguments():
    stack = ScipyMinimizePlugin(method="COBYLA", x0=START) | LinAlg()
    chosen = {"method": "Nelder-Mead", "options": {"maxiter": 2}, "x0": [2, 2]}
    result = stack.submit(wave_job(), meta_data={"ScipyMinimizePlugin": json.dumps(chosen)})
    assert "final_simplex" in result.meta_data["optimizer_data"]
    assert np.isclose(trace_of(result)[0], wave(2, 2))
    assert "final_simplex" not in stack.submit(wave_job()).meta_data["optimizer_data"]


def test_job_replaces_all_arguments():
    chosen = json.dumps({"method": "COBYLA", "options": {"maxiter": 5}, "x0": [2, 2]})
    jobs = [wave_job(meta_data={"ScipyMinimizePlugin": chosen}), wave_job()]
    results = (ScipyMinimizePlugin(x0=START) | LinAlg()).submit(jobs)
    assert len(trace_of(results[0])) == 5 and np.isclose(trace_of(results[1])[0], wave(*START))


def test_wrong_overrides():
    stack = ScipyMinimizePlugin(x0=START) | LinAlg()
    for text, message in (
        ("junk", "give a JSON object"),
        ("[1]", "give a JSON object"),
        ('{"foo": 1}', "does not know foo"),
    ):
        with pytest.raises(PluginException, match=message):
            stack.submit(wave_job(), meta_data={"ScipyMinimizePlugin": text})


def test_set_options():
    plugin = ScipyMinimizePlugin(method="COBYLA", x0=START)
    plugin.set_options(options={"maxiter": 4}, x0=[1.0, 1.0])
    result = (plugin | LinAlg()).submit(wave_job())
    assert len(trace_of(result)) == 4 and np.isclose(trace_of(result)[0], wave(1, 1))
    with pytest.raises(TypeError, match="does not know foo; its arguments are args, bounds"):
        plugin.set_options(foo=1)
    with pytest.raises(TypeError, match="does not know maxiter"):
        ScipyMinimizePlugin(maxiter=1)


def test_unknown_method_is_an_error():
    with pytest.raises(PluginException, match="Unknown solver NOPE"):
        (ScipyMinimizePlugin(method="NOPE", x0=START) | LinAlg()).submit(wave_job())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_no_numbers(value):
    with pytest.raises(PluginException, match=r"'a': 0.4, 'b': 0.3} is (nan|inf), which cannot be minimised"):
        (ScipyMinimizePlugin(x0=START, method="COBYLA") | Constant(value)).submit(wave_job())


def test_jobs_without_value_or_variables():
    with pytest.raises(PluginException, match="no value to optimise"):
        (ScipyMinimizePlugin(x0=START) | LinAlg()).submit(wave_circuit().to_job())
    result = (ScipyMinimizePlugin() | LinAlg()).submit(wave_job()(a=0.5, b=0.5))
    assert np.isclose(result.value, wave(0.5, 0.5)) and result.parameter_map is None


def test_collective_optimisation_minimises_the_sum():
    first = wave_job()
    program = Program()
    RY(program.new_var(float, "a"))(program.qalloc(1))
    second = program.to_circ().to_job(observable=-3 * Observable.sigma_z(0, 1))
    results = (ScipyMinimizePlugin(collective=True, x0=START) | LinAlg()).submit(Batch([first, second]))
    assert len(results) == 1 and np.isclose(results[0].value, 1 - 1 - 3)
    assert np.isclose(np.cos(results[0].parameter_map["a"]), 1)


def test_variables_of_the_observable():
    job = wave_circuit()(a=0.0, b=-0.5).to_job(observable=Variable("w") ** 2 * Observable.sigma_z(0, 2))
    result = (ScipyMinimizePlugin(x0=[0.7]) | LinAlg()).submit(job)
    assert np.isclose(result.value, 0, atol=1e-8)


def test_each_job_of_a_batch_is_optimised():
    results = (ScipyMinimizePlugin(x0=START) | LinAlg()).submit([wave_job(), wave_job()])
    assert [round(result.value, 6) for result in results] == [-2.0, -2.0]


def test_below_another_plugin():
    stack = ScipyMinimizePlugin(x0=START, method="COBYLA") | EmptyPlugin() | LinAlg()
    assert np.isclose(stack.submit(wave_job()).value, -2, atol=1e-4)
