"""The published execution protocol: QPUs, plugins, junctions, optimizers, contexts, as programs rely on it."""

import inspect
import math

import pytest

from qat.comm.exceptions.ttypes import ErrorType, PluginException, QPUException
from qat.core import Batch, BatchResult, HardwareSpecs, Job, Observable, Result, Term, Topology, TopologyType
from qat.core.plugins import AbstractPlugin, contains_plugin
from qat.core.qpu import CommonQPU, QPUHandler
from qat.generators import AbstractGenerator
from qat.lang.AQASM import CNOT, RX, RY, H, Program
from qat.plugins import FusionPlugin, Junction, Optimizer, QuameleonPlugin, get_current_plugin
from qat.qpus import PyLinalg, get_current_qpu, get_default_qpu


def bell():
    program = Program()
    qubits = program.qalloc(2)
    H(qubits[0])
    CNOT(qubits[0], qubits[1])
    return program.to_circ()


def energy(**fields):
    """A job of value cos a + cos(2b + 1)."""
    program = Program()
    qubits = program.qalloc(2)
    RY(program.new_var(float, "a"))(qubits[0])
    RX(2 * program.new_var(float, "b") + 1)(qubits[1])
    observable = Observable(2, pauli_terms=[Term(1.0, "Z", [0]), Term(1.0, "Z", [1])])
    return program.to_circ().to_job(observable=observable, **fields)


class Log(AbstractPlugin):
    def __init__(self, name, log):
        super().__init__()
        self.name, self.log = name, log

    def compile(self, batch, specs):
        self.log.append((self.name, "compile", len(batch.jobs), dict(batch.meta_data or {}), type(specs).__name__))
        return batch

    def post_process(self, batch_result):
        self.log.append((self.name, "post", len(batch_result)))
        return batch_result


class NoPost(AbstractPlugin):
    def compile(self, batch, specs):
        return batch


class Fixed(QPUHandler):
    def submit_job(self, job):
        result = Result()
        result.add_sample(2, probability=1.0)
        return result

    def get_specs(self):
        return HardwareSpecs(nbqbits=7, description="d", meta_data={"k": "v"})


def test_published_addresses():
    import qat.core.application
    import qat.core.generator
    import qat.core.junction
    import qat.core.optimizer
    import qat.core.plugins
    import qat.core.qpu.qpu
    import qat.core.quameleon
    import qat.generators
    import qat.plugins
    import qat.qpus

    assert qat.qpus.QPUHandler is qat.core.qpu.QPUHandler is qat.core.qpu.qpu.QPUHandler
    assert qat.core.qpu.CommonQPU is qat.core.qpu.qpu.CommonQPU
    assert qat.core.qpu.CompositeQPU is qat.core.qpu.qpu.CompositeQPU
    assert qat.plugins.AbstractPlugin is qat.core.plugins.AbstractPlugin
    assert qat.plugins.Junction is qat.core.junction.Junction
    assert qat.plugins.Optimizer is qat.core.optimizer.Optimizer
    assert qat.plugins.QuameleonPlugin is qat.core.quameleon.QuameleonPlugin
    assert qat.generators.AbstractGenerator is qat.core.generator.AbstractGenerator
    assert callable(qat.core.qpu.qpu.get_registers) and callable(qat.core.application.Application)
    assert qat.qpus.get_current_qpu is qat.core.qpu.get_current_qpu


def test_marks_of_published_plugins():
    from qat.core.plugins import OffloadedPlugin
    from qat.core.services import OffloadedService

    class Published(Optimizer, OffloadedPlugin):
        def optimize(self, var_names):
            return 0.0, [0.0], None

    assert isinstance(Published(), OffloadedService) and isinstance(Published() | PyLinalg(), Junction)


