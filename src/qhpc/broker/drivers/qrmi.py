"""The driver of a QPU behind the published package ``qrmi``, as its client.

The package is no dependency of this one: it is installed where the driver runs, which may be an environment of its own.
Neutral-atom resources are driven, whose tasks are sequences; see :mod:`sequences`. A driver acquires its resource at
the first slice and releases it at its end: it is the broker that shares it.

Source: interface of qrmi 0.26 (``python/qrmi/_core/__init__.pyi`` in qiskit-community/qrmi; ``src/pasqal/local.rs``
there for the token of an acquired resource). Members of its enumerations have no ``name``.
"""

from __future__ import annotations

import logging
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any

from qat.core.enums import ErrorType
from qat.core.errors import QPUException
from qat.core.wrappers.hardware_specs import HardwareSpecs
from qat.kernels.control import RunCancelledError
from qhpc.broker.drivers.messages import StateChanged
from qhpc.broker.drivers.protocol import DeviceError, Ran, SliceControl, SpecsKnown, Told
from qhpc.broker.drivers.sequences import SequenceTask, counts_in, device_in, result_of, sequence_in
from qhpc.broker.drivers.settings import BadOptions, QrmiOptions
from qhpc.scheduling.model import QpuState

__all__ = ["QrmiDriver"]

_log = logging.getLogger(__name__)

_GROWTH = 1.5
_NB_TRIES = 10
_STOP_S = 60.0
"""How long a task may take to be stopped."""

_MAX_LOGS = 2000
_OVER = ("Completed", "Failed", "Cancelled")
_STATUSES = ("Queued", "Running", *_OVER)
_STATES: Mapping[str, QpuState] = {"Online": "up", "Paused": "calibrating", "Offline": "down"}
_JOBS_FAULT = ("InvalidInputError", "UnsupportedPayloadError", "UnsupportedFunctionError")
_NEVER_STARTED = ("AuthenticationFailedError", "ConfigError", "EnvVarNotSetError", "ResourceNotFoundError")


