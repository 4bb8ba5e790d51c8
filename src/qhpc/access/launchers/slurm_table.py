"""All attempts in Slurm, and what is to be done about each: a table of rules. No input or output here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from qhpc.access.launchers.protocol import Report
from qhpc.access.launchers.slurm_attempts import Attempt, Moment, Stage
from qhpc.slurm.parsers import SlurmJob
from qhpc.slurm.states import Phase, phase_of

__all__ = ["AttemptTable", "Patience", "Step", "newest_rows"]

Step = Literal["cancel", "conclude", "give-up", "remove", "wake"]
"""
- cancel: have Slurm end its job
- conclude: say how it ended, from what Slurm knows: it has left no outcome
- give-up: have it never begin
- remove: take its folder away
- wake: give it to Slurm again, if it needs the nodes that it has given back
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long things may stay as they are, in seconds.

    Attributes:
        outcome_s: an outcome may appear so long after its job has left Slurm, on a file system that lags behind.
        begin_s: a job that Slurm says runs begins in this time.
        closing_s: a job that has left its outcome, or has given its nodes back, ends in Slurm in this time.
    """

    outcome_s: float = 1.0
    begin_s: float = 300.0
    closing_s: float = 30.0


class _Rule(NamedTuple):
    """A step for attempts that have been so for a time; whether it is we who end them may be all the same (None)."""

    stages: tuple[Stage, ...]
    phases: tuple[Phase, ...]
    is_ended_by_us: bool | None
    patience: Literal["outcome_s", "begin_s", "closing_s"] | None
    step: Step


_LIVE: tuple[Stage, ...] = ("new", "runs", "asleep", "waking")
_IN_SLURM: tuple[Phase, ...] = ("waiting", "running", "unknown")

_RULES = (
    _Rule(("asleep", "waking"), ("ended",), False, None, "wake"),
    _Rule(_LIVE, ("ended",), None, "outcome_s", "conclude"),
    _Rule(_LIVE, _IN_SLURM, True, None, "cancel"),
    _Rule(("new",), ("running",), False, "begin_s", "give-up"),
    _Rule(("waking",), ("running",), False, "begin_s", "cancel"),
    _Rule(("asleep",), ("running", "unknown"), False, "closing_s", "cancel"),
    _Rule(("over",), ("ended",), None, None, "remove"),
    _Rule(("over",), ("waiting",), None, None, "cancel"),
    _Rule(("over",), ("running", "unknown"), None, "closing_s", "cancel"),
)
"""The first that fits says what to do; if its time has not come, there is nothing to do."""


@dataclass(slots=True)
class AttemptTable:
    """The attempts of a launcher.

    Attributes:
        patience: how long things may stay as they are.
        attempts: by handle, also those that have their final report and are still in Slurm.
    """

    patience: Patience = field(default_factory=Patience)
    attempts: dict[str, Attempt] = field(default_factory=dict)

    def live(self, handle: str) -> Attempt | None:
        """An attempt that has no final report yet."""
        attempt = self.attempts.get(handle)
        return None if attempt is None or attempt.is_over else attempt

    @property
    def all_live(self) -> list[Attempt]:
        """Those that have no final report yet."""
        return [attempt for attempt in self.attempts.values() if not attempt.is_over]

    @property
    def all_over(self) -> list[Attempt]:
        """Those that have their final report, and that Slurm has not done with."""
        return [attempt for attempt in self.attempts.values() if attempt.is_over]

    def heard(self, rows: Sequence[SlurmJob], asked_s: float, now: Moment) -> list[Report]:
        """Slurm has listed all jobs; it was asked at ``asked_s`` (steady)."""
        newest = newest_rows(rows)
        known = [attempt for attempt in self.attempts.values() if attempt.known_s < asked_s]
        return [report for attempt in known for report in attempt.heard(newest.get(attempt.key), now)]

    def steps(self, asked_s: float, steady_s: float) -> list[tuple[Attempt, Step]]:
        """What is to be done now about attempts of which a list asked for at ``asked_s`` tells."""
        found = [(each, self.step(each, steady_s)) for each in self.attempts.values() if each.known_s < asked_s]
        return [(attempt, step) for attempt, step in found if step is not None]

    def step(self, attempt: Attempt, steady_s: float) -> Step | None:
        """What is to be done now about one attempt."""
        rule = _rule_of(attempt)
        if rule is None:
            return None
        patience_s = 0.0 if rule.patience is None else getattr(self.patience, rule.patience)
        return rule.step if steady_s - attempt.since_s >= patience_s else None

    def out_of_time(self, steady_s: float) -> list[Attempt]:
        """Those whose run has had all the time it was given."""
        return [attempt for attempt in self.attempts.values() if attempt.is_out_of_time(steady_s)]

    def orphans(self, rows: Iterable[SlurmJob], prefix: str, others: Collection[tuple[str, int]]) -> Iterator[int]:
        """Numbers of jobs of ours that nobody waits for: Slurm took them and could not say so.

        Args:
            rows: all jobs that Slurm lists.
            prefix: of the comments of all our jobs.
            others: keys that are not of attempts.
        """
        known = {attempt.key for attempt in self.attempts.values()}.union(others)
        for row in rows:
            comment = row.comment or ""
            if comment.startswith(prefix) and (comment, row.uid) not in known and phase_of(row.state) != "ended":
                yield row.id


def _rule_of(attempt: Attempt) -> _Rule | None:
    """The end of a warm runner in Slurm is nothing that its guest has to wait for."""
    phase = "ended" if attempt.is_over and attempt.is_guest else attempt.phase
    is_ended_by_us = attempt.cause is not None
    for rule in _RULES:
        if attempt.stage in rule.stages and phase in rule.phases and rule.is_ended_by_us in (None, is_ended_by_us):
            return rule
    return None


def newest_rows(rows: Iterable[SlurmJob]) -> dict[tuple[str | None, int], SlurmJob]:
    """What Slurm says of each key. A job that was submitted again has several rows: the one that lives counts, or else
    the last; ids say nothing, since a controller that has crashed uses them again.

    >>> ended = SlurmJob(id=9, state="FAILED", submitted="2026-11-28T11:40:03", comment="i.a.1", uid=1)
    >>> lives = SlurmJob(id=2, state="PENDING", submitted="2026-11-28T11:50:00", comment="i.a.1", uid=1)
    >>> newest_rows([lives, ended])["i.a.1", 1].id
    2
    """
    in_order = sorted(rows, key=lambda row: (phase_of(row.state) != "ended", row.submitted, row.id))
    return {(row.comment, row.uid): row for row in in_order}
