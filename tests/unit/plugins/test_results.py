"""Plugins that work on results: cost functions, several launches, extrapolation; and the notes they leave."""

import ast

import numpy as np
import pytest

from qat.core import Batch, BatchResult, Observable, Result, Term
from qat.core.errors import PluginException
from qat.core.notes import find_note, with_note
from qat.core.plugins import AbstractPlugin
from qat.core.qpu import QPUHandler
from qat.lang.AQASM import CNOT, RX, H, Program, QRoutine
from qat.plugins import CostFunctionPlugin, MultipleLaunchesAnalyzer, ScipyMinimizePlugin, ZeroNoiseExtrapolator
from qat.qpus import LinAlg
from tests.unit.plugins.jobs import Recorder, ghz, wave_circuit, wave_job


def number(sample):
    return sample.state.int


class Forgetful(AbstractPlugin):
    """Drops the meta data."""

    def compile(self, batch, specs):
        return Batch(list(batch.jobs))


# ---------------------------------------------------------------- cost functions
def test_cost_of_exact_distributions_and_shots():
    stack = CostFunctionPlugin(number) | LinAlg()
    assert np.isclose(stack.submit(ghz().to_job()).value, 3.5)
    sampled = stack.submit(ghz().to_job(nbshots=500))
    assert np.isclose(sampled.value, sum(sample.probability * sample.state.int for sample in sampled))
    single = stack.submit(ghz().to_job(nbshots=50, aggregate_data=False))
    assert np.isclose(single.value, np.mean([sample.state.int for sample in single]))


def test_cost_of_shots_is_unbiased():
    results = (CostFunctionPlugin(number) | LinAlg()).submit([ghz().to_job(nbshots=100)] * 100)
    assert abs(np.mean([result.value for result in results]) - 3.5) < 5 * 3.5 / 100


def test_cost_of_results():
    stack = CostFunctionPlugin(len, is_result_argument=True) | LinAlg()
    assert stack.submit(ghz().to_job()).value == 2


def test_cost_function_is_optimised():
    stack = ScipyMinimizePlugin(x0=[0.1, 0.2], method="COBYLA", tol=1e-6) | CostFunctionPlugin(number) | LinAlg()
    result = stack.submit(wave_circuit().to_job())
    assert np.isclose(result.value, 0, atol=1e-5) and np.isclose(result.parameter_map["b"], -0.5, atol=1e-2)


def test_cost_of_values_is_refused():
    with pytest.raises(PluginException, match="no samples for the cost function; submit a job of type SAMPLE"):
        (CostFunctionPlugin(number) | LinAlg()).submit(wave_job()(a=0.0, b=0.0))


# ---------------------------------------------------------------- several launches
class Launches(QPUHandler):
    """Values 3, 2, 1, 0, 3, 2, 1, 0, ..."""

    count = 0

    def submit_job(self, job):
        self.count += 1
        return Result(value=float(-self.count % 4), meta_data={"call": str(self.count)})


def test_best_launch_is_kept(capsys):
    stack = MultipleLaunchesAnalyzer(n_runs=4, verbose=True) | Launches()
    results = stack.submit([ghz().to_job(), ghz().to_job()], meta_data={"k": "v"})
    assert [result.value for result in results] == [0.0, 0.0] and results.meta_data == {"k": "v"}
    assert [result.meta_data["call"] for result in results] == ["4", "8"]
    assert ast.literal_eval(results[0].meta_data["reached_values"]) == [3.0, 2.0, 1.0, 0.0]
    assert float(results[0].meta_data["optimal_values_variance"]) == np.var(range(4))
    assert capsys.readouterr().out.count("lowest: 0.0 at launch 3") == 2


def test_launches_start_at_different_points():
    plugin = ScipyMinimizePlugin(method="COBYLA", options={"maxiter": 4}, seed=3)
    result = (MultipleLaunchesAnalyzer(n_runs=5) | plugin | LinAlg()).submit(wave_job())
    assert len(set(ast.literal_eval(result.meta_data["reached_values"]))) == 5


def test_launches_need_values():
    with pytest.raises(PluginException, match="without value cannot be compared"):
        (MultipleLaunchesAnalyzer() | LinAlg()).submit(ghz().to_job())
    with pytest.raises(ValueError, match="n_runs=0"):
        MultipleLaunchesAnalyzer(n_runs=0)


def test_nested_launches():
    stack = MultipleLaunchesAnalyzer(n_runs=2) | MultipleLaunchesAnalyzer(n_runs=3) | Launches()
    result = stack.submit(ghz().to_job())
    assert ast.literal_eval(result.meta_data["reached_values"]) == [1.0, 0.0]


# ---------------------------------------------------------------- notes
def test_notes_are_a_stack():
    batch = with_note(with_note(Batch([], meta_data={"k": "v"}), [], "A", 1), [], "A", [2])
    results = BatchResult(results=[], meta_data=batch.meta_data)
    assert (find_note(results, "A"), find_note(results, "A"), results.meta_data) == ([2], 1, {"k": "v"})


def test_notes_survive_plugins_that_drop_the_meta_data():
    stack = MultipleLaunchesAnalyzer(n_runs=4) | Forgetful() | MultipleLaunchesAnalyzer(n_runs=2) | Launches()
    results = stack.submit([ghz().to_job()], meta_data={"k": "v"})
    assert len(results) == 1 and results.meta_data == {}


