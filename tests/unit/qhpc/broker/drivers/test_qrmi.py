"""The driver of QRMI resources against a fake of the package's interface, whose clock is the test's."""

import json
import os
import sys
from threading import Event, Thread

import pytest

from qat.comm.wire import WireError, encode
from qat.core import Observable, Schedule, Variable
from qat.core.errors import QPUException
from qat.kernels.control import RunCancelledError
from qhpc.broker.drivers.messages import StateChanged
from qhpc.broker.drivers.protocol import DeviceError, SliceControl, SpecsKnown
from qhpc.broker.drivers.qrmi import QrmiDriver
from qhpc.broker.drivers.sequences import counts_in, device_in, sequence_in
from qhpc.broker.drivers.settings import BadOptions, QrmiOptions, checked_options
from tests.unit.qhpc.broker.drivers import fake_qrmi
from tests.unit.qhpc.broker.drivers.brokers import bell
from tests.unit.qhpc.broker.drivers.fake_qrmi import Machine, ResourceStatus, ResourceStatusCode, TaskStatus

OPTIONS = {"resource": "FRESNEL", "type": "PasqalLocal"}
SEQUENCE = '{"name": "pulser-exported", "channels": {}}'


def schedule_job(nbshots=100, other=None, **options):
    t = Variable("t")
    schedule = Schedule([(1 - t, Observable.sigma_x(0, 4))], tmax=1.0)
    schedule._other = json.dumps({"abstr_seq": SEQUENCE, "modulation": False}).encode() if other is None else other
    return encode(schedule.to_job(nbshots=nbshots, **options))


@pytest.fixture
def machine(monkeypatch):
    machine = Machine(queued_s=30.0, shot_s=0.5)
    monkeypatch.setenv("FRESNEL_QRMI_JOB_ACQUISITION_TOKEN", "none yet")
    monkeypatch.setattr(fake_qrmi.QuantumResource, "machine", machine)
    return machine


class Control(SliceControl):
    """Waits by moving the machine's clock on; cancelled at a time."""

    def __init__(self, machine, stop_s=float("inf")):
        super().__init__()
        self._machine, self._stop_s = machine, stop_s

    def wait(self, seconds):
        self._machine.now_s += seconds
        if self._machine.now_s >= self._stop_s:
            self.cancel()
        return self.is_cancelled


def driver(machine, **options):
    def sleep(seconds):
        machine.now_s += seconds

    return QrmiDriver(QrmiOptions(**OPTIONS, **options), fake_qrmi, lambda: machine.now_s, sleep)


def test_a_slice_is_a_task_with_its_shots(machine):
    qrmi = driver(machine)
    task = qrmi.load(schedule_job(nbshots=100))
    ran = qrmi.run(task, 40, Control(machine))
    assert machine.tasks["task-0"][0] == (SEQUENCE, 40)
    assert ran.shots == 40
    assert {sample.state.bitstring: sample.probability for sample in ran.result} == {"0110": 0.75, "1001": 0.25}
    assert ran.result.meta_data == {"nbshots": "40"}
    assert 25 < ran.overhead_s <= 30.0, "in the queue"
    assert 50.0 <= machine.now_s <= 56.0, "its end is seen soon"
    assert machine.calls["task_status"] < 35
    qrmi.run(task, 0, Control(machine))
    assert machine.tasks["task-1"][0].job_runs == 100
    qrmi.close()
    qrmi.close()
    assert (machine.calls["acquire"], machine.calls["release"]) == (1, 1)


def test_fewer_shots_than_asked_for_are_told(machine):
    machine.answer = '{"counter": {"0110": 30, "1111": 0}}'
    qrmi = driver(machine)
    assert qrmi.run(qrmi.load(schedule_job()), 40, Control(machine)).shots == 30


def test_stop(machine):
    qrmi = driver(machine)
    with pytest.raises(RunCancelledError):
        qrmi.run(qrmi.load(schedule_job()), 40, Control(machine, stop_s=35.0))
    assert machine.over == {"task-0": TaskStatus.Cancelled}
    assert machine.now_s < 50.0


def test_a_task_that_has_run_when_it_is_stopped_gives_its_result(machine):
    machine.is_deaf = True
    qrmi = driver(machine)
    assert qrmi.run(qrmi.load(schedule_job()), 40, Control(machine, stop_s=35.0)).shots == 40


def test_a_task_that_cannot_be_stopped(machine):
    machine.is_deaf = True
    machine.troubles["task_stop"] = [fake_qrmi.QrmiError("not now")]
    qrmi = driver(machine)
    with pytest.raises(DeviceError, match="cannot be stopped") as raised:
        qrmi.run(qrmi.load(schedule_job()), 1000, Control(machine, stop_s=35.0))
    assert raised.value.may_have_run
    assert machine.now_s < 110.0


