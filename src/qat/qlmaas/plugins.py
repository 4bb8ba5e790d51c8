"""Remote plugins and junctions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from qat.comm.arguments import pack_argument
from qat.core.pipeline import as_batch
from qat.qlmaas.options import SubmitOptions
from qat.qlmaas.remote import RemotePart

if TYPE_CHECKING:
    from qat.qlmaas.result import AsyncResult

__all__ = ["QLMaaSJunction", "QLMaaSPlugin"]


class QLMaaSPlugin(RemotePart):
    """A plugin on a server, or several in a row. Made by ``QLMaaSConnection.get_plugin`` and by ``|``."""

    _role: ClassVar[str] = "plugin"

    def compile(self, batch: Any, specs: Any = None, **options: Unpack[SubmitOptions]) -> AsyncResult:
        """Only compile jobs: ``join()`` gives the Batch as it leaves the plugin.

        Args:
            batch: a Job, a list of jobs or a Batch.
            specs: HardwareSpecs of what would lie below; None when nothing is known.
            **options: see :class:`~qat.qlmaas.options.SubmitOptions`.
        """
        arguments = () if specs is None else (pack_argument(specs, "specs"),)
        return self._submit("compile", options, batch=as_batch(batch).to_bytes(), arguments=arguments)

    compile_job = compile  # noqa: A003 (published name)


class QLMaaSJunction(QLMaaSPlugin):
    """A junction or optimizer on a server; piped to a remote QPU, it makes a remote stack."""

    _role: ClassVar[str] = "junction"

    def submit(self, *_: Any, **__: Any) -> AsyncResult:
        """Refuse: there is no QPU below.

        Raises:
            ValueError: always.
        """
        raise ValueError(f"{self} has no QPU below it; pipe it to one: {self} | LinAlg()")
