"""The store in SQLite: what stays after a restart, a crash at any step, or a full disk."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from qat.comm.access.messages import LogLine
from qhpc.access.jobs.life_cycle import IllegalTransition, Started
from qhpc.access.store.factory import InvalidStoreUrl, store_at
from qhpc.access.store.protocol import DamagedContent, JobFilter, StorageFull, StoreUnavailable, UnknownJob
from qhpc.access.store.sql import job_rows
from tests.unit.qhpc.access.store.blocking import added, done, job, running
from tests.unit.qhpc.access.store.conftest import Opened

LARGE = bytes(range(256)) * 1024


@pytest.fixture
def place(sqlite_url, tmp_path):
    """Address and directory of an empty store."""
    return sqlite_url, tmp_path / "files"


@pytest.fixture
def sqlite(place):
    with Opened(*place) as opened:
        yield opened


def file_names(place):
    return sorted(path.name for path in place[1].iterdir())


def everything(store):
    """All that a store tells of its jobs."""
    jobs = store.list(JobFilter(), limit=100).items
    return [(one, store.submission(one.id), store.result(one.id), store.log(one.id)) for one in jobs], store.usage()


def test_all_is_there_after_a_restart(place):
    with Opened(*place) as store:
        done(store, LARGE, submission=LARGE, tags=("x",), idempotency_key="k")
        store.append_log(running(store).id, [LogLine(number=0, time_s=0.5, stream="stdout", text="x")])
        before = everything(store)
    with Opened(*place) as store:
        assert everything(store) == before
        assert store.find("eve", "k") is not None


def test_the_files_are_private(place, sqlite):
    done(sqlite, LARGE)
    for path in Path(place[0].removeprefix("sqlite:///")).parent.glob("jobs.sqlite*"):
        assert path.stat().st_mode & 0o077 == 0 or path.name == "jobs.sqlite"  # copied by the fixture


def test_a_new_database_is_private(tmp_path):
    path = tmp_path / "new" / "jobs.sqlite"
    with Opened(f"sqlite:///{path}", None) as store:
        done(store, LARGE)
        assert {item.stat().st_mode & 0o077 for item in path.parent.iterdir()} == {0}
        assert len(list((path.parent / "jobs-files").iterdir())) == 1


def test_nobody_loses_a_commit_that_was_waited_for(sqlite, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: synced.append(os.fstat(descriptor).st_size))
    added(sqlite)
    sqlite.sync()
    log = Path(f"{sqlite.store._database._path}-wal")
    assert synced[-1] == log.stat().st_size > 0


# Crashes


class Crash(BaseException):
    """As if the process had been killed: nothing after it is done."""


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("step", ["_keep", "_database.run"])
@pytest.mark.parametrize("size", [3, len(LARGE)])
def test_wherever_finish_is_cut_off_a_done_job_has_its_result(place, monkeypatch, step, size, is_after):
    """The process dies before or after each step: no code of ours tidies up."""
    with Opened(*place) as store:
        kept = running(store)
        cut_off(store.store, monkeypatch, step, is_after=is_after)
        with pytest.raises(Crash):
            store.finish(kept.id, LARGE[:size], 5.0)
    with Opened(*place) as store:
        found = store.get(kept.id)
        assert found.state == ("done" if step == "_database.run" and is_after else "running")
        if found.state == "running":
            assert store.result(kept.id) is None
            store.finish(kept.id, LARGE[:size], 6.0)
        assert store.result(kept.id) == LARGE[:size]


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("step", ["_keep", "_database.run"])
def test_wherever_add_is_cut_off_a_client_can_send_again(place, monkeypatch, step, is_after):
    with Opened(*place) as store:
        cut_off(store.store, monkeypatch, step, is_after=is_after)
        with pytest.raises(Crash):
            store.add(job(idempotency_key="k"), LARGE)
    with Opened(*place) as store:
        kept, is_new = store.add(job(idempotency_key="k"), LARGE)
        assert is_new is not (step == "_database.run" and is_after)
        assert store.submission(kept.id) == LARGE
        assert store.count(JobFilter()) == 1


def cut_off(store, monkeypatch, step, *, is_after):
    """Let a store die at a step, and not tidy up."""
    *path, name = step.split(".")
    owner = getattr(store, path[0]) if path else store
    original = getattr(owner, name)

    async def die(*args):
        if args[0] is job_rows.read_job:
            return await original(*args)
        if is_after:
            await original(*args)
        raise Crash

    async def nothing(*args):
        pass

    monkeypatch.setattr(owner, name, die)
    monkeypatch.setattr(store, "_undo", nothing)


@pytest.mark.parametrize("function", ["_update", "add_to"])
def test_a_transaction_that_fails_half_way_changes_nothing(place, sqlite, monkeypatch, function):
    kept = running(sqlite)
    before = everything(sqlite)

    def fail(*args):
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(job_rows, function, fail)
        with pytest.raises(Crash):
            sqlite.finish(kept.id, LARGE, 5.0)
    assert everything(sqlite) == before
    assert file_names(place) == []
    assert sqlite.finish(kept.id, LARGE, 5.0).state == "done"


def test_what_a_crash_leaves_is_swept_away_and_nothing_else(place, monkeypatch):
    with Opened(*place) as store:
        kept = done(store, LARGE, submission=LARGE)
        lost = running(store, submission=LARGE)
        cut_off(store.store, monkeypatch, "_database.run", is_after=False)
        with pytest.raises(Crash):
            store.finish(lost.id, LARGE, 5.0)
    with Opened(*place) as store:
        assert len(file_names(place)) == 4
        assert store.sweep(0.0) == 0  # too young
        assert store.sweep(1e12) == 1
        assert (store.result(kept.id), store.submission(kept.id), store.submission(lost.id)) == (LARGE,) * 3
        store.delete_files(kept.id, 9.0)
        assert len(file_names(place)) == 1


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from qhpc.access.jobs.ids import new_id
from qhpc.access.jobs.record import JobRecord
from qhpc.access.store.factory import store_at

async def main():
    store = store_at(sys.argv[1], directory=Path(sys.argv[2]))
    await store.open()
    for number in range(1000):
        job, _ = await store.add(JobRecord(id=new_id(number), owner="eve"), bytes(number * 400))
        print(job.id, flush=True)
        if number == 100:
            os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def test_what_was_accepted_survives_a_kill(place):
    command = [sys.executable, "-c", KILLED, place[0], str(place[1])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    accepted = told.stdout.split()
    assert (told.returncode, len(accepted)) == (-9, 101)
    with Opened(*place) as store:
        assert [len(store.submission(job_id)) for job_id in accepted] == [400 * number for number in range(101)]


# Damage and full disks


def test_damage_is_noticed(place, sqlite):
    small, large = done(sqlite, b"out"), done(sqlite, LARGE)
    [name] = file_names(place)
    (place[1] / name).write_bytes(LARGE[1:])
    with sqlite3.connect(place[0].removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE contents SET content = x'00' WHERE kind = 'result'")
    connection.close()
    for damaged in (small, large):
        with pytest.raises(DamagedContent, match=damaged.id):
            sqlite.result(damaged.id)
    (place[1] / name).unlink()
    with pytest.raises(DamagedContent, match="gone"):
        sqlite.result(large.id)


def test_a_file_that_goes_while_it_is_read_belongs_to_a_deleted_job(place, sqlite, monkeypatch):
    kept = done(sqlite, LARGE, submission=LARGE)
    read = sqlite.store._files.read

    def too_late(name):
        if name.kind == "submission":
            asyncio.run(sqlite.store.delete_files(kept.id, 9.0))
        return read(name)

    monkeypatch.setattr(sqlite.store._files, "read", too_late)
    with pytest.raises(UnknownJob):
        sqlite.submission(kept.id)


def test_a_full_database_takes_nothing_and_lives(sqlite):
    kept = running(sqlite)
    limit_pages(sqlite, 1)
    with pytest.raises(StorageFull, match="full"):
        for number in range(100):
            added(sqlite, submission=bytes(10_000), created_s=float(number))
    accepted = sqlite.count(JobFilter())
    with pytest.raises(StorageFull):
        sqlite.finish(kept.id, bytes(60_000), 5.0)
    assert sqlite.get(kept.id) == kept
    assert sqlite.result(kept.id) is None
    limit_pages(sqlite, 1 << 20)
    assert sqlite.count(JobFilter()) == accepted
    assert sqlite.finish(kept.id, bytes(60_000), 5.0).state == "done"


def limit_pages(store, nb_pages):
    """Let the database have so many pages; it never has fewer than it uses."""
    run = store.store._database.run
    asyncio.run(run(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count={nb_pages}").scalar()))


def test_no_file_is_kept_when_the_database_is_full(place, sqlite):
    limit_pages(sqlite, 1)
    with pytest.raises(StorageFull):
        for number in range(100):
            added(sqlite, submission=LARGE, created_s=float(number), meta_data={"k": "v" * 1000})
    assert len(file_names(place)) == sqlite.count(JobFilter())


def test_a_database_that_others_hold_is_not_available(place, sqlite, monkeypatch):
    kept = added(sqlite)
    asyncio.run(sqlite.store._database.run(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout=1")))
    other = sqlite3.connect(place[0].removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        sqlite.edit(kept.id, name="x")
    other.execute("ROLLBACK")
    other.close()
    assert sqlite.edit(kept.id, name="x").name == "x"


def test_a_store_that_is_not_open_says_so(place):
    with pytest.raises(RuntimeError, match="not open"):
        asyncio.run(store_at(place[0]).get("x"))


def test_an_illegal_change_leaves_the_connection_usable(sqlite):
    kept = added(sqlite)
    with pytest.raises(IllegalTransition):
        sqlite.apply(kept.id, Started(time_s=1.0))
    assert sqlite.get(kept.id) == kept


@pytest.mark.parametrize(
    "url", ["", "memory", "memory:x", "sqlite:", "sqlite:///", "sqlite://x", "mysql://h/n", "/path"]
)
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(InvalidStoreUrl, match="expected memory:"):
        store_at(url)


def test_an_address_with_a_password_is_not_repeated():
    with pytest.raises(InvalidStoreUrl) as caught:
        store_at("mysql://eve:hunter2@host/name")
    assert "hunter2" not in str(caught.value)
