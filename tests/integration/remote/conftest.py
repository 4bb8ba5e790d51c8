"""Servers for the tests of remote access."""

import pytest

from benchmarks.remote.server import Server


@pytest.fixture(scope="session")
def access_server(tmp_path_factory):
    """A server that all tests of this worker share: leave it running, and leave the jobs of others alone."""
    server = Server(tmp_path_factory.mktemp("remote"), ("--workers", "2")).start()
    yield server
    assert server.stop() == 0


@pytest.fixture
def own_server(tmp_path):
    """A server of the test's own, not started yet: it may be stopped, killed and spoilt."""
    server = Server(tmp_path / "home", ("--workers", "2"))
    yield server
    if server.process is not None and server.process.poll() is None:
        server.kill()
