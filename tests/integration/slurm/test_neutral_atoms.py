"""examples/neutral_atoms_beside_slurm, its part for a cluster: the files as they are shipped, in a real Slurm."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from qhpc.embedded.broker_process import BrokerProcess
from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.private_cluster import PrivateCluster
from tests.integration.broker.harness import PATHS

from .conftest import new_directory

EXAMPLE = Path(__file__).parents[3] / "examples" / "neutral_atoms_beside_slurm"
NB_JOBS, LIMIT_S = 3, 200


class Site:
    """A cluster and a broker in a directory, in which the folder of the example lies."""

    def __init__(self, directory, stack):
        self.folder = directory / "example"
        shutil.copytree(EXAMPLE, self.folder)
        self.settings = self.folder / "broker.toml"
        place = str(directory / "broker")
        self.settings.write_text(self.settings.read_text().replace("/var/lib/openqat/broker", place))
        cluster = stack.enter_context(PrivateCluster(directory / "slurm", ClusterShape(licenses={"qpu_fresnel": 1000})))
        (directory / "bin").mkdir()
        (directory / "bin" / "python").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
        (directory / "bin" / "python").chmod(0o755)
        self.environment = {
            **os.environ,
            **cluster.environment,
            "PATH": f"{directory / 'bin'}:{cluster.environment['PATH']}",
            "PYTHONPATH": PATHS,
            "OMP_NUM_THREADS": "1",
            "QAT_BROKER": f"unix:{place}/broker.sock",
        }
        broker = stack.enter_context(BrokerProcess(self.settings, directory / "broker.log", self.environment))
        broker.wait_until_ready()

    def run(self, *command):
        done = subprocess.run(
            command, env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def start(self, *command):
        return subprocess.Popen(command, env=self.environment, cwd=self.folder, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def site():
    directory = new_directory()
    with ExitStack() as stack:
        yield Site(directory, stack)
    shutil.rmtree(directory)


@pytest.mark.timeout(300)
def test_several_jobs_share_the_qpu_as_the_page_says(site):
    readme = (EXAMPLE / "README.md").read_text()
    (submit,) = re.findall(r"`(sbatch .*?)`", readme)
    name, *arguments = submit.split()
    jobs = [site.start(name, "--wait", "--parsable", *arguments) for _ in range(NB_JOBS)]
    numbers = [int(job.communicate(timeout=LIMIT_S)[0]) for job in jobs]
    outputs = [(site.folder / f"slurm-{number}.out").read_text() for number in numbers]
    assert [job.returncode for job in jobs] == [0] * NB_JOBS, outputs
    assert all(re.search(r"the largest set has 3 points: [01]{6}, in \d+% of the shots", text) for text in outputs)
    used = json.loads(
        site.run("python", "-m", "openqat", "usage", "--qpu", str(site.settings), "--by", "job", "--output", "json")
    )
    assert {row["slurm_job"] for row in used} == set(numbers)
