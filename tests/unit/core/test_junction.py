"""Junctions: what they get and may return, how they hold a QPU."""

import pytest

from qat.core import Batch, BatchResult, HardwareSpecs, Job, Result
from qat.core.errors import PluginException, QPUException
from qat.core.junction import Junction
from qat.core.qpu import QPUHandler
from tests.unit.core.services import Answer, Counter, Fixed, Recorder, Silent, Through, WithMetaData


def test_it_is_itself_with_a_qpu():
    junction = Through()
    assert not junction.has_qpu()
    stack = junction | Fixed()
    assert stack is junction and junction.has_qpu() and isinstance(stack, QPUHandler)
    assert stack.get_specs().nbqbits == 7 and isinstance(stack.submit_job(Job()), Result)


def test_jobs_come_one_by_one_or_together():
    log = []
    (Through(log) | Fixed()).submit([Job(), Job()], meta_data={"k": "v"})
    assert log == [("junction", "Job", {"k": "v"})] * 2
    log.clear()
    stack = Through(log, collective=True) | Fixed()
    assert isinstance(stack.submit(Job()), Result)
    results = stack.submit(Batch([Job(), Job()], meta_data={"x": "y"}))
    assert isinstance(results, BatchResult) and results.meta_data == {"x": "y"}
    assert log == [("junction", "Batch", {}), ("junction", "Batch", {"x": "y"})]


def test_what_lies_below_sees_the_meta_data_of_what_is_executed():
    log = []
    (Through() | Recorder("p", log) | WithMetaData(log)).submit(Job(), meta_data={"k": "v"})
    assert log[0][3] == {} and log[1] == ("qpu", {})
    log.clear()
    (Through(collective=True) | WithMetaData(log)).submit([Job()], meta_data={"k": "v"})
    assert log == [("qpu", {"k": "v"})]


def test_execute_takes_jobs_lists_and_batches():
    def run(junction, job):
        assert isinstance(junction.execute(job), Result)
        assert isinstance(junction.execute([job, job]), BatchResult)
        return junction.execute(Batch([job]))[0]

    assert (Answer(run) | Counter()).submit(Job()).value == 4.0


def test_plugins_above_and_below():
    log = []
    stack = Recorder("o", log) | Answer(lambda junction, job: [junction.execute(job) for _ in range(2)][-1])
    (stack | Recorder("i", log) | Counter()).submit(Job())
    assert [entry[:2] for entry in log] == [
        ("o", "compile"), ("i", "compile"), ("i", "post"), ("i", "compile"), ("i", "post"), ("o", "post"),
    ]  # fmt: skip


@pytest.mark.parametrize("use", [lambda j: j.submit(Job()), lambda j: j.get_specs(), lambda j: j.submit_job(Job())])
@pytest.mark.parametrize("make", [Through, lambda: Through() | Silent(), lambda: Silent() | Through()])
def test_without_a_qpu_it_says_so(use, make):
    with pytest.raises(ValueError, match=r"Through.* has no QPU below it; pipe it to one"):
        use(make())


def test_nested_junctions():
    inner, outer = [], []
    (Through(outer) | Silent() | Through(inner) | Fixed()).submit([Job(), Job()])
    assert len(outer) == len(inner) == 2


def test_results_are_wrapped_with_the_registers_of_the_job():
    from qat.core import Circuit

    def by_hand(junction, job):
        result = Result()
        result.add_sample(1, probability=1.0)
        return result

    assert str((Answer(by_hand) | Fixed()).submit(Circuit.empty(3).to_job())[0].state) == "|001>"


def test_other_errors_become_plugin_exceptions_with_their_cause():
    def fail(junction, job):
        raise ZeroDivisionError("boom")

    with pytest.raises(PluginException, match='Caught exception from junction: "boom"') as info:
        (Answer(fail) | Fixed()).submit(Job())
    assert info.value.modulename == "qat.plugins.junction" and isinstance(info.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize("error", [QPUException(3, "m", "x"), PluginException(3, "m", "x"), KeyboardInterrupt()])
def test_service_exceptions_and_interrupts_pass_unchanged(error):
    def fail(junction, job):
        raise error

    with pytest.raises(type(error)) as info:
        (Answer(fail) | Fixed()).submit(Job())
    assert info.value is error


@pytest.mark.parametrize("answer", [None, "x", Job(), BatchResult(results=[])])
def test_nonsense_for_a_job_is_named(answer):
    with pytest.raises(PluginException, match=r"Answer: run returned .* instead of a Result for a Job"):
        (Answer(lambda junction, job: answer) | Fixed()).submit(Job())


def test_nonsense_for_a_batch_is_named():
    with pytest.raises(PluginException, match="instead of a BatchResult for a Batch"):
        (Answer(lambda junction, batch: Result(), collective=True) | Fixed()).submit([Job()])


def test_piping_again_makes_a_copy_on_the_other_qpu():
    junction = Through()
    first = junction | Counter()
    second = junction | Silent() | Fixed()
    assert type(second) is Through and second is not first
    assert first.submit(Job()).value == 1.0 and second.submit(Job()).value is None


def test_stacks_that_end_in_a_junction_may_be_put_on_another_qpu():
    log, junction = [], Through()
    first = Recorder("a", log) | junction | Counter()
    second = Recorder("a", log) | junction | Fixed()
    assert first.submit(Job()).value == 1.0 and second.submit(Job()).value is None
    assert str(first) == "Recorder | Through | Counter" and str(second) == "Recorder | Through | Fixed"


def test_specs_and_compile_stop_at_the_junction():
    log = []
    stack = Recorder("a", log) | Through() | Recorder("b", log, nbqbits=3) | Fixed()
    stack.compile(Batch([Job()]))
    assert [entry[:2] for entry in log] == [("a", "compile")] and log[0][4] == 3


def test_resources_are_those_of_the_qpu_below():
    class Resourceful(Fixed):
        def estimate_resources_for_batch(self, batch):
            return ["model"] * len(batch.jobs)

        def apply_resource_consumption_limits(self, allocation_model):
            self.limits = allocation_model

    qpu = Resourceful()
    stack = Through() | qpu
    stack.apply_resource_consumption_limits("limits")
    assert stack.estimate_resources_for_batch(Batch([Job()])) == ["model"] and qpu.limits == "limits"
    assert Fixed().estimate_resources_for_batch(Batch([Job()])) is None
    with pytest.raises(NotImplementedError, match="Fixed cannot limit"):
        Fixed().apply_resource_consumption_limits(None)


def test_run_must_be_defined():
    with pytest.raises(TypeError, match="run"):
        Junction()


def test_open_stacks_are_completed_in_any_order():
    qpu = Counter()
    for stack in (
        (Silent() | Through()) | qpu,
        Silent() | (Through() | Silent()) | qpu,
        Through() | (Silent() | Through()) | qpu,
    ):
        assert isinstance(stack.submit(Job()), Result)
    assert isinstance((Silent() | Through() | qpu).get_specs(), HardwareSpecs)
