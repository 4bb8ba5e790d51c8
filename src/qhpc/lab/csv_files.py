"""Workloads as CSV, one line a phase: nothing is lost. Comments (``#``) at the top say what is no job."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from itertools import groupby

import msgspec

from qhpc.lab.errors import LabError
from qhpc.lab.headers import HeaderReader, header_lines
from qhpc.lab.plan_checks import complaint_about
from qhpc.lab.workload import JobPlan, Phase, Workload

__all__ = ["parse_csv", "write_csv"]

_JOB = tuple(name for name in JobPlan.__struct_fields__ if name != "phases")
_PHASE = Phase._fields
_COLUMNS = (*_JOB, *_PHASE)


def write_csv(workload: Workload) -> str:
    """The text of a file that gives the same workload again.

    >>> job = JobPlan(id="j", arrival_s=0.0, phases=(Phase(20.0, 10.0),))
    >>> workload = Workload(name="one", jobs=(job,))
    >>> parse_csv(write_csv(workload), "one.csv") == workload
    True
    """
    text = StringIO()
    text.writelines(f"# {line}\n" for line in header_lines(workload))
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for plan in workload.jobs:
        first = ["" if (value := getattr(plan, name)) is None else value for name in _JOB]
        writer.writerows([*first, *phase] for phase in plan.phases)
    return text.getvalue()


def parse_csv(text: str, source: str) -> Workload:
    """The workload that a CSV text describes.

    Args:
        text: of the file.
        source: its name, for messages.

    Raises:
        LabError: a line has too few fields or values that cannot be.
    """
    header = HeaderReader(source)
    lines = text.splitlines()
    top = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    for number, line in enumerate(lines[:top], 1):
        header.take(line.lstrip("# "), number)
    reader = csv.reader(lines[top:])
    titles = tuple(next(reader, []))
    if titles != _COLUMNS:
        raise LabError(f"the columns are {','.join(titles)!r}: expected {','.join(_COLUMNS)}", source, top + 1)
    rows = ((top + 1 + number, row) for number, row in enumerate(reader, 1) if row)
    return header.workload(_jobs(rows, header.pools, source))


def _jobs(rows: Iterator[tuple[int, list[str]]], pools: list[str], source: str) -> Iterator[JobPlan]:
    for _, group in groupby(rows, key=lambda row: row[1][: len(_JOB)]):
        phases: list[Phase] = []
        for line, row in group:
            phases.append(_phase(line, row, source))
        yield _plan(line, row, tuple(phases), pools, source)


def _phase(line: int, row: list[str], source: str) -> Phase:
    if len(row) != len(_COLUMNS):
        raise LabError(f"{len(row)} fields: expected the {len(_COLUMNS)} of the first line", source, line)
    values = dict(zip(_PHASE, row[len(_JOB) :], strict=True))
    try:
        return msgspec.convert(list(values.values()), Phase, strict=False)
    except msgspec.ValidationError as error:
        number = int(str(error).partition("$[")[2].partition("]")[0])
        raise _refused(error, _PHASE[number], values, source, line) from error


def _plan(line: int, row: list[str], phases: tuple[Phase, ...], pools: list[str], source: str) -> JobPlan:
    values = {name: text for name, text in zip(_JOB, row, strict=False) if text != ""}
    try:
        plan = msgspec.structs.replace(msgspec.convert({**values, "phases": ()}, JobPlan, strict=False), phases=phases)
    except msgspec.ValidationError as error:
        name = str(error).partition("$.")[2].rstrip("`")
        raise _refused(error, name, values, source, line) from error
    if complaint := complaint_about(plan, pools):
        raise LabError(complaint, source, line)
    return plan


def _refused(error: msgspec.ValidationError, name: str, values: Mapping[str, str], source: str, line: int) -> LabError:
    what = str(error).partition(" - at")[0]
    shown = f"{name} is {values[name]!r}: " if name in values else ""
    return LabError(shown + what[0].lower() + what[1:], source, line)
