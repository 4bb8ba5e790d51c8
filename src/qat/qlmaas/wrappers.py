"""How services are listed."""

from __future__ import annotations

__all__ = ["ServiceDescription"]


class ServiceDescription:
    """A service that a server offers; prints as its name.

    Args:
        name: such as ``qat.qpus:LinAlg``.
        description: its documentation.
        warning_message: what is to be known before using it.

    >>> print(ServiceDescription("qat.qpus:LinAlg"))
    qat.qpus:LinAlg
    """

    def __init__(self, name: str, description: str | None = None, warning_message: str | None = None) -> None:
        self.name = name
        self.description = description
        self.warning_message = warning_message

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"ServiceDescription({self.name!r})"
