"""The commands of a client, against a server in this process."""

import json
import os
import pwd

import pytest
from click.testing import CliRunner

from openqat import connecting
from openqat.cli import qat
from openqat.commands import jobs, login
from openqat.output import ExitCode
from openqat.results import as_data, shown
from qat.comm.access.messages import Failure
from qat.comm.broker.messages import AskUsage, Explained, Refused, Used
from qat.comm.broker.usage import QpuUsage
from qat.core import Batch, BatchResult, Circuit, Job, Observable, Result
from qat.qlmaas import QLMaaSConnection
from qat.qlmaas.config_files import read_configuration
from qat.qlmaas.errors import QLMaaSError
from tests.unit.qlmaas.fake_server import FakeServer
from tests.unit.qlmaas.test_following import END, LINE, STATE, event
from tests.unit.shared.broker import Broker


@pytest.fixture
def server():
    return FakeServer()


@pytest.fixture(autouse=True)
def connection(server, monkeypatch, tmp_path):
    for name in ("QLMAAS_DIR", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    made = QLMaaSConnection("fake", token="secret", transport=server)
    monkeypatch.setattr(connecting, "connect", lambda profile: made)
    return made


@pytest.fixture
def sent(connection):
    """Three jobs: done, failed, running."""
    for index in range(3):
        job = Circuit.empty(1).to_job()
        connection.get_qpu("LinAlg")().submit(job, name=f"n{index}", tags=["a"] if index else [])
    failure = Failure(exception="QPUException", message="too hot")
    connection.client._transport._set("j2", state="failed", failure=failure)
    connection.client._transport._set("j3", state="running", queue_position=4)


def run(*arguments, **options):
    done = CliRunner().invoke(qat, arguments, **options)
    if done.exception is not None and not isinstance(done.exception, SystemExit | QLMaaSError):
        raise done.exception
    return done


# ---------------------------------------------------------------- lists
def test_jobs(sent):
    head, *rows = run("jobs").output.splitlines()
    assert head.split() == ["ID", "STATE", "SUBMITTED", "RUNNING", "STACK", "NAME", "TAGS"]
    assert [row.split()[0] for row in rows] == ["j3", "j2", "j1"] and "running (4)" in rows[0] and "1 s" in rows[2]
    assert run("jobs", "--output", "quiet", "--state", "failed", "--state", "done").output == "j2\nj1\n"
    assert run("jobs", "--output", "quiet", "-t", "a").output == "j3\nj2\n"
    (first,) = json.loads(run("jobs", "--output", "json", "-n", "1").output)
    assert (first["id"], first["state"], first["tags"]) == ("j3", "running", ["a"])


def test_parts_of_the_list(sent):
    done = run("jobs", "-n", "2")
    assert "2 of 3" in done.stderr and done.stdout.splitlines()[-1] == "the next ones: --cursor 2"
    assert run("jobs", "--cursor", "2", "--output", "quiet").output == "j1\n"


def test_filters(sent, server):
    run("jobs", "--since", "2026-01-02T03:04:05+00:00", "--before", "1h", "--oldest-first", "--owner", "*")
    assert server.query["created_after"] == ["1767323045.0"] and server.query["order"] == ["oldest"]
    assert server.query["owner"] == ["*"] and float(server.query["created_before"][0]) > 1e9
    done = run("jobs", "--since", "yesterday")
    assert done.exit_code == ExitCode.USAGE and "is no date and no age; write 2026-11-28" in done.output


def test_watching(sent, monkeypatch):
    times = []

    def sleep(seconds):
        times.append(seconds)
        if len(times) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(jobs.time, "sleep", sleep)
    done = run("jobs", "--watch")
    assert done.exit_code == 1 and done.output.count("SUBMITTED") == 3  # click's Abort; main ends with 130


# ---------------------------------------------------------------- one job
def test_job(sent):
    text = run("job", "j2").output
    assert "Failure    QPUException: too hot" in text and "Memory     3.0 MiB" in text and "Session" not in text
    assert run("job", "j1", "--output", "quiet").output == "done\n"
    assert json.loads(run("job", "j1", "--output", "json").output)["estimate"]["nb_qubits"] == 2
    edited = run("job", "j1", "--name", "new", "-t", "x", "-t", "y").output
    assert "Name       new" in edited and "x, y" in edited


@pytest.mark.parametrize("name", ["job", "result", "logs", "explain", "rerun"])
def test_unknown_jobs(name):
    done = run(name, "j9")
    assert done.exception.exit_name == "NOT_FOUND" and "no job 'j9'" in str(done.exception)


def test_result(sent, tmp_path):
    assert run("result", "j1").output == "|0>  1  1+0j\n"
    assert json.loads(run("result", "j1", "--format", "json").output)["samples"][0]["amplitude"] == [1.0, 0.0]
    path = tmp_path / "out.res"
    assert run("result", "j1", "-o", str(path)).output == ""
    assert Result.load(str(path))[0].probability == 1.0
    run("result", "j1", "-o", str(path), "--format", "csv", "--wait")
    assert path.read_text().splitlines()[1] == "0,|0>,1.0,1.0,0.0,"


def test_results_that_are_not_there(sent, server):
    server.pending = 3
    assert "j1 is running" in str(run("result", "j1").exception)
    server.pending = 10**9
    assert run("result", "j1", "--timeout", "0.01").exception.exit_name == "TIMEOUT"


def test_a_failure_ends_with_its_own_code(sent, capsys):
    from openqat.__main__ import main

    with pytest.raises(SystemExit) as ended:
        main(["result", "j2"])
    assert ended.value.code == ExitCode.JOB_FAILED
    assert capsys.readouterr().err == "qat: too hot\n     raised on the server; request r-1\n"


def test_wait(sent, server, monkeypatch):
    assert run("wait", "j1").output == "j1 done\n"
    assert run("wait", "j1", "j2").exit_code == ExitCode.JOB_FAILED
    assert run("wait", "j3", "--timeout", "0.01").exit_code == ExitCode.TIMEOUT
    server.streams = [[STATE, END]]
    monkeypatch.setattr("openqat.commands.wait.sys", type("Sys", (), {"stderr": Terminal()}))
    done = run("wait", "j1")
    assert done.exit_code == 0 and "A | B  running" in done.stderr


class Terminal:
    def isatty(self):
        return True


def test_logs(sent, server):
    assert run("logs", "j1").output == "line 0\nline 1\nline 2\n"
    assert run("logs", "j1", "--first", "2").output == "line 2\n"
    last = event("log", {"number": 3, "time_s": 0, "stream": "stderr", "text": "warning"})
    server.streams = [[STATE, LINE, last, END]]
    done = run("logs", "-f", "j1")
    assert done.stdout == "line 0\nline 1\nline 2\n" and done.stderr == "warning\n"


def test_explain(sent):
    assert run("explain", "j1").output == "Summary   it runs\nReason 1  luck\n"
    assert run("explain", "j1", "--output", "quiet").output == "it runs\n"
    assert json.loads(run("explain", "j1", "--output", "json").output)["reasons"] == ["luck"]


def test_explain_a_batch_job(monkeypatch):
    asked = []
    texts = {"slurm-7": "it waits\nfor long", "slurm-8": ""}

    def explained(settings, job):
        asked.append(settings.broker)
        return Explained(job, texts[job])

    monkeypatch.setattr("qat.shared.status.job_explained", explained)
    assert run("explain", "slurm-7", "--broker", "unix:/b").output == "Reason 1  it waits\nReason 2  for long\n"
    assert "neither waits in Slurm nor has a session" in run("explain", "slurm-8", "--broker", "unix:/b").output
    assert asked == ["unix:/b"] * 2
    monkeypatch.undo()
    done = run("explain", "slurm-7", "--broker", "unix:/nowhere")
    assert done.exit_code == ExitCode.UNREACHABLE and "the broker cannot be reached" in done.stderr


def test_cancel_and_delete(sent, server):
    done = run("cancel", "j3", "j9", "j1")
    assert done.stdout == "j3 is cancelled\nj1 had ended before\n" and "no job 'j9'" in done.stderr
    assert done.exit_code == ExitCode.NOT_FOUND
    assert run("delete", "j1", "--output", "quiet").output == "" and server.jobs["j1"].state == "deleted"
    assert run("delete", "j2").output == "the files of j2 were removed\n"
    assert run("cancel").exit_code == ExitCode.USAGE


def test_rerun(sent):
    assert run("rerun", "j1", "--output", "quiet").output == "j4\n"
    assert "Runs again  j1" in run("rerun", "j1").output


# ---------------------------------------------------------------- server and configuration
def test_services():
    text = run("services").output
    assert "qat.qpus:LinAlg" in text and "A simulator." in text and "Exact." not in text
    assert run("services", "qpus", "--output", "quiet").output == "LinAlg\n"
    shown = run("services", "--show", "qat.qpus:LinAlg").output
    assert "LinAlg(use_GPU: bool = False, *, seed=None)" in shown and "Exact." in shown
    assert "Warning  being mended" in run("services", "plugins", "--show", "ObservableSplitter").output
    assert "did you mean LinAlg" in str(run("services", "--show", "qat.qpus:Linalg").exception)


def test_use_of_qpus(server):
    """Without a source the server is asked, wherever the option stands."""
    for arguments in (("--by", "pool", "--qpu"), ("--qpu", "--by", "pool"), ("--qpu", "server", "--by", "pool")):
        head, row = run("usage", *arguments).output.splitlines()
        assert head.split()[0] == "POOL" and row.split()[:6] == ["me", "3", "0", "2.5", "s", "0"]
    run("usage", "--qpu", "--all", "--since", "2026-01-01", "--until", "2026-02-01")
    assert server.query["all"] == ["1"] and float(server.query["until"][0]) > float(server.query["since"][0]) > 1.7e9


def test_use_of_qpus_by_the_broker(tmp_path, monkeypatch):
    broker = Broker(tmp_path / "socket")
    rows = (QpuUsage(name="7", nb_tasks=2, used_s=1.5, nb_sessions=1, waited_s=0.0, node_waited_s=0.0, slurm_job=7),)
    broker.on[AskUsage] = lambda connection, asked: connection.say(Used(rows, nb_left=4))
    for source in ("broker", f"unix:{broker.place}"):
        monkeypatch.setenv("QAT_BROKER", f"unix:{broker.place}" if source == "broker" else "unix:/nowhere")
        done = run("usage", "--qpu", source, "--by", "job")
        assert done.output.splitlines()[-1].split()[:2] == ["7", "2"] and "4 more rows are left out" in done.output
    run("usage", "--qpu", source, "--all")
    assert [asked.user for asked in broker.of(AskUsage)] == [pwd.getpwuid(os.getuid()).pw_name] * 2 + [None]
    broker.on[AskUsage] = lambda connection, asked: connection.say(Refused("not-yours", "it is not told"))
    assert "the broker does not tell: it is not told" in run("usage", "--qpu", source).output
    broker.stop()


def test_usage_and_sessions(sent, connection):
    assert run("usage").output.splitlines()[1].split() == ["me", "3", "0", "1.5", "s", "0", "s", "0", "B"]
    session = connection.session("evening")
    assert "evening" in run("sessions").output
    closed = json.loads(run("sessions", "--close", session.id, "--output", "json").output)
    assert [view["state"] for view in closed] == ["closed"]
    run("sessions", "--close", session.id, "--cancel")
    assert run("sessions", "--cancel").exit_code == ExitCode.USAGE


def test_config(tmp_path, monkeypatch):
    assert run("config", "create", "--hostname", "qlm", "--port", "8443").output == f"{tmp_path}/config.ini\n"
    again = run("config", "create", "--hostname", "other")
    assert again.exit_code == 1 and "--force writes over it" in again.output
    monkeypatch.setenv("QLMAAS_TOKEN", "hush")
    settings = {row["name"]: row for row in json.loads(run("config", "show", "--output", "json").output)}
    assert (settings["port"]["value"], settings["port"]["source"]) == (8443, f"{tmp_path}/config.ini")
    assert settings["token"] == {**settings["token"], "value": "(set)", "source": "environment variable QLMAAS_TOKEN"}
    assert "hush" not in run("config", "show").output
    assert run("config", "create", "--hostname", "other", "--force").exit_code == 0
    assert read_configuration({}).hostname == "other"


def test_login(server, monkeypatch, tmp_path):
    monkeypatch.setattr(login, "transport_of", lambda configuration: server)
    done = run("login", "fake", "--username", "me", "--password-stdin", "--port", "8443", input="right\n")
    assert done.output.startswith("logged in as me until") and "right" not in done.output
    found = read_configuration({})
    assert (found.hostname, found.port, found.login) == ("fake", 8443, "token") and found.token in server.tokens
    assert QLMaaSConnection(transport=server).user.name == "me"
    wrong = run("login", "fake", "--username", "me", "--password-stdin", input="wrong\n")
    assert wrong.exception.exit_name == "LOGIN"
    assert run("login", "fake", "--password-stdin").exit_code == ExitCode.USAGE
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine fake login me password right")
    netrc.chmod(0o600)
    assert run("login", "fake", "--profile", "other").exit_code == 0
    assert read_configuration({}, profile="other").token != found.token
    assert done.stderr == ""
    run("config", "create", "--hostname", "elsewhere")
    assert "set QLMAAS_PROFILE=other to use it" in run("login", "fake", "--profile", "other").stderr


def test_every_command_of_a_client_has_help():
    for name in ("jobs", "job", "result", "wait", "logs", "explain", "cancel", "rerun", "delete", "sessions", "login"):
        assert run(name, "--help").output.startswith(f"Usage: qat {name}")


# ---------------------------------------------------------------- results as data
def test_results_as_text_and_data():
    batch = BatchResult(results=[Result(value=0.5, parameter_map={"a": 1.0}), Result(value=2.0)])
    assert shown(batch) == "job 0\nvalue 0.5\na 1.0\njob 1\nvalue 2.0\n"
    assert shown({"n": 2}) == "{'n': 2}\n"
    assert [row["value"] for row in json.loads(as_data(batch, "json"))] == [0.5, 2.0]
    assert json.loads(as_data({"n": 1j}, "json")) == {"n": [0.0, 1.0]}
    assert as_data(batch, "csv").count(b"\r\n") == 3
    loaded = Batch.from_bytes(as_data(Batch([Job(observable=Observable.sigma_z(0, 1))]), "native"))
    assert len(loaded.jobs) == 1 and as_data({"n": 2}, "native")[:4] == b"OQAT"
