"""Files go when their time has come, and much later what is known of their jobs."""

import asyncio

import pytest

from qat.comm.access.messages import LogLine
from qhpc.access.store.protocol import ApiToken, JobFilter, Session, UnknownJob
from qhpc.access.store.retention import expire, forget
from tests.unit.qhpc.access.store.blocking import added, done, job, running


def test_files_of_jobs_that_have_expired_are_removed(store):
    due = [done(store, retention_s=10.0 + n) for n in range(3)]
    kept = [done(store, retention_s=90.0), done(store), running(store, retention_s=0.0), added(store, retention_s=0.0)]
    assert store.runner.run(expire(store.store, 50.0)) == 3
    assert [store.get(job.id).state for job in due] == ["deleted"] * 3
    assert [store.get(job.id) for job in kept] == kept
    assert store.runner.run(expire(store.store, 50.0)) == 0


def test_more_than_one_batch_is_removed(store, monkeypatch):
    monkeypatch.setattr("qhpc.access.store.retention._BATCH", 2)
    due = [done(store, retention_s=1.0) for _ in range(5)]
    assert store.runner.run(expire(store.store, 50.0)) == 5
    assert {store.get(job.id).state for job in due} == {"deleted"}


def test_others_go_on_while_many_jobs_are_removed(store):
    for _ in range(20):
        done(store, retention_s=1.0)

    async def beside():
        turns = 0

        async def go_on():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        other = asyncio.create_task(go_on())
        nb_removed = await expire(store.store, 50.0)
        other.cancel()
        return nb_removed, turns

    nb_removed, turns = store.runner.run(beside())
    assert nb_removed == 20 and turns >= 20


def test_what_another_server_has_removed_meanwhile_is_no_error(store, monkeypatch):
    first, second = done(store, retention_s=1.0), done(store, retention_s=2.0)
    delete_files = store.store.delete_files

    async def too_late(job_id, time_s):
        if job_id == first.id:
            await delete_files(job_id, time_s)
        return await delete_files(job_id, time_s)

    monkeypatch.setattr(store.store, "delete_files", too_late)
    assert store.runner.run(expire(store.store, 50.0)) == 1
    assert store.get(second.id).state == "deleted"


def deleted(store, created_s, **fields):
    kept = done(store, created_s=created_s, **fields)
    return store.delete_files(kept.id, 20.0)


def test_old_jobs_without_files_are_forgotten_with_their_keys(store, monkeypatch):
    monkeypatch.setattr("qhpc.access.store.retention._BATCH", 2)
    old = [deleted(store, 10.0 + n, idempotency_key=f"k{n}", tags=("t",), account="lab") for n in range(3)]
    kept = [deleted(store, 90.0), done(store, created_s=1.0, tags=("t",)), added(store, created_s=1.0)]
    assert store.runner.run(forget(store.store, 150.0, 100.0)) == 3
    for job_id in (entry.id for entry in old):
        with pytest.raises(UnknownJob):
            store.get(job_id)
    assert [store.get(entry.id) for entry in kept] == kept
    assert store.find("eve", "k0") is None
    assert store.add(job(idempotency_key="k0"), b"other")[1]
    assert store.list(JobFilter(tags=("t",))).total == 1
    assert store.count(JobFilter(states=("deleted",))) == 1
    assert store.runner.run(forget(store.store, 150.0, 100.0)) == 0


def test_what_forgotten_jobs_have_used_stays(store):
    kept = deleted(store, 10.0)
    before = store.usage("eve")
    store.runner.run(forget(store.store, 1e6, 1.0))
    assert store.usage("eve") == before
    assert (before[0].nb_jobs, before[0].stored_bytes) == (1, 0)
    assert store.list(JobFilter()).items == ()
    assert kept.state == "deleted"


def test_nothing_but_tokens_is_forgotten_where_records_are_kept(store):
    kept = deleted(store, 10.0)
    session = Session(id="s1", owner="eve", created_s=1.0, closed_s=2.0)
    store.add_session(session)
    store.put_token(ApiToken(id="t1", owner="eve", secret_sha256="ab", scopes=(), created_s=1.0, expires_s=9.0))
    assert store.runner.run(forget(store.store, 1e9, None)) == 0
    assert (store.get(kept.id), store.session("s1"), store.tokens("eve")) == (kept, session, [])


def test_sessions_that_are_long_over_are_forgotten(store):
    over = {"s0": {"closed_s": 5.0}, "s1": {"expires_s": 5.0}, "s2": {"closed_s": 5.0, "expires_s": 90.0}}
    open_ = {"s3": {}, "s4": {"expires_s": 90.0}, "s5": {"closed_s": 60.0, "expires_s": 5.0}}
    for name, times in (over | open_).items():
        store.add_session(Session(id=name, owner="eve", created_s=1.0, **times))
    store.runner.run(forget(store.store, 60.0, 50.0))
    assert sorted(session.id for session in store.sessions("eve")) == ["s3", "s4", "s5"]


def lines(*texts, first=0):
    return [LogLine(number=first + n, time_s=1.0, stream="stdout", text=text) for n, text in enumerate(texts)]


def test_logs_count_as_stored_until_they_are_deleted(store):
    kept = running(store, submission=b"12345")
    store.append_log(kept.id, lines("näh", "x"))
    store.append_log(kept.id, lines("x", "four", first=1))
    assert store.get(kept.id).log_bytes == 9
    assert store.usage("eve")[0].stored_bytes == 5 + 9
    store.finish(kept.id, b"123", 5.0)
    assert store.usage("eve")[0].stored_bytes == 5 + 9 + 3
    assert store.delete_files(kept.id, 6.0).log_bytes == 0
    assert store.usage("eve")[0].stored_bytes == 0
