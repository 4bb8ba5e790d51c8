"""Whatever is done to them, the stores in databases tell the same as the one in memory."""

import asyncio
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test

from qat.comm.access.messages import LogLine, Progress
from qhpc.access.jobs.ids import new_id
from qhpc.access.jobs.life_cycle import (
    Cancelled,
    CancelRequested,
    Failed,
    IllegalTransition,
    Launched,
    Progressed,
    Requeued,
    Started,
    Stopped,
)
from qhpc.access.jobs.record import JobRecord
from qhpc.access.store.factory import store_at
from qhpc.access.store.memory import MemoryStore
from qhpc.access.store.protocol import JobFilter, KeyReused, UnknownJob
from tests.unit.qhpc.access.store.blocking import ESTIMATE, FAILURE
from tests.unit.qhpc.access.store.conftest import empty

REFUSALS = (IllegalTransition, KeyReused, UnknownJob, ValueError)
CONTENTS = st.sampled_from([b"", b"small", bytes(1 << 17)])
TAGS = st.lists(st.sampled_from("xyz"), max_size=3).map(tuple)
TIMES_S = st.sampled_from([1.0, 2.5, 10.0])
EVENTS = st.one_of(
    TIMES_S.map(lambda time_s: Launched(time_s=time_s, launcher="local", handle="7")),
    TIMES_S.map(lambda time_s: Started(time_s=time_s)),
    TIMES_S.map(lambda time_s: Progressed(time_s=time_s, progress=Progress(value=float("-inf")))),
    TIMES_S.map(lambda time_s: Failed(time_s=time_s, failure=FAILURE)),
    TIMES_S.map(lambda time_s: Stopped(time_s=time_s, failure=FAILURE)),
    TIMES_S.map(lambda time_s: CancelRequested(time_s=time_s)),
    TIMES_S.map(lambda time_s: Cancelled(time_s=time_s)),
    TIMES_S.map(lambda time_s: Requeued(time_s=time_s, reason="lost")),
)
FILTERS = st.builds(
    JobFilter,
    owner=st.sampled_from([None, "ada", "bob"]),
    account=st.sampled_from([None, "lab"]),
    states=st.none() | st.lists(st.sampled_from(["waiting", "running", "done", "failed", "deleted"])).map(tuple),
    tags=TAGS,
    name=st.sampled_from([None, "a"]),
    created_after_s=st.sampled_from([None, 3.0]),
)


class Twins(RuleBasedStateMachine):
    """A store in a database and one in memory, to which the same is done."""

    url = ""

    def __init__(self):
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.twins = [MemoryStore(), self.open_store()]
        self.number = 0

    def open_store(self):
        """The store in the database, empty."""
        url = self.url
        if url.startswith("sqlite"):
            shutil.copy(url.removeprefix("sqlite:///"), self.directory / "jobs.sqlite")
            url = f"sqlite:///{self.directory}/jobs.sqlite"
        store = store_at(url, directory=self.directory / "files")
        self.runner.run(store.open())
        self.runner.run(empty(store._database))
        return store

    def teardown(self):
        self.runner.run(self.twins[1].close())
        self.runner.close()
        shutil.rmtree(self.directory)

    def same(self, method, *args, **kwargs):
        """What both tell, or refuse with, which has to be the same."""
        told = [self.runner.run(outcome(getattr(store, method), args, kwargs)) for store in self.twins]
        assert told[0] == told[1]
        return told[0]

    jobs = Bundle("jobs")

    @rule(
        target=jobs,
        content=CONTENTS,
        owner=st.sampled_from(["ada", "bob"]),
        key=st.sampled_from([None, "k1", "k2"]),
        tags=TAGS,
        name=st.sampled_from([None, "a", "b"]),
        account=st.sampled_from([None, "lab"]),
    )
    def add(self, content, owner, key, tags, name, account):
        self.number += 1
        job = JobRecord(
            id=new_id(self.number // 2, self.number),
            created_s=float(self.number // 2),
            owner=owner,
            account=account,
            idempotency_key=key,
            tags=tags,
            name=name,
            retention_s=5.0,
            estimate=ESTIMATE,
        )
        told = self.same("add", job, content)
        return told[0].id if isinstance(told, tuple) and told[1] is True else multiple()

    @rule(job_id=jobs, events=st.lists(EVENTS, max_size=3))
    def apply(self, job_id, events):
        self.same("apply", job_id, *events)

    @rule(job_id=jobs)
    def run_it(self, job_id):
        self.same("apply", job_id, Launched(time_s=1.0, launcher="local", handle="7"), Started(time_s=2.0))

    @rule(job_id=jobs, content=CONTENTS, time_s=TIMES_S)
    def finish(self, job_id, content, time_s):
        self.same("finish", job_id, content, time_s)

    @rule(job_id=jobs)
    def delete_files(self, job_id):
        self.same("delete_files", job_id, 20.0)

    @rule(job_id=jobs, tags=st.none() | TAGS, name=st.sampled_from([None, "a", "c"]))
    def edit(self, job_id, tags, name):
        self.same("edit", job_id, tags=tags, name=name)

    @rule(job_id=jobs, first=st.integers(0, 5), nb=st.integers(0, 4))
    def append_log(self, job_id, first, nb):
        lines = [LogLine(number=n, time_s=1.0, stream="stdout", text=f"line {n}") for n in range(first, first + nb)]
        self.same("append_log", job_id, lines)
        self.same("log", job_id, first=first // 2, limit=3)

    @rule(which=FILTERS, limit=st.integers(1, 5), order=st.sampled_from(["newest", "oldest"]))
    def list(self, which, limit, order):
        cursor = self.same("list", which, limit=limit, order=order).next_cursor
        if cursor is not None:
            self.same("list", which, limit=limit, order=order, cursor=cursor)
        self.same("count", which)

    @rule(time_s=st.sampled_from([3.0, 8.0, 30.0]))
    def look_after(self, time_s):
        self.same("unfinished")
        self.same("expired", time_s, 2)

    @rule(number=st.integers(1, 3))
    def forget(self, number):
        self.same("forget_jobs", float(self.number // 2), number)

    @rule(job_id=jobs)
    def read(self, job_id):
        for method in ("get", "submission", "result", "log"):
            self.same(method, job_id)

    @invariant()
    def usage_is_the_same(self):
        self.same("usage")

    @invariant()
    def every_file_belongs_to_a_job(self):
        assert self.runner.run(self.twins[1].sweep(1e12)) == 0


async def outcome(method, args, kwargs):
    """What a method tells, or the class of what it refuses with."""
    try:
        return await method(*args, **kwargs)
    except REFUSALS as error:
        return type(error)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_twins_tell_the_same(request, kind):
    fixture = "sqlite_url" if kind == "sqlite" else "migrated_postgresql"
    machine = type("Machine", (Twins,), {"url": request.getfixturevalue(fixture)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=8,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
