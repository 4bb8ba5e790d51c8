"""Writes docs/openapi.json, the description of the HTTP API, and tells changes that break clients.

python docs/make_openapi.py            writes it
python docs/make_openapi.py OLD NEW    compares two descriptions; fails if the second breaks clients of the first
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qhpc.access.api.app import create_app
from qhpc.access.api.context import ApiContext
from qhpc.access.api.metrics import Metrics
from qhpc.access.service.limits import Limits
from qhpc.access.service.service import AccessService
from qhpc.access.store.memory import MemoryStore

PAGE = Path(__file__).with_name("openapi.json")


def description() -> dict[str, Any]:
    """The description, as the server gives it at ``/v1/openapi.json``."""
    store, nothing = MemoryStore(), Any
    service = AccessService(store, nothing, nothing, Limits(), time.time)  # type: ignore[arg-type]
    context = ApiContext(
        service=service,
        store=store,
        identity=nothing,
        metrics=Metrics(service),
        clock=time.time,  # type: ignore[arg-type]
    )
    return create_app(context).openapi()


def page() -> str:
    """The file's text."""
    return json.dumps(description(), indent=1, sort_keys=True) + "\n"


def breaking_changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """What clients of the old description would trip over."""
    for path, operations in old["paths"].items():
        for method, operation in operations.items():
            now = new["paths"].get(path, {}).get(method)
            if now is None:
                yield f"{method.upper()} {path} has gone"
            else:
                yield from _operation_changes(f"{method.upper()} {path}", operation, now)
    for name, schema in old["components"]["schemas"].items():
        now = new["components"]["schemas"].get(name)
        if now is None:
            yield f"structure {name} has gone"
        else:
            yield from _schema_changes(name, schema, now)


def _operation_changes(where: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    known = {(entry["in"], entry["name"]): entry for entry in old.get("parameters", [])}
    now = {(entry["in"], entry["name"]): entry for entry in new.get("parameters", [])}
    for place, name in known.keys() - now.keys():
        yield f"{where}: parameter {name} ({place}) has gone"
    for key, entry in now.items():
        if entry.get("required") and not known.get(key, {}).get("required"):
            yield f"{where}: parameter {key[1]} ({key[0]}) is required now"
    for status in old["responses"].keys() - new["responses"].keys():
        yield f"{where}: answer {status} has gone"
    if new.get("requestBody") and not old.get("requestBody"):
        yield f"{where}: a body is required now"


def _schema_changes(name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for field in before.keys() - after.keys():
        yield f"structure {name}: field {field} has gone"
    for field in before.keys() & after.keys():
        if _kind(before[field]) != _kind(after[field]):
            yield f"structure {name}: field {field} was {_kind(before[field])} and is {_kind(after[field])}"
    for field in set(new.get("required", [])) - set(old.get("required", [])):
        yield f"structure {name}: field {field} is required now"


def _kind(schema: dict[str, Any]) -> str:
    """The type of a field; a new choice in an enumeration is no other type."""
    if "anyOf" in schema:
        return " or ".join(sorted(map(_kind, schema["anyOf"])))
    if "enum" in schema:
        return "one of a list"
    return str(schema.get("$ref") or schema.get("type") or "anything")


def main(arguments: list[str]) -> int:
    """Write, or compare."""
    if not arguments:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    old, new = (json.loads(Path(name).read_text(encoding="utf-8")) for name in arguments)
    found = sorted(breaking_changes(old, new))
    print("\n".join(found) or "nothing that breaks clients")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
