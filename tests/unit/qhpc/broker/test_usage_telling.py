"""Who is told what of the use of QPUs."""

import asyncio
from math import inf

import pytest

from qat.comm.broker.messages import VERSION, AskUsage, Refused, Used, frame_of, message_in
from qat.comm.framing import FrameDecoder
from qhpc.broker import usage_telling
from qhpc.broker.usage import UsageBook
from qhpc.broker.usage_rows import SessionRow, SliceRow
from qhpc.broker.usage_telling import UsageTeller

RAN = SliceRow("ada:vqe.1", 0.0, "1", 1, "ada", "phys", 7, "q1", "p", 10.0, 3.0, 0.5, 100, "finished")
ROWS = (
    RAN,
    RAN._replace(key="2", start_s=50.0, busy_s=1.0, qpu="q2"),
    RAN._replace(session="bob:x.1", user="bob", busy_s=9.0, slurm_job=8),
    SessionRow("ada:vqe.1", 0.0, "ada", "phys", 7, "p", 0.5, 60.0, 4.0, 2.0, 4.0, "ended"),
)


@pytest.fixture
def accounts(tmp_path):
    book = UsageBook(tmp_path / "usage.db")
    book.write_now(ROWS)
    book.close()
    return tmp_path / "usage.db"


def told(accounts, user, *, by="user", since_s=0.0, until_s=inf, who="ada", sees_all=False):
    question = AskUsage(VERSION, by, user, since_s, until_s)
    return asyncio.run(UsageTeller(accounts).tell(question, who, sees_all=sees_all))


def test_a_user_is_told_of_their_own(accounts):
    (mine,) = told(accounts, "ada").rows
    assert (mine.name, mine.nb_tasks, mine.used_s, mine.waited_s) == ("ada", 2, 4.0, 2.0)
    assert [row.name for row in told(accounts, "ada", by="qpu").rows] == ["q1", "q2"]
    assert [row.slurm_job for row in told(accounts, "ada", by="job").rows] == [7]


@pytest.mark.parametrize(("user", "whose"), [("bob", "of 'bob'"), (None, "of all")])
def test_a_user_is_not_told_of_others(accounts, user, whose):
    refused = told(accounts, user)
    assert isinstance(refused, Refused) and refused.code == "not-yours"
    assert f"the use {whose} is not told to ada" in refused.reason and "trusted_uids" in refused.reason


def test_whom_the_broker_trusts_is_told_of_all(accounts):
    assert [row.name for row in told(accounts, None, who="srv", sees_all=True).rows] == ["bob", "ada"]
    assert [row.name for row in told(accounts, "bob", who="srv", sees_all=True).rows] == ["bob"]
    assert told(accounts, "eve", who="srv", sees_all=True) == Used(())


def test_a_time(accounts):
    assert [row.used_s for row in told(accounts, "ada", since_s=20.0).rows] == [1.0]
    assert [row.used_s for row in told(accounts, "ada", until_s=20.0).rows] == [3.0]


def test_more_rows_than_anybody_reads_are_counted(accounts, monkeypatch):
    monkeypatch.setattr(usage_telling, "_MAX_ROWS", 1)
    few = told(accounts, None, sees_all=True)
    assert [row.name for row in few.rows] == ["bob"] and few.nb_left == 1


def test_accounts_that_are_away_are_no_end_of_the_broker(accounts):
    accounts.unlink()
    refused = told(accounts, "ada")
    assert isinstance(refused, Refused) and refused.code == "unavailable"


def test_what_is_told_travels(accounts):
    message = told(accounts, "ada", by="job")
    (frame,) = FrameDecoder().feed(frame_of(message))
    assert message_in(frame.kind, frame.payload) == message
