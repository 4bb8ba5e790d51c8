"""A connection to a server in this process, and an environment without anybody's configuration."""

import pytest

from qat.qlmaas import QLMaaSConnection, connection
from tests.unit.qlmaas.fake_server import FakeServer


@pytest.fixture(autouse=True)
def nobody(monkeypatch, tmp_path):
    """No configuration, no last connection."""
    for name in ("QLMAAS_DIR", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("HOSTNAME", "PORT", "TOKEN", "PROFILE", "USERNAME"):
        monkeypatch.delenv(f"QLMAAS_{name}", raising=False)
    monkeypatch.setattr(connection, "_last", None)
    return tmp_path


@pytest.fixture
def server():
    return FakeServer()


@pytest.fixture
def connected(server):
    """A connection that is logged in."""
    made = QLMaaSConnection("fake", token="secret", transport=server)
    server.requests.clear()
    return made
