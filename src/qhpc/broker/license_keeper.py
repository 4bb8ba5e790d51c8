"""Has Slurm hand out as many duty units as the QPUs can serve now: looks what it does, and mends that.

All that is kept is in Slurm and in what the broker sees of its QPUs, so a broker that was killed mends what it finds. A
controller that does not answer leaves things as they are; what was to be done is done when it answers again.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from qhpc.broker.capacity import Offer, PoolCapacity, PoolSight
from qhpc.slurm.capacity import LEASE_MINUTES, Lever, LicenseState, parse_license_state
from qhpc.slurm.commands import show
from qhpc.slurm.controller import ControllerUnreachable, SlurmRefused
from qhpc.slurm.parsers import NotUnderstood

__all__ = ["LicenseKeeper", "Runs"]

_log = logging.getLogger(__name__)

_LOOK_S = 30.0
"""How often it is looked whether all is as it should be, though nothing has changed."""
_RETRY_S = 2.0
_PROLONG_S = LEASE_MINUTES * 60 / 3
_NOT_ALLOWED = ("invalid user id", "access/permission denied", "access denied", "don't have permission")


class Runs(Protocol):
    """Runs commands of Slurm: :class:`qhpc.slurm.controller.Controller`."""

    async def run(self, command: tuple[str, ...]) -> str:
        """What a command prints."""


class LicenseKeeper:
    """Keeps the licences of some pools.

    Args:
        slurm: runs its commands.
        pools: what each can serve, and how that is told to Slurm.
        clock: counts seconds.

    Attributes:
        offers: what Slurm should hand out, by pool, as far as that is known.
        troubles: why it does not, by pool.
    """

    def __init__(
        self,
        slurm: Runs,
        pools: Mapping[str, tuple[PoolCapacity, Lever]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slurm, self._pools, self._clock = slurm, pools, clock
        self.offers: dict[str, Offer] = {}
        self.troubles: dict[str, str] = {}
        self._told: dict[str, tuple[int, int]] = {}
        self._look_s: dict[str, float] = {}
        self._prolonged_s: dict[str, float] = {}

    @property
    def alphas(self) -> dict[str, float]:
        """Where the alpha of each pool is."""
        return {name: capacity.alpha for name, (capacity, _) in self._pools.items()}

    async def tend(self, sights: Mapping[str, PoolSight], now_s: float) -> None:
        """Look at the pools, and tell Slurm what has changed."""
        for name, (capacity, lever) in self._pools.items():
            offer = capacity.look(sights[name], now_s)
            if offer is None:
                continue
            self.offers[name] = offer
            is_due = self._clock() >= self._look_s.get(name, 0.0)
            has_changed = (offer.total, offer.units) != self._told.get(name) and name not in self.troubles
            if is_due or has_changed:
                await self._keep(name, lever, offer)

    async def _keep(self, name: str, lever: Lever, offer: Offer) -> None:
        try:
            is_kept = await self._mended(name, lever, offer)
        except (ControllerUnreachable, SlurmRefused, NotUnderstood) as error:
            self._complain(name, _cure(error, lever, offer))
            self._look_s[name] = self._clock() + (_RETRY_S if isinstance(error, ControllerUnreachable) else _LOOK_S)
            return
        self._look_s[name] = self._clock() + (_LOOK_S if is_kept else _RETRY_S)
        self._told[name] = (offer.total, offer.units)

    async def _mended(self, name: str, lever: Lever, offer: Offer) -> bool:
        """Do what is to be done; whether there was nothing."""
        seen = parse_license_state(
            lever, await self._slurm.run(show("licenses")), await self._slurm.run(show("reservation"))
        )
        prolongs = self._clock() >= self._prolonged_s.get(name, 0.0)
        steps = lever.steps(seen, total=offer.total, units=offer.units, prolongs=prolongs)
        for step in steps:
            _log.info("pool %s: %s of %s units: %s", name, offer.units, offer.total, " ".join(step))
            await self._slurm.run(step)
        if steps:
            self._prolonged_s[name] = self._clock() + _PROLONG_S
        self._complain(name, _shortage(seen, lever, offer))
        return not steps

    def _complain(self, name: str, trouble: str) -> None:
        """In the log, once."""
        if trouble and trouble != self.troubles.get(name):
            _log.error("the licences of the pool %s: %s", name, trouble)
        if trouble:
            self.troubles[name] = trouble
        else:
            self.troubles.pop(name, None)


def _shortage(seen: LicenseState, lever: Lever, offer: Offer) -> str:
    if seen.total is None:
        return f"Slurm has no licence {lever.license}; see 'qat slurm configure'"
    if lever.method == "reservation" and seen.total < offer.units:
        return (
            f"Slurm has {seen.total} units of {lever.license} and {offer.units} could be handed out: raise Licenses in "
            "slurm.conf"
        )
    return ""


def _cure(error: Exception, lever: Lever, offer: Offer) -> str:
    text = str(error)
    if isinstance(error, ControllerUnreachable):
        return f"Slurm does not answer, so they stay as they are: {text}"
    if any(words in text.lower() for words in _NOT_ALLOWED):
        return (
            f"the user {os.geteuid()} may not change them ({text}): run the broker as root or Slurm's SlurmUser, or "
            "make its user an operator (sacctmgr modify user NAME set AdminLevel=Operator)"
        )
    return f"{lever.license} could not be set to {offer.units} units: {text}"
