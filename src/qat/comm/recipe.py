"""The recipe of a stack: what a client sends in the place of the objects themselves.

A recipe is an ordered list of (service, arguments). The server looks each service up among those it offers, by its
published name such as ``qat.qpus:LinAlg``, and makes it anew. Nothing in a recipe is code, and no name in it is
imported.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from qat.comm.arguments import Argument

__all__ = ["KINDS", "RECIPE_VERSION", "ServiceCall", "ServiceKind", "StackRecipe"]

RECIPE_VERSION = 1

ServiceKind = Literal["qat.qpus", "qat.plugins", "qat.generators"]
"""A service module; its services are named ``module:name``."""

KINDS: tuple[ServiceKind, ...] = ("qat.generators", "qat.plugins", "qat.qpus")
"""The service modules in the order in which their services stand in a stack."""


class ServiceCall(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One service of a stack and what its constructor was called with.

    Attributes:
        kind: its service module; junctions and optimizers stand in ``qat.plugins``.
        name: its name there.
        arguments: positional arguments, packed by :func:`qat.comm.arguments.pack_argument`.
        keywords: keyword arguments.
    """

    kind: ServiceKind
    name: str
    arguments: tuple[Argument, ...] = ()
    keywords: dict[str, Argument] = {}

    @property
    def address(self) -> str:
        """The published name.

        >>> ServiceCall("qat.qpus", "LinAlg").address
        'qat.qpus:LinAlg'
        """
        return f"{self.kind}:{self.name}"


class StackRecipe(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A stack, outermost service first: at most one generator, plugins and junctions, one QPU.

    >>> str(StackRecipe((ServiceCall("qat.plugins", "ScipyMinimizePlugin"), ServiceCall("qat.qpus", "LinAlg"))))
    'ScipyMinimizePlugin | LinAlg'
    """

    services: tuple[ServiceCall, ...]
    version: int = RECIPE_VERSION

    def __str__(self) -> str:
        return " | ".join(call.name for call in self.services)
