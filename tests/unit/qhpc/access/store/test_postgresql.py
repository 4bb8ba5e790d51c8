"""The store in PostgreSQL: several servers share it; it may go away."""

import asyncio

import pytest
from sqlalchemy import text

from qat.comm.access.messages import Progress
from qhpc.access.jobs.life_cycle import Cancelled, IllegalTransition, Progressed
from qhpc.access.store.factory import store_at
from qhpc.access.store.protocol import DamagedContent, JobFilter, StorageFull, StoreUnavailable
from qhpc.access.store.sql.database import plain_errors
from tests.unit.qhpc.access.store.blocking import done, job, running
from tests.unit.qhpc.access.store.conftest import Opened, with_database

LARGE = bytes(1 << 18)


@pytest.fixture
def servers(postgresql_url, tmp_path):
    """Two servers that share a database and a directory, and what runs them."""
    with Opened(postgresql_url, tmp_path / "files") as first:
        second = store_at(postgresql_url, directory=tmp_path / "files")
        first.runner.run(second.open())
        yield first, second
        first.runner.run(second.close())


def test_one_key_sent_to_two_servers_makes_one_job(servers):
    first, second = servers
    sends = [server.add(job(idempotency_key="k"), LARGE) for server in (first.store, second) for _ in range(5)]
    outcomes = first.together(*sends)
    assert sum(is_new for _, is_new in outcomes) == 1
    assert len({kept.id for kept, _ in outcomes}) == 1
    assert first.submission(outcomes[0][0].id) == LARGE


def test_one_of_two_servers_ends_a_job(servers):
    first, second = servers
    for _ in range(5):
        kept = running(first)
        ends = [first.store.finish(kept.id, LARGE, 5.0), second.finish(kept.id, LARGE, 5.0)]
        outcomes = first.together(*ends, second.apply(kept.id, Cancelled(time_s=5.0)))
        assert sum(isinstance(outcome, IllegalTransition) for outcome in outcomes) == 2
        assert first.result(kept.id) == (LARGE if first.get(kept.id).state == "done" else None)


def test_no_change_of_two_servers_is_lost(servers):
    first, second = servers
    kept = running(first)
    events = [Progressed(time_s=3.0, progress=Progress(iteration=n)) for n in range(10)]
    first.together(*(server.apply(kept.id, event) for server in (first.store, second) for event in events))
    assert first.get(kept.id).version == kept.version + 20


def test_without_a_directory_everything_is_in_the_database(postgresql_url, tmp_path):
    with Opened(postgresql_url, None) as store:
        kept = done(store, LARGE, submission=LARGE)
        assert (store.submission(kept.id), store.result(kept.id)) == (LARGE, LARGE)
        assert store.sweep(1e12) == 0
    with Opened(postgresql_url, tmp_path / "files") as store:
        assert store.result(kept.id) == LARGE
        in_file = done(store, LARGE)
    with (
        Opened(postgresql_url, None) as store,
        pytest.raises(DamagedContent, match="open the store with its directory"),
    ):
        store.result(in_file.id)


def test_a_server_that_is_not_there_is_not_available(tmp_path):
    async def main():
        store = store_at(f"postgresql://eve@/postgres?host={tmp_path}")
        try:
            await store.open()
        finally:
            await store.close()

    with pytest.raises(StoreUnavailable):
        asyncio.run(main())


def test_a_connection_that_was_cut_is_made_again(servers):
    first, second = servers
    kept = running(first)
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    first.runner.run(second._database.run(lambda connection: connection.exec_driver_sql(cut).all()))
    assert first.get(kept.id) == kept


def test_a_connection_cut_in_a_transaction_is_said_and_changes_nothing(servers):
    first, _ = servers
    kept = running(first)

    def work(connection):
        connection.exec_driver_sql("UPDATE jobs SET state = 'done'")
        connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(StoreUnavailable):
        first.runner.run(first.store._database.run(work))
    assert first.count(JobFilter(states=("done",))) == 0
    assert first.get(kept.id) == kept


def test_a_full_disk_is_said(servers):
    def work(connection):
        connection.exec_driver_sql("DO $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$")

    first, _ = servers
    with pytest.raises(StorageFull, match="no space left"):
        first.runner.run(first.store._database.run(work))


def test_other_errors_stay_what_they_are():
    with pytest.raises(ZeroDivisionError), plain_errors():
        _ = 1 / 0


def test_one_server_has_the_database_until_it_ends(servers):
    first, second = servers
    claim = first.runner.run
    assert [first.claim(), first.claim(), claim(second.claim()), first.claim()] == [True, True, False, True]
    claim(first.store.close())
    assert claim(second.claim())
    assert not first.claim()


def ended_by_the_server(store):
    """The database ends the connection that holds the lock."""
    end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    return store._database.run(lambda connection: connection.execute(text(end)).scalar_one())


def test_a_claim_that_broke_is_made_again(servers):
    first, second = servers
    assert first.claim()
    assert first.runner.run(ended_by_the_server(first.store))
    assert first.claim()
    assert not first.runner.run(second.claim())


def test_a_claim_that_broke_may_be_lost_to_another(servers):
    first, second = servers
    assert first.claim()
    assert first.runner.run(ended_by_the_server(second))
    assert first.runner.run(second.claim())
    assert not first.claim()


def test_a_database_with_too_many_connections_is_not_available(migrated_postgresql):
    """Refused while connecting, where the driver's own error comes up."""

    async def say(statement):
        await with_database(migrated_postgresql, lambda database: database.run(lambda c: c.execute(text(statement))))

    async def main():
        await say("CREATE ROLE crowd LOGIN CONNECTION LIMIT 0")
        store = store_at(migrated_postgresql.replace("//tests@", "//crowd@"))
        try:
            await store.open()
        finally:
            await store.close()
            await say("DROP ROLE crowd")

    with pytest.raises(StoreUnavailable, match="too many connections"):
        asyncio.run(main())
