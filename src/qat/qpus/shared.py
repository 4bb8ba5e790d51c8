"""SharedQPU: the QPUs of a centre, shared with other jobs through its broker."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, ClassVar, Literal

from qat.core.enums import ErrorType
from qat.core.errors import QPUException
from qat.core.qpu.qpu import QPUHandler
from qat.core.wrappers.hardware_specs import HardwareSpecs
from qat.core.wrappers.job import Batch, Job
from qat.core.wrappers.result import BatchResult, Result
from qat.kernels import control
from qat.kernels.control import RunCancelledError
from qat.shared.addresses import BrokerUnknown, client_settings
from qat.shared.guided import check_licence, note_task
from qat.shared.session import PATIENCE_S, SessionOver, SharedSession, Ticket
from qat.shared.sessions import SessionRequest, session_of
from qat.shared.suspension import JobRecord, job_record
from qat.shared.tasks import MODULE, TaskOptions, result_of, specs_in, task_of

if TYPE_CHECKING:
    from qat.comm.broker.messages import SubmitTask
    from qat.core.plugins import AbstractPlugin

__all__ = ["SharedQPU"]

_ANSWER_S = 60.0
_LOOK_S = 0.05


class SharedQPU(QPUHandler):
    """A pool of QPUs that many jobs share; the centre's broker runs their tasks in turn.

    The jobs of a batch are all submitted at once, and their results come in the order of the jobs. A connection that
    breaks, and a broker that restarts, cost time and nothing else. All SharedQPUs of a process that ask for the same
    are one session; it ends with the process.

    A site makes a QPU of its own of it in three lines, a file ``fresnel.py`` in a folder ``qat/qpus``::

        from qat.qpus import SharedQPU
        class Fresnel(SharedQPU):
            pool = "fresnel"

    Args:
        pool: its name; a subclass may have it.
        plugins: plugins in front of it.
        broker: ``unix:/path`` or ``tls://host:port``; by default what ``QAT_BROKER`` or
            ``/etc/openqat/broker.toml`` says.
        share: part of a QPU's time that this job needs, 0 to 1. What Slurm admitted goes before it; by default that is
            the site's usual part, or all of a QPU where there is no Slurm.
        account: who pays; the usual one by default.
        priority_class: ``production`` or ``development``.
        priority: of its tasks; larger goes first where the site's policy looks at it.
        duration_s: seconds of QPU that one task takes, if they are known.
        is_sliceable: whether the shots of a task may be run in parts, with others' tasks between them.
        is_repeatable: whether a task may run again when nobody knows whether it ran.
        timeout_s: how long a batch may take, waiting included.
        patience_s: how long the broker may be away.
        releases_nodes: whether the job may give its nodes back while a QPU works long for it, where what runs it can:
            its run ends, and another one repeats its classical part with the answers that are there already. The
            stack has to be deterministic; set it for all QPUs of a stack.
        restart_s: how long it takes to have nodes again and repeat that part; shorter phases are waited for.

    Raises:
        ValueError: no pool, or a number that makes no sense.

    >>> print(SharedQPU("fresnel"))
    SharedQPU('fresnel')
    """

    pool: str = ""
    site_arguments: ClassVar[frozenset[str]] = frozenset({"broker", "patience_s"})
    """What a server's users may not choose: it would connect to addresses of theirs."""

    def __init__(
        self,
        pool: str | None = None,
        plugins: Sequence[AbstractPlugin] | None = None,
        *,
        broker: str | None = None,
        share: float | None = None,
        account: str = "",
        priority_class: Literal["production", "development"] = "production",
        priority: int = 0,
        duration_s: float | None = None,
        is_sliceable: bool = True,
        is_repeatable: bool = True,
        timeout_s: float = 7 * 86400.0,
        patience_s: float = PATIENCE_S,
        releases_nodes: bool = False,
        restart_s: float = 60.0,
    ) -> None:
        super().__init__(plugins)
        self.pool = pool or self.pool
        if not self.pool:
            raise ValueError(f"{type(self).__name__} has no pool: give its name, for example SharedQPU('fresnel')")
        if share is not None and not 0 < share <= 1:
            raise ValueError(f"share is {share}: give a part of one QPU's time, more than 0 and at most 1")
        if not 0 < timeout_s <= 366 * 86400.0:
            raise ValueError(f"timeout_s is {timeout_s}: give seconds, more than 0 and at most a year")
        if not 0 <= restart_s < math.inf:
            raise ValueError(f"restart_s is {restart_s}: give seconds, 0 or more")
        self._broker, self._timeout_s = broker, timeout_s
        self._releases_nodes, self._restart_s = releases_nodes, restart_s
        self._options = TaskOptions(
            priority=priority, duration_s=duration_s, is_sliceable=is_sliceable, is_repeatable=is_repeatable
        )
        self.qpu_pools = {self.pool: share}
        self._wishes = {
            "share": 1.0 if share is None else share,
            "account": account,
            "priority_class": priority_class,
            "patience_s": patience_s,
        }

    def submit_job(self, job: Job, meta_data: dict[str, str] | None = None) -> Result:
        """Run one job; plugins do not see it.

        Raises:
            QPUException: what the QPU raised; or ``ABORT``: the broker cannot be reached, has revoked the session, a
                :class:`~qat.kernels.control.RunControl` has cancelled the run, it took longer than ``timeout_s``;
                ``INSUFFICIENT_RESOURCES``: a quota is used up.
            WireError: something in the job cannot travel.
        """
        return self._run([job], meta_data)[0]

    def get_specs(self) -> HardwareSpecs:
        """What the QPUs of the pool can do.

        Raises:
            QPUException: the broker cannot be reached or does not answer.
        """
        try:
            return specs_in(self._recorded_specs())
        except (SessionOver, TimeoutError, BrokerUnknown) as error:
            raise self._wrong(str(error)) from error

    def _recorded_specs(self) -> bytes:
        record = self._record()
        if record is None:
            return self._session().specs(_ANSWER_S)
        return record.specs(self.pool, lambda: self._session().specs(_ANSWER_S))

    def explain(self) -> str:
        """Where this job's tasks are and why, in lines for people; ask from another thread than the one that waits.

        Raises:
            QPUException: the broker cannot be reached or does not answer.
        """
        try:
            return self._session().explanation("", _ANSWER_S).text
        except (SessionOver, TimeoutError, BrokerUnknown) as error:
            raise self._wrong(str(error)) from error

    def _submit_batch(self, batch: Batch) -> BatchResult:
        results = self._run(batch.jobs, batch.meta_data)
        wrapped = [self._wrapped(job, result) for job, result in zip(batch.jobs, results, strict=True)]
        return BatchResult(results=wrapped, meta_data=batch.meta_data)

    def _run(self, jobs: Sequence[Job], meta_data: dict[str, str] | None) -> list[Result]:
        """The results of jobs, in their order; if one fails or is not wanted any more, the others are cancelled."""
        tasks = [task_of(job, meta_data, self._options) for job in jobs]
        record = self._record()
        try:
            with control.run():
                if record is None:
                    return self._ran(tasks, None)
                return self._ran_again(tasks, record)
        except (SessionOver, BrokerUnknown) as error:
            raise self._wrong(str(error)) from error
        except RunCancelledError as error:
            raise QPUException(ErrorType.ABORT, MODULE, str(error)) from error

    def _ran_again(self, tasks: Sequence[SubmitTask], record: JobRecord) -> list[Result]:
        """The results of tasks, of which some, or all, may be kept from a former run."""
        places = record.places(tasks)
        first = [result_of(outcome) for outcome in takewhile(bool, (place.outcome for place in places)) if outcome]
        rest = places[len(first) :]
        fresh = iter(self._ran([place.task for place in rest if place.outcome is None], record) if rest else ())
        return first + [result_of(place.outcome) if place.outcome else next(fresh) for place in rest]

    def _ran(self, tasks: Sequence[SubmitTask], record: JobRecord | None) -> list[Result]:
        session, tickets = self._session(), list[Ticket]()
        try:
            tickets = session.submit(tasks)
            return self._collected(session, tickets, record)
        except BaseException:
            session.cancel(tickets)
            raise

    def _collected(self, session: SharedSession, tickets: Sequence[Ticket], record: JobRecord | None) -> list[Result]:
        until_s = time.monotonic() + self._timeout_s
        results = []
        for number, ticket in enumerate(tickets):
            look_s = _LOOK_S if record is not None or control.is_running() else 1.0
            while not ticket.wait(min(look_s, self._timeout_s)):
                control.check()
                if record is not None:
                    record.suspend_if_idle(session, tickets)
                if time.monotonic() >= until_s:
                    raise self._wrong(
                        f"{self._timeout_s:g} s were not enough; its tasks were cancelled. Raise timeout_s"
                    )
            control.report((number + 1) / len(tickets))
            outcome = ticket.outcome()
            note_task(self.pool, outcome)
            if record is not None:
                record.answer(int(ticket.key), outcome)
            results.append(result_of(outcome))
        return results

    def _session(self) -> SharedSession:
        check_licence(self.pool, self.qpu_pools.get(self.pool))
        record = self._record()
        nodes = {} if record is None else {"releases_nodes": True, "restart_s": self._restart_s}
        request = SessionRequest(self.pool, client_settings(self._broker), **self._wishes, **nodes)  # type: ignore[arg-type]
        return session_of(request, record)

    def _record(self) -> JobRecord | None:
        """Where answers are kept; None if the job keeps its nodes."""
        return job_record() if self._releases_nodes else None

    def _wrong(self, message: str) -> QPUException:
        return QPUException(ErrorType.ABORT, MODULE, f"{self}: {message}")

    def __str__(self) -> str:
        own = f"{type(self).__name__}({self.pool!r})"
        return " | ".join([*map(str, self._plugins), own])
