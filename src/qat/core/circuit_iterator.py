"""The published address of the iteration over operations."""

from qat.core.util import ops_iterate

__all__ = ["ops_iterate"]
