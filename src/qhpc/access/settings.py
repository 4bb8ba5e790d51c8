"""The settings of a server: a TOML file, and over it environment variables that begin with ``QHPC_``."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from qhpc.access.slurm_options import SlurmOptions
from qhpc.access.tls import is_loopback

__all__ = ["AccessSettings", "default_directory", "read_settings"]


def default_directory() -> Path:
    """Where a server of one's own keeps its things: ``~/.local/share/openqat``, or below ``$XDG_DATA_HOME``."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "openqat"


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0))


def _usable_memory_bytes() -> int:
    """Four fifths of the machine's memory."""
    return int(0.8 * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))


_NONE = BeforeValidator(lambda value: None if value == "none" else value)
"""TOML and the environment have no word for it."""


class AccessSettings(BaseSettings):
    """Settings of an access server. Each may stand in the TOML file, or in the environment as ``QHPC_NAME``.

    >>> AccessSettings(directory="/srv/openqat").database_url
    'sqlite:////srv/openqat/openqat.db'
    """

    model_config = SettingsConfigDict(env_prefix="QHPC_", extra="forbid", frozen=True)

    # Where things are
    directory: Annotated[Path, Field(description="Certificate, database, files and socket of the server.")] = Field(
        default_factory=default_directory
    )
    database: Annotated[
        str | None,
        Field(description="`postgresql://…`, `sqlite:///path` or `memory:`; SQLite in `directory` by default."),
    ] = None

    # Listening
    host: Annotated[str, Field(description="Address to listen at; `0.0.0.0` or `::` for all.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port; 0 takes a free one.")] = 8443
    unix_socket: Annotated[
        Path | None, Field(description="Also listen on this socket, for users of this machine or a reverse proxy.")
    ] = None
    unix_socket_mode: Annotated[int, Field(ge=0, le=0o777, description="Permissions of that socket.")] = 0o600
    is_tls: Annotated[
        bool, Field(description="TLS on the port. Only a server that listens on loopback may go without.")
    ] = True
    certificate: Annotated[
        Path | None, Field(description="Certificate chain (PEM). By default the server makes a certificate of its own.")
    ] = None
    key: Annotated[Path | None, Field(description="Key of the certificate (PEM).")] = None
    root_path: Annotated[
        str, Field(pattern=r"^(/[A-Za-z0-9._~-]+)*$", description="Where a reverse proxy shows it, e.g. `/openqat`.")
    ] = ""
    trusted_proxies: Annotated[
        tuple[str, ...],
        Field(
            description="Addresses of reverse proxies whose `X-Forwarded-For` tells the client's address; `unix:` "
            "for whoever uses the Unix socket."
        ),
    ] = ()

    # Requests
    max_body_bytes: Annotated[int, Field(ge=1024, description="Longest body of a request.")] = 256 * 2**20
    max_connections: Annotated[int, Field(ge=1, description="Open connections; further ones are closed at once.")] = (
        10_000
    )
    header_timeout_s: Annotated[float, Field(gt=0, description="The head of a request must be there in this time.")] = (
        20.0
    )
    read_timeout_s: Annotated[float, Field(gt=0, description="The next part of a body must come in this time.")] = 30.0
    write_timeout_s: Annotated[
        float, Field(gt=0, description="A client must take the next 256 KiB of an answer in this time.")
    ] = 60.0
    idle_timeout_s: Annotated[float, Field(gt=0, description="Connections without a request are closed after.")] = 75.0

    # Jobs
    launcher: Annotated[
        Literal["local", "slurm"], Field(description="Jobs run on this machine, or on a Slurm cluster.")
    ] = "local"
    workers: Annotated[int, Field(ge=1, description="Jobs that run at once on this machine.")] = Field(
        default_factory=_usable_cores
    )
    max_memory_bytes: Annotated[
        int, Field(ge=64 * 2**20, description="Memory of one job; by default 4/5 of the machine's.")
    ] = Field(default_factory=_usable_memory_bytes)
    max_time_s: Annotated[float, Field(gt=0, description="Running time of one job.")] = 7 * 86400.0
    max_result_bytes: Annotated[int, Field(ge=1024, description="Longest result of a job.")] = 512 * 2**20
    max_log_bytes: Annotated[
        int, Field(ge=1024, description="What is kept of all that one run of a job writes; the rest is dropped.")
    ] = 2**20
    max_waiting_jobs: Annotated[int, Field(ge=1, description="Waiting jobs of all users.")] = 100_000
    max_qubits: Annotated[int, Field(ge=1, description="Qubits of one job.")] = 1000
    max_shots: Annotated[int, Field(ge=1, description="Shots of one job.")] = 100_000_000
    retention_s: Annotated[
        float | None, _NONE, Field(description='How long files are kept after the end of a job; `"none"` keeps them.')
    ] = 30 * 86400.0
    record_retention_s: Annotated[
        float | None,
        Field(
            ge=86400.0,
            description="How long after its creation a job whose files were removed is still listed, and its "
            'idempotency key known; `"none"` keeps it.',
        ),
        _NONE,
    ] = 365 * 86400.0
    drain_s: Annotated[float, Field(ge=0, description="How long a server that stops waits for running jobs.")] = 5.0
    run_as: Annotated[
        Literal["server", "owner"],
        Field(
            description="Jobs run as the Unix user of the server, or as the Unix user of the owner's name; "
            "for the latter the server has to be root."
        ),
    ] = "server"
    work_directory: Annotated[
        Path | None, Field(description="Where running jobs have their private folders; the system's by default.")
    ] = None
    service_folders: Annotated[
        tuple[str, ...], Field(description="Folders with packages of the site that offer services.")
    ] = ()
    broker: Annotated[
        str,
        Field(
            description="Where jobs find the broker of shared QPUs: `unix:/PATH` or `tls://HOST:PORT`; "
            "by default what `/etc/openqat/broker.toml` says."
        ),
    ] = ""
    services_allow: Annotated[
        tuple[str, ...], Field(description="Services that may be used: patterns such as `qat.qpus:*`.")
    ] = ("*",)
    services_deny: Annotated[tuple[str, ...], Field(description="Services that may not be used, of those.")] = ()

    # The cluster
    slurm: Annotated[SlurmOptions, Field(description="How jobs are given to Slurm: see below.")] = SlurmOptions()

    # Operation
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="`info` has a line for each request.")
    ] = "info"

    @model_validator(mode="after")
    def _check(self) -> AccessSettings:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key have to be given together")
        if not self.is_tls and not is_loopback(self.host):
            raise ValueError(
                f"is_tls is false and host is {self.host!r}: passwords would travel unprotected; "
                "listen on 127.0.0.1 (behind a reverse proxy) or use TLS"
            )
        return self

    @property
    def database_url(self) -> str:
        """Where jobs and users are kept."""
        return self.database or f"sqlite:///{self.directory / 'openqat.db'}"

    @property
    def spool(self) -> Path:
        """Where jobs on a cluster have their folders."""
        return self.slurm.spool or self.directory / "spool"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over what was passed: the file's values are passed."""
        return env_settings, init_settings


def read_settings(path: Path | None = None, **values: Any) -> AccessSettings:
    """The settings in a file and in the environment.

    Args:
        path: a TOML file; None for none.
        values: over the file's, under the environment's.

    Raises:
        OSError, tomllib.TOMLDecodeError, pydantic.ValidationError: the file or a value is not right; the message says
            which.
    """
    found = {} if path is None else tomllib.loads(path.read_text(encoding="utf-8"))
    return AccessSettings(**found | {name: value for name, value in values.items() if value is not None})
