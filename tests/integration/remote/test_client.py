"""The client against a real server: the mission's program, what survives what, what is said when it goes wrong."""

import asyncio
import subprocess
import sys
import threading
from itertools import pairwise

import numpy as np
import pytest

from qat.core import Circuit, HardwareSpecs, Observable, Variable
from qat.core.errors import PluginException, QPUException
from qat.core.plugins import AbstractPlugin
from qat.lang.AQASM import CNOT, RX, RY, Program
from qat.qlmaas import QLMaaSConnection
from qat.qlmaas.errors import JobCancelledError, LoginError, RefusedError, UnreachableError
from qat.qlmaas.following import follow
from tests.acceptance.pages import ROOT

MISSION = """
from qlmaas.qpus import LinAlg
from qlmaas.plugins import ScipyMinimizePlugin

stack = ScipyMinimizePlugin() | LinAlg()
future_results = stack.submit(jobs)
results = future_results.join()
"""


def rotations(nb_qubits=2, gate=RX):
    """An energy to minimise; its minimum is -nb_qubits."""
    program = Program()
    qubits = program.qalloc(nb_qubits)
    for index, qubit in enumerate(qubits):
        gate(Variable(f"a{index}"))(qubit)
    energy = Observable.sigma_z(0, nb_qubits)
    for index in range(1, nb_qubits):
        energy = energy + Observable.sigma_z(index, nb_qubits)
    return program.to_circ().to_job(observable=energy)


def connect(server, monkeypatch, **options):
    for name, value in server.client_environment.items():
        if name in ("HOME", "QLMAAS_DIR"):
            monkeypatch.setenv(name, value)
    return QLMaaSConnection(**options)


@pytest.fixture
def connection(access_server, monkeypatch):
    return connect(access_server, monkeypatch)


@pytest.fixture
def lin_alg(connection):
    return connection.get_qpu("LinAlg")


@pytest.fixture
def scipy(connection):
    return connection.get_plugin("ScipyMinimizePlugin")


