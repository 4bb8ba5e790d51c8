"""The published generators and applications."""

from itertools import pairwise

import pytest

from qat.comm.exceptions.ttypes import GeneratorException, QPUException
from qat.core import Batch, BatchResult, Result
from qat.core.application import Application
from qat.core.plugins import AbstractPlugin
from qat.generators import AbstractGenerator
from qat.lang.AQASM import CNOT, H, Program
from qat.qpus import PyLinalg


def ghz(size):
    program = Program()
    qubits = program.qalloc(size)
    H(qubits[0])
    for first, second in pairwise(qubits):
        CNOT(first, second)
    return program.to_circ()


class NoPost(AbstractPlugin):
    def compile(self, batch, specs):
        return batch


class One(AbstractGenerator):
    def generate(self, specs, n, extra=None):
        return ghz(n).to_job()


class Chain(AbstractGenerator):
    def generate(self, specs, n):
        result = yield ghz(n).to_job()
        assert isinstance(result, Result)
        yield {"n": n, "states": [str(sample.state) for sample in result]}


class Parsed(AbstractGenerator):
    def generate(self, specs, n):
        return Batch([ghz(n).to_job()] * 2)

    def post_process(self, result):
        return ("parsed", type(result).__name__, len(result))


def test_execute():
    application = One() | NoPost() | PyLinalg()
    assert isinstance(application, Application)
    result = application.execute(3)
    assert isinstance(result, BatchResult) and [str(sample.state) for sample in result[0]] == ["|000>", "|111>"]
    assert isinstance((One() | PyLinalg()).execute(n=2, extra=1), BatchResult)
    assert isinstance(Application(One(), PyLinalg()).execute(2), BatchResult)


def test_yield():
    assert (Chain() | PyLinalg()).execute(2) == {"n": 2, "states": ["|00>", "|11>"]}


def test_post_process():
    assert (Parsed() | PyLinalg()).execute(2) == ("parsed", "BatchResult", 2)


def test_what_does_not_compose():
    for wrong in (lambda: NoPost() | One(), lambda: One() | One(), lambda: PyLinalg() | One()):
        with pytest.raises(TypeError):
            wrong()


def test_generating_nothing():
    class Nothing(AbstractGenerator):
        def generate(self, specs):
            return None

    with pytest.raises(GeneratorException) as info:
        (Nothing() | PyLinalg()).execute()
    assert info.value.code == 2


class Asking(AbstractGenerator):
    """Yields what it is given and keeps what comes back."""

    def generate(self, specs, *requests):
        self.seen, self.is_closed = [], False
        try:
            for request in requests:
                answer = yield request
                self.seen.append(type(answer).__name__)
        finally:
            self.is_closed = True

    def post_process(self, result):
        return ("last", type(result).__name__)


def test_results_are_of_the_kind_that_was_asked_for():
    job, batch = ghz(2).to_job(), Batch([ghz(2).to_job()] * 2)
    for requests, seen in (((job, job), ["Result"] * 2), ((batch, batch), ["BatchResult"] * 2)):
        generator = Asking()
        assert (generator | PyLinalg()).execute(*requests) == ("last", seen[-1]) and generator.seen == seen
    assert (Asking() | PyLinalg()).execute(job, "an answer") == "an answer"


def test_errors_of_the_qpu_reach_the_caller_and_close_the_generator():
    generator, wrong = Asking(), ghz(2).to_job()
    wrong.nbshots = -1
    with pytest.raises(QPUException):
        (generator | PyLinalg()).execute(ghz(2).to_job(), wrong)
    assert generator.is_closed and generator.seen == ["Result"]


def test_post_process_of_a_job_gets_a_result():
    class Counting(One):
        def post_process(self, result):
            return type(result).__name__

    assert (Counting() | PyLinalg()).execute(2) == "Result"
