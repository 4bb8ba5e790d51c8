"""The interface of the published package ``qrmi`` 0.26, with a resource of the test's own behind it.

Names and signatures are those of its stub file ``python/qrmi/_core/__init__.pyi``.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from functools import wraps
from threading import Event, Lock
from typing import Any, NamedTuple


class QrmiError(RuntimeError):
    pass


class InvalidInputError(QrmiError):
    pass


class AuthenticationFailedError(QrmiError):
    pass


class TaskNotFoundError(QrmiError):
    pass


class TaskNotReadyError(QrmiError):
    pass


class Member:
    """Of an enumeration, as the compiled package has them: they compare, and have no name."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Member) and self._text == other._text

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return self._text


class ResourceType:
    PasqalCloud = Member("ResourceType.PasqalCloud")
    PasqalLocal = Member("ResourceType.PasqalLocal")


class TaskStatus:
    Queued = Member("TaskStatus.Queued")
    Running = Member("TaskStatus.Running")
    Completed = Member("TaskStatus.Completed")
    Failed = Member("TaskStatus.Failed")
    Cancelled = Member("TaskStatus.Cancelled")


class ResourceStatusCode:
    Online = Member("ResourceStatusCode.Online")
    Offline = Member("ResourceStatusCode.Offline")
    Paused = Member("ResourceStatusCode.Paused")


class ResourceStatus(NamedTuple):
    status: Member
    status_reason: str | None = None


class Text(NamedTuple):
    value: str


class PasqalPayload(NamedTuple):
    sequence: str
    job_runs: int


class Payload:
    @staticmethod
    def PasqalCloud(sequence: str, job_runs: int) -> PasqalPayload:  # noqa: N802
        return PasqalPayload(sequence, job_runs)


class Machine:
    """What stands behind the resources, with a clock of its own: a task is queued, runs, and is over.

    Attributes:
        troubles: exceptions that the next calls of a method raise, by its name.
        held: calls of a method wait for this, by its name.
    """

    def __init__(self, queued_s: float = 0.0, shot_s: float = 1.0) -> None:
        self.now_s, self.queued_s, self.shot_s = 0.0, queued_s, shot_s
        self.tasks: dict[str, tuple[PasqalPayload, float]] = {}
        self.over: dict[str, Member] = {}
        self.status = ResourceStatus(ResourceStatusCode.Online)
        self.troubles: dict[str, list[Exception]] = {}
        self.calls: Counter[str] = Counter()
        self.answer: str | None = None
        self.is_deaf = False
        self.held: dict[str, Event] = {}

    def called(self, name: str) -> None:
        self.calls[name] += 1
        if name in self.held:
            assert self.held[name].wait(60.0)
        if self.troubles.get(name):
            raise self.troubles[name].pop(0)

    def status_of(self, task_id: str) -> Member:
        if task_id not in self.tasks:
            raise TaskNotFoundError(task_id)
        payload, start_s = self.tasks[task_id]
        if task_id in self.over:
            return self.over[task_id]
        if self.now_s < start_s + self.queued_s:
            return TaskStatus.Queued
        is_over = self.now_s >= start_s + self.queued_s + payload.job_runs * self.shot_s
        return TaskStatus.Completed if is_over else TaskStatus.Running


def borrowed(method: Callable[..., Any]) -> Callable[..., Any]:
    """As the compiled package: an object that is in a call takes no other."""

    @wraps(method)
    def call(self: QuantumResource, *arguments: Any) -> Any:
        if not self._lock.acquire(blocking=False):
            raise RuntimeError("Already borrowed")
        try:
            return method(self, *arguments)
        finally:
            self._lock.release()

    return call


class QuantumResource:
    machine = Machine()

    def __init__(self, resource_id: str, resource_type: Member, config: Any = None) -> None:
        self._id, self._type, self.config = resource_id, resource_type, config
        self._lock = Lock()
        self.machine.called("new")

    @staticmethod
    def from_config(resource_id: str, resource_type: Member, config: dict[str, str]) -> QuantumResource:
        return QuantumResource(resource_id, resource_type, config)

    @borrowed
    def status(self) -> ResourceStatus:
        self.machine.called("status")
        return self.machine.status

    @borrowed
    def acquire(self) -> str:
        self.machine.called("acquire")
        return "token"

    @borrowed
    def release(self, id: str) -> None:  # noqa: A002
        assert id == "token"
        self.machine.called("release")

    @borrowed
    def task_start(self, payload: PasqalPayload) -> str:
        self.machine.called("task_start")
        assert os.environ[f"{self._id}_QRMI_JOB_ACQUISITION_TOKEN"] == "token"
        task_id = f"task-{len(self.machine.tasks)}"
        self.machine.tasks[task_id] = payload, self.machine.now_s
        return task_id

    @borrowed
    def task_stop(self, task_id: str) -> None:
        self.machine.called("task_stop")
        if not self.machine.is_deaf:
            self.machine.over.setdefault(task_id, TaskStatus.Cancelled)

    @borrowed
    def task_status(self, task_id: str) -> Member:
        self.machine.called("task_status")
        return self.machine.status_of(task_id)

    @borrowed
    def task_result(self, task_id: str) -> Text:
        self.machine.called("task_result")
        if self.machine.status_of(task_id) != TaskStatus.Completed:
            raise TaskNotReadyError(task_id)
        nb = self.machine.tasks[task_id][0].job_runs
        counts = {"0110": nb - nb // 4, "1001": nb // 4}
        return Text(self.machine.answer or json.dumps({"counter": counts}))

    @borrowed
    def task_logs(self, task_id: str) -> str:
        self.machine.called("task_logs")
        return f"the laser said no to {task_id}"

    @borrowed
    def target(self) -> Text:
        self.machine.called("target")
        return Text(json.dumps([{"device_type": "FRESNEL", "specs": '{"name": "FRESNEL"}'}]))
