"""Version, services, usage, sessions, events through the API."""

import pytest

from qat.comm.access.messages import JobPage, JobView, ServiceView, SessionView, Usage
from qat.comm.broker.usage import QpuUsage
from tests.unit.qhpc.access.api.asking import api
from tests.unit.qhpc.access.service.scripted import in_loop, settle, submission


@in_loop
async def test_the_version_is_told_to_anyone():
    async with api() as (_, ask):
        told = (await ask("GET", "/v1/version", who=None)).json()
        assert told["api"] == 1
        assert told["server"].startswith("openqat ")


@in_loop
async def test_services_are_sent_once():
    async with api() as (_, ask):
        reply = await ask("GET", "/v1/services")
        assert [view.name for view in reply.json(list[ServiceView])] == ["LinAlg"]
        again = await ask("GET", "/v1/services", if_none_match=reply.headers["etag"])
        assert (again.status, again.body) == (304, b"")
        assert (await ask("GET", "/v1/services", if_none_match='"other"')).status == 200


@in_loop
async def test_usage_is_told_to_its_owner_and_to_operators():
    async with api() as (_, ask):
        await ask.submit(submission())
        await ask.submit(submission(), who="bob")
        mine = (await ask("GET", "/v1/usage")).json(list[Usage])
        assert [(usage.owner, usage.nb_jobs) for usage in mine] == [("ada", 1)]
        assert (await ask("GET", "/v1/usage?all=1")).problem.code == "forbidden"
        everyone = (await ask("GET", "/v1/usage?all=1", who="root")).json(list[Usage])
        assert {usage.owner for usage in everyone} == {"ada", "bob"}


class Broker:
    """Tells of everybody whom it is asked about."""

    def __init__(self):
        self.asked = []

    async def usage(self, *question):
        self.asked.append(question)
        return (QpuUsage(name=question[0] or "all", used_s=2.5, nb_sessions=1),)


@in_loop
async def test_the_use_of_qpus_is_told_to_its_owner_and_to_operators():
    broker = Broker()
    async with api() as (world, ask):
        world.service._qpu_queue = broker
        mine = (await ask("GET", "/v1/usage/qpus?by=qpu&since=10&until=20.5")).json(list[QpuUsage])
        assert [(usage.name, usage.used_s) for usage in mine] == [("ada", 2.5)]
        assert (await ask("GET", "/v1/usage/qpus?all=1")).problem.code == "forbidden"
        everyone = (await ask("GET", "/v1/usage/qpus?all=1", who="root")).json(list[QpuUsage])
        assert [usage.name for usage in everyone] == ["all"]
        for query in ("by=phase", "since=-1", "until=nan"):
            assert (await ask("GET", f"/v1/usage/qpus?{query}")).problem.code == "invalid-argument"
        await ask("GET", "/v1/usage/qpus?user=bob")  # nobody chooses whose
    assert broker.asked == [("ada", "qpu", 10.0, 20.5), (None, "user", 0.0, 1e11), ("ada", "user", 0.0, 1e11)]


@in_loop
async def test_a_site_without_shared_qpus_says_so():
    async with api() as (_, ask):
        assert (await ask("GET", "/v1/usage/qpus")).problem.code == "no-broker"
        assert (await ask("GET", "/v1/usage/qpus", who=None)).problem.code == "not-authenticated"


# Sessions


async def opened(ask, **fields):
    return (await ask.post("/v1/sessions", fields)).json(SessionView)


@in_loop
async def test_jobs_of_a_session_are_counted_and_listed():
    async with api() as (_, ask):
        session = await opened(ask, name="vqe")
        job = (await ask.submit(submission(session_id=session.id))).json(JobView)
        await ask.submit(submission())
        assert job.session_id == session.id
        shown = (await ask("GET", f"/v1/sessions/{session.id}")).json(SessionView)
        assert (shown.name, shown.state, shown.nb_jobs) == ("vqe", "open", 1)
        page = (await ask("GET", f"/v1/jobs?session={session.id}")).json(JobPage)
        assert [item.id for item in page.items] == [job.id]
        assert [item.id for item in (await ask("GET", "/v1/sessions")).json(list[SessionView])] == [session.id]


@in_loop
async def test_a_closed_session_takes_no_jobs():
    async with api(slots=0) as (it, ask):
        session = await opened(ask)
        job = (await ask.submit(submission(session_id=session.id))).json(JobView).id
        assert (await ask("DELETE", f"/v1/sessions/{session.id}")).json(SessionView).state == "closed"
        assert await it.state(job) == "waiting"
        assert (await ask.submit(submission(session_id=session.id))).problem.code == "session-closed"
        await ask("DELETE", f"/v1/sessions/{session.id}?cancel=1")
        assert await it.state(job) == "cancelled"


@in_loop
async def test_a_session_closes_by_itself():
    async with api() as (it, ask):
        session = await opened(ask, max_time_s=60)
        it.clock.now_s += 61
        assert (await ask.submit(submission(session_id=session.id))).problem.code == "session-closed"
        assert (await ask("GET", f"/v1/sessions/{session.id}")).json(SessionView).state == "closed"


@in_loop
async def test_a_session_is_its_owner_s():
    async with api() as (_, ask):
        session = await opened(ask)
        for problem in (
            (await ask("GET", f"/v1/sessions/{session.id}", who="bob")).problem,
            (await ask("DELETE", f"/v1/sessions/{session.id}", who="bob")).problem,
            (await ask.submit(submission(session_id=session.id), who="bob")).problem,
            (await ask.submit(submission(session_id="../x"))).problem,
        ):
            assert (problem.status, problem.code) == (404, "unknown-session")


@pytest.mark.parametrize("fields", [{"max_time_s": 0}, {"max_time_s": -1}, {"name": "x" * 201}, {"other": 1}])
@in_loop
async def test_a_session_that_is_none_is_refused(fields):
    async with api() as (_, ask):
        assert (await ask.post("/v1/sessions", fields)).problem.code == "malformed-request"


# Events


@in_loop
async def test_events_are_sent_as_they_are_specified():
    async with api() as (it, ask):
        job = (await ask.submit(submission())).json(JobView).id
        it.launcher.write(f"{job}.1", "two\nlines")
        it.launcher.end(f"{job}.1")
        await settle()
        reply = await ask("GET", f"/v1/jobs/{job}/events")
        assert reply.headers["content-type"].startswith("text/event-stream")
        events = [block.split("\n") for block in reply.body.decode().strip().split("\n\n")]
        assert [lines[0] for lines in events] == ["event: state", "event: log", "event: end"]
        assert all(len(lines) == 3 and lines[1].startswith("id: ") for lines in events)
        last = events[1][1].removeprefix("id: ")
        rest = await ask("GET", f"/v1/jobs/{job}/events", last_event_id=last)
        assert rest.body.decode().startswith("event: end")
