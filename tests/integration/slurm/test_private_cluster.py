"""A private cluster is a Slurm: it runs jobs, comes back after crashes, and leaves nothing behind."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from qhpc.slurm.commands import show
from qhpc.slurm.parsers import parse_record
from qhpc.slurm.private_cluster import ClusterError, PrivateCluster, missing

from .conftest import SHAPE, new_directory

DAEMONS = ("munged", "slurmctld", "slurmd.q1", "slurmd.q2")


def licences(cluster):
    return int(parse_record(cluster.call(*show("licenses")))["Total"])


def listening():
    """Addresses and ports of all that listens, as the kernel writes them."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {tuple(line[1].split(":")) for line in lines if line[3] == "0A"}


def test_it_runs_jobs_on_its_nodes(cluster):
    assert cluster.call("srun", "--nodes=2", "printenv", "SLURMD_NODENAME").split() != []
    assert set(cluster.node_states()) == {"q1", "q2"}


def test_it_listens_on_loopback_alone(cluster):
    ports = {f"{port:04X}" for port in cluster._ports()}
    assert {address for address, port in listening() if port in ports} == {"0100007F"}


def test_starting_it_again_changes_nothing(own_cluster):
    own_cluster.start()
    pids = [own_cluster.pid(name) for name in DAEMONS]
    own_cluster.start()
    assert None not in pids and [own_cluster.pid(name) for name in DAEMONS] == pids


def test_a_crashed_daemon_comes_back(own_cluster):
    own_cluster.start()
    pid = own_cluster.pid("slurmd.q1")
    os.kill(pid, signal.SIGKILL)
    own_cluster._wait(lambda: own_cluster.pid("slurmd.q1") is None, "it lives")
    own_cluster.start()
    assert own_cluster.pid("slurmd.q1") not in (None, pid)
    assert "q" in own_cluster.call("srun", "printenv", "SLURMD_NODENAME")


def test_licences_change_while_it_runs(own_cluster):
    own_cluster.start()
    assert licences(own_cluster) == 1000
    own_cluster.reconfigure(replace(SHAPE, licenses={"qpu_fresnel": 400}))
    own_cluster._wait(lambda: licences(own_cluster) == 400, "the number of licences has not changed")


