"""What a broker does beside Slurm, with a heart and a Slurm that are played."""

import asyncio
from types import SimpleNamespace

import pytest

from qat.comm.broker.status import BrokerStatus, PoolStatus
from qhpc.broker.capacity import AwayQpu, Offer
from qhpc.broker.identity import Identity
from qhpc.broker.settings import settings_in
from qhpc.broker.slurm_side import SlurmSide
from qhpc.slurm.parsers import SlurmJob

SETTINGS = settings_in("""
directory = "/srv/b"
[slurm]
poll_s = 0.001
[pools.p]
qpus = ["q"]
alpha = 1.5
[qpus.q]
driver = "emulated"
""")
LIMIT_S = 30.0
CLOCK = SimpleNamespace(now_s=lambda: 100.0)


class Heart:
    def __init__(self):
        self.jobs, self.closed, self.alphas, self.wanted = {"ada:a": 7, "ada:b": 8}, [], [], None
        self.asked_again = []

    def slurm_jobs(self):
        return dict(self.jobs)

    def close_session(self, name, reason, now_s):
        self.closed.append((name, reason, now_s))
        self.jobs.pop(name)

    def ask_again(self, name):
        self.asked_again.append(name)

    def sights(self, wanted, now_s):
        self.wanted = wanted
        return {"p": "what is seen"}

    def keep_alpha(self, *about):
        self.alphas.append(about)


class Watch:
    """Job 7 is over, and so is 8, whose session has another job when that is found out."""

    def __init__(self, heart=None, jobs=()):
        self.heart, self.known = heart, {job.id: job for job in jobs}
        self.asked = []

    async def over(self, sessions):
        if "ada:b" in self.heart.jobs:
            self.heart.jobs["ada:b"] = 9
        return {name: f"job {job} is over" for name, job in sessions.items() if job in (7, 8)}

    def unproven(self, sessions):
        return [name for name, job in sessions.items() if job == 9]

    async def jobs(self, *, fresh=False):
        self.asked.append(fresh)
        return self.known


class Keeper:
    def __init__(self):
        self.offers, self.troubles, self.alphas, self.tended = {}, {}, {"p": 1.75}, []

    async def tend(self, sights, now_s):
        self.tended.append((sights, now_s))


class Duties:
    def __init__(self):
        self.rows, self.nb_written = [], 0

    def count_rows(self, rows):
        self.rows += rows

    def is_due(self):
        return self.nb_written < 2

    def write(self):
        self.nb_written += 1


def played(side, heart, is_over):
    """All chores until something is so."""

    async def play():
        turned = asyncio.Event()
        tasks = [asyncio.create_task(chore) for chore in side.chores(heart, CLOCK, turned.set)]
        async with asyncio.timeout(LIMIT_S):
            while not is_over():
                await asyncio.sleep(0.001)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert turned.is_set() and not any(task.done() and not task.cancelled() for task in tasks)

    asyncio.run(play())


def test_sessions_end_with_their_jobs_but_not_with_the_jobs_that_they_had_before():
    heart = Heart()
    played(SlurmSide(SETTINGS, Watch(heart)), heart, lambda: heart.closed)
    assert heart.closed == [("ada:a", "job 7 is over", 100.0)] and heart.jobs == {"ada:b": 9}
    assert set(heart.asked_again) == {"ada:b"}


def test_licences_follow_what_is_seen_and_what_jobs_wait_for():
    heart, keeper = Heart(), Keeper()
    waits = SlurmJob(id=1, state="PENDING", reason="Licenses", licenses={"qpu_p": 250})
    others = SlurmJob(id=2, state="PENDING", reason="Priority", licenses={"qpu_p": 300})
    side = SlurmSide(SETTINGS, Watch(heart, [waits, others]), keeper)
    played(side, heart, lambda: len(keeper.tended) > 1)
    assert keeper.tended[0] == ({"p": "what is seen"}, 100.0) and heart.wanted == {"p": [250]}
    assert heart.alphas[0] == ("p", 1.75, 1.5, 100.0)


def test_the_table_of_duties_is_written_when_it_is_due():
    heart, duties = Heart(), Duties()
    side = SlurmSide(SETTINGS, Watch(heart), duties=duties)
    side.count_rows(["a row"])
    played(side, heart, lambda: duties.nb_written == 2 and heart.closed)
    assert duties.rows == ["a row"]


@pytest.mark.parametrize(("name", "uid", "says"), [("slurm-7", 1, True), ("slurm-7", 2, False), ("slurm-8", 1, False)])
def test_why_a_job_waits_is_for_its_user(name, uid, says):
    keeper = Keeper()
    keeper.offers["p"] = Offer(total=1503, units=0, away=(AwayQpu(name="q", state="down", reason="broken"),))
    job = SlurmJob(id=7, state="PENDING", reason="Licenses", uid=1, licenses={"qpu_p": 250})
    side = SlurmSide(SETTINGS, Watch(jobs=[job]), keeper)
    told = asyncio.run(side.explain_pending(name, Identity(user="ada", uid=uid), 100.0))
    assert ("q is down" in told.text) == says and (says or told.text == "")


def test_what_slurm_hands_out_is_in_the_status():
    status = BrokerStatus(
        cluster="lab", now_s=0.0, started_s=0.0, pools=(PoolStatus(name="p", policy="fifo", qpus=()),), sessions=(),
        waiting=(),
    )  # fmt: skip
    keeper = Keeper()
    assert SlurmSide(SETTINGS, Watch()).with_licences(status) == status
    assert SlurmSide(SETTINGS, Watch(), keeper).with_licences(status) == status
    keeper.offers["p"], keeper.troubles["p"] = Offer(total=1755, units=1755), "Slurm does not answer"
    (pool,) = SlurmSide(SETTINGS, Watch(), keeper).with_licences(status).pools
    assert (pool.units, pool.alpha, pool.trouble) == (1755, 1.75, "Slurm does not answer")
