"""Slurm's commands as tuples of words. Pure: :mod:`qhpc.slurm.controller` runs them, :mod:`qhpc.slurm.parsers` reads.

What comes from users is checked here, or travels as one word: nothing goes through a shell.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = [
    "JOB_FIELDS", "PLAIN_ENVIRONMENT", "USER_OPTIONS", "BatchJob", "InvalidOption", "add_remote_license",
    "change_remote_license", "change_reservation", "delete_reservation", "license_text", "literal", "minutes_of",
    "ping", "reserve_licenses", "sacct", "sbatch", "scancel", "show", "squeue", "user_options", "waiting",
]  # fmt: skip

Command = tuple[str, ...]

JOB_FIELDS = ("%A", "%T", "%r", "%V", "%S", "%N", "%D", "%u", "%U", "%a", "%W", "%k")
"""What squeue prints of a job: id, state, reason, times of submission and start, nodes and their number, user and uid,
account, licences, comment. The comment is the only one that users can fill with anything, line ends included."""

PLAIN_ENVIRONMENT = b"PATH=/usr/local/bin:/usr/bin:/bin\0"
"""For the file ``environment`` of a job that needs nothing but a path; its script may set more."""

USER_OPTIONS = ("account", "constraint", "nice", "partition", "qos", "reservation")
"""Options of sbatch that users may set, where their site lets them."""

_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.,:@&|+-]{0,199}", re.ASCII)
_LICENSE = re.compile(r"[A-Za-z][A-Za-z0-9_.@-]{0,99}", re.ASCII)


class InvalidOption(ValueError):  # noqa: N818 (says what it is)
    """An option of a user is none that Slurm may be given; the message has the value and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """A batch job to submit.

    Attributes:
        script: file that sbatch reads.
        environment: file of ``NAME=value\\0``, read by sbatch: all the variables that the job gets beside Slurm's own.
        arguments: of the script; everybody on the cluster can read them.
        directory: working folder of the job.
        name: for people, and to find ours among all jobs.
        comment: our key of the job.
        stdout: file for its output.
        stderr: file for its errors.
        uid: Unix user that it runs as; None for the caller. Only root can choose another.
        gid: group of that user.
        memory_mb: memory on each node; None for the site's default.
        nb_cores: cores on each node; None for the site's default.
        nb_nodes: nodes.
        max_time_s: Slurm ends it after so long; None for the partition's limit. Slurm counts minutes.
        licenses: licences and how many of each.
        options: of ``USER_OPTIONS``.
        is_requeued: whether Slurm may run it again, when its node was lost or it was preempted.
    """

    script: Path
    environment: Path
    arguments: tuple[str, ...] = ()
    directory: Path
    name: str
    comment: str
    stdout: Path
    stderr: Path
    uid: int | None = None
    gid: int | None = None
    memory_mb: int | None = None
    nb_cores: int | None = None
    nb_nodes: int | None = None
    max_time_s: float | None = None
    licenses: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    is_requeued: bool = False


def sbatch(job: BatchJob) -> Command:
    """Submit a job. It prints the id. Nothing of the caller's environment goes with it.

    ``--export=NONE`` would do that too, but has the node run a login shell of the user first (``su -``), which costs a
    second to a minute, as the user's profile and the load of the node have it.

    Raises:
        InvalidOption: an option or a licence is none that users may give.

    >>> place = Path("/spool/a.1")
    >>> sbatch(BatchJob(script=place / "job", environment=place / "environment", directory=place, name="qat",
    ...     comment="a.1", memory_mb=500, max_time_s=90, stdout=place / "stdout", stderr=place / "stderr",
    ...     licenses={"qpu_fresnel": 250}))[4:]
    ('--comment=a.1', '--chdir=/spool/a.1', '--output=/spool/a.1/stdout', '--error=/spool/a.1/stderr',
     '--open-mode=append', '--no-requeue', '--mem=500M', '--time=2', '--licenses=qpu_fresnel:250', '/spool/a.1/job')
    """
    given: dict[str, object] = {
        "uid": job.uid,
        "gid": job.gid,
        "mem": None if job.memory_mb is None else f"{job.memory_mb}M",
        "cpus-per-task": job.nb_cores,
        "nodes": job.nb_nodes,
        "time": minutes_of(job),
        "licenses": license_text(job.licenses) or None,
        **user_options(job.options),
    }
    return (
        "sbatch",
        "--parsable",
        f"--export-file={job.environment}",
        f"--job-name={job.name}",
        f"--comment={job.comment}",
        f"--chdir={job.directory}",
        f"--output={literal(job.stdout)}",
        f"--error={literal(job.stderr)}",
        "--open-mode=append",
        "--requeue" if job.is_requeued else "--no-requeue",
        *(f"--{name}={value}" for name, value in given.items() if value is not None),
        str(job.script),
        *job.arguments,
    )


