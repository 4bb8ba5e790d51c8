"""The private Slurm of ``qat up --slurm``, and how the server gives it its jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from qhpc.broker.settings import PoolSettings
from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.private_cluster import PrivateCluster
from qhpc.slurm.site import Pool, license_units

__all__ = ["own_cluster", "slurm_options"]


def own_cluster(directory: Path, pools: Mapping[str, PoolSettings]) -> PrivateCluster:
    """A Slurm in the folder ``slurm`` of a directory, with a licence for each pool of QPUs.

    There are as many units as the broker, which drives the licences, may ever hand out.

    Args:
        directory: of the server.
        pools: as the broker has them.

    >>> own_cluster(Path("/srv"), {"atoms": PoolSettings(qpus=("a", "b"))}).shape.licenses
    {'qpu_atoms': 2205}
    """
    offered = [Pool(name=name, nb_qpus=len(pool.qpus), alpha=pool.largest_alpha) for name, pool in pools.items()]
    licenses = {pool.license: license_units(pool) for pool in offered}
    return PrivateCluster(directory / "slurm", ClusterShape(nb_nodes=4, nb_cores=16, licenses=licenses))


def slurm_options(cluster: PrivateCluster, broker: str, pools: Iterable[str]) -> dict[str, Any]:
    """The settings ``[slurm]`` of a server whose jobs run there."""
    munge = cluster.directory / "munge" / "socket"
    return {
        "conf": cluster.configuration,
        "poll_s": 0.3,
        "default_memory_bytes": 256 << 20,
        "overhead_bytes": 128 << 20,
        "environment": {"QAT_BROKER": broker, "QAT_MUNGE_SOCKET": str(munge)},
        "pools": {pool: {} for pool in pools},
    }
