"""What ``qat run`` tells the program that it runs, the licences of the job, and what it is told: what tasks used.

Both are in the variable ``QAT_RUN``. The notes are a file that lives as long as the program: all processes of the job
on this machine append to it, and the first one tells at its end what is there.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from qat.comm.broker.messages import Refused, TaskCancelled, TaskFailed, TaskFinished
from qat.shared.session import SessionOver

__all__ = [
    "VARIABLE",
    "GuidedRun",
    "TaskNote",
    "check_licence",
    "licence_problem",
    "new_notes",
    "note_task",
    "summary",
    "this_run",
]

VARIABLE = "QAT_RUN"
_NOTES = "qat-run"


class GuidedRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A program that ``qat run`` runs.

    Attributes:
        pid: its process.
        job: id of its Slurm job; empty outside Slurm.
        units: duty units that the job has of each pool for which the cluster has a licence.
        notes: file of what its tasks used.
    """

    pid: int
    job: str = ""
    units: dict[str, int] = {}
    notes: str = ""


class TaskNote(msgspec.Struct, frozen=True, array_like=True):
    """What a task used.

    Attributes:
        qpu: where it ran; the pool if it has no result.
        busy_s: seconds of QPU.
        waited_s: seconds in the queue.
        has_result: whether it has one.
    """

    qpu: str
    busy_s: float = 0.0
    waited_s: float = 0.0
    has_result: bool = True


def this_run(environment: Mapping[str, str] = os.environ) -> GuidedRun | None:
    """The run that this process belongs to; None if ``qat run`` did not start it, or for another Slurm job.

    Raises:
        SessionOver: ``QAT_RUN`` is not from ``qat run``.

    >>> this_run({}), this_run({"QAT_RUN": '{"pid": 7, "job": "3"}', "SLURM_JOB_ID": "4"})
    (None, None)
    """
    text = environment.get(VARIABLE)
    if not text:
        return None
    try:
        run = msgspec.json.decode(text, type=GuidedRun)
    except msgspec.DecodeError as error:
        reason = f"{VARIABLE} is {text[:100]!r}, which is not from 'qat run': {error}; unset it"
        raise SessionOver(reason, "invalid") from None
    return run if run.job == environment.get("SLURM_JOB_ID", "") else None


def licence_problem(run: GuidedRun, pool: str, share: float | None) -> str | None:
    """Why a job may not use a pool with what it has of its licence, and what to do; None if it may.

    Args:
        run: of the job.
        pool: to be used.
        share: part of a QPU's time that the program asks for; None for what the job has.

    >>> print(licence_problem(GuidedRun(pid=1, job="7", units={"fresnel": 0}), "fresnel", None))
    job 7 has no units of the licence qpu_fresnel, which 'fresnel' needs; submit it with --licenses=qpu_fresnel:250 ...
    >>> licence_problem(GuidedRun(pid=1, job="7", units={"fresnel": 250}), "fresnel", 0.25)
    """
    units = run.units.get(pool)
    wanted = 0 if share is None else round(1000 * share)
    if units is None or units >= max(wanted, 1):
        return None
    ask = f"--licenses=qpu_{pool}:{wanted or 250}"
    if not units:
        lack = f"job {run.job} has no units of the licence qpu_{pool}, which {pool!r} needs"
        return f"{lack}; submit it with {ask} (1000 units are a whole QPU)"
    lack = f"the program asks for a share of {share:g} of {pool!r}, and job {run.job} has {units} units of qpu_{pool}"
    return f"{lack}; submit it with {ask}, or say share={units / 1000:g}, or none"


def check_licence(pool: str, share: float | None) -> None:
    """See to it, before anything is sent, that the job of this process may use a pool.

    Raises:
        SessionOver: it may not.

    >>> check_licence("fresnel", None)  # not run by ``qat run``
    """
    run = this_run()
    if run is None:
        return
    problem = licence_problem(run, pool, share)
    if problem is not None:
        raise SessionOver(problem, "licence")
    if run.pid == os.getpid() and not _telling:
        _telling.append(run)
        atexit.register(_tell, run)


_telling: list[GuidedRun] = []


def note_task(pool: str, outcome: TaskFinished | TaskFailed | TaskCancelled | Refused) -> None:
    """Note what a task of this process used, for the end of the run."""
    run = this_run()
    if run is None or not run.notes:
        return
    match outcome:
        case TaskFinished(qpu=qpu, busy_s=busy_s, waited_s=waited_s):
            note = TaskNote(qpu, busy_s, waited_s)
        case _:
            note = TaskNote(pool, has_result=False)
    with suppress(OSError), _opened(run.notes, os.O_WRONLY | os.O_APPEND) as file:  # else the accounts have it
        os.write(file, msgspec.json.encode(note) + b"\n")


def new_notes() -> str:
    """A file in memory, open as long as this process or the program that it becomes, for all processes of its user.

    >>> new_notes().startswith(f"/proc/{os.getpid()}/fd/")
    True
    """
    return f"/proc/{os.getpid()}/fd/{os.memfd_create(_NOTES, 0)}"


@contextmanager
def _opened(notes: str, flags: int) -> Iterator[int]:
    """The file of notes.

    Raises:
        OSError: it is on another machine, or was closed; another file may have its number now.
    """
    file = os.open(notes, flags | os.O_NONBLOCK)
    try:
        if not str(Path(f"/proc/self/fd/{file}").readlink()).startswith(f"/memfd:{_NOTES}"):
            raise OSError(f"{notes} is another file now")
        yield file
    finally:
        os.close(file)


def summary(notes: Iterable[TaskNote]) -> list[str]:
    """Lines of what tasks used, one for each QPU.

    >>> summary([TaskNote("f-1", 1.0, 2.0), TaskNote("f-1", 0.5, 0.0), TaskNote("f", has_result=False)])
    ['f-1: 2 tasks, 1.5 s of QPU, 2.0 s waiting', 'f: 1 task without a result']
    """
    ran: dict[str, list[TaskNote]] = {}
    lost: dict[str, int] = {}
    for note in notes:
        if note.has_result:
            ran.setdefault(note.qpu, []).append(note)
        else:
            lost[note.qpu] = lost.get(note.qpu, 0) + 1
    lines = [
        f"{qpu}: {_tasks(len(of))}, {sum(each.busy_s for each in of):.1f} s of QPU, "
        f"{sum(each.waited_s for each in of):.1f} s waiting"
        for qpu, of in sorted(ran.items())
    ]
    return lines + [f"{pool}: {_tasks(number)} without a result" for pool, number in sorted(lost.items())]


def _tasks(number: int) -> str:
    return f"{number} task" if number == 1 else f"{number} tasks"


def _tell(run: GuidedRun) -> None:
    if os.getpid() != run.pid:  # a forked child
        return
    try:
        with _opened(run.notes, os.O_RDONLY) as file:
            lines = Path(f"/proc/self/fd/{file}").read_bytes().splitlines()
    except OSError as error:
        sys.stderr.write(f"qat run: what was used is not known ({error}); qat usage --qpu tells\n")
        return
    for line in summary(msgspec.json.decode(line, type=TaskNote) for line in lines):
        sys.stderr.write(f"qat run: {line}\n")
