"""The table of duties: how many units jobs were measured to need, as text that ``job_submit.lua`` reads.

One line a user, pool and stack, tabs between; the first line has a digest of the others, the last one says that
nothing is missing::

    openqat-duties 1 5f0c…
    ada     fresnel     vqe.sbatch     120
    end
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

from qhpc.slurm.site import Finding

__all__ = ["DutyKey", "DutyUnits", "NoDutyTable", "table_finding", "table_in", "table_text"]

DutyKey = tuple[str, str, str]
"""User, pool, stack."""

DutyUnits = Mapping[DutyKey, int]
"""Duty units by key."""

_HEADER, _END = "openqat-duties 1", "end"


class NoDutyTable(ValueError):  # noqa: N818 (says what it is)
    """The text is no table of duties, or not all of one."""


def table_text(units: DutyUnits) -> str:
    """The table as text.

    >>> print(table_text({("ada", "fresnel", "vqe"): 120}).replace("\\t", " "), end="")
    openqat-duties 1 ea4bbed9b643785e
    ada fresnel vqe 120
    end
    """
    lines = "".join(f"{user}\t{pool}\t{stack}\t{number}\n" for (user, pool, stack), number in sorted(units.items()))
    return f"{_HEADER} {_digest(lines)}\n{lines}{_END}\n"


def table_in(text: str) -> dict[DutyKey, int]:
    """The table in a text.

    Raises:
        NoDutyTable: it is none, or a part is missing.

    >>> table_in(table_text({("ada", "fresnel", "vqe"): 120}))
    {('ada', 'fresnel', 'vqe'): 120}
    """
    header, _, rest = text.partition("\n")
    lines = rest.removesuffix(f"{_END}\n")
    if header != f"{_HEADER} {_digest(lines)}" or lines == rest:
        raise NoDutyTable(f"it begins with {header[:60]!r}, and is no whole table of duties")
    rows = (line.split("\t") for line in lines.splitlines())
    return {(user, pool, stack): int(number) for user, pool, stack, number in rows}


def table_finding(path: Path) -> Finding:
    """Whether there is a table that ``job_submit.lua`` can read, as an operator is told.

    >>> table_finding(Path("/absent/duties")).level
    'wrong'
    """
    title = "table of duties"
    try:
        units = table_in(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, NoDutyTable) as error:
        cure = f"have [slurm] duty_table of the broker name {path}, and SlurmUser be able to read it"
        return Finding(title=title, level="wrong", found=f"{path}: {error}", cure=cure)
    return Finding(title=title, level="ok", found=f"{path}: {len(units)} stacks of users")


def _digest(lines: str) -> str:
    return blake2b(lines.encode(), digest_size=8).hexdigest()
