"""What goes on, for those who look after the broker."""

from __future__ import annotations

from itertools import islice

from qat.comm.broker.status import BrokerStatus, PoolStatus, QpuStatus, SessionStatus, TaskStatus
from qhpc.broker.brokerage.core import Core
from qhpc.broker.brokerage.state import BrokerSession
from qhpc.scheduling.devices import Device
from qhpc.scheduling.policies.protocol import ReadyTask

__all__ = ["status"]

_MAX_TASKS = 1000


def status(core: Core, started_s: float, now_s: float) -> BrokerStatus:
    """What goes on. Cost O(n log n) in tasks and sessions."""
    waiting = {pool.name: core.machine.waiting(pool.name) for pool in core.rules.pools}
    tasks = [_task(ready, place) for ready_tasks in waiting.values() for place, ready in enumerate(ready_tasks, 1)]
    return BrokerStatus(
        cluster=core.rules.cluster,
        now_s=now_s,
        started_s=started_s,
        pools=tuple(_pool(core, name, ready) for name, ready in waiting.items()),
        sessions=tuple(_session(core, session, now_s) for session in core.sessions.values()),
        waiting=tuple(islice(tasks, _MAX_TASKS)),
    )


def _pool(core: Core, name: str, waiting: list[ReadyTask]) -> PoolStatus:
    return PoolStatus(
        name=name,
        policy=core.machine.policy(name),
        qpus=tuple(_qpu(device) for device in core.machine.devices(name)),
        nb_sessions=sum(session.pool == name for session in core.sessions.values()),
        nb_waiting=len(waiting),
        waiting_s=sum(ready.remaining_s for ready in waiting),
    )


def _qpu(device: Device) -> QpuStatus:
    running = device.running
    return QpuStatus(
        name=device.name,
        pool=device.pool.name,
        state=device.state,
        reason=device.reason,
        until_s=device.until_s,
        running=running.ready.task.key if running is not None else "",
        ends_s=running.end_s if running is not None else None,
    )


def _session(core: Core, session: BrokerSession, now_s: float) -> SessionStatus:
    record, who = core.machine.session(session.id), session.identity
    return SessionStatus(
        id=session.id,
        user=who.user,
        account=who.account,
        pool=session.pool,
        share=record.session.share if record is not None else 0.0,
        opened_s=session.opened_s,
        is_connected=session.connection is not None,
        slurm_job=who.slurm_job,
        nb_waiting=record.nb_ready if record is not None else 0,
        nb_running=record.nb_unfinished - record.nb_ready if record is not None else 0,
        used_s=record.used_s if record is not None else 0.0,
        waited_s=record.waited_s(now_s) if record is not None else 0.0,
    )


def _task(ready: ReadyTask, place: int) -> TaskStatus:
    return TaskStatus(
        key=ready.task.key,
        session=ready.task.session,
        pool=ready.session.pool,
        position=place,
        came_s=ready.arrival_s,
        remaining_s=ready.remaining_s,
        remaining_shots=ready.remaining_shots,
    )
