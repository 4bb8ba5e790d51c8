"""What operators are told to add, and what a cluster is said to lack."""

from pathlib import Path

import pytest

from qhpc.slurm.job_submit import job_submit_lua
from qhpc.slurm.parsers import parse_configuration, parse_record
from qhpc.slurm.site import SETTINGS, Cluster, Pool, check, license_units, slurm_lines

RECORDED = Path(__file__).with_name("recorded")
FRESNEL = Pool(name="fresnel", alpha=1.0)


def recorded():
    return Cluster(
        configuration=parse_configuration((RECORDED / "config.txt").read_text()),
        licenses={"qpu_fresnel": 1000},
        partitions=[parse_record((RECORDED / "partitions.txt").read_text())],
    )


def levels(findings):
    return {finding.title: finding.level for finding in findings}


@pytest.mark.parametrize(("number", "alpha", "units"), [(1, 1.0, 1002), (1, 1.1, 1103), (2, 1.0, 2004), (3, 1.2, 3608)])
def test_units_have_room_for_rounding(number, alpha, units):
    assert license_units(Pool(name="x", nb_qpus=number, alpha=alpha)) == units


def test_the_lines():
    lines = slurm_lines([FRESNEL, Pool(name="iqm", nb_qpus=2)], has_database=True)
    assert lines[0] == "Licenses=qpu_fresnel:1002,qpu_iqm:2205"
    assert lines[-1] == "AccountingStorageTRES=license/qpu_fresnel,license/qpu_iqm"
    assert set(slurm_lines([FRESNEL], has_database=False)[1:]) == {f"{name}={text}" for name, text in SETTINGS.items()}


def test_the_lua_names_every_pool():
    text = job_submit_lua([FRESNEL, Pool(name="iqm")], default_units=100)
    assert '["fresnel"] = 1002, ["iqm"] = 1103' in text and "and 100)" in text and "@UNITS@" not in text
    assert "duty_table" not in text


def test_the_lua_reads_the_table_that_it_is_told():
    text = job_submit_lua([FRESNEL], duty_table='/srv/a "b"/duties')
    assert 'local duty_table = "/srv/a \\"b\\"/duties"' in text and "@TABLE@" not in text


def test_a_real_cluster_is_judged():
    found = levels(check(recorded(), [FRESNEL]))
    assert found == {
        "licence qpu_fresnel": "advice", "partitions": "ok", "job_submit.lua": "advice", "start of jobs": "ok",
        "jobs of many units": "advice", "requeue": "ok",
        "memory of ended jobs": "ok", "ends of processes": "advice", "accounting": "advice",
    }  # fmt: skip


def test_what_is_wrong_comes_first_and_everything_that_is_not_ok_has_a_cure():
    findings = check(Cluster(), [FRESNEL])
    order = [finding.level for finding in findings]
    assert order == sorted(order, key=["wrong", "advice", "ok"].index)
    assert all(finding.cure for finding in findings if finding.level != "ok")
    assert levels(findings)["licence qpu_fresnel"] == levels(findings)["partitions"] == "wrong"


def test_a_cluster_that_follows_the_advice_has_nothing_to_cure():
    configuration = SETTINGS | {
        "ProctrackType": "proctrack/cgroup",
        "AccountingStorageType": "accounting_storage/slurmdbd",
    }
    partitions = [{"PartitionName": "main", "State": "UP"}]
    cluster = Cluster(configuration=configuration, licenses={"qpu_fresnel": 1002}, partitions=partitions)
    assert set(levels(check(cluster, [FRESNEL])).values()) == {"ok"}