def test_nothing_is_left_even_of_jobs_that_the_controller_forgot(own_cluster):
    own_cluster.start()
    place = own_cluster.directory
    (place / "script").write_text(f"#!/bin/sh\necho $$ > {place}/new; mv {place}/new {place}/job; exec sleep 600\n")
    own_cluster.call("sbatch", "--output=/dev/null", str(own_cluster.directory / "script"))
    own_cluster._wait((own_cluster.directory / "job").exists, "the job has not begun")
    os.kill(own_cluster.pid("slurmctld"), signal.SIGKILL)
    own_cluster.stop()
    job = int((own_cluster.directory / "job").read_text())
    state = Path(f"/proc/{job}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"
    assert [own_cluster.pid(name) for name in DAEMONS] == [None] * 4


def test_commands_that_fail_say_why(cluster):
    with pytest.raises(ClusterError, match="Invalid job id"):
        cluster.call("scontrol", "show", "job", "99999999")


def test_a_cluster_that_cannot_start_shows_its_logs():
    directory = new_directory()
    cluster = PrivateCluster(directory, replace(SHAPE, settings={"Nonsense": "1"}))
    try:
        with pytest.raises(ClusterError, match="Nonsense"):
            cluster.start()
    finally:
        cluster.stop()
        for path in sorted(directory.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        directory.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="its daemons are its user's, and slurmrestd refuses to be root only")
def test_a_directory_that_slurmrestd_cannot_enter_is_named():
    directory = new_directory()
    directory.chmod(0o700)
    cluster = PrivateCluster(directory / "closed", replace(SHAPE, has_rest=True))
    try:
        if missing(cluster.shape) is not None:
            pytest.skip("slurmrestd is not installed")
        with pytest.raises(ClusterError, match=f"cannot enter {directory}: chmod o\\+x {directory}"):
            cluster.start()
    finally:
        cluster.stop()
        shutil.rmtree(directory)


ORDINARY = """
import sys
from pathlib import Path
from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.private_cluster import PrivateCluster, missing
shape = ClusterShape(has_accounting=True, has_rest=True)
shape = ClusterShape() if missing(shape) else shape
with PrivateCluster(Path(sys.argv[1]), shape) as cluster:
    print(cluster.call("srun", "id", "-un").strip())
    if shape.has_accounting:
        cluster._wait(lambda: cluster.call("sacct", "-nX"), "nothing is accounted", 20.0)
        assert cluster.rest.is_socket()
"""


@pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/usr/bin/python3").exists(), reason="needs root, and a Python that all users have"
)
def test_an_ordinary_user_has_one_of_his_own():
    directory = new_directory()
    user = next(name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()})
    source = directory / "source" / "qhpc"
    (source / "slurm").mkdir(parents=True)
    parts = ("private_cluster", "cluster_daemons", "cluster_files", "cluster_guard", "cluster_machine")
    for name in ("__init__.py", "slurm/__init__.py", *(f"slurm/{part}.py" for part in parts)):
        (source / name).write_bytes((Path(sys.modules["qhpc.slurm"].__file__).parents[1] / name).read_bytes())
    home = directory / "home"
    home.mkdir(mode=0o700)
    os.chown(home, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    done = subprocess.run(
        ["/usr/bin/python3", "-c", ORDINARY, str(home / "cluster")],
        user=user,
        group=pwd.getpwnam(user).pw_gid,
        extra_groups=[],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(directory / "source")},
        cwd="/tmp",
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.stdout.strip() == user, done.stderr
    shutil.rmtree(directory)


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setattr("qhpc.slurm.private_cluster._PATH", "/absent")
    assert "apt-get install slurm-wlm munge" in missing()
    with pytest.raises(ClusterError, match="slurmctld"):
        PrivateCluster(Path("/tmp/never")).start()


def test_hosts_have_short_names(cluster):
    assert f"NodeHostname={socket.gethostname().partition('.')[0]} " in cluster.configuration.read_text()


KILLED = """
import os, signal, sys
from pathlib import Path
from qhpc.slurm.private_cluster import PrivateCluster
with PrivateCluster(Path(sys.argv[1])) as cluster:
    cluster.call("sbatch", "--output=/dev/null", "--wrap=exec sleep 600")
    cluster._wait(lambda: "RUNNING" in cluster.call("squeue", "-h", "-o", "%T"), "the job has not begun")
    print(*(cluster.pid(name) for name in ("munged", "slurmctld", "slurmd.q1", "slurmd.q2")), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def is_there(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_it_ends_with_a_process_that_is_killed():
    directory = new_directory()
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(directory / "cluster")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    daemons = list(map(int, done.stdout.split()))
    assert len(daemons) == 4
    cluster = PrivateCluster(directory / "cluster")
    cluster._wait(lambda: not any(map(is_there, daemons)), "they live on")
    cluster._wait(lambda: not list(cluster._steps()), "its jobs live on")
    shutil.rmtree(directory)


def test_it_leaves_no_guard_behind():
    directory = new_directory()
    with PrivateCluster(directory) as cluster:
        guard = cluster._guard.pid
        assert is_there(guard)
    assert not is_there(guard) and all(cluster.pid(name) is None for name in DAEMONS)
    shutil.rmtree(directory)


def test_a_cluster_that_cannot_start_leaves_nothing_behind():
    directory = new_directory()
    cluster = PrivateCluster(directory, replace(SHAPE, settings={"Nonsense": "1"}))
    with pytest.raises(ClusterError, match="Nonsense"), cluster:
        pass
    assert not is_there(cluster._guard.pid) and not list(cluster._running())
    shutil.rmtree(directory)


def test_a_guard_leaves_a_cluster_alone_that_somebody_else_has_taken_over():
    directory = new_directory()
    guard = PrivateCluster(directory).__enter__()._guard._process
    with PrivateCluster(directory) as heir:
        guard.stdin.close()  # as if its owner had been killed
        assert guard.wait(60) == 0
        assert heir.node_states() == {"q1": "idle", "q2": "idle"}
    shutil.rmtree(directory)
