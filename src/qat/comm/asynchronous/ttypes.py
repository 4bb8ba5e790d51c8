"""Roles of the batches sent to an access server."""

from qat.core.enums import AsyncBatchType

__all__ = ["AsyncBatchType"]