def minutes_of(job: BatchJob) -> int | None:
    """The time limit of a job as Slurm counts; None if it has none of its own."""
    return None if job.max_time_s is None else max(1, math.ceil(job.max_time_s / 60))


def literal(path: Path) -> str:
    """A path in which Slurm replaces nothing: ``%j`` and the like stand for other things.

    >>> literal(Path("/spool/100%j"))
    '/spool/100%%j'
    """
    return str(path).replace("%", "%%")


def license_text(licenses: Mapping[str, int]) -> str:
    """Licences as Slurm is asked for them.

    Raises:
        InvalidOption: one is none.

    >>> license_text({"qpu_fresnel": 250, "matlab@server": 1})
    'qpu_fresnel:250,matlab@server:1'
    """
    for name, number in licenses.items():
        if not _LICENSE.fullmatch(name) or number < 1:
            raise InvalidOption(f"the licence {name!r}:{number} cannot be asked for; a name and a number from 1 on can")
    return ",".join(f"{name}:{number}" for name, number in licenses.items())


def user_options(options: Mapping[str, str]) -> dict[str, str]:
    """Options that users have set.

    Raises:
        InvalidOption: they may not set one, or not to this.

    >>> user_options({"uid": "0"})
    Traceback (most recent call last):
        ...
    qhpc.slurm.commands.InvalidOption: 'uid' is no option of a job; there are account, constraint, nice, ...
    """
    for name, value in options.items():
        if name not in USER_OPTIONS:
            raise InvalidOption(f"{name!r} is no option of a job; there are {', '.join(USER_OPTIONS)}")
        if not _VALUE.fullmatch(value):
            raise InvalidOption(f"{value!r} is no {name}; a name of letters, digits and _ - . : was expected")
    return dict(options)


def squeue(marker: str, *, name: str | None = None, ids: Sequence[int] = ()) -> Command:
    """List jobs, ended ones too as long as the controller knows them.

    Args:
        marker: a text that no user can know beforehand; it stands before each job, so that no comment looks like one.
        name: only jobs of this name.
        ids: only these; the command fails if there is but one and it is unknown.

    >>> squeue("m", name="qat")
    ('squeue', '--noheader', '--states=all', '--format=m%A|%T|%r|%V|%S|%N|%D|%u|%U|%a|%W|%k', '--name=qat')
    """
    chosen = [] if name is None else [f"--name={name}"]
    if ids:
        chosen.append(f"--jobs={','.join(map(str, ids))}")
    return ("squeue", "--noheader", "--states=all", f"--format={marker}{'|'.join(JOB_FIELDS)}", *chosen)


def waiting(marker: str) -> Command:
    """List jobs that wait, the next one first, see :func:`squeue`; their time of start is the expected one.

    >>> waiting("m")[:4]
    ('squeue', '--noheader', '--states=PENDING', '--sort=-p,i')
    """
    return (
        "squeue",
        "--noheader",
        "--states=PENDING",
        "--sort=-p,i",
        f"--format={marker}{'|'.join(JOB_FIELDS)}",
    )


def scancel(*ids: int) -> Command:
    """End jobs: SIGTERM, and SIGKILL after the site's KillWait.

    >>> scancel(12, 13)
    ('scancel', '12', '13')
    """
    return ("scancel", *map(str, ids))


