"""From the name of a kind of driver to the driver; each kind is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from qhpc.broker.drivers.protocol import Driver
from qhpc.broker.drivers.settings import BadOptions, InstalledOptions, checked_options

__all__ = ["GROUP", "driver_of", "installed"]

GROUP = "qhpc.drivers"
"""Entry points of drivers in other packages."""

_CLASSES = {
    "emulated": ("qhpc.broker.drivers.emulated", "EmulatedDriver"),
    "service": ("qhpc.broker.drivers.service", "ServiceDriver"),
    "served": ("qhpc.broker.drivers.served", "ServedDriver"),
    "qrmi": ("qhpc.broker.drivers.qrmi", "QrmiDriver"),
    "installed": ("qhpc.broker.drivers.kinds", "installed"),
}


def installed(options: InstalledOptions) -> Driver:
    """The driver that another package has published under a name.

    Raises:
        BadOptions: there is none, or it cannot be made.
    """
    known = {point.name: point for point in entry_points(group=GROUP)}
    if options.name not in known:
        there = f"there are {', '.join(sorted(known))}" if known else "there are none"
        raise BadOptions(f"no driver {options.name!r} is installed here (entry points {GROUP}): {there}")
    try:
        driver: Driver = known[options.name].load()(**options.arguments)
    except Exception as error:  # whatever another package raises, the operator is told
        raise BadOptions(f"driver {options.name!r} cannot be made: {type(error).__name__}: {error}") from error
    return driver


def driver_of(kind: str, options: dict[str, Any]) -> Driver:
    """A driver.

    Raises:
        BadOptions: there is no such kind, or it cannot be made with these options.

    >>> type(driver_of("service", {"service": "qat.qpus:LinAlg"})).__name__
    'ServiceDriver'
    """
    checked = checked_options(kind, options)
    module, name = _CLASSES[kind]
    driver: Driver = getattr(import_module(module), name)(checked)
    return driver
