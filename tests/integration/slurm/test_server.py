"""The mission's program on a server whose jobs run in Slurm, unchanged; and a server that comes back."""

import json
import subprocess
import sys
import time

import pytest

from benchmarks.remote.server import Server
from qat.comm.access.messages import FINAL_STATES, Resources
from qat.comm.arguments import decode_message
from qat.core import Result
from tests.integration.clock_steps import ClockSteps
from tests.unit.qhpc.access.submissions import SITE, call, submission, variational_job

DAY_S = 86400.0

PROGRAM = """
from qat.core import Observable
from qat.lang import RX, Program

program = Program()
qubit = program.qalloc(1)
program.apply(RX(program.new_var(float, "a")), qubit)
jobs = program.to_circ().to_job(observable=Observable.sigma_z(0, 1))

from qlmaas.qpus import LinAlg
from qlmaas.plugins import ScipyMinimizePlugin

stack = ScipyMinimizePlugin() | LinAlg()
future_results = stack.submit(jobs)
results = future_results.join()
print(round(results.value, 6))
"""


@pytest.fixture
def server(cluster, tmp_path):
    slurm = {"conf": str(cluster.configuration), "poll_s": 0.2, "default_memory_bytes": 400 << 20}
    environment = {
        "QHPC_LAUNCHER": "slurm",
        "QHPC_SLURM": json.dumps(slurm),
        "QHPC_SERVICE_FOLDERS": json.dumps([SITE]),
    }
    server = Server(tmp_path / "home", environment=environment)
    yield server
    if server.process is not None and server.process.poll() is None:
        assert server.stop() == 0


def test_the_missions_program_runs_on_the_cluster(server, cluster):
    server.start()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=server.client_environment,
        capture_output=True,
        text=True,
        timeout=100,
        cwd=server.home,
    )
    assert done.stdout.strip() == "-1.0", done.stderr + server.log.read_text()
    assert "JobName=openqat" in cluster.call("scontrol", "--oneliner", "show", "job")


def test_the_clock_of_the_server_is_set_forwards_and_back(server, tmp_path):
    (tmp_path / "clock").mkdir()
    clock = ClockSteps(tmp_path / "clock", server.client_environment["PYTHONPATH"])
    server.environment |= clock.environment
    server.start()
    client = server.client()
    limited = Resources(max_time_s=3600.0)
    slow = client.accepted(submission(call("Slow"), resources=limited))
    while client.job(slow.id, wait_s=0.1).state != "running":
        assert server.process.poll() is None
    for step_s in (DAY_S, 0.0, -DAY_S):
        clock.set(step_s)
        begin_s = time.time()
        short = client.accepted(submission("LinAlg", jobs=[variational_job()(a=0.0)], resources=limited))
        while (view := client.job(short.id, wait_s=10)).state not in FINAL_STATES:
            assert server.process.poll() is None
        assert view.state == "done" and begin_s <= view.ended_s - step_s <= time.time()
        assert client.job(slow.id).state == "running"
    assert client("POST", f"/v1/jobs/{slow.id}/cancel").status == 200
    assert client.job(slow.id, wait_s=60).state == "cancelled"


def test_jobs_outlive_the_server(server):
    server.start()
    client = server.client()
    slow = client.accepted(submission(call("Slow")))
    while client.job(slow.id, wait_s=0.1).state != "running":
        assert server.process.poll() is None
    server.kill()
    server.start()
    client = server.client()
    assert client.job(slow.id).state == "running"
    later = client.accepted(submission("LinAlg", jobs=[variational_job()(a=0.0)]))
    assert client("POST", f"/v1/jobs/{slow.id}/cancel").status == 200
    assert client.job(later.id, wait_s=60).state == "done"
    assert client.job(slow.id, wait_s=60).state == "cancelled"
    result = client("GET", f"/v1/jobs/{later.id}/result")
    assert isinstance(decode_message(result.body).results[0], Result)
