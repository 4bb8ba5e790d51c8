"""Exceptions of the services and their codes. The classes are those of ``qat.core``: one class, two addresses."""

from qat.core.errors import ErrorType, GeneratorException, PluginException, QPUException, ResourceManagementError

__all__ = ["ErrorType", "GeneratorException", "PluginException", "QPUException", "ResourceManagementError"]
