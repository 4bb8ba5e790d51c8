"""Jobs and their results: waiting, states, what failed, what is known."""

import asyncio
from datetime import UTC, datetime

import pytest

from qat.comm.access.messages import Failure, Problem
from qat.core import BatchResult, Circuit, Result
from qat.core.enums import JobStatus
from qat.core.errors import GeneratorException, PluginException, QPUException
from qat.qlmaas import AsyncResult, result
from qat.qlmaas.errors import (
    FilesDeletedError,
    JobCancelledError,
    JobFailedError,
    JobNotDoneError,
    JobStoppedError,
    QLMaaSError,
    UnknownJobError,
    UnreachableError,
    WaitExpiredError,
    exception_of,
)


@pytest.fixture
def submit(connected):
    def send(**options):
        return connected.get_qpu("LinAlg")().submit(Circuit.empty(1).to_job(), **options)

    return send


@pytest.fixture
def no_sleep(connected, monkeypatch):
    """Waiting takes no time, but the clock goes on."""
    from dataclasses import replace

    clock = iter(range(10**9))
    patience = replace(connected.client._patience, sleep=lambda seconds: None, clock=lambda: next(clock))
    monkeypatch.setattr(connected.client, "_patience", patience)


def test_join_waits(submit, server):
    future = submit()
    server.pending = 4
    assert isinstance(future.join(), Result) and future.join() is future.get_result()
    assert server.requests.count(("GET", "/jobs/j1/result")) == 4


def test_join_with_a_deadline(submit, server):
    future = submit()
    server.pending = 10**9
    with pytest.raises(WaitExpiredError, match=r"job j1 is running after 0.02 s; join\(\) again"):
        future.join(timeout=0.02)
    with pytest.raises(TimeoutError):
        future.join(0)
    server.pending = 0
    assert isinstance(future.join(timeout=5), Result)


def test_join_survives_outages(submit, server, no_sleep):
    future = submit()
    server.faults = [UnreachableError("gone")] * 20
    assert isinstance(future.join(), Result)
    future = submit()
    server.faults = [UnreachableError("gone")] * 10**4
    with pytest.raises(UnreachableError):
        future.join()


def test_a_deadline_during_an_outage(submit, server, monkeypatch):
    future = submit()
    server.faults = [UnreachableError("gone")] * 10**4
    with pytest.raises(WaitExpiredError) as expired:
        future.join(timeout=0.02)
    assert isinstance(expired.value.__cause__, UnreachableError)
    server.faults = [UnreachableError("who?", "not-trusted")]
    with pytest.raises(UnreachableError, match="who"):
        future.join(timeout=5)


def test_await(submit, server):
    future, other = submit(), submit()
    server.pending = 3

    async def both():
        return await asyncio.gather(future, other)

    first, second = asyncio.run(both())
    assert isinstance(first, Result) and isinstance(second, Result)


def test_get_result_does_not_wait(submit, server, connected):
    future = submit()
    server.pending = 3
    with pytest.raises(JobNotDoneError, match="job j1 is running"):
        future.get_result()
    assert connected.get_result("j1") is None
    server.pending = 0
    assert isinstance(future.get_result(), Result) and isinstance(connected.get_result("j1"), Result)


@pytest.mark.parametrize(
    ("state", "error", "number", "text"),
    [
        ("cancelled", JobCancelledError, JobStatus.CANCELLED, "cancelled"),
        ("stopped", JobStoppedError, JobStatus.STOPPED, "stopped"),
        ("deleted", FilesDeletedError, JobStatus.DELETED, "deleted"),
    ],
)
def test_jobs_without_a_result(submit, server, state, error, number, text):
    future = submit()
    server._set("j1", state=state)
    with pytest.raises(error) as raised:
        future.join()
    assert raised.value.request_id == "r-1" and "[request r-1]" in str(raised.value)
    assert (future.get_status(False), future.get_status()) == (number, text)


@pytest.mark.parametrize("cls", [QPUException, PluginException, GeneratorException])
def test_what_a_service_raised_is_raised_again(submit, server, cls):
    future = submit()
    failure = Failure(exception=cls.__name__, message="too hot", code=4, modulename="qat.qpus.hot")
    server._set("j1", state="failed", failure=failure)
    with pytest.raises(cls) as raised:
        future.join()
    assert type(raised.value) is cls
    assert (raised.value.code, raised.value.modulename, raised.value.message) == (4, "qat.qpus.hot", "too hot")
    assert raised.value.__notes__ == ["raised on the server; request r-1"]
    assert future.get_info().message == "too hot" and future.get_status() == "failed"


def test_what_the_server_says_of_a_failure(submit, server):
    future = submit()
    server._set("j1", state="failed", failure=Failure(exception="ServerError", message="lost", reason="runner-lost"))
    with pytest.raises(JobFailedError, match="lost") as raised:
        future.join()
    assert raised.value.context["reason"] == "runner-lost" and raised.value.code == "job-failed"


def test_unknown_jobs(connected):
    lost = connected.get_job("nobody/../j1")
    assert lost.get_status() == "unknown_job" and lost.get_status(False) == JobStatus.UNKNOWN_JOB
    assert connected.get_status("x") == "unknown_job"
    with pytest.raises(UnknownJobError, match="no job 'x'"):
        connected.get_job("x").join()
    with pytest.raises(LookupError):
        connected.cancel_job("x")


