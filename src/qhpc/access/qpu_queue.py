"""What the broker of shared QPUs knows: where the quantum tasks of a running job are, and what was used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from qat.comm.broker.usage import Group, QpuUsage
from qat.core.errors import WireError
from qat.shared.addresses import BrokerUnknown, client_settings
from qat.shared.status import job_explained, usage_told
from qhpc.access.service.problems import AccessProblem

__all__ = ["BrokerQueue", "QpuQueue"]

_log = logging.getLogger(__name__)
_TIMEOUT_S = 2.0
_USAGE_TIMEOUT_S = 30.0


class QpuQueue(Protocol):
    """Knows what running jobs wait for at QPUs."""

    async def about(self, job_id: str) -> tuple[str, ...]:
        """Sentences about the quantum tasks of a job; none if it has not asked for a shared QPU."""

    async def usage(self, user: str | None, by: Group, since_s: float, until_s: float) -> Sequence[QpuUsage]:
        """What a user has used of QPUs, or all have.

        Args:
            user: whose use; None for that of all.
            by: what it is summed up by.
            since_s: from then on, in seconds since 1970.
            until_s: before that.

        Raises:
            AccessProblem: ``no-broker``, ``broker-unavailable``.
        """


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

    async def usage(self, user: str | None, by: Group, since_s: float, until_s: float) -> Sequence[QpuUsage]:
        """See :class:`QpuQueue`."""
        try:
            settings = client_settings(self._address or None)
        except BrokerUnknown as error:
            raise AccessProblem("no-broker", f"this server has no shared QPUs: {error}") from None
        try:
            told = await asyncio.to_thread(usage_told, settings, by, user, since_s, until_s, _USAGE_TIMEOUT_S)
        except (OSError, BrokerUnknown, WireError) as error:
            _log.warning("the broker at %s could not be asked what was used: %s", settings.broker, error)
            raise AccessProblem(
                "broker-unavailable", f"the broker of shared QPUs could not be asked: {error}"
            ) from None
        return told.rows
