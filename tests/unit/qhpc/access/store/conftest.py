"""The stores that the contract is held against."""

import asyncio
from collections.abc import Iterator

import pytest

from qhpc.access.store.factory import store_at
from tests.unit.qhpc.access.store.blocking import Blocking


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path) -> Iterator[Blocking]:
    """An open, empty store whose coroutines are run when they are called."""
    url = {"memory": "memory:", "sqlite": f"sqlite:///{tmp_path}/jobs.sqlite"}[request.param]
    with asyncio.Runner() as runner:
        opened = Blocking(store_at(url), runner)
        opened.open()
        yield opened
        opened.close()
