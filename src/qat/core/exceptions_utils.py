"""Decorators that let only the exceptions of a kind of service out of a function."""

from __future__ import annotations

from contextlib import ContextDecorator

from qat.core.errors import GeneratorException, PluginException, QPUException

__all__ = ["exception_only", "generator_exception_only", "plugin_exception_only", "qpu_exception_only"]


class exception_only(ContextDecorator):  # noqa: N801 (published name)
    """Raise every exception of a function, or of a ``with`` block, as one type.

    Args:
        exc_type: what to raise; it has a ``message``.
        *other_exc_types: what passes as it is, beside ``exc_type``.

    >>> @exception_only(QPUException, KeyError)
    ... def fail():
    ...     raise ValueError("too hot")
    >>> fail()
    Traceback (most recent call last):
        ...
    qat.core.errors.QPUException: QPUException(code=None, ..., message='ValueError: too hot', file=None, line=None)
    """

    def __init__(self, exc_type: type[Exception], *other_exc_types: type[Exception]) -> None:
        self.exc_type = exc_type
        self.allowed = (exc_type, *other_exc_types)

    def __enter__(self) -> exception_only:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, self.allowed):
            message = f"{type(error).__name__}: {getattr(error, 'message', None) or error}"
            raise self.exc_type(message=message) from error  # type: ignore[call-arg]


qpu_exception_only = exception_only(QPUException)
plugin_exception_only = exception_only(PluginException)
generator_exception_only = exception_only(GeneratorException)
