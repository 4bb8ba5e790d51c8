"""Optimizers: evaluations, their record, the result, gradients by the QPU or by shifted jobs."""

import json
import math

import pytest

from qat.core import Batch, BatchResult, Circuit, Job, Observable, Result, Schedule, Term, Variable
from qat.core.empty import EmptyPlugin
from qat.core.errors import PluginException
from qat.core.optimizer import Optimizer
from qat.core.qpu import QPUHandler
from tests.unit.core.services import Recorder, Silent


class Search(Optimizer):
    """Optimises with a function."""

    def __init__(self, function, **kwargs):
        super().__init__(**kwargs)
        self.function = function

    def optimize(self, var_names):
        return self.function(self, var_names)


class Parabola(QPUHandler):
    """Value x² + y, from what was bound."""

    batches = 0

    def submit_job(self, job):
        assert not job.get_variables()
        values = job.parameter_map
        return Result(value=values.get("x", 0.0) ** 2 + values.get("y", 0.0))

    def _submit_batch(self, batch):
        self.batches += 1
        return super()._submit_batch(batch)


class Differentiable(Parabola):
    """Computes gradients itself."""

    def submit_job(self, job):
        return super().submit_job(job)

    def value_and_gradient(self, job, parameter_map):
        return parameter_map["x"] ** 2 + parameter_map["y"], {"x": 2 * parameter_map["x"], "y": 1.0}


def job(**fields):
    drive = [(Variable("x"), Observable.sigma_z(0, 1)), (Variable("y"), Observable.sigma_x(0, 1))]
    return Schedule(drive).to_job(observable=Observable.sigma_z(0, 1), **fields)


def grid(optimizer, names):
    best = min((optimizer.evaluate({"x": x, "y": 0.5}), x) for x in (3, 1.0, 2.0))
    return best[0], [best[1], 0.5], {"some": "info"}


def test_result():
    result = (Search(grid) | Parabola()).submit(job())
    assert result.value == 1.5 and type(result.value) is float
    assert result.parameter_map == {"x": 1.0, "y": 0.5}
    assert result.meta_data == {
        "optimizer_data": "{'some': 'info'}",
        "parameters": "[1.0, 0.5]",
        "optimization_trace": "[9.5, 1.5, 4.5]",
        "parameter_map": "{'x': 1.0, 'y': 0.5}",
    }


def test_optimize_sees_sorted_names_and_the_job():
    def function(optimizer, names):
        assert names == ["x", "y"] and isinstance(optimizer.job, Job) and optimizer.trace == []
        return 0, (1, 2), None

    result = (Search(function) | Parabola()).submit(job())
    assert result.meta_data["parameters"] == "[1.0, 2.0]" and result.meta_data["optimizer_data"] == "None"


def test_numpy_answers_become_plain_floats():
    import numpy as np

    result = (Search(lambda *_: (np.float64(2), np.array([1.0, 2.0]), "text")) | Parabola()).submit(job())
    assert type(result.value) is float and json.loads(result.meta_data["parameters"]) == [1.0, 2.0]
    assert all(type(value) is float for value in result.parameter_map.values())


def test_parameters_may_be_named():
    result = (Search(lambda *_: (0.0, {"y": 2, "x": 1}, None)) | Parabola()).submit(job())
    assert result.parameter_map == {"x": 1.0, "y": 2.0} and result.meta_data["parameters"] == "[1.0, 2.0]"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, r"optimize returned None instead of \(value, parameters, information\)"),
        ((1.0, [2.0]), "optimize returned"),
        ((1.0, [2.0], None), "returned 1 parameters for the variables x, y"),
    ],
)
def test_nonsense_is_named(answer, message):
    with pytest.raises(PluginException, match=f"Search: .*{message}"):
        (Search(lambda *_: answer) | Parabola()).submit(job())


def test_jobs_without_variables_pass_through():
    bound = job()(x=2.0, y=0.0)
    result = (Search(grid) | Parabola()).submit(bound)
    assert result.value == 4.0 and result.meta_data is None
    assert len((Search(grid) | Sampler()).submit(Circuit.empty(1).to_job())) == 1


class Sampler(QPUHandler):
    def submit_job(self, job):
        result = Result()
        result.add_sample(0, probability=1.0)
        return result


def test_a_job_without_value_is_refused_with_the_cure():
    sampling = job()
    with pytest.raises(PluginException, match="no value to optimise; give it an observable"):
        (Search(grid) | Sampler()).submit(sampling)


def test_a_plugin_below_may_make_the_value():
    class Cost(Silent):
        def post_process(self, batch_result):
            for result in batch_result:
                result.value = 3.0
            return batch_result

    assert (Search(grid) | Cost() | Sampler()).submit(job()).value == 3.0


def test_every_job_of_a_batch_is_optimised_on_its_own():
    optimizer = Search(grid)
    results = (optimizer | Parabola()).submit([job(), job()], meta_data={"k": "v"})
    assert [result.value for result in results] == [1.5, 1.5] and results.meta_data == {"k": "v"}
    assert optimizer.trace == [9.5, 1.5, 4.5]


