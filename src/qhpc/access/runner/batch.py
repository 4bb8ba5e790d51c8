"""``python -m qhpc.access.runner.batch FOLDER``: runs one job of a cluster, from the orders in its folder.

Exit status: 0 when there is a result, 1 when there is a failure, 75 when it was ended from outside, 76 when it was not
begun because the attempt was taken already, 77 when it has given its nodes back and is to be run again.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import msgspec

from qat.core.running_job import set_record_file
from qhpc.access.launchers.processes import MARK, kill_marked
from qhpc.access.rebuild.table import ServiceTable
from qhpc.access.runner.isolation import keep_limits
from qhpc.access.runner.loop import Runner
from qhpc.access.runner.spool import Claim, Orders, SpoolChannel, claim

__all__ = ["leave", "main"]

_TAKEN = 76


def main(folder: Path) -> int:
    """Run the job; the exit status."""
    orders = msgspec.msgpack.decode((folder / "orders").read_bytes(), type=Orders)
    if not claim(folder, orders, _mine()):
        print("the job was begun before, or given up; it is not run again here", file=sys.stderr)
        return _TAKEN
    keep_limits(orders.configuration.niceness)
    work = folder / f"work.{os.uname().nodename}.{os.getpid()}"
    work.mkdir(mode=0o700)
    mark = f"{folder.name}/{os.getpid()}/"
    os.environ.update({"TMPDIR": str(work), MARK: mark})
    channel = SpoolChannel(folder, orders.assignment)
    set_record_file(folder / "answers")
    try:
        Runner(channel, orders.configuration, ServiceTable(orders.configuration.policy), work).serve()
    finally:
        kill_marked(mark)  # what the job has started, wherever it went
        os.chdir("/")
        shutil.rmtree(work, ignore_errors=True)
    return channel.status


def _mine() -> Claim:
    return Claim(by="run", node=os.uname().nodename, pid=os.getpid(), slurm_job=os.environ.get("SLURM_JOB_ID"))


def leave(status: int) -> NoReturn:
    """End this process, whatever threads a job has left."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(ValueError, OSError):
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    leave(main(Path(sys.argv[1])))
