"""The emulated device takes the time of its model, in which a clock of the test's own tells the time."""

from threading import Event, Thread

import pytest

from qat.kernels.control import RunCancelledError
from qhpc.broker.drivers import messages as say
from qhpc.broker.drivers.device_model import Calibration, DeviceModel, SlicePlan
from qhpc.broker.drivers.emulated import EmulatedDriver
from qhpc.broker.drivers.messages import StateChanged, WindowPlanned
from qhpc.broker.drivers.protocol import DeviceError, SliceControl
from qhpc.broker.drivers.settings import EmulatedOptions, checked_options
from qhpc.scheduling.timings import TIMINGS
from tests.unit.qhpc.broker.drivers.brokers import DEADLINE_S, Started, bell


class Clock:
    """A clock that stands still, unless somebody waits."""

    def __init__(self):
        self.now_s = 1000.0

    def __call__(self):
        return self.now_s


class Control(SliceControl):
    """Waits by moving the clock on; stopped at a time."""

    def __init__(self, clock, stop_s=float("inf")):
        super().__init__()
        self._clock, self._stop_s = clock, stop_s

    def wait(self, seconds):
        end_s = self._clock.now_s + max(seconds, 0.0)
        self._clock.now_s = min(end_s, max(self._stop_s, self._clock.now_s))
        return end_s > self._stop_s


def device(clock, **options):
    return EmulatedDriver(EmulatedOptions(**options), clock)


def run(driver, clock, task, shots, stop_s=float("inf")):
    begin_s = clock.now_s
    ran = driver.run(task, shots, Control(clock, stop_s))
    return ran, clock.now_s - begin_s


def test_shots_take_their_time_and_latency_is_hidden_by_preparing():
    clock = Clock()
    driver = device(clock, shot_s=0.5, latency_s=8.0)
    cold = driver.load(bell(nbshots=100))
    ran, took_s = run(driver, clock, cold, 20)
    assert (ran.shots, ran.overhead_s, took_s) == (20, 8.0, 18.0)
    assert ran.result.meta_data["nbshots"] == "20"
    ahead = driver.load(bell(nbshots=100))
    clock.now_s += 6.0
    ran, took_s = run(driver, clock, ahead, 20)
    assert (ran.overhead_s, took_s) == (2.0, 12.0)
    ran, took_s = run(driver, clock, ahead, 20)
    assert (ran.overhead_s, took_s) == (8.0, 18.0), "every slice is a submission"
    driver.prepare(ahead)
    clock.now_s += 100.0
    driver.prepare(ahead)
    ran, took_s = run(driver, clock, ahead, 20)
    assert (ran.overhead_s, took_s) == (0.0, 10.0)


def test_jobs_as_they_are_count_their_own_shots():
    clock = Clock()
    driver = device(clock, shot_s=0.5, exact_s=3.0)
    ran, took_s = run(driver, clock, driver.load(bell(nbshots=10)), 0)
    assert (ran.shots, took_s) == (0, 5.0)
    ran, took_s = run(driver, clock, driver.load(bell()), 0)
    assert (ran.shots, took_s) == (0, 3.0)


def test_speedup_divides_all_times():
    clock = Clock()
    driver = device(clock, timing="superconducting", speedup=90.0)
    _, took_s = run(driver, clock, driver.load(bell()), 900)
    assert took_s == pytest.approx((9.0 + 900 * 0.0004) / 90)


@pytest.mark.parametrize(("stopped_after_s", "shots"), [(8.0, None), (8.4, None), (8.5, 1), (12.9, 9), (30.0, 20)])
def test_a_stopped_slice_has_the_shots_until_then(stopped_after_s, shots):
    clock = Clock()
    driver = device(clock, shot_s=0.5, latency_s=8.0)
    task = driver.load(bell(nbshots=100))
    if shots is None:
        with pytest.raises(RunCancelledError):
            run(driver, clock, task, 20, clock.now_s + stopped_after_s)
        return
    ran, took_s = run(driver, clock, task, 20, clock.now_s + stopped_after_s)
    assert (ran.shots, took_s) == (shots, pytest.approx(min(stopped_after_s, 18.0)))
    assert ran.result.meta_data["nbshots"] == str(shots)


