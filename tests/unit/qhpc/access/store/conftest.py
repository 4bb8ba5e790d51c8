"""The stores that the contract is held against."""

import asyncio
import shutil
from collections.abc import Iterator

import pytest

from qhpc.access.store.factory import store_at
from qhpc.access.store.sql.postgresql import PostgresqlDatabase
from qhpc.access.store.sql.tables import metadata
from tests.unit.qhpc.access.store.blocking import Blocking
from tests.unit.qhpc.access.store.postgresql_server import missing, postgresql_server


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store_url(request) -> str:
    """The address of an empty store of each kind."""
    return "memory:" if request.param == "memory" else request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
def store(store_url, tmp_path) -> Iterator[Blocking]:
    """An open, empty store whose coroutines are run when they are called."""
    with Opened(store_url, tmp_path / "files") as opened:
        yield opened


class Opened:
    """A store that is open within a ``with``."""

    def __init__(self, url, directory):
        self._store, self._runner = store_at(url, directory=directory), asyncio.Runner()

    def __enter__(self) -> Blocking:
        self._opened = Blocking(self._store, self._runner)
        try:
            self._opened.open()
        except BaseException:
            self._runner.close()
            raise
        return self._opened

    def __exit__(self, *error) -> None:
        self._opened.close()
        self._runner.close()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory):
    """A file with empty tables."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.sqlite"
    with Opened(f"sqlite:///{path}", path.parent / "files"):
        pass
    return path


@pytest.fixture
def sqlite_url(migrated_sqlite, tmp_path) -> str:
    """The address of an empty SQLite database."""
    shutil.copy(migrated_sqlite, tmp_path / "jobs.sqlite")
    return f"sqlite:///{tmp_path}/jobs.sqlite"


@pytest.fixture(scope="session")
def postgresql_base_url() -> Iterator[str]:
    """The address of a PostgreSQL database that nothing is in."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with postgresql_server() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_base_url) -> str:
    """The address of a PostgreSQL database with tables."""
    asyncio.run(with_database(postgresql_base_url, PostgresqlDatabase.migrate))
    return postgresql_base_url


@pytest.fixture
def postgresql_url(migrated_postgresql) -> str:
    """The address of an empty PostgreSQL database."""
    asyncio.run(with_database(migrated_postgresql, empty))
    return migrated_postgresql


async def with_database(url, work):
    """Do something with a PostgreSQL database."""
    database = PostgresqlDatabase(url)
    try:
        return await work(database)
    finally:
        await database.close()


async def empty(database) -> None:
    """Remove all rows; for so few this is faster than TRUNCATE."""
    await database.run(lambda connection: [connection.execute(table.delete()) for table in metadata.sorted_tables])
