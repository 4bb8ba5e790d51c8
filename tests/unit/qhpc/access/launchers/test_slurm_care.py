"""What the launcher does about attempts on a controller in memory: crashes, requeues, silence, nodes given back."""

import asyncio
import threading
import time

import msgspec
import pytest

from qat.comm.access.messages import Resources
from qhpc.access.launchers.protocol import Ended, JobStarted, Launch, LaunchError, Lost
from qhpc.access.launchers.spool_folder import SpoolFolder
from qhpc.access.runner.frames import Suspension
from qhpc.access.runner.spool import replace

from ..submissions import submission
from .fake_slurm import begin, end, fake_cluster, play, until
from .harness import kinds, texts


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "spool"


def launch(job_id="j", attempt=1):
    return Launch(job_id=job_id, owner="ada", attempt=attempt, submission=submission("LinAlg"), resources=Resources())


def running(harness, slurm, spool, job_id="j"):
    """A job whose run has begun."""
    harness.run(harness.submit(launch(job_id)))
    slurm.job_of(f"{job_id}.1").state = "RUNNING"
    begin(spool / f"{job_id}.1")
    harness.run(harness.until(job_id, lambda found: JobStarted in kinds(found)))
    return slurm.job_of(f"{job_id}.1")


def polled(harness, slurm):
    """Slurm is asked twice more."""
    former = slurm.nb_lists
    harness.run(until(lambda: slurm.nb_lists >= former + 2))


def test_while_the_controller_is_away_nothing_is_known_of_jobs(spool):
    with fake_cluster(spool) as (harness, slurm):
        running(harness, slurm, spool)
        slurm.is_away = True
        harness.run(until(lambda: harness.launcher.free_slots == 0))
        assert kinds(harness.reports["j"]) == [JobStarted]
        with pytest.raises(LaunchError, match="does not answer") as refusal:
            harness.run(harness.launcher.submit(launch("k")))
        assert refusal.value.retryable
        end(spool / "j.1")  # what its folder says is known all the same
        assert harness.run(harness.end("j")).result == b"42"
        slurm.is_away = False
        harness.run(until(lambda: harness.launcher.free_slots > 0))


def test_a_job_that_slurm_puts_back_waits_again_and_goes_on(spool):
    with fake_cluster(spool) as (harness, slurm):
        job = running(harness, slurm, spool)
        job.state, job.reason, job.submitted = "PENDING", "BeginTime", "2026-11-28T11:42:00"
        harness.run(harness.until("j", lambda found: any("put the job back" in text for text in texts(found))))
        assert "its time to begin has not come" in harness.launcher.explanation("j.1")
        job.state = "RUNNING"
        end(spool / "j.1")
        harness.run(harness.end("j"))
        assert kinds(harness.reports["j"]) == [JobStarted, Ended]


@pytest.mark.parametrize("has_begun", [True, False])
def test_a_job_that_a_crash_forgot_is_lost_and_the_new_owner_of_its_id_lives(spool, has_begun):
    with fake_cluster(spool) as (harness, slurm):
        if has_begun:
            running(harness, slurm, spool)
        else:
            harness.run(harness.submit(launch()))
            harness.run(until(lambda: "waits" in (harness.launcher.explanation("j.1") or "")))
        slurm.forget()
        harness.run(harness.submit(launch("other")))
        lost = harness.run(harness.end("j"))
        assert isinstance(lost, Lost) and "lost it in a crash" in lost.reason and lost.has_begun == has_begun
        assert slurm.job_of("other.1").id == 1
        harness.run(harness.launcher.cancel("j.1"))
        polled(harness, slurm)
        assert slurm.job_of("other.1").state == "PENDING"
        assert not (spool / "j.1").exists()


def test_the_job_of_another_under_its_id_is_not_cancelled_with_it(spool):
    with fake_cluster(spool, poll_s=60.0) as (harness, slurm):
        harness.run(harness.submit(launch()))
        slurm.jobs[1].comment = "of.another"
        harness.run(harness.launcher.cancel("j.1"))
        assert harness.run(harness.end("j")).failure.reason == "cancelled" and slurm.jobs[1].state == "PENDING"


