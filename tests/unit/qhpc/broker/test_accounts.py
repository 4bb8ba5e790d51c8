"""Sums over the accounts of a broker, and the command that shows them."""

import csv
import io
import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from openqat.cli import qat
from qat.comm.broker.usage import GROUPS, QpuUsage
from qhpc.broker.accounts import job_of, totals, with_slurm
from qhpc.broker.usage import UsageBook
from qhpc.broker.usage_reading import AccountsUnreadable, reading_usage
from qhpc.broker.usage_rows import SessionRow, SliceRow
from qhpc.slurm.parsers import SlurmJob

NOW_S = 1_790_000_000.0
RAN = SliceRow("ada:vqe.1", 0.0, "t", 1, "ada", "phys", 7, "q1", "p", NOW_S, 3.0, 0.5, 100, "finished")
ENDED = SessionRow("ada:vqe.1", 0.0, "ada", "phys", 7, "p", 0.5, NOW_S + 10, 3.0, 4.0, 8.0, "the job has ended")
SLICES = [
    RAN,
    RAN._replace(number=2, shots=50),
    RAN._replace(key="u", outcome="failed", shots=0, busy_s=1.0, overhead_s=0.0),
    RAN._replace(key="v", outcome="lost", shots=0, busy_s=9.0),
    RAN._replace(session="bob:qaoa.1", user="bob", slurm_job=None, qpu="q2", busy_s=20.0),
    RAN._replace(session="bob:qaoa.2", user="bob", account="chem", slurm_job=None, qpu="q2", busy_s=2.0),
]
SESSIONS = [ENDED, ENDED._replace(session="bob:qaoa.1", user="bob", slurm_job=None, waited_s=1.0, node_waited_s=0.0)]


def summed(by):
    return {usage.name: usage for usage in totals(SLICES, SESSIONS, by)}


def test_by_user():
    assert summed("user")["ada"] == QpuUsage(
        name="ada", nb_tasks=2, nb_slices=3, nb_shots=150, used_s=7.0, blocked_s=1.0, failed_s=1.0, lost_s=9.0,
        nb_sessions=1, waited_s=4.0, node_waited_s=8.0,
    )  # fmt: skip
    assert [usage.name for usage in totals(SLICES, SESSIONS, "user")] == ["bob", "ada"]


def test_by_account():
    accounts = summed("account")
    assert (accounts["phys"].used_s, accounts["chem"].used_s) == (27.0, 2.0)
    assert (accounts["phys"].nb_sessions, accounts["phys"].waited_s) == (2, 5.0)


def test_by_qpu_nobody_waits_for_a_single_one():
    qpus = summed("qpu")
    assert (qpus["q1"].used_s, qpus["q2"].used_s) == (7.0, 22.0)
    assert qpus["q1"].nb_sessions is qpus["q1"].waited_s is qpus["q1"].node_waited_s is None
    assert set(qpus) == {"q1", "q2"}


def test_by_job_its_sessions_are_one():
    jobs = summed("job")
    assert set(jobs) == {"7", "bob:qaoa"}
    assert (jobs["7"].slurm_job, jobs["bob:qaoa"].slurm_job) == (7, None)
    assert (jobs["bob:qaoa"].used_s, jobs["bob:qaoa"].nb_tasks) == (22.0, 2)


def test_tasks_of_one_key_in_two_sessions_are_two():
    again = RAN._replace(opened_s=99.0)
    assert totals([RAN, again], [], "user")[0].nb_tasks == 2


@given(st.lists(st.sampled_from(SLICES)), st.sampled_from(GROUPS))
def test_nothing_is_lost_in_any_sum(slices, by):
    usages = totals(slices, [], by)
    ran = [row for row in slices if row.outcome != "lost"]
    assert sum(usage.used_s for usage in usages) == pytest.approx(sum(row.busy_s for row in ran))
    assert sum(usage.nb_slices for usage in usages) == len(ran)
    assert sum(usage.nb_shots for usage in usages) == sum(row.shots for row in ran)
    assert sum(usage.lost_s + usage.used_s for usage in usages) == pytest.approx(sum(row.busy_s for row in slices))


@pytest.mark.parametrize(("session", "job"), [("ada:a.b.c", "ada:a.b"), ("ada:a", "ada:a"), ("", "")])
def test_names_of_jobs(session, job):
    assert job_of(session) == job


