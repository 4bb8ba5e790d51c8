"""Runs one peer in its own process: requests on standard input, replies on the real standard output, a line each.

``python -m benchmarks.engine.worker MODULE THREADS SETTINGS`` with the settings as JSON. The first line it writes is a
greeting, or the error that kept it from starting. What the peer itself prints goes to standard error.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any, TextIO

Message = dict[str, Any]


def peak_mib() -> float:
    """Highest memory use of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
"""What durations are read from; ``cpu`` leaves out what a busy neighbour takes, and adds up threads."""


def timed(function: Any, clock: str = "wall") -> tuple[float, Any]:
    """Seconds a call takes, and what it returns."""
    start = CLOCKS[clock]()
    value = function()
    return CLOCKS[clock]() - start, value


def _repeat(call: Any, count: int) -> None:
    for _ in range(count):
        call()


class Session:
    """The requests a worker understands; ``handle`` gives the reply to one."""

    def __init__(self, peer: Any) -> None:
        self._peer = peer
        self._run: Any = None

    def handle(self, request: Message) -> Message:
        """Answer a request; whatever goes wrong is part of the answer."""
        from benchmarks.engine.peers.base import UnsupportedError

        try:
            return {"prepare": self._prepare, "repeat": self._repeat, "drop": self._drop}[request["do"]](request)
        except UnsupportedError as error:
            return {"unsupported": str(error)}
        except Exception as error:  # the driver shows it in the table
            return {"error": f"{type(error).__name__}: {str(error)[:300]}"}

    def _prepare(self, request: Message) -> Message:
        from benchmarks.engine.workloads import WORKLOADS

        workload = WORKLOADS[request["workload"]]
        arguments = workload.arguments(request["is_small"])
        build_s, self._run = timed(lambda: getattr(self._peer, workload.kind)(*arguments))
        before = peak_mib()
        first_s, value = timed(self._run.call, request["clock"])
        costs = {"build_s": build_s, "first_s": first_s, "added_mib": peak_mib() - before}
        return {"answer": list(self._run.answer(value)), **self._limits(), **costs}

    def _limits(self) -> Message:
        return {name: getattr(self._run, name) for name in ("nb_passes", "nb_operations", "peak", "sweeps_s")}

    def _repeat(self, request: Message) -> Message:
        count, call = request["count"], self._run.call
        total_s, _ = timed(lambda: _repeat(call, count), request["clock"])
        return {"mean_s": total_s / count}

    def _drop(self, request: Message) -> Message:
        del request
        self._run = None
        gc.collect()
        return {}


def greeting(module: str, nb_threads: int, settings: Message) -> tuple[Any, Message]:
    """Start the adapter: the peer, and what to tell about it."""
    import_s, adapter = timed(lambda: importlib.import_module(f"benchmarks.engine.peers.{module}").Adapter)
    peer = adapter(nb_threads, **settings)
    return peer, {"versions": peer.versions(), "import_s": import_s, "peak_mib": peak_mib()}


def replies(requests: TextIO, module: str, nb_threads: int, settings: Message) -> Iterator[Message]:
    """The greeting, then a reply for each request."""
    try:
        peer, hello = greeting(module, nb_threads, settings)
    except Exception as error:  # an environment without the package, for example
        yield {"error": f"{type(error).__name__}: {str(error)[:300]}"}
        return
    yield hello
    session = Session(peer)
    for line in requests:
        yield session.handle(json.loads(line))


def main() -> None:
    """Serve until standard input ends."""
    with os.fdopen(os.dup(1), "w") as output:
        os.dup2(2, 1)
        for reply in replies(sys.stdin, sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])):
            output.write(json.dumps(reply) + "\n")
            output.flush()


if __name__ == "__main__":
    main()
