"""Centres of a test's own, in short directories."""

import shutil
import tempfile
from pathlib import Path

import pytest

from qhpc.broker.driving import pid_of
from qhpc.slurm.private_cluster import missing
from tests.integration.broker.harness import PATHS

from .waiting import until


@pytest.fixture
def short_directory(monkeypatch):
    """An empty directory whose path leaves room for names of sockets; there is one where Slurm is."""
    monkeypatch.setenv("PYTHONPATH", PATHS)  # for the processes of a centre
    if (reason := missing()) is not None:
        pytest.skip(reason)
    directory = Path(tempfile.mkdtemp(prefix="live", dir="/tmp"))
    yield directory
    drivers = list((directory / "broker" / "drivers").glob("*.sock"))
    until(lambda: not any(map(pid_of, drivers)), "no driver outlives its centre")
    shutil.rmtree(directory)
