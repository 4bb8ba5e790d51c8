"""Remote stacks: made like local ones, sent as recipes; chains of local and remote parts."""

import inspect

import numpy as np
import pytest

from qat.core import Batch, BatchResult, HardwareSpecs, Job, Observable, Result, Variable
from qat.core.empty import EmptyPlugin
from qat.core.errors import QPUException, WireError
from qat.core.generator import AbstractGenerator
from qat.core.junction import Junction
from qat.core.pipeline import SubmissionError
from qat.core.plugins import AbstractPlugin
from qat.core.qpu import CommonQPU
from qat.core.qpu.qpu import get_current_qpu
from qat.lang.AQASM import CNOT, RX, H, Program
from qat.qlmaas.application import QLMaaSApplicationStack
from qat.qlmaas.errors import UnknownServiceError, UnsupportedError
from qat.qlmaas.generators import QLMaaSGenerator
from qat.qlmaas.mixed import MixedChain
from qat.qlmaas.plugins import QLMaaSJunction, QLMaaSPlugin
from qat.qlmaas.qpus import QLMaaSQPU
from qat.qpus import LinAlg as LocalLinAlg


def bell(**options):
    program = Program()
    qubits = program.qalloc(2)
    H(qubits[0])
    CNOT(*qubits)
    return program.to_circ().to_job(**options)


def variational():
    program = Program()
    RX(Variable("a"))(program.qalloc(1))
    return program.to_circ().to_job(observable=Observable.sigma_z(0, 1))


class Marked(AbstractPlugin):
    """A user's own plugin."""

    def compile(self, batch, specs):
        self.specs = specs
        return batch

    def post_process(self, results):
        for result in results:
            result.meta_data = {**(result.meta_data or {}), "marked": "yes"}
        return results


class Twice(Junction):
    """A user's own junction."""

    def run(self, initial_object, meta_data):
        first, second = self.execute(initial_object), self.execute(initial_object)
        return Result(value=first.value + second.value)


class One(AbstractGenerator):
    """A user's own generator."""

    def generate(self, specs):
        result = yield bell()
        yield {"states": len(result)}


@pytest.fixture
def parts(connected):
    names = ("qat.qpus:LinAlg", "qat.plugins:ScipyMinimizePlugin", "qat.plugins:ObservableSplitter")
    return [connected.get_importable(name) for name in (*names, "qat.generators:MaxCutGenerator")]


def test_remote_twins_look_like_the_services(connected, parts):
    lin_alg, scipy, *_ = parts
    assert (lin_alg.__name__, lin_alg.__module__, inspect.getdoc(lin_alg)) == (
        "LinAlg", "qlmaas.qpus", "A simulator.\n\nExact.",
    )  # fmt: skip
    assert str(inspect.signature(lin_alg)) == "(use_GPU: bool = False, *, seed=None)"
    assert [
        issubclass(part, base)
        for part, base in zip(parts, (QLMaaSQPU, QLMaaSJunction, QLMaaSPlugin, QLMaaSGenerator), strict=True)
    ] == [True] * 4
    assert connected.get_qpu("LinAlg") is lin_alg and connected.get_qpu("qat.qpus:LinAlg") is lin_alg
    assert repr(scipy(method="COBYLA") | lin_alg()) == "<remote QPU ScipyMinimizePlugin | LinAlg>"


def test_composition_gives_what_it_gives_locally(parts):
    lin_alg, scipy, splitter, generator = parts
    qpu = splitter() | scipy() | lin_alg(seed=1)
    assert type(qpu) is QLMaaSQPU and str(qpu) == "ObservableSplitter | ScipyMinimizePlugin | LinAlg"
    assert str(splitter() | (scipy() | lin_alg())) == str(qpu)
    assert type(splitter() | splitter()) is QLMaaSPlugin and type(splitter() | scipy()) is QLMaaSJunction
    assert type(generator() | scipy()) is QLMaaSGenerator
    assert (
        type(generator() | scipy() | lin_alg()) is type(generator() | (scipy() | lin_alg())) is QLMaaSApplicationStack
    )
    assert [call.address for call in qpu.recipe.services][-1] == "qat.qpus:LinAlg"
    assert qpu.recipe.services[-1].keywords == {"seed": 1}


