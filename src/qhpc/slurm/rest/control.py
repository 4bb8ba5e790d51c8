"""Jobs of Slurm over HTTP: a :class:`~qhpc.slurm.job_control.JobControl` that asks slurmrestd."""

from __future__ import annotations

import asyncio
import os
import pwd
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from qhpc.slurm.commands import BatchJob, InvalidOption
from qhpc.slurm.controller import ControllerUnreachable
from qhpc.slurm.parsers import SlurmJob
from qhpc.slurm.rest.answers import (
    jobs_in,
    licenses_in,
    nothing_in,
    says_no_such_job,
    submitted_in,
    value_of,
    waiting_in,
)
from qhpc.slurm.rest.link import RestAddress, ask
from qhpc.slurm.rest.requests import RestRequest, cancel_request, environment_in, list_request, submit_request
from qhpc.slurm.tokens import TokenError, claims_in

__all__ = ["RestControl", "token_headers"]

_DEADLINE_S = 10.0
_SUBMIT_DEADLINE_S = 30.0
_MAX_TOKEN_BYTES = 8192


class RestControl:
    """A :class:`JobControl` over HTTP.

    Args:
        address: where slurmrestd listens.
        token: file of a token of Slurm, which nobody else may read; read anew for each request, so that it can be
            renewed. To submit jobs of others it has to be root's, or that of Slurm's user.
        clock: seconds since 1970.

    >>> control = RestControl(RestAddress(path="/run/slurmrestd/socket"), Path("/nowhere"))
    >>> asyncio.run(control.jobs())
    Traceback (most recent call last):
        ...
    qhpc.slurm.controller.ControllerUnreachable: the token for slurmrestd cannot be read: ...
    """

    def __init__(self, address: RestAddress, token: Path, clock: Callable[[], float] = time.time) -> None:
        self._address, self._token, self._clock = address, token, clock

    async def submit(self, job: BatchJob) -> int:
        """See the protocol."""
        script, environment = await asyncio.to_thread(_texts_of, job)
        request = submit_request(job, script, environment)
        user = "" if job.uid is None else _name_of(job.uid)
        return submitted_in(*await self._asked(request, _SUBMIT_DEADLINE_S, user))

    async def jobs(self, name: str | None = None) -> list[SlurmJob]:
        """See the protocol."""
        listed = jobs_in(*await self._asked(list_request("jobs")))
        return [value_of(job) for job in listed if name is None or job.name == name]

    async def job(self, number: int) -> list[SlurmJob]:
        """See the protocol."""
        status, body = await self._asked(list_request(f"job/{number}"))
        return [] if says_no_such_job(body) else [value_of(job) for job in jobs_in(status, body)]

    async def waiting(self) -> list[SlurmJob]:
        """See the protocol."""
        return waiting_in(jobs_in(*await self._asked(list_request("jobs"))))

    async def cancel(self, number: int) -> None:
        """See the protocol."""
        nothing_in(*await self._asked(cancel_request(number)))

    async def licenses(self) -> Sequence[Mapping[str, str]]:
        """See the protocol."""
        return licenses_in(*await self._asked(list_request("licenses")))

    async def _asked(self, request: RestRequest, deadline_s: float = _DEADLINE_S, user: str = "") -> tuple[int, bytes]:
        token = await asyncio.to_thread(_read_token, self._token)
        return await ask(self._address, request, token_headers(token, self._clock(), user), deadline_s)


def token_headers(token: bytes, now_s: float, user: str = "") -> dict[str, str]:
    """What proves to slurmrestd who asks.

    Args:
        token: of Slurm.
        now_s: seconds since 1970.
        user: who asks; the token's own user by default.

    Raises:
        ControllerUnreachable: the token is none, or is not good any more; without any of it.

    >>> token_headers(b"not one", 0.0)
    Traceback (most recent call last):
        ...
    qhpc.slurm.controller.ControllerUnreachable: slurmrestd is not asked: the token is malformed; get one with ...
    """
    try:
        claims = claims_in(token)
    except TokenError as error:
        raise ControllerUnreachable(f"slurmrestd is not asked: {error}") from None
    if now_s >= claims.expires_s:
        late_s = now_s - claims.expires_s
        cure = "write a new one into its file: scontrol token lifespan=SECONDS"
        raise ControllerUnreachable(f"slurmrestd is not asked: the token expired {late_s:.0f} s ago; {cure}")
    return {"X-SLURM-USER-NAME": user or claims.user, "X-SLURM-USER-TOKEN": token.decode("ascii")}


def _read_token(file: Path) -> bytes:
    """The token in a file, with or without ``SLURM_JWT=`` before it, as ``scontrol token`` prints it.

    Raises:
        ControllerUnreachable: it cannot be read, or others can read it.
    """
    try:
        with file.open("rb") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            if mode & 0o077:
                raise ControllerUnreachable(f"others can read the token in {file} (mode {mode:o}): chmod 600 it")
            return opened.read(_MAX_TOKEN_BYTES).strip().removeprefix(b"SLURM_JWT=")
    except OSError as error:
        raise ControllerUnreachable(f"the token for slurmrestd cannot be read: {error}") from error


def _texts_of(job: BatchJob) -> tuple[str, dict[str, str]]:
    """Script and environment of a job."""
    return job.script.read_text(encoding="utf-8"), environment_in(job.environment.read_bytes())


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise InvalidOption(f"uid {uid} is no user of this machine") from None
