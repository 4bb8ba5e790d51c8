"""The driver's end of a worker: starts it, asks it, gives up on it at a deadline."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Message = dict[str, Any]
ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src"


def environment(nb_threads: int, *, is_ours: bool) -> dict[str, str]:
    """Environment variables of a worker: its number of threads, and where it finds the benchmarks and our sources."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "NUMBA_NUM_THREADS"):
        variables[name] = str(nb_threads)
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        variables[name] = "1"
    variables["OMP_PROC_BIND"] = "false"
    variables["PYTHONPATH"] = os.pathsep.join(map(str, [ROOT, SOURCES] if is_ours else [ROOT]))
    return variables


class Client:
    """A worker process.

    Args:
        command: what to start; see :mod:`benchmarks.engine.worker` for what it reads and writes.
        variables: its environment.
        deadline_s: after that long without a reply the worker is killed.
    """

    def __init__(self, command: Sequence[str], variables: dict[str, str], deadline_s: float = 60.0) -> None:
        self._deadline_s = deadline_s
        self._process = subprocess.Popen(
            command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._rest = b""
        self.hello = self._reply()

    @classmethod
    def of(cls, python: Path | None, module: str, settings: Message, nb_threads: int, deadline_s: float) -> Client:
        """A worker for an adapter in the environment of ``python``; ``None``: in this one."""
        interpreter = str(python or sys.executable)
        command = [interpreter, "-W", "ignore", "-m", "benchmarks.engine.worker", module, str(nb_threads)]
        variables = environment(nb_threads, is_ours=python is None)
        return cls([*command, json.dumps(settings)], variables, deadline_s)

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked something."""
        return self._process.poll() is None

    def ask(self, **request: Any) -> Message:
        """Send a request and wait for the reply; ``{"error": …}`` if none comes."""
        if not self.is_alive:
            return {"error": self.hello.get("error", "worker ended")}
        try:
            self._stdin.write(json.dumps(request).encode() + b"\n")
            self._stdin.flush()
        except BrokenPipeError:
            return self._failed("worker ended")
        return self._reply()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    @property
    def _stdin(self) -> Any:
        return self._process.stdin

    def _reply(self) -> Message:
        end = time.monotonic() + self._deadline_s
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._process.stdout], [], [], max(end - time.monotonic(), 0))
            if not ready:
                return self._failed(f"> {self._deadline_s:.0f} s")
            chunk = os.read(self._process.stdout.fileno(), 1 << 16)  # type: ignore[union-attr]
            if not chunk:
                return self._failed("worker ended")
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        message: Message = json.loads(line)
        return message

    def _failed(self, reason: str) -> Message:
        self.close()
        return {"error": reason}
