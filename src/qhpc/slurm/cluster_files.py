"""The configuration of a private cluster as text. Pure; :mod:`qhpc.slurm.private_cluster` starts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["ClusterShape", "Identity", "slurm_conf"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterShape:
    """What a private cluster offers.

    Attributes:
        nb_nodes: nodes, all of them processes of this machine.
        nb_cores: cores that each claims to have.
        memory_mb: memory that each claims to have.
        licenses: licences and how many of each, e.g. duty units of QPUs.
        settings: more lines of slurm.conf, over the usual ones; an empty text leaves a line out.
        files: more files beside slurm.conf, e.g. ``job_submit.lua``.
    """

    nb_nodes: int = 2
    nb_cores: int = 8
    memory_mb: int = 8000
    licenses: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names of the nodes.

        >>> ClusterShape(nb_nodes=2).nodes
        ('q1', 'q2')
        """
        return tuple(f"q{number}" for number in range(1, self.nb_nodes + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Where a private cluster lives.

    Attributes:
        directory: its own.
        host: short name of this machine.
        user: Unix user that its daemons run as.
        ports: of the controller, then of each node.
    """

    directory: Path
    host: str
    user: str
    ports: Sequence[int]


def slurm_conf(shape: ClusterShape, identity: Identity) -> str:
    """The text of slurm.conf.

    >>> here = Identity(directory=Path("/tmp/q"), host="ada", user="ada", ports=(7000, 7001))
    >>> lines = slurm_conf(ClusterShape(nb_nodes=1, licenses={"qpu_fresnel": 1200}), here).splitlines()
    >>> lines[0], [line for line in lines if line.startswith("Licenses")]
    ('ClusterName=try', ['Licenses=qpu_fresnel:1200'])
    """
    licenses = ",".join(f"{name}:{number}" for name, number in shape.licenses.items())
    settings = {**_usual(shape, identity), "Licenses": licenses, **shape.settings}
    lines = [f"{name}={text}" for name, text in settings.items() if text]
    lines += [_node(shape, identity, *node) for node in zip(shape.nodes, identity.ports[1:], strict=True)]
    lines.append("PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP")
    return "\n".join(lines) + "\n"


def _node(shape: ClusterShape, identity: Identity, name: str, port: int) -> str:
    return (
        f"NodeName={name} NodeHostname={identity.host} NodeAddr=127.0.0.1 Port={port} CPUs={shape.nb_cores} Boards=1 "
        f"SocketsPerBoard=1 CoresPerSocket={shape.nb_cores} ThreadsPerCore=1 RealMemory={shape.memory_mb} State=UNKNOWN"
    )


def _usual(shape: ClusterShape, identity: Identity) -> dict[str, str]:
    """Loopback alone, no cgroups, jobs started as soon as Slurm can: its main loop looks once a second.

    A batch job that its node has not begun after BatchStartTimeout is taken for lost: the usual 10 s are short where
    many begin at once on a busy machine.
    """
    place = identity.directory
    return {
        "ClusterName": "try",
        "SlurmctldHost": f"{identity.host}(127.0.0.1)",
        "SlurmctldPort": str(identity.ports[0]),
        "SlurmUser": identity.user,
        "SlurmdUser": identity.user,
        "AuthType": "auth/munge",
        "AuthInfo": f"socket={place}/munge/socket,cred_expire=10",
        "CredType": "cred/munge",
        "CommunicationParameters": "NoInAddrAny,NoCtldInAddrAny",
        "StateSaveLocation": f"{place}/state",
        "SlurmdSpoolDir": f"{place}/spool/%n",
        "SlurmctldPidFile": f"{place}/run/slurmctld.pid",
        "SlurmdPidFile": f"{place}/run/slurmd.%n.pid",
        "SlurmctldLogFile": f"{place}/log/slurmctld.log",
        "SlurmdLogFile": f"{place}/log/slurmd.%n.log",
        "PlugStackConfig": f"{place}/etc/plugstack.conf",
        "MailProg": "/bin/true",
        "MpiDefault": "none",
        "SwitchType": "switch/none",
        "ProctrackType": "proctrack/linuxproc",
        "TaskPlugin": "task/none",
        "JobAcctGatherType": "jobacct_gather/linux",
        "JobAcctGatherFrequency": "task=5",
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_Core_Memory",
        "DefMemPerCPU": str(shape.memory_mb // shape.nb_cores),
        "SchedulerParameters": "batch_sched_delay=0,bf_interval=1",
        "SlurmdParameters": "config_overrides",
        "ReturnToService": "2",
        "PropagateResourceLimits": "NONE",
        "SlurmctldTimeout": "30",
        "SlurmdTimeout": "30",
        "BatchStartTimeout": "60",
        "InactiveLimit": "0",
        "KillWait": "2",
        "MinJobAge": "300",
        "AccountingStorageType": "accounting_storage/none",
        "JobCompType": "jobcomp/none",
    }
