"""The exceptions of services on the wire, so that a client raises what the server did."""

from __future__ import annotations

import msgspec

from qat.comm.wire.codec import Format
from qat.core.errors import GeneratorException, PluginException, QPUException, ServiceError, WireError

_CLASSES = {cls.__name__: cls for cls in (QPUException, PluginException, GeneratorException)}


class ErrorParts(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An exception: its class and its fields."""

    name: str
    code: int | None = None
    modulename: str | None = None
    message: str | None = None
    file: str | None = None
    line: int | None = None


def pack_error(error: ServiceError) -> ErrorParts:
    """An exception as it travels: as the published class that it is or derives from."""
    name = next((name for name, cls in _CLASSES.items() if isinstance(error, cls)), "QPUException")
    return ErrorParts(name, error.code, error.modulename, error.message, error.file, error.line)


def unpack_error(parts: ErrorParts) -> ServiceError:
    """The exception, to be raised by the caller.

    Raises:
        WireError: there is no such class here.
    """
    if parts.name not in _CLASSES:
        raise WireError(f"it holds an exception of class {parts.name[:40]!r}", f"one of {', '.join(_CLASSES)}")
    return _CLASSES[parts.name](parts.code, parts.modulename, parts.message, parts.file, parts.line)


FORMATS = {"ServiceError": Format(ErrorParts, pack_error, unpack_error)}
