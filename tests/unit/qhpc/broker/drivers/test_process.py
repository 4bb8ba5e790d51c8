"""Drivers as real processes: what a broker hears from them, whatever happens to it or to them."""

import os
import re
import signal
import stat

import pytest

from qat.comm.wire import decode, encode
from qat.core import HardwareSpecs, Observable, Schedule
from qat.core.errors import QPUException, ServiceError
from qat.lang.AQASM import RX, Program
from qhpc.broker.drivers import messages as say
from tests.unit.qhpc.broker.drivers.brokers import Started, bell, result_in


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    with Started(tmp_path_factory.mktemp("service"), options={"arguments": {"seed": 7}, "max_qubits": 30}) as driver:
        yield driver


@pytest.fixture
def broker(started):
    broker = started.broker()
    assert broker.attach().known == ()
    return broker


def error_of(end):
    assert isinstance(end, say.SliceBroken), end
    return decode(end.error, ServiceError)


def test_a_slice_runs_its_shots(broker):
    end = broker.run("u:s/sampled", 1, 300, bell(nbshots=1000))
    result = result_in(end)
    assert (end.shots, result.meta_data["nbshots"]) == (300, "300")
    assert {sample.state.bitstring for sample in result} == {"00", "11"}
    assert 0 <= end.overhead_s <= end.busy_s < 10
    broker.say(say.AcknowledgeSlice("u:s/sampled", 1), say.Drop("u:s/sampled"))


def test_shots_0_runs_the_job_as_it_is(broker):
    result = result_in(broker.run("u:s/exact", 1, 0, bell()))
    assert [sample.probability for sample in result] == pytest.approx([0.5, 0.5])
    broker.say(say.AcknowledgeSlice("u:s/exact", 1))


def test_files_are_private_and_say_who_is_there(started, broker):
    assert stat.S_IMODE(started.path.stat().st_mode) == 0o600
    assert int(started.path.with_suffix(".pid").read_text()) == started.process.pid


def test_specs_and_name(started):
    attached = started.broker().attach()
    assert (attached.version, attached.qpu, attached.state) == (say.VERSION, "qpu", "up")
    assert "state-vector" in decode(attached.specs, HardwareSpecs).description


def unbound():
    program = Program()
    program.apply(RX(program.new_var(float, "theta")), program.qalloc(1))
    return encode(program.to_circ().to_job())


def wide(nb_qubits):
    program = Program()
    program.qalloc(nb_qubits)
    return encode(program.to_circ().to_job())


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"\0", "cannot be read"),
        (b"not a message at all", "cannot be read"),
        (bell()[:-3], "cannot be read"),
        (encode(HardwareSpecs()), "cannot be read: it holds a HardwareSpecs; expected a Job"),
        (unbound(), r"variables without values \(theta\)"),
        (wide(31), "31 qubits: this QPU takes at most 30"),
        (encode(Observable.sigma_z(0)), "expected a Job"),
    ],
)
def test_payloads_that_make_no_sense_end_their_slice_only(broker, payload, message):
    broker.say(say.Load("u:s/bad", payload), say.Run("u:s/bad", 1, 5))
    end = broker.hear()
    assert isinstance(end, say.SliceBroken)
    assert not end.is_retryable
    assert not end.may_have_run
    error = error_of(end)
    assert isinstance(error, QPUException)
    assert re.search(message, error.message)
    broker.say(say.AcknowledgeSlice("u:s/bad", 1), say.Drop("u:s/bad"))
    assert result_in(broker.run("u:s/good", 1, 5, bell(nbshots=5)))
    broker.say(say.AcknowledgeSlice("u:s/good", 1), say.Drop("u:s/good"))


def test_what_the_qpu_raises_is_the_users_exception(broker):
    schedule = Schedule(Observable.sigma_x(0), tmax=1.0)
    end = broker.run("u:s/raises", 1, 0, encode(schedule.to_job(nbshots=5)))
    assert "schedules need an analog QPU" in error_of(end).message
    assert end.busy_s >= 0
    broker.say(say.AcknowledgeSlice("u:s/raises", 1))


def test_a_task_that_is_not_loaded_is_asked_for(broker):
    broker.say(say.Run("u:s/unknown", 1, 5))
    assert broker.hear() == say.Lacks("u:s/unknown", 1)


def test_another_broker_hears_again_of_what_is_not_acknowledged(started):
    first = started.broker()
    incarnation = first.attach().incarnation
    end = first.run("u:s/kept", 1, 50, bell(nbshots=50))
    second = started.broker()
    attached = second.attach()
    assert (attached.incarnation, attached.known) == (incarnation, (("u:s/kept", 1),))
    assert second.hear() == end
    with pytest.raises(ConnectionError):
        first.hear()
    second.say(say.Run("u:s/kept", 1, 50))
    assert second.hear() == end
    second.say(say.AcknowledgeSlice("u:s/kept", 1), say.Attach(say.VERSION))
    assert second.hear_of(say.Attached).known == ()