def test_the_program_of_the_mission(access_server):
    program = f"""
import sys
sys.path.insert(0, {str(ROOT / "examples")!r})
from chemistry import ground_state_job
jobs = ground_state_job("h2_sto3g")
{MISSION}
print(results.value)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=100, check=False,
        env=access_server.client_environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(-1.137270, abs=1e-5)


def test_remote_and_local_stacks_agree(lin_alg, scipy):
    from qat.plugins import ScipyMinimizePlugin
    from qat.qpus import LinAlg

    job = rotations()
    bound = job(a0=0.3, a1=0.4)
    assert lin_alg().submit(bound).join().value == LinAlg().submit(bound).value
    x0 = [0.4, 0.5]
    remote = (scipy(method="COBYLA", x0=x0) | lin_alg()).submit(job).join()
    local = (ScipyMinimizePlugin(method="COBYLA", x0=x0) | LinAlg()).submit(job)
    assert remote.value == local.value and remote.parameter_map == local.parameter_map
    samples = [Circuit.empty(1).to_job(), job.circuit.bind_variables({"a0": 1.0, "a1": 2.0}).to_job(nbshots=50)]
    results = lin_alg(seed=3).submit(samples).join()
    expected = LinAlg(seed=3).submit(samples)
    assert [[(s.state.int, s.probability) for s in result] for result in results] == [
        [(s.state.int, s.probability) for s in result] for result in expected
    ]


def test_specs_and_compilation(connection, lin_alg):
    splitter = connection.get_plugin("ObservableSplitter")
    specs = (splitter() | lin_alg()).get_specs()
    assert isinstance(specs, HardwareSpecs) and "LinAlg" in specs.description
    job = rotations()(a0=0.0, a1=0.0)
    mixed = job.circuit.to_job(observable=Observable.sigma_z(0, 2) + Observable.sigma_x(1, 2), nbshots=9)
    assert len((splitter() | lin_alg()).compile(mixed).join().jobs) == 2
    assert len(splitter().compile(mixed, HardwareSpecs()).join().jobs) == 2


def test_applications(connection, lin_alg, scipy):
    networkx = pytest.importorskip("networkx")
    generator = connection.get_generator("MaxCutGenerator")
    future = (generator() | scipy(seed=1) | lin_alg()).execute(networkx.cycle_graph(4), depth=1)
    assert sorted(future.join().subsets) == [[0, 2], [1, 3]]


def test_what_services_raise_is_raised_here(lin_alg, scipy):
    with pytest.raises(QPUException, match="a0"):
        lin_alg().submit(rotations()).join()
    with pytest.raises((QPUException, PluginException)) as raised:
        (scipy() | lin_alg()).submit(rotations().circuit.to_job(nbshots=3)).join()
    assert "raised on the server; request" in raised.value.__notes__[0]
    with pytest.raises(RefusedError, match="qubits") as refused:
        lin_alg().submit(Circuit.empty(60).to_job()).join()
    assert refused.value.code == "does-not-fit" and refused.value.request_id
    with pytest.raises(RefusedError, match="LinAlg") as refused:
        lin_alg(engine="abacus").submit(Circuit.empty(1).to_job())
    assert refused.value.code == "invalid-argument"


class Marked(AbstractPlugin):
    def compile(self, batch, specs):
        assert isinstance(specs, HardwareSpecs)
        return batch

    def post_process(self, results):
        results[0].meta_data = {**(results[0].meta_data or {}), "marked": "yes"}
        return results


def test_a_mixed_chain(lin_alg, scipy):
    result = (Marked() | scipy(method="COBYLA") | lin_alg()).submit(rotations())
    assert result.value == pytest.approx(-2, abs=1e-3) and result.meta_data["marked"] == "yes"


def test_many_at_once(lin_alg):
    job = rotations()

    async def all_of_them():
        futures = [lin_alg().submit(job(a0=0.1 * step, a1=0.0)) for step in range(12)]
        return await asyncio.gather(*futures)

    values = [result.value for result in asyncio.run(all_of_them())]
    assert np.allclose(values, [1 + np.cos(0.1 * step) for step in range(12)])


def test_a_key_finds_its_job(connection, lin_alg):
    job = Circuit.empty(1).to_job()
    first = lin_alg().submit(job, idempotency_key="test-key-1")
    assert lin_alg().submit(job, idempotency_key="test-key-1").id == first.id
    with pytest.raises(RefusedError, match="key") as refused:
        lin_alg().submit(Circuit.empty(2).to_job(), idempotency_key="test-key-1")
    assert refused.value.code == "key-reused"


def test_progress_is_told(connection, lin_alg, scipy, capsys):
    future = (scipy(method="COBYLA") | lin_alg()).submit(rotations(4))
    news = []
    assert follow(connection.client, future.id, news.append, limit_s=60)
    assert news[-1].is_final or any(getattr(piece, "state", "") == "done" for piece in news)
    assert future.view.progress.iteration > 5
    assert future.join(progress=True).value == pytest.approx(-4, abs=1e-2)
    assert "step " in capsys.readouterr().err


def slow_job():
    """Some seconds of work that may be done twice."""
    program = Program()
    qubits = program.qalloc(16)
    for index, qubit in enumerate(qubits):
        RY(Variable(f"a{index}"))(qubit)
    for left, right in pairwise(qubits):
        CNOT(left, right)
    energy = Observable.sigma_x(0, 16)
    for index in range(1, 16):
        energy = energy + Observable.sigma_x(index, 16)
    return program.to_circ().to_job(observable=energy)


def test_join_survives_restarts_of_the_server(own_server, monkeypatch):
    connection = connect(own_server.start(), monkeypatch)
    stack = connection.get_plugin("SPSAMinimizePlugin")(maxiter=600) | connection.get_qpu("LinAlg")()
    future = stack.submit(slow_job())
    joined = []
    waiting = threading.Thread(target=lambda: joined.append(future.join(timeout=90)))
    waiting.start()
    follow(connection.client, future.id, lambda news: None, limit_s=0.3)
    own_server.kill()
    own_server.start()
    again = connection.get_job(future.id)
    assert again.get_status() in ("waiting", "pending", "running", "done")
    waiting.join(100)
    assert len(joined) == 1 and joined[0].value is not None
    assert again.view.attempt in (1, 2) and again.get_result().value == joined[0].value


def test_cancel_and_rerun(own_server, monkeypatch):
    connection = connect(own_server.start(), monkeypatch)
    stack = connection.get_plugin("SPSAMinimizePlugin")(maxiter=10**6) | connection.get_qpu("LinAlg")()
    future = stack.submit(slow_job())
    assert future.cancel()
    with pytest.raises(JobCancelledError):
        future.join(timeout=60)
    assert future.get_status() == "cancelled" and future.cancel()
    again = future.rerun()
    assert again.view.parent_id == future.id and again.cancel() and again.wait(timeout=60)
    assert again.delete_files() and again.get_status() == "deleted"
    assert [job.id for job in connection.get_jobs()] == [future.id]


def test_logging_in_with_a_password(own_server, monkeypatch, tmp_path):
    connect(own_server.start(), monkeypatch)
    password = (own_server.directory / "password").read_text(encoding="utf-8").strip()
    user = QLMaaSConnection().user.name
    environment = own_server.client_environment | {"QLMAAS_DIR": str(tmp_path)}
    options = [own_server.url, "--certificate", own_server.certificate, "--username", user, "--password-stdin"]

    def qat(*arguments, text=""):
        command = [sys.executable, "-m", "openqat", *arguments]
        return subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=60, check=False, env=environment
        )

    wrong = qat("login", *options, text="wrong\n")
    assert wrong.returncode == 4 and wrong.stderr.startswith("qat: ") and "Traceback" not in wrong.stderr
    done = qat("login", *options, text=f"{password}\n")
    assert done.returncode == 0 and done.stdout.startswith(f"logged in as {user} until "), done.stderr
    assert "CLinAlg" in qat("services", "qpus", "--output", "quiet").stdout.split()
    assert qat("job", "nothing").returncode == 5
    netrc = own_server.home / ".netrc"
    netrc.write_text(f"machine 127.0.0.1 login {user} password {password}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("QLMAAS_DIR", str(tmp_path))
    settings = {"certificate": own_server.certificate, "authentication": "password"}
    connection = QLMaaSConnection(own_server.url, **settings)
    assert connection.user.name == user
    connection.reconnect()
    with pytest.raises(LoginError):
        QLMaaSConnection(own_server.url, certificate=own_server.certificate, token="oqat_nobody")


def test_a_server_that_is_not_the_one_expected(access_server, own_server, monkeypatch):
    connect(access_server, monkeypatch)
    own_server.start()
    with pytest.raises(UnreachableError, match="cannot prove who it is"):
        QLMaaSConnection(access_server.url, certificate=own_server.certificate, token=access_server.token)
