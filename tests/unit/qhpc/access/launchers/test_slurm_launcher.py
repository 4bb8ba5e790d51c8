"""The launcher for Slurm on a controller in memory: full disks, and warm runners, which the tests play."""

import asyncio
import errno
import os
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from qat.comm.access.messages import Estimate, Resources
from qhpc.access.launchers.protocol import Ended, JobStarted, Launch, LaunchError, Lost
from qhpc.access.launchers.spool_folder import SpoolFolder
from qhpc.access.launchers.warm_runners import PREFIX
from qhpc.access.runner.spool import Orders, replace

from ..submissions import submission
from .fake_slurm import begin, end, fake_cluster, play, until
from .harness import kinds, texts

SMALL = Estimate(duration_s=0.01, memory_bytes=1 << 20)


def small(number=0, owner="ada", estimate=SMALL):
    """A job that is expected to be short."""
    message = submission("LinAlg")
    return Launch(
        job_id=f"j{number}", owner=owner, attempt=1, submission=message, resources=Resources(), estimate=estimate
    )


class Runner:
    """A warm runner that the test plays."""

    def __init__(self, spool):
        (self.folder,) = spool.glob(f"{PREFIX}*")
        self.name = self.folder.name
        self.wait()

    def wait(self):
        replace(self.folder, "ready", b"1")

    def taken(self):
        """The handle that it was given."""
        (entry,) = (self.folder / "queue").iterdir()
        entry.unlink()
        (self.folder / "ready").unlink()
        return entry.name


def served_cold(harness, slurm, launch):
    """Run a job as a batch job, which leaves a warm runner behind."""
    harness.run(harness.submit(launch))
    slurm.job_of(launch.handle).state = "RUNNING"
    play(spool_of(harness) / launch.handle)
    told = harness.run(harness.end(launch.job_id))
    slurm.job_of(launch.handle).state = "COMPLETED"
    return told


def spool_of(harness):
    return harness.launcher._settings.spool


@pytest.fixture
def warm(tmp_path):
    """A harness, its Slurm, and the warm runner that the first job of ada has left."""
    with fake_cluster(tmp_path / "spool", warm_idle_s=60.0) as (harness, slurm):
        assert served_cold(harness, slurm, small(0)).result == b"42"
        harness.run(until(lambda: any(PREFIX in job.comment for job in slurm.jobs.values())))
        harness.run(until(lambda: not harness.launcher._table.all_over))
        yield harness, slurm, Runner(tmp_path / "spool")


def spots(harness):
    return harness.launcher._care.warm.spots


def test_the_next_small_job_of_a_user_is_given_to_the_runner_that_waits(warm):
    harness, slurm, runner = warm
    nb_jobs = len(slurm.jobs)
    harness.run(harness.submit(small(1)))
    play(spool_of(harness) / runner.taken(), b"43")
    assert harness.run(harness.end("j1")).result == b"43" and len(slurm.jobs) == nb_jobs
    assert kinds(harness.reports["j1"]) == [JobStarted, Ended]


@pytest.mark.parametrize("launch", [small(1, owner="bob"), small(1, estimate=None), small(1, estimate=Estimate())])
def test_jobs_of_others_and_those_of_unknown_size_are_not(warm, launch):
    harness, slurm, _ = warm
    harness.run(harness.submit(launch))
    assert slurm.job_of(launch.handle).state == "PENDING"


def test_a_runner_that_ends_while_nothing_runs_is_noticed(warm):
    harness, slurm, runner = warm
    slurm.job_of(runner.name).state = "COMPLETED"
    harness.run(until(lambda: not spots(harness)))
    assert not runner.folder.exists()


def test_one_that_has_ended_does_not_keep_its_user_from_the_next(warm):
    harness, slurm, runner = warm
    (runner.folder / "ready").unlink()  # it ends; Slurm has not said so
    slurm.is_away = True
    harness.run(until(lambda: harness.launcher._queue.trouble is not None))
    slurm.is_away = False
    slurm.job_of(runner.name).state = "FAILED"
    harness.run(until(lambda: not spots(harness)))
    served_cold(harness, slurm, small(1))
    harness.run(until(lambda: len(spots(harness)) == 1))
    assert runner.name not in spots(harness)


