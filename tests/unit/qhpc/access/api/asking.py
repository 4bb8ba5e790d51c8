"""Requests to the application without a network, and users for it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from qat.comm.access.messages import Problem
from qhpc.access.api.app import create_app
from qhpc.access.api.context import ApiContext
from qhpc.access.api.metrics import Metrics
from tests.unit.qhpc.access.service.scripted import ADA, BOB, ROOT, settle, world

SUBMISSION = "application/vnd.openqat.submission+msgpack"


class Users:
    """Everyone's token is their name."""

    def __init__(self):
        self.callers = {caller.name: caller for caller in (ADA, BOB, ROOT)}

    async def authenticate(self, secret, now_s):
        return self.callers.get(secret)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict
    body: bytes

    def json(self, kind=object):
        return msgspec.json.decode(self.body, type=kind)

    @property
    def problem(self):
        assert self.headers["content-type"] == "application/problem+json"
        problem = self.json(Problem)
        assert problem.status == self.status
        assert problem.request_id == self.headers["x-request-id"]
        return problem


class Client:
    """Asks the application as a server would."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, method, path, body=b"", *, who="ada", parts=None, **headers):
        path, _, query = path.partition("?")
        if who is not None:
            headers.setdefault("authorization", f"Bearer {who}")
        parts = [body] if parts is None else parts
        sent = []

        async def receive():
            if not parts:
                return {"type": "http.disconnect"}
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": quote(path).encode(),
            "query_string": query.encode(),
            "root_path": "",
            "scheme": "https",
            "headers": [(name.replace("_", "-").lower().encode(), text.encode()) for name, text in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 443),
        }
        await self.app(scope, receive, send)
        await settle()
        start, *rest = sent
        return Reply(
            start["status"],
            {name.decode(): text.decode() for name, text in start["headers"]},
            b"".join(message.get("body", b"") for message in rest),
        )

    async def submit(self, body, **headers):
        return await self("POST", "/v1/jobs", body, content_type=SUBMISSION, **headers)

    async def post(self, path, value, **headers):
        return await self("POST", path, msgspec.json.encode(value), content_type="application/json", **headers)


@asynccontextmanager
async def api(limits=None, identity=None, **options):
    """An application on a scripted world: the world and a client."""
    async with world(**options) as it:
        context = ApiContext(
            service=it.service,
            store=it.store,
            identity=identity or Users(),
            metrics=Metrics(it.service),
            clock=it.clock,
        )
        yield it, Client(create_app(context, limits))
