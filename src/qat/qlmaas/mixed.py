"""Mixed chains: local stages in front of a remote part.

The local stages run here and the remote part as one QPU, which submits and waits; so a chain with any local stage is a
local chain: its ``submit`` gives results, not a future.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

from qat.core.composition import EXPECTED, Pipeable, refusal
from qat.core.generator import AbstractGenerator
from qat.core.plugins import AbstractPlugin
from qat.core.qpu.qpu import CommonQPU
from qat.qlmaas.remote import RemotePart, _behind_remote

if TYPE_CHECKING:
    from qat.core.wrappers.hardware_specs import HardwareSpecs
    from qat.core.wrappers.job import Batch, Job
    from qat.core.wrappers.result import BatchResult, Result
    from qat.qlmaas.plugins import QLMaaSPlugin
    from qat.qlmaas.qpus import QLMaaSQPU

__all__ = ["MixedChain", "RemoteStack", "is_local_service", "mixed"]

SPECS_LAST_S = 60.0
"""How long the specs of a remote part are taken as known."""


class RemoteStack(CommonQPU):
    """A remote QPU or stack as a QPU of a local chain: sends what it gets and waits for the results.

    Args:
        remote: the remote part.
    """

    def __init__(self, remote: QLMaaSQPU) -> None:
        super().__init__()
        self.remote = remote
        self._specs: tuple[float, HardwareSpecs] | None = None

    def submit_job(self, job: Job) -> Result:
        """Execute one job on the server."""
        result: Result = self.remote.submit(job).join()
        return result

    def get_specs(self) -> HardwareSpecs:
        """Specs of the remote part; asked from the server at most once a minute."""
        now = time.monotonic()
        if self._specs is None or now > self._specs[0] + SPECS_LAST_S:
            self._specs = (now, self.remote.get_specs())
        return self._specs[1]

    def compile(self, batch: Batch) -> Batch:
        """Only compile, on the server."""
        compiled: Batch = self.remote.compile(super().compile(batch)).join()
        return compiled

    def _submit_batch(self, batch: Batch) -> BatchResult:
        results: BatchResult = self.remote.submit(batch).join()
        return results

    def __str__(self) -> str:
        return str(self.remote)


class MixedChain(Pipeable):
    """Local stages in front of remote plugins, still without a QPU.

    Args:
        local: a local plugin, open junction or generator.
        remote: remote plugins or a remote junction.
    """

    _role: ClassVar[str] = "plugin"

    def __init__(self, local: Any, remote: QLMaaSPlugin) -> None:
        self.local = local
        self.remote = remote

    def __or__(self, other: Any) -> Any:
        if not isinstance(other, RemotePart):
            raise refusal(self.remote, other, _behind_remote(other))
        return self.local | (self.remote | other)

    def __ror__(self, left: Any) -> Any:
        if is_local_service(left):
            return MixedChain(left | self.local, self.remote)
        return super().__ror__(left)

    def __str__(self) -> str:
        return f"{self.local} | {self.remote}"


def is_local_service(item: Any) -> bool:
    """Whether an object can stand in a local stack."""
    return isinstance(item, AbstractPlugin | AbstractGenerator | CommonQPU)


def mixed(left: Any, right: RemotePart) -> Any:
    """``left | right`` for a local object in front of a remote part.

    Raises:
        TypeError: they do not fit.
    """
    from qat.qlmaas.plugins import QLMaaSPlugin
    from qat.qlmaas.qpus import QLMaaSQPU

    if isinstance(right, QLMaaSQPU):
        return left | RemoteStack(right)
    if isinstance(right, QLMaaSPlugin) and not (isinstance(left, CommonQPU) and not left._is_open()):
        return MixedChain(left, right)
    raise refusal(left, right, EXPECTED[left._role])