def test_a_runner_that_dies_loses_its_job(warm):
    harness, slurm, runner = warm
    harness.run(harness.submit(small(1)))
    assert runner.taken() == "j1.1"
    slurm.job_of(runner.name).state = "NODE_FAIL"
    told = harness.run(harness.end("j1"))
    assert isinstance(told, Lost) and "warm runner" in told.reason


def test_a_runner_that_cannot_be_given_a_job_is_passed_over(warm):
    harness, slurm, runner = warm
    (runner.folder / "queue").rmdir()
    (runner.folder / "queue").symlink_to("/tmp")  # its user may do so
    harness.run(harness.submit(small(1)))
    assert slurm.job_of("j1.1").state == "PENDING" and not Path("/tmp/j1.1").exists()


def test_runs_under_the_account_of_the_server_are_told_whose_they_are(tmp_path):
    with fake_cluster(tmp_path / "spool") as (harness, _slurm):
        harness.run(harness.submit(small(0, owner="bob")))
        orders = msgspec.msgpack.decode((tmp_path / "spool" / "j0.1" / "orders").read_bytes(), type=Orders)
        assert orders.assignment.owner == "bob"


def test_nobody_asks_slurm_about_nothing(tmp_path):
    with fake_cluster(tmp_path / "spool") as (harness, slurm):
        served_cold(harness, slurm, small(0))
        harness.run(until(lambda: not harness.launcher._table.all_over))
        former = slurm.nb_lists
        harness.run(asyncio.sleep(0.05))
        assert slurm.nb_lists == former


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_spool_refuses_a_job_for_now_and_keeps_nothing_of_it(tmp_path, monkeypatch):
    with fake_cluster(tmp_path / "spool") as (harness, slurm):
        monkeypatch.setattr("qhpc.access.launchers.spool_folder._write", full)
        with pytest.raises(LaunchError, match="No space left") as refusal:
            harness.run(harness.launcher.submit(small(0)))
        assert refusal.value.retryable and not slurm.jobs
        assert not (tmp_path / "spool" / "j0.1").exists() and not (tmp_path / "spool" / "notes" / "j0.1").exists()
        monkeypatch.undo()
        assert served_cold(harness, slurm, small(0)).result == b"42"


def test_a_full_disk_keeps_no_news_from_anybody(tmp_path, monkeypatch):
    with fake_cluster(tmp_path / "spool") as (harness, _slurm):
        harness.run(harness.submit(small(0)))
        folder = tmp_path / "spool" / "j0.1"
        monkeypatch.setattr(SpoolFolder, "write_note", full)
        begin(folder)
        (folder / "stdout").write_text("hello\n")
        harness.run(harness.until("j0", lambda reports: texts(reports) == ["hello"]))
        end(folder)
        assert harness.run(harness.end("j0")).result == b"42"


def test_a_full_disk_keeps_no_job_from_being_cancelled(tmp_path, monkeypatch):
    with fake_cluster(tmp_path / "spool") as (harness, slurm):
        for number in range(2):
            harness.run(harness.submit(small(number)))
        with monkeypatch.context() as patch:
            patch.setattr(SpoolFolder, "_put", full)
            harness.run(harness.launcher.cancel("j0.1"))
            assert slurm.job_of("j0.1").state == "CANCELLED"
            play(tmp_path / "spool" / "j1.1")
            assert harness.run(harness.end("j1")).result == b"42", "the other job goes on"
            assert not kinds(harness.reports["j0"]), "it may yet begin, as far as is known"
        assert harness.run(harness.end("j0")).failure.reason == "cancelled"


