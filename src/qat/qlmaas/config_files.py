"""Reading and writing what configures a connection: ``config.ini``, profiles, ``.netrc``.

``$QLMAAS_DIR/config.ini`` (default ``~/.qlmaas``) is the published file of one server. Profiles describe several, in
``$XDG_CONFIG_HOME/openqat/profiles.toml`` (default ``~/.config``)::

    default = "local"

    [profiles.local]
    hostname = "127.0.0.1"
    port = 8443
    token = "…"
    certificate = "/home/me/.local/share/openqat/certificate.pem"

A file with a secret in it must be readable by its owner alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qat.core.serialization import write_atomically
from qat.qlmaas.configuration import FIELDS, Configuration, Layer, environment_layer, ini_layer, merge
from qat.qlmaas.errors import ConfigurationError

__all__ = [
    "ini_path",
    "netrc_entry",
    "profiles_path",
    "read_configuration",
    "read_profiles",
    "save_profile",
    "write_ini",
]

Environment = Mapping[str, str]


def ini_path(environment: Environment = os.environ) -> Path:
    """Where ``config.ini`` is.

    >>> ini_path({"QLMAAS_DIR": "/etc/site"})
    PosixPath('/etc/site/config.ini')
    """
    folder = environment.get("QLMAAS_DIR")
    return (Path(folder) if folder else Path("~/.qlmaas").expanduser()) / "config.ini"


def profiles_path(environment: Environment = os.environ) -> Path:
    """Where the profiles are.

    >>> profiles_path({"XDG_CONFIG_HOME": "/x"})
    PosixPath('/x/openqat/profiles.toml')
    """
    folder = environment.get("XDG_CONFIG_HOME")
    return (Path(folder) if folder else Path("~/.config").expanduser()) / "openqat" / "profiles.toml"


def read_configuration(
    arguments: Mapping[str, Any], environment: Environment = os.environ, profile: str | None = None
) -> Configuration:
    """The settings of a connection from all places.

    Args:
        arguments: what the caller passed, by name of the setting; None is nothing.
        environment: environment variables.
        profile: name of a profile; by default that of ``QLMAAS_PROFILE``.

    Raises:
        ConfigurationError: a file or value is wrong, or there is no such profile.
    """
    layers = [Layer.of(arguments, "argument"), environment_layer(environment)]
    return merge([*layers, _file_layer(profile or environment.get("QLMAAS_PROFILE"), environment)])


def _file_layer(profile: str | None, environment: Environment) -> Layer:
    """The one file that describes the server: a profile asked for, else ``config.ini``, else the default profile."""
    path = ini_path(environment)
    if profile is None and path.exists():
        return ini_layer(_read_ini(path), str(path))
    default, profiles = read_profiles(profiles_path(environment))
    name = profile or default
    if name is None:
        return Layer.of({}, "")
    if name not in profiles:
        where = profiles_path(environment)
        raise ConfigurationError(f"there is no profile {name!r} in {where}; there are {', '.join(profiles) or 'none'}")
    return Layer.of(profiles[name], f"profile {name} in {profiles_path(environment)}")


def _read_ini(path: Path) -> dict[str, dict[str, str]]:
    from configparser import ConfigParser, Error

    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8"), str(path))
    except (Error, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}; write it again with 'qat config create'") from None
    sections = {name: dict(parser[name]) for name in parser.sections()}
    if sections.get("Server", {}).get("token"):
        require_private(path)
    return sections


def read_profiles(path: Path) -> tuple[str | None, dict[str, dict[str, Any]]]:
    """The name of the default profile, and the profiles by name. No file is no profiles.

    Raises:
        ConfigurationError: the file is malformed, or holds a secret and others may read it.
    """
    if not path.exists():
        return None, {}
    import tomllib

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from None
    profiles = content.get("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(profile, dict) for profile in profiles.values()):
        raise ConfigurationError(f"{path}: profiles are tables such as [profiles.local]")
    if any("token" in profile for profile in profiles.values()):
        require_private(path)
    return content.get("default"), profiles


def require_private(path: Path) -> None:
    """Check that only the owner may read a file.

    Raises:
        ConfigurationError: others may; the message has the command that mends it.
    """
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise ConfigurationError(
            f"{path} holds a secret, and others may read it (mode {mode:03o}): run chmod 600 {path}", "not-private"
        )


def save_profile(name: str, values: Mapping[str, Any], *, path: Path | None = None, is_default: bool = False) -> Path:
    """Write a profile, in place of one of the same name; it becomes the default if there was none.

    Args:
        name: its name.
        values: settings by name; see ``qat.qlmaas.configuration.FIELDS``.
        path: the file, by default the user's.
        is_default: whether it becomes the default in any case.

    Returns:
        The file.

    Raises:
        ConfigurationError: a value is not valid.
    """
    path = path or profiles_path()
    merge([Layer.of(values, f"profile {name}")])
    default, profiles = read_profiles(path)
    profiles[name] = {key: value for key, value in values.items() if value is not None}
    lines = [f"default = {_toml(name if is_default or default is None else default)}"]
    for title, profile in profiles.items():
        lines += ["", f"[profiles.{_toml(title)}]", *(f"{key} = {_toml(value)}" for key, value in profile.items())]
    _write_private(path, "\n".join(lines) + "\n")
    return path


def write_ini(configuration: Configuration, path: Path | None = None) -> Path:
    """Write ``config.ini`` in the published format, without secrets.

    Returns:
        The file.
    """
    path = path or ini_path()
    sections: dict[str, list[str]] = {}
    for entry in FIELDS.values():
        value = getattr(configuration, entry.name)
        if entry.name != "token":
            sections.setdefault(entry.section, []).append(f"{entry.name}={'' if value is None else value}\n")
    lines = [f"[{section}]\n{''.join(entries)}" for section, entries in sections.items()]
    _write_private(path, "\n".join(lines))
    return path


def netrc_entry(hostname: str, path: Path | None = None) -> tuple[str, str] | None:
    """User name and password for a host in ``~/.netrc``; None when there are none.

    Raises:
        ConfigurationError: the file is malformed, or others may read it.
    """
    path = path or Path("~/.netrc").expanduser()
    if not path.exists():
        return None
    from netrc import NetrcParseError, netrc

    try:
        found = netrc(str(path)).authenticators(hostname)
    except (NetrcParseError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from None
    if found is None or not found[2]:
        return None
    require_private(path)
    return found[0], found[2]


def _toml(value: Any) -> str:
    """A text, number or truth value as TOML."""
    import json

    return json.dumps(value if isinstance(value, bool | int | float) else str(value))


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    before = os.umask(0o077)
    try:
        write_atomically(path, text.encode())
    finally:
        os.umask(before)
