"""What the broker sees of its pools, as :mod:`qhpc.broker.capacity` wants to know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qhpc.broker.brokerage.core import Core
from qhpc.broker.capacity import PoolSight, QpuSight
from qhpc.scheduling.devices import Device

__all__ = ["pool_sights"]


def pool_sights(core: Core, wanted: Mapping[str, Sequence[int]], now_s: float) -> dict[str, PoolSight]:
    """All pools. Cost O(sessions).

    Args:
        core: what the broker knows.
        wanted: units that jobs wait for in Slurm, by pool.
        now_s: time.
    """
    return {pool.name: _sight(core, pool.name, wanted.get(pool.name, ()), now_s) for pool in core.rules.pools}


def _sight(core: Core, pool: str, wanted: Sequence[int], now_s: float) -> PoolSight:
    sessions = [record for record in core.machine.sessions(pool) if record.is_open]
    return PoolSight(
        qpus=[_qpu(device, now_s) for device in core.machine.devices(pool)],
        nb_ready=sum(record.nb_ready for record in sessions),
        sessions={record.session.id: (now_s - record.opened_s, record.waited_s(now_s)) for record in sessions},
        wanted=wanted,
    )


def _qpu(device: Device, now_s: float) -> QpuSight:
    window = next((window for window in device.windows() if window.end_s > now_s), None)
    return QpuSight(
        name=device.name,
        state=device.state,
        until_s=device.until_s,
        reason=device.reason,
        window_s=None if window is None else (window.start_s, window.end_s),
        window_reason="" if window is None else window.reason,
        is_busy=device.running is not None,
    )