def test_two_looks_at_once_tell_what_a_job_writes_once(spool, monkeypatch):
    with fake_cluster(spool, watch_s=60.0) as (harness, slurm):
        harness.run(harness.submit(launch()))
        slurm.job_of("j.1").state = "RUNNING"
        begin(spool / "j.1")
        (spool / "j.1" / "stdout").write_text("one\n" * 20_000)  # read in several parts
        care = harness.launcher._care

        async def both():
            await asyncio.gather(*(care._look(care.table.all_live, is_last=True) for _ in range(8)))

        look, is_free = SpoolFolder.look, threading.Lock()

        def alone(folder, *arguments, **keywords):
            assert is_free.acquire(blocking=False), "two threads look at one folder"
            try:
                return look(folder, *arguments, **keywords)
            finally:
                is_free.release()

        monkeypatch.setattr(SpoolFolder, "look", alone)
        harness.run(both())
        end(spool / "j.1")
        harness.run(care._look(care.table.all_live))
        harness.run(harness.end("j"))
        told = texts(harness.reports["j"])
        assert told[:-1] == ["one"] * 10_000 and "the rest is dropped" in told[-1]


def test_an_outcome_wins_over_slurms_word(spool):
    with fake_cluster(spool) as (harness, slurm):
        job = running(harness, slurm, spool)
        end(spool / "j.1", b"43")
        job.state = "NODE_FAIL"
        assert harness.run(harness.end("j")).result == b"43"


def test_what_does_not_leave_slurm_after_its_outcome_is_cancelled_there(spool):
    with fake_cluster(spool, closing_s=0.05) as (harness, slurm):
        job = running(harness, slurm, spool)
        end(spool / "j.1")
        harness.run(harness.end("j"))
        harness.run(until(lambda: job.state == "CANCELLED"))
        harness.run(until(lambda: not (spool / "j.1").exists()))


def test_a_job_that_slurm_took_in_silence_is_cancelled_when_it_appears(spool):
    with fake_cluster(spool) as (harness, slurm):
        slurm.is_deaf = True
        with pytest.raises(LaunchError, match="Unable to contact") as refusal:
            harness.run(harness.submit(launch()))
        assert refusal.value.retryable and not (spool / "j.1").exists()
        instance = (spool / "notes" / "instance").read_text()
        slurm._sbatch(("sbatch", f"--comment={instance}.j.1"))
        harness.run(until(lambda: slurm.jobs[1].state == "CANCELLED"))


@pytest.mark.parametrize("refusal", ["Invalid account", "Batch job submission failed: job submit limit"])
def test_what_slurm_refuses_is_told_and_may_be_tried_again_if_it_says_so(spool, refusal):
    with fake_cluster(spool) as (harness, slurm):
        slurm.refusal = refusal
        with pytest.raises(LaunchError, match=refusal) as told:
            harness.run(harness.submit(launch()))
        assert told.value.retryable == ("limit" in refusal) and not list((spool / "notes").glob("j.*"))


def test_what_nobody_asks_for_again_is_cancelled_and_taken_away(spool):
    with fake_cluster(spool) as (harness, slurm):
        for job_id in ("wanted", "unwanted"):
            harness.run(harness.submit(launch(job_id)))
    with fake_cluster(spool, slurm=slurm, handles=["wanted.1", "gone.2"]) as (harness, _):
        harness.run(until(lambda: slurm.job_of("unwanted.1").state == "CANCELLED"))
        harness.run(until(lambda: not (spool / "unwanted.1").exists()))
        lost = harness.run(harness.end("gone"))
        assert isinstance(lost, Lost) and lost.attempt == 2
        play(spool / "wanted.1")
        assert harness.run(harness.end("wanted")).result == b"42"
        assert "unwanted" not in harness.reports