def test_signatures():
    def parameters(function):
        return [name for name in inspect.signature(function).parameters if name != "self"]

    assert parameters(CommonQPU.submit) == ["batch", "meta_data"] and parameters(QPUHandler.submit_job) == ["job"]
    assert parameters(QPUHandler) == ["plugins"] and parameters(CommonQPU.compile) == ["batch"]
    assert parameters(CommonQPU.wrap_result) == ["job", "res"]
    assert parameters(AbstractPlugin.compile) == ["batch", "specs"]
    assert parameters(AbstractPlugin.get_specs) == ["specs"]
    assert parameters(Junction) == ["collective"] and parameters(Junction.run) == ["initial_object", "meta_data"]
    assert parameters(Optimizer) == ["collective", "binding_kwargs"]
    assert parameters(Optimizer.optimize) == ["var_names"] and parameters(Optimizer.evaluate) == ["values"]
    assert parameters(QuameleonPlugin) == ["specs", "topology", "gate_set"]


def test_order_of_calls_and_types():
    log = []
    stack = Log("a", log) | Log("b", log) | Fixed()
    assert isinstance(stack, QPUHandler) and isinstance(stack, CommonQPU)
    result = stack.submit(bell().to_job(), meta_data={"x": "y"})
    assert isinstance(result, Result) and [str(sample.state) for sample in result] == ["|10>"]
    assert log == [
        ("a", "compile", 1, {"x": "y"}, "HardwareSpecs"),
        ("b", "compile", 1, {"x": "y"}, "HardwareSpecs"),
        ("b", "post", 1),
        ("a", "post", 1),
    ]
    results = stack.submit([bell().to_job()] * 2)
    assert isinstance(results, BatchResult) and len(results) == 2 and isinstance(results[0], Result)
    assert isinstance(stack.submit(Batch([bell().to_job()])), BatchResult) and len(stack.submit([])) == 0
    assert stack.get_specs().nbqbits == 7 and stack.get_specs().meta_data == {"k": "v"}
    log.clear()
    assert isinstance(stack.submit_job(bell().to_job()), Result) and log == []
    with pytest.raises(AttributeError):
        stack.submit(bell())


def test_compile_only_compiles():
    log = []
    compiled = (Log("a", log) | Fixed()).compile(Batch([bell().to_job()]))
    assert isinstance(compiled, Batch) and [entry[1] for entry in log] == ["compile"]


def test_composition():
    log = []
    assert isinstance(NoPost() | NoPost(), AbstractPlugin) and not isinstance(NoPost() | NoPost(), QPUHandler)
    a, b = Log("a", log), Log("b", log)
    for stack in ((a | b) | Fixed(), a | (b | Fixed()), Fixed(plugins=[a, b])):
        log.clear()
        stack.submit(bell().to_job())
        assert [entry[0] for entry in log] == ["a", "b", "b", "a"]
    for wrong in (lambda: Fixed() | NoPost(), lambda: Fixed() | Fixed(), lambda: NoPost() | "x"):
        with pytest.raises(TypeError):
            wrong()
    assert NoPost().do_post_processing() is False and a.do_post_processing() is True
    assert contains_plugin(NoPost() | a | Fixed(), Log) and not contains_plugin(NoPost() | Fixed(), Log)


class Batches(AbstractGenerator):
    def generate(self, specs):
        return bell().to_job()


STACKS = {
    "plugin": NoPost, "plugins": lambda: NoPost() | NoPost(), "qpu": Fixed, "stack": lambda: NoPost() | Fixed(),
    "junction": lambda: Passing(), "junction on qpu": lambda: Passing() | Fixed(), "generator": Batches,
}  # fmt: skip


@pytest.mark.parametrize(("left", "right", "kind"), [
    ("plugin", "plugin", "CompositePlugin"),
    ("plugin", "qpu", "CompositeQPU"),
    ("plugins", "stack", "CompositeQPU"),
    ("junction", "qpu", "Passing"),
    ("junction", "stack", "Passing"),
    ("plugin", "junction on qpu", "CompositeQPU"),
    ("generator", "plugin", "CompositeBatchGenerator"),
    ("generator", "qpu", "Application"),
    ("generator", "stack", "Application"),
    ("generator", "junction on qpu", "Application"),
    ("qpu", "plugin", None),
    ("qpu", "qpu", None),
    ("qpu", "generator", None),
    ("stack", "plugin", None),
    ("plugin", "generator", None),
    ("generator", "generator", None),
])  # fmt: skip
def test_composition_table(left, right, kind):
    if kind is None:
        with pytest.raises(TypeError):
            STACKS[left]() | STACKS[right]()
    else:
        first = STACKS[left]()
        stack = first | STACKS[right]()
        assert type(stack).__name__ == kind and (kind != "Passing" or stack is first)