def test_lost_notes_are_said():
    with pytest.raises(PluginException, match=r"pass meta_data=batch.meta_data there"):
        MultipleLaunchesAnalyzer().post_process(BatchResult([Result(value=1.0)]))


# ---------------------------------------------------------------- zero-noise extrapolation
class Decaying(QPUHandler):
    """Value C + s A**n for n CNOTs, as under depolarising noise."""

    def __init__(self, constant=0.5, sign=1.0, base=0.9, error=None):
        super().__init__()
        self.constant, self.sign, self.base, self.error = constant, sign, base, error

    def submit_job(self, job):
        return Result(value=self.constant + self.sign * self.base ** job.circuit.count("CNOT"), error=self.error)


def zz_job():
    return ghz().to_job(observable=Observable(3, pauli_terms=[Term(1.0, "ZZ", [0, 1])], constant_coeff=0.5))


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("n_ins", [1, 3])
def test_exponential_extrapolation_of_exponential_noise_is_exact(sign, n_ins):
    stack = ZeroNoiseExtrapolator(n_ins, extrap_method="exponential") | Decaying(sign=sign)
    result = stack.submit(zz_job())
    assert np.isclose(result.value, 0.5 + sign)
    assert len(ast.literal_eval(result.meta_data["values_for_ZNE"])) == n_ins + 1
    assert np.isclose(ast.literal_eval(result.meta_data["ZNE_fit_parameters"])["a"], 4 * np.log(0.9))


def test_linear_extrapolation():
    result = (ZeroNoiseExtrapolator(n_ins=2) | Decaying(base=0.99)).submit(zz_job())
    values = 0.5 + 0.99 ** np.array([2.0, 6.0, 10.0])
    slope, intercept = np.polyfit([0, 1, 2], values, 1)
    assert np.isclose(result.value, intercept - slope / 2) and abs(result.value - 1.5) < abs(values[0] - 1.5) / 5
    assert np.allclose(ast.literal_eval(result.meta_data["values_for_ZNE"]), values)
    assert np.isclose(ast.literal_eval(result.meta_data["ZNE_fit_parameters"])["b"], intercept)


def test_error_of_the_extrapolation_is_that_of_its_values():
    rng = np.random.default_rng(1)

    class Noisy(QPUHandler):
        def submit_job(self, job):
            return Result(value=rng.normal(1.0, 0.1), error=0.1)

    results = (ZeroNoiseExtrapolator(n_ins=2) | Noisy()).submit([zz_job()] * 2000)
    assert np.isclose(np.std([result.value for result in results]), results[0].error, rtol=0.1)
    assert results[0].error > 0.1


def test_folding_keeps_the_circuit():
    recorder = Recorder()
    inner = QRoutine()
    RX(0.3)(inner.new_wires(1))
    program = Program()
    qubits = program.qalloc(2)
    H(qubits[0])
    inner.box("BOX")(qubits[1])
    CNOT(qubits)
    observable = Observable(2, pauli_terms=[Term(1.0, "ZY", [0, 1])])
    job = program.to_circ(box_routines=True).to_job(observable=observable)
    result = (ZeroNoiseExtrapolator(n_ins=2, extrap_gates=[CNOT, RX]) | recorder).submit(job)
    assert np.allclose(ast.literal_eval(result.meta_data["values_for_ZNE"]), LinAlg().submit(job).value)
    assert [run.circuit.count("CNOT") for run in recorder.jobs] == [1, 3, 5]
    assert list(recorder.jobs[1].circuit.iterate_simple())[1:4] == [
        ("RX", [0.3], [1]),
        ("RX", [-0.3], [1]),
        ("RX", [0.3], [1]),
    ]


@pytest.mark.parametrize("gate", [H, "H"])
def test_gates_are_given_as_such_or_by_name(gate):
    recorder = Recorder()
    (ZeroNoiseExtrapolator(extrap_gates=[gate]) | recorder).submit(zz_job())
    assert [run.circuit.count("H") for run in recorder.jobs] == [1, 3]


def test_mixed_batches():
    results = (ZeroNoiseExtrapolator(extrap_method="exponential") | LinAlg()).submit(
        [ghz().to_job(), zz_job(), ghz().to_job(nbshots=3)]
    )
    assert [None if result.value is None else round(result.value, 9) for result in results] == [None, 1.5, None]


def test_extrapolation_refuses():
    with pytest.raises(ValueError, match="n_ins=0"):
        ZeroNoiseExtrapolator(n_ins=0)
    with pytest.raises(ValueError, match="extrap_method='x' is unknown; choose one of linear, exponential"):
        ZeroNoiseExtrapolator(extrap_method="x")
    with pytest.raises(TypeError, match="3 is no gate"):
        ZeroNoiseExtrapolator(extrap_gates=[3])
    with pytest.raises(PluginException, match=r"both sides of 2\.0.*use extrap_method='linear'"):
        job = zz_job()
        job.observable = job.observable + 1.5
        (ZeroNoiseExtrapolator(extrap_method="exponential", n_ins=3) | Launches()).submit(job)
