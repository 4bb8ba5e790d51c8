"""The driver of a served QPU: it is up, or it is not, and what is lost is told from what is refused."""

from threading import Event, Thread

import pytest

from qat.comm.wire import encode
from qat.core import HardwareSpecs, Observable, Result, Schedule
from qat.core.errors import QPUException
from qat.core.qpu import QPUHandler
from qat.qpus import LinAlg
from qat.served import Server
from qhpc.broker.drivers.messages import StateChanged
from qhpc.broker.drivers.protocol import DeviceError, SliceControl, SpecsKnown
from qhpc.broker.drivers.served import ServedDriver
from qhpc.broker.drivers.settings import ServedOptions
from tests.unit.qhpc.broker.drivers.brokers import DEADLINE_S, bell


@pytest.fixture
def server():
    with Server(LinAlg(), 0) as server:
        server.start()
        yield server


def run(driver, payload, shots=0):
    return driver.run(driver.load(payload), shots, SliceControl())


def test_slices_run_there(server):
    driver = ServedDriver(ServedOptions(port=server.port, max_qubits=2))
    ran = run(driver, bell(nbshots=100), 30)
    assert (ran.shots, ran.result.meta_data["nbshots"]) == (30, "30")
    driver.close()


def test_what_it_refuses_is_the_jobs_fault(server):
    driver = ServedDriver(ServedOptions(port=server.port))
    with pytest.raises(QPUException) as raised:
        run(driver, encode(Schedule(Observable.sigma_x(0), tmax=1.0).to_job(nbshots=5)))
    assert "schedules need an analog QPU" in raised.value.message
    driver.close()
    with pytest.raises(QPUException, match="at most 1"):
        ServedDriver(ServedOptions(port=server.port, max_qubits=1)).load(bell())


def test_nobody_there():
    with Server(LinAlg(), 0) as server:
        port = server.port
    driver = ServedDriver(ServedOptions(port=port))
    with pytest.raises(DeviceError, match="Could not connect") as raised:
        run(driver, bell())
    assert (raised.value.is_retryable, raised.value.may_have_run) == (True, False)


def test_a_connection_that_is_lost_may_have_run():
    is_running, go_on = Event(), Event()

    class Slow(QPUHandler):
        def submit_job(self, job):
            is_running.set()
            go_on.wait(DEADLINE_S)
            return Result()

    lost = []
    with Server(Slow(), 0) as server:
        server.start()
        driver = ServedDriver(ServedOptions(port=server.port))

        def submit():
            with pytest.raises(DeviceError, match="was lost") as raised:
                run(driver, bell())
            lost.append(raised.value)

        running = Thread(target=submit)
        running.start()
        assert is_running.wait(DEADLINE_S)
        server.close()
        go_on.set()
        running.join(DEADLINE_S)
    assert not running.is_alive()
    assert [(error.is_retryable, error.may_have_run) for error in lost] == [(True, True)]


def test_attending_tells_when_it_goes_and_comes():
    told, ending, changed = [], Event(), Event()

    def tell(news):
        told.append(news)
        changed.set()

    def next_of(kind, nb):
        while sum(isinstance(news, kind) for news in told) < nb:
            assert changed.wait(DEADLINE_S)
            changed.clear()
        return [news for news in told if isinstance(news, kind)][nb - 1]

    class Described(LinAlg):
        def get_specs(self):
            return HardwareSpecs(nbqbits=5)

    with Server(Described(), 0) as server:
        server.start()
        port = server.port
        driver = ServedDriver(ServedOptions(port=port, check_every_s=0.01))
        assert driver.specs() == HardwareSpecs()
        attending = Thread(target=driver.attend, args=(tell, ending))
        attending.start()
        assert next_of(SpecsKnown, 1).specs.nbqbits == 5
        assert driver.specs().nbqbits == 5
        driver.close()
    down = next_of(StateChanged, 1)
    assert (down.state, down.in_s) == ("down", 0.01)
    with Server(Described(), port) as server:
        server.start()
        while next_of(StateChanged, sum(isinstance(news, StateChanged) for news in told)).state != "up":
            changed.wait(DEADLINE_S)
        ending.set()
        attending.join(DEADLINE_S)
        driver.close()
    assert not attending.is_alive()
