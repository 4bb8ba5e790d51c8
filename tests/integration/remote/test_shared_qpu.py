"""QPUs of a centre for remote users: a site's own name for a pool, or ``SharedQPU`` with the pool's."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.remote.server import Server
from qat.comm.broker import messages as said
from qat.comm.broker.usage import QpuUsage
from qat.qpus import LinAlg
from tests.unit.shared.broker import Broker

SITE = """
from qat.qpus import SharedQPU

class Fresnel(SharedQPU):
    pool = "fresnel"
"""

PROGRAM = """
from qat.lang.AQASM import CNOT, H, Program
program = Program()
qubits = program.qalloc(2)
H(qubits[0])
CNOT(qubits)
jobs = [program.to_circ().to_job()] * 3
"""

MISSION = """
from qlmaas.qpus import Fresnel
from qlmaas.plugins import ScipyMinimizePlugin

stack = ScipyMinimizePlugin() | Fresnel()
future_results = stack.submit(jobs)
results = future_results.join()
print([sorted(str(sample.state) for sample in result) for result in results])
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    broker = Broker(tmp_path_factory.mktemp("broker") / "socket", qpu=LinAlg())
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, broker):
    site = tmp_path_factory.mktemp("site")
    (site / "qat" / "qpus").mkdir(parents=True)
    (site / "qat" / "qpus" / "fresnel.py").write_text(SITE)
    environment = {"QHPC_SERVICE_FOLDERS": json.dumps([str(site)]), "QHPC_BROKER": f"unix:{broker.place}"}
    server = Server(tmp_path_factory.mktemp("server"), ("--workers", "1"), environment).start()
    yield server
    assert server.stop() == 0


def run(server, program):
    command = [sys.executable, "-c", PROGRAM + program]
    return subprocess.run(command, env=server.client_environment, capture_output=True, text=True, timeout=100)


def test_the_missions_program_on_a_qpu_that_others_use_too(server, broker):
    done = run(server, MISSION)
    assert done.stdout == f"{[['|00>', '|11>']] * 3}\n", done.stderr
    broker.until_heard(said.CloseSession)  # with the job, not with the process that ran it
    opened = broker.of(said.OpenSession)[-1]
    job = json.loads(server.client()("GET", "/v1/jobs").body)["items"][0]
    assert opened.pool == "fresnel"
    assert opened.session.startswith(job["id"] + ".")
    assert opened.owner == job["owner"]


def test_where_a_running_job_is(server, broker):
    held = []
    broker.on[said.SubmitTask] = lambda connection, task: held.append((connection, task))
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(run, server, MISSION)
        broker.until(lambda: len(held) == 1)
        job = json.loads(server.client()("GET", "/v1/jobs").body)["items"][0]
        told = json.loads(server.client()("GET", f"/v1/jobs/{job['id']}/explain").body)
        broker.on.clear()
        for connection, task in held:
            connection.say(broker.answer(connection, task))
        assert running.result(100).returncode == 0
    assert told["summary"].startswith("The job has been running for")
    assert told["reasons"] == ["1 sessions", "of this job"]


def test_what_a_user_has_used_of_qpus(server, broker):
    broker.on[said.AskUsage] = lambda connection, asked: connection.say(
        said.Used((QpuUsage(name=asked.user or "all"),))
    )
    owner = json.loads(server.client()("GET", "/v1/me").body)["name"]
    (row,) = json.loads(server.client()("GET", "/v1/usage/qpus?by=pool").body)
    assert row["name"] == owner and broker.of(said.AskUsage)[-1].by == "pool"


def test_a_pool_by_its_name(server, broker):
    program = MISSION.replace("Fresnel()", 'SharedQPU("fresnel-2", priority=2)').replace("Fresnel", "SharedQPU")
    done = run(server, program)
    assert done.stdout == f"{[['|00>', '|11>']] * 3}\n", done.stderr
    assert broker.of(said.OpenSession)[-1].pool == "fresnel-2"
    assert broker.of(said.SubmitTask)[-1].priority == 2


@pytest.mark.parametrize("arguments", ['broker="unix:/tmp/mine"', "patience_s=1.0"])
def test_users_do_not_say_where_the_broker_is(server, arguments):
    done = run(server, MISSION.replace("Fresnel()", f"Fresnel({arguments})"))
    assert done.returncode != 0
    assert "is for the site to say, not for its users; leave it out" in done.stderr


def test_the_pages_of_the_catalogue_have_both(server):
    services = json.loads(server.client()("GET", "/v1/services").body)
    names = {service["name"]: service for service in services}
    assert names["Fresnel"]["role"] == names["SharedQPU"]["role"] == "qpu"
