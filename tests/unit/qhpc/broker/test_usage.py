"""The accounts: rows once, whatever is told how often."""

import sqlite3
import threading
from contextlib import closing

from qhpc.broker.usage import UsageBook
from qhpc.broker.usage_reading import reading_usage
from qhpc.broker.usage_rows import SessionRow, SliceRow

SLICE = SliceRow("ada:vqe", 1.0, "t", 1, "ada", "phys", 7, "q", "p", 2.0, 3.0, 0.5, 100, "finished")
SESSION = SessionRow("ada:vqe", 1.0, "ada", "phys", 7, "p", 0.25, 9.0, 3.0, 4.0, 8.0, "the job has ended")
LIMIT_S = 30.0


def rows(path, table):
    with closing(sqlite3.connect(path)) as database:
        return database.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4").fetchall()


def test_rows_are_written_once(tmp_path):
    path = tmp_path / "usage.db"
    book = UsageBook(path)
    book.write_now([SLICE, SESSION])
    assert rows(path, "slices") == [SLICE]
    book.add([SLICE, SLICE._replace(number=2), SESSION._replace(reason="another")])
    book.add([SLICE._replace(opened_s=20.0)])
    book.close()
    assert rows(path, "slices") == [SLICE, SLICE._replace(number=2), SLICE._replace(opened_s=20.0)]
    assert rows(path, "sessions") == [SESSION]
    assert path.stat().st_mode & 0o777 == 0o600
    again = UsageBook(path)
    again.add([SLICE])
    again.close()
    assert len(rows(path, "slices")) == 3


def test_who_waits_is_told_when_all_is_written(tmp_path):
    path, written, seen = tmp_path / "usage.db", threading.Event(), []
    book = UsageBook(path)
    book.add([SLICE])
    book.when_written(lambda: (seen.extend(rows(path, "slices")), written.set()))
    assert written.wait(LIMIT_S) and seen == [SLICE]
    book.close()


def test_nobody_is_told_that_what_failed_was_written(tmp_path, caplog):
    path, told = tmp_path / "usage.db", []
    book = UsageBook(path)
    book.write_now([SLICE])
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE slices")
        other.commit()
    book.add([SLICE])
    book.when_written(lambda: told.append(True))
    book.close()
    assert not told and "wait for the next start" in caplog.text


def test_accounts_of_a_former_version_are_read_and_go_on(tmp_path):
    """They do not know stacks."""
    path = tmp_path / "usage.db"
    UsageBook(path).close()
    former = SessionRow("ada:vqe", 1.0, "ada", "phys", 7, "p", 0.25, 9.0, 2.0, 1.0, 4.0, "ended")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("ALTER TABLE sessions DROP COLUMN stack")
        database.execute(f"INSERT INTO sessions VALUES ({', '.join('?' * 12)})", former[:-1])
    with reading_usage(path) as reader:
        assert list(reader.sessions()) == [former]
    book = UsageBook(path)
    book.add([former._replace(session="ada:qaoa", stack="qaoa")])
    book.close()
    with reading_usage(path) as reader:
        assert sorted(row.stack for row in reader.sessions()) == ["", "qaoa"]
