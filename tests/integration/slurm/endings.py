"""Jobs that end in each way that Slurm knows, on a cluster with accounting, two partitions and, for root, cgroups."""

import os
import pwd
import signal
import sys
from pathlib import Path

from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.job_submit import job_submit_lua
from qhpc.slurm.site import Pool

HAS_CGROUPS = os.geteuid() == 0 and os.access("/sys/fs/cgroup/memory", os.W_OK)
_CGROUPS = {
    "ProctrackType": "proctrack/cgroup",
    "TaskPlugin": "task/cgroup",
    "JobAcctGatherType": "jobacct_gather/cgroup",
}
OTHER = next((name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()}), None)
"""A user who is not root."""

PREFIX = f"q{os.getpid()}n"
ENDINGS_SHAPE = ClusterShape(
    nb_nodes=3,
    node_prefix=PREFIX,
    licenses={"qpu_fresnel": 1000},
    has_accounting=True,
    has_rest=True,
    accounts={"phys": tuple(filter(None, ("root", OTHER)))},
    settings={
        "AccountingStorageTRES": "license/qpu_atoms@openqat,license/qpu_fresnel",
        "JobSubmitPlugins": "lua",
        "SlurmdTimeout": "5",
        "PreemptType": "preempt/partition_prio",
        "PreemptMode": "REQUEUE",
        "PartitionName": f"urgent Nodes={PREFIX}2 PriorityTier=10 PreemptMode=OFF State=UP",
        **(_CGROUPS if HAS_CGROUPS else {}),
    },
    files={
        "job_submit.lua": job_submit_lua([Pool(name="atoms", alpha=1.0)], server="openqat"),
        "cgroup.conf": "CgroupPlugin=cgroup/v1\nConstrainRAMSpace=yes\nConstrainSwapSpace=yes\n",
    },
)
_HUNGRY = f"exec {sys.executable} -c 'a = bytearray(300 << 20); import time; time.sleep(100)'"


class Endings:
    """Has jobs end in each way.

    Args:
        cluster: of ``ENDINGS_SHAPE``, running.

    Attributes:
        jobs: id of each, by what becomes of it.
    """

    def __init__(self, cluster):
        self.cluster, self.jobs = cluster, {}
        self._first, self._second, self._third = cluster.shape.nodes

    def start(self):
        """Submit all of them, and do to them what is to be done; none has to be waited for long but that of a node."""
        self.submit("completed", "--wrap=exit 0")
        self.submit("failed", "--wrap=exit 3")
        self.submit("time-limit", "--time=1", "--wrap=exec sleep 600")
        if HAS_CGROUPS:
            self.submit("out-of-memory", "--mem=100", f"--wrap={_HUNGRY}")
        self.submit("cancelled", *(("--uid", OTHER) if os.geteuid() == 0 else ()), "--wrap=exec sleep 600")
        self.submit("node-lost", f"--nodelist={self._third}", "--no-requeue", "--wrap=exec sleep 600")
        self.submit("preempted", f"--nodelist={self._second}", "--no-requeue", "--exclusive", "--wrap=exec sleep 600")
        self.submit("put-back", f"--nodelist={self._first}", "--requeue", "--wrap=exec sleep 600")
        for name in ("time-limit", "cancelled", "node-lost", "preempted", "put-back"):
            self.wait(name, "RUNNING")
        self.cluster.call("scontrol", "requeue", self.jobs["put-back"])
        self.cluster.call("scancel", self.jobs["cancelled"])
        self.cluster.call("scontrol", "update", f"JobId={self.jobs['time-limit']}", "EndTime=now+2")
        os.kill(self.cluster.pid(f"slurmd.{self._third}"), signal.SIGKILL)
        self.submit("urgent", "--partition=urgent", "--exclusive", "--wrap=exit 0")
        self.wait("urgent", "COMPLETED")
        self.wait("put-back", "PENDING")

    def finish(self):
        """Wait until all have ended but the one that was put back, which goes on."""
        self.wait("time-limit", "TIMEOUT")
        self.wait("node-lost", "NODE_FAIL")

    def submit(self, name, *options):
        asked = ("--account=phys", f"--comment=key.{name}", "--chdir=/tmp", "--output=/dev/null", "--export=NONE")
        memory = () if any(option.startswith("--mem") for option in options) else ("--mem=50",)
        self.jobs[name] = self.cluster.call("sbatch", "--parsable", *asked, *memory, *options).strip()

    def wait(self, name, state):
        self.cluster._wait(lambda: self.state(name) == state, f"{name} is not {state}")

    def state(self, name):
        return self.cluster.call("squeue", "-h", "-t", "all", "-j", self.jobs[name], "-o", "%T").strip()


def remove_cgroups():
    """What Slurm leaves of them behind."""
    for folder in sorted(Path("/sys/fs/cgroup").glob(f"*/slurm_{PREFIX}*/**/"), reverse=True):
        folder.rmdir()
