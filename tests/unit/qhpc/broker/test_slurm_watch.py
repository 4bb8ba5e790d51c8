"""Sessions of Slurm jobs: whose they are, what they were granted, when they end."""

import asyncio
from dataclasses import replace

import pytest
from msgspec import structs

from qat.comm.broker.messages import OpenSession
from qhpc.broker.brokerage import Who
from qhpc.broker.identity import Identity
from qhpc.broker.slurm_watch import NotOfThisJob, SlurmWatch
from qhpc.scheduling.admission.model import duty_of_units
from qhpc.slurm.controller import ControllerUnreachable, SlurmRefused
from qhpc.slurm.directory import JobRun, SlurmJob
from qhpc.slurm.parsers import NotUnderstood

ADA = Identity(user="ada", uid=1000)
OPENING = OpenSession(1, "fresnel", "vqe", slurm_job=7, share=0.9)
FIRST = "2026-11-28T11:40:03"
JOB = SlurmJob(
    id=7, state="RUNNING", user="ada", uid=1000, account="phys", nb_nodes=3, submitted=FIRST,
    licenses={"qpu_fresnel": 263, "matlab": 1},
)  # fmt: skip
AGAIN = replace(JOB, submitted="2026-11-28T11:45:03")


class Directory:
    """Tells what it is given; an exception is raised.

    Attributes:
        restarts: how often the jobs were begun anew.
        asked: of which ones that was asked.
    """

    def __init__(self, *answers):
        self.answers, self.nb_asked = list(answers), 0
        self.restarts, self.asked = 0, []

    async def nb_restarts(self, job_id):
        self.asked.append(job_id)
        if isinstance(self.restarts, Exception):
            raise self.restarts
        return self.restarts

    async def jobs(self):
        self.nb_asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def watch(*answers, now=lambda: 0.0):
    directory = Directory(*answers)
    return SlurmWatch(directory, 2.0, now), directory


def who(watching, identity=ADA, message=OPENING):
    return asyncio.run(watching.who(identity, message))


def test_a_session_gets_what_its_slurm_job_was_granted():
    watching, _ = watch({7: JOB})
    assert who(watching) == Who("ada", 1000, "phys", 3, duty_of_units(263), 7, FIRST)


def test_without_a_licence_it_gets_what_it_asks_for():
    watching, _ = watch({7: SlurmJob(id=7, state="RUNNING", user="ada", uid=1000)})
    assert who(watching) == Who("ada", 1000, "", 1, None, 7)


@pytest.mark.parametrize(
    ("jobs", "told"),
    [
        ({}, "Slurm job 7 is over or unknown"),
        ({7: SlurmJob(id=7, state="COMPLETED", user="ada", uid=1000)}, "Slurm job 7 is over or unknown"),
        ({7: SlurmJob(id=7, state="RUNNING", user="eve", uid=1001)}, "Slurm job 7 is eve's, and this is ada"),
    ],
)
def test_jobs_of_others_and_of_the_past_are_no_use(jobs, told):
    watching, _ = watch(jobs)
    with pytest.raises(NotOfThisJob, match=told):
        who(watching)


def test_outside_of_slurm_nobody_asks():
    watching, directory = watch({7: JOB})
    assert who(watching, message=OpenSession(1, "fresnel", "vqe")) == Who("ada", 1000)
    assert directory.nb_asked == 0
    assert who(SlurmWatch(None)) == Who("ada", 1000, slurm_job=7)


def test_users_without_an_account_here_are_known_by_name():
    watching, _ = watch({7: JOB})
    assert who(watching, Identity(user="ada", uid=None)).account == "phys"


@pytest.mark.parametrize("uid", [1000, None])
def test_an_access_server_runs_jobs_of_its_users_under_its_own_account(uid):
    served = Identity(user="ada", uid=uid, speaker_uid=900)
    watching, _ = watch({7: replace(JOB, user="openqat", uid=900)})
    assert who(watching, served) == Who("ada", 900, "phys", 3, duty_of_units(263), 7, FIRST)
    watching, _ = watch({7: replace(JOB, user="eve", uid=1001)})
    with pytest.raises(NotOfThisJob, match="is eve's, and this is ada"):
        who(watching, served)


def test_what_is_known_is_not_asked_for_again_until_it_is_old():
    times = [0.0]
    watching, directory = watch({7: JOB}, now=lambda: times[0])
    for times[0], nb_asked in ((0.0, 1), (1.9, 1), (2.0, 2)):
        who(watching)
        assert directory.nb_asked == nb_asked


def test_a_job_that_is_too_new_to_be_known_is_asked_for():
    watching, directory = watch({8: JOB}, {7: JOB})
    asyncio.run(watching.over({"x": JobRun(8)}))
    assert who(watching).share == duty_of_units(263) and directory.nb_asked == 2


