"""Runs Slurm's commands, each with a deadline. That the controller does not answer says nothing about any job."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence

__all__ = ["Controller", "ControllerUnreachable", "SlurmRefused"]

_KEPT = ("PATH", "SLURM_CONF", "TZ")
_SECRET_FREE = {"LANG": "C", "LC_ALL": "C"}

_UNREACHABLE = (
    "unable to contact slurm controller",
    "socket timed out",
    "zero bytes were transmitted or received",
    "backup controller in standby mode",
    "slurm controller in standby mode",
    "connection refused",
    "connection reset",
    "connection timed out",
    "unexpected message received",
    "transport endpoint",
    "authentication credential",
    "munge",
    "unable to connect to database",
    "temporarily unable",
    "slurmdbd: getting response",
)
"""What commands say when they, or their daemons, are cut off. Lower case."""


class ControllerUnreachable(Exception):  # noqa: N818 (says what it is)
    """Slurm does not answer: nothing is known about jobs, and a command may have been carried out or not."""


_TEMPORARY = ("submit limit", "job/step already completing", "too many")
"""What Slurm says when it may take the same job later. Lower case."""


class SlurmRefused(Exception):  # noqa: N818 (says what it is)
    """Slurm has answered and does not do it; the message is Slurm's own."""

    @property
    def is_temporary(self) -> bool:
        """Whether the same may be done later.

        >>> SlurmRefused("Job violates accounting/QOS policy (job submit limit, user's size and/or time)").is_temporary
        True
        """
        return any(words in str(self).lower() for words in _TEMPORARY)


class Controller:
    """Slurm's commands on this machine.

    Args:
        environment: over the few variables that commands get of ours (PATH, SLURM_CONF, TZ).
        deadline_s: of a command; one that takes longer is killed.

    >>> import asyncio
    >>> asyncio.run(Controller().run(("echo", "7")))
    '7\\n'
    """

    def __init__(self, environment: Mapping[str, str] | None = None, *, deadline_s: float = 10.0) -> None:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._environment = {**kept, **_SECRET_FREE, **(environment or {})}
        self._deadline_s = deadline_s

    async def run(self, command: Sequence[str], *, deadline_s: float | None = None) -> str:
        """What a command prints.

        Raises:
            ControllerUnreachable: it did not end in time, or could not reach Slurm, or is not installed.
            SlurmRefused: Slurm said no.
        """
        limit_s = deadline_s or self._deadline_s
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise ControllerUnreachable(f"{command[0]} cannot be run: {error}") from error
        try:
            async with asyncio.timeout(limit_s):
                output, errors = await process.communicate()
        except TimeoutError:
            raise ControllerUnreachable(f"{command[0]} has not ended within {limit_s:g} s") from None
        finally:
            await _reap(process)
        if process.returncode:
            raise _complaint(command[0], errors.decode(errors="replace"))
        return output.decode(errors="replace")


async def _reap(process: asyncio.subprocess.Process) -> None:
    """Leave no process behind, whatever happened."""
    if process.returncode is None:
        process.kill()
        await process.wait()


def _complaint(name: str, errors: str) -> Exception:
    lines = [line.removeprefix(f"{name}: ").removeprefix("error: ") for line in errors.splitlines() if line.strip()]
    text = "; ".join(lines) or f"{name} failed without a word"
    is_cut_off = any(words in text.lower() for words in _UNREACHABLE)
    return ControllerUnreachable(text) if is_cut_off else SlurmRefused(text)
