"""Remote applications: a generator and the stack that runs its jobs, all on the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from qat.comm.arguments import pack_argument
from qat.qlmaas.options import take_options
from qat.qlmaas.remote import RemotePart

if TYPE_CHECKING:
    from qat.qlmaas.result import AsyncResult

__all__ = ["QLMaaSApplicationStack"]


class QLMaaSApplicationStack(RemotePart):
    """What ``generator | plugins | qpu`` gives when all are remote."""

    _role: ClassVar[str] = "application"

    def execute(self, *args: Any, **kwargs: Any) -> AsyncResult:
        """Generate jobs and run them, on the server.

        Args:
            *args: passed to the generator's ``generate``.
            **kwargs: the same, but for those of :class:`~qat.qlmaas.options.SubmitOptions`.

        Returns:
            What to ``join()`` for the answer of the application.

        Raises:
            WireError: an argument cannot be sent.
        """
        options = take_options(kwargs)
        arguments = tuple(pack_argument(value, f"argument {i} of execute") for i, value in enumerate(args))
        keywords = {name: pack_argument(value, f"argument {name!r} of execute") for name, value in kwargs.items()}
        return self._submit("execute", options, arguments=arguments, keywords=keywords)

    __call__ = execute
