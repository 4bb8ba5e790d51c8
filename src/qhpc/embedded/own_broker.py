"""The broker inside ``qat up``: its settings are a file in the server's directory, made at the first start."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qhpc.embedded.broker_process import BrokerProcess
from qhpc.slurm.private_cluster import PrivateCluster

__all__ = ["own_broker", "own_settings"]

_SETTINGS = """\
# The QPUs that jobs of this server share, each behind SharedQPU("POOL"). Change it as you like, and start again;
# 'qat broker check FILE' says whether it is right.
directory = {directory}
cluster = "own"
log_level = "warning"

[identity]
methods = ["peer"]
trusted_uids = [{uid}]  # the server, whose users are not those of the system

# An emulator that answers as soon as it can.
[pools.emulator]
qpus = ["emulator-1"]

[qpus.emulator-1]
driver = "service"
options = {{ service = "qat.qpus:LinAlg" }}
"""


def own_settings(directory: Path) -> Path:
    """The settings of the broker of a server of one's own, made if there are none."""
    place, settings = directory / "broker", directory / "broker.toml"
    place.mkdir(mode=0o711, parents=True, exist_ok=True)
    if not settings.exists():
        text = _SETTINGS.format(directory=json.dumps(str(place)), uid=os.geteuid())
        settings.write_text(text, encoding="utf-8")
    return settings


@contextmanager
def own_broker(directory: Path, cluster: PrivateCluster | None = None) -> Iterator[tuple[str, BrokerProcess]]:
    """Run the broker of a server of one's own; gives its address and its process, which may still be starting.

    Args:
        directory: of the server; the broker has ``broker.toml`` and the folder ``broker`` in it.
        cluster: where jobs run that have sessions.
    """
    place, settings = directory / "broker", own_settings(directory)
    with BrokerProcess(
        settings,
        directory / "broker.log",
        environment=None if cluster is None else cluster.environment,
        options=() if cluster is None else ("--slurm",),
    ) as broker:
        yield f"unix:{place / 'broker.sock'}", broker
