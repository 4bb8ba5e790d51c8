"""One attempt of a job in Slurm: what its folder shows and what Slurm lists become reports. No input or output here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from qat.comm.access.messages import LogLine, Resources
from qhpc.access.launchers.endings import Cause, ending_of
from qhpc.access.launchers.lines import JobLog
from qhpc.access.launchers.protocol import Ended, JobLogged, JobProgressed, JobStarted, Lost, Report
from qhpc.access.launchers.slurm_endings import FORGOTTEN, slurm_ending
from qhpc.access.launchers.spool_folder import Sight
from qhpc.access.runner.frames import Outcome, Suspension
from qhpc.slurm.parsers import SlurmJob
from qhpc.slurm.states import STATES, phase_of, reason_words

__all__ = ["Attempt"]

_NB_ABSENT = 2
"""An attempt is forgotten when it is missing in so many lists, one after the other."""


_ASLEEP = "the job has given its nodes back while a QPU works for it; it is submitted again when that is about to end"


@dataclass(slots=True, eq=False)
class Attempt:
    """An attempt that has no final report yet.

    Attributes:
        handle: finds it.
        resources: what it was given.
        log: cuts what it writes into lines.
        grace_s: how long after its end in Slurm an outcome may still appear, on a file system that lags behind.
        slurm_id: its number in Slurm, once that is known.
        cause: why we end it, if we do.
        begun_s: when its run began; None before.
        is_guest: whether a warm runner runs it, whose end in Slurm is not its own.
        is_over: whether it has its final report.
        suspension: its run has ended to give its nodes back.
        has_slept: whether that was ever so.
        is_given_up: whether it was given up before it began, so that nothing of it ever runs.
    """

    handle: str
    resources: Resources
    log: JobLog
    grace_s: float = 1.0
    slurm_id: int | None = None
    cause: Cause | None = None
    begun_s: float | None = None
    is_guest: bool = False
    is_over: bool = False
    suspension: Suspension | None = None
    has_slept: bool = False
    is_given_up: bool = False
    row: SlurmJob | None = None
    _nb_absent: int = 0
    _runs_since_s: float | None = None
    _ended_s: float | None = None
    _is_put_back: bool = field(default=False)

    def saw(self, sight: Sight, now_s: float) -> list[Report]:
        """What its folder shows becomes reports.

        >>> from qhpc.access.launchers.lines import LogLimits
        >>> attempt = Attempt("a.1", Resources(), JobLog(LogLimits()))
        >>> sight = Sight(begun_s=5.0, output={"stdout": b"hello\\n"}, result=b"42")
        >>> [type(report).__name__ for report in attempt.saw(sight, 6.0)], attempt.saw(sight, 7.0)
        (['JobStarted', 'JobLogged', 'Ended'], [])
        """
        if self.is_over or sight.begun_s is None:
            return []
        reports = self._started(sight.begun_s) + self._suspended(sight.suspension, now_s)
        for stream, data in sight.output.items():
            reports += self._logged(self.log.feed(stream, data, now_s), now_s)
        if sight.progress is not None:
            reports.append(JobProgressed(**self._about(now_s), progress=sight.progress))
        if sight.result is not None:
            reports += self._final(Ended(**self._about(now_s), result=sight.result), now_s)
        elif sight.outcome is not None:
            reports += self._ended(sight.outcome, now_s)
        return reports

    def heard(self, row: SlurmJob | None, now_s: float) -> list[Report]:
        """What Slurm lists of it: its row, or None if it is not there."""
        if self.is_over:
            return []
        self._nb_absent = 0 if row is not None else self._nb_absent + 1
        if row is None:
            if self._nb_absent >= _NB_ABSENT and self._ended_s is None:
                self._ended_s = now_s
            return []
        self.row, self.slurm_id = row, row.id
        phase = phase_of(row.state)
        if phase != "running" or self.begun_s is not None:
            self._runs_since_s = None
        elif self._runs_since_s is None:
            self._runs_since_s = now_s
        self._ended_s = (self._ended_s or now_s) if phase == "ended" else None
        is_put_back = phase == "waiting" and self.begun_s is not None and self.suspension is None
        return self._put_back(row, now_s) if is_put_back else []

    @property
    def has_left_slurm(self) -> bool:
        """Whether Slurm will do no more for it."""
        return self._ended_s is not None

    @property
    def runs(self) -> bool:
        """Whether a run of it has begun, and has neither ended nor given its nodes back."""
        return self.begun_s is not None and self.suspension is None and not self.is_over

    @property
    def sleeps(self) -> bool:
        """Whether it is without nodes and will go on when it has them again."""
        return self.has_left_slurm and self.suspension is not None and self.cause is None and not self.is_over

    def resubmitted(self, slurm_id: int) -> None:
        """It has a new job in Slurm, to go on in."""
        self.slurm_id, self.row = slurm_id, None
        self._ended_s, self._nb_absent = None, 0

    def is_due(self, now_s: float) -> bool:
        """Whether it is time to say how it ended: no outcome has appeared since Slurm was done with it."""
        if self.is_over or self.sleeps:
            return False
        return self._ended_s is not None and now_s - self._ended_s >= self.grace_s

    def never_begins(self, now_s: float, limit_s: float) -> bool:
        """Whether Slurm has said for too long that it runs, and nothing of it has begun: its node has forgotten it."""
        since_s = self._runs_since_s
        return not self.is_over and self.begun_s is None and since_s is not None and now_s - since_s >= limit_s

    def given_up(self, now_s: float) -> list[Report]:
        """It never began, and never will."""
        self.is_given_up = True
        where = "" if self.row is None else f" on {', '.join(self.row.nodes)}"
        return self._ended(f"Slurm has started job {self.slurm_id}{where}, and nothing of it has begun there", now_s)

    def concluded(self, now_s: float) -> list[Report]:
        """How it ended, as Slurm knows."""
        if self.is_over:
            return []
        row = self.row if self.row is not None and phase_of(self.row.state) == "ended" else None
        if row is not None and self.is_guest and self.cause is None:
            return self._ended(f"the warm runner of the job has ended (job {row.id})", now_s)
        if row is not None:
            return self._ended(slurm_ending(row, self.cause, self.resources), now_s)
        if self.cause is not None:
            return self.stopped(now_s)
        return self._ended(FORGOTTEN, now_s)

    def not_taken(self, reason: str, now_s: float) -> list[Report]:
        """It cannot go on."""
        return [] if self.is_over else self._ended(reason, now_s)

    def stopped(self, now_s: float) -> list[Report]:
        """It was ended by us, for our cause."""
        if self.is_over:
            return []
        return self._ended(ending_of(self.cause, 0, self.resources, is_memory_short=False), now_s)

    def explanation(self) -> str:
        """Where it is in Slurm, said to people."""
        if self.sleeps:
            return _ASLEEP
        if self.row is None:
            return "the job is on its way to Slurm"
        state = STATES.get(self.row.state.partition(" ")[0])
        where = f"job {self.row.id} {self.row.state if state is None else state.words}"
        return f"{where}: {reason_words(self.row.reason)}" if self.row.reason is not None else where

    # --- reports ---

    def _started(self, begun_s: float) -> list[Report]:
        if self.begun_s is not None:
            return []
        self.begun_s = begun_s
        return [JobStarted(**self._about(begun_s))]

    def _suspended(self, suspension: Suspension | None, now_s: float) -> list[Report]:
        """Its nodes were given back, or it goes on; both are said."""
        was, self.suspension = self.suspension, suspension
        if (was is None) == (suspension is None):
            return []
        self.has_slept = True
        text = _ASLEEP if suspension is not None else "the job has its nodes again, and goes on"
        return self._logged([LogLine(number=0, time_s=now_s, stream="server", text=text)], now_s)

    def _put_back(self, row: SlurmJob, now_s: float) -> list[Report]:
        """Slurm took it from its nodes and will run it again; said once for each time."""
        if self._is_put_back:
            return []
        self._is_put_back = True
        text = f"Slurm has put the job back into its queue (job {row.id}): {reason_words(row.reason)}"
        return self._logged([LogLine(number=0, time_s=now_s, stream="server", text=text)], now_s)

    def _ended(self, ending: Outcome | str, now_s: float) -> list[Report]:
        about = self._about(now_s)
        if isinstance(ending, str):
            return self._final(Lost(**about, reason=ending, has_begun=not self.is_given_up), now_s)
        return self._final(Ended(**about, failure=ending.failure, is_limit=ending.is_limit), now_s)

    def _final(self, report: Report, now_s: float) -> list[Report]:
        self.is_over = True
        return [*self._logged(self.log.end(now_s), now_s), report]

    def _logged(self, lines: list[LogLine], now_s: float) -> list[Report]:
        return [JobLogged(**self._about(now_s), lines=tuple(lines))] if lines else []

    def _about(self, time_s: float) -> dict[str, Any]:
        job_id, _, number = self.handle.rpartition(".")
        return {"job_id": job_id, "attempt": int(number), "time_s": time_s}
