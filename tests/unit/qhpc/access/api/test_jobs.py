"""Jobs through the API, to the status codes."""

import asyncio
from urllib.parse import quote

import pytest

from qat.comm.access.messages import Explanation, JobPage, JobView, LogLine
from qhpc.access.launchers.protocol import InvalidSubmission, Standing
from qhpc.access.service.limits import Limits
from qhpc.access.store.protocol import StorageFull, StoreUnavailable
from tests.unit.qhpc.access.api.asking import api
from tests.unit.qhpc.access.service.scripted import FAILURE, in_loop, settle, submission


@in_loop
async def test_a_job_is_accepted_once_for_a_key():
    async with api() as (_, ask):
        first = await ask.submit(submission(name="n", tags=("t",)), idempotency_key="k")
        again = await ask.submit(submission(name="n", tags=("t",)), idempotency_key="k")
        other = await ask.submit(submission(name="n"), idempotency_key="k")
        assert (first.status, again.status, other.status) == (201, 200, 409)
        view = first.json(JobView)
        assert view.id == again.json(JobView).id
        assert (view.owner, view.name, view.tags, view.stack) == ("ada", "n", ("t",), "LinAlg")
        assert other.problem.code == "key-reused"


@in_loop
async def test_the_same_key_of_another_user_is_another_job():
    async with api() as (_, ask):
        ours = await ask.submit(submission(), idempotency_key="k")
        theirs = await ask.submit(submission(), who="bob", idempotency_key="k")
        assert theirs.status == 201
        assert ours.json(JobView).id != theirs.json(JobView).id


@in_loop
async def test_a_known_key_finds_its_job_although_a_quota_is_used_up():
    async with api(slots=0, limits=None) as (it, ask):
        await ask.submit(submission(), idempotency_key="k")
        it.service._submissions._limits = Limits(max_waiting_jobs=1)
        assert (await ask.submit(submission(), idempotency_key="k")).status == 200
        refused = await ask.submit(submission(), idempotency_key="l")
        assert (refused.problem.code, refused.headers["retry-after"]) == ("overloaded", "10")


@in_loop
async def test_a_result_is_waited_for():
    async with api() as (it, ask):
        job = (await ask.submit(submission())).json(JobView).id
        not_yet = await ask("GET", f"/v1/jobs/{job}/result")
        assert (not_yet.status, not_yet.json(JobView).state) == (202, "pending")
        waiting = asyncio.create_task(ask("GET", f"/v1/jobs/{job}/result?wait_s=30"))
        await settle()
        it.launcher.end(f"{job}.1", b"\x01\x02")
        reply = await waiting
        assert (reply.status, reply.body) == (200, b"\x01\x02")
        assert reply.headers["content-type"] == "application/vnd.openqat.message"


@in_loop
async def test_a_long_result_is_sent_in_parts():
    async with api() as (it, ask):
        job = (await ask.submit(submission())).json(JobView).id
        result = bytes(range(256)) * 4096
        it.launcher.end(f"{job}.1", result)
        reply = await ask("GET", f"/v1/jobs/{job}/result?wait_s=30")
        assert reply.body == result
        assert reply.headers["content-length"] == str(len(result))


@in_loop
async def test_a_wait_ends_at_the_start_or_in_time():
    async with api() as (it, ask):
        job = (await ask.submit(submission())).json(JobView).id
        assert (await ask("GET", f"/v1/jobs/{job}?wait_s=0.01")).json(JobView).state == "pending"
        waiting = asyncio.create_task(ask("GET", f"/v1/jobs/{job}?wait_s=30&until=started"))
        await settle()
        it.launcher.start(f"{job}.1")
        assert (await waiting).json(JobView).state == "running"


@in_loop
async def test_a_failure_reaches_its_owner():
    async with api() as (it, ask):
        job = (await ask.submit(submission())).json(JobView).id
        it.launcher.fail(f"{job}.1")
        problem = (await ask("GET", f"/v1/jobs/{job}/result?wait_s=30")).problem
        assert (problem.status, problem.code, problem.failure) == (409, "job-failed", FAILURE)


@in_loop
async def test_a_cancelled_job_has_no_result():
    async with api() as (_, ask):
        job = (await ask.submit(submission())).json(JobView).id
        await ask("POST", f"/v1/jobs/{job}/cancel")
        assert (await ask("GET", f"/v1/jobs/{job}/result?wait_s=30")).problem.code == "job-cancelled"
        assert (await ask("POST", f"/v1/jobs/{job}/cancel")).json(JobView).state == "cancelled"


