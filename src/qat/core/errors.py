"""Exceptions of the execution chain and of the files.

::

    QatError                       everything raised on purpose by this package's core
    ├── ServiceError               carries code, modulename, message, file, line; prints them all
    │   ├── QPUException           a QPU refused or failed a job
    │   ├── PluginException        a plugin or junction refused or failed
    │   └── GeneratorException     a generator refused or failed
    ├── ResourceManagementError    the resources asked for cannot be given
    └── WireError (ValueError)     a file or message is not what it should be

``code`` is one of :class:`ErrorType`. ``retryable`` tells whether the same request may succeed later.
"""

from __future__ import annotations

from typing import Any

from qat.core.enums import ErrorType

__all__ = [
    "ErrorType", "GeneratorException", "PluginException", "QPUException", "QatError", "ResourceManagementError",
    "ServiceError", "WireError",
]  # fmt: skip


class QatError(Exception):
    """Root of the exceptions of this package. Its subclasses keep named fields, compare and pickle by them.

    >>> issubclass(QPUException, QatError) and issubclass(WireError, QatError)
    True
    """

    _fields: tuple[str, ...] = ()

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return False

    def __str__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields)
        return f"{type(self).__name__}({fields})"

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return self is other or (type(other) is type(self) and self._values() == other._values())

    def __hash__(self) -> int:
        return hash(repr(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._values()

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self._fields)


class ServiceError(QatError):
    """A service refused or failed; one subclass per kind of service.

    Args:
        code: one of :class:`ErrorType`.
        modulename: name of the module that complains.
        message: what was wrong, what was expected, what to do.
        file: source file of the complaint.
        line: line in that file.
    """

    _fields = ("code", "modulename", "message", "file", "line")

    def __init__(
        self,
        code: int | None = None,
        modulename: str | None = None,
        message: str | None = None,
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(code, modulename, message, file, line)
        self.code = code
        self.modulename = modulename
        self.message = message
        self.file = file
        self.line = line

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later: only when resources were short."""
        return self.code == ErrorType.INSUFFICIENT_RESOURCES


class QPUException(ServiceError):  # noqa: N818 (published name)
    """A QPU refused or failed a job.

    >>> QPUException(code=1, modulename="mod", message="msg", file="f", line=3)
    QPUException(code=1, modulename='mod', message='msg', file='f', line=3)
    """


class PluginException(ServiceError):  # noqa: N818 (published name)
    """A plugin or a junction refused or failed.

    >>> PluginException(11, "qat.core.quameleon").code
    11
    """


class GeneratorException(ServiceError):  # noqa: N818 (published name)
    """A generator refused or failed.

    >>> GeneratorException(message="nothing to do").message
    'nothing to do'
    """


class ResourceManagementError(QatError):
    """The resources asked for cannot be given.

    >>> ResourceManagementError("64 qubits need 256 EiB")
    ResourceManagementError(message='64 qubits need 256 EiB')
    """

    _fields = ("message",)

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message)
        self.message = message


class WireError(QatError, ValueError):
    """A file or a message does not hold what it should.

    Args:
        found: what is wrong, with the value.
        expected: what should be there.
        cure: what to do about it.
        source: name of the file, when there is one.

    >>> print(WireError("it holds a Batch", "a Job", "load it with Batch.load", source="run.job"))
    run.job: it holds a Batch; expected a Job; load it with Batch.load.
    """

    _fields = ("found", "expected", "cure", "source")

    def __init__(self, found: str, expected: str = "", cure: str = "", source: str | None = None) -> None:
        super().__init__(found, expected, cure, source)
        self.found = found
        self.expected = expected
        self.cure = cure
        self.source = source

    def __str__(self) -> str:
        parts = (self.found, self.expected and f"expected {self.expected}", self.cure)
        text = "; ".join(part for part in parts if part) + "."
        return f"{self.source}: {text}" if self.source else text

    def __repr__(self) -> str:
        return f"WireError({str(self)!r})"
