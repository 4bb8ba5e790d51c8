"""Where programs that the benchmarks start find what these are made of."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

__all__ = ["programs_import_the_same"]


@contextmanager
def programs_import_the_same() -> Iterator[None]:
    """Within, a program that is started can import what this one can, wherever its working folder is.

    >>> with programs_import_the_same():
    ...     os.environ["PYTHONPATH"] == os.pathsep.join(path for path in sys.path if path)
    True
    """
    with patch.dict(os.environ, {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}):
        yield
