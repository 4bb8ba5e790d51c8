"""Workloads in files: what is kept, and what is said of wrong lines."""

import pytest
from hypothesis import given, settings

from qhpc.lab.csv_files import parse_csv, write_csv
from qhpc.lab.errors import LabError
from qhpc.lab.scenario_files import read_scenario
from qhpc.lab.sources import read_source, write_workload
from qhpc.lab.swf import FIELDS, parse_swf, write_swf
from qhpc.lab.workload import Outage, Phase
from tests.unit.qhpc.lab.words import job, workload, workloads

ONE = workload(
    job("a", (20.0, 10.0, 100), (5.0, 1.5), declared_duty=0.25, restart_s=3.0),
    job("b", (1.0, 1.0), arrival_s=7.0, priority_class="development"),
    nb_nodes=4,
    outages=(Outage("qpu0", 5.0, 6.5, float("inf"), "new laser"),),
)


def by_arrival(given_workload):
    return sorted(given_workload.jobs, key=lambda plan: plan.arrival_s)


@given(workloads())
@settings(max_examples=50)
def test_csv_keeps_everything(given_workload):
    again = parse_csv(write_csv(given_workload), "x.csv")
    assert list(again.jobs) == by_arrival(given_workload)
    assert (again.name, again.pools, again.nb_nodes) == ("test", given_workload.pools, given_workload.nb_nodes)


@given(workloads())
@settings(max_examples=50)
def test_swf_keeps_sums(given_workload):
    again = parse_swf(write_swf(given_workload), "x.swf")
    kept = ("quantum_s", "alone_s", "submitted_s", "arrival_s", "latency_s")
    others = ("pool", "nb_nodes", "priority_class", "declared_duty", "restart_s")
    for old, new in zip(by_arrival(given_workload), again.jobs, strict=True):
        assert [getattr(new, name) for name in kept] == pytest.approx([getattr(old, name) for name in kept], rel=1e-6)
        assert [getattr(new, name) for name in others] == [getattr(old, name) for name in others]
        assert len(new.phases) == len(old.phases)
    assert (again.pools, again.nb_nodes) == (given_workload.pools, given_workload.nb_nodes)


def test_outages_and_names_are_kept():
    assert parse_csv(write_csv(ONE), "x.csv") == ONE
    assert parse_swf(write_swf(ONE), "x.swf").outages == ONE.outages
    assert parse_swf(write_swf(ONE), "x.swf").name == "test"


def spoiled(text, line, old, new):
    lines = text.splitlines()
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    return "\n".join(lines)


def test_the_files_that_are_spoiled_below():
    assert write_csv(ONE).splitlines()[4].startswith("id,arrival_s") and write_swf(ONE).splitlines()[6].startswith(
        "1 0"
    )


@pytest.mark.parametrize(
    ("line", "old", "new", "complaint"),
    [
        (2, "qpu 1", "qpu 0", r"line 2: Pool is 'qpu 0 - 1': expected NAME QPUS"),
        (2, "- 1", "- -1", "line 2: Pool is 'qpu 1 - -1': expected NAME QPUS"),
        (3, "4", "many", "line 3: MaxNodes is 'many': expected a positive number"),
        (4, "6.5", "4.5", "line 4: Outage is .*: expected QPU START_S"),
        (5, "id", "job", "line 5: the columns are 'job,arrival_s"),
        (6, ",100", "", "line 6: 15 fields: expected the 16 of the first line"),
        (6, "20.0", "long", "line 6: classical_s is 'long': expected `float`"),
        (6, "20.0", "-20.0", "line 7: classical_s is -20.0: expected a finite time"),
        (8, "7.0", "-7.0", "line 8: arrival_s is -7.0: expected a finite time"),
        (8, "7.0", "nan", "line 8: arrival_s is nan: expected a finite time"),
        (8, "qpu", "other", "line 8: pool is 'other': expected one of qpu"),
        (8, "development", "toy", "line 8: priority_class is 'toy': invalid enum value 'toy'"),
        (8, ",1.0,0", ",0.0,0", "line 8: job b needs no QPU"),
        (8, "b,", "a,", "two jobs have the same id"),
    ],
)
def test_wrong_csv_lines(line, old, new, complaint):
    with pytest.raises(LabError, match=r"^x\.csv(, |: )" + complaint):
        parse_csv(spoiled(write_csv(ONE), line, old, new), "x.csv")


def swf_line(**values):
    good = {"job": "1", "submitted_s": "0", "run_s": "90", "processors": "2", "partition": "1", "quantum_tasks": "3"}
    good |= {"quantum_s": "30", "declared_duty": "0.3"}
    return " ".join({**dict.fromkeys(FIELDS, "-1"), **good, **values}[name] for name in FIELDS)


def test_a_line_of_swf():
    (plan,) = parse_swf("; made by hand\n\n" + swf_line(requested_processors="4", processors="-1"), "x.swf").jobs
    assert (plan.alone_s, plan.nb_nodes, plan.declared_duty, plan.restart_s) == (90.0, 4, 0.3, None)
    assert plan.phases == (Phase(20.0, 10.0),) * 3


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (
            " ".join(swf_line().split()[:18]),
            "18 are the format's, without quantum columns; expected 24, also quantum_t",
        ),
        (" ".join(swf_line().split()[:23]), "23 fields: expected 24, also restart_s"),
        (swf_line() + " 7", "25 fields: expected 24, also fewer"),
        (swf_line(run_s="long"), "run_s is 'long': expected a number"),
        (swf_line(run_s="nan"), "run_s is 'nan': expected a number"),
        (swf_line(run_s="20"), "classical_s is -3.33.*: expected a finite time from 0 on"),
        (swf_line(submitted_s="-5"), "arrival_s is -5.0: expected a finite time"),
        (swf_line(quantum_s="0"), "job 1 needs no QPU"),
        (swf_line(quantum_tasks="0"), "quantum_tasks is 0: expected at least 1"),
        (swf_line(partition="2"), "partition is 2: expected 1 to 1"),
        (swf_line(processors="-1"), "nb_nodes is -1: expected at least 1"),
        (swf_line(declared_duty="2"), "declared_duty is 2.0: expected a number from 0 to 1"),
    ],
)
def test_wrong_swf_lines(line, complaint):
    with pytest.raises(LabError, match=r"^x\.swf, line 2: .*" + complaint):
        parse_swf("; Version: 2.2\n" + line, "x.swf")


@pytest.mark.parametrize("parse", [parse_csv, parse_swf])
def test_an_empty_workload_is_refused(parse):
    text = write_csv(ONE).splitlines()[4] + "\n" if parse is parse_csv else "; Version: 2.2\n"
    with pytest.raises(LabError, match="no jobs: expected at least one"):
        parse(text, "x")


@pytest.mark.parametrize("suffix", ["csv", "swf"])
def test_files_are_sources_like_scenarios(tmp_path, suffix):
    path = tmp_path / f"mix.{suffix}"
    drawn = read_scenario("mix").workload(3)
    write_workload(drawn, path)
    source = read_source(str(path))
    assert source.name == "mix" and source.workload(0) == source.workload(1)
    assert (source.workload(0) == drawn) == (suffix == "csv")


def test_wrong_files(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\xff")
    with pytest.raises(LabError, match="not UTF-8"):
        read_source(str(tmp_path / "x.csv"))
    with pytest.raises(LabError, match=r"x\.dat has the suffix '\.dat': expected one of \.csv, \.swf"):
        write_workload(ONE, tmp_path / "x.dat")
