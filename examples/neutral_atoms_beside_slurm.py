"""Neutral atoms beside a cluster: three hybrid jobs share one QPU, an emulated device with the times of a real one.

Starts a broker on this machine with the settings in neutral_atoms_beside_slurm/broker.toml, runs three copies of
neutral_atoms_beside_slurm/independent_set.py on it, and tells how busy the QPU was. The folder's README says how the
same runs on a cluster with Slurm.

    python examples/neutral_atoms_beside_slurm.py
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).with_suffix("")
NB_JOBS = 3
QAT = [sys.executable, "-m", "openqat"]


def settings_in(directory):
    """The settings of the folder, for a directory of this run."""
    text = (HERE / "broker.toml").read_text(encoding="utf-8")
    path = Path(directory, "broker.toml")
    path.write_text(text.replace("/var/lib/openqat/broker", directory), encoding="utf-8")
    return path


def started_broker(settings):
    """A broker that takes jobs."""
    ready, told = os.pipe()
    command = [*QAT, "broker", "run", str(settings), "--ready-fd", str(told)]
    broker = subprocess.Popen(command, pass_fds=[told], stderr=subprocess.DEVNULL)
    os.close(told)
    with os.fdopen(ready, encoding="ascii") as pipe:
        if pipe.readline() != "ready\n":
            broker.wait(60)
            raise SystemExit(f"the broker did not start: try qat broker run {settings}")
    return broker


def main():
    with tempfile.TemporaryDirectory() as directory:
        settings = settings_in(directory)
        broker = started_broker(settings)
        try:
            begin_s = time.monotonic()
            command = [sys.executable, HERE / "independent_set.py", f"unix:{directory}/broker.sock"]
            jobs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(NB_JOBS)]
            for number, job in enumerate(jobs, 1):
                print(f"job {number}:\n{job.communicate(timeout=100)[0]}", flush=True)
            took_s = time.monotonic() - begin_s
        finally:
            broker.send_signal(signal.SIGTERM)
            broker.wait(60)
        subprocess.run([*QAT, "usage", "--qpu", str(settings), "--by", "qpu"], check=True)
        print(f"\n{NB_JOBS} jobs shared the QPU for {took_s:.0f} s")


if __name__ == "__main__":
    main()
