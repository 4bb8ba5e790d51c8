"""What a launcher learns of jobs that have given their nodes back, from a broker on a real socket."""

import asyncio

import pytest

from qat.comm.broker.messages import VERSION, AskSleepers, Refused, Sleepers
from qhpc.access.launchers.sleepers import BrokerSleepers
from tests.unit.shared.broker import Broker


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path / "b")
    yield broker
    broker.stop()


def asking(broker):
    return BrokerSleepers(f"unix:{broker.place}")


@pytest.mark.parametrize(
    ("told", "needs_nodes"), [(Sleepers(1, False), False), (Sleepers(1, True), True), (Sleepers(0, False), True)]
)
def test_whether_a_job_needs_its_nodes(broker, told, needs_nodes):
    broker.on[AskSleepers] = lambda connection, message: connection.say(told)
    assert asyncio.run(asking(broker).need_nodes("j1", 1000)) is needs_nodes
    assert broker.of(AskSleepers) == [AskSleepers(VERSION, "j1", 1000)]


def test_a_job_that_is_not_wanted_any_more(broker):
    broker.on[AskSleepers] = lambda connection, message: connection.say(Sleepers(1))
    asyncio.run(asking(broker).close("j1", 1000))
    assert broker.of(AskSleepers) == [AskSleepers(VERSION, "j1", 1000, are_wanted=False)]


def test_nobody_knows_if_the_broker_does_not_tell(broker, caplog):
    broker.on[AskSleepers] = lambda connection, message: connection.say(Refused("not-yours", "ask root"))
    assert asyncio.run(asking(broker).need_nodes("j1", 1000)) is None
    assert "ask root" in caplog.text


def test_nobody_knows_if_the_broker_is_away(broker):
    broker.stop()
    assert asyncio.run(asking(broker).need_nodes("j1", 1000)) is None
