"""Where the quantum tasks of a running job are: asked of the broker of shared QPUs."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from qat.core.errors import WireError
from qat.shared.addresses import BrokerUnknown, client_settings
from qat.shared.status import job_explained

__all__ = ["BrokerQueue", "QpuQueue"]

_log = logging.getLogger(__name__)
_TIMEOUT_S = 2.0


class QpuQueue(Protocol):
    """Knows what running jobs wait for at QPUs."""

    async def about(self, job_id: str) -> tuple[str, ...]:
        """Sentences about the quantum tasks of a job; none if it has not asked for a shared QPU."""


class BrokerQueue:
    """Asks a broker, which has to trust the user of this process (``[identity] trusted_uids``).

    Args:
        address: of the broker; empty for what this machine says, which may be that there is none.

    >>> asyncio.run(BrokerQueue("unix:/nowhere").about("j1"))
    ('the broker of shared QPUs could not be asked: [Errno 2] No such file or directory',)
    """

    def __init__(self, address: str = "") -> None:
        self._address = address

    async def about(self, job_id: str) -> tuple[str, ...]:
        """See :class:`QpuQueue`."""
        try:
            settings = client_settings(self._address or None)
        except BrokerUnknown:
            return ()
        try:
            told = await asyncio.to_thread(job_explained, settings, job_id, _TIMEOUT_S)
        except (OSError, BrokerUnknown, WireError) as error:
            _log.warning("the broker at %s could not be asked about job %s: %s", settings.broker, job_id, error)
            return (f"the broker of shared QPUs could not be asked: {error}",)
        return tuple(told.text.splitlines())
