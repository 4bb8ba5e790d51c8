"""Files go when their time has come."""

from qhpc.access.store.retention import expire
from tests.unit.qhpc.access.store.blocking import added, done, running


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
