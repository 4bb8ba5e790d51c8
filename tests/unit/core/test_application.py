"""Generators and applications: returning, yielding, post-processing, failing."""

import pytest

from qat.core import Batch, BatchResult, Job, Result
from qat.core.application import Application
from qat.core.errors import GeneratorException
from qat.core.generator import AbstractGenerator
from tests.unit.core.services import Counter, Fixed, Recorder, Silent, Through


class Make(AbstractGenerator):
    """Generates with a function."""

    def __init__(self, function):
        self.function = function

    def generate(self, specs, *args, **kwargs):
        self.specs = specs
        return self.function(*args, **kwargs)


class Read(Make):
    """Also reads the result."""

    def post_process(self, result):
        return ("read", type(result).__name__)


def test_arguments_reach_generate_and_specs_are_those_of_the_stack():
    def function(count, extra=None):
        return Batch([Job() for _ in range(count + extra)])

    generator = Make(function)
    application = generator | Recorder("a", [], nbqbits=3) | Fixed()
    assert len(application.execute(1, extra=2).results) == 3 and generator.specs.nbqbits == 3
    assert len(application(2, extra=2).results) == 4


def test_a_job_comes_back_as_a_batch_result_of_one():
    results = (Make(Job) | Counter()).execute()
    assert isinstance(results, BatchResult) and [result.value for result in results] == [1.0]


def test_post_process_gets_what_was_asked_for():
    assert (Read(Job) | Fixed()).execute() == ("read", "Result")
    assert (Read(lambda: Batch([Job()])) | Fixed()).execute() == ("read", "BatchResult")


def test_each_yield_gets_a_result_of_its_own_kind():
    def function():
        one = yield Job()
        many = yield Batch([Job(), Job()])
        other = yield Job()
        yield [type(answer).__name__ for answer in (one, many, other)]

    assert (Read(function) | Fixed()).execute() == ["Result", "BatchResult", "Result"]


def test_without_an_answer_the_last_result_is_post_processed():
    def function():
        yield Batch([Job()])
        yield Job()
        return "ignored"

    assert (Read(function) | Fixed()).execute() == ("read", "Result")
    assert [result.value for result in (Make(function) | Counter()).execute()] == [2.0]


@pytest.mark.parametrize("answer", [None, "text", 0, [Job()]])
def test_anything_else_yielded_is_the_answer(answer):
    after = []

    def function():
        yield Job()
        yield answer
        after.append("not reached")

    assert (Read(function) | Fixed()).execute() == answer and not after


def test_a_yielded_result_is_an_answer_in_a_batch():
    def function():
        result = yield Job()
        yield result

    assert isinstance((Make(function) | Fixed()).execute(), BatchResult)


def nothing():
    return
    yield


def text_first():
    yield "text"


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda: None, "Make: generate returned None instead of a Job or a Batch"),
        (lambda: [Job()], "generate returned .* instead of a Job or a Batch"),
        (nothing, "first yielded nothing instead"),
        (text_first, "first yielded text instead"),
    ],
)
def test_nothing_to_run_is_an_error(function, message):
    with pytest.raises(GeneratorException, match=message) as info:
        (Make(function) | Fixed()).execute()
    assert info.value.code == 2


def test_an_error_of_the_qpu_reaches_the_caller_and_closes_the_generator():
    closed = []

    class Failing(Fixed):
        def submit_job(self, job):
            raise KeyError("qpu")

    def function():
        try:
            yield Job()
        except GeneratorExit:
            closed.append(True)
            raise

    with pytest.raises(KeyError, match="qpu"):
        (Make(function) | Failing()).execute()
    assert closed == [True]


def test_an_error_of_the_generator_reaches_the_caller():
    def function():
        yield Job()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        (Make(function) | Fixed()).execute()


def test_plugins_and_junctions_between():
    log = []
    application = Make(Job) | Recorder("a", log) | Through() | Recorder("b", log) | Fixed()
    application.execute()
    assert [entry[:2] for entry in log] == [("a", "compile"), ("b", "compile"), ("b", "post"), ("a", "post")]


def test_an_application_waits_for_the_qpu_of_its_junction():
    application = Make(Job) | Through()
    assert isinstance(application, Application)
    with pytest.raises(ValueError, match="has no QPU"):
        application.execute()
    assert isinstance((application | Silent() | Fixed()).execute(), BatchResult)


def test_a_junction_may_serve_two_applications():
    junction = Through()
    first = Make(Job) | junction | Counter()
    second = Make(Job) | Silent() | junction | Fixed()
    assert first.execute()[0].value == 1.0 and second.execute()[0].value is None


def test_applications_made_by_hand():
    composite = Make(Job) | Silent()
    assert str(Application(composite, Fixed())) == "Make | Silent | Fixed"
    assert isinstance(Application(Make(Job), Fixed()).execute()[0], Result)
    assert isinstance(composite.generate(Fixed().get_specs()), Job)
