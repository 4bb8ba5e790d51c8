"""Types of gate parameters. The classes are those of ``qat.core``: one class, two addresses."""

from qat.core.enums import ParamType

__all__ = ["ParamType"]
