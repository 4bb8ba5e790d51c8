"""Runs a submission: from its message to the message of its result. No sockets, no limits: those are around it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from qat.comm.access.messages import Submission, Task
from qat.comm.arguments import encode_argument, unpack_argument
from qat.comm.wire import encode
from qat.core.application import Application
from qat.core.enums import ErrorType
from qat.core.errors import GeneratorException, WireError
from qat.core.plugins import AbstractPlugin
from qat.core.progress import listening
from qat.core.qpu.qpu import CommonQPU
from qat.core.running_job import set_job_id
from qat.core.wrappers.hardware_specs import HardwareSpecs
from qat.core.wrappers.job import Batch
from qat.kernels.control import RunControl
from qhpc.access.rebuild.policy import UNLIMITED
from qhpc.access.rebuild.stacks import rebuild
from qhpc.access.rebuild.submissions import batch_of
from qhpc.access.rebuild.table import ServiceTable
from qhpc.access.runner.reporter import Reporter

__all__ = ["JOB_ID_KEY", "execute", "watched"]

JOB_ID_KEY = "qlmaas_job_id"
"""Where the meta data of a job have the id of the submission (published)."""


def execute(submission: Submission, table: ServiceTable, job_id: str) -> bytes:
    """The message of the result of a submission.

    Args:
        submission: what to do.
        table: the services.
        job_id: its id, which services see.

    Returns:
        A Result if one job was submitted, else a BatchResult; the Batch (``compile``); HardwareSpecs (``specs``); or
        an argument (:func:`qat.comm.arguments.encode_argument`), the answer of the application (``execute``).

    Raises:
        InvalidSubmission: the stack cannot be rebuilt.
        WireError: the result cannot travel.
        Exception: whatever a service raises.
    """
    stack = rebuild(submission.recipe, table, submission.task)
    batch = batch_of(submission, UNLIMITED)
    for job in () if batch is None else batch.jobs:
        job.meta_data = {**(job.meta_data or {}), JOB_ID_KEY: job_id}
    if submission.task == "execute":
        return _answer(stack, submission, job_id)
    return encode(_done(stack, submission.task, submission, batch))


def _done(stack: Any, task: Task, submission: Submission, batch: Batch | None) -> Any:
    if task == "specs":
        return stack.get_specs()
    assert batch is not None  # as batch_of has checked
    if task == "compile":
        return stack.compile(batch) if isinstance(stack, CommonQPU) else stack.compile(batch, _specs(submission))
    meta_data = submission.meta_data or None
    return stack.submit(batch.jobs[0] if submission.is_single else batch, meta_data)


def _specs(submission: Submission) -> HardwareSpecs:
    """The specs for which plugins without a QPU compile: the first argument."""
    specs = unpack_argument(submission.arguments[0]) if submission.arguments else HardwareSpecs()
    if not isinstance(specs, HardwareSpecs):
        raise WireError(f"compile was given a {type(specs).__name__}", "HardwareSpecs")
    return specs


class _Stamp(AbstractPlugin):
    """Writes the id of the submission into the jobs that a generator makes."""

    is_transparent = True

    def __init__(self, job_id: str) -> None:
        super().__init__()
        self._job_id = job_id

    def compile(self, batch: Batch, specs: HardwareSpecs) -> Batch:
        for job in batch.jobs:
            job.meta_data = {**(job.meta_data or {}), JOB_ID_KEY: self._job_id}
        return batch


def _answer(application: Application, submission: Submission, job_id: str) -> bytes:
    stamped = Application(application._generator, _Stamp(job_id) | application._qpu)
    arguments = [unpack_argument(argument) for argument in submission.arguments]
    keywords = {name: unpack_argument(argument) for name, argument in submission.keywords.items()}
    answer = stamped.execute(*arguments, **keywords)
    generator = type(application._generator).__name__
    try:
        return encode_argument(answer, f"the answer of {generator}")
    except WireError as error:
        raise GeneratorException(ErrorType.INVALID_ARGS, "qhpc.access", f"{error}") from error


@contextmanager
def watched(job_id: str, reporter: Reporter, owner: str = "") -> Iterator[None]:
    """Within, services see the id of the job, and their progress is reported; all of it at the end.

    Args:
        job_id: of the job.
        reporter: hears how far it is.
        owner: whose it is, if it does not run under the account of its owner.
    """
    set_job_id(job_id, owner)
    try:
        with RunControl(reporter.ran), listening(reporter.evaluated):
            yield
    finally:
        _close_sessions()
        set_job_id(None)
        reporter.flush()


def _close_sessions() -> None:
    """End what the job has opened at the broker of shared QPUs, if it has used one."""
    sessions = sys.modules.get("qat.shared.sessions")
    if sessions is not None:
        sessions.close_sessions()