def test_collective_optimises_the_sum():
    def function(optimizer, names):
        assert isinstance(optimizer.job, Batch)
        return optimizer.evaluate({"x": 1.0, "y": 2.0}), [1.0, 2.0], None

    stack = Search(function, collective=True) | Parabola()
    results = stack.submit([job(), job()])
    assert isinstance(results, BatchResult) and [result.value for result in results] == [6.0]
    assert stack.submit(job()).value == 3.0


def test_binding_arguments_are_passed_on():
    seen = []

    class Bindable(Job):
        def get_variables(self):
            return ["x"]

        def __call__(self, **values):
            seen.append(values)
            return Job(parameter_map={"x": values["x"]})

    def function(optimizer, names):
        return optimizer.evaluate({"x": 2.0}), [2.0], None

    (Search(function, gate_set="set") | Parabola()).submit(Bindable())
    assert seen == [{"gate_set": "set", "x": 2.0}]


def test_progress_is_told_of_each_evaluation():
    told = []
    optimizer = Search(grid)
    optimizer.progress = lambda *news: told.append(news)
    (optimizer | Parabola()).submit(job())
    assert told == [(1, 9.5, {"x": 3, "y": 0.5}), (2, 1.5, {"x": 1.0, "y": 0.5}), (3, 4.5, {"x": 2.0, "y": 0.5})]


def test_evaluate_all_is_one_batch():
    def function(optimizer, names):
        points = [{"x": x, "y": 0.0} for x in (3.0, 2.0)]
        assert optimizer.evaluate_all(points) == [9.0, 4.0]
        return 4.0, [2.0, 0.0], None

    qpu = Parabola()
    result = (Search(function) | qpu).submit(job())
    assert qpu.batches == 1 and result.meta_data["optimization_trace"] == "[9.0, 4.0]"


def differentiate(seen):
    def function(optimizer, names):
        seen.append(optimizer.has_exact_gradient())
        seen.append(optimizer.value_and_gradient({"x": 3.0, "y": 1.0}))
        seen.append(optimizer.gradient({"x": 2.0, "y": 1.0}))
        return 0.0, [0.0, 0.0], None

    return function


EXACT = [True, (10.0, {"x": 6.0, "y": 1.0}), {"x": 4.0, "y": 1.0}]


def nothing(optimizer, names):
    raise AssertionError("jobs without variables pass straight through")


@pytest.mark.parametrize(
    "make", [Differentiable, lambda: EmptyPlugin() | Differentiable(), lambda: Search(nothing) | Differentiable()]
)
def test_gradients_are_computed_by_the_qpu_when_it_can(make):
    seen = []
    (Search(differentiate(seen)) | make()).submit(job())
    assert seen == EXACT


def test_gradients_of_a_collective_optimisation_are_summed():
    seen = []
    (Search(differentiate(seen), collective=True) | Differentiable()).submit([job(), job()])
    assert seen == [True, (20.0, {"x": 12.0, "y": 2.0}), {"x": 8.0, "y": 2.0}]


class Noisy(Differentiable):
    def submit_job(self, job):
        return super().submit_job(job)


class Shifting(Search):
    """An optimizer that does something to bound jobs as well."""

    def run(self, initial_object, meta_data):
        return super().run(initial_object, meta_data)


@pytest.mark.parametrize(
    ("make", "fields"),
    [
        (Parabola, {}),
        (Noisy, {}),
        (Differentiable, {"nbshots": 10}),
        (lambda: Silent() | Differentiable(), {}),
        (lambda: Shifting(nothing) | Differentiable(), {}),
        (lambda: Recorder("p", []) | Differentiable(), {}),
    ],
)
def test_what_the_qpu_would_not_see_is_no_exact_gradient(make, fields):
    seen = []

    def function(optimizer, names):
        seen.append(optimizer.has_exact_gradient())
        return 0.0, [0.0, 0.0], None

    (Search(function) | make()).submit(job(**fields))
    assert seen == [False]


class Rotation(QPUHandler):
    """Value of Z after RX(angle): the cosine of the angle."""

    batches = 0

    def submit_job(self, job):
        (_, (angle,), _), *_ = job.circuit.iterate_simple()
        return Result(value=sum(float(term.coeff.real) for term in job.observable.terms) * math.cos(angle))

    def _submit_batch(self, batch):
        self.batches += 1
        return super()._submit_batch(batch)


def test_shifted_jobs_give_the_gradient_in_one_batch():
    from qat.lang.AQASM import RX, Program

    program = Program()
    qubits = program.qalloc(1)
    program.apply(RX(2 * program.new_var(float, "theta")), qubits)
    variational = program.to_circ().to_job(observable=Observable(1, pauli_terms=[Term(3.0, "Z", [0])]))
    seen, qpu = [], Rotation()

    def function(optimizer, names):
        seen.extend(optimizer.value_and_gradient({"theta": angle}) for angle in (0.3, 0.4))
        return 0.0, [0.0], None

    result = (Search(function) | qpu).submit(variational)
    assert qpu.batches == 2 and len(json.loads(result.meta_data["optimization_trace"])) == 2
    for angle, (value, gradient) in zip((0.3, 0.4), seen, strict=True):
        assert value == pytest.approx(3 * math.cos(2 * angle))
        assert gradient == pytest.approx({"theta": -6 * math.sin(2 * angle)})


def test_optimize_must_be_defined():
    with pytest.raises(TypeError, match="optimize"):
        Optimizer()
