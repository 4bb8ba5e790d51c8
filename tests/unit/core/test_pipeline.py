"""The execution loop: order of calls, specs and meta data at each level, resubmission, broken plugins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core import Batch, BatchResult, Circuit, Job, Result
from qat.core.errors import ErrorType, PluginException, QPUException
from qat.core.pipeline import PluginContractError, SubmissionError, as_batch
from tests.unit.core.services import Broken, Counter, Fixed, Recorder, Resubmit, Silent, WithMetaData


def test_plugins_compile_down_and_post_process_up():
    log = []
    (Recorder("a", log) | Recorder("b", log) | Fixed()).submit([Job(), Job()], meta_data={"k": "v"})
    assert log == [
        ("a", "compile", 2, {"k": "v"}, 7),
        ("b", "compile", 2, {"k": "v"}, 7),
        ("b", "post", 2, {"k": "v"}),
        ("a", "post", 2, {"k": "v"}),
    ]


def test_each_plugin_sees_the_specs_of_what_lies_below_it():
    log = []
    stack = Recorder("a", log, nbqbits=1) | Recorder("b", log, nbqbits=2) | Recorder("c", log, nbqbits=3) | Fixed()
    stack.submit(Job())
    assert [(entry[0], entry[4]) for entry in log[:3]] == [("a", 2), ("b", 3), ("c", 7)]
    assert stack.get_specs().nbqbits == 1


def test_one_job_gives_a_result_and_several_a_batch_result():
    qpu = Fixed()
    assert isinstance(qpu.submit(Job()), Result)
    assert isinstance(qpu.submit(Batch([Job()])), BatchResult)
    assert [len(qpu.submit([Job()] * n).results) for n in (0, 1, 3)] == [0, 1, 3]
    assert len(qpu.submit((Job(), Job())).results) == 2
    assert len(qpu.submit(Batch()).results) == 0


@pytest.mark.parametrize("wrong", [None, "job", 3, Circuit.empty(1), iter([Job()]), [Circuit.empty(1)], [Job(), None]])
def test_submitting_anything_else_is_refused(wrong):
    with pytest.raises(AttributeError, match="expected a Job, a list of jobs or a Batch") as info:
        Fixed().submit(wrong)
    assert isinstance(info.value, TypeError)


def test_the_refusal_of_a_circuit_says_what_to_do():
    with pytest.raises(SubmissionError, match="got an object of type Circuit; call its to_job"):
        Fixed().submit(Circuit.empty(1))


def test_submission_meta_data_is_added_to_that_of_the_batch_and_leaves_it_alone():
    log, batch = [], Batch([Job()], meta_data={"x": "y", "k": "old"})
    results = (Recorder("a", log) | WithMetaData(log)).submit(batch, meta_data={"k": "v"})
    assert log[0][3] == {"x": "y", "k": "v"} and log[1] == ("qpu", {"x": "y", "k": "v"})
    assert results.meta_data == {"x": "y", "k": "v"} and batch.meta_data == {"x": "y", "k": "old"}


def test_meta_data_follows_what_the_plugins_pass_on():
    log = []
    forgets = Broken(compiled=lambda batch: Batch(list(batch.jobs)))
    (Recorder("a", log) | forgets | Recorder("c", log) | WithMetaData(log)).submit(Job(), meta_data={"k": "v"})
    assert [entry[3] for entry in (log[0], log[1])] == [{"k": "v"}, None]
    assert log[2] == ("qpu", {}) and log[-1] == ("a", "post", 1, {})


def test_jobs_themselves_reach_the_plugins():
    job = Job()

    def edit(batch):
        assert batch.jobs[0] is job
        batch.jobs[0].nbshots = 55
        return batch

    (Broken(compiled=edit) | Fixed()).submit(job)
    assert job.nbshots == 55


def test_resubmission_runs_only_the_stages_below_without_specs():
    log = []
    stack = Recorder("out", log) | Resubmit(2, jobs=3) | Recorder("in", log) | Counter(log)
    assert stack.submit(Job(), meta_data={"k": "v"}).value == 5.0
    assert [entry[:3] for entry in log if entry[0] != "qpu"] == [
        ("out", "compile", 1),
        ("in", "compile", 1),
        ("in", "post", 1),
        ("in", "compile", 3),
        ("in", "post", 3),
        ("in", "compile", 3),
        ("in", "post", 3),
        ("out", "post", 1),
    ]
    second = [entry for entry in log if entry[:2] == ("in", "compile")][1]
    assert second[3] is None and second[4] is None


@given(st.lists(st.integers(0, 3), max_size=4))
def test_nested_resubmissions_multiply(times):
    """A plugin that resubmits t times has the stack below run t + 1 times, each with its own resubmissions."""

    class Again(Silent):
        def __init__(self, count):
            self.count, self.left = count, count

        def post_process(self, batch_result):
            if self.left:
                self.left -= 1
                return Batch([Job()])
            self.left = self.count
            return batch_result

    qpu = Counter()
    stack = qpu
    for count in reversed(times):
        stack = Again(count) | stack
    expected = 1
    for count in times:
        expected *= count + 1
    assert stack.submit(Job()).value == qpu.calls == expected


def test_endless_resubmission_can_be_interrupted():
    class Endless(Silent):
        def post_process(self, batch_result):
            return Batch([Job()])

    class Interrupted(Counter):
        def submit_job(self, job):
            if self.calls == 1000:
                raise KeyboardInterrupt
            return super().submit_job(job)

    with pytest.raises(KeyboardInterrupt):
        (Endless() | Interrupted()).submit(Job())


@pytest.mark.parametrize(
    ("answer", "named"), [(None, "None"), (Job(), "type Job"), ([Job()], "type list"), (3, "type int")]
)
def test_a_compile_that_returns_nonsense_is_named(answer, named):
    with pytest.raises(AssertionError, match=f"Broken: compile returned .*{named} instead of a Batch") as info:
        (Silent() | Broken(compiled=lambda batch: answer) | Fixed()).submit(Job())
    assert isinstance(info.value, PluginException) and info.value.code == ErrorType.INVALID_ARGS


@pytest.mark.parametrize("answer", [lambda results: None, lambda results: results[0], lambda results: [results[0]]])
def test_a_post_process_that_returns_nonsense_is_named(answer):
    with pytest.raises(PluginException, match=r"Broken: post_process returned .* instead of a BatchResult"):
        (Silent() | Broken(processed=answer) | Fixed()).submit(Job())


@pytest.mark.parametrize("count", [0, 2])
def test_the_plugin_to_blame_for_a_wrong_number_of_results_is_named(count):
    splitter = Broken(compiled=lambda batch: Batch([batch.jobs[0]] * count))
    with pytest.raises(PluginContractError, match=f"Expected a single result .* got {count}") as info:
        (Silent() | splitter | Silent() | Fixed()).submit(Job())
    assert info.value.message.startswith("Broken:") and f"returned {count} result(s)" in info.value.message


def test_a_list_may_come_out_with_another_number_of_results():
    splitter = Broken(compiled=lambda batch: Batch(batch.jobs * 3))
    assert len((splitter | Fixed()).submit([Job()] * 2).results) == 6


@pytest.mark.parametrize("answer", [None, "result", [Result()]])
def test_a_qpu_that_returns_nonsense_is_named(answer):
    class Wrong(Fixed):
        def submit_job(self, job):
            return answer

    with pytest.raises(QPUException, match="Wrong: submit_job returned") as info:
        Wrong().submit(Job())
    assert info.value.code == ErrorType.NONERESULT


def test_a_qpu_whose_own_submit_returns_nonsense_is_named():
    class Wrong(Fixed):
        def submit(self, batch, meta_data=None):
            return None

    with pytest.raises(QPUException, match="Wrong: submit returned None instead of a BatchResult"):
        (Silent() | Wrong()).submit(Job())


@pytest.mark.parametrize("error", [ValueError("boom"), KeyError("k"), QPUException(1, "m"), KeyboardInterrupt()])
def test_exceptions_pass_unchanged(error):
    class Bad(Fixed):
        def submit_job(self, job):
            raise error

    def compile_badly(batch):
        raise error

    for stack in (Silent() | Bad(), Broken(compiled=compile_badly) | Fixed()):
        with pytest.raises(type(error)) as info:
            stack.submit(Job())
        assert info.value is error


def test_do_post_processing_decides():
    log = []

    class Reluctant(Recorder):
        def do_post_processing(self):
            return False

    (Reluctant("a", log) | Fixed()).submit(Job())
    assert [entry[1] for entry in log] == ["compile"]


def test_results_get_the_registers_of_their_job():
    stack = Silent() | Fixed()
    assert str(stack.submit(Circuit.empty(3).to_job())[0].state) == "|010>"
    assert str(stack.submit(Circuit.empty(3).to_job(qubits=[1, 2]))[0].state) == "|10>"


def test_as_batch_copies_the_list_but_not_the_jobs():
    jobs = [Job()]
    batch = as_batch(Batch(jobs))
    batch.jobs.append(Job())
    assert len(jobs) == 1 and batch.jobs[0] is jobs[0]
