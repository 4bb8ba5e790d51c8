"""Reads scenario files, and says of a wrong one: the line, the value, what was expected."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from qhpc.lab.errors import LabError
from qhpc.lab.scenario import Arrivals, Jobs, Outages, QpuPool, Scenario
from qhpc.scheduling.timings import TIMINGS

__all__ = ["parse_scenario", "read_scenario", "shipped_scenarios"]

_Steps = list[str | int]
"""Of a path into the tables of a file."""

_SHIPPED = files("qhpc.lab").joinpath("scenarios")


def shipped_scenarios() -> dict[str, Scenario]:
    """The scenarios that come with the laboratory, by name.

    >>> "mission" in shipped_scenarios()
    True
    """
    names = sorted(path.name.removesuffix(".toml") for path in _SHIPPED.iterdir() if path.name.endswith(".toml"))
    return {name: parse_scenario(_SHIPPED.joinpath(f"{name}.toml").read_text("utf-8"), name) for name in names}


def read_scenario(name_or_path: str) -> Scenario:
    """A scenario that is shipped, by its name, or one in a TOML file, by its path.

    Raises:
        LabError: there is none, or it is not what it should be.

    >>> read_scenario("mission").name
    'mission'
    """
    if name_or_path.endswith(".toml"):
        try:
            return parse_scenario(Path(name_or_path).read_text("utf-8"), name_or_path)
        except UnicodeDecodeError as error:
            raise LabError("the file is not UTF-8 text", name_or_path) from error
    shipped = shipped_scenarios()
    if name_or_path not in shipped:
        raise LabError(f"no scenario {name_or_path!r}: give the path of a .toml file, or one of {', '.join(shipped)}")
    return shipped[name_or_path]


def parse_scenario(text: str, source: str) -> Scenario:
    """The scenario that a TOML text describes.

    Args:
        text: of the file.
        source: its name, for messages.

    Raises:
        LabError: it is not TOML, has unknown keys, or values that cannot be.

    >>> parse_scenario('name = "x"\\n[[jobs]]\\nname = "a"\\ncount = 0\\n', "x.toml")
    Traceback (most recent call last):
    ...
    qhpc.lab.errors.LabError: x.toml, line 4: jobs[0].count is 0: expected `int` >= 1
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"not TOML: {error}", source) from error
    try:
        scenario = msgspec.convert(data, Scenario)
    except msgspec.ValidationError as error:
        raise _complaint(str(error), data, text, source) from error
    _check_names(scenario, text, source)
    return scenario


def _complaint(message: str, data: dict[str, Any], text: str, source: str) -> LabError:
    """The same in our words, with line and value."""
    what, _, path = message.partition(" - at `$")
    steps = _steps(path.rstrip("`"))
    unknown = re.search(r"unknown field `(.*)`", what)
    if unknown:
        steps.append(unknown[1])
        known = ", ".join(_known_keys(steps))
        return LabError(f"unknown key {unknown[1]!r}: expected one of {known}", source, _line(steps, text))
    value: Any = data
    for step in steps:
        value = value[step]
    shown = f"{_named(steps)} is {value!r}: " if steps and not isinstance(value, dict | list) else ""
    place = "" if shown or not steps else f" in {_named(steps)}"
    expected = what[0].lower() + what[1:] if shown else what + place
    return LabError(shown + expected, source, _line(steps, text))


def _check_names(scenario: Scenario, text: str, source: str) -> None:
    """Names that refer to others exist; ranges begin with the smaller number; every job can run."""

    def refuse(steps: _Steps, value: object, expected: str) -> None:
        raise LabError(f"{_named(steps)} is {value!r}: expected {expected}", source, _line(steps, text))

    pools = [pool.name for pool in scenario.pools]
    qpus = [f"{pool.name}{number}" for pool in scenario.pools for number in range(pool.nb_qpus)]
    for table, index, key, value, known in (
        *(("pools", index, "device", pool.device, list(TIMINGS)) for index, pool in enumerate(scenario.pools)),
        *(("jobs", index, "pool", group.pool, pools) for index, group in enumerate(scenario.jobs)),
        *(("outages", index, "qpu", outage.qpu, qpus) for index, outage in enumerate(scenario.outages)),
    ):
        if value not in known:
            refuse([table, index, key], value, f"one of {', '.join(known)}")
    for index, group in enumerate(scenario.jobs):
        for key in ("nb_phases", "declared_factor", "duration_factor", "task_factor"):
            limits = getattr(group, key)
            if isinstance(limits, tuple) and not 0 < limits[0] <= limits[1]:
                refuse(["jobs", index, key], list(limits), "two positive numbers, the smaller one first")
        if scenario.nb_nodes is not None and group.nb_nodes > scenario.nb_nodes:
            refuse(
                ["jobs", index, "nb_nodes"], group.nb_nodes, f"at most the {scenario.nb_nodes} nodes of the scenario"
            )
        if group.quantum_s is None and not group.shots:
            refuse(["jobs", index, "shots"], group.shots, "at least 1, since there is no quantum_s")


def _steps(path: str) -> _Steps:
    return [int(index) if index else name for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path)]


def _named(steps: _Steps) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")


def _known_keys(steps: _Steps) -> list[str]:
    table = _TABLES[str(steps[0])] if len(steps) > 1 else Scenario
    return list(table.__struct_fields__)


_TABLES: dict[str, type[msgspec.Struct]] = {"jobs": Jobs, "pools": QpuPool, "arrivals": Arrivals, "outages": Outages}


def _line(steps: _Steps, text: str) -> int | None:
    """The line of a key, or of its table if the key is not there; None if it is written in another way."""
    header = re.compile(r"\s*\[{1,2}\s*([\w.-]+)\s*\]{1,2}")
    wanted = (str(steps[0]), steps[1] if len(steps) > 1 and isinstance(steps[1], int) else 0) if steps else ("", 0)
    counts: dict[str, int] = {}
    table, table_line = ("", 0), None
    for number, line in enumerate(text.splitlines(), 1):
        if match := header.match(line):
            counts[match[1]] = counts.get(match[1], -1) + 1
            table = (match[1], counts[match[1]])
            table_line = number if table == wanted else table_line
        key = line.partition("=")[0].strip()
        names = [step for step in steps if isinstance(step, str)]
        if names and key == names[-1] and (table == wanted or (len(names) == 1 and table == ("", 0))):
            return number
    return table_line
