"""Exceptions keep their fields through printing, comparison and copies; enumerations know their names."""

import copy
import pickle
import traceback

import pytest

from qat.core import enums
from qat.core.errors import (
    ErrorType,
    GeneratorException,
    PluginException,
    QatError,
    QPUException,
    ResourceManagementError,
    WireError,
)

SERVICE_ERRORS = [QPUException, PluginException, GeneratorException]


@pytest.mark.parametrize("cls", SERVICE_ERRORS)
def test_fields_are_positional_and_by_keyword(cls):
    error = cls(1, "mod", "msg", "f", 3)
    assert error == cls(code=1, modulename="mod", message="msg", file="f", line=3)
    assert str(error) == repr(error) == f"{cls.__name__}(code=1, modulename='mod', message='msg', file='f', line=3)"
    assert str(cls()) == f"{cls.__name__}(code=None, modulename=None, message=None, file=None, line=None)"


@pytest.mark.parametrize("cls", SERVICE_ERRORS)
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_copies_are_equal(cls, duplicate):
    error = cls(ErrorType.ABORT, "mod", "msg")
    assert duplicate(error) == error and hash(duplicate(error)) == hash(error)
    assert type(duplicate(error)) is cls


def test_different_classes_and_fields_are_different():
    assert QPUException(1) != PluginException(1)
    assert QPUException(1) != QPUException(2)
    assert QPUException(1) != "QPUException"


def test_they_are_raised_caught_and_printed_as_exceptions():
    with pytest.raises(QatError, match="message='boom'") as info:
        raise QPUException(message="boom")
    assert "boom" in "".join(traceback.format_exception(info.value))


def test_only_short_resources_are_worth_a_retry():
    assert QPUException(ErrorType.INSUFFICIENT_RESOURCES).retryable
    assert not QPUException(ErrorType.INVALID_ARGS).retryable
    assert not WireError("x").retryable


def test_resource_management_error_has_a_message():
    assert str(ResourceManagementError("full")) == "ResourceManagementError(message='full')"


def test_wire_error_names_file_finding_expectation_and_cure():
    error = WireError("it is empty", "a job", "write it again", source="run.job")
    assert str(error) == "run.job: it is empty; expected a job; write it again."
    assert str(WireError("it is empty")) == "it is empty."
    assert isinstance(error, ValueError)
    assert pickle.loads(pickle.dumps(error)) == error


ENUMERATIONS = [getattr(enums, name) for name in enums.__all__]


@pytest.mark.parametrize("cls", ENUMERATIONS)
def test_both_name_tables_of_an_enumeration_agree(cls):
    assert cls._NAMES_TO_VALUES
    assert {value: name for name, value in cls._NAMES_TO_VALUES.items()} == cls._VALUES_TO_NAMES
    assert all(getattr(cls, name) == value and type(value) is int for name, value in cls._NAMES_TO_VALUES.items())