def test_the_deadline(machine):
    qrmi = driver(machine, deadline_s=100.0)
    with pytest.raises(DeviceError, match="longer than 100 s") as raised:
        qrmi.run(qrmi.load(schedule_job()), 1000, Control(machine))
    assert (raised.value.is_retryable, raised.value.may_have_run) == (False, True)
    assert machine.over == {"task-0": TaskStatus.Cancelled}


def test_what_failed_is_told_with_its_logs(machine):
    qrmi = driver(machine)
    machine.over["task-0"] = TaskStatus.Failed
    with pytest.raises(QPUException) as raised:
        qrmi.run(qrmi.load(schedule_job()), 40, Control(machine))
    assert "the laser said no to task-0" in raised.value.message
    machine.over["task-1"] = TaskStatus.Failed
    machine.troubles["task_logs"] = [fake_qrmi.QrmiError("no logs")]
    with pytest.raises(QPUException) as raised:
        qrmi.run(qrmi.load(schedule_job()), 40, Control(machine))
    assert "cannot be read: no logs" in raised.value.message


@pytest.mark.parametrize(
    ("error", "expected", "may_have_run"),
    [
        (fake_qrmi.InvalidInputError("bad sequence"), QPUException, None),
        (fake_qrmi.AuthenticationFailedError("who?"), DeviceError, False),
        (fake_qrmi.QrmiError("connection reset"), DeviceError, True),
    ],
)
def test_tasks_that_do_not_start(machine, error, expected, may_have_run):
    qrmi = driver(machine)
    machine.troubles["task_start"] = [error]
    with pytest.raises(expected) as raised:
        qrmi.run(qrmi.load(schedule_job()), 40, Control(machine))
    assert getattr(raised.value, "may_have_run", None) == may_have_run


def test_a_resource_that_cannot_be_acquired_is_tried_again(machine):
    qrmi = driver(machine)
    machine.troubles["acquire"] = [fake_qrmi.QrmiError("busy")]
    task = qrmi.load(schedule_job())
    with pytest.raises(DeviceError, match="cannot be acquired: busy") as raised:
        qrmi.run(task, 40, Control(machine))
    assert (raised.value.is_retryable, raised.value.may_have_run) == (True, False)
    assert qrmi.run(task, 40, Control(machine)).shots == 40


def test_lost_connections_are_borne_for_a_while(machine):
    qrmi = driver(machine)
    machine.troubles["task_status"] = [fake_qrmi.QrmiError("timeout")] * 9
    machine.troubles["task_result"] = [fake_qrmi.TaskNotReadyError("soon")] * 3
    assert qrmi.run(qrmi.load(schedule_job()), 40, Control(machine)).shots == 40
    machine.troubles["task_status"] = [fake_qrmi.QrmiError("timeout")] * 10
    with pytest.raises(DeviceError, match="does not answer: timeout") as raised:
        qrmi.run(qrmi.load(schedule_job()), 40, Control(machine))
    assert raised.value.may_have_run
    machine.troubles["task_status"] = [fake_qrmi.TaskNotFoundError("task-2")]
    with pytest.raises(DeviceError, match="not known any more"):
        qrmi.run(qrmi.load(schedule_job()), 40, Control(machine))


@pytest.mark.parametrize(
    "answer",
    ["", "[]", "{}", '{"counter": {}}', '{"counter": {"01": 1, "1": 1}}', '{"counter": {"0b1": 1}}', "[" * 9999],
)
def test_answers_that_are_no_counts(answer):
    with pytest.raises(DeviceError, match="no counts"):
        counts_in(answer)


def test_counts_of_many_atoms(machine):
    machine.answer = json.dumps({"counter": {"1" + "0" * 99: 2}})
    qrmi = driver(machine)
    ran = qrmi.run(qrmi.load(schedule_job()), 2, Control(machine))
    assert ran.result[0].state.int == 1 << 99


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (bell(nbshots=5), "runs schedules, and the job has a circuit"),
        (schedule_job(nbshots=0), "needs a number of shots"),
        (schedule_job(observable=Observable.sigma_z(0, 4)), "asks for an observable"),
        (schedule_job(other=b""), "carries no pulse sequence"),
        (schedule_job(other=b"{}"), "carries no pulse sequence"),
        (schedule_job(other=b'{"abstr_seq": 5}'), "carries no pulse sequence"),
        (schedule_job(other=b'["abstr_seq"]'), "carries no pulse sequence"),
        (schedule_job(other=b"\xff"), "carries no pulse sequence"),
        (schedule_job(nbshots=501), "takes at most 500 a job"),
    ],
)
def test_jobs_that_it_cannot_run(payload, message):
    with pytest.raises(QPUException) as raised:
        sequence_in(payload, 500)
    assert message in raised.value.message


