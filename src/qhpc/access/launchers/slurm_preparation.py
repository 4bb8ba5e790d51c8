"""Before a job is submitted to Slurm: whom it runs as, its folder with orders and script, the batch job itself."""

from __future__ import annotations

import asyncio
import os
import pwd
import secrets
from pathlib import Path

import msgspec

from qhpc.access.launchers.local_settings import LocalSettings
from qhpc.access.launchers.protocol import Launch, LaunchError
from qhpc.access.launchers.slurm_requests import (
    assignment_of,
    batch_job,
    is_small,
    kept_job,
    request_of,
    script,
    warm_job,
)
from qhpc.access.launchers.slurm_settings import SlurmSettings
from qhpc.access.launchers.spool_folder import Note, SpoolFolder
from qhpc.access.launchers.warm_runners import WarmRunners, WarmSpot
from qhpc.access.runner.frames import Configuration
from qhpc.access.runner.spool import Orders
from qhpc.slurm.commands import PLAIN_ENVIRONMENT, BatchJob, InvalidOption

__all__ = ["Identity", "Preparation"]

Identity = tuple[int, int] | None
"""Uid and gid; None for those of this process."""


class Preparation:
    """Prepares what is submitted.

    Args:
        settings: how jobs run.

    Attributes:
        instance: tells jobs of this spool from those of others in one Slurm.
    """

    def __init__(self, settings: SlurmSettings) -> None:
        self._settings = settings
        self.instance = ""

    def prepare_spool(self) -> None:
        """Make what is not there.

        Raises:
            OSError: the spool cannot be used.
        """
        spool = self._settings.spool
        spool.mkdir(mode=0o711, parents=True, exist_ok=True)
        spool.chmod(0o711)
        (spool / "notes").mkdir(mode=0o700, exist_ok=True)
        (spool / "notes" / "environment").write_bytes(PLAIN_ENVIRONMENT)
        file = spool / "notes" / "instance"
        if not file.exists():
            file.write_text(secrets.token_hex(4))
        self.instance = file.read_text()

    def comment(self, name: str) -> str:
        """The key of an attempt or a warm runner in Slurm."""
        return f"{self.instance}.{name}"

    def identity(self, owner: str) -> Identity:
        """Whom a job runs as; None for this process's user.

        Raises:
            LaunchError: nobody whom jobs run as.
        """
        if self._settings.run_as == "server":
            return None
        try:
            entry = pwd.getpwnam(owner)
        except KeyError:
            raise LaunchError(f"{owner} is no Unix user of this machine", retryable=False) from None
        if entry.pw_uid == 0:
            raise LaunchError(f"jobs of {owner}, who is root, are not run", retryable=False)
        return entry.pw_uid, entry.pw_gid

    async def attempt(self, launch: Launch, identity: Identity) -> tuple[SpoolFolder, BatchJob, bool]:
        """The folder of an attempt, the job to submit, and whether a warm runner may serve it.

        Raises:
            LaunchError: the job asks for what it may not have, or the folder cannot be made.
        """
        options, settings = self._settings.options, self._settings
        folder = SpoolFolder(settings.spool, launch.handle)
        owner = "" if settings.run_as == "owner" else launch.owner
        try:
            request = request_of(launch, options)
            comment = self.comment(launch.handle)
            job = batch_job(launch, request, folder.path, options, comment=comment, identity=identity)
            configuration = Configuration(policy=settings.policy, max_result_bytes=settings.max_result_bytes)
            orders = Orders(
                configuration=configuration,
                assignment=assignment_of(launch, request.resources, owner),
                is_safe_to_retry=launch.is_safe_to_retry,
            )
            uid, gid = identity or (os.geteuid(), os.getegid())
            nb_cores = request.resources.nb_cores or 1
            text = script(folder.path, options, settings.python_path, nb_cores, stack=request.stack, owner=owner)
            note = Note(uid=uid, resources=request.resources, batch_job=kept_job(job))
            await asyncio.to_thread(folder.make, orders, text, note, gid)
        except InvalidOption as error:
            raise LaunchError(str(error), retryable=False) from error
        except OSError as error:
            await asyncio.to_thread(folder.remove)
            raise LaunchError(f"the folder of the job cannot be made: {error}", retryable=True) from error
        is_for_warm = options.warm_idle_s > 0 and is_small(launch, request, options)
        return folder, job, is_for_warm

    def warm(self, runners: WarmRunners, owner: str, identity: Identity) -> tuple[WarmSpot, BatchJob]:
        """A new warm runner for a user, and the job to submit.

        Raises:
            OSError: its folder cannot be made.
        """
        settings, options = self._settings, self._settings.options
        configuration = Configuration(policy=settings.policy, preload=LocalSettings().preload)

        def text(folder: Path) -> str:
            arguments = (str(settings.spool), f"{options.warm_idle_s:g}", f"{options.warm_life_s:g}")
            return script(folder, options, settings.python_path, options.default_cores, *arguments, module="warm")

        spot = runners.make(owner, identity, msgspec.msgpack.encode(configuration), text)
        return spot, warm_job(spot.folder, owner, options, comment=self.comment(spot.name), identity=identity)
