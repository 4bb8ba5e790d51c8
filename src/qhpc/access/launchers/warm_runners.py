"""Warm runners in Slurm, seen from the server: whose they are, whether one waits, and how it is given an attempt."""

from __future__ import annotations

import asyncio
import math
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PREFIX", "WarmRunners", "WarmSpot"]

PREFIX = "warm-"
"""Of their names; no id of a job begins so."""
_MAX_OF_USER = 4
_NB_LOOKS, _LOOK_S = 10, 0.005


@dataclass(slots=True, eq=False)
class WarmSpot:
    """A warm runner.

    Attributes:
        name: of its folder.
        folder: in the spool.
        uid: Unix user whose jobs it runs.
        owner: user of the access server whose jobs it runs.
        since_s: it was submitted then (monotonic); not yet if infinite.
        slurm_id: its number in Slurm.
        guest: handle of the attempt that it is at.
        has_served: whether it has served one, and waits for the next in a moment.
    """

    name: str
    folder: Path
    uid: int
    owner: str
    since_s: float = math.inf
    slurm_id: int | None = None
    guest: str | None = None
    has_served: bool = False

    @property
    def is_ready(self) -> bool:
        """Whether it waits for an attempt."""
        return self.guest is None and (self.folder / "ready").exists()

    def give(self, handle: str) -> bool:
        """Give it an attempt; whether it takes it: it may be about to end."""
        with self._queue() as queue:
            os.close(os.open(handle, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=queue))
            if not (self.folder / "ready").exists():
                with suppress(FileNotFoundError):  # else it was taken in the last moment
                    os.unlink(handle, dir_fd=queue)
                    return False
        self.guest = handle
        return True

    @contextmanager
    def _queue(self) -> Iterator[int]:
        """The descriptor of its queue. Its user could put a link there, which is not followed."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
        folder = os.open(self.folder, flags)
        try:
            queue = os.open("queue", flags, dir_fd=folder)
        finally:
            os.close(folder)
        try:
            yield queue
        finally:
            os.close(queue)


class WarmRunners:
    """All warm runners of a launcher.

    Args:
        spool: where their folders are.
    """

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self.spots: dict[str, WarmSpot] = {}

    def ready(self, owner: str) -> WarmSpot | None:
        """One that waits for an attempt of a user."""
        return next((spot for spot in self.spots.values() if spot.owner == owner and spot.is_ready), None)

    async def soon_ready(self, owner: str) -> WarmSpot | None:
        """The same; one that has just ended an attempt is waited for, which takes some milliseconds."""
        for _ in range(_NB_LOOKS):
            spot = self.ready(owner)
            if spot is not None or not any(self._is_between(each, owner) for each in self.spots.values()):
                return spot
            await asyncio.sleep(_LOOK_S)
        return None

    @staticmethod
    def _is_between(spot: WarmSpot, owner: str) -> bool:
        return spot.owner == owner and spot.has_served and spot.guest is None

    def is_wanted(self, owner: str) -> bool:
        """Whether a user has none that is free, or soon will be, and not many."""
        theirs = [spot for spot in self.spots.values() if spot.owner == owner]
        return len(theirs) < _MAX_OF_USER and all(spot.guest is not None for spot in theirs)

    def make(
        self, owner: str, identity: tuple[int, int] | None, configuration: bytes, script: Callable[[Path], str]
    ) -> WarmSpot:
        """Make the folder of one, for a user.

        Raises:
            OSError: it cannot be made.
        """
        name = f"{PREFIX}{secrets.token_hex(6)}"
        folder = self._spool / name
        folder.mkdir(mode=0o700)
        (folder / "queue").mkdir(mode=0o700)
        for file, data, mode in (("configuration", configuration, 0o400), ("script", script(folder).encode(), 0o500)):
            (folder / file).write_bytes(data)
            (folder / file).chmod(mode)
        uid, gid = identity or (os.geteuid(), os.getegid())
        if identity is not None:
            for path in (*folder.iterdir(), folder):
                os.chown(path, uid, gid, follow_symlinks=False)
        spot = WarmSpot(name=name, folder=folder, uid=uid, owner=owner)
        self.spots[name] = spot
        return spot

    def sweep(self) -> None:
        """Take away the folders of warm runners of a former server, which are cancelled."""
        for folder in self._spool.glob(f"{PREFIX}*"):
            if folder.name not in self.spots:
                shutil.rmtree(folder, ignore_errors=True)

    def left(self, handle: str) -> None:
        """An attempt is over: its runner, if one ran it, is free."""
        for spot in self.spots.values():
            if spot.guest == handle:
                spot.guest, spot.has_served = None, True

    def drop(self, spot: WarmSpot) -> None:
        """Slurm has done with one."""
        self.spots.pop(spot.name, None)
        shutil.rmtree(spot.folder, ignore_errors=True)