class Passing(Junction):
    def run(self, initial, meta_data):
        return self.execute(initial)


def test_junction_on_a_plugin_on_a_qpu():
    log = []
    assert [str(s.state) for s in (Passing() | Log("p", log) | Fixed()).submit(bell().to_job())] == ["|10>"]
    assert [entry[1] for entry in log] == ["compile", "post"]


def test_every_stage_sees_the_meta_data():
    seen = []

    class Seeing(NoPost):
        def compile(self, batch, specs):
            seen.append(("compile", batch.meta_data))
            return batch

        def post_process(self, batch_result):
            seen.append(("post", batch_result.meta_data))
            return batch_result

    (Seeing() | Fixed()).submit(Batch([bell().to_job()], meta_data={"x": "y"}), meta_data={"k": "v"})
    assert seen == [("compile", {"x": "y", "k": "v"}), ("post", {"x": "y", "k": "v"})]


def test_specs_are_asked_before_anything_is_compiled():
    log = []

    class Specified(Fixed):
        def get_specs(self):
            log.append("specs")
            return super().get_specs()

    (Log("p", log) | Specified()).submit(bell().to_job())
    assert log[0] == "specs" and log[-2][:2] == ("p", "compile") and log[-1] == ("p", "post", 1)


def test_what_qpus_take():
    for nonsense in (3, "x", {}):
        with pytest.raises(AttributeError):
            Fixed().submit(nonsense)
    assert isinstance(Fixed().submit([]), BatchResult)
    result = Result()
    result.add_sample(1)
    Fixed().wrap_result(bell().to_job(), result)
    assert str(result[0].state) == "|01>"


def test_meta_data():
    seen = []

    class Meta(QPUHandler):
        def submit_job(self, job, meta_data):
            seen.append(meta_data)
            return Result()

    results = (NoPost() | Meta()).submit(Batch([bell().to_job()], meta_data={"x": "y"}), meta_data={"k": "v"})
    assert seen == [{"x": "y", "k": "v"}] and results.meta_data == {"x": "y", "k": "v"}
    assert (NoPost() | Meta()).submit(bell().to_job(), meta_data={"k": "v"}).meta_data is None


@pytest.mark.parametrize("parameters", ["job, meta_data=None", "job, *args", "job, anything=3"])
def test_any_second_argument_of_submit_job_is_the_meta_data(parameters):
    namespace = {"seen": []}
    exec(f"def submit_job(self, {parameters}): seen.append(locals()); return result", namespace)
    namespace["result"] = Result()
    qpu = type("Second", (QPUHandler,), {"submit_job": namespace["submit_job"]})()
    qpu.submit(bell().to_job(), meta_data={"k": "v"})
    (_, _, second) = namespace["seen"][0].values()
    assert second in ({"k": "v"}, ({"k": "v"},))


def test_submit_may_be_overridden():
    seen = []

    class Own(QPUHandler):
        def submit(self, batch, meta_data=None):
            seen.append(type(batch).__name__)
            return super().submit(batch, meta_data)

        def submit_job(self, job):
            return Result(value=1.0)

    assert Own().submit(bell().to_job()).value == (NoPost() | Own()).submit(bell().to_job()).value == 1.0
    assert seen == ["Job", "Batch"]