def test_what_does_not_fit_is_refused_in_the_words_of_local_stacks(parts):
    lin_alg, scipy, splitter, generator = (part() for part in parts)
    for left, right, expected in (
        (lin_alg, scipy, "cannot pipe the QPU LinAlg to the junction ScipyMinimizePlugin: nothing can follow a QPU"),
        (lin_alg, lin_alg, "cannot pipe the QPU LinAlg to the QPU LinAlg: nothing can follow a QPU"),
        (splitter, generator, "a plugin is piped to a plugin, a junction or a QPU"),
        (generator, generator, "a generator is piped to a plugin, a junction or a QPU"),
        (generator | lin_alg, lin_alg, "nothing can follow a QPU"),
        (parts[2], lin_alg, r"the class ObservableSplitter \(make an instance"),
        (splitter, parts[0], r"the class LinAlg \(make an instance"),
        (3, lin_alg, "unsupported operand"),
        (LocalLinAlg(), lin_alg, "nothing can follow a QPU"),
        (LocalLinAlg(), splitter, "nothing can follow a QPU"),
        (EmptyPlugin(), generator, "a plugin is piped to"),
    ):
        with pytest.raises(TypeError, match=expected):
            left | right


def test_local_parts_do_not_follow_remote_ones(parts):
    lin_alg, scipy, splitter, generator = (part() for part in parts)
    for left, right in (
        (splitter, LocalLinAlg()), (scipy, Marked()), (generator, Marked()), (Marked() | splitter, LocalLinAlg()),
        (splitter, Marked() | lin_alg), (splitter, Marked() | scipy), (generator, Twice()),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=r"your code is not sent to the server\. Put local plugins in front"):
            left | right


def test_parts_of_two_connections_do_not_mix(connected, server, parts):
    from qat.qlmaas import QLMaaSConnection

    other = QLMaaSConnection("fake", token="secret", transport=server)
    with pytest.raises(TypeError, match="different connections"):
        parts[2]() | other.get_qpu("LinAlg")()


def test_arguments_are_checked_when_a_part_is_made(parts):
    lin_alg = parts[0]
    signature = r"LinAlg\(use_GPU: bool = False, \*, seed=None\)"
    with pytest.raises(TypeError, match=rf"LinAlg: got an .* keyword argument 'sed'; its signature is {signature}"):
        lin_alg(sed=3)
    with pytest.raises(TypeError, match="too many positional"):
        lin_alg(True, 3)
    with pytest.raises(WireError, match=r"argument 'seed' of qat\.qpus:LinAlg is or holds the function <lambda>"):
        lin_alg(seed=lambda: 3)
    with pytest.raises(WireError, match=r"argument 'use_GPU' of qat\.qpus:LinAlg"):
        lin_alg(object())


def test_plugins_given_to_a_qpu(parts):
    qpu = parts[0](seed=1, plugins=[parts[2](), parts[1]()])
    assert str(qpu) == "ObservableSplitter | ScipyMinimizePlugin | LinAlg"
    with pytest.raises(TypeError, match="must be remote too"):
        parts[0](plugins=[EmptyPlugin()])


def test_unknown_services(connected, server):
    with pytest.raises(UnknownServiceError, match="did you mean LinAlg"):
        connected.get_qpu("qat.qpus:Linalg")
    with pytest.raises(UnknownServiceError, match="there are LinAlg"):
        connected.get_qpu("Zzz")
    with pytest.raises(UnknownServiceError, match="write its module and its name"):
        connected.get_importable("qpus:LinAlg")
    with pytest.raises(UnknownServiceError):
        connected.get_qpu("qat.plugins:ObservableSplitter")
    assert connected.get_plugins()[0].name == "qat.plugins:ObservableSplitter"
    assert connected.get_plugins()[0].warning_message == "being mended"
    assert [str(service) for service in connected.get_qpus() + connected.get_generators()] == [
        "qat.qpus:LinAlg", "qat.generators:MaxCutGenerator",
    ]  # fmt: skip


