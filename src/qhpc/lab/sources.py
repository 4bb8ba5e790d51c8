"""Where workloads come from: scenarios that draw one for each seed, or files with a fixed one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from qhpc.lab.csv_files import parse_csv, write_csv
from qhpc.lab.errors import LabError
from qhpc.lab.scenario import Scenario
from qhpc.lab.scenario_files import read_scenario
from qhpc.lab.swf import parse_swf, write_swf
from qhpc.lab.workload import Workload

__all__ = ["FixedWorkload", "Source", "read_source", "write_workload"]


class FixedWorkload(msgspec.Struct, frozen=True):
    """A workload that is the same for every seed."""

    given: Workload

    @property
    def name(self) -> str:
        """Of the workload."""
        return self.given.name

    def workload(self, seed: int) -> Workload:
        """The workload."""
        return self.given


Source = Scenario | FixedWorkload

_FORMATS: dict[str, tuple[Callable[[str, str], Workload], Callable[[Workload], str]]] = {
    ".csv": (parse_csv, write_csv),
    ".swf": (parse_swf, write_swf),
}
"""How files of a suffix are read and written."""


def read_source(name_or_path: str) -> Source:
    """A shipped scenario by its name, or a .toml, .csv or .swf file by its path.

    Raises:
        LabError: there is none, or it is not what it should be.

    >>> read_source("mission").workload(0).name
    'mission'
    """
    path = Path(name_or_path)
    if path.suffix not in _FORMATS:
        return read_scenario(name_or_path)
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise LabError("the file is not UTF-8 text", name_or_path) from error
    return FixedWorkload(_FORMATS[path.suffix][0](text, name_or_path))


def write_workload(workload: Workload, path: Path) -> None:
    """Write a .csv or .swf file.

    Raises:
        LabError: the file has another suffix.
    """
    if path.suffix not in _FORMATS:
        raise LabError(f"{path.name} has the suffix {path.suffix!r}: expected one of {', '.join(_FORMATS)}")
    path.write_text(_FORMATS[path.suffix][1](workload), "utf-8")
