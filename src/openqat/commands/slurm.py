"""``qat slurm``: a Slurm to try things on."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import click

from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.private_cluster import ClusterError, PrivateCluster

__all__ = ["command"]


@click.group()
def command() -> None:
    """Use a Slurm cluster: try one on this machine."""


@command.command("try")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--nodes", type=click.IntRange(1, 64), default=2, show_default=True, help="Nodes it claims to have.")
@click.option("--cores", type=click.IntRange(1, 1024), default=8, show_default=True, help="Cores of each.")
@click.option("--memory-mb", type=click.IntRange(256), default=8000, show_default=True, help="Memory of each.")
@click.option("--qpu", "pools", multiple=True, help="Offer a pool of QPUs as a licence, in duty units: NAME:UNITS.")
@click.option("--ready-fd", type=click.IntRange(0), help="File descriptor to write a line to when jobs can run.")
def try_cluster(
    directory: Path, nodes: int, cores: int, memory_mb: int, pools: tuple[str, ...], ready_fd: int | None
) -> None:
    """Run a private Slurm on this machine, with all its files in DIRECTORY, until Ctrl-C.

    Needs the programs of Slurm and MUNGE (Debian: apt-get install slurm-wlm munge), but no root, no systemd, no
    containers. It listens on loopback alone and leaves another Slurm of the machine as it is.
    """
    licenses = dict(_licence(pool) for pool in pools)
    shape = ClusterShape(nb_nodes=nodes, nb_cores=cores, memory_mb=memory_mb, licenses=licenses)
    cluster = PrivateCluster(directory, shape)
    is_told_to_end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: is_told_to_end.set())
    try:
        with cluster:
            click.echo(f"Slurm is ready with {nodes} nodes; Ctrl-C ends it. In another terminal:")
            click.echo(f"    export SLURM_CONF={cluster.configuration}\n    sinfo")
            if ready_fd is not None:
                os.write(ready_fd, b"ready\n")
                os.close(ready_fd)
            is_told_to_end.wait()
    except ClusterError as error:
        raise click.ClickException(str(error)) from None


def _licence(text: str) -> tuple[str, int]:
    """The licence of a pool and its units."""
    name, _, units = text.partition(":")
    if not name.isidentifier() or not units.isdecimal():
        raise click.UsageError(f"--qpu is {text!r}; NAME:UNITS was expected, e.g. fresnel:1200")
    return f"qpu_{name}", int(units)
