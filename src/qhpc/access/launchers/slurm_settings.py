"""How jobs run in Slurm."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from qhpc.access.launchers.lines import LogLimits
from qhpc.access.rebuild.policy import ServicePolicy
from qhpc.access.slurm_options import SlurmOptions

__all__ = ["SlurmSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlurmSettings:
    """How jobs run in Slurm.

    Attributes:
        spool: folders of jobs, on a file system that the nodes share; nobody else writes there.
        options: of the site.
        policy: the services that users may use.
        folders: searched for packages first, e.g. with services of the site.
        log: how much of what a job writes is kept.
        max_result_bytes: larger results are refused.
        run_as: ``"owner"``: as the Unix user of the name of the job's owner; the server has to be root then.
            ``"server"``: all as the Unix user of the server, who speaks at the broker for the owners: it has to trust
            this user.
        broker: where the broker of shared QPUs is; empty for what this machine says. It is asked when jobs that have
            given their nodes back need them again.
        outcome_grace_s: how long after its end in Slurm the outcome of a job may still appear.
        closing_s: how long after its outcome, or after it has given its nodes back, a job may still be in Slurm before
            it is cancelled there: a controller that has crashed may believe that it runs.
    """

    spool: Path
    options: SlurmOptions = field(default_factory=SlurmOptions)
    policy: ServicePolicy = field(default_factory=ServicePolicy)
    folders: tuple[str, ...] = ()
    log: LogLimits = field(default_factory=LogLimits)
    max_result_bytes: int = 512 << 20
    run_as: Literal["server", "owner"] = "server"
    broker: str = ""
    outcome_grace_s: float = 1.0
    closing_s: float = 30.0

    @property
    def python_path(self) -> tuple[str, ...]:
        """Where the nodes find packages."""
        given = self.options.python_path
        return (*self.folders, *(filter(None, sys.path) if given is None else given))
