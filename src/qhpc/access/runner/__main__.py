"""``python -m qhpc.access.runner FD PARENT``: a process that runs jobs for the server at the other end of a socket."""

from __future__ import annotations

import os
import socket
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import msgspec

from qat.comm.recipe import ServiceKind
from qhpc.access.launchers.processes import MARK
from qhpc.access.launchers.protocol import InvalidSubmission
from qhpc.access.rebuild.table import ServiceTable
from qhpc.access.runner.channel import Channel
from qhpc.access.runner.frames import Configuration
from qhpc.access.runner.isolation import end_with_parent, keep_limits
from qhpc.access.runner.loop import Runner


def main(descriptor: int, parent_pid: int) -> None:
    """Run jobs until the server goes."""
    end_with_parent(parent_pid)
    folder = os.environ.get("TMPDIR")
    if MARK not in os.environ or folder is None:
        raise SystemExit("a runner is started by a launcher, which gives it a folder of its own")
    channel = Channel(socket.socket(fileno=descriptor))
    first = channel.receive()
    if first is None:
        return
    configuration = msgspec.msgpack.decode(first.payload, type=Configuration)
    keep_limits(configuration.niceness)
    table = ServiceTable(configuration.policy)
    for address in configuration.preload:
        preload(address, table)
    Runner(channel, configuration, table, Path(folder)).serve()


def preload(address: str, table: ServiceTable) -> None:
    """Import a service (``qat.qpus:LinAlg``) or a module (``scipy.optimize``), so that no job waits for it."""
    kind, _, name = address.partition(":")
    if not name:
        import_module(address)
        return
    if kind not in get_args(ServiceKind):
        raise SystemExit(f"{address!r} cannot be preloaded: give a module, or a service such as qat.qpus:LinAlg")
    known: Any = kind
    try:
        service = table.find(known, name)
    except InvalidSubmission as error:
        print(f"{address} cannot be preloaded: {error.detail}", file=sys.stderr)
        return
    if address == "qat.qpus:LinAlg":
        _run_once(service)


def _run_once(simulator: Any) -> None:
    """A first job loads the engine."""
    from qat.core import Circuit, Observable
    from qat.core.records import Op

    circuit = Circuit(ops=[Op("H", [0])], nbqbits=1)
    simulator().submit(circuit.to_job())
    simulator().submit(circuit.to_job(observable=Observable.sigma_z(0, 1)))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
