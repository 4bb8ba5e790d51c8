"""Assertions and decorators about the exceptions of services; the mark of a remote warning."""

import pytest

from qat.core.assertion import assert_generator, assert_plugin, assert_qpu
from qat.core.errors import ErrorType, GeneratorException, PluginException, QPUException
from qat.core.exceptions_utils import (
    exception_only,
    generator_exception_only,
    plugin_exception_only,
    qpu_exception_only,
)
from qat.core.mixed_results import ParsedPostProcessedResult, PostProcessedResult
from qat.core.qlmaas import qlmaas_warning, warning_of

KINDS = [
    (assert_qpu, qpu_exception_only, QPUException),
    (assert_plugin, plugin_exception_only, PluginException),
    (assert_generator, generator_exception_only, GeneratorException),
]


@pytest.mark.parametrize(("check", "_", "kind"), KINDS)
def test_assertions(check, _, kind):
    check("true", "never")
    with pytest.raises(kind) as info:
        check([], "no")
    assert (info.value.code, info.value.message, info.value.file) == (ErrorType.ABORT, "no", None)
    with pytest.raises(kind) as info:
        check(False, "no", code=ErrorType.NBQBITS)
    assert info.value.code == ErrorType.NBQBITS


@pytest.mark.parametrize(("_", "only", "kind"), KINDS)
def test_only_one_kind_comes_out(_, only, kind):
    @only
    def fail(error):
        raise error

    with pytest.raises(kind) as info:
        fail(ValueError("hot"))
    assert info.value.message == "ValueError: hot" and isinstance(info.value.__cause__, ValueError)
    own = kind(3, "m", "x")
    with pytest.raises(kind) as info:
        fail(own)
    assert info.value is own
    with pytest.raises(KeyboardInterrupt):
        fail(KeyboardInterrupt())


def test_other_services_keep_their_message():
    with pytest.raises(QPUException) as info, exception_only(QPUException):
        raise PluginException(3, "m", "x")
    assert info.value.message == "PluginException: x"


def test_more_types_may_pass():
    with pytest.raises(KeyError), exception_only(QPUException, KeyError):
        raise KeyError


def test_the_function_is_kept():
    @qpu_exception_only
    def answer(*, value):
        """Documented."""
        return value

    assert answer(value=3) == 3 and answer.__doc__ == "Documented."


def test_remote_warning():
    @qlmaas_warning("old")
    class Service: ...

    assert warning_of(Service) == "old" and warning_of(KeyError) is None


def test_mixed_results():
    class Both(PostProcessedResult, ParsedPostProcessedResult):
        """As a published package defines it."""

        def __init__(self, batch_result):
            PostProcessedResult.__init__(self, results=batch_result)
            ParsedPostProcessedResult.__init__(self, batch_result=batch_result)

    both = Both("r")
    assert both.results == both.batch_result == "r" and both.parsed_result is None
    assert PostProcessedResult("r") == PostProcessedResult("r") != PostProcessedResult("s")
    assert repr(ParsedPostProcessedResult(1)) == (
        "ParsedPostProcessedResult(parsed_result=1, batch_result=None, batch=None)"
    )
