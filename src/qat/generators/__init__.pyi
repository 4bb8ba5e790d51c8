"""What type checkers see of ``qat.generators``; at run time it is a view over all installed hooks."""

from typing import Any

from qat.core.generator import AbstractGenerator as AbstractGenerator

def __getattr__(name: str) -> Any: ...
