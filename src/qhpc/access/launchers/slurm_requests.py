"""What a job asks of Slurm, from its submission and the site's options. Pure."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from qat.comm.access.messages import Resources
from qat.shared.stacks import STACK_VARIABLE, stack_name
from qhpc.access.launchers.protocol import Launch
from qhpc.access.rebuild.policy import UNLIMITED
from qhpc.access.rebuild.submissions import read_submission
from qhpc.access.runner.frames import Assignment
from qhpc.access.slurm_options import SlurmOptions
from qhpc.scheduling.admission.model import units_of_duty
from qhpc.slurm.commands import BatchJob, InvalidOption

__all__ = [
    "JOB_NAME",
    "Request",
    "assignment_of",
    "batch_job",
    "is_small",
    "job_in",
    "kept_job",
    "request_of",
    "script",
    "warm_job",
]

JOB_NAME = "openqat"
"""Name of all jobs in Slurm."""

_START_ROOM_S = 60.0
_WARM_ROOM_S = 600.0
"""A job that a warm runner takes at the end of its life has at least so long."""
_MIN_MEMORY_BYTES = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a job gets.

    Attributes:
        resources: memory without the overhead, cores, nodes, seconds.
        licenses: licences and how many of each.
        options: of sbatch.
        stack: name of the stack: jobs of a user and stack are expected to need alike of a QPU.
    """

    resources: Resources
    licenses: Mapping[str, int]
    options: Mapping[str, str]
    stack: str = ""


def request_of(launch: Launch, options: SlurmOptions) -> Request:
    """What a job gets: what it asked for, or else what its services expect, or else the site's defaults.

    Raises:
        InvalidOption: it asks for what its site does not let users set.
    """
    submission = read_submission(launch.submission, UNLIMITED)
    asked, granted = submission.resources, launch.resources
    most_s = math.inf if granted.max_time_s is None else granted.max_time_s
    resources = msgspec.structs.replace(
        granted,
        memory_bytes=asked.memory_bytes or _expected_memory_bytes(launch, options),
        nb_cores=asked.nb_cores or options.default_cores,
        nb_nodes=asked.nb_nodes,
        max_time_s=asked.max_time_s or min(options.default_time_s, most_s),
    )
    return Request(
        resources=resources,
        licenses=_licenses(launch, asked.scheduling.get("duty"), options),
        options={**_usual(launch.owner, options), **_chosen(asked.scheduling, options.user_options)},
        stack=stack_name("+".join(call.name for call in submission.recipe.services)),
    )


def _usual(owner: str, options: SlurmOptions) -> dict[str, str]:
    """Options of sbatch for all jobs of a user."""
    account = options.accounts.get(owner)
    return {**options.options, **({} if account is None else {"account": account})}


def _expected_memory_bytes(launch: Launch, options: SlurmOptions) -> int:
    """Twice what the services expect, for what they do not see."""
    known = None if launch.estimate is None else launch.estimate.memory_bytes
    expected = options.default_memory_bytes if known is None else max(_MIN_MEMORY_BYTES, 2 * known)
    return expected if launch.resources.memory_bytes is None else min(expected, launch.resources.memory_bytes)


def _chosen(asked: Mapping[str, str], allowed: Sequence[str]) -> dict[str, str]:
    chosen = {name: text for name, text in asked.items() if name != "duty"}
    for name in chosen:
        if name not in allowed:
            known = ", ".join(sorted({*allowed, "duty"}))
            raise InvalidOption(f"scheduling option {name!r} may not be set at this site; these may: {known}")
    return chosen


def _licenses(launch: Launch, duty: str | None, options: SlurmOptions) -> dict[str, int]:
    """The licences of the pools whose QPUs the stack uses: the duty of the job, or else the share asked of the QPU."""
    used = {} if launch.estimate is None else launch.estimate.qpu_pools
    licenses: dict[str, int] = {}
    for name, pool in options.pools.items():
        if name in used:
            asked = used[name] if duty is None else duty
            licenses[pool.license or f"qpu_{name}"] = pool.units if asked is None else _units(asked)
    return licenses


def _units(duty: object) -> int:
    """Licence units of a duty.

    >>> _units("0.25"), _units("1")
    (263, 1000)
    """
    try:
        part = float(duty)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        part = 0.0
    if not 0 < part <= 1:
        raise InvalidOption(f"duty is {duty!r}; the part of a QPU's time was expected, above 0 and up to 1")
    return units_of_duty(part)


def assignment_of(launch: Launch, resources: Resources, owner: str = "") -> Assignment:
    """The job, as its run is told.

    Args:
        launch: the attempt.
        resources: what it gets.
        owner: whose it is, if it does not run under the Unix account of its owner.
    """
    return Assignment(
        job_id=launch.job_id,
        submission=launch.submission,
        owner=owner,
        memory_bytes=resources.memory_bytes,
        nb_cores=resources.nb_cores,
    )


