"""Remote QPUs and stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Unpack, cast

from qat.core.pipeline import as_batch
from qat.core.wrappers.job import Job
from qat.qlmaas.errors import UnsupportedError
from qat.qlmaas.options import SubmitOptions
from qat.qlmaas.plugins import QLMaaSPlugin
from qat.qlmaas.remote import RemotePart

if TYPE_CHECKING:
    from typing import Self

    from qat.core.wrappers.hardware_specs import HardwareSpecs
    from qat.qlmaas.result import AsyncResult

__all__ = ["QLMaaSQPU"]


class QLMaaSQPU(RemotePart):
    """A QPU on a server, or plugins and junctions on one. Made by ``QLMaaSConnection.get_qpu`` and by ``|``.

    ``submit`` does not wait: it returns an :class:`~qat.qlmaas.result.AsyncResult`. Inside ``with qpu:``, circuits and
    jobs that are run without naming a QPU run on it, and wait.
    """

    _role: ClassVar[str] = "QPU"
    _entered: tuple[Any, ...] = ()

    def submit(self, batch: Any, meta_data: Any = None, **options: Any) -> AsyncResult:
        """Send jobs.

        Args:
            batch: a Job, a list of jobs or a Batch.
            meta_data: added to the batch's own.
            **options: see :class:`~qat.qlmaas.options.SubmitOptions`.

        Returns:
            What to ``join()`` for a Result (for a Job) or a BatchResult.

        Raises:
            SubmissionError: something else was submitted.
            QLMaaSError: the server does not answer, or refuses the jobs.
        """
        message, single = as_batch(batch).to_bytes(), isinstance(batch, Job)
        options["meta_data"] = meta_data
        return self._submit("submit", cast(SubmitOptions, options), batch=message, is_single=single)

    def compile(self, batch: Any, **options: Unpack[SubmitOptions]) -> AsyncResult:
        """Only compile jobs: ``join()`` gives the Batch as the QPU at the bottom would get it."""
        return self._submit("compile", options, batch=as_batch(batch).to_bytes())

    def get_specs(self, **options: Unpack[SubmitOptions]) -> HardwareSpecs:
        """The specs of the stack, asked from the server."""
        specs: HardwareSpecs = self._submit("specs", options).join()
        return specs

    def push_plugin(self, plugin: Any) -> None:
        """Put a remote plugin in front, in place. Prefer ``plugin | qpu``, which leaves it as it is.

        Raises:
            TypeError: it is no remote plugin.
        """
        if not isinstance(plugin, QLMaaSPlugin):
            raise TypeError(f"expected a remote plugin, got {plugin!r:.80}; pipe local ones: plugin | qpu")
        self._calls = (*plugin.recipe.services, *self._calls)

    def __enter__(self) -> Self:
        from qat.qlmaas.mixed import RemoteStack

        self._entered = (*self._entered, RemoteStack(self).__enter__())
        return self

    def __exit__(self, *reason: object) -> None:
        *rest, last = self._entered
        last.__exit__(*reason)
        self._entered = tuple(rest)

    def load_config(self, config_file: Any) -> None:
        """Not offered: a server does not read files of its clients.

        Raises:
            UnsupportedError: always.
        """
        raise UnsupportedError(f"load_config({config_file!r}) is not offered; pass the values as arguments of the QPU")
