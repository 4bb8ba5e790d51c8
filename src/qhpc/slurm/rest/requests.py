"""What is asked of slurmrestd, in its version v0.0.38. Pure: :mod:`qhpc.slurm.rest.control` sends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from qhpc.slurm.commands import BatchJob, InvalidOption, license_text, literal, minutes_of, user_options

__all__ = ["VERSION", "RestRequest", "cancel_request", "environment_in", "list_request", "submit_request"]

VERSION = "v0.0.38"
"""Of the interface: Slurm 22.05 to 23.11 have it."""

_ROOT = f"/slurm/{VERSION}"


class RestRequest(NamedTuple):
    """A request of HTTP.

    Attributes:
        method: of HTTP.
        path: with the query.
        body: JSON, if there is any.
    """

    method: str
    path: str
    body: bytes | None = None


_NAMES: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "account": ("account", str),
    "constraint": ("constraints", str),
    "nice": ("nice", int),
    "partition": ("partition", str),
    "qos": ("qos", str),
    "reservation": ("reservation", str),
}
"""How the options of users are called here, and what they are."""


def submit_request(job: BatchJob, script: str, environment: Mapping[str, str]) -> RestRequest:
    """Submit a job. The user that it runs as is told by the headers.

    Slurm 22.05 does not take ``requeue`` over HTTP: such a job is put back when its node is lost, whatever it asks for.

    Args:
        job: what to submit.
        script: text of its script.
        environment: all the variables that the job gets beside Slurm's own.

    Raises:
        InvalidOption: an option or a licence is none that users may give, or the script has arguments.

    >>> from pathlib import Path
    >>> place = Path("/spool/a.1")
    >>> job = BatchJob(script=place / "job", environment=place / "environment", directory=place, name="qat",
    ...     comment="a.1", stdout=place / "stdout", stderr=place / "stderr", licenses={"qpu_fresnel": 250})
    >>> msgspec.json.decode(submit_request(job, "#!/bin/sh", {"PATH": "/bin"}).body)["job"]["licenses"]
    'qpu_fresnel:250'
    """
    if job.arguments:
        raise InvalidOption(f"the script has the arguments {job.arguments!r}; over HTTP it can have none")
    given = {
        "name": job.name,
        "comment": job.comment,
        "current_working_directory": str(job.directory),
        "standard_output": literal(job.stdout),
        "standard_error": literal(job.stderr),
        "open_mode": "append",
        "environment": environment,
        "memory_per_node": job.memory_mb,
        "cpus_per_task": job.nb_cores,
        "nodes": None if job.nb_nodes is None else [job.nb_nodes, job.nb_nodes],
        "time_limit": minutes_of(job),
        "licenses": license_text(job.licenses) or None,
        "requeue": job.is_requeued,
        **_options(job.options),
    }
    asked = {"job": {name: value for name, value in given.items() if value is not None}, "script": script}
    return RestRequest("POST", f"{_ROOT}/job/submit", msgspec.json.encode(asked))


def _options(options: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for option, text in user_options(options).items():
        name, kind = _NAMES[option]
        try:
            found[name] = kind(text)
        except ValueError:
            raise InvalidOption(f"{text!r} is no {option}; a whole number was expected") from None
    return found


def list_request(what: str) -> RestRequest:
    """List things: ``jobs``, ``job/ID``, ``licenses``.

    >>> list_request("job/7")
    RestRequest(method='GET', path='/slurm/v0.0.38/job/7', body=None)
    """
    return RestRequest("GET", f"{_ROOT}/{what}")


def cancel_request(number: int) -> RestRequest:
    """End a job: SIGTERM, and SIGKILL after the site's KillWait.

    >>> cancel_request(7)
    RestRequest(method='DELETE', path='/slurm/v0.0.38/job/7', body=None)
    """
    return RestRequest("DELETE", f"{_ROOT}/job/{number}")


def environment_in(data: bytes) -> dict[str, str]:
    """The variables in a file for ``sbatch --export-file``.

    >>> environment_in(b"PATH=/bin\\0A=b=c\\0")
    {'PATH': '/bin', 'A': 'b=c'}
    """
    pairs = (line.partition("=") for line in data.decode().split("\0") if line)
    return {name: text for name, _, text in pairs}
