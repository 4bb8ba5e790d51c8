"""What the remote examples share: a server of one's own for the length of a program, as ``qat up`` starts it."""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

START_S = 60.0


@contextmanager
def own_server(*options, broker=None, site=None):
    """Run ``qat up`` in a private directory, which this gives; inside, ``qlmaas`` and ``QLMaaSConnection()`` find it.

    Args:
        options: of ``qat up``.
        broker: settings of its broker, in which DIRECTORY stands for its folder.
        site: folder with services of the site.
    """
    with tempfile.TemporaryDirectory(prefix="qat-") as name:
        directory = Path(name)
        if broker is not None:
            (directory / "broker.toml").write_text(broker.replace("DIRECTORY", str(directory / "broker")))
        ready = directory / "ready.json"
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
        if site is not None:
            environment["QHPC_SERVICE_FOLDERS"] = json.dumps([str(site)])
        server = subprocess.Popen(
            [*command, "--ready-file", str(ready), *options], env=environment, stdout=subprocess.DEVNULL
        )
        try:
            wait_for(ready, server)
            os.environ["QLMAAS_DIR"] = str(directory / "client")
            yield directory
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
