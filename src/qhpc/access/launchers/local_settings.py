"""How jobs run on this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from qhpc.access.launchers.lines import LogLimits
from qhpc.access.launchers.processes import ChildSettings
from qhpc.access.rebuild.policy import ServicePolicy
from qhpc.access.runner.frames import Configuration

__all__ = ["LocalSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSettings:
    """How jobs run on this machine.

    Attributes:
        nb_runners: so many jobs run at once; None for one a core.
        nb_spare: processes that wait, ready, for the first job of a user.
        idle_s: a process that waits for another job of its user ends after so long.
        nb_threads: threads of one job, unless it asks for fewer; None for all cores shared by the runners.
        niceness: of jobs, so that the server answers whatever they do.
        max_result_bytes: larger results are refused.
        log: how much of what a job writes is kept.
        policy: the services that users may use.
        preload: services and modules that a process imports before it takes a job.
        folders: searched for packages first, e.g. with services of the site.
        environment: variables for jobs, beside path, language and time zone. Nothing else of the server's is passed on.
        run_as: ``"server"``: jobs run as the Unix user of the server. ``"owner"``: as the Unix user of the name of
            the job's owner; the server has to be root then, and ``nb_spare`` is 0. With ``"server"`` the jobs of one
            user cannot disturb those of another by what services do, but files are those of one Unix user: use
            ``"owner"`` where services read or write files for their users.
        work_dir: where the private folders of processes are made; None for the system's temporary folder.
    """

    nb_runners: int | None = None
    nb_spare: int = 1
    idle_s: float = 600.0
    nb_threads: int | None = None
    niceness: int = 5
    max_result_bytes: int = 512 << 20
    log: LogLimits = field(default_factory=LogLimits)
    policy: ServicePolicy = field(default_factory=ServicePolicy)
    preload: tuple[str, ...] = ("qat.qpus:LinAlg", "qat.plugins:ScipyMinimizePlugin", "scipy.optimize")
    folders: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    run_as: Literal["server", "owner"] = "server"
    work_dir: Path | None = None

    @property
    def nb_at_once(self) -> int:
        """So many jobs run at once."""
        return self.nb_runners or len(os.sched_getaffinity(0))

    @property
    def nb_waiting(self) -> int:
        """So many processes wait for users who have none."""
        return 0 if self.run_as == "owner" else self.nb_spare

    def process(self) -> ChildSettings:
        """How runners are started."""
        nb_threads = self.nb_threads or max(1, len(os.sched_getaffinity(0)) // self.nb_at_once)
        return ChildSettings(nb_threads=nb_threads, folders=self.folders, environment=self.environment)

    def configuration(self) -> bytes:
        """What runners are told, as a message."""
        return msgspec.msgpack.encode(
            Configuration(
                policy=self.policy,
                preload=self.preload,
                niceness=self.niceness,
                max_result_bytes=self.max_result_bytes,
            )
        )