def test_a_job_that_has_had_its_time_is_ended(spool):
    with fake_cluster(spool) as (harness, slurm):
        limited = Launch(
            job_id="j",
            owner="ada",
            attempt=1,
            submission=submission("LinAlg", resources=Resources(max_time_s=0.05)),
            resources=Resources(max_time_s=0.05),
        )
        harness.run(harness.submit(limited))
        job = slurm.job_of("j.1")
        job.state = "RUNNING"
        begin(spool / "j.1")
        harness.run(until(lambda: job.state == "CANCELLED"))
        assert harness.run(harness.end("j")).failure.reason == "time-limit"


# ---------------------------------------------------------------- nodes given back


def asleep(harness, slurm, spool, until_s=0.0):
    """A job that has given its nodes back; the broker does not say when it needs them again."""
    job = running(harness, slurm, spool)
    replace(spool / "j.1", "suspended", msgspec.msgpack.encode(Suspension(until_s=until_s)))
    harness.run(harness.until("j", lambda found: any("given its nodes back" in text for text in texts(found))))
    return job


def test_a_job_that_needs_its_nodes_is_submitted_again_and_goes_on(spool):
    with fake_cluster(spool) as (harness, slurm):
        asleep(harness, slurm, spool).state = "FAILED"
        harness.run(until(lambda: 2 in slurm.jobs))
        assert slurm.jobs[2].comment == slurm.jobs[1].comment
        slurm.jobs[2].state, slurm.jobs[2].submitted = "RUNNING", "2026-11-28T11:50:00"
        play_on(spool / "j.1")
        harness.run(harness.end("j"))
        assert "the job has its nodes again, and goes on" in texts(harness.reports["j"])
        assert kinds(harness.reports["j"]) == [JobStarted, Ended]


def play_on(folder):
    """Do what the run does that goes on."""
    begin(folder)
    assert not (folder / "suspended").exists()
    end(folder)


def test_it_sleeps_until_then(spool):
    with fake_cluster(spool) as (harness, slurm):
        asleep(harness, slurm, spool, until_s=time.time() + 3600.0).state = "FAILED"
        polled(harness, slurm)
        assert list(slurm.jobs) == [1] and "given its nodes back" in harness.launcher.explanation("j.1")
        harness.run(harness.launcher.cancel("j.1"))
        assert harness.run(harness.end("j")).failure.reason == "cancelled"


def test_a_controller_that_believes_that_it_still_runs_is_told_to_end_it(spool):
    with fake_cluster(spool, closing_s=0.05) as (harness, slurm):
        job = asleep(harness, slurm, spool)
        harness.run(until(lambda: job.state == "CANCELLED"))
        harness.run(until(lambda: 2 in slurm.jobs))


def test_slurm_refuses_it_for_now(spool):
    with fake_cluster(spool) as (harness, slurm):
        slurm.refusal, job = "", asleep(harness, slurm, spool)
        slurm.refusal = "Batch job submission failed: job submit limit"
        job.state = "FAILED"
        polled(harness, slurm)
        assert kinds(harness.reports["j"]) == [JobStarted]
        slurm.refusal = ""
        harness.run(until(lambda: 2 in slurm.jobs))


def test_slurm_refuses_it_for_good(spool):
    with fake_cluster(spool) as (harness, slurm):
        job = asleep(harness, slurm, spool)
        slurm.refusal, job.state = "Invalid account", "FAILED"
        lost = harness.run(harness.end("j"))
        assert isinstance(lost, Lost) and lost.reason == "Slurm did not give the job its nodes again: Invalid account"


def test_another_server_takes_it_up_asleep(spool):
    with fake_cluster(spool) as (harness, slurm):
        asleep(harness, slurm, spool, until_s=time.time() + 3600.0)
    slurm.jobs[1].state = "FAILED"
    with fake_cluster(spool, slurm=slurm, handles=["j.1"]) as (harness, _):
        harness.run(until(lambda: "given its nodes back" in (harness.launcher.explanation("j.1") or "")))
        replace(spool / "j.1", "suspended", msgspec.msgpack.encode(Suspension(until_s=0.0)))
        harness.run(until(lambda: 2 in slurm.jobs))
