"""The loop of a runner: take a job, run it within its limits, tell how it ended."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from enum import Enum, auto
from pathlib import Path
from types import FrameType

import msgspec

from qat.comm.access.messages import Failure, Progress, Task
from qat.core.running_job import Suspended
from qhpc.access.rebuild.policy import UNLIMITED
from qhpc.access.rebuild.submissions import read_submission
from qhpc.access.rebuild.table import ServiceTable
from qhpc.access.runner.channel import RunnerChannel
from qhpc.access.runner.execution import execute, watched
from qhpc.access.runner.failures import outcome_of
from qhpc.access.runner.frames import SPENT, Assignment, Configuration, FrameKind, Outcome, Suspension
from qhpc.access.runner.isolation import limited, resident_bytes
from qhpc.access.runner.reporter import Reporter

__all__ = ["HEADROOM_BYTES", "JobCancelled", "Runner"]

HEADROOM_BYTES = 128 << 20
"""Address space that every job may use beside what it was given: stacks of threads, buffers, its result's message."""


class JobCancelled(BaseException):
    """Raised within a job by SIGTERM, so that services can put away what they hold; the runner ends then."""


class _State(Enum):
    IDLE = auto()
    RUNNING = auto()
    TELLING = auto()


class Runner:
    """Runs jobs one after the other. Use it in the main thread.

    Args:
        channel: to the server.
        configuration: of this runner.
        table: the services that may be used.
        folder: a private folder, the working folder of jobs. All that is in it is removed after each job.
    """

    def __init__(self, channel: RunnerChannel, configuration: Configuration, table: ServiceTable, folder: Path) -> None:
        self._channel, self._configuration, self._table, self._folder = channel, configuration, table, folder
        self._decoder = msgspec.msgpack.Decoder(Assignment)
        self._state = _State.IDLE
        self._is_ending = False
        self._nb_jobs = 0
        self._size_bytes = resident_bytes()
        self._nb_threads = threading.active_count()
        self._streams = sys.stdout, sys.stderr

    def serve(self) -> None:
        """Run jobs until the server goes, or this runner is spent."""
        self._put_right()
        self._channel.send(FrameKind.READY, b"")
        while not self._is_ending and (frame := self._channel.receive()) is not None:
            self._run(self._decoder.decode(frame.payload))

    @property
    def is_ending(self) -> bool:
        """Whether it was told to end, or a job has left something behind: it is to take no more jobs."""
        return self._is_ending

    def _put_right(self) -> None:
        """Undo what a job may have done to signals and streams."""
        signal.alarm(0)
        signal.signal(signal.SIGTERM, self._on_terminate)
        sys.stdout, sys.stderr = self._streams

    def _on_terminate(self, number: int, frame: FrameType | None) -> None:
        """SIGTERM: a job is cancelled and raises, an idle runner ends, and one that tells its result ends after it."""
        self._is_ending = True
        match self._state:
            case _State.RUNNING:
                self._state = _State.TELLING  # once is enough
                raise JobCancelled
            case _State.IDLE:
                raise SystemExit(0)

    def _run(self, assignment: Assignment) -> None:
        try:
            self._state = _State.RUNNING
            self._channel.send(FrameKind.BEGUN, b"")
            answer = self._answer(assignment)
            self._state = _State.TELLING
        except JobCancelled:
            return
        except Suspended as suspended:
            self._state, self._is_ending = _State.TELLING, True
            self._channel.send_structure(FrameKind.SUSPENDED, Suspension(until_s=suspended.until_s))
            return
        self._put_right()
        self._nb_jobs += 1
        self._is_ending = self._is_ending or self._is_spent()
        self._tell(*answer)
        self._state = _State.IDLE

    def _tell(self, kind: FrameKind, payload: bytes) -> None:
        for stream in self._streams:
            with suppress(ValueError, OSError):  # the job has closed it
                stream.flush()
        self._channel.send(kind, payload, channel=SPENT if self._is_ending else 0)

    def _answer(self, assignment: Assignment) -> tuple[FrameKind, bytes]:
        job_id = assignment.job_id
        task: Task = "submit"
        try:
            submission = read_submission(assignment.submission, UNLIMITED)
            task = submission.task
            reporter = Reporter(self._progressed, time.monotonic, time.time)
            seen = watched(job_id, reporter, assignment.owner)
            with _emptied(self._folder), _threads(assignment.nb_cores), _limits(assignment), seen:
                result = execute(submission, self._table, job_id)
        except (JobCancelled, Suspended):
            raise
        except BaseException as error:  # SystemExit of a service too: the runner goes on
            traceback.print_exception(error)
            return FrameKind.FAILURE, msgspec.msgpack.encode(outcome_of(error, task))
        if len(result) > self._configuration.max_result_bytes:
            return FrameKind.FAILURE, msgspec.msgpack.encode(self._too_large(len(result)))
        return FrameKind.RESULT, result

    def _progressed(self, progress: Progress) -> None:
        self._channel.send_structure(FrameKind.PROGRESS, progress)

    def _too_large(self, size_bytes: int) -> Outcome:
        limit = self._configuration.max_result_bytes
        message = f"the result has {size_bytes} bytes, and this site keeps at most {limit}; ask for shots or a value"
        return Outcome(failure=Failure(exception="QPUException", message=message, reason="result-too-large"))

    def _is_spent(self) -> bool:
        """Whether a job has left something behind, or it is time for a fresh process."""
        return (
            self._nb_jobs >= self._configuration.max_jobs
            or threading.active_count() > self._nb_threads
            or any(stream.closed for stream in self._streams)
            or _has_children()
            or resident_bytes() - self._size_bytes > self._configuration.max_growth_bytes
        )


def _limits(assignment: Assignment) -> AbstractContextManager[None]:
    memory_bytes = assignment.memory_bytes
    return limited(None if memory_bytes is None else memory_bytes + HEADROOM_BYTES, assignment.cpu_s)


@contextmanager
def _emptied(folder: Path) -> Iterator[None]:
    """Within, a folder is the working folder; what was put into it is removed at the end."""
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(folder)
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink(missing_ok=True)


@contextmanager
def _threads(nb_cores: int | None) -> Iterator[None]:
    """Within, our engine and what is started use so many threads at most."""
    former = os.environ.get("OMP_NUM_THREADS")
    if nb_cores is None or former is None:
        yield
        return
    os.environ["OMP_NUM_THREADS"] = str(nb_cores)
    try:
        yield
    finally:
        os.environ["OMP_NUM_THREADS"] = former


def _has_children() -> bool:
    try:
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False
