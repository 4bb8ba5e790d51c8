"""What programs written for the published plugins rely on."""

import json

import numpy as np
import pytest

import qat.plugins
import qat.vsolve.optimize
from qat.core import Batch, Observable, Result, Term
from qat.core.plugins import AbstractPlugin
from qat.core.qpu import QPUHandler
from qat.lang.AQASM import CNOT, RX, RY, H, Program, X
from qat.plugins import (
    CircuitInliner,
    CostFunctionPlugin,
    Display,
    EmptyPlugin,
    FusionPlugin,
    GradientDescentOptimizer,
    Junction,
    MultipleLaunchesAnalyzer,
    ObservableSplitter,
    Optimizer,
    PSOMinimizePlugin,
    Remap,
    ScipyMinimizePlugin,
    SeqOptim,
    SPSAMinimizePlugin,
    StatPlugin,
    TransformObservable,
    ZeroNoiseExtrapolator,
)
from qat.qpus import LinAlg, get_default_qpu
from qat.vsolve.optimize.spsa_algorithm import spsa_minimize

OPTIMIZERS = {
    "scipy": ScipyMinimizePlugin(x0=[0.1, 0.2], method="COBYLA", tol=1e-5, options={"maxiter": 100}),
    "spsa": SPSAMinimizePlugin(x0=[0.1, 0.2], seed=3, maxiter=30),
    "pso": PSOMinimizePlugin(x0=[0.1, 0.2], max_iter=20),
    "seq": SeqOptim(ncycles=3, x0=[0.1, 0.2]),
    "gd": GradientDescentOptimizer(maxiter=5, x0=[0.1, 0.2]),
}


def circuit():
    program = Program()
    qubits = program.qalloc(2)
    RY(program.new_var(float, "a"))(qubits[0])
    RX(2 * program.new_var(float, "b") + 1)(qubits[1])
    return program.to_circ()


def job():
    return circuit().to_job(observable=Observable(2, pauli_terms=[Term(1.0, "Z", [0]), Term(1.0, "Z", [1])]))


def ghz(nb_qubits):
    program = Program()
    qubits = program.qalloc(nb_qubits)
    H(qubits[0])
    for index in range(nb_qubits - 1):
        CNOT(qubits[index], qubits[index + 1])
    return program.to_circ()


def text_list(text):
    """A list as notebooks read it from meta data, with ``eval``."""
    return eval(text, {"np": np})


def test_the_program_of_the_mission():
    stack = ScipyMinimizePlugin() | LinAlg()
    results = stack.submit([job(), job()])
    assert [round(result.value, 6) for result in results] == [-2.0, -2.0]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_results_of_every_optimizer(name):
    result = (OPTIMIZERS[name] | LinAlg()).submit(job())
    assert set(result.meta_data) == {"optimizer_data", "parameters", "optimization_trace", "parameter_map"}
    assert all(isinstance(text, str) for text in result.meta_data.values())
    assert set(result.parameter_map) == {"a", "b"}
    assert text_list(result.meta_data["parameters"]) == [result.parameter_map["a"], result.parameter_map["b"]]
    assert len(text_list(result.meta_data["optimization_trace"])) > 5
    assert isinstance(OPTIMIZERS[name], Optimizer) and isinstance(OPTIMIZERS[name], Junction)


def test_optimizer_data_of_iterative_optimizers():
    for name in ("spsa", "pso", "gd"):
        data = text_list((OPTIMIZERS[name] | LinAlg()).submit(job()).meta_data["optimizer_data"])
        assert set(data) == {"iterations", "energies"} and len(data["energies"]) in (
            data["iterations"] + n for n in (0, 1)
        )


