"""The schema: migrations make what the statements expect; other versions are refused."""

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from qhpc.access.store.factory import store_at
from qhpc.access.store.sql import schema
from qhpc.access.store.sql.postgresql import PostgresqlDatabase
from qhpc.access.store.sql.schema import SchemaMismatch, bring_up_to_date, schema_version
from qhpc.access.store.sql.sqlite import SqliteDatabase
from qhpc.access.store.sql.tables import SCHEMA_VERSION, metadata
from tests.unit.qhpc.access.store.blocking import job
from tests.unit.qhpc.access.store.conftest import with_database


def scripts():
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    return ScriptDirectory.from_config(config)


def differences(connection):
    """What the tables in a database lack."""
    return compare_metadata(MigrationContext.configure(connection), metadata)


def test_migrations_are_one_line_and_end_at_our_version():
    assert scripts().get_heads() == [SCHEMA_VERSION]
    for script in scripts().walk_revisions():
        number, phase = script.revision.split("_")
        assert number.isdigit()
        assert phase in ("pre", "post")
        assert Path(script.path).name.startswith(f"{script.revision}_")


def test_migrations_make_the_tables_of_sqlite(tmp_path):
    async def main():
        database = SqliteDatabase(tmp_path / "x.sqlite")
        await database.open()
        found = await database.run(differences), await database.run(schema_version)
        await database.close()
        return found

    assert asyncio.run(main()) == ([], SCHEMA_VERSION)


def test_migrations_make_the_tables_of_postgresql(migrated_postgresql):
    async def look(database):
        return await database.run(differences), await database.run(schema_version)

    assert asyncio.run(with_database(migrated_postgresql, look)) == ([], SCHEMA_VERSION)


def test_tables_of_the_future_are_refused(tmp_path):
    async def main():
        database = SqliteDatabase(tmp_path / "x.sqlite")
        await database.open()
        await database.run(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999_pre'")))
        await database.close()
        await SqliteDatabase(tmp_path / "x.sqlite").open()

    with pytest.raises(SchemaMismatch, match="of version 9999_pre; expected 0002_post; use the newer openqat"):
        asyncio.run(main())


def test_several_processes_that_start_at_once_migrate_once(tmp_path):
    async def main():
        databases = [SqliteDatabase(tmp_path / "x.sqlite") for _ in range(3)]
        for database in databases:
            await database.open()
        versions = [await database.run(schema_version) for database in databases]
        for database in databases:
            await database.close()
        return versions

    assert asyncio.run(main()) == [SCHEMA_VERSION] * 3


@pytest.fixture
def other_postgresql(postgresql_base_url):
    """The address of a PostgreSQL database that is new."""

    async def say(statement):
        database = PostgresqlDatabase(postgresql_base_url)
        async with database._engine.connect() as connection:
            await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text(statement))
        await database.close()

    asyncio.run(say("CREATE DATABASE other"))
    yield postgresql_base_url.replace("/postgres?", "/other?")
    asyncio.run(say("DROP DATABASE other"))


def test_postgresql_is_migrated_by_a_command_not_by_a_server(other_postgresql):
    async def main():
        store = store_at(other_postgresql)
        with pytest.raises(SchemaMismatch, match="the database is empty; expected 0002_post; run: qat store migrate"):
            await store.open()
        database = PostgresqlDatabase(other_postgresql)
        await asyncio.gather(database.migrate(), database.migrate())  # two operators at once
        await store.open()
        kept, _ = await store.add(job(), b"in")
        found = await store.get(kept.id)
        await database.run(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = 'x'")))
        await store.close()
        with pytest.raises(SchemaMismatch, match="of version x"):
            await store.open()
        with pytest.raises(SchemaMismatch, match="use the newer openqat"):
            await database.migrate()
        await store.close()
        await database.close()
        return found == kept

    assert asyncio.run(main())


def test_a_migration_that_fails_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("alembic.op.create_index", lambda *args, **kwargs: 1 / 0)

    async def main():
        database = SqliteDatabase(tmp_path / "x.sqlite")
        try:
            with pytest.raises(ZeroDivisionError):
                await database.open()
        finally:
            await database.close()
        monkeypatch.undo()
        await database.open()
        found = await database.run(differences)
        await database.close()
        return found

    assert asyncio.run(main()) == []


def test_the_tables_are_known_to_bring_up_to_date_again(migrated_postgresql):
    asyncio.run(with_database(migrated_postgresql, lambda database: database.run(bring_up_to_date)))
