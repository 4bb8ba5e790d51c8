"""What ``pip install openqat[…]`` brings is enough: each part imports when nothing else is there.

No environment is made for it: a process refuses to import whatever the requirements, read from pyproject.toml and from
the installed packages, do not bring.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
OWN = {"qat", "qlmaas", "qhpc", "openqat"}

SERVER_COMMANDS = r"openqat\.(server_(settings|store)|commands\.(serve|serving|store|tokens|up|users))"
POSTGRESQL = r"qhpc\.access\.store\.sql\.postgresql"
NEVER = r"qat\.interop\..*|qhpc\.access\.store\.sql\.migrations\.(env|versions\..*)|.*\.__main__|qlmaas.*"
"""Bridges to other toolkits, which need those; scripts that run when they are imported."""
IMPORTED_BY_OTHERS = {"httptools", "tqdm"}
"""By uvicorn, and by a name that is put together."""
PARTS = {
    "": r"qat(\..*)?|qhpc\.(scheduling|lab)(\..*)?",
    "client": rf"qat\.qlmaas(\..*)?|(?!{SERVER_COMMANDS}$)openqat(\..*)?",
    "server": rf"(?!{POSTGRESQL}$)(qhpc|openqat)(\..*)?",
    "postgresql": POSTGRESQL,
}
"""Which modules have to import with which extra; none is a plain ``pip install openqat``."""

REFUSING = """
import importlib, json, sys

names, refused, argv = json.loads(sys.stdin.read())
refused = set(refused)


class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused:
            raise ModuleNotFoundError(f"{name} is not among the requirements", name=name)


sys.meta_path.insert(0, Refusing())
for name in names:
    importlib.import_module(name)
if argv:
    sys.argv[:] = argv
    from openqat.__main__ import main
    main()
"""


def declared(extra):
    """The requirements of a plain installation, or of one with an extra."""
    return [*PROJECT["dependencies"], *(EXTRAS[extra] if extra else [])]


def required_by_name():
    """Names of all distributions that we require, but for developers."""
    lines = [line for extra in ["", *sorted(set(EXTRAS) - {"dev"})] for line in declared(extra)]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def brought_by(lines, brought=None):
    """Names of all distributions that requirements bring, those of their requirements included."""
    brought = set() if brought is None else brought
    for requirement in map(Requirement, lines):
        name = canonicalize_name(requirement.name)
        if name == "openqat":
            for extra in requirement.extras:
                brought_by(declared(extra), brought)
            continue
        for extra in {"", *requirement.extras}:
            if (name, extra) not in brought:
                brought.add((name, extra))
                brought_by(required_by(name, extra), brought)
    return brought


def required_by(name, extra):
    """What an installed distribution requires here."""
    try:
        lines = requires(name) or []
    except PackageNotFoundError:
        return []
    found = [Requirement(line) for line in lines]
    return [str(one).partition(";")[0] for one in found if one.marker is None or one.marker.evaluate({"extra": extra})]


def modules_of(distributions):
    """Names of the modules that distributions have."""
    return {
        module
        for module, names in packages_distributions().items()
        if any(canonicalize_name(name) in distributions for name in names)
    }


def refused_with(extra):
    """Names of the modules that are installed here but would not be with an extra."""
    allowed = {name for name, _ in brought_by(declared(extra))}
    return set(packages_distributions()) - modules_of(allowed) - OWN - set(sys.stdlib_module_names)


def own_modules(pattern):
    """Modules of ours with such names."""
    for path in sorted(SOURCES.rglob("*.py")):
        parts = path.relative_to(SOURCES).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if re.fullmatch(pattern, name) and not re.fullmatch(NEVER, name):
            yield name


def run(names, refused, argv=()):
    """A process that imports modules, then does a command, while others are refused."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", REFUSING], input=json.dumps([list(names), sorted(refused), list(argv)]),
        env={**os.environ, "PYTHONPATH": str(SOURCES)}, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("extra", PARTS, ids=lambda extra: extra or "plain")
def test_each_part_imports_with_its_own_requirements(extra):
    names = list(own_modules(PARTS[extra]))
    assert len(names) >= (1 if extra == "postgresql" else 20)
    done = run(names, refused_with(extra))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("argv", [["qat", "--help"], ["qat", "jobs", "--help"], ["qat", "config", "--help"]])
def test_the_command_line_of_a_client_needs_no_server(argv):
    done = run([], refused_with("client"), argv)
    assert (done.returncode, "Usage: " in done.stdout) == (0, True), done.stderr


def test_what_is_not_required_is_refused():
    assert {"fastapi", "sqlalchemy", "click", "pytest", "asyncpg"} <= refused_with("")
    assert refused_with("") > refused_with("client") > refused_with("server") > refused_with("postgresql")
    assert not {"numpy", "scipy", "msgspec"} & refused_with("")
    done = run(["qhpc.access.settings"], refused_with("client"))
    assert "pydantic is not among the requirements" in done.stderr


def imported_by(path):
    """First names of the modules that a file imports anywhere."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def test_whatever_is_imported_is_required_by_name():
    """What only comes along with a requirement may go again with its next version."""
    required = modules_of(required_by_name())
    toolkits = SOURCES / "qat" / "interop"
    imported = {
        (name, str(path.relative_to(SOURCES)))
        for path in SOURCES.rglob("*.py")
        if toolkits not in path.parents
        for name in imported_by(path)
    }
    known = OWN | set(sys.stdlib_module_names) | required
    assert sorted((name, path) for name, path in imported if name not in known) == []


def test_whatever_is_required_is_imported():
    imported = {name for path in SOURCES.rglob("*.py") for name in imported_by(path)}
    names = sorted(required_by_name() - {"openqat"} - IMPORTED_BY_OTHERS)
    assert [name for name in names if not modules_of({name}) & imported] == []
