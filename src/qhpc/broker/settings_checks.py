"""What the settings of a broker have to be beyond the kind of each: what belongs together is there, names are names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from qhpc.broker.drivers.settings import BadOptions, FaultOptions, checked_options
from qhpc.broker.settings_file import SettingsText
from qhpc.scheduling.policies import POLICIES
from qhpc.scheduling.timings import TIMINGS

if TYPE_CHECKING:
    from qhpc.broker.settings import BrokerSettings

__all__ = ["check_settings"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def check_settings(file: SettingsText, settings: BrokerSettings) -> None:
    """Look at all of it.

    Raises:
        BadSettings: something is not right.
    """
    for check in (_check_listen, _check_slurm, _check_pools, _check_qpus):
        check(file, settings)


def _check_listen(file: SettingsText, settings: BrokerSettings) -> None:
    listen, methods = settings.listen, settings.identity.methods
    if not settings.directory.is_absolute():
        raise file.error(("directory",), f"is {str(settings.directory)!r}: give the whole path, from / on")
    if bool(listen.host) != bool(listen.certificate and listen.key):
        raise file.error(("listen",), "needs host, certificate and key for TCP, or none of them")
    if not methods:
        raise file.error(("identity", "methods"), "is empty: allow 'peer', 'munge' or 'jwt'")
    if "jwt" in methods and not settings.identity.jwt_key:
        raise file.error(("identity",), "allows 'jwt' and needs jwt_key, the file with Slurm's key")


def _check_slurm(file: SettingsText, settings: BrokerSettings) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", settings.slurm.server):
        raise file.error(("slurm", "server"), f"is {settings.slurm.server!r}: expected letters, digits, _ or -")
    if settings.slurm.duty_table and not Path(settings.slurm.duty_table).is_absolute():
        raise file.error(("slurm", "duty_table"), f"is {settings.slurm.duty_table!r}: give the whole path, from / on")
    for name in settings.pools if settings.slurm.drives_licences else ():
        if not name.isidentifier():
            raise file.error(("pools", name), "is no name of a licence: letters, digits and _, no digit first")


def _check_pools(file: SettingsText, settings: BrokerSettings) -> None:
    owner: dict[str, str] = {}
    for name, pool in settings.pools.items():
        _check_name(file, ("pools", name), name)
        if pool.policy not in POLICIES:
            raise file.error(("pools", name, "policy"), f"is {pool.policy!r}: expected one of {', '.join(POLICIES)}")
        for qpu in pool.qpus:
            if qpu not in settings.qpus:
                raise file.error(("pools", name, "qpus"), f"names {qpu!r}, and there is no table [qpus.{qpu}]")
            if qpu in owner:
                raise file.error(("pools", name, "qpus"), f"names {qpu!r}, which the pool {owner[qpu]!r} has")
            owner[qpu] = name
    if not settings.pools:
        raise file.error((), "there is no pool: add a table [pools.NAME]")


def _check_qpus(file: SettingsText, settings: BrokerSettings) -> None:
    used = {qpu for pool in settings.pools.values() for qpu in pool.qpus}
    for name, qpu in settings.qpus.items():
        _check_name(file, ("qpus", name), name)
        if name not in used:
            raise file.error(("qpus", name), "is in no pool: name it in qpus of a table [pools.NAME]")
        if qpu.timing and qpu.timing not in TIMINGS:
            raise file.error(("qpus", name, "timing"), f"is {qpu.timing!r}: expected one of {', '.join(TIMINGS)}")
        try:
            checked_options(qpu.driver, qpu.driver_options())
            msgspec.convert(qpu.faults, FaultOptions)
        except BadOptions as error:
            raise file.error(("qpus", name, "options"), f"cannot be: {error}") from None
        except msgspec.ValidationError as error:
            raise file.error(("qpus", name, "faults"), f"cannot be: {error}") from None


def _check_name(file: SettingsText, path: tuple[str, ...], name: str) -> None:
    if not _NAME.fullmatch(name):
        raise file.error(path, "is no name: letters, digits and _.-, 64 at most, a letter or digit first")
