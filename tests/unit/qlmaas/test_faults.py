"""Whatever happens on the way: a submission is one job, and its result arrives."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.core import Circuit, Result
from qat.core.errors import QatError
from qat.qlmaas import QLMaaSConnection
from qat.qlmaas.errors import UnreachableError
from qat.qlmaas.transport import Response
from tests.unit.qlmaas.fake_server import FakeServer

FAULTS = ("none", "not sent", "cut before", "cut after", "busy", "proxy", "expired", "pending")


class Weather:
    """A transport to a server, on which something goes wrong with each request, as a list says."""

    def __init__(self, server, faults):
        self.server, self.faults = server, list(faults)

    def request(self, method, path, **options):
        fault = self.faults.pop() if self.faults else "none"
        if fault == "not sent":
            raise UnreachableError("nobody listens", was_sent=False)
        if fault == "cut before":
            raise UnreachableError("cut")
        if fault in ("busy", "proxy"):
            return Response(503 if fault == "busy" else 502, {"retry-after": "1"}, b"<html>")
        if fault == "expired":
            self.server.tokens.clear()
        self.server.pending = 2 if fault == "pending" else 0
        answer = self.server.request(method, path, **options)
        if fault == "cut after":
            raise UnreachableError("cut")
        return answer


def connect(transport):
    """A connection whose waits take no time."""
    connection = QLMaaSConnection("fake", transport=transport)
    client = connection.client
    client._patience = replace(client._patience, limit_s=1e9, sleep=lambda seconds: None)
    connection.get_qpus()
    return connection


@pytest.fixture(autouse=True)
def netrc(nobody):
    path = nobody / ".netrc"
    path.write_text("machine fake login me password right\n")
    path.chmod(0o600)


def sent(connection, transport, faults):
    job, lin_alg = Circuit.empty(1).to_job(), connection.get_qpu("LinAlg")()
    transport.faults = list(faults)
    return lin_alg.submit(job)


@settings(max_examples=60)
@given(st.lists(st.sampled_from(FAULTS), max_size=12))
def test_one_job_and_its_result(faults):
    server = FakeServer()
    transport = Weather(server, [])
    connection = connect(transport)
    first = faults.index("expired") if "expired" in faults else -1  # twice for one request would be an error
    faults = [fault for index, fault in enumerate(faults) if fault != "expired" or index == first]
    future = sent(connection, transport, faults)
    result = future.join()
    assert isinstance(result, Result) and result[0].probability == 1.0
    assert len(server.jobs) == 1 and list(server.jobs) == [future.get_id()]


@settings(max_examples=40)
@given(st.binary(max_size=60), st.sampled_from([200, 202, 301, 400, 409, 410, 500]))
def test_answers_that_are_none(body, status):
    transport = Weather(FakeServer(), [])
    connection = connect(transport)
    future = sent(connection, transport, [])
    transport.server.faults = [Response(status, {}, body)]
    with pytest.raises(QatError):
        future.get_result()
    assert isinstance(future.join(), Result)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_results_that_were_changed_on_the_way(place, change):
    server = FakeServer()
    transport = Weather(server, [])
    connection = connect(transport)
    future = sent(connection, transport, [])
    good = server.results["j1"]
    damaged = bytearray(good)
    damaged[place % len(good)] ^= change
    server.results["j1"] = bytes(damaged)
    with pytest.raises(QatError):
        future.join()
    server.results["j1"] = good
    assert isinstance(future.join(), Result)