def test_a_service_that_was_installed_later_is_found(connected, server):
    connected.get_qpus()
    server.views.append(server.views[0].__class__(kind="qat.qpus", name="Later", role="qpu"))
    assert connected.get_qpu("Later").__name__ == "Later"


# ---------------------------------------------------------------- submission
def test_submit_and_join_take_two_requests(connected, server, parts):
    lin_alg = parts[0]()
    server.requests.clear()
    result = lin_alg.submit(bell()).join()
    assert isinstance(result, Result) and [str(sample.state) for sample in result] == ["|00>", "|11>"]
    assert server.requests == [("POST", "/jobs"), ("GET", "/jobs/j1/result")]


def test_lists_batches_and_stacks(parts):
    lin_alg, scipy = parts[0](), parts[1]()
    results = lin_alg.submit([bell(), bell()]).join()
    assert isinstance(results, BatchResult) and len(results) == 2
    assert len(lin_alg.submit(Batch([bell()])).join()) == 1 and len(lin_alg.submit([]).join()) == 0
    minimum = (scipy | lin_alg).submit(variational()).join()
    assert np.isclose(minimum.value, -1, atol=1e-3) and "a" in minimum.parameter_map
    with pytest.raises(SubmissionError):
        lin_alg.submit("job")


def test_options_travel(connected, server, parts):
    future = parts[0]().submit(
        bell(), {"k": "v"}, mem_usage=5, core_usage=2, nb_nodes=3, max_time=2, scheduling_info={"qos": "high"},
        name="bell", tags=["a", "b"], idempotency_key="key",
    )  # fmt: skip
    sent = server.submissions[future.get_id()]
    assert sent.meta_data == {"k": "v"} and (sent.name, sent.tags) == ("bell", ("a", "b"))
    asked = sent.resources
    assert (asked.memory_bytes, asked.nb_cores, asked.nb_nodes, asked.max_time_s) == (5 << 20, 2, 3, 120.0)
    assert asked.scheduling == {"qos": "high"} and server.headers["Idempotency-Key"] == "key"
    assert parts[0]().submit(bell(), idempotency_key="key").get_id() == future.get_id()
    with pytest.raises(TypeError, match="got maxtime; its keywords are core_usage"):
        parts[0]().submit(bell(), maxtime=3)
    with pytest.raises(ValueError, match="mem_usage is 0"):
        parts[0]().submit(bell(), mem_usage=0)


def test_specs_and_compilation(parts):
    lin_alg, _, splitter, _ = (part() for part in parts)
    assert isinstance(lin_alg.get_specs(name="ask"), HardwareSpecs)
    job = bell(observable=Observable.sigma_z(0, 2) * 0.5)
    assert isinstance((splitter | lin_alg).compile(job).join(), Batch)
    assert isinstance(splitter.compile(Batch([job]), HardwareSpecs()).join(), Batch)
    assert isinstance(splitter.compile_job(job, HardwareSpecs()).join().jobs[0], Job)


def test_push_plugin_and_what_is_refused(parts):
    lin_alg, scipy, splitter, _ = (part() for part in parts)
    lin_alg.push_plugin(splitter)
    assert str(lin_alg) == "ObservableSplitter | LinAlg"
    with pytest.raises(TypeError, match="expected a remote plugin"):
        lin_alg.push_plugin(EmptyPlugin())
    with pytest.raises(UnsupportedError, match="pass the values as arguments"):
        lin_alg.load_config("file")
    with pytest.raises(ValueError, match=r"ScipyMinimizePlugin has no QPU below it"):
        scipy.submit(bell())


