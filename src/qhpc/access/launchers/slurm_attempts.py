"""One attempt of a job in Slurm: what its folder shows and what Slurm lists become reports. No input or output here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from qat.comm.access.messages import LogLine, Resources
from qhpc.access.launchers.endings import Cause, ending_of
from qhpc.access.launchers.lines import JobLog
from qhpc.access.launchers.protocol import Ended, JobLogged, JobProgressed, JobStarted, Lost, Report
from qhpc.access.launchers.slurm_endings import FORGOTTEN, slurm_ending
from qhpc.access.launchers.spool_folder import Sight
from qhpc.access.runner.frames import Outcome, Suspension
from qhpc.slurm.parsers import SlurmJob
from qhpc.slurm.states import STATES, Phase, phase_of, reason_words

__all__ = ["Attempt", "Moment", "Stage"]

Stage = Literal["new", "runs", "asleep", "waking", "over"]
"""Where the run is: nothing of it has begun, it runs, it has given its nodes back, it was submitted again to have them
back, its last report is made."""

_Happening = Literal["began", "gave-nodes-back", "submitted-again", "has-nodes-again", "ended"]

_STAGES: dict[tuple[Stage, _Happening], Stage] = {
    ("new", "began"): "runs",
    ("runs", "gave-nodes-back"): "asleep",
    ("asleep", "has-nodes-again"): "runs",
    ("asleep", "submitted-again"): "waking",
    ("waking", "has-nodes-again"): "runs",
    ("new", "ended"): "over",
    ("runs", "ended"): "over",
    ("asleep", "ended"): "over",
    ("waking", "ended"): "over",
}
"""Whatever is not here changes nothing."""

_NB_ABSENT = 2
"""An attempt is forgotten when it is missing in so many lists, one after the other."""

_ASLEEP = "the job has given its nodes back while a QPU works for it; it is submitted again when that is about to end"
_AWAKE = "the job has its nodes again, and goes on"


class Moment(NamedTuple):
    """A time for people, and one for waits, which goes on whatever is done to the clock.

    Attributes:
        time_s: seconds since 1970.
        steady_s: seconds since some moment.
    """

    time_s: float
    steady_s: float


@dataclass(slots=True, eq=False)
class Attempt:
    """An attempt, from its submission until Slurm has done with it.

    Attributes:
        handle: finds it.
        key: comment and uid of its job in Slurm, or of the warm runner that has it. Numbers are used again.
        resources: what it was given.
        log: cuts what it writes into lines.
        is_guest: whether a warm runner runs it, whose end in Slurm is not its own.
        stage: where its run is.
        phase: where Slurm has it; ``ended`` also if Slurm does not know it any more.
        since_s: stage and phase have been so since (steady).
        known_s: Slurm was told of it then (steady): older lists say nothing about it.
        slurm_id: its number in Slurm, once that is known.
        row: what Slurm said last.
        cause: why we end it, if we do.
        begun_s: when its run began; None before.
        suspension: its run has ended to give its nodes back.
        is_given_up: whether it was given up before it began, so that nothing of it ever runs.
    """

    handle: str
    key: tuple[str, int]
    resources: Resources
    log: JobLog
    is_guest: bool = False
    stage: Stage = "new"
    phase: Phase = "unknown"
    since_s: float = -math.inf
    known_s: float = math.inf
    slurm_id: int | None = None
    row: SlurmJob | None = None
    cause: Cause | None = None
    begun_s: float | None = None
    suspension: Suspension | None = None
    is_given_up: bool = False
    _limit_s: float = math.inf
    _nb_absent: int = 0
    _is_put_back: bool = False
    _former: tuple[int, str] | None = None

    # --- what comes in ---

    def submitted(self, slurm_id: int | None, steady_s: float) -> None:
        """Slurm has it: for the first time, or again after it gave its nodes back."""
        self._former = None if self.row is None else (self.row.id, self.row.submitted)
        self.slurm_id, self.row, self.known_s = slurm_id, None, steady_s
        self._nb_absent = 0
        self._move(_STAGES.get((self.stage, "submitted-again"), self.stage), "unknown", steady_s)

    def saw(self, sight: Sight, now: Moment) -> list[Report]:
        """What its folder shows becomes reports.

        >>> from qhpc.access.launchers.lines import LogLimits
        >>> attempt = Attempt("a.1", ("key", 1000), Resources(), JobLog(LogLimits()))
        >>> sight = Sight(begun_s=5.0, output={"stdout": b"hello\\n"}, result=b"42")
        >>> [type(report).__name__ for report in attempt.saw(sight, Moment(6.0, 1.0))]
        ['JobStarted', 'JobLogged', 'Ended']
        >>> attempt.stage, attempt.saw(sight, Moment(7.0, 2.0))
        ('over', [])
        """
        if self.stage == "over" or sight.begun_s is None:
            return []
        reports = self._began(sight.begun_s, now) + self._slept(sight.suspension, now)
        for stream, data in sight.output.items():
            reports += self._logged(self.log.feed(stream, data, now.time_s), now)
        if sight.progress is not None:
            reports.append(JobProgressed(**self._about(now.time_s), progress=sight.progress))
        if sight.result is not None:
            reports += self._final(Ended(**self._about(now.time_s), result=sight.result), now)
        elif sight.outcome is not None:
            reports += self._ended(sight.outcome, now)
        return reports

    def heard(self, row: SlurmJob | None, now: Moment) -> list[Report]:
        """What Slurm lists of it: its row, or None if it is not there."""
        if row is None or (row.id, row.submitted) == self._former:
            self._nb_absent += 1
            if self._nb_absent >= _NB_ABSENT:
                self._move(self.stage, "ended", now.steady_s)
            return []
        self._nb_absent = 0
        self.row, self.slurm_id = row, row.id
        self._move(self.stage, phase_of(row.state), now.steady_s)
        return self._put_back(row, now) if (self.stage, self.phase) == ("runs", "waiting") else []

    # --- how it ends ---

    def concluded(self, now: Moment) -> list[Report]:
        """How it ended, as Slurm knows; it has left no outcome."""
        row = self.row if self.row is not None and phase_of(self.row.state) == "ended" else None
        if row is not None and self.is_guest and self.cause is None:
            return self._ended(f"the warm runner of the job has ended (job {row.id})", now)
        if row is not None:
            return self._ended(slurm_ending(row, self.cause, self.resources), now)
        return self._ended(FORGOTTEN, now) if self.cause is None else self.stopped(now)

    def given_up(self, now: Moment) -> list[Report]:
        """It never began, and never will."""
        self.is_given_up = True
        where = "" if self.row is None else f" on {', '.join(self.row.nodes)}"
        return self._ended(f"Slurm has started job {self.slurm_id}{where}, and nothing of it has begun there", now)

    def not_taken(self, reason: str, now: Moment) -> list[Report]:
        """It cannot go on."""
        return self._ended(reason, now)

    def stopped(self, now: Moment) -> list[Report]:
        """It was ended by us, for our cause."""
        return self._ended(ending_of(self.cause, 0, self.resources, is_memory_short=False), now)

    # --- what can be asked ---

    @property
    def is_over(self) -> bool:
        """Whether it has its final report."""
        return self.stage == "over"

    @property
    def sleeps(self) -> bool:
        """Whether it is without nodes and will go on when it has them again."""
        return self.stage in ("asleep", "waking") and self.phase == "ended" and self.cause is None

    def is_out_of_time(self, steady_s: float) -> bool:
        """Whether its run has had all the time that it was given; each run has all of it."""
        return self.stage == "runs" and self.cause is None and steady_s >= self._limit_s

    def explanation(self) -> str:
        """Where it is in Slurm, said to people."""
        if self.sleeps:
            return _ASLEEP
        if self.row is None:
            return "the job is on its way to Slurm"
        state = STATES.get(self.row.state.partition(" ")[0])
        where = f"job {self.row.id} {self.row.state if state is None else state.words}"
        return f"{where}: {reason_words(self.row.reason)}" if self.row.reason is not None else where

    # --- changes and reports ---

    def _move(self, stage: Stage, phase: Phase, steady_s: float) -> None:
        if (stage, phase) != (self.stage, self.phase):
            self.stage, self.phase, self.since_s = stage, phase, steady_s

    def _happened(self, what: _Happening, now: Moment) -> bool:
        """Whether that changes its stage."""
        stage = _STAGES.get((self.stage, what))
        if stage is not None:
            self._move(stage, self.phase, now.steady_s)
        return stage is not None

    def _began(self, begun_s: float, now: Moment) -> list[Report]:
        if not self._happened("began", now):
            return []
        self.begun_s = begun_s
        self._count_from(begun_s, now)
        return [JobStarted(**self._about(begun_s))]

    def _count_from(self, begun_s: float, now: Moment) -> None:
        given_s = self.resources.max_time_s
        self._limit_s = math.inf if given_s is None else now.steady_s + begun_s - now.time_s + given_s

    def _slept(self, suspension: Suspension | None, now: Moment) -> list[Report]:
        """Its nodes were given back, or it goes on; both are said."""
        self.suspension = suspension
        if not self._happened("has-nodes-again" if suspension is None else "gave-nodes-back", now):
            return []
        self._count_from(now.time_s, now)
        return self._said(_AWAKE if suspension is None else _ASLEEP, now)

    def _put_back(self, row: SlurmJob, now: Moment) -> list[Report]:
        """Slurm took it from its nodes and will run it again; said once."""
        if self._is_put_back:
            return []
        self._is_put_back = True
        return self._said(f"Slurm has put the job back into its queue (job {row.id}): {reason_words(row.reason)}", now)

    def _ended(self, ending: Outcome | str, now: Moment) -> list[Report]:
        about = self._about(now.time_s)
        if isinstance(ending, str):
            return self._final(Lost(**about, reason=ending, has_begun=not self.is_given_up), now)
        return self._final(Ended(**about, failure=ending.failure, is_limit=ending.is_limit), now)

    def _final(self, report: Report, now: Moment) -> list[Report]:
        """The last report; there is but one."""
        if not self._happened("ended", now):
            return []
        return [*self._logged(self.log.end(now.time_s), now), report]

    def _said(self, text: str, now: Moment) -> list[Report]:
        return self._logged([LogLine(number=0, time_s=now.time_s, stream="server", text=text)], now)

    def _logged(self, lines: list[LogLine], now: Moment) -> list[Report]:
        return [JobLogged(**self._about(now.time_s), lines=tuple(lines))] if lines else []

    def _about(self, time_s: float) -> dict[str, Any]:
        job_id, _, number = self.handle.rpartition(".")
        return {"job_id": job_id, "attempt": int(number), "time_s": time_s}