def test_rubbish_on_the_socket_ends_the_connection_only(started):
    broker = started.broker()
    broker._socket.sendall(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(ConnectionError):
        broker.hear()
    assert started.broker().attach().qpu == "qpu"


def test_a_broker_of_another_version_is_sent_away(started):
    broker = started.broker()
    broker.say(say.Attach(say.VERSION + 1))
    assert broker.hear().version == say.VERSION
    with pytest.raises(ConnectionError):
        broker.hear()


def test_a_second_driver_at_the_same_place_does_not_start(started):
    with Started(started.path.parent) as second:
        status, text = second.ended()
    assert (status, str(started.process.pid) in text) == (3, True)
    assert started.broker().attach().qpu == "qpu"


def test_a_killed_driver_comes_back_as_another_incarnation(tmp_path):
    with Started(tmp_path) as first:
        incarnation = first.broker().attach().incarnation
        first.kill()
    with Started(tmp_path) as second:
        attached = second.broker().attach()
    assert attached.incarnation != incarnation
    assert attached.known == ()


def test_quit_ends_after_what_runs_and_once_it_is_acknowledged(tmp_path):
    with Started(tmp_path, driver="emulated", options={"shot_s": 0.02}) as driver:
        broker = driver.broker()
        broker.attach()
        broker.say(say.Load("k", bell(nbshots=10)), say.Run("k", 1, 10))
        broker.hear_of(say.SliceBegun)
        broker.say(say.Quit(), say.Run("k", 2, 10))
        end, refused = sorted((broker.hear(), broker.hear()), key=lambda told: told.number)
        assert (refused.number, refused.is_retryable) == (2, True)
        assert end.shots == 10
        broker.say(say.AcknowledgeSlice("k", 1), say.AcknowledgeSlice("k", 2))
        assert driver.ended()[0] == 0
        assert list(tmp_path.glob("*.sock")) == []


def test_sigterm_is_the_same_and_twice_ends_at_once(tmp_path):
    with Started(tmp_path, driver="emulated", options={"exact_s": 1000.0}) as driver:
        broker = driver.broker()
        broker.attach()
        broker.say(say.Load("k", bell()), say.Run("k", 1, 0))
        broker.hear_of(say.SliceBegun)
        os.kill(driver.process.pid, signal.SIGTERM)
        broker.say(say.Run("k", 2, 0))
        assert broker.hear().number == 2
        os.kill(driver.process.pid, signal.SIGTERM)
        assert driver.ended()[0] == 0


def test_nobody_needs_it(tmp_path):
    with Started(tmp_path, orphan_s=0.05) as driver:
        status, text = driver.ended()
        assert (status, "no broker came" in text) == (0, True)


def test_results_that_nobody_fetches_are_kept_for_another_time(tmp_path):
    with Started(tmp_path, orphan_s=600.0, results_s=0.2) as driver:
        broker = driver.broker()
        broker.attach()
        broker.run("k", 1, 5, bell(nbshots=5))
        broker.close()
        status, text = driver.ended()
        assert (status, "no broker came for 0.2 s" in text) == (0, True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"driver": "servise"}, "did you mean service"),
        ({"options": {"service": "qat.qpus:LinAlk"}}, "did you mean LinAlg"),
        ({"options": {"service": "os:system"}}, "expected qat.qpus:NAME"),
        ({"options": {"service": "qat.qpus:get_default_qpu"}}, "there is no such QPU"),
        ({"options": {"arguments": {"precison": 3}}}, "cannot be made: TypeError"),
        ({"options": {"max_qubit": 3}}, "did you mean max_qubits"),
        ({"orphan_s": 0}, "orphan_s"),
    ],
)
def test_what_cannot_be_is_said(tmp_path, settings, message):
    with Started(tmp_path, **settings) as driver:
        status, text = driver.ended()
    assert status == 2
    assert message in text
    assert "Traceback" not in text


def test_a_place_where_nothing_can_be(tmp_path):
    with Started(tmp_path / "nowhere") as driver:
        status, text = driver.ended()
    assert status == 2
    assert "nowhere/qpu.sock cannot be made" in text


SITE = """
from qat.core import Result
from qat.core.qpu import QPUHandler

class Odd(QPUHandler):
    def submit_job(self, job):
        if job.nbshots == 1:
            return Result(value=0.5, meta_data={"odd": object()})
        if job.nbshots == 2:
            raise SystemExit("enough")
        if job.nbshots == 3:
            return 3
        return Result(value=1.0, meta_data={"much": "x" * 10_000})
"""


def test_whatever_a_qpu_does_the_driver_goes_on(tmp_path, monkeypatch):
    folder = tmp_path / "qat" / "qpus"
    folder.mkdir(parents=True)
    (folder / "odd.py").write_text(SITE)
    monkeypatch.syspath_prepend(str(tmp_path))
    with Started(tmp_path, options={"service": "qat.qpus:Odd"}, max_result_bytes=5_000) as driver:
        broker = driver.broker()
        broker.attach()
        expected = (
            "result cannot be sent",
            "SystemExit: enough",
            "instead of a Result",
            "the driver gives at most 5000",
        )
        for nbshots, message in enumerate(expected, 1):
            end = broker.run("k", nbshots, nbshots, bell(nbshots=10))
            assert message in error_of(end).message
        assert driver.broker().attach().qpu == "qpu"