def test_failures_come_at_their_rate_and_repeat():
    def failures(seed):
        clock = Clock()
        driver = device(clock, shot_s=0.5, failure_rate=0.3, seed=seed)
        task = driver.load(bell(nbshots=10))
        found = []
        for _ in range(200):
            begin_s = clock.now_s
            try:
                run(driver, clock, task, 10)
            except DeviceError as error:
                assert error.is_retryable
                assert not error.may_have_run
                assert 0 <= clock.now_s - begin_s < 5.0
                found.append(clock.now_s - begin_s)
            else:
                found.append(None)
        return found

    first = failures(1)
    assert 35 < sum(each is not None for each in first) < 85
    assert failures(1) == first != failures(2)


def test_times_of_the_table_are_the_defaults():
    for name, timing in TIMINGS.items():
        model = DeviceModel(checked_options("emulated", {"timing": name}))
        assert (model.shot_s, model.latency_s) == (timing.shot_s, timing.latency_s)
    assert DeviceModel(EmulatedOptions(timing="neutral-atoms", shot_s=0.1)).shot_s == 0.1
    assert list(DeviceModel(EmulatedOptions()).calibrations(0.0)) == []


def test_shots_by_a_time():
    plan = SlicePlan(10.0, 11.0, 0.1, False)
    assert [plan.shots_by(now_s) for now_s in (0.0, 10.0, 10.09, 10.3, 11.0)] == [0, 0, 0, 3, 10]
    assert SlicePlan(10.0, 11.0, 0.0, False).shots_by(10.5) == 0


def test_calibrations_are_announced_and_wait_for_the_slice():
    driver = EmulatedDriver(EmulatedOptions(calibration_every_s=0.05, calibration_s=0.02))
    told, ending, calibrated = [], Event(), Event()

    def tell(news):
        told.append(news)
        if sum(each == StateChanged("up") for each in told) == 2:
            calibrated.set()

    attending = Thread(target=driver.attend, args=(tell, ending))
    attending.start()
    assert calibrated.wait(DEADLINE_S)
    ending.set()
    attending.join(DEADLINE_S)
    assert not attending.is_alive()
    calibrating = StateChanged("calibrating", "calibration", 0.02)
    assert [type(news) for news in told[:3]] == [WindowPlanned, StateChanged, StateChanged]
    assert (told[0].id, told[0].length_s, 0 <= told[0].in_s <= 0.05) == ("calibration-1", 0.02, True)
    assert (told[1], told[2], told[4], told[5]) == (calibrating, StateChanged("up"), calibrating, StateChanged("up"))


def test_a_slice_that_is_stopped_does_not_wait_for_a_calibration():
    driver = EmulatedDriver(EmulatedOptions(calibration_every_s=0.001, calibration_s=1000.0))
    ending, is_calibrating = Event(), Event()
    attending = Thread(
        target=driver.attend, args=(lambda news: isinstance(news, StateChanged) and is_calibrating.set(), ending)
    )
    attending.start()
    assert is_calibrating.wait(DEADLINE_S)
    control = SliceControl()
    control.cancel()
    with pytest.raises(RunCancelledError):
        driver.run(driver.load(bell(nbshots=3)), 3, control)
    ending.set()
    attending.join(DEADLINE_S)
    assert not attending.is_alive()


def test_calibrations_of_the_model():
    calibrations = DeviceModel(EmulatedOptions(calibration_every_s=10.0, calibration_s=1.0)).calibrations(5.0)
    assert [next(calibrations) for _ in range(2)] == [Calibration(15.0, 1.0), Calibration(25.0, 1.0)]


def test_a_broker_hears_of_windows_and_stops_slices(tmp_path):
    options = {"shot_s": 0.01, "calibration_every_s": 3600.0, "calibration_s": 60.0}
    with Started(tmp_path, driver="emulated", options=options) as driver:
        driver.broker().attach()
        broker = driver.broker()
        broker.attach()
        window = broker.hear_of(WindowPlanned)
        assert (window.id, window.length_s, 3500 < window.in_s < 3600) == ("calibration-1", 60.0, True)
        broker.say(say.Load("k", bell(nbshots=100_000)), say.Run("k", 1, 100_000))
        broker.hear_of(say.SliceBegun)
        driver.broker().attach()
        again = driver.broker()
        assert again.attach().known == (("k", 1),)
        again.say(say.Stop("k", 1))
        end = again.hear_of(say.SliceEnded | say.SliceBroken)
        assert isinstance(end, say.SliceBroken) or 0 < end.shots < 100_000
