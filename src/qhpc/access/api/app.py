"""The application: routes under ``/v1``, with its guard, its errors and its description."""

from __future__ import annotations

from fastapi import FastAPI

from qhpc.access.api import routes_files, routes_identity, routes_jobs, routes_sessions, routes_site
from qhpc.access.api.context import ApiContext
from qhpc.access.api.documented import install_description
from qhpc.access.api.errors import install_errors
from qhpc.access.api.guard import Guard, RequestLimits
from qhpc.access.api.short_way import ShortWay

__all__ = ["create_app"]

_ABOUT = """Send stacks and jobs to a centre, and fetch the results.

Errors are `application/problem+json`; their `code` is stable. Times are seconds since 1970 (UTC)."""


def create_app(context: ApiContext, limits: RequestLimits | None = None, *, root_path: str = "") -> FastAPI:
    """The application.

    Args:
        context: what the routes work with; its service is opened and closed by the caller.
        limits: of each request.
        root_path: where a reverse proxy shows it, e.g. ``/openqat``.
    """
    app = FastAPI(
        title="openqat access",
        description=_ABOUT,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.root_path = root_path  # as an argument it is deprecated, as uvicorn's it would be put in front of all paths
    app.state.context = context
    for module in (routes_jobs, routes_files, routes_sessions, routes_identity, routes_site):
        app.include_router(module.router)
    app.include_router(routes_site.plain_router)
    install_errors(app)
    install_description(app)
    app.add_middleware(ShortWay)
    app.add_middleware(Guard, limits=limits or RequestLimits(), metrics=context.metrics)
    return app