@pytest.mark.parametrize("was", [
    SlurmJob(id=7, state="FAILED", user="ada", uid=1000),
    SlurmJob(id=7, state="PENDING", user="ada", uid=1000),
    SlurmJob(id=7, state="RUNNING", user="eve", uid=1001),
])  # fmt: skip
def test_a_job_whose_id_was_anothers_a_moment_ago_is_asked_for(was):
    watching, directory = watch({7: was}, {7: JOB})
    asyncio.run(watching.over({"x": JobRun(7)}))
    assert who(watching).share == duty_of_units(263) and directory.nb_asked == 2


NO_ANSWERS = [ControllerUnreachable("no answer"), SlurmRefused("Invalid user id"), NotUnderstood("squeue: what?")]


@pytest.mark.parametrize("no_answer", NO_ANSWERS)
def test_while_the_controller_is_away_nothing_is_over(no_answer):
    watching, _ = watch(no_answer)
    assert who(watching) == Who("ada", 1000, slurm_job=7)
    assert asyncio.run(watching.over({"ada:vqe": JobRun(7)})) == {}


def test_sessions_end_with_their_jobs():
    ended = SlurmJob(id=9, state="CANCELLED", user="ada", uid=1000)
    watching, _ = watch({7: JOB, 9: ended})
    over = asyncio.run(watching.over({"a": JobRun(7), "b": JobRun(8), "c": JobRun(9)}))
    assert over == {"b": "its Slurm job 8 is over", "c": "its Slurm job 9 is over"}
    assert asyncio.run(watching.over({})) == {}


WAITING = SlurmJob(id=7, state="PENDING", user="ada", uid=1000)


def test_what_survives_the_loss_of_its_node_has_no_session():
    times = [0.0]
    watching, _ = watch({7: WAITING}, now=lambda: times[0])
    for times[0], over in (
        (0.0, {}),
        (9.9, {}),
        (10.0, {"a": "its Slurm job 7 has lost its nodes and will begin anew"}),
    ):
        assert asyncio.run(watching.over({"a": JobRun(7)})) == over
    with pytest.raises(NotOfThisJob, match="Slurm job 7 has lost its nodes: it waits in the queue"):
        who(watching)


def test_a_controller_that_has_forgotten_for_a_moment_that_a_job_runs_closes_nothing():
    times = [0.0]
    watching, _ = watch({7: WAITING}, {7: WAITING}, {7: JOB}, {7: WAITING}, now=lambda: times[0])
    assert who(watching).user == "ada"
    for times[0] in (6.0, 8.0, 17.0):
        assert asyncio.run(watching.over({"a": JobRun(7)})) == {}


def test_all_jobs_as_of_the_last_poll_or_fresh():
    watching, directory = watch({7: JOB}, {}, ControllerUnreachable("gone"))

    async def seen():
        return [await watching.jobs(fresh=fresh) for fresh in (False, False, True, True)]

    assert asyncio.run(seen()) == [{7: JOB}, {7: JOB}, {}, {}] and directory.nb_asked == 3


# ---------------------------------------------------------------- runs of a job


def test_what_is_left_of_a_former_run_gets_no_new_session():
    watching, directory = watch({7: AGAIN})
    directory.restarts = 1
    with pytest.raises(NotOfThisJob, match="Slurm job 7 was begun anew; this is left of a former run"):
        who(watching)
    assert who(watching, message=structs.replace(OPENING, slurm_restart=1)).slurm_run == AGAIN.submitted
    assert directory.asked == [7], "it is asked once for each run"


def test_each_run_is_asked_for_once_and_forgotten_with_its_job():
    watching, directory = watch({7: JOB}, {7: AGAIN}, {})
    asyncio.run(watching.over({"a": JobRun(7)}))
    who(watching)
    asyncio.run(watching.over({"a": JobRun(7)}))
    directory.restarts = 1
    with pytest.raises(NotOfThisJob):
        who(watching)
    asyncio.run(watching.over({"a": JobRun(7)}))
    assert directory.asked == [7, 7] and watching._restarts == {}


@pytest.mark.parametrize("no_answer", NO_ANSWERS)
def test_while_nobody_knows_how_often_it_began_it_is_taken_as_it_is(no_answer):
    watching, directory = watch({7: JOB})
    directory.restarts = no_answer
    assert who(watching).share == duty_of_units(263)
    directory.restarts = 1
    with pytest.raises(NotOfThisJob):
        who(watching)


def test_sessions_that_were_opened_while_slurm_was_away_are_asked_about_when_it_is_back():
    watching, _ = watch(ControllerUnreachable("no answer"), {7: JOB, 8: replace(JOB, id=8)})
    assert who(watching).slurm_run == ""
    sessions = {"a": JobRun(7), "b": JobRun(8, FIRST), "c": JobRun(9)}
    assert watching.unproven(sessions) == []
    assert set(asyncio.run(watching.over(sessions))) == {"c"}
    assert watching.unproven(sessions) == ["a"]


def test_a_session_of_a_former_run_or_of_a_forgotten_job_ends():
    watching, _ = watch({7: AGAIN})
    over = asyncio.run(watching.over({"a": JobRun(7, FIRST), "b": JobRun(7, AGAIN.submitted), "c": JobRun(7)}))
    assert list(over) == ["a"] and "begins anew, or Slurm forgot it in a crash" in over["a"]
