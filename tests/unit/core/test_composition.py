"""What | makes of services, and what it refuses."""

import pytest

from qat.core import Batch, BatchResult, Job
from qat.core.application import Application
from qat.core.empty import EmptyPlugin
from qat.core.errors import QPUException
from qat.core.generator import AbstractGenerator, CompositeBatchGenerator
from qat.core.plugins import AbstractPlugin, CompositePlugin, contains_plugin
from qat.core.qpu import CommonQPU, CompositeQPU, QPUHandler
from tests.unit.core.services import Counter, Fixed, Recorder, Resubmit, Silent, Through


class Generator(AbstractGenerator):
    def generate(self, specs):
        return Job()


def orders(make):
    """Names in the order in which a stack's plugins compile."""
    log = []
    make(*(Recorder(name, log) for name in "abc")).submit(Job())
    return [entry[0] for entry in log if entry[1] == "compile"]


@pytest.mark.parametrize(
    "make",
    [
        lambda a, b, c: a | b | c | Fixed(),
        lambda a, b, c: a | (b | (c | Fixed())),
        lambda a, b, c: (a | (b | c)) | Fixed(),
        lambda a, b, c: (a | b) | (c | Fixed()),
        lambda a, b, c: CompositePlugin(a, CompositePlugin(b, c)) | Fixed(),
        lambda a, b, c: CompositeQPU(a, CompositeQPU(b | c, Fixed())),
        lambda a, b, c: Counter(plugins=[a, b, c]),
        lambda a, b, c: a | Counter(plugins=[b, c]),
        lambda a, b, c: a | (b | Through()) | c | Fixed(),
        lambda a, b, c: a | Through() | b | Through() | c | Fixed(),
    ],
)
def test_composition_is_associative(make):
    assert orders(make) == ["a", "b", "c"]


def test_types_of_the_composition_table():
    plugin, qpu = Silent() | Silent(), Silent() | Fixed()
    assert isinstance(plugin, CompositePlugin) and not isinstance(plugin, CommonQPU)
    assert isinstance(qpu, CompositeQPU) and isinstance(qpu, QPUHandler)
    assert isinstance(Silent() | (Through() | Fixed()), CompositeQPU)
    assert isinstance(Generator() | Silent(), CompositeBatchGenerator)
    assert isinstance(Generator() | Silent() | Silent(), CompositeBatchGenerator)
    assert isinstance(Generator() | qpu, Application) and isinstance(Generator() | Silent() | qpu, Application)


