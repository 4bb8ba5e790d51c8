"""What a broker does beside Slurm: sessions end with their jobs, licences follow the QPUs, duties are learned."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from qat.comm.broker.messages import Explained, OpenSession
from qat.comm.broker.status import BrokerStatus, PoolStatus
from qhpc.broker.brokerage import Brokerage, Who
from qhpc.broker.clock import BrokerClock
from qhpc.broker.duty_keeper import DutyKeeper
from qhpc.broker.identity import Identity
from qhpc.broker.license_keeper import LicenseKeeper
from qhpc.broker.pending import is_called, pending_text, waits_for_units
from qhpc.broker.settings import BrokerSettings
from qhpc.broker.slurm_watch import SlurmWatch
from qhpc.broker.usage_rows import SessionRow, SliceRow
from qhpc.slurm.directory import units_of

__all__ = ["SlurmSide"]


class SlurmSide:
    """The side of a broker that looks at Slurm.

    Args:
        settings: of the site.
        watch: of Slurm's jobs.
        keeper: of the licences; None if Slurm hands out what it wants.
        duties: the table of what jobs need; None if they ask for what they want.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        watch: SlurmWatch,
        keeper: LicenseKeeper | None = None,
        duties: DutyKeeper | None = None,
    ) -> None:
        self._pools, self._poll_s = settings.pools, settings.slurm.poll_s
        self._watch, self._keeper, self._duties = watch, keeper, duties

    def chores(
        self, heart: Brokerage, clock: BrokerClock, turn: Callable[[], None]
    ) -> Iterator[Coroutine[Any, Any, None]]:
        """What goes on until it is cancelled.

        Args:
            heart: of the broker.
            clock: of the broker.
            turn: has done what the heart says.
        """
        yield self._end_sessions(heart, clock, turn)
        if self._keeper is not None:
            yield self._keep_licenses(self._keeper, heart, clock, turn)
        if self._duties is not None:
            yield self._keep_duties(self._duties)

    async def who(self, identity: Identity, message: OpenSession) -> Who:
        """Who opens a session, with what its Slurm job was granted; see :meth:`SlurmWatch.who`."""
        return await self._watch.who(identity, message)

    def count_rows(self, rows: Sequence[SliceRow | SessionRow]) -> None:
        """New rows of the accounts."""
        if self._duties is not None:
            self._duties.count_rows(rows)

    def with_licences(self, status: BrokerStatus) -> BrokerStatus:
        """What goes on, with what Slurm hands out."""
        keeper = self._keeper
        if keeper is None:
            return status
        return replace(status, pools=tuple(_with_licences(pool, keeper) for pool in status.pools))

    async def explain_pending(self, name: str, who: Identity | None, now_s: float) -> Explained:
        """Why a job has no session yet: it waits in Slurm.

        Args:
            name: of the job.
            who: whose jobs are looked at; None for everybody's.
            now_s: time.
        """
        offers = {} if self._keeper is None else self._keeper.offers
        for fresh in (False, True):
            for job in (await self._watch.jobs(fresh=fresh)).values():
                if is_called(job, name) and (who is None or who.uid == job.uid):
                    return Explained(name, pending_text(job, offers, now_s))
        return Explained(name, "")

    async def _end_sessions(self, heart: Brokerage, clock: BrokerClock, turn: Callable[[], None]) -> None:
        """Of jobs that are over."""
        while True:
            await asyncio.sleep(self._poll_s)
            asked = heart.slurm_jobs()
            over = await self._watch.over(asked)
            now = heart.slurm_jobs()  # some have gone to sleep meanwhile, or have another job
            for session_id in (each for each in over if now.get(each) == asked[each]):
                heart.close_session(session_id, over[session_id], clock.now_s())
            for session_id in self._watch.unproven(heart.slurm_jobs()):
                heart.ask_again(session_id)
            turn()

    async def _keep_licenses(
        self, keeper: LicenseKeeper, heart: Brokerage, clock: BrokerClock, turn: Callable[[], None]
    ) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            jobs = (await self._watch.jobs()).values()
            wanted = {pool: [units_of(job, pool) for job in jobs if waits_for_units(job, pool)] for pool in self._pools}
            now_s = clock.now_s()
            await keeper.tend(heart.sights(wanted, now_s), now_s)
            for pool, alpha in keeper.alphas.items():
                heart.keep_alpha(pool, alpha, self._pools[pool].alpha, now_s)
            turn()

    async def _keep_duties(self, duties: DutyKeeper) -> None:
        while True:
            if duties.is_due():
                await asyncio.to_thread(duties.write)
            await asyncio.sleep(self._poll_s)


def _with_licences(pool: PoolStatus, keeper: LicenseKeeper) -> PoolStatus:
    offer = keeper.offers.get(pool.name)
    if offer is None:
        return pool
    trouble = keeper.troubles.get(pool.name, "")
    return replace(pool, units=offer.units, alpha=keeper.alphas[pool.name], trouble=trouble)
