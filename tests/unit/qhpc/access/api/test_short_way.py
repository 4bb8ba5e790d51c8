"""The two requests of every job: which they are, and that nothing else changes for them."""

import pytest

from qhpc.access.api.metrics import Metrics
from qhpc.access.api.short_way import ShortWay
from qhpc.access.store.protocol import StorageFull, StoreUnavailable
from tests.unit.qhpc.access.api.asking import api
from tests.unit.qhpc.access.service.scripted import in_loop, submission

JOB = "0" * 26


class Long:
    """An application that notes what comes to it."""

    def __init__(self):
        self.paths = []

    async def __call__(self, scope, receive, send):
        self.paths.append(scope["path"])


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /v1/jobs", "PUT /v1/jobs", "POST /v1/jobs/", "POST /v1/jobs/x/result", "HEAD /v1/jobs/x/result",
        "GET /v1/jobs/x", "GET /v1/jobs//result", "GET /v1/jobs/x/y/result", "GET /proxy/v1/jobs/x/result",
    ],
)  # fmt: skip
@in_loop
async def test_all_other_requests_go_on(request_line):
    method, path = request_line.split()
    app = Long()
    await ShortWay(app)({"type": "http", "method": method, "path": path}, None, None)
    assert app.paths == [path]


@in_loop
async def test_what_is_no_request_goes_on():
    app = Long()
    await ShortWay(app)({"type": "lifespan", "path": "-"}, None, None)
    assert app.paths == ["-"]


@in_loop
async def test_the_two_count_for_their_routes():
    async with api() as (_, ask):
        counted = []
        served = Metrics.served
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Metrics, "served", lambda *given: (counted.append(given[1:4]), served(*given)))
            await ask.submit(submission())
            await ask("GET", f"/v1/jobs/{JOB}/result")
    assert counted == [("/v1/jobs", "POST", 201), ("/v1/jobs/{job_id}/result", "GET", 404)]


@pytest.mark.parametrize(
    ("error", "code"), [(StorageFull("no room"), "storage-full"), (StoreUnavailable("away"), "overloaded")]
)
@in_loop
async def test_a_store_that_fails_is_answered_as_on_the_long_way(error, code):
    async def fails(*_):
        raise error

    async with api() as (it, ask):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(it.service, "result", fails)
            patch.setattr(it.service, "list", fails)
            reply = await ask("GET", f"/v1/jobs/{JOB}/result")
        assert reply.problem.code == code


@in_loop
async def test_what_nobody_expects_is_an_internal_error():
    async def fails(*_):
        raise ZeroDivisionError

    async with api() as (it, ask):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(it.service, "result", fails)
            assert (await ask("GET", f"/v1/jobs/{JOB}/result")).problem.code == "internal-error"