def show(what: str, key: int | str | None = None) -> Command:
    """Show all that the controller knows of a thing, or of all such things: one a line.

    Args:
        what: ``job``, ``licenses``, ``partition``, ``node``, ``config`` …
        key: id or name; None for all.

    >>> show("job", 12)
    ('scontrol', '--oneliner', 'show', 'job', '12')
    """
    return ("scontrol", "--oneliner", "show", what, *(() if key is None else (str(key),)))


def ping() -> Command:
    """Ask whether the controllers are up."""
    return ("scontrol", "ping")


def sacct(*, since: str, name: str | None = None) -> Command:
    """List jobs in the accounting, where the site has one: those that the controller has forgotten too.

    Args:
        since: submitted after that time, ``YYYY-MM-DDTHH:MM:SS``.
        name: only jobs of this name.

    >>> sacct(since="2026-11-28T10:00:00")[:3]
    ('sacct', '--noheader', '--parsable2')
    """
    chosen = () if name is None else (f"--name={name}",)
    columns = "JobIDRaw,State,ExitCode,Submit,Start,End,NodeList,User,Account,Comment"
    return (
        "sacct",
        "--noheader",
        "--parsable2",
        "--allocations",
        f"--starttime={since}",
        f"--format={columns}",
        *chosen,
    )


def add_remote_license(name: str, *, server: str, number: int, cluster: str) -> Command:
    """Add a licence that is kept in Slurm's database, so that its number can change while jobs run.

    >>> add_remote_license("qpu_fresnel", server="openqat", number=1200, cluster="lab")[:5]
    ('sacctmgr', '--immediate', 'add', 'resource', 'name=qpu_fresnel')
    """
    return (
        "sacctmgr", "--immediate", "add", "resource", f"name={name}", f"server={server}", "servertype=openqat",
        f"count={number}", "type=license", "percentallowed=100", f"cluster={cluster}",
    )  # fmt: skip


def change_remote_license(name: str, *, server: str, number: int) -> Command:
    """Change how many there are of such a licence; jobs that have some keep them.

    >>> change_remote_license("qpu_fresnel", server="openqat", number=600)[-2:]
    ('set', 'count=600')
    """
    return (
        "sacctmgr", "--immediate", "modify", "resource", "where", f"name={name}", f"server={server}", "set",
        f"count={number}",
    )  # fmt: skip


def reserve_licenses(reservation: str, licenses: Mapping[str, int], *, minutes: int) -> Command:
    """Keep units of a licence from being handed out. Jobs that have some keep them, and those that wait go on waiting.

    Args:
        reservation: its name.
        licenses: licences and how many of each; Slurm refuses more than there are.
        minutes: it ends by itself after so long, should nobody be there to end it.

    >>> reserve_licenses("openqat_fresnel", {"qpu_fresnel": 1103}, minutes=60)[3:6]
    ('ReservationName=openqat_fresnel', 'Licenses=qpu_fresnel:1103', 'StartTime=now')
    """
    return (
        "scontrol", "create", "reservation", f"ReservationName={reservation}", f"Licenses={license_text(licenses)}",
        "StartTime=now", f"Duration={minutes}", "Users=root", "Flags=LICENSE_ONLY",
    )  # fmt: skip


def change_reservation(reservation: str, licenses: Mapping[str, int], *, minutes: int) -> Command:
    """Change how many units are kept, and have the reservation last so long from now on.

    >>> change_reservation("openqat_fresnel", {"qpu_fresnel": 500}, minutes=60)[-2:]
    ('Licenses=qpu_fresnel:500', 'EndTime=now+60minutes')
    """
    return (
        "scontrol", "update", f"ReservationName={reservation}", f"Licenses={license_text(licenses)}",
        f"EndTime=now+{minutes}minutes",
    )  # fmt: skip


def delete_reservation(reservation: str) -> Command:
    """End a reservation.

    >>> delete_reservation("openqat_fresnel")
    ('scontrol', 'delete', 'ReservationName=openqat_fresnel')
    """
    return ("scontrol", "delete", f"ReservationName={reservation}")