def test_resubmission():
    log, job = [], bell().to_job()

    class Again(AbstractPlugin):
        count = 0

        def compile(self, batch, specs):
            return batch

        def post_process(self, batch_result):
            self.count += 1
            return Batch([job]) if self.count < 3 else batch_result

    (Log("out", log) | Again() | Log("in", log) | Fixed()).submit(job)
    rounds = [("in", "compile"), ("in", "post")] * 3
    assert [entry[:2] for entry in log] == [("out", "compile"), *rounds, ("out", "post")]
    assert [entry[4] for entry in log if entry[:2] == ("in", "compile")] == ["HardwareSpecs", "NoneType", "NoneType"]


def test_a_single_job_must_end_as_a_single_result():
    class Twice(NoPost):
        def compile(self, batch, specs):
            return Batch(batch.jobs * 2)

    with pytest.raises(AssertionError, match="Expected a single result at the end of the post processing, got 2"):
        (Twice() | Fixed()).submit(bell().to_job())


def test_local_exceptions_are_unchanged():
    class Bad(QPUHandler):
        def submit_job(self, job):
            raise KeyError("boom")

    class BadPlugin(NoPost):
        def compile(self, batch, specs):
            raise ZeroDivisionError

    class Forgets(NoPost):
        def compile(self, batch, specs):
            pass

    for stack, error in ((NoPost() | Bad(), KeyError), (BadPlugin() | Fixed(), ZeroDivisionError)):
        with pytest.raises(error):
            stack.submit(bell().to_job())
    with pytest.raises(AssertionError):
        (Forgets() | Fixed()).submit(bell().to_job())


def test_contexts():
    log, job = [], bell().to_job()
    with Fixed() as qpu:
        assert get_current_qpu() is qpu and [str(sample.state) for sample in job.run()] == ["|10>"]
        with Log("p", log):
            assert get_current_plugin() is not None
            assert [str(sample.state) for sample in job.run()] == ["|10>"]
            assert [entry[1] for entry in log] == ["compile", "post"]
            assert [str(sample.state) for sample in bell().run()] == ["|10>"]
    assert get_current_qpu() is None and get_current_plugin() is None
    log.clear()
    with Log("p", log), Fixed():
        assert [str(sample.state) for sample in job.run()] == ["|10>"]
    with Log("p", log):
        assert [str(sample.state) for sample in job.run()] == ["|00>", "|11>"]
    assert [entry[1] for entry in log] == ["compile", "post"] * 2


def test_default_qpu():
    assert [str(sample.state) for sample in get_default_qpu().submit(bell().to_job())] == ["|00>", "|11>"]
    assert math.isclose(energy().run().value, -2, abs_tol=1e-4)


def test_junction():
    seen = []

    class Half(Junction):
        def run(self, initial, meta_data):
            seen.append((type(initial).__name__, dict(meta_data or {})))
            if isinstance(initial, Batch):
                return self.execute(Batch([job(a=1.0, b=0.0) for job in initial.jobs]))
            return self.execute(initial(a=1.0, b=0.0))

    stack = Half() | PyLinalg()
    assert isinstance(stack, Half) and isinstance(stack, QPUHandler) and stack.has_qpu()
    result = stack.submit(energy(), meta_data={"k": "v"})
    assert isinstance(result, Result) and math.isclose(result.value, 2 * math.cos(1)) and seen == [("Job", {"k": "v"})]
    results = (Half(collective=True) | PyLinalg()).submit([energy(), energy()])
    assert isinstance(results, BatchResult) and seen[-1][0] == "Batch"
    (Half(collective=True) | PyLinalg()).submit(energy())
    assert seen[-1][0] == "Batch"
    log = []
    stack = Log("o", log) | Half() | Log("i", log) | PyLinalg()
    assert math.isclose(stack.submit(energy()).value, 2 * math.cos(1))
    assert [entry[:2] for entry in log] == [("o", "compile"), ("i", "compile"), ("i", "post"), ("o", "post")]
    with pytest.raises(ValueError):
        Half().submit(energy())


class Grid(Optimizer):
    def optimize(self, var_names):
        assert var_names == ["a", "b"] and isinstance(self.job, Job)
        best = min((self.evaluate({"a": a, "b": 0.1}), a) for a in (0.1, 2.0, 3.0))
        return best[0], [best[1], 0.1], {"some": "info"}


