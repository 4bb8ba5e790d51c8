"""The stores that the contract is held against."""

import asyncio
from collections.abc import Iterator

import pytest

from qhpc.access.store.memory import MemoryStore
from tests.unit.qhpc.access.store.blocking import Blocking


@pytest.fixture(params=["memory"])
def store(request) -> Iterator[Blocking]:
    """An open, empty store whose coroutines are run when they are called."""
    with asyncio.Runner() as runner:
        opened = Blocking(MemoryStore(), runner)
        opened.open()
        yield opened
        opened.close()