@pytest.mark.parametrize(
    ("method", "end"),
    [("GET", ""), ("GET", "/result"), ("GET", "/submission"), ("GET", "/log"), ("GET", "/events"), ("GET", "/explain"),
     ("POST", "/cancel"), ("POST", "/rerun"), ("PATCH", ""), ("DELETE", "/files")],
)  # fmt: skip
@in_loop
async def test_the_job_of_another_is_as_unknown_as_one_that_is_not(method, end):
    async with api() as (it, ask):
        job = (await ask.submit(submission())).json(JobView).id
        body = {"body": b"{}", "content_type": "application/json"} if method == "PATCH" else {}
        missing = "0" * len(job)
        theirs = (await ask(method, f"/v1/jobs/{job}{end}", who="bob", **body)).problem
        none = (await ask(method, f"/v1/jobs/{missing}{end}", who="bob", **body)).problem
        assert (theirs.status, theirs.code) == (none.status, none.code) == (404, "unknown-job")
        assert theirs.detail.replace(job, missing) == none.detail
        assert await it.state(job) == "pending"


@in_loop
async def test_an_operator_sees_the_jobs_of_all():
    async with api() as (_, ask):
        job = (await ask.submit(submission())).json(JobView).id
        assert (await ask("GET", f"/v1/jobs/{job}", who="root")).status == 200
        assert (await ask("GET", "/v1/jobs", who="root")).json(JobPage).total == 0
        assert (await ask("GET", "/v1/jobs?owner=ada", who="root")).json(JobPage).total == 1
        assert (await ask("GET", "/v1/jobs?owner=*", who="root")).json(JobPage).total == 1
        assert (await ask("GET", "/v1/jobs?owner=ada", who="bob")).problem.code == "forbidden"


@in_loop
async def test_lists_are_filtered_and_come_in_parts():
    async with api(slots=0) as (_, ask):
        for number in range(5):
            await ask.submit(submission(tags=("even",) if number % 2 == 0 else ()))
        page = (await ask("GET", "/v1/jobs?tag=even&state=waiting&state=done&limit=2&order=oldest")).json(JobPage)
        assert (page.total, len(page.items), page.items[0].queue_position) == (3, 2, 0)
        rest = await ask("GET", f"/v1/jobs?tag=even&limit=2&order=oldest&cursor={quote(page.next_cursor)}")
        assert [job.queue_position for job in rest.json(JobPage).items] == [4]
        assert (await ask("GET", "/v1/jobs?cursor=x")).problem.code == "invalid-argument"
        assert "limit is '0'" in (await ask("GET", "/v1/jobs?limit=0")).problem.detail


@in_loop
async def test_a_job_is_run_again():
    async with api() as (it, ask):
        job = (await ask.submit(submission(name="n"))).json(JobView).id
        it.launcher.end(f"{job}.1")
        await settle()
        reply = await ask("POST", f"/v1/jobs/{job}/rerun", idempotency_key="again")
        view = reply.json(JobView)
        assert (reply.status, view.parent_id, view.name) == (201, job, "n")
        assert (await ask("POST", f"/v1/jobs/{job}/rerun", idempotency_key="again")).json(JobView).id == view.id
        await settle()
        assert it.launcher.launches[1].submission == it.launcher.launches[0].submission


@in_loop
async def test_a_job_is_renamed_while_it_waits_and_after_its_end():
    async with api() as (it, ask):
        job = (await ask.submit(submission())).json(JobView).id
        changed = await ask("PATCH", f"/v1/jobs/{job}", b'{"name": "x"}', content_type="application/json")
        assert changed.json(JobView).name == "x"
        it.launcher.end(f"{job}.1")
        await settle()
        changed = await ask("PATCH", f"/v1/jobs/{job}", b'{"tags": ["a"]}', content_type="application/json")
        assert (changed.json(JobView).name, changed.json(JobView).tags) == ("x", ("a",))
        refused = await ask("PATCH", f"/v1/jobs/{job}", b'{"state": "done"}', content_type="application/json")
        assert refused.problem.code == "malformed-request"


