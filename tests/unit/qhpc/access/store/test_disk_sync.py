"""One trip to the disk for all who wait."""

import asyncio
import os
import sqlite3
import threading

import pytest

from qhpc.access.store.sql import disk_sync
from qhpc.access.store.sql.disk_sync import DiskSync


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "jobs.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("CREATE TABLE t (x BLOB)")
    connection.commit()
    yield path, connection
    connection.close()


class Disk:
    """Counts the trips, and holds each until it may go on."""

    def __init__(self, monkeypatch):
        self.trips, self.gate, self.error = 0, threading.Event(), None
        monkeypatch.setattr(os, "fdatasync", self)

    def __call__(self, descriptor):
        self.trips += 1
        assert self.gate.wait(10)
        if self.error is not None:
            raise self.error


async def _pause():
    for _ in range(20):
        await asyncio.sleep(0)


def test_all_who_wait_share_a_trip(database, monkeypatch):
    disk = Disk(monkeypatch)

    async def main():
        sync = DiskSync(database[0])
        first = asyncio.create_task(sync.sync())
        await _pause()
        others = [asyncio.create_task(sync.sync()) for _ in range(50)]
        await _pause()
        others.pop().cancel()
        assert not any(task.done() for task in (first, *others))
        disk.gate.set()
        await asyncio.gather(first, *others)
        assert disk.trips == 2
        await sync.close()

    asyncio.run(main())


def test_who_comes_later_does_not_rely_on_an_earlier_trip(database, monkeypatch):
    disk = Disk(monkeypatch)

    async def main():
        sync = DiskSync(database[0])
        first = asyncio.create_task(sync.sync())
        while disk.trips == 0:
            await asyncio.sleep(0)
        second = asyncio.create_task(sync.sync())
        disk.gate.set()
        await first
        await second
        assert disk.trips == 2
        await sync.close()

    asyncio.run(main())


def test_a_disk_that_refuses_is_told_to_those_who_wait(database, monkeypatch):
    disk = Disk(monkeypatch)
    disk.gate.set()

    async def main():
        sync = DiskSync(database[0])
        disk.error = OSError(5, "broken")
        with pytest.raises(OSError, match="broken"):
            await sync.sync()
        await asyncio.gather(sync.sync(), return_exceptions=True)
        disk.error = None
        await sync.sync()
        await sync.close()

    asyncio.run(main())


def test_what_nobody_waits_for_goes_to_the_disk_soon(database, monkeypatch):
    monkeypatch.setattr(disk_sync, "_SOON_S", 0.0)
    disk = Disk(monkeypatch)
    disk.gate.set()

    async def main():
        sync = DiskSync(database[0])
        for _ in range(5):
            sync.soon()
        while disk.trips == 0:
            await asyncio.sleep(0)
        await _pause()
        assert disk.trips == 1
        await sync.close()

    asyncio.run(main())


def test_a_long_log_goes_into_the_database(database, monkeypatch):
    monkeypatch.setattr(disk_sync, "_CHECKPOINT_BYTES", 100_000)
    path, connection = database

    async def main():
        sync = DiskSync(path)
        connection.execute("INSERT INTO t VALUES (?)", (bytes(50_000),))
        connection.commit()
        await sync.sync()
        before = path.stat().st_size
        connection.execute("INSERT INTO t VALUES (?)", (bytes(500_000),))
        connection.commit()
        await sync.sync()
        await sync.close()
        assert path.stat().st_size > before + 500_000

    asyncio.run(main())
