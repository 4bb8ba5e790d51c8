"""Asynchronous results: jobs that a server runs, from their submission to their result."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from qat.comm.access.messages import Explanation, JobView, LogLine
from qat.comm.arguments import decode_message
from qat.comm.qlmaas.ttypes import JobInfo
from qat.core.enums import JobStatus
from qat.qlmaas.client import LONGEST_POLL_S
from qat.qlmaas.errors import JobNotDoneError, UnknownJobError, UnreachableError, WaitExpiredError
from qat.qlmaas.statuses import STATUSES, TEXTS, date_of, job_info

if TYPE_CHECKING:
    from qat.core.wrappers.job import Batch
    from qat.qlmaas.connection import QLMaaSConnection

__all__ = ["AsyncResult"]

OUTAGE_S = 600.0
"""How long the server may be away while a result is waited for."""


class AsyncResult:
    """A job on a server, and its result when there is one.

    Args:
        job_id: its id.
        connection: to the server.
        view: what the server said about it last; asked for when it is needed.

    >>> from qat.comm.access.messages import UserView
    >>> from qat.core import Result
    >>> from qat.qlmaas import QLMaaSConnection
    >>> from qat.qlmaas.transport import Response, TableTransport
    >>> message = Response(200, {}, Result(value=0.5).to_bytes())
    >>> server = TableTransport({"GET /v1/me": UserView(name="ada"), "GET /v1/jobs/j7/result": message})
    >>> QLMaaSConnection("qlm.example.org", token="secret", transport=server).get_job("j7").join().value
    0.5
    """

    def __init__(self, job_id: str, connection: QLMaaSConnection, view: JobView | None = None) -> None:
        from qat.qlmaas.connection import QLMaaSConnection

        assert isinstance(connection, QLMaaSConnection), f"expected a QLMaaSConnection, got {connection!r:.80}"
        self._id = job_id
        self._connection = connection
        self._view = view
        self._result: Any = None
        self._is_done = False

    # ---------------------------------------------------------------- waiting
    def join(self, timeout: float | None = None, progress: bool = False) -> Any:
        """Wait for the result. The server may be restarted and the network cut meanwhile.

        Args:
            timeout: seconds to wait at most; None for as long as the job takes. The job goes on after that.
            progress: whether to draw a line that shows how far the job is.

        Returns:
            A Result or BatchResult; a Batch for a compilation; the answer of an application.

        Raises:
            WaitExpiredError: the time is over.
            QPUException, PluginException, GeneratorException: the job failed; raised as on the server.
            RefusedError: there is no result, because the job was cancelled or stopped, or its files were removed.
            UnreachableError: the server was away for more than ten minutes.
        """
        end = None if timeout is None else time.monotonic() + timeout
        if progress and not self._is_done:
            self.show_progress(timeout)
        while not self._is_done:
            remaining_s = None if end is None else end - time.monotonic()
            if remaining_s is not None and remaining_s <= 0:
                raise self._expired(timeout)
            try:
                self._poll(LONGEST_POLL_S if remaining_s is None else min(LONGEST_POLL_S, remaining_s), remaining_s)
            except UnreachableError as error:
                if remaining_s is None or remaining_s > OUTAGE_S or not error.retryable:
                    raise
                raise self._expired(timeout) from error
        return self._result

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the job has ended, however it ended.

        Returns:
            Whether it has.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            remaining_s = LONGEST_POLL_S if end is None else max(0.0, end - time.monotonic())
            if self.refresh(min(LONGEST_POLL_S, remaining_s)):
                return True
            if remaining_s == 0.0:
                return False

    def __await__(self) -> Generator[Any, None, Any]:
        return self._awaited().__await__()

    async def _awaited(self) -> Any:
        import asyncio  # here, because importing it takes as long as all of this package

        while not self._is_done:
            await asyncio.to_thread(self._poll, _AWAITED_POLL_S, OUTAGE_S)
        return self._result

    def _poll(self, wait_s: float, patience_s: float | None) -> None:
        """Ask for the result once; keep it if it is there."""
        patience_s = OUTAGE_S if patience_s is None else min(OUTAGE_S, patience_s)
        answer = self._connection.client.result(self._id, wait_s=wait_s, patience_s=patience_s)
        if isinstance(answer, JobView):
            self._view = answer
        else:
            self._result, self._is_done = decode_message(answer), True

    def _expired(self, timeout: float | None) -> WaitExpiredError:
        state = "not ended" if self._view is None else self._view.state
        return WaitExpiredError(f"job {self._id} is {state} after {timeout:g} s; join() again to wait on", "timeout")

    def show_progress(self, limit_s: float | None = None) -> None:
        """Draw a line that shows how far the job is, in a terminal or a notebook, until it has ended.

        Args:
            limit_s: for so many seconds at most.
        """
        from qat.qlmaas.following import News, follow
        from qat.qlmaas.progress import ProgressLine, display_here

        line, display = ProgressLine(), display_here()

        def take(news: News) -> None:
            line.take(news)
            display.show(line)

        try:
            follow(self._connection.client, self._id, take, limit_s=limit_s, patience_s=OUTAGE_S)
        finally:
            display.close()

    # ---------------------------------------------------------------- the result and the job
    def get_result(self) -> Any:
        """The result, without waiting; see ``join``.

        Raises:
            JobNotDoneError: the job has not ended.
        """
        if not self._is_done:
            self._poll(0.0, 0.0)
        if not self._is_done and self._view is not None:
            raise JobNotDoneError(f"job {self._id} is {self._view.state}; join() waits for its result", "not-final")
        return self._result

    def get_status(self, human_readable: bool = True) -> str | int:
        """The state of the job.

        Args:
            human_readable: whether to return a text such as ``"running"`` instead of a number of ``JobStatus``.
        """
        try:
            status = STATUSES[self.view.state]
        except UnknownJobError:
            status = JobStatus.UNKNOWN_JOB
        return TEXTS[status] if human_readable else status

    def get_info(self) -> JobInfo:
        """What the server knows about the job."""
        return job_info(self.view)

    def get_batch(self) -> Batch:
        """The jobs that were sent.

        Raises:
            LookupError: none were, as for an application.
        """
        message = self._connection.client.submission(self._id).batch
        if message is None:
            raise LookupError(f"job {self._id} was sent without jobs: it executes an application or asks for specs")
        batch: Batch = decode_message(message)
        return batch

    def get_id(self) -> str:
        """The id of the job."""
        return self._id

    id = property(get_id)

    @property
    def view(self) -> JobView:
        """The job as the server sees it now; asked for until it is final."""
        self.refresh()
        assert self._view is not None
        return self._view

    @property
    def known(self) -> JobView:
        """The job as the server saw it when it was last asked; asked for the first time if it never was."""
        return self.view if self._view is None else self._view

    def refresh(self, wait_s: float = 0.0) -> bool:
        """Ask the server for the state of the job.

        Args:
            wait_s: how long to wait for the job to end.

        Returns:
            Whether it has ended.
        """
        if self._view is None or self._view.state not in ("failed", "cancelled", "stopped", "deleted"):
            self._view = self._connection.client.job(self._id, wait_s=wait_s)
        return self._view.is_final

    def queue(self) -> int | None:
        """How many jobs are before it; None when it does not wait."""
        return self.view.queue_position

    @property
    def submission_date(self) -> datetime | None:
        """When it was accepted, in UTC."""
        return date_of(self.view.created_s)

    @property
    def starting_date(self) -> datetime | None:
        """When it began to run, in UTC; None before."""
        return date_of(self.view.started_s)

    @property
    def ending_date(self) -> datetime | None:
        """When it ended, in UTC; None before."""
        return date_of(self.view.ended_s)

    def log(self, first: int = 0) -> list[LogLine]:
        """The lines that it wrote, from number ``first`` on."""
        return self._connection.client.log(self._id, first=first)

    def explain(self) -> Explanation:
        """Why it is where it is."""
        return self._connection.client.explain(self._id)

    # ---------------------------------------------------------------- acting on the job
    def cancel(self) -> bool:
        """Cancel the job.

        Returns:
            Whether it was cancelled, or will be as soon as what runs has been ended; False if it had ended before.
        """
        self._view = self._connection.client.cancel(self._id)
        return self._view.state == "cancelled" or not self._view.is_final

    def delete_files(self) -> bool:
        """Remove its files, the result among them.

        Raises:
            JobNotDoneError: it has not ended; cancel it first.
        """
        self._view = self._connection.client.delete_files(self._id)
        return self._view.state == "deleted"

    def rerun(self, idempotency_key: str | None = None) -> AsyncResult:
        """The same submission as a new job."""
        view = self._connection.client.rerun(self._id, idempotency_key)
        return AsyncResult(view.id, self._connection, view)

    def edit(self, name: str | None = None, tags: Sequence[str] | None = None) -> None:
        """Change its name and its tags; None leaves them."""
        self._view = self._connection.client.edit(self._id, name=name, tags=tags)

    def __repr__(self) -> str:
        return f"<job {self._id}{'' if self._view is None else f': {self._view.state}'}>"

    def _repr_html_(self) -> str:
        from html import escape

        view = self.view
        lines = {"job": view.id, "stack": view.stack, "state": view.state, "owner": view.owner}
        lines |= {"name": view.name or "", "tags": ", ".join(view.tags), "submitted": str(self.submission_date)}
        rows = (f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in lines.items() if text)
        return f"<table>{''.join(rows)}</table>"


_AWAITED_POLL_S = 10.0
"""A poll of an awaited job goes on in its thread for so long after the task was cancelled."""
