"""Writes docs/settings.md, the reference of the server's settings.

python docs/make_settings.py
"""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from qhpc.access.settings import AccessSettings
from qhpc.access.slurm_options import PoolOptions, RestOptions, SlurmOptions

PAGE = Path(__file__).with_name("settings.md")
INTRODUCTION = """\
# Settings of an access server

Each setting may stand in the TOML file of `qat serve --config FILE`, or in the environment as `QHPC_` and its name in
capitals (`QHPC_PORT=443`); the environment wins. Lists in the environment are JSON (`'["10.0.0.1"]'`).
This page is made from `qhpc.access.settings` by `python docs/make_settings.py`; a test checks that it is up to date.

"""
HEAD = "| setting | type | default | what it does |\n|---|---|---|---|"
PARTS = {"slurm": SlurmOptions, "slurm.rest": RestOptions, "slurm.pools.NAME": PoolOptions}
"""Tables of the TOML file, and what is in them."""
MACHINE = {
    "python": "that of the server",
    "directory": "`~/.local/share/openqat`",
    "workers": "usable cores",
    "max_memory_bytes": "4/5 of the memory",
}
"""Defaults that depend on the machine."""


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION + HEAD, *rows(AccessSettings)]
    for title, model in PARTS.items():
        parts += [
            f"\n## `[{title}]`\n\n{cleandoc(model.__doc__ or '').partition('>>>')[0].strip()}\n\n{HEAD}",
            *rows(model),
        ]
    return "\n".join(parts) + "\n"


def rows(model: type[BaseModel]) -> Iterator[str]:
    """A line for each setting."""
    for name, field in model.model_fields.items():
        yield f"| `{name}` | {kind(field)} | {default(name, field)} | {field.description} |"


def kind(field: FieldInfo) -> str:
    """The type as people say it."""
    text = field.annotation.__name__ if isinstance(field.annotation, type) else str(field.annotation)
    for found, said in KINDS.items():
        text = text.replace(found, said)
    return text


KINDS = {
    "typing.Literal": "one of ",
    "tuple[str, ...]": "list of texts",
    "dict[str, str]": "table of texts",
    "dict[str, qhpc.access.slurm_options.PoolOptions]": "tables",
    "qhpc.access.slurm_options.RestOptions": "table",
    "SlurmOptions": "table",
    "pathlib._local.Path": "path",
    "pathlib.Path": "path",
    "Path": "path",
    " | None": "",
    "'": "`",
    "str": "text",
    "int": "integer",
    "float": "number",
    "bool": "true or false",
}


def default(name: str, field: FieldInfo) -> str:
    """The default as it stands in TOML."""
    if name in MACHINE:
        return MACHINE[name]
    if field.is_required():
        return "has to be given"
    value = field.default
    if name.endswith("_mode"):
        return f"`0o{value:o}`"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, SlurmOptions | dict):
        return "`{}`"
    if isinstance(value, tuple):
        return f"`{list(value)}`".replace("'", '"')
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
