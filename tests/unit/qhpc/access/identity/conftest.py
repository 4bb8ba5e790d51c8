"""Users to test with: hashing without effort, a store in memory."""

import asyncio

import pytest

from qhpc.access.identity import Identity, PasswordHasher
from qhpc.access.store.memory import MemoryStore
from qhpc.access.store.protocol import Account
from tests.unit.qhpc.access.store.blocking import Blocking

PASSWORD = "correct horse"


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def hasher():
    return PasswordHasher(time_cost=1, memory_kib=8)


@pytest.fixture
def identity(store, hasher):
    """An identity that knows ada, an operator, and bob; its coroutines are run when they are called."""
    with asyncio.Runner() as runner:
        opened = Blocking(Identity(store, hasher), runner)
        opened.add_user(Account(name="ada", scopes=("user", "operator")), PASSWORD, 0.0)
        opened.add_user(Account(name="bob"), PASSWORD, 0.0)
        yield opened