def test_what_is_known(submit, server, connected):
    future = submit(name="n", tags=["t"], meta_data={"k": "v"})
    info = connected.get_job("j1").get_info()
    assert (info.id, info.status, info.owner, info.type) == ("j1", JobStatus.DONE, "me", 0)
    assert info.submission_date == "1970-01-01T00:16:40+00:00" and info.meta_data == {"k": "v"}
    resources = info.resources
    assert (resources.qpu, resources.nbqbits, resources.job_count) == ("LinAlg", 2, 1)
    assert resources.mem_necessary_biggest_job_mb == 3
    assert future.submission_date == datetime(1970, 1, 1, 0, 16, 40, tzinfo=UTC)
    assert future.starting_date < future.ending_date and future.queue() is None
    assert len(future.get_batch().jobs) == 1 and future.get_id() == future.id == "j1"
    assert [line.text for line in future.log(first=1)] == ["line 1", "line 2"]
    assert future.explain().summary == "it runs"
    assert "LinAlg" in future._repr_html_() and repr(future) == "<job j1: done>"
    assert repr(connected.get_job("j1")) == "<job j1>"


def test_a_job_without_jobs(connected):
    connected.get_qpu("LinAlg")().get_specs()
    with pytest.raises(LookupError, match="without jobs"):
        connected.get_job("j1").get_batch()


def test_cancel_delete_rerun_edit(submit, server, connected):
    future = submit()
    server._set("j1", state="running")
    with pytest.raises(JobNotDoneError):
        future.delete_files()
    assert future.cancel() and future.cancel()
    assert connected.delete_job_files("j1")
    assert not submit().cancel()
    again = future.rerun()
    assert again.id == "j3" and again.view.parent_id == "j1"
    again.edit(name="new", tags=["x"])
    assert (again.view.name, again.view.tags) == ("new", ("x",))
    again.edit(tags=[])
    assert (again.view.name, again.view.tags) == ("new", ())


def test_wait_tells_whether_it_ended(submit, server):
    future = submit()
    server.pending = 3
    assert not future.wait(timeout=0) and future.wait()


def test_a_result_needs_a_connection():
    with pytest.raises(AssertionError, match="expected a QLMaaSConnection"):
        AsyncResult("j1", object())


# ---------------------------------------------------------------- lists and sessions
def test_lists(submit, connected):
    for index in range(5):
        submit(tags=["even"] if index % 2 == 0 else [])
    page = connected.jobs(limit=2)
    assert (len(page), page.total, page[0].id, repr(page)) == (2, 5, "j5", "<2 of 5 jobs>")
    assert [job.id for job in page.next()] == ["j3", "j2"] and page.next().next().next() is None
    assert [job.id for job in connected.jobs(tag="even", limit=1)] == ["j5"]
    connected.delete_job_files("j2")
    assert [job.id for job in connected.get_jobs(limit=2)] == ["j5", "j4", "j3", "j1"]
    assert [info.id for info in connected.get_jobs_info()] == ["j5", "j4", "j3", "j2", "j1"]
    assert connected.jobs(state=["deleted", "failed"]).total == 1
    connected.jobs(created_after=datetime(1970, 1, 2, tzinfo=UTC), created_before=5.0)


def test_filters_are_sent(connected, server):
    connected.jobs(created_after=datetime(1970, 1, 2, tzinfo=UTC), created_before=5.0, order="oldest", owner="x")
    assert server.query == {
        "created_after": ["86400.0"], "created_before": ["5.0"], "order": ["oldest"], "owner": ["x"],
    }  # fmt: skip


def test_sessions(submit, server, connected):
    with connected.session(name="outer", max_time_s=60) as outer:
        submit()
        with connected.session() as inner:
            submit()
        submit()
        assert outer.info().state == "open" and inner.info().state == "closed"
    submit()
    submit(session=outer)
    assert [view.session_id for view in server.jobs.values()] == ["s0", "s1", "s0", None, "s0"]
    assert [job.id for job in outer.jobs()] == ["j5", "j3", "j1"]
    assert [session.name for session in connected.sessions()] == ["outer", None]
    assert repr(connected.sessions()[0]) == "<session outer: closed>"
    server._set("j2", state="running")
    inner.cancel()
    assert server.jobs["j2"].state == "cancelled" and connected.get_jobs_info()[0].session_id == "s0"


def test_usage(submit, connected):
    submit()
    assert connected.usage()[0].nb_jobs == 1 and connected.usage(all_users=True)


def test_use_of_qpus(server, connected):
    assert connected.qpu_usage()[0].used_s == 2.5
    assert connected.qpu_usage("job", 1.5, 2.5, all_users=True)[0].nb_tasks == 3
    assert server.query == {"by": ["job"], "since": ["1.5"], "until": ["2.5"], "all": ["1"]}


# ---------------------------------------------------------------- problems
def test_every_problem_has_an_exception():
    from qat.comm.access.problems import PROBLEMS

    for code, kind in PROBLEMS.items():
        error = exception_of(Problem(title=kind.title, status=kind.status, detail="why", code=code, request_id="7"))
        assert isinstance(error, QLMaaSError) and error.message == "why" and error.request_id == "7"
        assert error.retryable == (kind.retryable and code != "too-many-attempts")
        assert str(error) == "why [request 7]"


def test_exceptions_pickle_and_compare():
    import copy

    from qat.qlmaas import errors

    for name in errors.__all__:
        cls = getattr(errors, name)
        if isinstance(cls, type):
            error = cls("why", "code")
            assert copy.copy(error) == error and "why" in repr(error)


def test_polls_are_long_but_bounded():
    assert result.LONGEST_POLL_S <= 60 and isinstance(BatchResult(results=[]), BatchResult)
