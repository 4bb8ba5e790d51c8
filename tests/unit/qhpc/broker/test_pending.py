"""Why a job waits in Slurm, in words."""

import time

import pytest

from qhpc.broker.capacity import AwayQpu, Offer
from qhpc.broker.pending import pending_text, waits_for_units
from qhpc.slurm.directory import SlurmJob

JOB = SlurmJob(id=7, state="PENDING", reason="Licenses", licenses={"qpu_p": 250, "matlab": 1})
NOW_S = 1_800_000_000.0


def away(until_s=NOW_S + 3600.0, state="calibrating", reason="calibration"):
    return AwayQpu(name="p-1", state=state, until_s=until_s, reason=reason)


def test_a_qpu_that_calibrates():
    until = time.strftime("%H:%M", time.localtime(NOW_S + 3600.0))
    text = pending_text(JOB, {"p": Offer(total=1103, units=0, away=(away(),)), "r": Offer(total=1, units=1)}, NOW_S)
    first, second, third = text.splitlines()
    assert first == "Slurm job 7 waits for 250 units of the pool 'p'"
    assert second.startswith("p-1 is calibrating until ") and second.endswith(until)
    assert third == "no units of 'p' are handed out meanwhile; jobs that have some go on"


def test_a_qpu_of_which_nobody_knows_when_it_is_back():
    offer = Offer(total=2206, units=1103, away=(away(None, "down", "its driver is gone"),))
    assert pending_text(JOB, {"p": offer}, NOW_S).splitlines()[1:] == [
        "p-1 is down, nobody knows until when (its driver is gone)",
        "1103 of the 2206 units of 'p' are handed out meanwhile",
    ]


def test_a_pool_that_is_full():
    assert pending_text(JOB, {"p": Offer(total=1103, units=1103)}, NOW_S).splitlines() == [
        "Slurm job 7 waits for 250 units of the pool 'p'",
        "1103 units of 'p' are handed out, to jobs that run or go before it",
    ]


def test_another_reason_and_no_pool():
    job = SlurmJob(id=8, state="PENDING", reason="Resources")
    assert pending_text(job, {}, NOW_S) == "Slurm job 8 waits in Slurm: it waits for free cores or memory"


@pytest.mark.parametrize("state", ["RUNNING", "COMPLETED", "BRAND_NEW"])
def test_a_job_that_does_not_wait(state):
    assert pending_text(SlurmJob(id=8, state=state), {}, NOW_S) == ""


def test_who_waits_for_units_alone():
    assert waits_for_units(JOB, "p") and not waits_for_units(JOB, "r")
    assert not waits_for_units(SlurmJob(id=7, state="PENDING", reason="Priority", licenses={"qpu_p": 250}), "p")
    assert not waits_for_units(SlurmJob(id=7, state="RUNNING", licenses={"qpu_p": 250}), "p")