def test_optimizer_result():
    result = (Grid() | PyLinalg()).submit(energy())
    assert result.parameter_map == {"a": 3.0, "b": 0.1} and math.isclose(result.value, math.cos(3) + math.cos(1.2))
    assert set(result.meta_data) == {"optimizer_data", "parameters", "optimization_trace", "parameter_map"}
    assert all(isinstance(text, str) for text in result.meta_data.values())
    assert result.meta_data["optimizer_data"] == "{'some': 'info'}" and result.meta_data["parameters"] == "[3.0, 0.1]"
    assert len(eval(result.meta_data["optimization_trace"], {})) == 3
    assert eval(result.meta_data["parameter_map"], {}) == {"a": 3.0, "b": 0.1}


def test_optimizer_without_variables():
    bound = energy()(a=0.1, b=0.2)
    assert (Grid() | PyLinalg()).submit(bound).value == pytest.approx(PyLinalg().submit(bound).value)
    assert len((Grid() | PyLinalg()).submit(bell().to_job())) == 2


def test_optimizer_on_samples():
    sampling = Job(circuit=energy().circuit, qubits=[0, 1], nbshots=0)
    with pytest.raises(PluginException):
        (Grid() | PyLinalg()).submit(sampling)


def test_exact_gradients_of_the_simulator():
    exact, shifted = [], []

    class Gradient(Optimizer):
        def optimize(self, var_names):
            found = exact if self.has_exact_gradient() else shifted
            found.append(self.value_and_gradient({"a": 0.3, "b": 0.2}))
            return 0.0, [0.0, 0.0], None

    (Gradient() | PyLinalg()).submit(energy())
    (Gradient() | FusionPlugin() | PyLinalg()).submit(energy())
    (Gradient() | NoPost() | PyLinalg()).submit(energy())
    for value, gradient in exact + shifted:
        assert value == pytest.approx(math.cos(0.3) + math.cos(1.4))
        assert gradient == pytest.approx({"a": -math.sin(0.3), "b": -2 * math.sin(1.4)})
    assert (len(exact), len(shifted)) == (2, 1)


def test_quameleon():
    specs = HardwareSpecs(nbqbits=3, topology=Topology(type=TopologyType.LNN))
    qpu = QuameleonPlugin(specs=specs) | PyLinalg()
    assert qpu.get_specs().nbqbits == 3 and qpu.get_specs().topology.type == TopologyType.LNN
    program = Program()
    qubits = program.qalloc(3)
    CNOT(qubits[0], qubits[2])
    with pytest.raises(PluginException, match=r"Hardware topology does not support \[0, 2\] interactions") as info:
        qpu.submit(program.to_circ().to_job())
    assert info.value.code == ErrorType.ILLEGAL_GATES


def test_unbound_jobs_are_refused():
    with pytest.raises(QPUException, match="a"):
        PyLinalg().submit(energy())


def test_junctions_grow_the_circuit_of_their_job_in_place():
    """As adaptive plugins do: ``circuit += layer`` changes the job that holds it."""
    circuit = bell()
    job, before = circuit.to_job(), circuit
    circuit += bell()
    assert circuit is before is job.circuit and len(job.circuit) == 4
    circuit *= bell()
    assert job.circuit.nbqbits == 4 and len(job.circuit) == 6


def test_meta_data_on_the_second_pass():
    seen, job = [], bell().to_job()

    class Seeing(NoPost):
        def compile(self, batch, specs):
            seen.append((batch.meta_data, specs is None))
            return batch

    class Again(NoPost):
        is_first = True

        def post_process(self, batch_result):
            again, self.is_first = self.is_first, False
            return Batch([job]) if again else batch_result

    assert (Again() | Seeing() | Fixed()).submit(job, meta_data={"k": "v"}).meta_data is None
    assert seen == [({"k": "v"}, False), (None, True)]