def batch_job(
    launch: Launch,
    request: Request,
    folder: Path,
    options: SlurmOptions,
    *,
    comment: str,
    identity: tuple[int, int] | None,
) -> BatchJob:
    """The batch job of an attempt.

    Args:
        launch: the attempt.
        request: what it gets.
        folder: its own.
        options: of the site.
        comment: the key that it is found by.
        identity: uid and gid to run as; None for the caller's.
    """
    resources = request.resources
    return _in_folder(
        folder,
        comment,
        identity,
        memory_bytes=(resources.memory_bytes or options.default_memory_bytes) + options.overhead_bytes,
        nb_cores=resources.nb_cores,
        nb_nodes=resources.nb_nodes,
        max_time_s=None if resources.max_time_s is None else resources.max_time_s + _START_ROOM_S,
        licenses=request.licenses,
        options=request.options,
        is_requeued=launch.is_safe_to_retry,
    )


def _in_folder(
    folder: Path, comment: str, identity: tuple[int, int] | None, *, memory_bytes: int, **fields: Any
) -> BatchJob:
    """A batch job whose script and output are in a folder."""
    uid, gid = identity or (None, None)
    return BatchJob(
        script=folder / "script",
        environment=folder.parent / "notes" / "environment",
        directory=folder,
        name=JOB_NAME,
        comment=comment,
        stdout=folder / "stdout",
        stderr=folder / "stderr",
        uid=uid,
        gid=gid,
        memory_mb=math.ceil(memory_bytes / 2**20),
        **fields,
    )


def kept_job(job: BatchJob) -> dict[str, Any]:
    """A batch job as plain values, which a server may keep.

    >>> path = Path("/spool/a.1")
    >>> job = _in_folder(path, "key", (1000, 1000), memory_bytes=1 << 30, licenses={"qpu": 1})
    >>> job_in(kept_job(job)) == job
    True
    """
    kept: dict[str, Any] = msgspec.to_builtins(job, enc_hook=str)
    return kept


def job_in(kept: Mapping[str, Any]) -> BatchJob:
    """The batch job that was kept.

    Raises:
        msgspec.ValidationError: it is none.
    """
    return msgspec.convert(kept, BatchJob, dec_hook=lambda kind, value: kind(value))


def is_small(launch: Launch, request: Request, options: SlurmOptions) -> bool:
    """Whether a warm runner may serve a job: it is expected to be short, and fits beside nothing else."""
    duration_s = None if launch.estimate is None else launch.estimate.duration_s
    if duration_s is None or duration_s > options.warm_job_s or request.licenses:
        return False
    if request.options != _usual(launch.owner, options):
        return False
    resources = request.resources
    fits = (resources.memory_bytes or 0) <= options.default_memory_bytes
    return fits and (resources.nb_cores or 1) <= options.default_cores and (resources.nb_nodes or 1) == 1


def warm_job(
    folder: Path, owner: str, options: SlurmOptions, *, comment: str, identity: tuple[int, int] | None
) -> BatchJob:
    """The batch job of a warm runner of a user, whose folder is given."""
    return _in_folder(
        folder,
        comment,
        identity,
        memory_bytes=options.default_memory_bytes + options.overhead_bytes,
        nb_cores=options.default_cores,
        max_time_s=options.warm_life_s + options.warm_idle_s + _WARM_ROOM_S,
        options=_usual(owner, options),
    )


def script(
    folder: Path,
    options: SlurmOptions,
    python_path: Sequence[str],
    nb_cores: int,
    *arguments: str,
    module: str = "batch",
    stack: str = "",
    owner: str = "",
) -> str:
    """The batch script: an environment of its own, and the program that runs the orders in the folder.

    The name of the stack, and of its owner where that is another account's, is in it for ``job_submit.lua`` too, which
    reads the lines that set them.

    >>> lines = script(Path("/spool/a.1"), SlurmOptions(python="/usr/bin/python3"), ["/opt/it's"], 2).splitlines()
    >>> lines[0], lines[-1]
    ('#!/bin/sh', 'exec /usr/bin/python3 -P -m qhpc.access.runner.batch /spool/a.1')
    """
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(nb_cores))
    variables = {
        **threads,
        **options.environment,
        **{name: text for name, text in ((STACK_VARIABLE, stack), ("QAT_OWNER", owner)) if text},
        "HOME": str(folder),
        "PYTHONPATH": os.pathsep.join(python_path),
        "PYTHONUNBUFFERED": "1",
    }
    exports = [f"export {name}={shlex.quote(text)}" for name, text in variables.items()]
    command = shlex.join([options.python, "-P", "-m", f"qhpc.access.runner.{module}", str(folder), *arguments])
    return "\n".join(["#!/bin/sh", "umask 077", *exports, f"exec {command}"]) + "\n"
