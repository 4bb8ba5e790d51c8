"""The driver of QRMI resources with the published package itself, which speaks to a device of the test over HTTP."""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import pytest

from qat.core import Observable, Schedule, Variable
from qat.core.errors import QPUException
from qat.qpus import SharedQPU
from qat.shared.addresses import ClientSettings
from qat.shared.sessions import close_sessions
from qat.shared.status import broker_status
from tests.unit.qhpc.broker.drivers import fake_qrmi

from .harness import LIMIT_S, PATHS, until
from .warden import Warden, munge_library

pytestmark = [
    pytest.mark.skipif(find_spec("qrmi") is None, reason="the package qrmi is not installed"),
    pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler"),
]
SEQUENCE = '{"name": "pulser-exported", "channels": {}}'


def schedule_job(nbshots=100):
    t = Variable("t")
    schedule = Schedule([(1 - t, Observable.sigma_x(0, 4))], tmax=1.0)
    schedule._other = json.dumps({"abstr_seq": SEQUENCE, "modulation": False}).encode()
    return schedule.to_job(nbshots=nbshots)


@pytest.fixture
def warden():
    warden = Warden()
    yield warden
    warden.close()


@pytest.fixture
def broker(broker_of, warden, tmp_path):
    file = tmp_path / "qrmi.env"
    file.touch(mode=0o600)
    file.write_text(f"FRESNEL_QRMI_WARDEN_URL={warden.url}\nFRESNEL_QRMI_PASQAL_RETRIES_DISABLED=true\n")
    options = f'resource = "FRESNEL"\ntype = "PasqalLocal"\nenvironment_file = "{file}"\ncheck_every_s = 0.1'
    (tmp_path / "lib").mkdir()
    library = munge_library(tmp_path / "lib")
    broker = broker_of(driver="qrmi", options=f"{options}\nfirst_poll_s = 0.01\nlast_poll_s = 0.05")
    broker.environment = lambda: {**os.environ, "PYTHONPATH": PATHS, "LD_LIBRARY_PATH": str(library)}
    yield broker.start()
    close_sessions()


def shared(broker):
    return SharedQPU("p", broker=f"unix:{broker.socket}")


def test_a_sequence_goes_through_broker_and_package_and_its_counts_come_back(broker, warden):
    result = shared(broker).submit(schedule_job(100))
    assert {sample.state.bitstring: sample.probability for sample in result} == {"0110": 0.75, "1001": 0.25}
    assert warden.of("POST", "/jobs") == [{"sequence": SEQUENCE, "shots": 100}]
    assert shared(broker).get_specs().description == '{"name": "FRESNEL"}'
    shared(broker).submit(schedule_job(40))
    (session,) = warden.of("POST", "/sessions")  # the driver's, whatever jobs there are
    assert session == {"user_id": str(os.getuid()), "slurm_job_id": "openqat"}
    assert not warden.strangers
    close_sessions()
    assert broker.stop() == 0
    until(lambda: not warden.sessions)


def test_a_task_that_fails_there_is_told_with_its_logs(broker, warden):
    warden.ends = ["ERROR"]
    with pytest.raises(QPUException, match="task 1 has failed on FRESNEL: task 1: the laser said no"):
        shared(broker).submit(schedule_job())
    assert shared(broker).submit(schedule_job(8)).nbqbits == 4


def test_a_task_that_nobody_wants_any_more_is_stopped_there(broker, warden):
    warden.looks = 10**9
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(shared(broker).submit, schedule_job())
        until(lambda: warden.tasks.get(1, {}).get("looks", 0) > 1)
        close_sessions()
        with pytest.raises(QPUException, match="session was closed"):
            waiting.result(LIMIT_S)
        until(lambda: warden.of("POST", "/jobs/1/cancel"))


def test_a_device_that_is_away_is_down_and_comes_back(broker, warden):
    shared(broker).submit(schedule_job())
    warden.status = 503
    until(lambda: "the laser is off" in state_of(broker))
    warden.status = 200
    assert shared(broker).submit(schedule_job(8)).nbqbits == 4


def state_of(broker):
    (pool,) = broker_status(ClientSettings(broker=f"unix:{broker.socket}")).pools
    return f"{pool.qpus[0].state}: {pool.qpus[0].reason}"


def test_the_fake_of_other_tests_has_the_names_of_the_package():
    """What the fake offers is there, and members of enumerations compare without having names."""
    import qrmi

    for name in (name for name in vars(fake_qrmi) if name.endswith("Error")):
        assert issubclass(getattr(qrmi, name), RuntimeError)
    for kind in ("ResourceType", "TaskStatus", "ResourceStatusCode"):
        for member in (each for each in vars(getattr(fake_qrmi, kind)) if not each.startswith("_")):
            real = getattr(getattr(qrmi, kind), member)
            assert real == getattr(getattr(qrmi, kind), member) and not hasattr(real, "name")
    offered = {name for name in vars(fake_qrmi.QuantumResource) if not name.startswith("_")} - {"machine"}
    assert offered <= set(dir(qrmi.QuantumResource))
    assert qrmi.Payload.PasqalCloud(sequence="{}", job_runs=1)
