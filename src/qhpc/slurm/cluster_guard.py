"""Ends a private cluster whose owner was killed: a process that waits at a pipe which only the owner holds.

The system closes the pipe however the owner ends; what it has said before tells whether anything is left to do.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

__all__ = ["ClusterGuard"]

_DONE = b"."
_LEAVE_S = 10.0


class ClusterGuard:
    """A guard of the cluster in a directory, from now on until ``leave``.

    Args:
        directory: of the cluster.

    Raises:
        OSError: no process can be started.
    """

    def __init__(self, directory: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "qhpc.slurm.cluster_guard", str(directory)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def leave(self) -> None:
        """The cluster was ended: there is nothing left to do."""
        assert self._process.stdin is not None  # as it was started
        with suppress(BrokenPipeError), self._process.stdin as pipe:
            pipe.write(_DONE)
        try:
            self._process.wait(_LEAVE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _guard(directory: Path) -> None:
    if _DONE not in sys.stdin.buffer.read():
        from qhpc.slurm.private_cluster import PrivateCluster

        PrivateCluster(directory).stop_for(os.getpid())


if __name__ == "__main__":
    _guard(Path(sys.argv[1]))
