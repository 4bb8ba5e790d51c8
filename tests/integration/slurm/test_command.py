"""``qat slurm try`` as users start it."""

import os
import shutil
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from openqat.commands.slurm import command
from qhpc.slurm.private_cluster import ClusterError

from .conftest import new_directory


@pytest.fixture
def directory():
    directory = new_directory()
    yield directory
    shutil.rmtree(directory)


def test_it_runs_until_it_is_told_to_end(directory):
    reader, writer = os.pipe()
    arguments = [
        "slurm",
        "try",
        str(directory / "try"),
        "--nodes",
        "1",
        "--qpu",
        "fresnel:1200",
        "--ready-fd",
        str(writer),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "openqat", *arguments],
        pass_fds=(writer,),
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as ready:
            assert ready.readline() == "ready\n"
        configuration = directory / "try" / "etc" / "slurm.conf"
        licences = subprocess.run(
            ["scontrol", "show", "licenses"],
            env=os.environ | {"SLURM_CONF": str(configuration)},
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert "LicenseName=qpu_fresnel\n    Total=1200" in licences.stdout, licences
    finally:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and f"export SLURM_CONF={configuration}" in output
    assert not list((directory / "try" / "run").glob("slurmctld.pid"))


def test_odd_pools_are_refused():
    done = CliRunner().invoke(command, ["try", "/tmp/never", "--qpu", "fresnel"])
    assert done.exit_code == 2 and "fresnel:1200" in done.output


def test_without_slurm_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr("qhpc.slurm.private_cluster._PATH", "/absent")
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    done = CliRunner().invoke(command, ["try", str(tmp_path)])
    for number, handler in before.items():
        signal.signal(number, handler)
    assert done.exit_code == 1 and "apt-get install slurm-wlm munge" in done.output


def test_what_the_cluster_is_to_have(monkeypatch, tmp_path):
    class Cluster:
        def __init__(self, directory, shape):
            self.shape = shape

        def __enter__(self):
            raise ClusterError(f"{self.shape.nb_nodes} {self.shape.has_accounting} {self.shape.has_rest}")

        def __exit__(self, *_):
            pass

    monkeypatch.setattr("openqat.commands.slurm.PrivateCluster", Cluster)
    monkeypatch.setattr("openqat.commands.slurm.signal.signal", lambda *_: None)

    def told(*options):
        return CliRunner().invoke(command, ["try", str(tmp_path), *options]).output

    assert "Error: 2 False False" in told()
    assert "Error: 3 True True" in told("--accounting", "--rest", "--nodes", "3")