def test_what_is_no_job():
    with pytest.raises(WireError):
        sequence_in(b"rubbish")


def test_state_and_target(machine):
    qrmi, told, ending = driver(machine, check_every_s=0.001), [], Event()
    statuses = [
        ResourceStatus(ResourceStatusCode.Online),
        ResourceStatus(ResourceStatusCode.Paused, "rubidium"),
        ResourceStatus(ResourceStatusCode.Paused, "rubidium"),
        ResourceStatus(ResourceStatusCode.Offline),
        ResourceStatus(ResourceStatusCode.Online),
    ]

    class Ending:
        """Each wait leads to the next status."""

        def is_set(self):
            if statuses:
                machine.status = statuses.pop(0)
            else:
                ending.set()
            return ending.is_set()

        def wait(self, seconds):
            assert seconds == 0.001

    machine.troubles["status"] = [fake_qrmi.QrmiError("no route")]
    qrmi.attend(told.append, Ending())
    down = StateChanged("down", "no route")
    assert [each for each in told if isinstance(each, StateChanged)] == [
        down, StateChanged("calibrating", "rubidium"), StateChanged("down", "offline"), StateChanged("up"),
    ]  # fmt: skip
    assert [each.specs.description for each in told if isinstance(each, SpecsKnown)] == ['{"name": "FRESNEL"}']
    assert qrmi.specs().description == '{"name": "FRESNEL"}'


def test_a_slow_look_at_the_resource_is_in_no_tasks_way(machine):
    qrmi, ending, told = driver(machine), Event(), []
    machine.held["status"] = Event()
    looking = Thread(target=qrmi.attend, args=(told.append, ending))
    looking.start()
    while not machine.calls["status"]:
        ending.wait(0.001)
    assert qrmi.run(qrmi.load(schedule_job()), 40, Control(machine)).shots == 40
    ending.set()
    machine.held["status"].set()
    looking.join(60.0)
    assert not looking.is_alive()


def test_a_target_that_cannot_be_read_is_asked_for_again(machine):
    qrmi, told, nb_left = driver(machine), [], [3]

    class Ending:
        def is_set(self):
            nb_left[0] -= 1
            return not nb_left[0]

        def wait(self, seconds):
            pass

    machine.troubles["target"] = [fake_qrmi.QrmiError("later")]
    qrmi.attend(told.append, Ending())
    assert [type(each) for each in told] == [SpecsKnown]


def test_descriptions_of_devices():
    both = json.dumps([{"device_type": name, "specs": {"name": name}} for name in ("EMU", "FRESNEL")])
    assert device_in(both, "FRESNEL") == '{"name": "FRESNEL"}'
    assert device_in(both, "other") == '{"name": "EMU"}'
    assert device_in("[]", "other") == "[]"


def test_options(machine, tmp_path, monkeypatch):
    with pytest.raises(BadOptions, match=r"missing required field `type`"):
        checked_options("qrmi", {"resource": "FRESNEL"})
    with pytest.raises(BadOptions, match="type of a qrmi driver: invalid enum value 'IQMServer'"):
        checked_options("qrmi", {"resource": "FRESNEL", "type": "IQMServer"})
    machine.troubles["new"] = [fake_qrmi.QrmiError("QRMI_URL is not set")]
    with pytest.raises(BadOptions, match="cannot be made: QRMI_URL is not set"):
        driver(machine)
    assert driver(machine, config={"url": "https://x"})._resource.config == {"url": "https://x"}
    secrets = tmp_path / "environment"
    secrets.write_text("# of the resource\nFRESNEL_QRMI_TOKEN=a=b\n\n")
    with pytest.raises(BadOptions, match="chmod 600"):
        driver(machine, environment_file=str(secrets))
    secrets.chmod(0o600)
    monkeypatch.setenv("FRESNEL_QRMI_TOKEN", "before")
    driver(machine, environment_file=str(secrets))
    assert os.environ["FRESNEL_QRMI_TOKEN"] == "a=b"
    secrets.write_text("hunter2\n")
    with pytest.raises(BadOptions, match="not NAME=value") as raised:
        driver(machine, environment_file=str(secrets))
    assert "hunter2" not in str(raised.value)
    with pytest.raises(BadOptions, match="cannot be read"):
        driver(machine, environment_file=str(tmp_path / "none"))


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "qrmi", None)
    with pytest.raises(BadOptions, match="pip install qrmi"):
        QrmiDriver(QrmiOptions(**OPTIONS))
