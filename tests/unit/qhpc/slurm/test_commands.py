"""Commands as words: what users give stays one word, and is refused when it is none of theirs to give."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.slurm.commands import (
    JOB_FIELDS,
    USER_OPTIONS,
    BatchJob,
    InvalidOption,
    add_remote_license,
    change_remote_license,
    ping,
    sacct,
    sbatch,
    scancel,
    show,
    squeue,
    waiting,
)

PLACE = Path("/spool/a.1")
JOB = BatchJob(
    script=PLACE / "job",
    environment=PLACE / "environment",
    directory=PLACE,
    name="openqat",
    comment="a.1",
    stdout=PLACE / "out",
    stderr=PLACE / "err",
)


def words(**changes):
    return sbatch(replace(JOB, **changes))


def test_a_job_takes_nothing_of_the_callers_environment_nor_of_a_login_shell():
    assert words()[:3] == ("sbatch", "--parsable", "--export-file=/spool/a.1/environment")


def test_only_what_is_asked_for_is_said():
    plain = words()
    assert not any(word.startswith(("--uid", "--mem", "--time", "--nodes", "--licenses")) for word in plain)
    assert plain[-1] == "/spool/a.1/job"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"uid": 1000, "gid": 100}, "--uid=1000"),
        ({"uid": 1000, "gid": 100}, "--gid=100"),
        ({"memory_mb": 512}, "--mem=512M"),
        ({"nb_cores": 3}, "--cpus-per-task=3"),
        ({"nb_nodes": 2}, "--nodes=2"),
        ({"max_time_s": 0.5}, "--time=1"),
        ({"max_time_s": 60.0}, "--time=1"),
        ({"max_time_s": 61.0}, "--time=2"),
        ({"licenses": {"qpu_a": 250, "qpu_b": 1}}, "--licenses=qpu_a:250,qpu_b:1"),
        ({"options": {"partition": "quantum"}}, "--partition=quantum"),
        ({"options": {"constraint": "a100&nvlink"}}, "--constraint=a100&nvlink"),
        ({"is_requeued": True}, "--requeue"),
        ({"is_requeued": False}, "--no-requeue"),
        ({"stdout": PLACE / "50%j"}, "--output=/spool/a.1/50%%j"),
    ],
)
def test_words(changes, word):
    assert word in words(**changes)


def test_arguments_follow_the_script():
    assert words(arguments=("one", "two"))[-3:] == ("/spool/a.1/job", "one", "two")


@given(st.text(min_size=1))
def test_a_value_of_a_user_is_refused_or_is_one_harmless_word(value):
    try:
        said = words(options={"account": value})
    except InvalidOption as refusal:
        assert repr(value) in str(refusal)
        return
    assert f"--account={value}" in said and value.isascii() and value.isprintable() and " " not in value
    assert not value.startswith("-")


@pytest.mark.parametrize("name", ["uid", "wrap", "output", "prolog", "export", "licenses", "begin"])
def test_options_that_are_not_for_users_are_refused(name):
    with pytest.raises(InvalidOption, match=name):
        words(options={name: "1"})
    assert name not in USER_OPTIONS


@pytest.mark.parametrize("licenses", [{"a:1,b": 1}, {"a": 0}, {"": 1}, {"a|b": 1}, {"a": -5}])
def test_odd_licenses_are_refused(licenses):
    with pytest.raises(InvalidOption, match="licence"):
        words(licenses=licenses)


def test_the_comment_is_the_last_field_and_the_marker_the_first():
    assert JOB_FIELDS[-1] == "%k"
    command = squeue("0f", ids=(1, 2))
    assert f"--format=0f{'|'.join(JOB_FIELDS)}" in command and command[-1] == "--jobs=1,2"


def test_jobs_that_wait_are_listed_as_all_are_and_in_their_order():
    assert waiting("0f")[-1] == next(word for word in squeue("0f") if word.startswith("--format="))
    assert "--sort=-p,i" in waiting("0f")


def test_other_commands():
    assert scancel(5) == ("scancel", "5")
    assert show("licenses") == ("scontrol", "--oneliner", "show", "licenses")
    assert ping() == ("scontrol", "ping")
    assert "--name=openqat" in sacct(since="2026-11-28T10:00:00", name="openqat")
    assert "count=7" in add_remote_license("q", server="s", number=7, cluster="lab")
    assert "count=9" in change_remote_license("q", server="s", number=9)
