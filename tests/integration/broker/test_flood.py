"""A user floods a real broker with thousands of tasks at once; another one works as before."""

import threading
from contextlib import suppress
from itertools import pairwise

import pytest

from benchmarks.live.drill_load import is_number, number_job
from qat.comm.broker.messages import Refused, SubmitTask, TaskFinished
from qat.comm.wire import encode
from qat.qpus import SharedQPU
from qat.shared.sessions import close_sessions
from qhpc.broker.drivers.slice_log import logged_slices

NB_FLOOD, NB_ASKED, NB_SHOTS, SHOT_S = 3000, 10, 10, 0.001
"""How many of the flood may pass each task is the scheduler's matter, and tested there; here it is who comes last."""


class Flood(threading.Thread):
    """Submits all at once, and hears what comes."""

    def __init__(self, job):
        super().__init__(daemon=True)
        self.job, self.nb_done, self.refused = job, 0, []
        job.open("flood", share=0.5)
        payload = encode(number_job(1, NB_SHOTS))
        self.tasks = [SubmitTask(str(number), payload, NB_SHOTS, duration_s=0.01) for number in range(NB_FLOOD)]
        job.say(self.tasks[0])
        job.hear(TaskFinished)

    def run(self):
        threading.Thread(target=self.job.say, args=self.tasks[1:], daemon=True).start()
        with suppress(OSError, EOFError):
            while True:
                message = self.job.next()
                self.nb_done += isinstance(message, TaskFinished)
                self.refused += [message.code] if isinstance(message, Refused) else []


@pytest.fixture
def broker(broker_of, tmp_path):
    faults = f'\n[qpus.q.faults]\nslice_log = "{tmp_path / "slices"}"'
    yield broker_of(driver="emulated", options=f"shot_s = {SHOT_S}{faults}").start()
    close_sessions()


def passed(log):
    """For each task of the one who asks, in order: how many of others began since the one before."""
    begun = [line.key for line in logged_slices(log) if line.what == "begun"]
    asked = [place for place, key in enumerate(begun) if "flood" not in key]
    return [later - earlier - 1 for earlier, later in pairwise(asked)]


def test_who_keeps_to_a_share_is_not_held_up_by_a_flood(broker, tmp_path):
    qpu = SharedQPU("p", broker=f"unix:{broker.socket}", share=0.5, duration_s=0.01)
    assert is_number(qpu.submit(number_job(1, NB_SHOTS)), 1)  # before
    flood = Flood(broker.job())
    flood.start()
    for number in range(NB_ASKED):
        assert is_number(qpu.submit(number_job(number % 32, NB_SHOTS)), number % 32)
    nb_passed = passed(tmp_path / "slices")
    assert len(nb_passed) == NB_ASKED and sum(nb_passed) < NB_FLOOD / 2
    assert flood.nb_done > 0 and not flood.refused