def test_scipy_minimize():
    stack = OPTIMIZERS["scipy"] | LinAlg()
    result = stack.submit(job())
    assert np.isclose(result.value, -2, atol=1e-3)
    assert np.isclose(LinAlg().submit(job()(**result.parameter_map)).value, result.value)
    options = json.dumps({"method": "Nelder-Mead", "options": {"maxiter": 3}})
    short = stack.submit(job(), meta_data={"ScipyMinimizePlugin": options})
    assert len(text_list(short.meta_data["optimization_trace"])) < 15
    with pytest.raises(Exception, match="value"):
        stack.submit(circuit().to_job())


def test_scipy_default_method_and_set_options():
    plugin = ScipyMinimizePlugin(x0=[0.1, 0.2])
    assert "hess_inv" in (plugin | LinAlg()).submit(job()).meta_data["optimizer_data"]
    plugin.set_options(x0=[1, 1])
    assert text_list((plugin | LinAlg()).submit(job()).meta_data["optimization_trace"])[0] == pytest.approx(
        np.cos(1) + np.cos(3)
    )
    assert plugin.parameters == {"x0": [1, 1]}


def test_published_arguments():
    ScipyMinimizePlugin(False, None, x0=[1.0], method="BFGS", tol=1e-3, options={})
    SPSAMinimizePlugin(x0=None, collective=False, binding_args=None, maxiter=2, a=1, A=10, alpha=0.6, c=0.01, gamma=0.1,
                       precision=1e-4, stop_condition=5, a_calibration=False, n_calibrations=25, seed=None)  # fmt: skip
    PSOMinimizePlugin(x0=None, collective=False, binding_args=None, choose_inertia_function="random",
                      name_method_used="CLPSO", max_iter=2, swarm_number=3, size_initial_vector_space=2)  # fmt: skip
    GradientDescentOptimizer(200, 0.2, True, "grad_norm", 0.001, None, None, False)
    SeqOptim(10, 1, None, False, False)
    CostFunctionPlugin(len, is_result_argument=True)
    MultipleLaunchesAnalyzer(n_runs=5, verbose=False)
    ZeroNoiseExtrapolator(n_ins=1, extrap_gates=[CNOT], extrap_method="linear")
    CircuitInliner(inplace=True), Remap(keep_topology=False), Display(batchmode=True), StatPlugin()
    FusionPlugin(strategy="naive", qbits_compilation_threshold=2, strategies=None)
    TransformObservable("jordan-wigner"), TransformObservable(name="bravyi-kitaev")


def test_published_addresses():
    assert qat.vsolve.optimize.ScipyMinimizePlugin is ScipyMinimizePlugin
    assert {"PSOMinimizePlugin", "SPSAMinimizePlugin", "ScipyMinimizePlugin"} <= set(dir(qat.vsolve.optimize))
    from qat.plugins.launch_statistics import MultipleLaunchesAnalyzer as Launches
    from qat.plugins.observable_transformation import TransformObservable as Transform
    from qat.plugins.seq_optim import SeqOptim as Sequential
    from qat.plugins.zero_noise_extrapolation import ZeroNoiseExtrapolator as Extrapolator

    assert (Launches, Sequential, Transform, Extrapolator) == (
        MultipleLaunchesAnalyzer, SeqOptim, TransformObservable, ZeroNoiseExtrapolator,
    )  # fmt: skip
    assert set(OPTIMIZERS["seq"].__class__.__mro__) >= {Optimizer} and "ScipyMinimizePlugin" in dir(qat.plugins)


def test_numpy_seed_repeats_a_program():
    plugins = (
        ScipyMinimizePlugin(method="COBYLA"),
        SPSAMinimizePlugin(maxiter=3),
        SeqOptim(1),
        PSOMinimizePlugin(max_iter=2),
    )
    for plugin in (*plugins, GradientDescentOptimizer(maxiter=1)):
        traces = []
        for seed in (5, 5, 6):
            np.random.seed(seed)
            traces.append((plugin | LinAlg()).submit(job()).meta_data["optimization_trace"])
        assert traces[0] == traces[1] != traces[2]


