"""The part ``[slurm]`` of a server's settings: how jobs are given to the cluster."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from qhpc.slurm.commands import USER_OPTIONS
from qhpc.slurm.rest.link import rest_address

__all__ = ["PoolOptions", "RestOptions", "SlurmOptions"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PoolOptions(_Part):
    """A pool of QPUs that hybrid jobs are admitted to by a licence of Slurm, `[slurm.pools.NAME]`.

    QPUs tell which pools they use: `SharedQPU` and what a site makes of it by `pool`, others by `qpu_pools`.
    """

    units: Annotated[
        int, Field(ge=1, description="Duty units of a job that names none; 1000 are the whole time of a QPU.")
    ] = 250
    license: Annotated[str | None, Field(description="Name of the licence; `qpu_NAME` by default.")] = None


class RestOptions(_Part):
    """Jobs are given to Slurm over HTTP (slurmrestd, v0.0.38), not by its commands, `[slurm.rest]`.

    >>> RestOptions(address="http://slurm.site:6820", token="/etc/openqat/token")
    Traceback (most recent call last):
        ...
    pydantic_core._pydantic_core.ValidationError: 1 validation error for RestOptions...
    """

    address: Annotated[
        str, Field(description="`unix:/PATH`, `https://HOST:PORT`, or on this machine `http://127.0.0.1:PORT`.")
    ]
    token: Annotated[
        Path,
        Field(
            description="File with a token of Slurm (`scontrol token`), for the server alone to read; read anew each "
            "time, so renew it before it expires. Root's, or that of Slurm's user, where jobs run as their owners."
        ),
    ]

    @field_validator("address")
    @classmethod
    def _check(cls, text: str) -> str:
        return str(rest_address(text))


class SlurmOptions(_Part):
    """How jobs are given to a cluster.

    >>> SlurmOptions(pools={"fresnel": {"units": 100}}).pools["fresnel"].units
    100
    """

    spool: Annotated[
        Path | None,
        Field(description="Folders of running jobs; a directory that all nodes share. `spool` in `directory`."),
    ] = None
    python: Annotated[str, Field(description="Python with openqat, on the nodes.")] = sys.executable
    python_path: Annotated[
        tuple[str, ...] | None,
        Field(description="Folders for `PYTHONPATH` on the nodes; by default those of the server."),
    ] = None
    conf: Annotated[Path | None, Field(description="Slurm's configuration, if it is not in its usual place.")] = None
    max_jobs: Annotated[int, Field(ge=1, description="Jobs that are in Slurm at once, waiting or running.")] = 1000
    poll_s: Annotated[float, Field(gt=0, description="Slurm is asked about all jobs at once, this often.")] = 1.0
    begin_s: Annotated[
        float,
        Field(
            gt=0,
            description="A job that Slurm says runs, and of which nothing has begun after so long, is launched again: "
            "its node was restarted when it was to start it. More than prologs and a slow file system take.",
        ),
    ] = 300.0
    watch_s: Annotated[float, Field(gt=0, description="The folders of running jobs are looked at this often.")] = 0.03
    default_memory_bytes: Annotated[
        int, Field(ge=64 * 2**20, description="Memory of a job that asks for none and of which nothing is known.")
    ] = 2 * 2**30
    overhead_bytes: Annotated[int, Field(ge=0, description="Memory of a job beside what it asks for.")] = 512 * 2**20
    default_cores: Annotated[int, Field(ge=1, description="Cores of a job that asks for none.")] = 1
    max_cores: Annotated[int | None, Field(ge=1, description="Cores of one job.")] = None
    max_nodes: Annotated[int, Field(ge=1, description="Nodes of one job.")] = 1
    default_time_s: Annotated[float, Field(gt=0, description="Running time of a job that asks for none.")] = 86400.0
    options: Annotated[
        dict[str, str], Field(description='Options of sbatch for all jobs, such as `{partition = "quantum"}`.')
    ] = {}
    accounts: Annotated[
        dict[str, Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]],
        Field(
            description="Accounts that jobs of users are charged to, by the names of the users, such as "
            '`{ada = "phys"}`; those of others to what `options` says, or to what Slurm has for the Unix user.'
        ),
    ] = {}
    user_options: Annotated[
        tuple[str, ...], Field(description=f"Options that users may set, of {', '.join(USER_OPTIONS)}.")
    ] = ()
    warm_idle_s: Annotated[
        float,
        Field(
            ge=0,
            description="An allocation of a user whose job was small stays so long without a job, and serves the next "
            "small ones at once; 0 for no such allocations.",
        ),
    ] = 0.0
    warm_life_s: Annotated[float, Field(gt=0, description="Such an allocation takes no more jobs after.")] = 1800.0
    warm_job_s: Annotated[
        float, Field(gt=0, description="A job is small if its services expect it to take no longer for one pass.")
    ] = 1.0
    environment: Annotated[dict[str, str], Field(description="Variables for jobs, such as `QAT_BROKER`.")] = {}
    rest: Annotated[
        RestOptions | None, Field(description="Jobs are given to Slurm over HTTP: see below. By its commands, if not.")
    ] = None
    pools: Annotated[dict[str, PoolOptions], Field(description="Pools of QPUs and what a job needs to use them.")] = {}

    @model_validator(mode="after")
    def _check(self) -> SlurmOptions:
        for name in (*self.options, *self.user_options):
            if name not in USER_OPTIONS:
                raise ValueError(f"{name!r} is no option of jobs; there are {', '.join(USER_OPTIONS)}")
        return self
