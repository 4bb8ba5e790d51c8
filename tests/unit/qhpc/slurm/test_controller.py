"""Commands with deadlines: an answer, a refusal, or no knowledge. Programs of the tests stand for Slurm's."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from qhpc.slurm.controller import Controller, ControllerUnreachable, SlurmRefused
from qhpc.slurm.directory import SlurmJobDirectory

RECORDED = Path(__file__).with_name("recorded")


@pytest.fixture
def programs(tmp_path):
    """Makes programs of given names that are found first."""

    def make(name, script):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    make.controller = Controller({"PATH": f"{tmp_path}:{os.environ['PATH']}"}, deadline_s=20.0)
    make.folder = tmp_path
    return make


def run(programs, *command, **options):
    return asyncio.run(programs.controller.run(command, **options))


def test_an_answer(programs):
    programs("scontrol", "echo up")
    assert run(programs, "scontrol", "ping") == "up\n"


@pytest.mark.parametrize("name", ["license", "memory", "partition"])
def test_a_refusal_says_what_slurm_says(programs, name):
    programs("sbatch", f"cat {RECORDED}/refused_{name}.txt >&2; exit 1")
    with pytest.raises(SlurmRefused) as refusal:
        run(programs, "sbatch")
    assert "Batch job submission failed" in str(refusal.value) and "error:" not in str(refusal.value)


@pytest.mark.parametrize("name", ["sbatch", "squeue", "scancel"])
def test_a_controller_that_cannot_be_reached_is_no_refusal(programs, name):
    programs(name, f"cat {RECORDED}/unreachable_{name}.txt >&2; exit 1")
    with pytest.raises(ControllerUnreachable, match="Unable to contact"):
        run(programs, name)


def test_a_command_that_hangs_is_killed(programs):
    programs("squeue", f"echo $$ > {programs.folder}/pid; exec sleep 600")
    with pytest.raises(ControllerUnreachable, match="squeue has not ended within"):
        run(programs, "squeue", deadline_s=0.5)
    pid = int((programs.folder / "pid").read_text())
    assert not Path(f"/proc/{pid}").exists()


def test_a_program_that_is_not_there(programs):
    with pytest.raises(ControllerUnreachable, match="no-such-program"):
        run(programs, "no-such-program")


def test_commands_get_none_of_our_secrets(monkeypatch):
    monkeypatch.setenv("QHPC_SECRET", "s3cret")
    monkeypatch.setenv("SLURM_CONF", "/etc/lab.conf")
    environment = asyncio.run(Controller().run(("env",)))
    assert "s3cret" not in environment and "SLURM_CONF=/etc/lab.conf" in environment


def test_a_cancelled_call_leaves_no_process(programs):
    programs("squeue", f"echo $$ > {programs.folder}/pid; exec sleep 600")

    async def cancelled():
        call = asyncio.create_task(programs.controller.run(("squeue",)))
        deadline = time.monotonic() + 20
        while not (programs.folder / "pid").exists() or not (programs.folder / "pid").read_text():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.005)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(cancelled())
    assert not Path(f"/proc/{int((programs.folder / 'pid').read_text())}").exists()


def test_the_directory_has_all_jobs_by_id(programs):
    row = "|RUNNING|None|t|t|q1|1|ada|1000|phys|qpu_fresnel:250|a.1"
    programs(
        "squeue",
        f'for word; do case $word in --format=*) m=${{word#--format=}}; echo "${{m%%[%]*}}7{row}";; esac; done',
    )
    jobs = asyncio.run(SlurmJobDirectory(programs.controller).jobs())
    assert list(jobs) == [7] and jobs[7].uid == 1000 and jobs[7].licenses == {"qpu_fresnel": 250}


def test_the_directory_has_no_jobs_to_tell_when_slurm_fails(programs):
    programs("squeue", "exit 1")
    with pytest.raises(SlurmRefused, match="without a word"):
        asyncio.run(SlurmJobDirectory(programs.controller).jobs())


def test_the_directory_knows_how_often_a_job_was_begun_anew(programs):
    programs("scontrol", f"sed s/Restarts=0/Restarts=2/ {RECORDED}/job.txt")
    assert asyncio.run(SlurmJobDirectory(programs.controller).nb_restarts(2)) == 2
    programs("scontrol", f"cat {RECORDED}/unknown_job.txt >&2; exit 1")
    with pytest.raises(SlurmRefused, match="Invalid job id"):
        asyncio.run(SlurmJobDirectory(programs.controller).nb_restarts(777))
