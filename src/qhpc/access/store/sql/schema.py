"""The schema of a database and its versions."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table, text

from qhpc.access.store.protocol import StoreError
from qhpc.access.store.sql.tables import SCHEMA_VERSION

__all__ = ["SchemaMismatch", "bring_up_to_date", "check_schema", "schema_version"]

_LOCK = 0x6F71_6174
"""Advisory lock of PostgreSQL, so that one migration runs at a time."""


class SchemaMismatch(StoreError):  # noqa: N818 (says what it is)
    """The tables are not those of this version. Migrate them, or use the version that made them."""

    def __init__(self, found: str | None, cure: str) -> None:
        super().__init__(found, cure)
        self.found, self.cure = found, cure

    def __str__(self) -> str:
        found = "the database is empty" if self.found is None else f"the tables are of version {self.found}"
        return f"{found}; expected {SCHEMA_VERSION}; {self.cure}"


def schema_version(connection: Connection) -> str | None:
    """The version of the tables; None if there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(select(column("version_num")).select_from(table("alembic_version"))).scalar()


def check_schema(connection: Connection) -> None:
    """Refuse tables of another version.

    Raises:
        SchemaMismatch: they have to be migrated first.
    """
    found = schema_version(connection)
    if found != SCHEMA_VERSION:
        raise SchemaMismatch(found, "run: qat store migrate")


def bring_up_to_date(connection: Connection) -> None:
    """Create or migrate the tables, within the transaction of the caller.

    Raises:
        SchemaMismatch: they are of a version that is not known here, so it is newer.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    found = schema_version(connection)
    if found != SCHEMA_VERSION:
        _migrate(connection, found)


def _migrate(connection: Connection, found: str | None) -> None:
    from alembic import command  # takes a tenth of a second, which most starts do not need
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise SchemaMismatch(found, "use the newer openqat that made them: pip install -U openqat")
    command.upgrade(config, "head")
