"""Assertions that raise the exceptions of services."""

from __future__ import annotations

from qat.core.errors import ErrorType, GeneratorException, PluginException, QPUException

__all__ = ["assert_generator", "assert_plugin", "assert_qpu"]


def assert_qpu(assertion: object, message: str, *, code: int = ErrorType.ABORT) -> None:
    """Raise a QPUException unless the assertion holds.

    >>> assert_qpu(1 + 1 == 2, "arithmetic")
    """
    if not assertion:
        raise QPUException(code=code, message=message)


def assert_plugin(assertion: object, message: str, *, code: int = ErrorType.ABORT) -> None:
    """Raise a PluginException unless the assertion holds.

    >>> assert_plugin(False, "too many jobs", code=2)
    Traceback (most recent call last):
        ...
    qat.core.errors.PluginException: PluginException(code=2, ..., message='too many jobs', file=None, line=None)
    """
    if not assertion:
        raise PluginException(code=code, message=message)


def assert_generator(assertion: object, message: str, *, code: int = ErrorType.ABORT) -> None:
    """Raise a GeneratorException unless the assertion holds.

    >>> assert_generator(True, "nothing to generate")
    """
    if not assertion:
        raise GeneratorException(code=code, message=message)