@pytest.mark.parametrize(
    ("pipe", "message"),
    [
        (lambda: Fixed() | Silent(), "the QPU Fixed to the plugin Silent: nothing can follow a QPU"),
        (lambda: Fixed() | Fixed(), "nothing can follow a QPU"),
        (lambda: Fixed() | Through(), "the QPU Fixed to the junction Through"),
        (lambda: (Silent() | Fixed()) | Silent(), "the QPU Fixed to the plugin Silent"),
        (lambda: Fixed() | Generator(), "the generator Generator"),
        (lambda: Silent() | "x", "the plugin Silent to an object of type str"),
        (lambda: Silent() | None, "an object of type NoneType"),
        (lambda: Silent() | Fixed, r"the class Fixed \(make an instance: Fixed\(...\)\)"),
        (lambda: Silent() | Generator(), "a plugin is piped to a plugin, a junction or a QPU"),
        (lambda: Generator() | Generator(), "a generator is piped to"),
        (lambda: (Generator() | Silent()) | Generator(), "a generator is piped to"),
        (lambda: Generator() | "x", "an object of type str"),
        (lambda: Through() | "x", "a junction is piped to"),
        (lambda: (Generator() | Fixed()) | Silent(), "nothing can follow a QPU"),
        (lambda: Silent() | (Generator() | Fixed()), "the application Application"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(pipe, message):
    with pytest.raises(TypeError, match=message) as info:
        pipe()
    assert "a stack reads: generator | plugins and junctions | QPU" in str(info.value)


def test_other_classes_may_answer_with_ror():
    class Remote:
        def __ror__(self, other):
            return ("remote", other)

    for service in (Silent(), Fixed(), Through(), Generator()):
        assert (service | Remote()) == ("remote", service)
    with pytest.raises(TypeError):
        Silent() | 3


def test_plugin_and_generator_in_one_class():
    """Two services of a published package are both, and choose by what they are piped to."""

    class Both(AbstractPlugin, AbstractGenerator):
        def __init__(self, name):
            self.name = name

        def compile(self, batch, specs):
            return batch

        def generate(self, specs):
            return Job()

        def __or__(self, other):
            base = AbstractGenerator if contains_plugin(other, Both) else AbstractPlugin
            return base.__or__(self, other)

    assert isinstance(Both("a") | Both("b"), CompositeBatchGenerator)
    assert isinstance(Both("a") | Both("b") | Fixed(), Application)
    assert isinstance(Both("a") | Fixed(), CompositeQPU)
    assert isinstance((Both("a") | (Both("b") | Silent()) | Fixed()).execute(), BatchResult)


def test_str_shows_the_stack():
    assert str(Silent() | EmptyPlugin()) == "Silent | EmptyPlugin"
    assert str(Silent() | Through() | Fixed()) == "Silent | Through | Fixed"
    assert str(Through() | Silent()) == "Through | Silent"
    assert str(Counter(plugins=[Silent()])) == "Silent | Counter"
    assert str(Generator() | Silent()) == "Generator | Silent"
    assert str(Generator() | Silent() | Fixed()) == "Generator | Silent | Fixed"


def test_contains_plugin_looks_through_stacks():
    stacks = [
        Silent(), EmptyPlugin() | Silent(), EmptyPlugin() | (Silent() | Fixed()), Counter(plugins=[Silent()]),
        Through() | Silent() | Fixed(),
    ]  # fmt: skip
    assert all(contains_plugin(stack, Silent) for stack in stacks)
    assert not any(contains_plugin(other, Silent) for other in (EmptyPlugin(), Fixed(), "x", None))


@pytest.mark.parametrize("wrong", [Silent, Through(), "x"])
def test_only_plugins_are_plugins(wrong):
    for make in (lambda: Counter(plugins=[wrong]), lambda: CompositePlugin(wrong)):
        with pytest.raises(TypeError, match="expected plugins, got"):
            make()


def test_push_plugin_puts_it_in_front():
    log = []
    stack = Recorder("a", log) | Counter()
    stack.push_plugin(Recorder("b", log) | Recorder("c", log))
    stack.submit(Job())
    assert [entry[0] for entry in log[:3]] == ["b", "c", "a"]


def test_composing_leaves_the_parts_as_they_were():
    log, qpu = [], Counter()
    first, second = Recorder("a", log) | qpu, Recorder("b", log) | qpu
    first.submit(Job())
    assert [entry[0] for entry in log] == ["a", "a"]
    second.submit(Job())
    qpu.submit(Job())
    assert [entry[0] for entry in log] == ["a", "a", "b", "b"]


def test_compile_only_compiles():
    log = []
    stack = Recorder("a", log) | Counter(log, plugins=[Recorder("b", log)])
    assert isinstance(stack.compile(Batch([Job()])), Batch)
    assert [entry[:2] for entry in log] == [("a", "compile"), ("b", "compile")]
    with pytest.raises(AttributeError, match=r"pass Batch\(\[job\]\)"):
        stack.compile(Job())
    assert isinstance(Fixed().compile(Batch([])), Batch)


def test_post_process_only_post_processes():
    log = []
    stack = Recorder("a", log) | Silent() | Recorder("b", log) | Fixed()
    stack.post_process(BatchResult(results=[]))
    assert [entry[:2] for entry in log] == [("b", "post"), ("a", "post")]
    with pytest.raises(QPUException, match="use submit instead"):
        (Resubmit(1) | Fixed()).post_process(BatchResult(results=[]))


def test_composite_plugins_are_plugins():
    log = []
    composite = Recorder("a", log, nbqbits=3) | Recorder("b", log)
    assert composite.do_post_processing() and not (Silent() | Silent()).do_post_processing()
    assert len(composite.compile(Batch([Job()]), Fixed().get_specs()).jobs) == 1
    assert [entry[4] for entry in log] == [7, 7]
    assert composite.get_specs(Fixed().get_specs()).nbqbits == 3
    assert isinstance((Recorder("a", log) | Resubmit(1)).post_process(BatchResult(results=[])), Batch)
    assert (Silent() | Silent()).wrapper_post_process("results").results == "results"
    assert isinstance((Silent() | Resubmit(1)).wrapper_post_process(BatchResult(results=[])).batch, Batch)


def test_base_constructors_may_be_skipped():
    class BarePlugin(Silent):
        def __init__(self):
            pass

    class BareQPU(Fixed):
        def __init__(self):
            pass

    class BareJunction(Through):
        def __init__(self):
            self.log = []

    assert len((BarePlugin() | BareJunction() | BarePlugin() | BareQPU()).submit(Job())) == 1


def test_abstract_classes_say_what_is_missing():
    for cls, method in ((AbstractPlugin, "compile"), (QPUHandler, "submit_job"), (AbstractGenerator, "generate")):
        with pytest.raises(TypeError, match=method):
            cls()
    with pytest.raises(NotImplementedError, match="submit_job"):
        CommonQPU().submit(Job())


def test_classes_in_the_place_of_instances():
    for right in (Fixed(), Silent(), Silent() | Silent(), Silent() | Fixed()):
        with pytest.raises(TypeError, match=r"cannot pipe the class Silent \(make an instance: Silent\(\.\.\.\)\) to"):
            Silent | right
    with pytest.raises(TypeError, match="unsupported operand"):
        "x" | Fixed()