def test_a_job_that_slurm_may_have_taken_is_not_given_up_while_the_disk_is_full(tmp_path, monkeypatch):
    with fake_cluster(tmp_path / "spool") as (harness, slurm):
        slurm.is_deaf = True
        monkeypatch.setattr(SpoolFolder, "_put", full)
        assert harness.run(harness.launcher.submit(small(0))) == "j0.1"
        play(tmp_path / "spool" / "j0.1")
        assert harness.run(harness.end("j0")).result == b"42"


def test_without_room_for_a_warm_runner_jobs_run_as_before(tmp_path, monkeypatch):
    with fake_cluster(tmp_path / "spool", warm_idle_s=60.0) as (harness, slurm):
        monkeypatch.setattr(harness.launcher._care.warm, "make", full)
        assert served_cold(harness, slurm, small(0)).result == b"42"
        assert [job.comment.endswith(".j0.1") for job in slurm.jobs.values()] == [True]


def test_a_note_that_cannot_be_written_refuses_a_job_for_now(warm, monkeypatch):
    harness, _slurm, runner = warm
    write_note, nb_notes = SpoolFolder.write_note, iter(range(100))
    monkeypatch.setattr(SpoolFolder, "write_note", lambda folder: full() if next(nb_notes) else write_note(folder))
    with pytest.raises(LaunchError, match="No space left") as refusal:
        harness.run(harness.launcher.submit(small(1)))
    assert refusal.value.retryable and not (spool_of(harness) / "j1.1").exists()
    assert not list((runner.folder / "queue").iterdir())


def test_where_a_job_stands_in_slurm(tmp_path):
    with fake_cluster(tmp_path / "spool") as (harness, slurm):
        for number in range(3):
            harness.run(harness.submit(small(number)))
        slurm.jobs[1].licenses, slurm.jobs[3].licenses = "qpu_fresnel:900", "qpu_fresnel:250"
        slurm.jobs[3].reason, slurm.jobs[3].started = "Licenses", "2026-11-28T12:00:00"
        launcher = harness.launcher
        harness.run(until(lambda: "licence" in launcher.explanation("j2.1")))
        standing = harness.run(launcher.standing("j2.1"))
        assert standing.reasons[0].startswith("job 3 waits in Slurm: it waits for a licence")
        assert standing.reasons[1:] == (
            "2 jobs are before it in Slurm, 1 of them for the same QPU",
            "it asks for 250 of qpu_fresnel: 100 of 1000 are free",
        )
        assert standing.latest_start_s == datetime(2026, 11, 28, 12).timestamp()
        assert launcher.cluster_id("j2.1") == "3"
        assert launcher.cluster_id("never.1") is None and harness.run(launcher.standing("never.1")) is None


def test_where_a_job_stands_that_runs_or_whose_slurm_is_away(tmp_path):
    with fake_cluster(tmp_path / "spool") as (harness, slurm):
        harness.run(harness.submit(small(0)))
        harness.run(until(lambda: "waits" in harness.launcher.explanation("j0.1")))
        slurm.is_away = True
        assert "does not answer now" in harness.run(harness.launcher.standing("j0.1")).reasons[1]
        slurm.is_away, slurm.jobs[1].state = False, "RUNNING"
        harness.run(until(lambda: "runs" in harness.launcher.explanation("j0.1")))
        assert harness.run(harness.launcher.standing("j0.1")).reasons == ("job 1 runs",)


def test_what_was_told_before_an_orderly_end_is_not_told_again(tmp_path):
    with fake_cluster(tmp_path / "spool", watch_s=30.0) as (harness, _):
        harness.run(harness.submit(small(0)))
        care = harness.launcher._care
        begin(care.folders["j0.1"].path)
        (care.folders["j0.1"].path / "stdout").write_text("hello\n")
        harness.run(care._look(care.table.all_live))  # there is no other look
        assert "stdout" not in kept_offsets(tmp_path)
    assert kept_offsets(tmp_path)["stdout"] == len("hello\n")


def kept_offsets(tmp_path):
    """What the next server will know to have been reported."""
    again = SpoolFolder(tmp_path / "spool", "j0.1")
    assert again.find()
    return again.note.offsets
