"""What slurmrestd is asked and has answered (``record.py``), as values."""

import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.slurm.commands import BatchJob, InvalidOption
from qhpc.slurm.controller import ControllerUnreachable, SlurmRefused
from qhpc.slurm.parsers import NotUnderstood, SlurmJob
from qhpc.slurm.rest.answers import (
    jobs_in,
    licenses_in,
    nothing_in,
    says_no_such_job,
    submitted_in,
    value_of,
    waiting_in,
)
from qhpc.slurm.rest.requests import submit_request

RECORDED = Path(__file__).with_name("recorded")
SPOOL = Path("/spool/a.1")


def recorded(name):
    (file,) = RECORDED.glob(f"{name}.*.json")
    return int(file.name.split(".")[1]), file.read_bytes()


def batch_job(**fields):
    given = {
        "script": SPOOL / "script", "environment": SPOOL / "environment", "directory": SPOOL, "name": "openqat",
        "comment": "a.1", "stdout": SPOOL / "100%out", "stderr": SPOOL / "stderr",
    }  # fmt: skip
    return BatchJob(**given | fields)


def asked(**fields):
    return msgspec.json.decode(submit_request(batch_job(**fields), "#!/bin/sh\n", {"PATH": "/bin"}).body)


@pytest.fixture(scope="module")
def jobs():
    return {job.job_id: value_of(job) for job in jobs_in(*recorded("jobs"))}


# --- requests ---


def test_a_job_says_no_more_than_it_has():
    assert asked() == {
        "job": {
            "name": "openqat",
            "comment": "a.1",
            "current_working_directory": "/spool/a.1",
            "standard_output": "/spool/a.1/100%%out",
            "standard_error": "/spool/a.1/stderr",
            "open_mode": "append",
            "environment": {"PATH": "/bin"},
            "requeue": False,
        },
        "script": "#!/bin/sh\n",
    }


def test_what_a_job_asks_for():
    options = {"account": "phys", "nice": "7", "constraint": "gpu", "qos": "long"}
    job = asked(memory_mb=500, nb_cores=2, nb_nodes=3, max_time_s=90.0, licenses={"qpu_fresnel": 250}, options=options)[
        "job"
    ]
    assert (job["memory_per_node"], job["cpus_per_task"], job["nodes"], job["time_limit"]) == (500, 2, [3, 3], 2)
    assert (job["licenses"], job["account"], job["nice"]) == ("qpu_fresnel:250", "phys", 7)
    assert (job["constraints"], job["qos"]) == ("gpu", "long") and "constraint" not in job


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"options": {"uid": "0"}}, "no option of a job"),
        ({"options": {"nice": "very"}}, "'very' is no nice; a whole number was expected"),
        ({"options": {"account": "a b"}}, "is no account"),
        ({"licenses": {"qpu": 0}}, "cannot be asked for"),
        ({"arguments": ("x",)}, "over HTTP it can have none"),
    ],
)
def test_what_users_may_not_give_is_refused(fields, told):
    with pytest.raises(InvalidOption, match=told):
        asked(**fields)


# --- answers ---


def test_the_id_of_a_job():
    assert submitted_in(*recorded("submitted")) == 3
    with pytest.raises(NotUnderstood, match="the id of a job"):
        submitted_in(200, b'{"errors": []}')


def test_jobs_are_what_squeue_would_have(jobs):
    assert sorted(jobs) == [1, 2, 3]
    running = jobs[1]
    assert running == SlurmJob(
        id=1,
        state="RUNNING",
        submitted=running.submitted,
        started=running.started,
        nodes=("q1",),
        user="root",
        uid=0,
        licenses={"qpu_fresnel": 250},
        comment="key.1",
    )
    epoch = time.mktime(time.strptime(running.submitted, "%Y-%m-%dT%H:%M:%S"))
    assert epoch == jobs_in(*recorded("job"))[0].submit_time
    assert (jobs[2].state, jobs[2].reason, jobs[2].started, jobs[2].nodes) == ("PENDING", "Priority", None, ())
    assert (jobs[3].state, jobs[3].reason) == ("FAILED", "NonZeroExitCode")


def test_the_next_one_to_start_waits_first():
    rows = jobs_in(*recorded("jobs"))
    waiting = next(job for job in rows if job.job_state == "PENDING")
    later = msgspec.structs.replace(waiting, job_id=8, priority=1)
    first = msgspec.structs.replace(waiting, job_id=9, priority=waiting.priority + 1)
    assert [job.id for job in waiting_in([*rows, later, first])] == [9, 2, 8]


def test_licences_are_what_scontrol_would_have():
    assert licenses_in(*recorded("licenses")) == [
        {"LicenseName": "qpu_fresnel", "Total": "1000", "Used": "250", "Free": "750", "Reserved": "0"}
    ]


def test_a_job_that_is_not_there():
    assert says_no_such_job(recorded("no_job")[1])
    assert not says_no_such_job(recorded("job")[1]) and not says_no_such_job(b"<html>")


def test_what_was_cancelled_says_nothing():
    nothing_in(*recorded("cancelled"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("refused_license", "Invalid license specification"),
        ("refused_partition", "Invalid partition name"),
        ("not_cancelled", "unable to kill JobId=777 with signal 9: Invalid job id specified"),
        ("unparsable", "Job script not specified"),
    ],
)
def test_a_refusal_says_what_slurm_says(name, told):
    with pytest.raises(SlurmRefused, match=told):
        nothing_in(*recorded(name))


@pytest.mark.parametrize("name", ["cut_off", "cut_off_submit", "bad_token"])
def test_that_nobody_answered_or_believed_it_says_nothing_of_jobs(name):
    with pytest.raises(ControllerUnreachable, match="is the token good, and does slurmctld run"):
        jobs_in(*recorded(name))


@pytest.mark.parametrize("status", [401, 403, 502, 503])
def test_nor_does_a_proxy_that_stands_before_it(status):
    with pytest.raises(ControllerUnreachable, match=str(status)):
        jobs_in(status, b"<html>")


def test_another_version_is_named():
    with pytest.raises(NotUnderstood, match=r"slurmrestd -s v0\.0\.38"):
        jobs_in(*recorded("no_version"))


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b""), (200, b'{"jobs": 3}'), (200, b'{"jobs": [{"job_state": "RUNNING"}]}'), (500, b'{"errors": []}')],
)
def test_what_is_not_expected_is_not_understood(status, body):
    with pytest.raises(NotUnderstood):
        jobs_in(status, body)


@given(st.integers(200, 599), st.binary(max_size=50))
def test_no_answer_is_taken_for_an_id(status, body):
    with pytest.raises((NotUnderstood, ControllerUnreachable, SlurmRefused)):
        submitted_in(status, body)
