"""The first tables."""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, LargeBinary, Text

revision = "0001_pre"
down_revision = None

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "jobs",
        Column("id", _TEXT, primary_key=True),
        Column("owner", _TEXT, nullable=False),
        Column("account", _TEXT),
        Column("idempotency_key", _TEXT),
        Column("state", _TEXT, nullable=False),
        Column("version", Integer, nullable=False),
        Column("created_s", Double, nullable=False),
        Column("expires_s", Double),
        Column("session_id", _TEXT),
        Column("name", _TEXT),
        Column("record", LargeBinary, nullable=False),
    )
    op.create_index("jobs_by_key", "jobs", ["owner", "idempotency_key"], unique=True)
    op.create_index("jobs_by_time", "jobs", ["created_s", "id"])
    op.create_index("jobs_by_state", "jobs", ["state", "created_s", "id"])
    op.create_index("jobs_by_owner", "jobs", ["owner", "created_s", "id"])
    op.create_index("jobs_by_owner_state", "jobs", ["owner", "state", "created_s", "id"])
    op.create_index("jobs_by_account", "jobs", ["account", "state", "created_s", "id"])
    op.create_index("jobs_by_session", "jobs", ["session_id", "created_s", "id"])
    op.create_index("jobs_by_name", "jobs", ["name", "owner", "created_s", "id"])
    op.create_index("jobs_by_expiry", "jobs", ["expires_s", "id"])
    op.create_table(
        "job_tags",
        Column("job_id", _TEXT, primary_key=True),
        Column("tag", _TEXT, primary_key=True),
        Column("owner", _TEXT, nullable=False),
        Column("created_s", Double, nullable=False),
        Column("state", _TEXT, nullable=False),
    )
    op.create_index("job_tags_by_time", "job_tags", ["tag", "created_s", "job_id"])
    op.create_index("job_tags_by_owner", "job_tags", ["tag", "owner", "created_s", "job_id"])
    op.create_index("job_tags_by_state", "job_tags", ["tag", "owner", "state", "created_s", "job_id"])
    op.create_table(
        "contents",
        Column("job_id", _TEXT, primary_key=True),
        Column("kind", _TEXT, primary_key=True),
        Column("content", LargeBinary, nullable=False),
    )
    op.create_table(
        "log_parts",
        Column("job_id", _TEXT, primary_key=True),
        Column("first", BigInteger, primary_key=True),
        Column("last", BigInteger, nullable=False),
        Column("lines", LargeBinary, nullable=False),
    )
    op.create_table(
        "usage",
        Column("owner", _TEXT, primary_key=True),
        Column("account", _TEXT, primary_key=True),
        Column("nb_jobs", BigInteger, nullable=False),
        Column("nb_shots", Double, nullable=False),
        Column("running_s", Double, nullable=False),
        Column("waiting_s", Double, nullable=False),
        Column("stored_bytes", BigInteger, nullable=False),
        Column("nb_done", BigInteger, nullable=False),
        Column("nb_failed", BigInteger, nullable=False),
        Column("nb_cancelled", BigInteger, nullable=False),
        Column("nb_stopped", BigInteger, nullable=False),
        Column("nb_deleted", BigInteger, nullable=False),
    )
    op.create_table(
        "sessions",
        Column("id", _TEXT, primary_key=True),
        Column("owner", _TEXT, nullable=False),
        Column("created_s", Double, nullable=False),
        Column("expires_s", Double),
        Column("closed_s", Double),
        Column("name", _TEXT),
    )
    op.create_index("sessions_by_owner", "sessions", ["owner", "created_s", "id"])
    op.create_table(
        "accounts",
        Column("name", _TEXT, primary_key=True),
        Column("account", _TEXT),
        Column("password_hash", _TEXT),
        Column("scopes", _TEXT, nullable=False),
        Column("is_active", Boolean, nullable=False),
        Column("created_s", Double, nullable=False),
        Column("max_waiting_jobs", BigInteger),
        Column("max_running_jobs", BigInteger),
        Column("max_stored_bytes", BigInteger),
    )
    op.create_table(
        "tokens",
        Column("id", _TEXT, primary_key=True),
        Column("owner", _TEXT, nullable=False),
        Column("secret_sha256", _TEXT, nullable=False),
        Column("scopes", _TEXT, nullable=False),
        Column("created_s", Double, nullable=False),
        Column("expires_s", Double),
        Column("label", _TEXT),
    )
    op.create_index("tokens_by_hash", "tokens", ["secret_sha256"], unique=True)
    op.create_index("tokens_by_owner", "tokens", ["owner", "created_s", "id"])
