"""Servers in threads of this process, for whoever asks, and closed afterwards."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from qat.served import Server

Serve = Callable[..., int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves an object and tells the port."""
    with ExitStack() as servers:

        def start(service: Any, **options: Any) -> int:
            server = servers.enter_context(Server(service, 0, **options))
            server.start()
            return server.port

        yield start