def test_spsa_minimize():
    point, value, iterations, history = spsa_minimize(lambda x: float(np.sum(np.asarray(x) ** 2)), [1.0, 2.0], seed=1)
    assert len(point) == 2 and value < 1e-2 and len(history) == iterations + 1


def test_cost_function():
    stack = CostFunctionPlugin(lambda sample: sample.state.int) | LinAlg()
    assert np.isclose(stack.submit(ghz(3).to_job()).value, 3.5)
    assert (CostFunctionPlugin(len, is_result_argument=True) | LinAlg()).submit(ghz(3).to_job()).value == 2
    batch = Batch([ghz(3).to_job()])
    assert [each.type for each in CostFunctionPlugin(len).compile(batch, None)] == [0]


def test_multiple_launches():
    result = (MultipleLaunchesAnalyzer(n_runs=3) | OPTIMIZERS["scipy"] | LinAlg()).submit(job())
    reached = text_list(result.meta_data["reached_values"])
    assert len(reached) == 3 and result.value == min(reached)
    assert float(result.meta_data["optimal_values_variance"]) == pytest.approx(np.var(reached))
    assert "optimization_trace" in result.meta_data


class Noisy(QPUHandler):
    """Loses a fifth of the value at each gate."""

    def submit_job(self, job):
        return Result(value=0.5 + 0.8 ** len(job.circuit.ops), error=0.1, meta_data={})


def test_zero_noise_extrapolation_of_recorded_values():
    observable = Observable(3, pauli_terms=[Term(1.0, "ZZ", [0, 1])], constant_coeff=0.5)
    noisy = ghz(3).to_job(observable=observable)
    linear = (ZeroNoiseExtrapolator(n_ins=3) | Noisy()).submit(noisy)
    assert np.isclose(linear.value, 1.021552277064909)
    assert np.allclose(
        text_list(linear.meta_data["values_for_ZNE"]), [1.012, 0.7097152, 0.58589934592, 0.5351843720888321]
    )
    fit = text_list(linear.meta_data["ZNE_fit_parameters"])
    assert np.allclose([fit["a"], fit["b"]], [-0.15542627378135038, 0.9438391401742338])
    exponential = (ZeroNoiseExtrapolator(n_ins=3, extrap_method="exponential") | Noisy()).submit(noisy)
    assert np.isclose(exponential.value, 1.3)
    fit = text_list(exponential.meta_data["ZNE_fit_parameters"])
    assert np.allclose([fit["a"], fit["b"]], [-0.8925742052568385, -0.6694306539426291])


class Seen(QPUHandler):
    """Simulates, and remembers the jobs."""

    def __init__(self):
        super().__init__()
        self.jobs = []

    def submit_job(self, job):
        self.jobs.append(job)
        return LinAlg().submit_job(job)


def sparse_circuit():
    program = Program()
    qubits = program.qalloc(6)
    H(qubits[4])
    CNOT(qubits[4], qubits[1])
    X(qubits[3])
    return program.to_circ()


@pytest.mark.parametrize("keep_topology", [False, True])
def test_remap(keep_topology):
    seen = Seen()
    stack = Remap(keep_topology=keep_topology) | seen
    result = stack.submit(sparse_circuit().to_job())
    assert [(str(sample.state), round(sample.probability, 9)) for sample in result] == [
        ("|000100>", 0.5),
        ("|010110>", 0.5),
    ]
    assert np.allclose([sample.amplitude for sample in result], 2**-0.5)
    assert seen.jobs[0].circuit.nbqbits == (5 if keep_topology else 3)
    assert [str(sample.state) for sample in stack.submit(sparse_circuit().to_job(qubits=[4, 0, 1]))] == [
        "|000>",
        "|101>",
    ]
    assert [str(sample.state) for sample in stack.submit(sparse_circuit().to_job(qubits=[0, 2]))] == ["|00>"]
    terms = [Term(1.0, "ZZ", [4, 1]), Term(2.0, "Z", [0]), Term(3.0, "X", [0]), Term(4.0, "ZXZ", [3, 0, 5])]
    observable = Observable(6, pauli_terms=[*terms, Term(7.0, "ZX", [3, 5])], constant_coeff=5.0)
    assert np.isclose(stack.submit(sparse_circuit().to_job(observable=observable)).value, 8.0)