def test_applications(server, parts):
    lin_alg, scipy, _, generator = parts
    application = generator() | scipy(options={"maxiter": 2}) | lin_alg()
    graph = pytest.importorskip("networkx").path_graph(3)
    future = application.execute(graph, depth=1, mem_usage=1)
    sent = server.submissions["j1"]
    assert (sent.task, len(sent.arguments), sent.keywords) == ("execute", 1, {"depth": 1})
    assert sent.resources.memory_bytes == 1 << 20
    assert {node for subset in future.join().subsets for node in subset} == {0, 1, 2}
    with pytest.raises(WireError, match="argument 'f' of execute"):
        application.execute(f=print)


# ---------------------------------------------------------------- mixed chains
def test_local_stages_in_front_of_a_remote_part(connected, server, parts):
    lin_alg, splitter, mark = parts[0](), parts[2](), Marked()
    for stack in (
        mark | lin_alg,
        mark | splitter | lin_alg,
        mark | (splitter | lin_alg),
        EmptyPlugin() | mark | lin_alg,
    ):
        assert isinstance(stack, CommonQPU)
        result = stack.submit(bell())
        assert isinstance(result, Result) and result.meta_data["marked"] == "yes" and len(result) == 2
    assert [view.stack for view in server.jobs.values() if view.task == "submit"] == [
        "LinAlg", "ObservableSplitter | LinAlg", "ObservableSplitter | LinAlg", "LinAlg",
    ]  # fmt: skip
    assert isinstance(mark.specs, HardwareSpecs)
    assert len((mark | lin_alg).submit([bell()] * 3)) == 3
    assert isinstance((mark | lin_alg).compile(Batch([bell()])), Batch)


def test_junctions_and_generators_of_the_user(parts):
    lin_alg, scipy, splitter, _ = (part() for part in parts)
    job = bell(observable=Observable.sigma_z(0, 2) + 1.0)
    assert np.isclose((Twice() | lin_alg).submit(job).value, 2)
    assert np.isclose((EmptyPlugin() | Twice() | splitter | lin_alg).submit(job).value, 2)
    assert (One() | lin_alg).execute() == {"states": 2}
    assert (One() | EmptyPlugin() | splitter | lin_alg).execute() == {"states": 2}
    assert np.isclose((EmptyPlugin() | scipy | lin_alg).submit(variational()).value, -1, atol=1e-3)


def test_a_remote_qpu_as_the_default(server, parts):
    circuit = bell().circuit
    with parts[0]() as outer, outer, Marked():
        assert len(circuit.run()) == 2 and str(get_current_qpu()) == "LinAlg"
        assert circuit.run().meta_data["marked"] == "yes"
    assert get_current_qpu() is None and outer._entered == ()
    assert [view.task for view in server.jobs.values()].count("submit") == 2


def test_an_open_mixed_chain(parts):
    chain = EmptyPlugin() | parts[2]() | parts[2]()
    assert isinstance(chain, MixedChain)
    assert str(Marked() | chain) == "Marked | EmptyPlugin | ObservableSplitter | ObservableSplitter"
    assert str(Marked() | chain | parts[0]()) == str(Marked() | chain) + " | LinAlg"
    with pytest.raises(TypeError):
        3 | chain


def test_specs_of_a_remote_part_are_asked_once(connected, server, parts):
    stack = Marked() | EmptyPlugin() | parts[0]()
    stack.submit(bell())
    stack.submit(bell())
    assert [view.task for view in server.jobs.values()].count("specs") == 1
    assert stack.qpu.submit_job(bell())[0].probability == pytest.approx(0.5)


def test_errors_of_services_are_raised_in_mixed_chains(parts):
    job = variational().circuit.to_job(nbshots=3)
    with pytest.raises(QPUException, match="only jobs of type OBS"):
        (EmptyPlugin() | parts[1]() | parts[0]()).submit(job)
