"""The warden: outlives a server that was killed, ends what that server's runners have left, and ends itself.

Run by the local launcher as ``python -m qhpc.access.launchers.warden FD PARENT MARK FOLDER``. The socket closes when
the server ends, however that happens. A runner then dies with it, but children of its job may not.
"""

from __future__ import annotations

import shutil
import socket
import sys
import time

from qhpc.access.launchers.processes import kill_marked

__all__ = ["main"]

_NB_LOOKS = 10
_PAUSE_S = 0.1


def main(descriptor: int, mark: str, folder: str) -> None:
    """Wait for the end of the server, then kill all that carry the mark, and remove their folder."""
    with socket.socket(fileno=descriptor) as connection:
        while connection.recv(1):
            pass
    for _ in range(_NB_LOOKS):
        if not kill_marked(mark):
            break
        time.sleep(_PAUSE_S)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[3], sys.argv[4])