def test_remap_renumbers_in_order_of_use():
    seen = Seen()
    (Remap() | seen).submit(sparse_circuit().to_job())
    assert list(seen.jobs[0].circuit.iterate_simple()) == [("H", [], [0]), ("CNOT", [], [0, 1]), ("X", [], [2])]


def test_fusion():
    seen = Seen()
    (FusionPlugin() | seen).submit(ghz(3).to_job())
    assert [op.gate for op in seen.jobs[0].circuit.ops] == ["_0"] and seen.jobs[0].circuit.gateDic[
        "_0"
    ].matrix.nRows == 8
    assert (
        FusionPlugin().compile_circuit(ghz(3)).nbqbits,
        len(FusionPlugin().compile_job(ghz(3).to_job()).circuit),
    ) == (3, 1)
    with pytest.raises(Exception, match="Unknown strategy foo"):
        FusionPlugin("foo")


def test_empty_plugin_builds_stacks():
    stack = EmptyPlugin()
    stack |= Remap()
    assert isinstance(stack, AbstractPlugin) and len((stack | LinAlg()).submit(ghz(2).to_job())) == 2


SPLIT = Observable(
    2, pauli_terms=[Term(1.0, "ZZ", [0, 1]), Term(1.0, "XX", [0, 1]), Term(0.5, "Z", [0])], constant_coeff=2
)


@pytest.mark.parametrize("method", ["naive", "coloring", "clifford"])
def test_observable_splitter(method):
    stack = ObservableSplitter(splitting_method=method) | LinAlg(seed=1)
    sampled = stack.submit(ghz(2).to_job(observable=SPLIT, nbshots=2000))
    assert abs(sampled.value - 4) < 0.1 and sampled.meta_data["nbshots"] == "2000"
    exact = stack.submit(ghz(2).to_job(observable=SPLIT))
    assert np.isclose(exact.value, 4) and exact.error == 0.0 and exact.meta_data == {}


def test_naive_splitting_tells_its_error():
    result = (ObservableSplitter() | LinAlg(seed=1)).submit(ghz(2).to_job(observable=SPLIT, nbshots=1000))
    assert np.isclose(result.error, 0.5 / np.sqrt(999), rtol=0.01)


def test_random_starts_of_scipy_minimize():
    starts = []

    class Start(ScipyMinimizePlugin):
        def evaluate(self, values):
            starts.append(tuple(values.values()))
            return super().evaluate(values)

    for _ in range(20):
        (Start(method="COBYLA", options={"maxiter": 4}) | LinAlg()).submit(job())
    firsts = starts[::4]
    assert all(0 <= angle < np.pi for start in firsts for angle in start) and len(set(firsts)) == 20


def test_a_start_of_the_wrong_length_is_taken():
    stack = ScipyMinimizePlugin(x0=[0.1], method="COBYLA", options={"maxiter": 5}) | LinAlg()
    with pytest.warns(UserWarning, match="x0 has 1 values but the job has 2 variables"):
        assert set(stack.submit(job()).parameter_map) == {"a", "b"}


def test_options_of_one_job():
    stack, one = ScipyMinimizePlugin(x0=[0.1, 0.2], method="COBYLA") | LinAlg(), job()
    one.meta_data = {"ScipyMinimizePlugin": json.dumps({"method": "Nelder-Mead", "options": {"maxfev": 4}})}
    assert len(text_list(stack.submit(one).meta_data["optimization_trace"])) == 4


def test_the_default_qpu_minimises():
    assert np.isclose(job().run().value, -2) and np.isclose(get_default_qpu().submit(job()).value, -2)
