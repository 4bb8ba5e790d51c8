"""A controller in memory: it lists what was submitted, and the test says what becomes of it. Nothing runs."""

import asyncio
import os
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec

from qhpc.access.launchers.slurm import SlurmLauncher
from qhpc.access.launchers.slurm_settings import SlurmSettings
from qhpc.access.runner.frames import FrameKind
from qhpc.access.runner.spool import Claim, Orders, claim, put_once
from qhpc.access.slurm_options import SlurmOptions
from qhpc.slurm.commands import JOB_FIELDS
from qhpc.slurm.controller import ControllerUnreachable, SlurmRefused
from qhpc.slurm.job_control import CommandControl

from .harness import Harness


@dataclass
class FakeJob:
    """A job that was submitted."""

    id: int
    comment: str
    command: tuple[str, ...]
    state: str = "PENDING"
    reason: str = "None"
    started: str = "N/A"
    licenses: str = "(null)"
    submitted: str = "2026-11-28T11:40:03"

    def row(self):
        fields = [self.id, self.state, self.reason, self.submitted, self.started, "", 1, "ada", os.geteuid()]
        return "|".join(map(str, [*fields, "(null)", self.licenses, self.comment]))


@dataclass
class FakeSlurm:
    """Takes the commands of a launcher.

    Attributes:
        jobs: that were submitted, by id.
        nb_lists: how often all jobs were listed.
        licences: what it says of them.
        is_away: whether it does not answer.
        is_deaf: whether it does not answer to submissions, which it may have taken.
        refusal: what it says to submissions instead of taking them.
        next_id: of the next job; a controller that has crashed uses ids again.
    """

    jobs: dict[int, FakeJob] = field(default_factory=dict)
    nb_lists: int = 0
    licences: str = "LicenseName=qpu_fresnel Total=1000 Used=900 Free=100 Reserved=0 Remote=no\n"
    is_away: bool = False
    is_deaf: bool = False
    refusal: str = ""
    next_id: int = 1

    async def run(self, command, *, deadline_s=None):
        if self.is_away or (self.is_deaf and command[0] == "sbatch"):
            raise ControllerUnreachable("Unable to contact slurm controller")
        return getattr(self, f"_{command[0]}")(command)

    def _sbatch(self, command):
        if self.refusal:
            raise SlurmRefused(self.refusal)
        number, self.next_id = self.next_id, self.next_id + 1
        comment = next(word.partition("=")[2] for word in command if word.startswith("--comment="))
        self.jobs[number] = FakeJob(number, comment, command)
        return f"{number}\n"

    def _squeue(self, command):
        self.nb_lists += 1
        format_ = next(word.partition("=")[2] for word in command if word.startswith("--format="))
        marker = format_.removesuffix("|".join(JOB_FIELDS))
        jobs = [job for job in self.jobs.values() if job.state == "PENDING" or "--states=all" in command]
        return "".join(f"{marker}{job.row()}\n" for job in jobs)

    def _scontrol(self, command):
        assert command[-2:] == ("show", "licenses")
        return self.licences

    def _scancel(self, command):
        for number in map(int, command[1:]):
            self.jobs[number].state = "CANCELLED"
        return ""

    def forget(self):
        """Crash: nothing is known of the jobs any more, and their ids are used again."""
        self.jobs, self.next_id = {}, 1

    def job_of(self, name):
        """The job of an attempt or of a warm runner."""
        return next(job for job in self.jobs.values() if job.comment.endswith(f".{name}"))


class FakeHarness(Harness):
    """A harness of a launcher on a controller in memory, which adopts first, as those of servers do."""

    def __init__(self, launcher, handles=()):
        super().__init__(launcher)
        self._handles = handles

    async def _open(self):
        await super()._open()
        await self.launcher.adopt(self._handles)


def begin(folder):
    """Do what the run of an attempt does first."""
    orders = msgspec.msgpack.decode((folder / "orders").read_bytes(), type=Orders)
    assert claim(folder, orders, Claim(by="run", node="q1", pid=1))


def end(folder, result=b"42"):
    """Do what it does last."""
    put_once(folder, "outcome", bytes([FrameKind.RESULT]), result)


def play(folder, result=b"42"):
    """Do both."""
    begin(folder)
    end(folder, result)


async def until(is_so):
    """Wait for what no report tells; the harness has a deadline."""
    while not is_so():
        await asyncio.sleep(0.005)


@contextmanager
def fake_cluster(spool, *, slurm=None, handles=(), closing_s=30.0, **options):
    """A harness, and the controller that its launcher talks to.

    Args:
        spool: of the launcher.
        slurm: the controller; a new one by default.
        handles: that are adopted.
        closing_s: see the launcher's settings.
        options: more of them.
    """
    slurm = slurm or FakeSlurm()
    given = {"poll_s": 0.01, "watch_s": 0.01, **options}
    settings = SlurmSettings(
        spool=spool,
        options=SlurmOptions(**given),
        outcome_grace_s=0.0,
        closing_s=closing_s,
        broker="unix:/nowhere/broker.sock",
    )
    with FakeHarness(SlurmLauncher(settings, control=CommandControl(slurm)), handles) as harness:
        yield harness, slurm
