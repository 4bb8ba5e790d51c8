"""Writes what type checkers see of the service modules: run it after changing an openqat_services.py.

python packaging/write_service_stubs.py
"""

from importlib import import_module
from pathlib import Path

HEADER = '''"""What type checkers see of ``qat.{kind}``; at run time it is a view over all installed hooks."""

from typing import Any

'''
FOOTER = "\ndef __getattr__(name: str) -> Any: ...\n"


def stub(kind: str) -> str:
    """Text of ``qat/<kind>/__init__.pyi``."""
    table = import_module(f"qat.{kind}.openqat_services").__qlm_importables__
    lines = sorted((module, name, alias) for alias, (module, name) in ((a, t.split(":")) for a, t in table.items()))
    imports = "".join(f"from {module} import {name} as {alias}\n" for module, name, alias in lines)
    return HEADER.format(kind=kind) + imports + FOOTER


if __name__ == "__main__":
    source = Path(__file__).parent.parent / "src" / "qat"
    for kind in ("qpus", "plugins", "generators"):
        (source / kind / "__init__.pyi").write_text(stub(kind))
