"""``python -m qhpc.access.runner.warm FOLDER SPOOL IDLE_S LIFE_S``: a runner that stays in its allocation for a while.

It serves several small jobs of one user, one after the other, each from the folder of its attempt, as a batch job does
(:mod:`qhpc.access.runner.batch`), but it starts no interpreter and imports nothing for them. The server puts the handle
of an attempt into ``FOLDER/queue``; ``FOLDER/ready`` is there while the runner waits for one.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from qhpc.access.launchers.processes import MARK, kill_marked
from qhpc.access.rebuild.table import ServiceTable
from qhpc.access.runner.__main__ import preload
from qhpc.access.runner.batch import leave
from qhpc.access.runner.frames import Configuration
from qhpc.access.runner.isolation import keep_limits
from qhpc.access.runner.loop import Runner
from qhpc.access.runner.spool import Claim, Orders, SpoolChannel, claim, replace

__all__ = ["WarmRunner"]

_PAUSE_S, _LATER_PAUSE_S, _EAGER_S = 0.003, 0.02, 30.0


class WarmRunner:
    """Serves attempts until it was idle for long, or its time is over, or a job has left something behind.

    Args:
        folder: its own, with ``queue``.
        spool: with the folders of attempts.
        configuration: of runners.
    """

    def __init__(self, folder: Path, spool: Path, configuration: Configuration) -> None:
        self._folder, self._spool, self._configuration = folder, spool, configuration
        self._table = ServiceTable(configuration.policy)
        keep_limits(configuration.niceness)
        for address in configuration.preload:
            preload(address, self._table)

    def serve(self, idle_s: float, life_s: float) -> None:
        """Serve, for ``life_s`` seconds at most, until no job has come for ``idle_s``."""
        end_s = time.monotonic() + life_s
        is_open = True
        while is_open:
            self._tell_ready()
            handle = self._next(min(end_s, time.monotonic() + idle_s))
            is_open = handle is not None and self._run(self._spool / handle)

    def _tell_ready(self) -> None:
        replace(self._folder, "ready", str(os.getpid()).encode())

    def _next(self, end_s: float) -> str | None:
        """The next handle; None at the end of the time. What comes in the last moment is still taken."""
        begin_s = time.monotonic()
        while (handle := self._taken()) is None and time.monotonic() < end_s:
            time.sleep(_PAUSE_S if time.monotonic() - begin_s < _EAGER_S else _LATER_PAUSE_S)
        (self._folder / "ready").unlink(missing_ok=True)
        return handle or self._taken()

    def _taken(self) -> str | None:
        for entry in sorted((self._folder / "queue").iterdir()):
            with suppress(FileNotFoundError):  # the server has taken it back
                entry.unlink()
                return entry.name
        return None

    def _run(self, folder: Path) -> bool:
        """Run an attempt; whether this process may run another."""
        orders = msgspec.msgpack.decode((folder / "orders").read_bytes(), type=Orders)
        mine = Claim(by="run", node=os.uname().nodename, pid=os.getpid(), slurm_job=os.environ.get("SLURM_JOB_ID"))
        if not claim(folder, orders, mine):
            return True
        mark = f"{folder.name}/{os.getpid()}/"
        os.environ[MARK] = mark
        with _writing_to(folder), _working_in(folder / f"work.{os.getpid()}") as work:
            runner = Runner(SpoolChannel(folder, orders.assignment), orders.configuration, self._table, work)
            runner.serve()
        kill_marked(mark)
        return not runner.is_ending


@contextmanager
def _writing_to(folder: Path) -> Iterator[None]:
    """Within, what this process and its children write goes to the files of an attempt."""
    kept = [os.dup(1), os.dup(2)]
    try:
        for number, name in ((1, "stdout"), (2, "stderr")):
            file = os.open(folder / name, os.O_WRONLY | os.O_APPEND)
            os.dup2(file, number)
            os.close(file)
        yield
    finally:
        for number, descriptor in zip((1, 2), kept, strict=True):
            os.dup2(descriptor, number)
            os.close(descriptor)


@contextmanager
def _working_in(work: Path) -> Iterator[Path]:
    work.mkdir(mode=0o700)
    os.environ["TMPDIR"] = str(work)
    try:
        yield work
    finally:
        os.chdir("/")
        shutil.rmtree(work, ignore_errors=True)


def main(folder: Path, spool: Path, idle_s: float, life_s: float) -> None:
    """Serve in an allocation."""
    configuration = msgspec.msgpack.decode((folder / "configuration").read_bytes(), type=Configuration)
    WarmRunner(folder, spool, configuration).serve(idle_s, life_s)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
    leave(0)
