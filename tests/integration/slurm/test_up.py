"""``qat up --slurm``: its broker drives the licences, and nothing of it outlives it."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from benchmarks.remote.server import Server
from qhpc.broker.driving import pid_of
from qhpc.slurm.parsers import parse_licenses, parse_record
from qhpc.slurm.private_cluster import PrivateCluster

from .conftest import new_directory
from .test_private_cluster import is_there

SETTINGS = """
directory = "{place}/broker"
[identity]
trusted_uids = [{uid}]
[slurm]
poll_s = 0.2
[pools.emulator]
qpus = ["emulator-1"]
alpha = 1.5
target_stretch = 1.3
max_alpha = 2.0
[qpus.emulator-1]
driver = "service"
"""


@pytest.fixture
def server():
    folder = new_directory()
    server = Server(folder, ("--slurm",), with_broker=True)
    server.directory.mkdir()
    settings = SETTINGS.format(place=server.directory, uid=os.geteuid())
    (server.directory / "broker.toml").write_text(settings, encoding="utf-8")
    yield server.start()
    assert server.process.poll() is not None or server.stop() == 0
    shutil.rmtree(folder)


def withheld(cluster):
    """What the broker keeps back of the licence; None if there is no reservation."""
    lines = cluster.call("scontrol", "--oneliner", "show", "reservation").splitlines()
    ours = [parse_record(line) for line in lines if line.startswith("ReservationName=openqat_emulator ")]
    return parse_licenses(ours[0]["Licenses"])["qpu_emulator"] if ours else None


def children(pid):
    return [int(word) for file in Path(f"/proc/{pid}/task").glob("*/children") for word in file.read_text().split()]


@pytest.mark.timeout(300)
def test_its_licences_are_driven_and_all_of_it_ends_when_it_is_killed(server):
    cluster = PrivateCluster(server.directory / "slurm")
    cluster._wait(lambda: withheld(cluster) == 501, "the broker does not drive the licences")
    licences = parse_record(cluster.call("scontrol", "--oneliner", "show", "licenses", "qpu_emulator"))
    assert licences["Total"] == "2004"

    daemons = [cluster.pid(name) for name in cluster._running()]
    driver = pid_of(server.directory / "broker" / "drivers" / "emulator-1.sock")
    everybody = [*daemons, driver, *children(server.pid)]
    assert len(daemons) >= 6 and None not in everybody
    os.kill(server.pid, signal.SIGKILL)
    server.process.wait(30)
    cluster._wait(lambda: not any(map(is_there, everybody)), "not all of it has ended")
