"""The configuration of a private cluster as text. Pure; :mod:`qhpc.slurm.private_cluster` starts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["ClusterShape", "Identity", "slurm_conf", "slurmdbd_conf"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterShape:
    """What a private cluster offers.

    Attributes:
        nb_nodes: nodes, all of them processes of this machine.
        nb_cores: cores that each claims to have.
        memory_mb: memory that each claims to have.
        node_prefix: their names begin with it; those of clusters that use cgroups have to differ.
        licenses: licences and how many of each, e.g. duty units of QPUs.
        has_accounting: whether there is a database of what jobs used (slurmdbd on MariaDB), for ``sacct``.
        accounts: accounts there, each with its users.
        has_rest: whether jobs can be submitted over HTTP (slurmrestd), with Slurm's tokens.
        settings: more lines of slurm.conf, over the usual ones; an empty text leaves a line out.
        files: more files beside slurm.conf, e.g. ``job_submit.lua``.
    """

    nb_nodes: int = 2
    nb_cores: int = 8
    memory_mb: int = 8000
    node_prefix: str = "q"
    licenses: Mapping[str, int] = field(default_factory=dict)
    has_accounting: bool = False
    accounts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    has_rest: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names of the nodes.

        >>> ClusterShape(nb_nodes=2).nodes
        ('q1', 'q2')
        """
        return tuple(f"{self.node_prefix}{number}" for number in range(1, self.nb_nodes + 1))

    @property
    def nb_ports(self) -> int:
        """How many ports its daemons listen at: the controller, each node, the accounting."""
        return 1 + self.nb_nodes + self.has_accounting


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Where a private cluster lives.

    Attributes:
        directory: its own.
        host: short name of this machine.
        user: Unix user that its daemons run as.
        ports: of the controller, of each node, of the accounting.
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
    settings = _usual(shape, identity) | {"Licenses": licenses}
    settings |= _accounting(identity) if shape.has_accounting else {}
    settings |= _tokens(identity) if shape.has_rest else {}
    lines = [f"{name}={text}" for name, text in (settings | dict(shape.settings)).items() if text]
    ports = identity.ports[1 : 1 + shape.nb_nodes]
    lines += [_node(shape, identity, *node) for node in zip(shape.nodes, ports, strict=True)]
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


def _accounting(identity: Identity) -> dict[str, str]:
    return {
        "AccountingStorageType": "accounting_storage/slurmdbd",
        "AccountingStorageHost": "127.0.0.1",
        "AccountingStoragePort": str(identity.ports[-1]),
        "AccountingStoragePass": f"{identity.directory}/munge/socket",
        "AccountingStoreFlags": "job_comment",
    }


def _tokens(identity: Identity) -> dict[str, str]:
    return {"AuthAltTypes": "auth/jwt", "AuthAltParameters": f"jwt_key={identity.directory}/state/jwt.key"}


def slurmdbd_conf(identity: Identity) -> str:
    """The text of slurmdbd.conf. The database knows the daemon by its Unix user: there is no password.

    >>> here = Identity(directory=Path("/tmp/q"), host="ada", user="ada", ports=(7000, 7001, 7002))
    >>> "DbdPort=7002" in slurmdbd_conf(here).splitlines()
    True
    """
    place = identity.directory
    settings = {
        "DbdHost": identity.host,
        "DbdAddr": "127.0.0.1",
        "DbdPort": str(identity.ports[-1]),
        "SlurmUser": identity.user,
        "AuthType": "auth/munge",
        "AuthInfo": f"socket={place}/munge/socket",
        "CommunicationParameters": "NoInAddrAny",
        "StorageType": "accounting_storage/mysql",
        "StorageHost": "localhost",
        "StorageUser": identity.user,
        "StorageLoc": "slurm",
        "PidFile": f"{place}/run/slurmdbd.pid",
        "LogFile": f"{place}/log/slurmdbd.log",
        "DebugLevel": "info",
    }
    return "".join(f"{name}={text}\n" for name, text in settings.items())
