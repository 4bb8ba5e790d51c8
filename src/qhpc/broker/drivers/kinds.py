"""From the name of a kind of driver to the driver; each kind is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from qhpc.broker.drivers.protocol import Driver
from qhpc.broker.drivers.settings import checked_options

__all__ = ["driver_of"]

_CLASSES = {
    "emulated": ("qhpc.broker.drivers.emulated", "EmulatedDriver"),
    "service": ("qhpc.broker.drivers.service", "ServiceDriver"),
    "served": ("qhpc.broker.drivers.served", "ServedDriver"),
    "qrmi": ("qhpc.broker.drivers.qrmi", "QrmiDriver"),
}


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
