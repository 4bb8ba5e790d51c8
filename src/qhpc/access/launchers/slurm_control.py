"""How a server speaks to Slurm, from its settings: by Slurm's commands, or over HTTP."""

from __future__ import annotations

from qhpc.access.slurm_options import SlurmOptions
from qhpc.slurm.controller import Controller
from qhpc.slurm.job_control import CommandControl, JobControl
from qhpc.slurm.rest.control import RestControl
from qhpc.slurm.rest.link import rest_address

__all__ = ["control_of"]


def control_of(options: SlurmOptions) -> JobControl:
    """What gives jobs to Slurm.

    >>> type(control_of(SlurmOptions())).__name__
    'CommandControl'
    >>> type(control_of(SlurmOptions(rest={"address": "unix:/run/slurmrestd", "token": "/etc/token"}))).__name__
    'RestControl'
    """
    if options.rest is not None:
        return RestControl(rest_address(options.rest.address), options.rest.token)
    return CommandControl(Controller({} if options.conf is None else {"SLURM_CONF": str(options.conf)}))
