"""Four hybrid jobs share one QPU: each computes on its nodes while others have the QPU.

python examples/shared_qpu.py     (starts a centre of its own; its jobs run in Slurm if that is installed)

The QPU is emulated: 5 ms a shot, 60 shots a task. A job needs it for 0.3 s of every 0.9 s, so three of them at a time
keep it busy without being in each other's way: Slurm hands out its time in duty units, and lets the fourth wait.
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path

from own_server import own_server

from qat.core import Observable
from qat.lang import RX, Program

BROKER = """
directory = "DIRECTORY"
log_level = "warning"

[pools.atoms]
qpus = ["atoms-1"]

[qpus.atoms-1]
driver = "emulated"
shot_s = 0.005
options = { shot_s = 0.005, seed = 1 }
"""


def job_of():
    """Minimise <Z> over one angle, from 60 shots at a time."""
    program = Program()
    qubit = program.qalloc(1)
    program.apply(RX(program.new_var(float, "theta")), qubit)
    return program.to_circ().to_job(observable=Observable.sigma_z(0, 1), nbshots=60)


has_slurm = shutil.which("slurmctld") is not None and shutil.which("munged") is not None
options = ["--slurm"] if has_slurm else ["--workers", "4"]
print("jobs run in Slurm" if has_slurm else "Slurm is not installed: jobs run in processes of this machine")

with own_server(*options, broker=BROKER, site=Path(__file__).parent / "site") as directory:
    from qlmaas.plugins import ClassicalWork, ScipyMinimizePlugin
    from qlmaas.qpus import SharedQPU

    optimizer = ScipyMinimizePlugin(method="COBYLA", options={"maxiter": 12}, x0=[2.0])
    stack = optimizer | ClassicalWork(seconds=0.6) | SharedQPU("atoms", share=0.33, duration_s=0.3)
    begin = time.monotonic()
    futures = [stack.submit(job_of()) for _ in range(4)]
    values = [future.join(timeout=300).value for future in futures]
    print(f"{time.monotonic() - begin:.0f} s; <Z> of the four jobs:", *(f"{value:.2f}" for value in values))
    timeline = [sys.executable, "-m", "openqat", "broker", "timeline", str(directory / "broker.toml"), "--width", "64"]
    print(subprocess.run(timeline, capture_output=True, text=True, check=True, timeout=60).stdout, end="")
