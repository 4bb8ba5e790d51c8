"""What ``qat slurm configure`` prints works on a real Slurm, and ``qat slurm check`` sees it."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from openqat.commands.slurm import command
from qhpc.slurm.duty_table import table_text
from qhpc.slurm.parsers import parse_record
from qhpc.slurm.private_cluster import ClusterError, PrivateCluster

from .conftest import SHAPE


def printed(*arguments, code=0):
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def configured(own_cluster):
    """A cluster with all that is printed, but for what belongs to the cluster itself."""
    lines = dict(line.split("=", 1) for line in printed("configure", "--qpu", "fresnel:1:1.2").splitlines())
    del lines["AuthInfo"]  # has the socket of its own MUNGE, and the same time
    lua = printed("configure", "--qpu", "fresnel:1:1.2", "--lua")
    shape = replace(SHAPE, licenses={}, settings=lines, files={"job_submit.lua": lua})
    cluster = PrivateCluster(own_cluster.directory, shape)
    cluster.start()
    return cluster


def licences(cluster, *options):
    number = cluster.call("sbatch", "--parsable", "--hold", "--output=/dev/null", *options, "--wrap=true").strip()
    return parse_record(cluster.call("scontrol", "--oneliner", "show", "job", number))["Licenses"]


def test_requests_for_a_qpu_become_licences(configured):
    assert licences(configured, "--comment=qpu:fresnel") == "qpu_fresnel:250"
    assert licences(configured, "--comment=qpu:fresnel:700") == "qpu_fresnel:700"
    assert licences(configured, "--comment=qpu:fresnel:all") == "qpu_fresnel:1203"
    assert licences(configured, "--comment=whatever") == "(null)"
    for comment in ("qpu:absent", "qpu:fresnel:0", "qpu:fresnel:5000", "qpu:fresnel:much"):
        with pytest.raises(ClusterError, match="there is no QPU qpu:"):
            licences(configured, f"--comment={comment}")


def told(cluster, job, what="%T"):
    return cluster.call("squeue", "-h", "-t", "all", "-j", job, "-o", what).strip()


def test_a_job_of_the_whole_pool_is_not_passed_by_those_that_need_less(configured):
    """They have a limit of time, so that Slurm can plan; one that would end before it begins may still pass it."""

    def submitted(units, seconds):
        options = ("--output=/dev/null", "--mem=50", "--time=1", f"--licenses=qpu_fresnel:{units}")
        return configured.call("sbatch", "--parsable", *options, f"--wrap=exec sleep {seconds}").strip()

    first = submitted(600, 5)
    configured._wait(lambda: told(configured, first) == "RUNNING", "it has not begun")
    whole = submitted(1203, 2)
    jobs = [whole, *(submitted(600, 1) for _ in range(2))]
    configured._wait(lambda: all(told(configured, job) == "COMPLETED" for job in jobs), "not all have run")
    begin, *later = (told(configured, job, "%S") for job in jobs)
    assert begin < min(later)


def test_a_cluster_is_checked(configured, monkeypatch, tmp_path):
    monkeypatch.setenv("SLURM_CONF", str(configured.configuration))
    found = json.loads(printed("check", "--qpu", "fresnel:1:1.2", "--output", "json"))
    levels = {each["title"]: each["level"] for each in found}
    assert levels["licence qpu_fresnel"] == levels["job_submit.lua"] == levels["partitions"] == "ok"
    assert levels["start of jobs"] == levels["jobs of many units"] == levels["requeue"] == "ok"
    lacking = printed("check", "--qpu", "absent", code=1)
    assert "qpu_absent" in lacking
    table = tmp_path / "duties"
    lacking = printed("check", "--qpu", "fresnel:1:1.2", "--duty-table", str(table), code=1)
    assert "have [slurm] duty_table of the broker name" in " ".join(lacking.split())
    table.write_text(table_text({("ada", "fresnel", "vqe"): 120}))
    assert "1 stacks of users" in printed("check", "--qpu", "fresnel:1:1.2", "--duty-table", str(table))


def test_a_cluster_that_does_not_answer_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "absent.conf"))
    assert "SLURM_CONF" in printed("check", "--qpu", "fresnel", code=1)


@pytest.mark.parametrize("pool", ["", "1x", "fresnel:0", "fresnel:one", "fresnel:1:0", "a b"])
def test_odd_pools_are_refused(pool):
    assert "NAME:NUMBER:ALPHA" in printed("configure", "--qpu", pool, code=2)
