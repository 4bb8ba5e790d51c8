"""What a server sees to while it runs."""

import asyncio

import pytest

from qhpc.access import running
from qhpc.access.store.memory import MemoryStore
from qhpc.access.store.protocol import StoreUnavailable


class Killed(BaseException):
    """Stands for the end of the process."""


class Contested(MemoryStore):
    def __init__(self, answers):
        super().__init__()
        self._answers = answers

    async def claim(self):
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_server_waits_a_moment_for_the_end_of_the_former_one(monkeypatch):
    monkeypatch.setattr(running, "_CLAIM_PAUSE_S", 0)
    answers = iter([False, False, True])
    asyncio.run(running._claim(Contested(answers)))
    assert next(answers, "no more") == "no more"
    with pytest.raises(running.AlreadyRunning, match="another server runs on the database"):
        asyncio.run(running._claim(Contested(iter([False] * 20))))


def test_a_server_whose_database_was_taken_over_ends_at_once(monkeypatch, caplog):
    answers = iter([True, StoreUnavailable("gone"), True, False])
    statuses = []

    def end(status):
        statuses.append(status)
        raise Killed

    monkeypatch.setattr(running, "_CLAIM_EVERY_S", 0)
    monkeypatch.setattr(running.os, "_exit", end)
    with pytest.raises(Killed):
        asyncio.run(running._keep_claim(Contested(answers)))
    assert statuses == [3]
    assert next(answers, "no more") == "no more"
    assert [record.levelname for record in caplog.records] == ["ERROR", "CRITICAL"]
