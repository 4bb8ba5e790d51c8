"""What has been worked out of an immutable value, kept with it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any


class Memo(dict[Hashable, Any]):
    """Answers by question. Copies and pickles of the value begin with an empty one.

    >>> from copy import deepcopy
    >>> deepcopy(Memo(answer=42))
    {}
    """

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return Memo, ()