def test_slurm_uses_ids_again():
    first = SlurmJob(id=7, state="COMPLETED", submitted="2026-01-01T00:00:00", nodes=("q1",))
    latest = SlurmJob(id=7, state="TIMEOUT", submitted="2026-02-01T00:00:00", nodes=("q2", "q3"))
    jobs = {usage.name: usage for usage in with_slurm(totals(SLICES, [], "job"), [latest, first])}
    assert (jobs["7"].slurm_state, jobs["7"].slurm_nodes) == ("TIMEOUT", ("q2", "q3"))
    assert jobs["bob:qaoa"].slurm_state == ""


@pytest.fixture
def site(tmp_path):
    book = UsageBook(tmp_path / "usage.db")
    book.write_now([*SLICES, *SESSIONS])
    book.close()
    settings = tmp_path / "broker.toml"
    settings.write_text(f'directory = "{tmp_path}"\n[pools.p]\nqpus = ["q"]\n[qpus.q]\ndriver = "emulated"\n')
    return settings


def run(*arguments, code=0):
    done = CliRunner().invoke(qat, ["usage", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done.output


def test_rows_come_back_as_they_were_written(site):
    with reading_usage(site.parent / "usage.db") as reader:
        assert sorted(reader.slices()) == sorted(SLICES)
        assert sorted(reader.sessions()) == sorted(SESSIONS)
        assert list(reader.slices(NOW_S + 1)) == list(reader.sessions(0.0, NOW_S)) == []


def test_a_table(site):
    lines = [line.split("  ") for line in run("--qpu", site, "--by", "qpu").splitlines()]
    assert [line[0] for line in lines] == ["QPU", "q2", "q1"]
    assert "22 s" in [text.strip() for text in lines[1]]
    assert "NODES WAITED" in run("--qpu", site)
    assert "NODES WAITED" not in run("--qpu", site, "--by", "qpu")


def test_json_and_csv_say_the_same(site):
    told = json.loads(run("--qpu", site, "--by", "job", "--output", "json"))
    rows = list(csv.DictReader(io.StringIO(run("--qpu", site, "--by", "job", "--output", "csv"))))
    assert [row["name"] for row in rows] == [usage["name"] for usage in told] == ["bob:qaoa", "7"]
    assert [float(row["used_s"]) for row in rows] == [usage["used_s"] for usage in told]
    assert rows[1]["slurm_job"] == "7"


def test_a_time(site):
    assert run("--qpu", site, "--since", "2100-01-01", "--output", "quiet") == ""
    assert run("--qpu", site, "--until", "2100-01-01", "--output", "quiet") == "bob\nada\n"
    assert "--since" not in run("--qpu", site, "--since", "yesterday or so", code=2).splitlines()[0]


def test_slurms_accounting(site, monkeypatch):
    lines = "7|TIMEOUT|0:0|2026-11-28T11:40:03|Unknown|Unknown|q[1-2]|ada|phys|a.1\n"

    async def answer(self, command, **_):
        assert command[0] == "sacct"
        return lines

    monkeypatch.setattr("openqat.qpu_usage.Controller.run", answer)
    told = json.loads(run("--qpu", site, "--by", "job", "--sacct", "--since", "2026-01-01", "--output", "json"))
    assert [(usage["slurm_state"], usage["slurm_nodes"]) for usage in told] == [("", []), ("TIMEOUT", ["q1", "q2"])]
    assert "give --by job" in run("--qpu", site, "--sacct", code=2)
    lines = "nonsense\n"
    assert "Slurm's accounting: sacct printed" in run("--qpu", site, "--by", "job", "--sacct", code=1)


def test_accounts_that_are_none(site, tmp_path):
    (tmp_path / "usage.db").write_bytes(b"nonsense" * 1000)
    assert "holds no accounts of a broker, or damaged ones" in run("--qpu", site, code=1)
    (tmp_path / "usage.db").unlink()
    assert "be its user or root" in run("--qpu", site, code=1)
    with pytest.raises(AccountsUnreadable), reading_usage(tmp_path):
        pass


def test_settings_that_are_none(site):
    site.write_text("nonsense")
    assert "broker.toml" in run("--qpu", site, code=1)
