"""The clock of the broker's machine is set forwards and back while tasks run, and while the broker is away."""

import os
import threading

import pytest

from benchmarks.live.drill_books import compared
from benchmarks.live.drill_load import is_number, number_job
from qat.core import Batch
from qat.qpus import SharedQPU
from qat.shared.addresses import ClientSettings
from qat.shared.sessions import close_sessions
from qat.shared.status import broker_status
from qhpc.broker.drivers.slice_log import logged_slices
from qhpc.broker.usage_reading import reading_usage
from tests.integration.clock_steps import ClockSteps

from .harness import LIMIT_S, PATHS, until

DAY_S = 86400.0
STEPS_S = (DAY_S, -DAY_S, 7.0, -3600.0)


class Work(threading.Thread):
    """Batches one after the other in one session, until it is told to stop."""

    def __init__(self, broker):
        super().__init__(daemon=True)
        self.broker, self.is_enough = f"unix:{broker.socket}", threading.Event()
        self.nb_right, self.wrong = 0, []

    def run(self):
        qpu = SharedQPU("p", broker=self.broker)
        while not self.is_enough.is_set():
            results = qpu.submit(Batch([number_job(number, 5) for number in range(8)]))
            right = [is_number(result, number) for number, result in enumerate(results)]
            self.nb_right += sum(right)
            self.wrong += [right] if not all(right) else []

    def goes_on(self):
        """Wait until some more batches are done, which began after this call."""
        done = self.nb_right + 16
        until(lambda: self.nb_right >= done or not self.is_alive())
        assert self.is_alive()


@pytest.fixture
def clock(tmp_path):
    (tmp_path / "clock").mkdir()
    return ClockSteps(tmp_path / "clock", PATHS)


@pytest.fixture
def broker(broker_of, clock, tmp_path):
    log = tmp_path / "b.slices"
    options = f'shot_s = 0.0005\n[qpus.q.faults]\nslice_log = "{log}"'
    broker = broker_of(driver="emulated", options=options, limits="lease_s = 20")
    broker.environment = lambda: {**os.environ, **clock.environment}
    yield broker.start()
    close_sessions()


def sessions(broker):
    return [session.id for session in broker_status(ClientSettings(broker=f"unix:{broker.socket}")).sessions]


def test_no_session_ends_and_every_task_runs_once_whatever_is_done_to_the_clock(broker, clock, recovery):
    work = Work(broker)
    work.start()
    work.goes_on()
    (session,) = sessions(broker)
    for step_s in STEPS_S:
        with recovery(f"the broker's clock is {step_s:+g} s off: until two more batches of 8 tasks are done"):
            clock.set(step_s)
            work.goes_on()
        assert sessions(broker) == [session]
    for step_s in (-DAY_S, DAY_S):
        broker.kill()
        clock.set(step_s)  # it was away, and the time of day is another one when it comes back
        broker.start()
        work.goes_on()
        assert sessions(broker) == [session]
    work.is_enough.set()
    work.join(LIMIT_S)
    assert not work.is_alive() and not work.wrong
    close_sessions()
    assert broker.stop() == 0
    with reading_usage(broker.directory / "usage.db") as reader:
        rows = list(reader.slices())
    found = compared(logged_slices(broker.directory.with_suffix(".slices")), rows, {})
    assert [*found.run_twice, *found.recorded_twice, *found.invented, *found.missing] == []
    assert found.nb_charged == work.nb_right and {row.session for row in rows} == {session}
    assert all(0 <= row.busy_s < 1 for row in rows)
    starts_s = [row.start_s for row in rows]
    assert max(starts_s) - min(starts_s) > DAY_S / 2, "the last broker begins with the clock as it was set"
