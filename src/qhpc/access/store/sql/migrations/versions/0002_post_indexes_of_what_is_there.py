"""Jobs without an account, a session, a name, a key or an expiry are left out of the indexes of these."""

from alembic import op
from sqlalchemy import text

revision = "0002_post"
down_revision = "0001_pre"

_INDEXES = {
    "jobs_by_key": ("idempotency_key", ["owner", "idempotency_key"]),
    "jobs_by_account": ("account", ["account", "state", "created_s", "id"]),
    "jobs_by_session": ("session_id", ["session_id", "created_s", "id"]),
    "jobs_by_name": ("name", ["name", "owner", "created_s", "id"]),
    "jobs_by_expiry": ("expires_s", ["expires_s", "id"]),
}


def upgrade() -> None:
    """Make them anew."""
    for name, (given, columns) in _INDEXES.items():
        op.drop_index(name, "jobs")
        where = text(f"{given} IS NOT NULL")
        op.create_index(name, "jobs", columns, unique=name == "jobs_by_key", sqlite_where=where, postgresql_where=where)
