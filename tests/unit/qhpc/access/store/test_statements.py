"""Statements that SQLite is given as text do what SQLAlchemy would have them do."""

import pytest
from sqlalchemy import bindparam, create_engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from qhpc.access.store.sql.statements import add_to, execute, put
from qhpc.access.store.sql.tables import contents, metadata, tokens, usage

CONTENT = {"job_id": "a", "kind": "result", "content": b"1\x002"}
INSERT = insert(contents)
SELECT = select(contents.c.content).where(contents.c.job_id == bindparam("wanted"))
UPDATE = update(contents).where(contents.c.job_id == bindparam("wanted"))
USED = {column.name: 0 for column in usage.columns} | {"owner": "eve", "account": ""}


@pytest.fixture
def connection():
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_rows_are_written_found_and_changed(connection):
    execute(connection, INSERT, CONTENT)
    assert execute(connection, SELECT, {"wanted": "a"}).fetchone() == (b"1\x002",)
    assert execute(connection, SELECT, {"wanted": "b"}).fetchone() is None
    execute(connection, UPDATE, {"wanted": "a", "content": b"new"})
    assert connection.execute(select(contents)).one() == ("a", "result", b"new")


def test_names_say_which_columns_are_written(connection):
    execute(connection, INSERT, CONTENT)
    execute(connection, UPDATE, {"wanted": "a", "kind": "submission"})
    execute(connection, UPDATE, {"wanted": "a", "job_id": "b"})
    assert connection.execute(select(contents)).one() == ("b", "submission", b"1\x002")


def test_a_row_that_is_there_is_an_error_without_its_content(connection):
    execute(connection, INSERT, CONTENT)
    with pytest.raises(IntegrityError) as caught:
        execute(connection, INSERT, CONTENT | {"content": b"secret"})
    assert "secret" not in str(caught.value)


def test_sums_of_what_no_integer_of_the_database_holds(connection):
    for _ in range(2):
        add_to(connection, usage, USED | {"nb_shots": 10**30, "nb_jobs": 1})
    row = connection.execute(select(usage)).mappings().one()
    assert (row["nb_shots"], row["nb_jobs"]) == (2e30, 2)


def test_a_row_is_replaced(connection):
    token = {"id": "t", "owner": "eve", "secret_sha256": "ab", "scopes": "user", "created_s": 1, "expires_s": None}
    for label in ("one", None):
        put(connection, tokens, token | {"label": label})
    assert connection.execute(select(tokens.c.label, tokens.c.created_s)).one() == (None, 1.0)
