"""Names of users: what Unix, a URL and a log take."""

from __future__ import annotations

import re

__all__ = ["name_fault"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.@-]{0,63}")


def name_fault(name: str) -> str | None:
    """Why a text is no name of a user, or None.

    >>> name_fault("ada.lovelace@example.org")
    >>> name_fault("../root")
    "the user name is '../root'; expected a letter, then at most 63 letters, digits and _.@-"
    """
    if _NAME.fullmatch(name):
        return None
    return f"the user name is {name[:80]!r}; expected a letter, then at most 63 letters, digits and _.@-"
