"""Slurm launchers for tests."""

import asyncio

from qhpc.access.launchers.slurm import SlurmLauncher
from qhpc.access.launchers.slurm_settings import SlurmSettings
from qhpc.access.slurm_options import SlurmOptions
from qhpc.slurm.controller import Controller, ControllerUnreachable
from qhpc.slurm.job_control import CommandControl
from tests.unit.qhpc.access.launchers.harness import Harness
from tests.unit.qhpc.access.submissions import SITE


def launcher(cluster, spool, options=None, controller=None, **settings):
    """A launcher for a cluster, more eager than those of servers."""
    eager = {"poll_s": 0.1, "watch_s": 0.02, "default_memory_bytes": 400 << 20, "overhead_bytes": 200 << 20}
    given = {"conf": cluster.configuration, **eager, **(options or {})}
    settings = {"folders": (SITE,), "outcome_grace_s": 0.3, "closing_s": 3.0, "max_result_bytes": 1_000_000, **settings}
    control = controller and CommandControl(controller)
    return SlurmLauncher(SlurmSettings(spool=spool, options=SlurmOptions(**given), **settings), control=control)


class SlurmHarness(Harness):
    """A harness whose launcher adopts first, as those of servers do.

    Args:
        launcher: of a cluster.
        handles: to adopt.
    """

    def __init__(self, launcher, handles=()):
        super().__init__(launcher)
        self._handles = handles

    async def _open(self):
        await super()._open()
        await self.launcher.adopt(self._handles)


class Mute(Controller):
    """A controller that does not answer while ``is_mute``, whatever Slurm does with what it was told.

    Attributes:
        is_mute: whether it is so.
        commands: that were run.
    """

    def __init__(self, cluster):
        super().__init__({"SLURM_CONF": str(cluster.configuration)})
        self.is_mute = False
        self.commands = []

    async def run(self, command, *, deadline_s=None):
        output = await super().run(command, deadline_s=deadline_s)
        self.commands.append(command)
        if self.is_mute:
            raise ControllerUnreachable("Unable to contact slurm controller")
        return output


async def until(is_so):
    """Wait for what no report tells; the harness has a deadline."""
    while not is_so():
        await asyncio.sleep(0.01)
