"""The private Slurm of ``qat up --slurm``, and how the server gives it its jobs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from qhpc.broker.settings import BrokerSettings
from qhpc.slurm.cluster_files import ClusterShape
from qhpc.slurm.job_submit import job_submit_lua
from qhpc.slurm.private_cluster import PrivateCluster
from qhpc.slurm.site import Pool, license_units

__all__ = ["own_cluster", "slurm_options"]


def own_cluster(directory: Path, broker: BrokerSettings) -> PrivateCluster:
    """A Slurm in the folder ``slurm`` of a directory, with a licence for each pool of QPUs.

    There are as many units as the broker, which drives the licences, may ever hand out. Jobs ask for as many as jobs
    like them have needed.

    Args:
        directory: of the server.
        broker: its settings.

    >>> from qhpc.broker.settings import settings_in
    >>> text = 'directory = "/srv/b"\\n[pools.atoms]\\nqpus = ["a"]\\n[qpus.a]\\ndriver = "emulated"\\n'
    >>> own_cluster(Path("/srv"), settings_in(text).in_slurm()).shape.licenses
    {'qpu_atoms': 1103}
    """
    pools = [Pool(name=name, nb_qpus=len(pool.qpus), alpha=pool.largest_alpha) for name, pool in broker.pools.items()]
    shape = ClusterShape(
        nb_nodes=4,
        nb_cores=16,
        licenses={pool.license: license_units(pool) for pool in pools},
        settings={"JobSubmitPlugins": "lua"},
        files={"job_submit.lua": job_submit_lua(pools, duty_table=broker.slurm.duty_table)},
    )
    return PrivateCluster(directory / "slurm", shape)


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
