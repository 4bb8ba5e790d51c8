"""What holds for every request: ids, limits, errors, logs, metrics, description."""

import asyncio
import logging

import pytest

from qat.comm.access.messages import JobView
from qhpc.access.api.guard import RequestLimits
from qhpc.access.logs import JsonFormatter
from tests.unit.qhpc.access.api.asking import SUBMISSION, api
from tests.unit.qhpc.access.service.scripted import in_loop, submission


@in_loop
async def test_a_request_keeps_its_id_or_gets_one():
    async with api() as (_, ask):
        assert (await ask("GET", "/v1/version", x_request_id="abc-1.2_3")).headers["x-request-id"] == "abc-1.2_3"
        for bad in ("", "a b", "x" * 65, "ä", 'a"b'):
            given = (await ask("GET", "/v1/version", x_request_id=bad)).headers["x-request-id"]
            assert given != bad
            assert len(given) == 16


@pytest.mark.parametrize("token", [None, "nobody", ""])
@in_loop
async def test_without_a_good_token_there_is_nothing(token):
    async with api() as (_, ask):
        for path in ("/v1/jobs", "/v1/services", "/v1/me", "/v1/usage", "/v1/tokens", "/v1/sessions"):
            reply = await ask("GET", path, who=token)
            assert (reply.status, reply.problem.code) == (401, "not-authenticated")
            assert reply.headers["www-authenticate"] == "Bearer"


@in_loop
async def test_other_schemes_are_no_log_in():
    async with api() as (_, ask):
        for header in ("ada", "Basic YWRhOmFkYQ==", "Bearer", "Bearer  "):
            assert (await ask("GET", "/v1/me", authorization=header)).status == 401
        assert (await ask("GET", "/v1/me", authorization="bearer ada")).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "unknown-route"),
        ("GET", "/v1/../../etc/passwd", 404, "unknown-route"),
        ("GET", "/v1/jobs/..%2f..%2fetc%2fpasswd/result/x", 404, "unknown-route"),
        ("GET", "/v1/jobs/" + "a" * 5000, 404, "unknown-job"),
        ("GET", "/v1/jobs/\0", 404, "unknown-job"),
        ("GET", "/v1/sessions/../../x", 404, "unknown-route"),
        ("PUT", "/v1/jobs", 405, "wrong-method"),
        ("GET", "/v1/jobs?limit=abc", 422, "invalid-argument"),
        ("GET", "/v1/jobs?state=nowhere", 422, "invalid-argument"),
        ("GET", "/v1/jobs/x?wait_s=1e9", 422, "invalid-argument"),
        ("GET", "/v1/jobs/x?wait_s=nan", 422, "invalid-argument"),
    ],
)
@in_loop
async def test_every_error_is_a_problem(method, path, status, code):
    async with api() as (_, ask):
        problem = (await ask(method, path)).problem
        assert (problem.status, problem.code) == (status, code)


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x81", b"[]", b"\x90" * 3, b"\x91" * 100_000, submission()[:-1]])
@in_loop
async def test_a_body_that_is_none_is_refused(body):
    async with api() as (it, ask):
        assert (await ask.submit(body)).problem.code == "malformed-request"
        assert it.catalogue.inspected == 0


@in_loop
async def test_a_bit_that_flipped_never_breaks_the_server():
    body = submission(name="x", tags=("t",), meta_data={"a": "b"})
    async with api(slots=0) as (_, ask):
        for place in range(len(body)):
            flipped = bytearray(body)
            flipped[place] ^= 0x10
            assert (await ask.submit(bytes(flipped))).status in (201, 400, 404, 422)


@in_loop
async def test_a_future_version_is_named():
    async with api() as (_, ask):
        problem = (await ask.submit(submission(version=99))).problem
        assert problem.code == "too-new"
        assert "version 99; this server reads up to 1" in problem.detail


@in_loop
async def test_a_body_of_another_type_is_refused():
    async with api() as (_, ask):
        assert (await ask("POST", "/v1/jobs", submission())).problem.code == "wrong-media-type"
        reply = await ask("POST", "/v1/sessions", b"{}", content_type="text/plain")
        assert "'text/plain'; application/json was expected" in reply.problem.detail
        reply = await ask("POST", "/v1/sessions", b"{}", content_type="Application/JSON; charset=utf-8")
        assert reply.status == 201


@in_loop
async def test_a_body_that_is_too_large_is_refused_while_it_comes():
    async with api(limits=RequestLimits(max_body_bytes=1000)) as (_, ask):
        taken = []

        def parts():
            for number in range(100):
                taken.append(number)
                yield bytes(300)

        source = parts()
        problem = (await ask("POST", "/v1/jobs", parts=_Lazy(source), content_type=SUBMISSION)).problem
        assert (problem.status, problem.code) == (413, "too-large")
        assert len(taken) < 6
        reply = await ask.submit(b"", content_length="1001")
        assert "1001 bytes or more; this server takes 1000" in reply.problem.detail


class _Lazy:
    """A list that is made while it is read."""

    def __init__(self, source):
        self._source, self._next = source, next(source, None)

    def __bool__(self):
        return self._next is not None

    def pop(self, _):
        given, self._next = self._next, next(self._source, None)
        return given


@in_loop
async def test_a_body_that_does_not_come_is_given_up():
    async with api(limits=RequestLimits(read_timeout_s=0.01)) as (_, ask):
        asked = ask.app
        sent = []

        async def receive():
            await asyncio.Event().wait()

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http", "method": "POST", "path": "/v1/jobs", "raw_path": b"/v1/jobs", "query_string": b"",
            "headers": [(b"authorization", b"Bearer ada"), (b"content-type", SUBMISSION.encode())], "client": None,
        }  # fmt: skip
        await asked(scope, receive, send)
        assert sent[0]["status"] == 408


@in_loop
async def test_a_bug_is_an_error_with_an_id_and_no_inside_knowledge(caplog):
    async with api() as (it, ask):
        it.service.usage = None
        problem = (await ask("GET", "/v1/usage")).problem
        assert (problem.status, problem.code) == (500, "internal-error")
        assert "NoneType" not in problem.detail
        (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
        assert "NoneType" in JsonFormatter().format(record)


@in_loop
async def test_logs_hold_no_secrets(caplog):
    caplog.set_level(logging.DEBUG)
    async with api() as (_, ask):
        await ask("GET", "/v1/jobs?name=topsecret", authorization="Bearer hunter2secret")
        await ask("GET", "/v1/jobs?name=topsecret")
        lines = [JsonFormatter().format(record) for record in caplog.records]
        assert any('"path": "/v1/jobs"' in line and '"status": 200' in line for line in lines)
        assert not any("secret" in line for line in lines)


@in_loop
async def test_metrics_count_by_route_and_name_nobody():
    async with api(slots=0) as (_, ask):
        job = (await ask.submit(submission())).json(JobView).id
        await ask("GET", f"/v1/jobs/{job}")
        await ask("GET", "/nowhere/at/all")
        text = (await ask("GET", "/metrics", who=None)).body.decode()
        assert 'openqat_requests_total{method="GET",route="/v1/jobs/{job_id}",status="200"} 1.0' in text
        assert 'route="other",status="404"} 1.0' in text
        assert 'openqat_jobs{state="waiting"} 1.0' in text
        assert job not in text
        assert "ada" not in text


@in_loop
async def test_health_needs_no_log_in_and_tells_of_trouble():
    async with api() as (it, ask):
        assert (await ask("GET", "/healthz", who=None)).json() == {"status": "ok"}
        it.service.dispatcher.writer.is_failing = True
        assert (await ask("GET", "/healthz", who=None)).status == 503
