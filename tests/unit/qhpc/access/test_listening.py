"""Whom a listener believes about the addresses of clients."""

import asyncio
import socket

import pytest

from qhpc.access.listening import Listener, _config
from qhpc.access.settings import AccessSettings


async def app(scope, receive, send):
    """Tells the client's address."""
    scope["told"].append((scope.get("client") or ("local",))[0])


def told(family, peer, trusted):
    """What the application takes for the client's address when a peer says that it speaks for 10.1.1.1."""
    with socket.socket(family) as bound:
        config = _config(app, Listener(bound), AccessSettings(trusted_proxies=trusted))
        scope = {"type": "http", "client": peer, "headers": [(b"x-forwarded-for", b"10.1.1.1")], "told": []}
        asyncio.run(config.loaded_app(scope, None, None))
    return scope["told"][0]


@pytest.mark.parametrize(
    ("family", "peer", "trusted", "expected"),
    [
        (socket.AF_INET, ("127.0.0.1", 1), (), "127.0.0.1"),
        (socket.AF_INET, ("127.0.0.1", 1), ("unix:",), "127.0.0.1"),
        (socket.AF_INET, ("127.0.0.1", 1), ("unix:", "127.0.0.1"), "10.1.1.1"),
        (socket.AF_INET, ("10.0.0.9", 1), ("unix:", "127.0.0.1"), "10.0.0.9"),
        (socket.AF_UNIX, None, (), "local"),
        (socket.AF_UNIX, None, ("127.0.0.1",), "local"),
        (socket.AF_UNIX, None, ("unix:",), "10.1.1.1"),
    ],
)
def test_only_proxies_that_are_trusted_are_believed(family, peer, trusted, expected):
    assert told(family, peer, trusted) == expected
