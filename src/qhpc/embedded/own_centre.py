"""What ``qat up`` puts around its server: a broker, and a private Slurm if it is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from qhpc.access.settings import AccessSettings
from qhpc.broker.settings import read_settings as read_broker_settings
from qhpc.embedded.own_broker import own_broker, own_settings
from qhpc.embedded.own_cluster import own_cluster, slurm_options

__all__ = ["own_centre"]


@contextmanager
def own_centre(settings: AccessSettings, *, with_slurm: bool) -> Iterator[tuple[AccessSettings, Callable[[], None]]]:
    """Run what belongs to a server; gives its settings, which know of it, and what waits until all of it is ready.

    Args:
        settings: of the server.
        with_slurm: whether its jobs run in a private Slurm on this machine.

    Raises:
        qhpc.broker.settings.BadSettings: ``broker.toml`` is not right.
        qhpc.slurm.private_cluster.ClusterError: Slurm is not installed, or does not start.
    """
    directory = settings.directory.absolute()
    more: dict[str, Any] = {}
    with ExitStack() as stack:
        cluster = None
        if with_slurm:
            found = read_broker_settings(own_settings(directory)).in_slurm()
            cluster = stack.enter_context(own_cluster(directory, found))
        address, broker = stack.enter_context(own_broker(directory, cluster))
        if cluster is not None:
            more = {"launcher": "slurm", "slurm": slurm_options(cluster, address, found.pools)}
        known = settings.model_dump() | {"broker": address} | more
        yield AccessSettings(**known), broker.wait_until_ready
