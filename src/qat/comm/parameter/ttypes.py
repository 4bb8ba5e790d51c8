"""Time-dependent parameters. The classes are those of ``qat.core``: one class, two addresses."""

from qat.core.wrappers.schedule import Parameter

__all__ = ["Parameter"]
