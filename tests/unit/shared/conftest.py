"""What the tests of shared QPUs have in common."""

import pytest

from qat.shared.sessions import close_sessions
from tests.munged import private_munged, program
from tests.unit.shared.broker import Broker


@pytest.fixture
def start_broker(tmp_path, monkeypatch):
    """Starts brokers; the last one is what QAT_BROKER names. Sessions end with the test."""
    started = []

    def start(place=None, **options):
        broker = Broker(tmp_path / f"b{len(started)}" if place is None else place, **options)
        started.append(broker)
        monkeypatch.setenv("QAT_BROKER", f"unix:{broker.place}" if place is None else f"tls://localhost:{broker.place}")
        return broker

    monkeypatch.setenv("QAT_BROKER_SETTINGS", "")
    yield start
    close_sessions()
    for broker in started:
        broker.stop()


@pytest.fixture
def broker(start_broker):
    return start_broker()


@pytest.fixture(scope="session")
def munge_socket():
    if program() is None:
        pytest.skip("munged is not installed; 'apt-get install munge' as root")
    with private_munged() as socket:
        yield socket
