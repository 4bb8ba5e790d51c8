"""What type checkers see of the compiled engine; the sources are in ``native/``."""

from typing import Any

def __getattr__(name: str) -> Any: ...
