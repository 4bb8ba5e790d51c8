"""The tables. A job is kept whole in ``record``; its other columns are what lists and look-ups search by."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, LargeBinary, MetaData, Table, Text, text

__all__ = [
    "SCHEMA_VERSION", "accounts", "contents", "job_tags", "jobs", "log_parts", "metadata", "sessions", "tokens",
    "usage",
]  # fmt: skip

SCHEMA_VERSION = "0002_post"
"""The migration after which the tables are these."""

metadata = MetaData()

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by its bytes, as Python sorts it, whatever the language of the database."""


def _index_of_given(name: str, given: str, *columns: str, unique: bool = False) -> Index:
    """An index of the rows where a column has a value: most jobs have no name, say, and need not be written there."""
    where = text(f"{given} IS NOT NULL")
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


jobs = Table(
    "jobs",
    metadata,
    Column("id", _TEXT, primary_key=True),
    Column("owner", _TEXT, nullable=False),
    Column("account", _TEXT),
    Column("idempotency_key", _TEXT),
    Column("state", _TEXT, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_s", Double, nullable=False),
    Column("expires_s", Double),  # only of jobs whose files can expire: final, and not deleted
    Column("session_id", _TEXT),
    Column("name", _TEXT),
    Column("record", LargeBinary, nullable=False),
    _index_of_given("jobs_by_key", "idempotency_key", "owner", "idempotency_key", unique=True),
    Index("jobs_by_time", "created_s", "id"),
    Index("jobs_by_state", "state", "created_s", "id"),
    Index("jobs_by_owner", "owner", "created_s", "id"),
    Index("jobs_by_owner_state", "owner", "state", "created_s", "id"),
    _index_of_given("jobs_by_account", "account", "account", "state", "created_s", "id"),
    _index_of_given("jobs_by_session", "session_id", "session_id", "created_s", "id"),
    _index_of_given("jobs_by_name", "name", "name", "owner", "created_s", "id"),
    _index_of_given("jobs_by_expiry", "expires_s", "expires_s", "id"),
)

job_tags = Table(
    "job_tags",
    metadata,
    Column("job_id", _TEXT, primary_key=True),
    Column("tag", _TEXT, primary_key=True),
    Column("owner", _TEXT, nullable=False),
    Column("created_s", Double, nullable=False),
    Column("state", _TEXT, nullable=False),
    Index("job_tags_by_time", "tag", "created_s", "job_id"),
    Index("job_tags_by_owner", "tag", "owner", "created_s", "job_id"),
    Index("job_tags_by_state", "tag", "owner", "state", "created_s", "job_id"),
)

contents = Table(
    "contents",
    metadata,
    Column("job_id", _TEXT, primary_key=True),
    Column("kind", _TEXT, primary_key=True),  # "submission" or "result"
    Column("content", LargeBinary, nullable=False),
)

log_parts = Table(
    "log_parts",
    metadata,
    Column("job_id", _TEXT, primary_key=True),
    Column("first", BigInteger, primary_key=True),
    Column("last", BigInteger, nullable=False),
    Column("lines", LargeBinary, nullable=False),
)

usage = Table(
    "usage",
    metadata,
    Column("owner", _TEXT, primary_key=True),
    Column("account", _TEXT, primary_key=True),  # empty for none
    Column("nb_jobs", BigInteger, nullable=False),
    Column("nb_shots", Double, nullable=False),  # sums of what users write never overflow
    Column("running_s", Double, nullable=False),
    Column("waiting_s", Double, nullable=False),
    Column("stored_bytes", BigInteger, nullable=False),
    # How many jobs are in each final state, so that nobody has to count them
    Column("nb_done", BigInteger, nullable=False),
    Column("nb_failed", BigInteger, nullable=False),
    Column("nb_cancelled", BigInteger, nullable=False),
    Column("nb_stopped", BigInteger, nullable=False),
    Column("nb_deleted", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", _TEXT, primary_key=True),
    Column("owner", _TEXT, nullable=False),
    Column("created_s", Double, nullable=False),
    Column("expires_s", Double),
    Column("closed_s", Double),
    Column("name", _TEXT),
    Index("sessions_by_owner", "owner", "created_s", "id"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("name", _TEXT, primary_key=True),
    Column("account", _TEXT),
    Column("password_hash", _TEXT),
    Column("scopes", _TEXT, nullable=False),  # separated by spaces
    Column("is_active", Boolean, nullable=False),
    Column("created_s", Double, nullable=False),
    Column("max_waiting_jobs", BigInteger),
    Column("max_running_jobs", BigInteger),
    Column("max_stored_bytes", BigInteger),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", _TEXT, primary_key=True),
    Column("owner", _TEXT, nullable=False),
    Column("secret_sha256", _TEXT, nullable=False),
    Column("scopes", _TEXT, nullable=False),
    Column("created_s", Double, nullable=False),
    Column("expires_s", Double),
    Column("label", _TEXT),
    Index("tokens_by_hash", "secret_sha256", unique=True),
    Index("tokens_by_owner", "owner", "created_s", "id"),
)
