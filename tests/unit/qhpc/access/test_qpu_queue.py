"""What a server knows of the quantum tasks of its jobs: nothing where there is no broker, else what that says."""

import asyncio

import pytest

from qat.comm.broker import messages as said
from qat.comm.broker.usage import QpuUsage
from qhpc.access.qpu_queue import BrokerQueue
from qhpc.access.service.problems import AccessProblem
from tests.unit.shared.broker import Broker


def about(*address):
    return asyncio.run(BrokerQueue(*address).about("j1"))


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path / "socket")
    yield broker
    broker.stop()


def test_what_the_broker_says(broker):
    broker.on[said.AskJob] = lambda connection, asked: connection.say(said.Explained(asked.job, "it waits\nfor q", 3.0))
    assert about(f"unix:{broker.place}") == ("it waits", "for q")
    assert broker.of(said.AskJob)[0].job == "j1"


def test_a_job_without_a_session(broker):
    broker.on[said.AskJob] = lambda connection, asked: connection.say(said.Explained(asked.job, ""))
    assert about(f"unix:{broker.place}") == ()


def test_a_site_without_a_broker(monkeypatch, tmp_path):
    monkeypatch.delenv("QAT_BROKER", raising=False)
    monkeypatch.setenv("QAT_BROKER_SETTINGS", str(tmp_path / "empty"))
    (tmp_path / "empty").write_text("")
    assert about() == ()


@pytest.mark.parametrize("answer", [
    said.Refused("not-yours", "srv may not"), said.Alive(), said.Specs(b""),
])  # fmt: skip
def test_a_broker_that_does_not_tell(broker, answer):
    broker.on[said.AskJob] = lambda connection, asked: connection.say(answer)
    (told,) = about(f"unix:{broker.place}")
    assert told.startswith("the broker of shared QPUs could not be asked: ")
    assert told.endswith(("srv may not", "Alive", "Specs"))


def test_a_broker_that_says_nothing(broker, monkeypatch):
    monkeypatch.setattr("qhpc.access.qpu_queue._TIMEOUT_S", 0.1)
    broker.on[said.AskJob] = lambda connection, asked: None
    assert about(f"unix:{broker.place}") == (
        "the broker of shared QPUs could not be asked: the broker did not answer in time",
    )


def test_nonsense(broker):
    broker.on[said.AskJob] = lambda connection, asked: connection.say_bytes(b"\xff" * 100)
    (told,) = about(f"unix:{broker.place}")
    assert "a message of 4294967295 bytes was announced" in told


def used(broker, user="ada"):
    return asyncio.run(BrokerQueue(f"unix:{broker.place}").usage(user, "job", 1.0, 9.0))


def test_what_was_used(broker):
    rows = (QpuUsage(name="7", used_s=2.5, slurm_job=7),)
    broker.on[said.AskUsage] = lambda connection, asked: connection.say(said.Used(rows))
    assert used(broker) == rows
    asked = broker.of(said.AskUsage)[0]
    assert (asked.user, asked.by, asked.since_s, asked.until_s) == ("ada", "job", 1.0, 9.0)


def test_a_broker_that_does_not_tell_what_was_used(broker):
    broker.on[said.AskUsage] = lambda connection, asked: connection.say(said.Refused("not-yours", "srv may not"))
    with pytest.raises(AccessProblem, match="srv may not") as problem:
        used(broker)
    assert problem.value.code == "broker-unavailable"


def test_use_at_a_site_without_a_broker(monkeypatch, tmp_path):
    monkeypatch.delenv("QAT_BROKER", raising=False)
    monkeypatch.setenv("QAT_BROKER_SETTINGS", str(tmp_path / "empty"))
    (tmp_path / "empty").write_text("")
    with pytest.raises(AccessProblem, match="no shared QPUs") as problem:
        asyncio.run(BrokerQueue().usage(None, "user", 0.0, 1.0))
    assert problem.value.code == "no-broker"
