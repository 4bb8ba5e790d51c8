"""Where the broker is: an argument, ``QAT_BROKER``, or the file of the machine."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

__all__ = [
    "FIRST_PATIENCE_S", "SETTINGS_FILE", "Address", "BrokerUnknown", "ClientSettings", "address_in", "client_settings",
]  # fmt: skip

SETTINGS_FILE = "/etc/openqat/broker.toml"
"""What a machine's users need to know of the broker; ``QAT_BROKER_SETTINGS`` names another one."""

FIRST_PATIENCE_S = 20.0
"""How long to try to reach a broker at first."""
_IN_SLURM_PATIENCE_S = 600.0

_TLS = re.compile(r"tls://(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s/:@\[\]]+)):(?P<port>[0-9]{1,5})/?")


class BrokerUnknown(ValueError):  # noqa: N818 (says what it is)
    """Nobody said where the broker is, or not in a way that can be understood; the message says how to."""


class Address(NamedTuple):
    """Where a broker listens: a path, or a host and a port."""

    path: str = ""
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"tls://[{self.host}]:{self.port}" if ":" in self.host else f"tls://{self.host}:{self.port}"


class ClientSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to reach the broker.

    Attributes:
        broker: its address, ``unix:/path`` or ``tls://host:port``.
        authority: file of the authority that signed the broker's certificate; empty for those of the system.
        munge_socket: where ``munged`` listens; empty for the system's.
        first_patience_s: how long to try to reach it at first, before anything says that it is there at all. None for
            ten minutes in a Slurm job, which may start while the broker is being updated, and else twenty seconds.
    """

    broker: str = ""
    authority: str = ""
    munge_socket: str = ""
    first_patience_s: float | None = None


def address_in(text: str) -> Address:
    """The address in a text.

    Raises:
        BrokerUnknown: it is none.

    >>> address_in("unix:/run/openqat/broker.sock").path, address_in("tls://broker.site:7411").port
    ('/run/openqat/broker.sock', 7411)
    """
    scheme, _, path = text.partition(":")
    if scheme == "unix" and path.startswith("/"):
        return Address(path=path)
    found = _TLS.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise BrokerUnknown(f"the address of the broker is {text[:200]!r}; expected unix:/PATH or tls://HOST:PORT")
    return Address(host=found["six"] or found["host"], port=int(found["port"]))


def client_settings(
    broker: str | None = None, environment: Mapping[str, str] | None = None, file: str = SETTINGS_FILE
) -> ClientSettings:
    """What this process knows of the broker: what it was told goes before its environment, this before the file.

    Args:
        broker: the address, if the caller knows it.
        environment: ``QAT_BROKER``, ``QAT_BROKER_AUTHORITY``, ``QAT_MUNGE_SOCKET`` and ``QAT_BROKER_FIRST_PATIENCE_S``
            of it, and whether it is that of a Slurm job; that of the process by default.
        file: of the machine; a missing one is no error unless the environment names it.

    Raises:
        BrokerUnknown: nobody says where the broker is, or the file or a variable is wrong.

    >>> client_settings(environment={"QAT_BROKER": "unix:/run/b"}, file="/nowhere").broker
    'unix:/run/b'
    """
    environment = os.environ if environment is None else environment
    named = environment.get("QAT_BROKER_SETTINGS")
    settings = _settings_in(Path(named or file), must_exist=bool(named))
    found = ClientSettings(
        broker=broker or environment.get("QAT_BROKER") or settings.broker,
        authority=environment.get("QAT_BROKER_AUTHORITY") or settings.authority,
        munge_socket=environment.get("QAT_MUNGE_SOCKET") or settings.munge_socket,
        first_patience_s=_first_patience_s(environment, settings),
    )
    if not found.broker:
        cure = f"set QAT_BROKER to unix:/PATH or tls://HOST:PORT, or have the site write 'broker = …' into {file}"
        raise BrokerUnknown(f"nobody says where the broker of the shared QPUs is; {cure}")
    return found


def _first_patience_s(environment: Mapping[str, str], settings: ClientSettings) -> float:
    text = environment.get("QAT_BROKER_FIRST_PATIENCE_S")
    if not text and settings.first_patience_s is None:
        return _IN_SLURM_PATIENCE_S if "SLURM_JOB_ID" in environment else FIRST_PATIENCE_S
    given = text or settings.first_patience_s
    try:
        seconds = float(given or 0.0)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise BrokerUnknown(f"QAT_BROKER_FIRST_PATIENCE_S, or first_patience_s, is {given!r}: give seconds, 0 or more")
    return seconds


def _settings_in(file: Path, *, must_exist: bool) -> ClientSettings:
    try:
        text = file.read_text()
    except FileNotFoundError:
        if must_exist:
            raise BrokerUnknown(f"QAT_BROKER_SETTINGS names {file}, which does not exist") from None
        return ClientSettings()
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(file, error) from error
    import tomllib  # where there is no file, nothing waits for it

    try:
        return msgspec.convert(tomllib.loads(text), ClientSettings)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> BrokerUnknown:
    return BrokerUnknown(f'{file} cannot be read: {error}; expected lines like broker = "unix:/PATH"')
