"""What an operator adds to a cluster for hybrid jobs, and whether a cluster has it. Pure.

A QPU is a licence counted in duty units: 1000 units are the whole time of a QPU. As many are offered as the QPUs have,
times an overcommitment alpha, so that a QPU stays busy while jobs compute; a job asks for the part of the time that it
expects to use, in whole units.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from qhpc.scheduling.admission.policies import DEFAULT_ALPHA
from qhpc.slurm.commands import Command, add_remote_license

__all__ = ["SETTINGS", "Cluster", "Finding", "Pool", "check", "license_units", "resource_commands", "slurm_lines"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """QPUs that jobs may use in each other's place.

    Attributes:
        name: of the pool.
        nb_qpus: how many it has.
        alpha: overcommitment.
    """

    name: str
    nb_qpus: int = 1
    alpha: float = DEFAULT_ALPHA

    @property
    def license(self) -> str:
        """Its licence."""
        return f"qpu_{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What a controller says of itself.

    Attributes:
        configuration: of ``scontrol show config``.
        licenses: how many there are of each.
        partitions: records of ``scontrol show partition``.
    """

    configuration: Mapping[str, str] = field(default_factory=dict)
    licenses: Mapping[str, int] = field(default_factory=dict)
    partitions: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that was looked at.

    Attributes:
        title: what it is.
        level: ``ok``; ``advice``: it would be better; ``wrong``: hybrid jobs cannot work as they should.
        found: what is there.
        cure: what to do, unless it is ok.
    """

    title: str
    level: str
    found: str
    cure: str = ""


def license_units(pool: Pool) -> int:
    """How many units of a pool's licence to offer.

    Half a unit for each job of a full pool is added, were they jobs of 250 units: what jobs ask for is rounded.

    >>> license_units(Pool(name="fresnel", alpha=1.1)), license_units(Pool(name="pair", nb_qpus=2, alpha=1.0))
    (1103, 2004)
    """
    units = 1000 * pool.nb_qpus * pool.alpha
    return math.ceil(round(units + 0.5 * units / _TYPICAL_UNITS, 6))


_TYPICAL_UNITS = 250


SETTINGS: Mapping[str, str] = {
    "JobSubmitPlugins": "lua",
    "SchedulerParameters": "batch_sched_delay=0,bf_interval=1,bf_licenses",
    "AuthInfo": "cred_expire=10",
    "MinJobAge": "3600",
}
"""Other settings. Jobs begin about a second after they were submitted, not three; a job that waits for many units, such
as a whole pool, is not passed for ever by those that need few; the jobs of a lost node begin again after some ten
seconds, not two minutes; ended jobs are known for an hour, longer than a server should be away."""


def slurm_lines(pools: Sequence[Pool], *, has_database: bool, server: str = "") -> list[str]:
    """Lines for slurm.conf; what is set there already has to be merged by hand.

    Args:
        pools: what to offer.
        has_database: whether the site has slurmdbd.
        server: of the licences, if they are in that database, see :func:`resource_commands`.

    >>> slurm_lines([Pool(name="fresnel")], has_database=True)[0]
    'Licenses=qpu_fresnel:1103'
    >>> slurm_lines([Pool(name="fresnel")], has_database=True, server="openqat")[-1]
    'AccountingStorageTRES=license/qpu_fresnel@openqat'
    """
    offered = "Licenses=" + ",".join(f"{pool.license}:{license_units(pool)}" for pool in pools)
    lines = [] if server else [offered]
    lines += [f"{name}={text}" for name, text in SETTINGS.items()]
    if has_database or server:
        names = (f"license/{pool.license}{f'@{server}' if server else ''}" for pool in pools)
        lines.append("AccountingStorageTRES=" + ",".join(names))
    return lines


def resource_commands(pools: Sequence[Pool], *, server: str, cluster: str) -> list[Command]:
    """What makes the licences in Slurm's database, where the broker changes their number without slurm.conf.

    >>> resource_commands([Pool(name="fresnel")], server="openqat", cluster="lab")[0][-4:]
    ('count=1103', 'type=license', 'percentallowed=100', 'cluster=lab')
    """
    return [
        add_remote_license(pool.license, server=server, number=license_units(pool), cluster=cluster) for pool in pools
    ]


def check(cluster: Cluster, pools: Sequence[Pool]) -> list[Finding]:
    """What there is and what is missing, most important first.

    >>> [finding.level for finding in check(Cluster(), [Pool(name="fresnel")])][:2]
    ['wrong', 'wrong']
    """
    findings = [*(_license(cluster, pool) for pool in pools), _partition(cluster)]
    findings += [rule(cluster.configuration) for rule in _RULES]
    order = {"wrong": 0, "advice": 1, "ok": 2}
    return sorted(findings, key=lambda finding: order[finding.level])


def _license(cluster: Cluster, pool: Pool) -> Finding:
    title, wanted = f"licence {pool.license}", license_units(pool)
    number = next((number for name, number in cluster.licenses.items() if name.partition("@")[0] == pool.license), None)
    if number is None:
        cure = f"add {pool.license}:{wanted} to Licenses in slurm.conf, then: scontrol reconfigure"
        return Finding(title=title, level="wrong", found="there is none", cure=cure)
    if number < wanted:
        cure = f"offer {wanted}, or jobs that ask for the whole QPU, or round up, wait without need"
        return Finding(title=title, level="advice", found=f"{number} units", cure=cure)
    return Finding(title=title, level="ok", found=f"{number} units")


def _partition(cluster: Cluster) -> Finding:
    up = [each["PartitionName"] for each in cluster.partitions if each.get("State") == "UP"]
    if not up:
        cure = "open one: scontrol update PartitionName=NAME State=UP"
        return Finding(title="partitions", level="wrong", found="none is up", cure=cure)
    return Finding(title="partitions", level="ok", found=f"up: {', '.join(up)}")


def _submit_plugin(configuration: Mapping[str, str]) -> Finding:
    plugins = configuration.get("JobSubmitPlugins", "(null)")
    if "lua" in plugins.split(","):
        return Finding(title="job_submit.lua", level="ok", found=plugins)
    cure = "set JobSubmitPlugins=lua and install the file of `qat slurm configure --lua`, or have users ask by -L"
    return Finding(title="job_submit.lua", level="advice", found=plugins, cure=cure)


def _latency(configuration: Mapping[str, str]) -> Finding:
    found = configuration.get("SchedulerParameters", "(null)")
    if "batch_sched_delay=0" in found.split(","):
        return Finding(title="start of jobs", level="ok", found=found)
    cure = f"add batch_sched_delay=0,bf_interval=1 to SchedulerParameters: jobs begin seconds earlier ({found} now)"
    return Finding(title="start of jobs", level="advice", found=found, cure=cure)


def _fairness(configuration: Mapping[str, str]) -> Finding:
    found = configuration.get("SchedulerParameters", "(null)")
    if "bf_licenses" in found.split(","):
        return Finding(title="jobs of many units", level="ok", found=found)
    cure = (
        f"add bf_licenses to SchedulerParameters: jobs of few units pass those of a whole pool for ever ({found} now)"
    )
    return Finding(title="jobs of many units", level="advice", found=found, cure=cure)


def _requeue(configuration: Mapping[str, str]) -> Finding:
    found = configuration.get("AuthInfo", "(null)")
    if "cred_expire=" in found:
        return Finding(title="requeue", level="ok", found=found)
    cure = "add cred_expire=10 to AuthInfo: jobs of a lost node begin again two minutes earlier"
    return Finding(title="requeue", level="advice", found=found, cure=cure)


def _memory(configuration: Mapping[str, str]) -> Finding:
    found = configuration.get("MinJobAge", "0")
    seconds = int(found.split()[0]) if found.split()[0].isdecimal() else 0
    if seconds >= 300:
        return Finding(title="memory of ended jobs", level="ok", found=found)
    cure = "set MinJobAge=3600: a server that was away learns how its jobs ended"
    return Finding(title="memory of ended jobs", level="advice", found=found, cure=cure)


def _processes(configuration: Mapping[str, str]) -> Finding:
    found = configuration.get("ProctrackType", "(null)")
    if found == "proctrack/cgroup":
        return Finding(title="ends of processes", level="ok", found=found)
    cure = "set ProctrackType=proctrack/cgroup: what a job has started ends with it, wherever it went"
    return Finding(title="ends of processes", level="advice", found=found, cure=cure)


def _accounting(configuration: Mapping[str, str]) -> Finding:
    found = configuration.get("AccountingStorageType", "accounting_storage/none")
    if found.endswith("/none"):
        cure = "run slurmdbd: sacct then tells of jobs that the controller has forgotten, and QPU units are charged"
        return Finding(title="accounting", level="advice", found=found, cure=cure)
    return Finding(title="accounting", level="ok", found=found)


_RULES: tuple[Callable[[Mapping[str, str]], Finding], ...] = (
    _submit_plugin, _latency, _fairness, _requeue, _memory, _processes, _accounting,
)  # fmt: skip
