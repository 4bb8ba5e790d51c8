"""Puts the tables of options and of devices into docs/drivers.md.

python docs/make_drivers.py
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from qhpc.broker.drivers.settings import KINDS, FaultOptions
from qhpc.scheduling.timings import TIMINGS

PAGE = Path(__file__).with_name("drivers.md")
_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def page(text: str) -> str:
    """The page with new tables: each stands between two comments that name it."""
    tables = {name: options(structure) for name, structure in {**KINDS, "faults": FaultOptions}.items()}
    for name, lines in {**tables, "devices": devices()}.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        table = "\n".join([begin, "", *lines, "", end])
        text = re.sub(f"{begin}.*?{end}", lambda _, table=table: table, text, flags=re.DOTALL)
    return text


def devices() -> Iterator[str]:
    """Every kind of device that is known."""
    yield "| timing | s a shot | s a submission | from |\n|---|---|---|---|"
    for name, device in TIMINGS.items():
        yield f"| `{name}` | {device.shot_s:g} | {device.latency_s:g} | {device.source} |"


def options(structure: type[msgspec.Struct]) -> Iterator[str]:
    """Every option of a kind of driver: its own first."""
    words = {name: text for cls in reversed(structure.__mro__) for name, text in attributes(cls)}
    own = set(structure.__annotations__)
    yield "| option | default | what it is |\n|---|---|---|"
    for field in sorted(msgspec.structs.fields(structure), key=lambda field: field.name not in own):
        yield f"| `{field.name}` | {default(field)} | {words[field.name].replace('``', '`')} |"


def attributes(cls: type) -> Iterator[tuple[str, str]]:
    """Names and descriptions in the docstring of a class."""
    _, _, section = inspect.cleandoc(cls.__doc__ or "").partition("Attributes:\n")
    for name, text in _ATTRIBUTE.findall(section):
        yield name, re.sub(r"\s+", " ", text)


def default(field: msgspec.structs.FieldInfo) -> str:
    """The default as TOML has it."""
    if field.required:
        return "has to be given"
    value = field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
    if value is None or value == {} or value == "":
        return "none"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
