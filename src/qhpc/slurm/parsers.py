"""Reads what Slurm's commands print. Pure; tested on what a real cluster has printed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from qhpc.slurm.commands import JOB_FIELDS

__all__ = [
    "NotUnderstood",
    "SlurmJob",
    "parse_accounting",
    "parse_configuration",
    "parse_jobs",
    "parse_licenses",
    "parse_nodes",
    "parse_record",
    "parse_submitted",
]  # fmt: skip

_NOTHING = frozenset({"", "(null)", "N/A", "n/a", "NONE", "None assigned", "Unknown"})
_KEY = re.compile(r"(?:^| )([A-Z][\w/:&-]*)=")


class NotUnderstood(ValueError):  # noqa: N818 (says what it is)
    """A command of Slurm has printed what was not expected of it; the message has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlurmJob:
    """A job as the controller knows it.

    Attributes:
        id: number; a controller that has crashed may give it again.
        state: Slurm's word, e.g. ``PENDING``; see :mod:`qhpc.slurm.states`.
        reason: Slurm's word why it waits or failed; None for no reason.
        submitted: time of submission, as Slurm writes it; with the id it names the job.
        started: time of its start, also an expected one; None if unknown.
        nodes: names of its nodes.
        nb_nodes: how many it has, or asks for.
        user: name of its Unix user.
        uid: number of that user.
        account: that is charged; None where there is no accounting.
        licenses: that it holds, or asks for.
        comment: what its submitter wrote.
    """

    id: int
    state: str
    reason: str | None = None
    submitted: str = ""
    started: str | None = None
    nodes: tuple[str, ...] = ()
    nb_nodes: int = 1
    user: str = ""
    uid: int = -1
    account: str | None = None
    licenses: Mapping[str, int] = field(default_factory=dict)
    comment: str | None = None


def parse_submitted(text: str) -> int:
    """The id that ``sbatch --parsable`` prints; a site's plug-ins may have printed lines before it.

    >>> parse_submitted("12\\n"), parse_submitted("Welcome.\\n13;lab\\n")
    (12, 13)
    """
    for line in reversed(text.splitlines()):
        number = line.partition(";")[0].strip()
        if number.isdecimal():
            return int(number)
    raise NotUnderstood(f"sbatch printed {text!r}; the id of a job was expected")


def parse_jobs(text: str, marker: str) -> list[SlurmJob]:
    """The jobs that ``squeue`` prints, see :func:`qhpc.slurm.commands.squeue`. Cost O(characters).

    >>> text = "m7|PENDING|Licenses|2026-11-28T11:40:03|N/A||1|ada|1000|phys|qpu_fresnel:250|a|b\\nc\\n"
    >>> (job,) = parse_jobs(text, "m")
    >>> job.id, job.reason, job.started, dict(job.licenses), job.comment
    (7, 'Licenses', None, {'qpu_fresnel': 250}, 'a|b\\nc')
    """
    before, *rows = f"\n{text}".split(f"\n{marker}")
    if before.strip():
        raise NotUnderstood(f"squeue printed {before.strip()[:200]!r} before the first job")
    return [_job(row.removesuffix("\n")) for row in rows]


@lru_cache(maxsize=1 << 14)
def _job(row: str) -> SlurmJob:
    """A job; most rows are the same as at the last poll, and a long queue would keep its reader busy."""
    fields = row.split("|", len(JOB_FIELDS) - 1)
    if len(fields) != len(JOB_FIELDS):
        raise NotUnderstood(f"squeue printed {row[:200]!r}; {len(JOB_FIELDS)} fields were expected")
    number, state, reason, submitted, started, nodes, nb_nodes, user, uid, account, licenses, comment = fields
    return SlurmJob(
        id=int(number),
        state=state,
        reason=_known(reason if reason != "None" else ""),
        submitted=submitted,
        started=_known(started),
        nodes=parse_nodes(nodes),
        nb_nodes=int(nb_nodes.partition("-")[0]),
        user=user,
        uid=int(uid),
        account=_known(account),
        licenses=parse_licenses(licenses),
        comment=_known(comment),
    )


def _known(text: str) -> str | None:
    return None if text in _NOTHING else text


def parse_licenses(text: str) -> dict[str, int]:
    """Licences and how many of each.

    >>> parse_licenses("qpu_fresnel:250,matlab@server:2,one"), parse_licenses("(null)")
    ({'qpu_fresnel': 250, 'matlab@server': 2, 'one': 1}, {})
    """
    if _known(text) is None:
        return {}
    pairs = (re.split("[:=]", each) for each in re.split("[,;|]", text))
    return {name: int(*number or ("1",)) for name, *number in pairs}


def parse_nodes(text: str) -> tuple[str, ...]:
    """The names in a list of nodes.

    >>> parse_nodes("q[1-2,07-08],login")
    ('q1', 'q2', 'q07', 'q08', 'login')
    >>> parse_nodes("r[1-2]n[1-2]x")
    ('r1n1x', 'r1n2x', 'r2n1x', 'r2n2x')
    """
    if _known(text) is None:
        return ()
    return tuple(name for each in re.findall(r"(?:[^,\[]|\[[^\]]*\])+", text) for name in _expanded(each))


def _expanded(text: str) -> Iterator[str]:
    head, bracket, rest = text.partition("[")
    if not bracket:
        yield head
        return
    ranges, _, tail = rest.partition("]")
    for each in ranges.split(","):
        first, _, last = each.partition("-")
        for number in range(int(first), int(last or first) + 1):
            for end in _expanded(tail):
                yield f"{head}{number:0{len(first)}}{end}"


def parse_record(line: str) -> dict[str, str]:
    """A line of ``scontrol --oneliner show``: names and texts, the first where a name comes twice. Others have none.

    >>> parse_record("JobId=2 JobName=my job JobState=FAILED Reason=NonZeroExitCode ExitCode=3:0")["JobName"]
    'my job'
    """
    found = list(_KEY.finditer(line))
    ends = [*(each.start() for each in found[1:]), len(line)][: len(found)]
    record: dict[str, str] = {}
    for each, end in zip(found, ends, strict=True):
        record.setdefault(each[1], line[each.end() : end].strip())
    return record


def parse_configuration(text: str) -> dict[str, str]:
    """What ``scontrol show config`` prints.

    >>> parse_configuration("Configuration data as of …\\nMinJobAge               = 300 sec\\n")
    {'MinJobAge': '300 sec'}
    """
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, _, value in pairs}


def parse_accounting(text: str) -> list[SlurmJob]:
    """The jobs that ``sacct`` prints, see :func:`qhpc.slurm.commands.sacct`.

    >>> (job,) = parse_accounting("7|CANCELLED by 0|0:0|2026-11-28T11:40:03|Unknown|Unknown|q1|ada|phys|a.1\\n")
    >>> job.id, job.state, job.nodes, job.comment
    (7, 'CANCELLED', ('q1',), 'a.1')
    """
    return [_accounted(line.split("|", 9)) for line in text.splitlines() if line]


def _accounted(fields: list[str]) -> SlurmJob:
    if len(fields) != 10:
        raise NotUnderstood(f"sacct printed {'|'.join(fields)[:200]!r}; 10 fields were expected")
    number, state, _, submitted, started, _, nodes, user, account, comment = fields
    return SlurmJob(
        id=int(number),
        state=state.partition(" ")[0],
        submitted=submitted,
        started=_known(started),
        nodes=parse_nodes(nodes),
        user=user,
        account=_known(account),
        comment=_known(comment),
    )
