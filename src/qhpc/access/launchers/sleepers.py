"""Jobs that have given their nodes back: whether they need them again, asked of the broker of shared QPUs."""

from __future__ import annotations

import asyncio
import logging

from qat.core.errors import WireError
from qat.shared.addresses import BrokerUnknown, client_settings
from qat.shared.status import sleepers_of

__all__ = ["BrokerSleepers"]

_log = logging.getLogger(__name__)
_TIMEOUT_S = 2.0


class BrokerSleepers:
    """Asks a broker, which has to trust the user of this process, or to be its own.

    Args:
        address: of the broker; empty for what this machine says.

    >>> asyncio.run(BrokerSleepers("unix:/nowhere").need_nodes("j1", 1000))
    """

    def __init__(self, address: str = "") -> None:
        self._address = address

    async def need_nodes(self, job_id: str, uid: int) -> bool | None:
        """Whether a job needs its nodes, also because the broker does not know it any more; None if nobody knows."""
        told = await self._ask(job_id, uid, are_wanted=True)
        return None if told is None else told[0] == 0 or told[1]

    async def close(self, job_id: str, uid: int) -> None:
        """A job is not wanted any more, nor what QPUs do for it."""
        await self._ask(job_id, uid, are_wanted=False)

    async def _ask(self, job_id: str, uid: int, *, are_wanted: bool) -> tuple[int, bool] | None:
        try:
            settings = client_settings(self._address or None)
            told = await asyncio.to_thread(sleepers_of, settings, job_id, uid, _TIMEOUT_S, are_wanted=are_wanted)
        except (OSError, BrokerUnknown, WireError) as error:
            _log.warning("the broker could not be asked about job %s, which has no nodes: %s", job_id, error)
            return None
        return told.count, told.need_nodes
