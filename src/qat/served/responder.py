"""What a served object answers to a call: from message to message, without a socket."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from qat.core.application import Application
from qat.core.errors import ErrorType, GeneratorException, WireError
from qat.core.generator import AbstractGenerator
from qat.core.plugins import AbstractPlugin
from qat.core.qpu.qpu import CommonQPU
from qat.core.wrappers.job import Batch, Job
from qat.served.protocol import METHODS, VERSION, Answer, Call, Failure, Hello, Message, Role, Welcome

__all__ = ["Responder", "role_of"]

_ROLES: tuple[tuple[type, Role], ...] = (
    (CommonQPU, "qpu"),
    (AbstractPlugin, "plugin"),
    (AbstractGenerator, "generator"),
    (Application, "application"),
)


def role_of(service: Any) -> Role:
    """The role in which an object is served.

    Raises:
        TypeError: it cannot be served.

    >>> from qat.qpus import LinAlg
    >>> role_of(LinAlg())
    'qpu'
    """
    for base, role in _ROLES:
        if isinstance(service, base):
            return role
    raise TypeError(f"cannot serve an object of type {type(service).__name__}: give a QPU, plugin, generator or stack")


class Responder:
    """One client's conversation with a served object.

    Args:
        service: the object.

    >>> from qat.core import Job, Result
    >>> from qat.core.qpu import QPUHandler
    >>> class Three(QPUHandler):
    ...     def submit_job(self, job):
    ...         return Result(value=3.0)
    >>> answer = Responder(Three()).respond(Call.of("submit_job", Job()))
    >>> from qat.comm.arguments import unpack_argument
    >>> unpack_argument(answer.value).value
    3.0
    """

    def __init__(self, service: Any) -> None:
        self._service = service
        self.role = role_of(service)
        self._generated: Generator[Any, Any, Any] | None = None

    def greet(self, hello: Hello) -> Message:
        """The answer to a client's first word."""
        if hello.version > VERSION:
            found, cure = f"the client speaks version {hello.version} of the protocol", "pip install -U openqat"
            return Failure.of(WireError(found, f"at most {VERSION}", f"on the server: {cure}"), self.role)
        if hello.role != self.role:
            found = f"a {self.role} is served here, {self._service}"
            return Failure.of(WireError(found, f"a {hello.role}", "check the port"), hello.role)
        does = self._service.do_post_processing() if self.role == "plugin" else hasattr(self._service, "post_process")
        return Welcome(VERSION, self.role, type(self._service).__name__, does)

    def respond(self, call: Call) -> Message:
        """The answer to a call: whatever goes wrong in the served object is told to the client."""
        try:
            if call.method not in METHODS[self.role]:
                raise WireError(f"method {call.method[:40]!r} was called", f"one of {', '.join(METHODS[self.role])}")
            arguments, keywords = call.values()
            own: Any = getattr(self, f"_{call.method}", None)
            answer = (own or getattr(self._service, call.method))(*arguments, **keywords)
            return answer if isinstance(answer, Answer) else Answer.of(answer)
        except Exception as error:  # the client is the one to know
            return Failure.of(error, self.role)

    def close(self) -> None:
        """The client has gone: a generator that it left in the middle ends."""
        generated, self._generated = self._generated, None
        if generated is not None:
            generated.close()

    def _generate(self, *arguments: Any, **keywords: Any) -> Answer:
        self.close()
        generated = self._service.generate(*arguments, **keywords)
        if not isinstance(generated, Generator):
            return Answer.of(generated)
        self._generated = generated
        return self._next(None)

    def _resume(self, result: Any) -> Answer:
        if self._generated is None:
            message = "there is nothing to resume: the generator has ended or was not started on this connection"
            raise GeneratorException(ErrorType.INVALID_ARGS, __name__, message)
        return self._next(result)

    def _next(self, result: Any) -> Answer:
        """What the generator yields next. Anything but jobs is its last word."""
        assert self._generated is not None
        try:
            item = self._generated.send(result)
        except StopIteration:
            self._generated = None
            return Answer(kind="ended")
        if not isinstance(item, Job | Batch):
            self.close()
        return Answer.of(item, "yielded")
