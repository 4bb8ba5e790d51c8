"""What Slurm 22.05 has printed (``record.py``) as values."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.slurm.parsers import (
    NotUnderstood,
    SlurmJob,
    parse_accounting,
    parse_configuration,
    parse_jobs,
    parse_licenses,
    parse_nodes,
    parse_record,
    parse_submitted,
)

RECORDED = Path(__file__).with_name("recorded")
MARKER = "m4rk"


def recorded(name):
    return (RECORDED / f"{name}.txt").read_text()


@pytest.fixture(scope="module")
def jobs():
    return {job.id: job for job in parse_jobs(recorded("squeue"), MARKER)}


def test_a_running_job(jobs):
    assert jobs[2] == SlurmJob(
        id=2,
        state="RUNNING",
        submitted="2026-11-28T11:44:58",
        started="2026-11-28T11:44:59",
        nodes=("q1",),
        user="root",
        uid=0,
        licenses={"qpu_fresnel": 250},
        comment="a.1",
    )


def test_a_waiting_and_a_failed_job(jobs):
    assert (jobs[3].state, jobs[3].reason, jobs[3].started, jobs[3].nodes) == ("PENDING", "Priority", None, ())
    assert jobs[3].licenses == {"qpu_fresnel": 800}
    assert (jobs[4].state, jobs[4].reason, jobs[4].nodes, jobs[4].account) == (
        "FAILED",
        "NonZeroExitCode",
        ("q1", "q2"),
        "phys",
    )
    assert jobs[4].nb_nodes == 2 and jobs[4].comment is None


def test_a_comment_of_several_lines_that_look_like_jobs_is_one_comment(jobs):
    assert jobs[1].comment == "a|\nm|1|b" and len(jobs) == 9


def test_no_jobs():
    assert parse_jobs("", MARKER) == []


@pytest.mark.parametrize("text", ["slurm: hello\n", "m4rk1|RUNNING\n", "1|RUNNING|x\n"])
def test_what_is_not_expected_is_not_understood(text):
    with pytest.raises(NotUnderstood):
        parse_jobs(text, MARKER)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4))
def test_no_comment_makes_or_hides_a_job(comments):
    rows = [
        f"{MARKER}{number}|RUNNING|None|t|t|q1|1|ada|7|(null)|(null)|{text}" for number, text in enumerate(comments)
    ]
    if any(MARKER in text for text in comments):
        return  # what nobody can know
    found = parse_jobs("".join(f"{row}\n" for row in rows), MARKER)
    assert [job.id for job in found] == list(range(len(comments)))
    assert all(job.uid == 7 for job in found)


def test_ids():
    assert parse_submitted("12\n") == 12
    assert parse_submitted("notice: maintenance at 10\n12;cluster\n") == 12
    with pytest.raises(NotUnderstood, match="id of a job"):
        parse_submitted("")


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("", ()),
        ("(null)", ()),
        ("None assigned", ()),
        ("q1", ("q1",)),
        ("q[1-3]", ("q1", "q2", "q3")),
        ("q[01,09-11],gpu2", ("q01", "q09", "q10", "q11", "gpu2")),
        ("r[1,3]s[1-2]", ("r1s1", "r1s2", "r3s1", "r3s2")),
    ],
)
def test_lists_of_nodes(text, nodes):
    assert parse_nodes(text) == nodes


def test_lists_of_licenses():
    assert parse_licenses("a:2,b@s:3") == {"a": 2, "b@s": 3}
    assert parse_licenses("(null)") == {}


def test_records():
    job = parse_record(recorded("job"))
    assert job["JobId"] == "2" and job["UserId"] == "root(0)" and job["ExitCode"] == "0:0" and job["Restarts"] == "0"
    assert job["Licenses"] == "qpu_fresnel:250" and job["CPUs/Task"] == "1" and job["Comment"] == "a.1"
    licence = parse_record(recorded("licenses"))
    assert licence == {
        "LicenseName": "qpu_fresnel", "Total": "1000", "Used": "250", "Free": "750", "Reserved": "0", "Remote": "no",
    }  # fmt: skip
    nodes = [parse_record(line) for line in recorded("nodes").splitlines()]
    assert [node["NodeName"] for node in nodes] == ["q1", "q2"] and nodes[0]["OS"].startswith("Linux ")


def test_the_configuration():
    configuration = parse_configuration(recorded("config"))
    assert configuration["MinJobAge"] == "300 sec" and configuration["Licenses"] == "qpu_fresnel:1000"
    assert configuration["SchedulerParameters"] == "batch_sched_delay=0,bf_interval=1"
    assert configuration["SLURM_VERSION"].startswith("22.05")


def test_the_accounting():
    with pytest.raises(NotUnderstood, match="10 fields"):
        parse_accounting("1|COMPLETED\n")
    assert parse_accounting("") == []
    (job,) = parse_accounting("3|NODE_FAIL|1:0|2026-11-28T11:40:03|2026-11-28T11:40:04|x|q[1-2]|ada|phys|b.2\n")
    assert job.nodes == ("q1", "q2") and job.started == "2026-11-28T11:40:04" and job.comment == "b.2"


def test_a_job_that_has_not_changed_is_not_read_again():
    row = "7|RUNNING|None|2026-11-28T11:40:03|N/A|q1|1|ada|1000|phys|qpu_fresnel:250|a"
    ((first,), (second,)) = (parse_jobs(f"{marker}{row}\n", marker) for marker in ("m1", "m2"))
    assert first is second
    (changed,) = parse_jobs(f"m{row.replace('RUNNING', 'COMPLETED')}\n", "m")
    assert (changed.id, changed.state) == (7, "COMPLETED")
