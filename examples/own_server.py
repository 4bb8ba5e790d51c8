"""What the remote examples share: a server of one's own for the length of a program, as ``qat up`` starts it."""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

START_S = 60.0


@contextmanager
def own_server():
    """Run ``qat up`` in a private directory; inside, ``qlmaas`` and ``QLMaaSConnection()`` find it."""
    with tempfile.TemporaryDirectory() as name:
        ready = Path(name, "ready.json")
        command = [
            sys.executable,
            "-m",
            "openqat",
            "up",
            "--directory",
            name,
            "--port",
            "0",
            "--ready-file",
            str(ready),
        ]
        environment = {**os.environ, "HOME": name}  # nobody's configuration is touched
        server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            wait_for(ready, server)
            os.environ["QLMAAS_DIR"] = str(Path(name, "client"))
            yield
        finally:
            server.terminate()
            server.wait(START_S)


def wait_for(ready, server):
    """Wait until the server takes requests."""
    end = time.monotonic() + START_S
    while not ready.exists():
        if server.poll() is not None or time.monotonic() > end:
            raise RuntimeError("the server did not start; run 'qat up' to see why")
        time.sleep(0.02)
