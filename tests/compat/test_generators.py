"""The published generators and applications."""

from itertools import pairwise

import pytest

from qat.comm.exceptions.ttypes import GeneratorException
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
