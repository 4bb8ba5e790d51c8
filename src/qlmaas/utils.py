"""The published functions for files of users on the server; none is offered, each says what to do instead."""

from typing import Any

from qat.qlmaas.names import connected

_NAMES = ("delete_files", "download_files", "list_files", "mirror_files", "upload_files")


def __dir__() -> list[str]:
    return list(_NAMES)


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'qlmaas.utils' has no attribute {name!r}")
    return getattr(connected(), name)
