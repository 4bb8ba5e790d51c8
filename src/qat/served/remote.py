"""Clients of served objects: they look like the objects themselves, and stack with local ones."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any

from qat.comm.arguments import unpack_argument
from qat.core.composition import refuse
from qat.core.generator import AbstractGenerator
from qat.core.plugins import AbstractPlugin
from qat.core.qpu.qpu import QPUHandler
from qat.core.wrappers.hardware_specs import HardwareSpecs
from qat.core.wrappers.job import Batch, Job
from qat.core.wrappers.result import BatchResult, Result
from qat.served.connection import Connection
from qat.served.listener import client_context
from qat.served.protocol import Answer, Role

__all__ = ["RemoteApplication", "RemoteBatchGenerator", "RemotePlugin", "RemoteQPU"]


class RemoteClient:
    """Base of the clients: the way to the served object.

    Args:
        port: where the object listens.
        ip: its host, this one by default.
        ssl_cert: this client's certificate (PEM); giving one means TLS.
        ssl_key: its key.
        check_server_cert: whether the server's certificate must be valid for its name; means TLS.
        connection: the connection of another client, in the place of all these.
        ssl_ca: authority that signed the server's certificate; means TLS, and checking.

    Raises:
        ValueError: the port is not one.
    """

    _served_as: Role

    def __init__(
        self,
        port: int,
        ip: str | None = None,
        ssl_cert: str | None = None,
        ssl_key: str | None = None,
        check_server_cert: bool = False,
        connection: Connection | None = None,
        *,
        ssl_ca: str | None = None,
    ) -> None:
        if connection is None:
            if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
                raise ValueError(f"port is {port!r}: give the number that the server listens on, 1 to 65535")
            context = client_context(ssl_cert, ssl_key, ssl_ca, verify=check_server_cert or ssl_ca is not None)
            connection = Connection(self._served_as, port, ip or "localhost", context)
        self.connection = connection

    def close(self) -> None:
        """Hang up; the next call connects again."""
        self.connection.close()

    def __str__(self) -> str:
        return f"{type(self).__name__}({self.connection})"


class RemoteQPU(RemoteClient, QPUHandler):
    """A QPU or stack that is served by another process (``qpu.serve(port)``).

    Local plugins and junctions stack on it as on any QPU.

    Args:
        args: of :class:`RemoteClient`: port, ip, ssl_cert, ssl_key, check_server_cert, connection.
        plugins: plugins in front of it.
        kwargs: the same by name, and ``ssl_ca``.

    Raises:
        QPUException: at the first call, when nobody listens there.

    >>> from qat.core import Circuit
    >>> from qat.qpus import LinAlg
    >>> from qat.served import Server
    >>> with Server(LinAlg(), 0) as server:
    ...     server.start()
    ...     RemoteQPU(server.port).submit(Circuit.empty(2).to_job())[0].state.bitstring
    '00'
    """

    _served_as = "qpu"

    def __init__(self, *args: Any, plugins: Sequence[AbstractPlugin] | None = None, **kwargs: Any) -> None:
        RemoteClient.__init__(self, *args, **kwargs)
        QPUHandler.__init__(self, plugins)

    def submit_job(self, job: Job) -> Result:
        """Execute one job there; plugins do not see it, neither here nor there."""
        result: Result = self.connection.call("submit_job", job)
        return result

    def get_specs(self) -> HardwareSpecs:
        """Specs of the served QPU."""
        specs: HardwareSpecs = self.connection.call("get_specs")
        return specs

    def _submit_batch(self, batch: Batch) -> BatchResult:
        results: BatchResult = self.connection.call("submit", batch)
        return results

    def __str__(self) -> str:
        return " | ".join([*map(str, self._plugins), RemoteClient.__str__(self)])


class RemotePlugin(RemoteClient, AbstractPlugin):
    """A plugin that is served by another process (``plugin.serve(port)``).

    >>> from qat.core import Circuit
    >>> from qat.plugins import EmptyPlugin
    >>> from qat.qpus import LinAlg
    >>> from qat.served import Server
    >>> with Server(EmptyPlugin(), 0) as server:
    ...     server.start()
    ...     len((RemotePlugin(server.port) | LinAlg()).submit(Circuit.empty(1).to_job()))
    1
    """

    _served_as = "plugin"

    def compile(self, batch: Batch, specs: HardwareSpecs) -> Batch:
        """The batch as the served plugin compiles it."""
        compiled: Batch = self.connection.call("compile", batch, specs)
        return compiled

    def post_process(self, batch_result: BatchResult) -> BatchResult | Batch:
        """The results as the served plugin post-processes them."""
        answer: BatchResult | Batch = self.connection.call("post_process", batch_result)
        return answer

    def do_post_processing(self) -> bool:
        """Whether the served plugin does."""
        return self.connection.welcome().does_post_processing

    def get_specs(self, specs: HardwareSpecs) -> HardwareSpecs:
        """Specs as the served plugin changes them."""
        changed: HardwareSpecs = self.connection.call("get_specs", specs)
        return changed

    __str__ = RemoteClient.__str__


class RemoteBatchGenerator(RemoteClient, AbstractGenerator):
    """A generator that is served by another process (``generator.serve(port)``); the jobs run here.

    >>> from qat.core import Circuit
    >>> from qat.qpus import LinAlg
    >>> from qat.served import Server
    >>> class Empty(AbstractGenerator):
    ...     def generate(self, specs, nb_qubits):
    ...         yield Circuit.empty(nb_qubits).to_job()
    >>> with Server(Empty(), 0) as server:
    ...     server.start()
    ...     (RemoteBatchGenerator(server.port) | LinAlg()).execute(2)[0][0].state.bitstring
    '00'
    """

    _served_as = "generator"

    def generate(self, specs: HardwareSpecs, *args: Any, **kwargs: Any) -> Any:
        """What the served generator returns, or a generator of what it yields."""
        answers = self._answers(specs, args, kwargs)
        first = next(answers)
        if first.kind != "returned":
            return _yielded(first, answers)
        answers.close()
        return unpack_argument(first.value)

    def _answers(self, specs: HardwareSpecs, args: Any, kwargs: Any) -> Generator[Answer, Any, None]:
        """The answers of the served generator, each given the result of the one before."""
        with self.connection.conversation() as conversation:
            answer = conversation.call("generate", specs, *args, **kwargs)
            while answer.kind == "yielded":
                answer = conversation.call("resume", (yield answer))
            yield answer

    def __getattr__(self, name: str) -> Any:
        if name == "post_process" and self.connection.welcome().does_post_processing:
            return lambda result: self.connection.call("post_process", result)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    __str__ = RemoteClient.__str__


class RemoteApplication(RemoteClient):
    """An application that is served by another process (``application.serve(port)``); ``execute`` runs it there."""

    _role = "application"
    _served_as = "application"

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """What the served application answers."""
        return self.connection.call("execute", *args, **kwargs)

    __call__ = execute

    def __or__(self, other: Any) -> Any:
        return refuse(self, other, "nothing can follow an application")


def _yielded(first: Answer, answers: Generator[Answer, Any, None]) -> Generator[Any, Any, None]:
    """The values in answers; closing it hangs up, and so ends the served generator."""
    with closing(answers):
        answer = first
        while answer.kind == "yielded":
            answer = answers.send((yield unpack_argument(answer.value)))
