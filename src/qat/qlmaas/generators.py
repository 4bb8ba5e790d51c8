"""Remote generators."""

from __future__ import annotations

from typing import ClassVar

from qat.qlmaas.remote import RemotePart

__all__ = ["QLMaaSGenerator"]


class QLMaaSGenerator(RemotePart):
    """A generator on a server, alone or in front of plugins; ``QLMaaSConnection.get_generator`` and ``|`` make it."""

    _role: ClassVar[str] = "generator"
