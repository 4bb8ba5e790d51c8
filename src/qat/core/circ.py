"""An older published address of helpers on circuits."""

from qat.core.util import extract_syntax, get_syntax, statistics

__all__ = ["extract_syntax", "get_syntax", "statistics"]