@in_loop
async def test_files_are_removed_when_the_job_has_ended():
    async with api() as (it, ask):
        job = (await ask.submit(submission())).json(JobView).id
        assert (await ask("DELETE", f"/v1/jobs/{job}/files")).problem.code == "not-final"
        it.launcher.write(f"{job}.1", "hello")
        it.launcher.end(f"{job}.1")
        await settle()
        assert (await ask("GET", f"/v1/jobs/{job}/log")).json(list[LogLine])[0].text == "hello"
        assert (await ask("DELETE", f"/v1/jobs/{job}/files")).json(JobView).state == "deleted"
        assert (await ask("DELETE", f"/v1/jobs/{job}/files")).json(JobView).state == "deleted"
        assert (await ask("GET", f"/v1/jobs/{job}/result")).problem.code == "files-deleted"
        assert (await ask("GET", f"/v1/jobs/{job}/submission")).problem.code == "files-deleted"
        assert (await ask("POST", f"/v1/jobs/{job}/rerun")).problem.code == "files-deleted"


@in_loop
async def test_what_was_sent_can_be_read_back():
    async with api() as (_, ask):
        body = submission(meta_data={"a": "b"})
        job = (await ask.submit(body)).json(JobView).id
        assert (await ask("GET", f"/v1/jobs/{job}/submission")).body == body


@in_loop
async def test_a_waiting_job_is_explained():
    async with api(slots=0) as (_, ask):
        await ask.submit(submission())
        job = (await ask.submit(submission())).json(JobView).id
        explanation = (await ask("GET", f"/v1/jobs/{job}/explain")).json(Explanation)
        assert explanation.summary == "The job waits behind 1 job."
        assert explanation.reasons[0] == "all places are taken: 0 jobs run"
        assert explanation.story == ("1970-01-01 00:16:40 accepted: LinAlg",)


@in_loop
async def test_a_job_in_a_cluster_tells_its_number_there_and_what_it_waits_for():
    async with api() as (it, ask):
        it.launcher.where = Standing(reasons=("job 71 waits in Slurm",))
        job = (await ask.submit(submission())).json(JobView).id
        await settle()
        assert (await ask("GET", f"/v1/jobs/{job}")).json(JobView).cluster_id == "71"
        assert (await ask("GET", f"/v1/jobs/{job}/explain")).json(Explanation).reasons == ("job 71 waits in Slurm",)


@pytest.mark.parametrize("code", ["unknown-service", "invalid-stack", "invalid-argument", "does-not-fit"])
@in_loop
async def test_what_cannot_run_is_refused_with_the_reason(code):
    async with api() as (it, ask):
        it.catalogue.error = InvalidSubmission(code, "no LinAgl", ["LinAlg"])
        problem = (await ask.submit(submission())).problem
        assert (problem.code, problem.detail, problem.context) == (code, "no LinAgl", {"near_names": ["LinAlg"]})
        assert (await ask("GET", "/v1/jobs")).json(JobPage).total == 0


@pytest.mark.parametrize("wait_s", ["-1", "61", "nan", "inf", "x", ""])
@in_loop
async def test_a_wait_that_is_none_is_refused(wait_s):
    async with api() as (_, ask):
        job = (await ask.submit(submission())).json(JobView).id
        for path in (f"/v1/jobs/{job}", f"/v1/jobs/{job}/result"):
            assert (await ask("GET", f"{path}?wait_s={wait_s}")).problem.code == "invalid-argument"


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
@in_loop
async def test_a_key_that_is_none_is_refused(key):
    async with api() as (_, ask):
        assert (await ask.submit(submission(), idempotency_key=key)).problem.code == "malformed-request"


@pytest.mark.parametrize("query", ["tag=a%00b", "name=%00", "owner=%00"])
@in_loop
async def test_a_text_that_no_database_keeps_is_refused(query):
    async with api() as (_, ask):
        problem = (await ask("GET", f"/v1/jobs?{query}", who="root")).problem
        assert (problem.code, "zero bytes" in problem.detail) == ("invalid-argument", True)


@pytest.mark.parametrize(
    ("error", "code", "retry_after"),
    [(StoreUnavailable("host db5: gone"), "overloaded", "1"), (StorageFull("disk /srv"), "storage-full", "60")],
)
@in_loop
async def test_a_store_that_fails_is_said_without_its_secrets(monkeypatch, caplog, error, code, retry_after):
    async def fail(*args, **kwargs):
        raise error

    async with api() as (it, ask):
        monkeypatch.setattr(it.store, "list", fail)
        reply = await ask("GET", "/v1/jobs")
        assert (reply.problem.code, reply.headers["retry-after"]) == (code, retry_after)
        assert str(error) not in reply.problem.detail
        assert str(error) in caplog.text
