"""What the routes say of themselves in the OpenAPI description."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from qat.comm.access.messages import API_VERSION, Problem
from qhpc.access.api.bodies import JSON
from qhpc.access.api.errors import PROBLEM

__all__ = ["OPEN", "REFERENCE", "answers", "asks_json", "asks_raw", "install_description", "parameter"]

OPEN = frozenset({"/v1/version", "/v1/login", "/healthz", "/metrics"})
"""Addresses that need no log-in."""

_TOKEN: list[dict[str, list[str]]] = [{"token": []}]
"""How one logs in everywhere else."""

REFERENCE = "#/components/schemas/{name}"

_described: list[Any] = []
"""All that the routes have named so far."""


def answers(
    kind: Any, *, status: int = 200, also: dict[int, tuple[str, Any]] | None = None, raw: str | None = None
) -> dict[int | str, dict[str, Any]]:
    """What a route answers, for ``responses``.

    Args:
        kind: the structure, ``list`` of one, or None for no body.
        status: of the usual answer.
        also: further statuses with their meaning and structure.
        raw: media type of bytes that are sent in the place of a structure.
    """
    found: dict[int | str, dict[str, Any]] = {status: _answer("As asked", kind, raw)}
    for other, (meaning, other_kind) in (also or {}).items():
        found[other] = _answer(meaning, other_kind, None)
    found["default"] = {
        "description": "An error; `code` says which",
        "content": {PROBLEM: {"schema": schema_of(Problem)}},
    }
    return found


def _answer(meaning: str, kind: Any, raw: str | None) -> dict[str, Any]:
    if raw is not None:
        return {"description": meaning, "content": {raw: {"schema": _BYTES}}}
    if kind is None:
        return {"description": meaning}
    return {"description": meaning, "content": {JSON: {"schema": schema_of(kind)}}}


_BYTES = {"type": "string", "format": "binary"}


def schema_of(kind: Any) -> dict[str, Any]:
    """The schema of a structure or of a list of them; structures by reference."""
    if kind not in _described:
        _described.append(kind)
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=REFERENCE)
    return schema


def asks_json(kind: type) -> dict[str, Any]:
    """What a route reads, for ``openapi_extra``."""
    return {"requestBody": {"required": True, "content": {JSON: {"schema": schema_of(kind)}}}}


def asks_raw(media_type: str) -> dict[str, Any]:
    """A body of bytes, for ``openapi_extra``."""
    return {"requestBody": {"required": True, "content": {media_type: {"schema": _BYTES}}}}


def parameter(name: str, place: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    """A parameter that a route reads by itself, for ``openapi_extra``."""
    return {"name": name, "in": place, "required": False, "schema": schema, "description": description}


def install_description(app: FastAPI) -> None:
    """Have an app describe itself with the schemas of the structures, and with how one logs in."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _description(app)
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]


def _description(app: FastAPI) -> dict[str, Any]:
    description = get_openapi(title=app.title, version=str(API_VERSION), description=app.description, routes=app.routes)
    components = description.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    _, structures = msgspec.json.schema_components(_described, ref_template=REFERENCE)
    schemas.update(structures)
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for name, path in description["paths"].items():
        for operation in path.values():
            operation["responses"].pop("422", None)
            if name not in OPEN:
                operation["security"] = _TOKEN
    return description
