"""The settings of a connection, put together from several places. Pure: reading them is ``config_files``' business.

Arguments win over environment variables, these over the file that describes the server (a profile that was asked for,
else ``config.ini``, else the default profile), and that over defaults. Each value remembers where it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from qat.qlmaas.errors import ConfigurationError, NotConfiguredError

__all__ = ["FIELDS", "Configuration", "Field", "Layer", "environment_layer", "ini_layer", "merge"]


def _text(value: Any) -> str | None:
    return str(value) or None


def _port(value: Any) -> int | None:
    if value == "":
        return None
    port = int(value)
    if not 0 < port < 1 << 16:
        raise ValueError("a port is a number from 1 to 65535")
    return port


def _seconds(value: Any) -> float:
    seconds = float(value)
    if not 0 < seconds < float("inf"):
        raise ValueError("a time-out is a positive number of seconds")
    return seconds


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    try:
        return _TRUTHS[str(value).strip().lower()]
    except KeyError:
        raise ValueError("write True or False") from None


_TRUTHS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
AUTHENTICATIONS = ("password", "token", "ssl")


def _authentication(value: Any) -> str | None:
    if value and value not in AUTHENTICATIONS:
        raise ValueError(f"write one of {', '.join(AUTHENTICATIONS)}")
    return value or None


class Field(NamedTuple):
    """A setting.

    Attributes:
        name: as an argument and in profiles; upper-case after ``QLMAAS_`` in the environment.
        parse: its value from text or from what was passed; raises ValueError saying what is expected.
        section: of ``config.ini`` where it stands.
        default: its value when nobody sets it.
        help: what it is.
        is_of_server: whether it is only used with the server it was written down for, as all that has to do with trust.
    """

    name: str
    parse: Callable[[Any], Any]
    section: str
    default: Any
    help: str
    is_of_server: bool = False


FIELDS: dict[str, Field] = {
    entry.name: entry
    for entry in (
        Field("hostname", _text, "Server", None, "name or address of the server, or its URL"),
        Field("port", _port, "Server", 443, "port of the server", True),
        Field("authentication", _authentication, "Server", None, "password, token, or ssl (client certificate)", True),
        Field("check_host", _truth, "Server", True, "whether the certificate must name the host", True),
        Field("proxy_host", _text, "Server", None, "name of an HTTP proxy"),
        Field("proxy_port", _port, "Server", None, "port of the proxy"),
        Field("timeout", _seconds, "Server", 60.0, "seconds to wait for an answer and to bear with a lost server"),
        Field("username", _text, "Server", None, "user name", True),
        Field("token", _text, "Server", None, "API token", True),
        Field("certificate", _text, "SSL", None, "file: whom to trust; with a key, the client's certificate", True),
        Field("key", _text, "SSL", None, "file: key of the client's certificate", True),
        Field("ca", _text, "SSL", None, "file: whom to trust, beside a client's certificate", True),
    )
}
"""The settings by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Values from one place.

    Attributes:
        values: by name of the setting; texts, or values of the right type.
        sources: where each came from, for people.
    """

    values: Mapping[str, Any]
    sources: Mapping[str, str]

    @classmethod
    def of(cls, values: Mapping[str, Any], source: str) -> Layer:
        """A layer whose values all come from one source; None is no value."""
        known = {name: value for name, value in values.items() if value is not None}
        return cls(values=known, sources=dict.fromkeys(known, source))


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The settings of a connection; see ``FIELDS`` for what each is. ``sources`` says where each came from."""

    hostname: str | None = None
    port: int = 443
    authentication: str | None = None
    check_host: bool = True
    proxy_host: str | None = None
    proxy_port: int | None = None
    timeout: float = 60.0
    username: str | None = None
    token: str | None = field(default=None, repr=False)
    certificate: str | None = None
    key: str | None = None
    ca: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def required_hostname(self) -> str:
        """The hostname.

        Raises:
            NotConfiguredError: there is none.
        """
        if self.hostname is None:
            raise NotConfiguredError(
                "no server is configured: pass QLMaaSConnection(hostname=...), set QLMAAS_HOSTNAME, or write "
                "~/.qlmaas/config.ini with 'qat config create'. 'qat up' starts a server of your own",
                "not-configured",
            )
        return self.hostname

    @property
    def login(self) -> str:
        """How to log in: as set, else by token if there is one, else by password."""
        return self.authentication or ("token" if self.token else "password")


def environment_layer(environment: Mapping[str, str]) -> Layer:
    """The settings in environment variables.

    >>> environment_layer({"QLMAAS_PORT": "8443", "HOME": "/"}).values
    {'port': '8443'}
    """
    names = {name: f"QLMAAS_{name.upper()}" for name in FIELDS}
    found = {name: variable for name, variable in names.items() if environment.get(variable)}
    return Layer(
        values={name: environment[variable] for name, variable in found.items()},
        sources={name: f"environment variable {variable}" for name, variable in found.items()},
    )


def ini_layer(sections: Mapping[str, Mapping[str, str]], source: str) -> Layer:
    """The settings in a ``config.ini``; empty values are none.

    >>> ini_layer({"Server": {"hostname": "qlm", "proxy_host": ""}}, "config.ini").values
    {'hostname': 'qlm'}
    """
    values = {entry.name: sections.get(entry.section, {}).get(entry.name) or None for entry in FIELDS.values()}
    return Layer.of(values, source)


def merge(layers: Sequence[Layer]) -> Configuration:
    """The settings from layers, the strongest first.

    What a layer says of its server is left out when a stronger layer names another server: it is not for that one.

    Raises:
        ConfigurationError: a value is not valid, or a setting is unknown.

    >>> weak = Layer.of({"hostname": "a", "port": "80", "token": "secret", "timeout": "5"}, "file")
    >>> merged = merge([Layer.of({"hostname": "b"}, "argument"), weak])
    >>> merged.hostname, merged.port, merged.token, merged.timeout, merged.sources["timeout"]
    ('b', 443, None, 5.0, 'file')
    """
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for layer in layers:
        other_server = values.get("hostname", layer.values.get("hostname")) != layer.values.get("hostname")
        for name, raw in layer.values.items():
            source = layer.sources[name]
            entry = _field(name, source)
            if name in values or (entry.is_of_server and other_server and "hostname" in layer.values):
                continue
            values[name], sources[name] = _parsed(entry, raw, source), source
    values = {name: value for name, value in values.items() if value is not None}
    return Configuration(**values, sources={name: sources.get(name, "default") for name in FIELDS})


def _field(name: str, source: str) -> Field:
    if name not in FIELDS:
        raise ConfigurationError(f"unknown setting {name!r} ({source}); there are {', '.join(FIELDS)}")
    return FIELDS[name]


def _parsed(entry: Field, raw: Any, source: str) -> Any:
    try:
        return entry.parse(raw)
    except (ValueError, TypeError) as error:
        shown = "the value" if entry.name == "token" else repr(raw)
        raise ConfigurationError(f"{shown} is no {entry.name} ({source}): {error}") from None