class QrmiDriver:
    """Runs slices as tasks of a QRMI resource.

    Args:
        options: which resource, and how patient to be.
        qrmi: the package; imported by default.
        clock: seconds, never going back.
        sleep: waits for so many seconds.

    Raises:
        BadOptions: the package is missing, or the resource cannot be made.
    """

    def __init__(
        self,
        options: QrmiOptions,
        qrmi: Any = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._options, self._clock, self._sleep = options, clock, sleep
        if options.environment_file is not None:
            os.environ.update(_private_environment(Path(options.environment_file)))
        os.environ.setdefault(
            "QRMI_JOB_UID", str(os.getuid())
        )  # resources of the type PasqalLocal ask who they are for
        os.environ.setdefault("QRMI_JOB_ID", "openqat")
        self._qrmi = _package() if qrmi is None else qrmi
        self._resource, self._looked_at = self._made(), self._made()  # an object serves one thread at a time
        self._token: str | None = None
        self._specs = HardwareSpecs()

    def specs(self) -> HardwareSpecs:
        """The resource's target, as the description; empty until it was asked for."""
        return self._specs

    def load(self, payload: bytes) -> SequenceTask:
        """The sequence in a job."""
        return sequence_in(payload, self._options.max_shots)

    def prepare(self, loaded: SequenceTask) -> None:
        """Nothing to prepare: a resource takes tasks when they run."""

    def run(self, loaded: SequenceTask, shots: int, control: SliceControl) -> Ran:
        """Run a slice as a task, looking at it ever more rarely.

        Raises:
            DeviceError: the resource is not there, lost the task, or is too slow.
            QPUException: the task has failed there.
        """
        begin_s = self._clock()
        self._acquire()
        task_id = self._started(loaded, shots or loaded.nb_shots)
        status, running_s = self._outcome(task_id, control, begin_s + self._options.deadline_s)
        if status != "Completed":
            raise self._why(task_id, status, control)
        counts = counts_in(self._asked(self._resource.task_result, task_id).value)
        return Ran(result_of(counts), min(sum(counts.values()), shots), running_s - begin_s)

    def attend(self, tell: Callable[[Told], None], ending: Event) -> None:
        """Ask the resource now and then how it is, and what it can do."""
        before = StateChanged("up")
        while not ending.is_set():
            now = self._state()
            if now != before:
                tell(now)
            if now.state == "up" and (before.state != "up" or not self._specs.description):
                self._ask_target(tell)
            before = now
            ending.wait(self._options.check_every_s)

    def close(self) -> None:
        """Release the resource."""
        if self._token is not None:
            token, self._token = self._token, None
            self._made().release(token)  # the other objects may be in a call

    # ------------------------------------------------------------ the resource
    def _made(self) -> Any:
        options, resources = self._options, self._qrmi.QuantumResource
        kind = getattr(self._qrmi.ResourceType, options.type)
        try:
            if options.config:
                return resources.from_config(options.resource, kind, dict(options.config))
            return resources(options.resource, kind)
        except RuntimeError as error:
            raise BadOptions(f"resource {options.resource!r} of type {options.type} cannot be made: {error}") from error

    def _acquire(self) -> None:
        if self._token is None:
            try:
                self._token = token = str(self._resource.acquire())
            except RuntimeError as error:
                raise DeviceError(f"{self._options.resource} cannot be acquired: {error}") from error
            os.environ[f"{self._options.resource}_QRMI_JOB_ACQUISITION_TOKEN"] = token

    def _state(self) -> StateChanged:
        try:
            status = self._looked_at.status()
        except RuntimeError as error:
            return StateChanged("down", str(error))
        name = _name_of(status.status, self._qrmi.ResourceStatusCode, _STATES)
        return StateChanged(_STATES[name], "" if name == "Online" else status.status_reason or name.lower())

    def _ask_target(self, tell: Callable[[Told], None]) -> None:
        try:
            target = self._looked_at.target().value
        except RuntimeError:
            return  # it is asked again when it says next that it is up
        self._specs = HardwareSpecs(description=device_in(target, self._options.resource))
        tell(SpecsKnown(self._specs))

    # ------------------------------------------------------------ a task
    def _started(self, task: SequenceTask, nb_shots: int) -> str:
        payload = self._qrmi.Payload.PasqalCloud(sequence=task.sequence, job_runs=nb_shots)
        try:
            started: str = self._resource.task_start(payload)
        except self._errors(*_JOBS_FAULT) as error:
            raise _failed(f"the task was refused: {error}") from error
        except RuntimeError as error:
            did_not_start = isinstance(error, self._errors(*_NEVER_STARTED))
            reason = f"the task could not be started on {self._options.resource}: {error}"
            raise DeviceError(reason, may_have_run=not did_not_start) from error
        return started

    def _outcome(self, task_id: str, control: SliceControl, deadline_s: float) -> tuple[str, float]:
        """The last status of a task, and when it was last seen in the queue.

        A task that is to be stopped, or takes too long, is told so and has a while to end.
        """
        queued_s, is_stopping = self._clock(), False
        for wait_s in self._waits():
            status = _name_of(self._asked(self._resource.task_status, task_id), self._qrmi.TaskStatus, _STATUSES)
            if status in _OVER:
                return status, queued_s
            now_s = self._clock()
            if status == "Queued":
                queued_s = now_s
            if is_stopping and now_s >= deadline_s:
                raise DeviceError(f"task {task_id} cannot be stopped", is_retryable=False, may_have_run=True)
            if not is_stopping and (control.is_cancelled or now_s >= deadline_s):
                self._stop(task_id)
                is_stopping, deadline_s = True, now_s + _STOP_S
            (self._sleep if is_stopping else control.wait)(wait_s)
        raise AssertionError("waits do not end")

    def _why(self, task_id: str, status: str, control: SliceControl) -> Exception:
        """Why a task is over that is not complete."""
        if control.is_cancelled:
            return RunCancelledError()
        if status == "Cancelled":
            reason = f"task {task_id} was cancelled there, or took longer than {self._options.deadline_s:g} s"
            return DeviceError(reason, is_retryable=False, may_have_run=True)
        try:
            logs = str(self._resource.task_logs(task_id))
        except RuntimeError as error:
            logs = f"its logs cannot be read: {error}"
        return _failed(f"task {task_id} has failed on {self._options.resource}: {logs[:_MAX_LOGS]}")

    def _stop(self, task_id: str) -> None:
        try:
            self._resource.task_stop(task_id)
        except RuntimeError as error:
            _log.warning("task %s cannot be stopped: %s", task_id, error)

    def _asked(self, ask: Callable[[str], Any], task_id: str) -> Any:
        """The answer to a question about a task; asked again if the resource cannot be reached."""
        for wait_s in islice(self._waits(), _NB_TRIES):
            try:
                return ask(task_id)
            except self._errors("TaskNotFoundError") as error:
                raise DeviceError(f"task {task_id} is not known any more: {error}", may_have_run=True) from error
            except RuntimeError as error:
                last = error
            self._sleep(wait_s)
        raise DeviceError(f"{self._options.resource} does not answer: {last}", may_have_run=True) from last

    def _waits(self) -> Iterator[float]:
        """Seconds between two looks, growing."""
        wait_s = self._options.first_poll_s
        while True:
            yield wait_s
            wait_s = min(wait_s * _GROWTH, self._options.last_poll_s)

    def _errors(self, *names: str) -> tuple[type[Exception], ...]:
        """The package's exceptions of these names; older versions have fewer."""
        return tuple(getattr(self._qrmi, name) for name in names if hasattr(self._qrmi, name))


def _name_of(member: Any, enumeration: Any, names: Iterable[str]) -> str:
    """The name of a member of an enumeration."""
    return next(name for name in names if member == getattr(enumeration, name))


def _package() -> Any:
    try:
        return import_module("qrmi")
    except ImportError as error:
        cure = "install it where the driver runs: pip install qrmi"
        raise BadOptions(f"the package qrmi cannot be imported ({error}); {cure}") from error


def _private_environment(path: Path) -> dict[str, str]:
    """The lines of a file that nobody else may read."""
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise BadOptions(f"environment_file {path} is open to others: chmod 600 {path}")
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadOptions(f"environment_file cannot be read: {error}") from error
    pairs = [line.partition("=") for line in map(str.strip, lines) if line and not line.startswith("#")]
    if any(not separator or not name or " " in name for name, separator, _ in pairs):
        raise BadOptions(f"environment_file {path} has a line that is not NAME=value")  # values may be secret
    return {name: value for name, _, value in pairs}


def _failed(message: str) -> QPUException:
    return QPUException(ErrorType.ABORT, "qrmi", message)
