"""The tables of states and reasons, held against what Slurm's manual names."""

from typing import get_args

import pytest

from qhpc.slurm.directory import SlurmJob, duty_of, is_over
from qhpc.slurm.states import REASONS, STATES, Ending, Phase, phase_of, reason_words

MANUAL = """\
BOOT_FAIL CANCELLED COMPLETED CONFIGURING COMPLETING DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY PENDING PREEMPTED RUNNING
RESV_DEL_HOLD REQUEUE_FED REQUEUE_HOLD REQUEUED RESIZING REVOKED SIGNALING SPECIAL_EXIT STAGE_OUT STOPPED SUSPENDED
TIMEOUT
"""
"""JOB STATE CODES of squeue(1)."""


def test_every_state_of_the_manual_is_known():
    assert set(STATES) == set(MANUAL.split())


def test_states_that_have_ended_say_how_and_others_do_not():
    for name, state in STATES.items():
        assert state.phase in get_args(Phase) and state.phase != "unknown", name
        assert (state.ending in get_args(Ending)) == (state.phase == "ended"), name


@pytest.mark.parametrize(
    ("state", "phase"),
    [
        ("PENDING", "waiting"),
        ("RUNNING", "running"),
        ("COMPLETING", "running"),
        ("CANCELLED by 1000", "ended"),
        ("CANCELLED+", "ended"),
        ("OUT_OF_ME+", "unknown"),
        ("", "unknown"),
    ],
)
def test_phases(state, phase):
    assert phase_of(state) == phase


def test_reasons_are_said_and_none_is_hidden():
    assert "QPU" in reason_words("Licenses")
    assert reason_words("AssocGrpCpuLimit").endswith("(AssocGrpCpuLimit)")
    assert "BrandNew" in reason_words("BrandNew")
    assert reason_words("ReqNodeNotAvail, UnavailableNodes:q1") == REASONS["ReqNodeNotAvail"]
    down = "Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions"
    assert reason_words(down).startswith("the nodes that could run it are down")


def test_a_job_is_over_when_it_has_ended_or_nobody_knows_it():
    assert is_over(None) and is_over(SlurmJob(id=1, state="NODE_FAIL"))
    assert not is_over(SlurmJob(id=1, state="PENDING")) and not is_over(SlurmJob(id=1, state="BRAND_NEW"))


def test_duty():
    job = SlurmJob(id=1, state="RUNNING", licenses={"qpu_a": 500, "qpu_b@openqat": 1000, "matlab": 2})
    assert (duty_of(job, "a"), duty_of(job, "b"), duty_of(job, "c")) == (0.5, 1.0, 0.0)
