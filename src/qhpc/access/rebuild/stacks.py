"""Rebuilds the stack that a recipe describes."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import lru_cache, reduce
from operator import or_
from typing import Any

from qat.comm.access.messages import Task
from qat.comm.arguments import unpack_argument
from qat.comm.recipe import RECIPE_VERSION, ServiceCall, StackRecipe
from qat.core.application import Application
from qat.core.errors import WireError
from qat.core.plugins import AbstractPlugin
from qat.core.qpu.qpu import CommonQPU
from qhpc.access.launchers.protocol import InvalidSubmission
from qhpc.access.rebuild.table import ServiceTable

__all__ = ["piped", "rebuild", "services_of"]


def rebuild(recipe: StackRecipe, table: ServiceTable, task: Task = "submit") -> Any:
    """The stack that a recipe describes, made of the services of this site.

    Args:
        recipe: the recipe.
        table: the services.
        task: what is to be done with it.

    Returns:
        A QPU (``submit``, ``specs``), a QPU or plugin (``compile``), or an Application (``execute``).

    Raises:
        InvalidSubmission: ``unknown-service``; ``invalid-argument``: a service refuses its arguments;
            ``invalid-stack``: they cannot be piped in this order; ``too-new``.

    >>> recipe = StackRecipe((ServiceCall("qat.plugins", "ScipyMinimizePlugin"), ServiceCall("qat.qpus", "LinAlg")))
    >>> print(rebuild(recipe, ServiceTable()))
    ScipyMinimizePlugin | LinAlg
    """
    return piped(recipe, services_of(recipe, table), task)


def services_of(recipe: StackRecipe, table: ServiceTable) -> Sequence[Any]:
    """The services of a recipe, made anew, not yet piped. Raises as ``rebuild``."""
    if recipe.version > RECIPE_VERSION:
        found = f"the stack is described in version {recipe.version}, this server reads up to {RECIPE_VERSION}"
        raise InvalidSubmission("too-new", f"{found}; use an older client, or ask the site to update openqat")
    return [_made(call, table.find(call.kind, call.name)) for call in recipe.services]


def piped(recipe: StackRecipe, services: Sequence[Any], task: Task = "submit") -> Any:
    """The services of a recipe as a stack. Raises as ``rebuild``."""
    if not services:
        raise InvalidSubmission("invalid-stack", "the stack is empty; send at least a QPU")
    try:
        stack = reduce(or_, services)
    except TypeError as error:
        raise InvalidSubmission("invalid-stack", f"{recipe}: {error}") from error
    _check_use(recipe, stack, task)
    return stack


def _made(call: ServiceCall, cls: type) -> Any:
    if not call.arguments and not call.keywords:
        arguments: list[Any] = []
        keywords: dict[str, Any] = {}
    else:
        arguments, keywords = _arguments(call)
        _check_arguments(call, cls, arguments, keywords)
    try:
        return cls(*arguments, **keywords)
    except Exception as error:  # whatever a constructor raises, its arguments are what was wrong
        detail = f"{call.address} refuses its arguments: {_said(error)}; {_how_made(call, cls)}"
        raise InvalidSubmission("invalid-argument", detail) from error


def _arguments(call: ServiceCall) -> tuple[list[Any], dict[str, Any]]:
    try:
        arguments = [unpack_argument(argument) for argument in call.arguments]
        return arguments, {name: unpack_argument(argument) for name, argument in call.keywords.items()}
    except WireError as error:
        raise InvalidSubmission("invalid-argument", f"an argument of {call.address} cannot be read: {error}") from error


def _check_arguments(call: ServiceCall, cls: type, arguments: list[Any], keywords: dict[str, Any]) -> None:
    for name in sorted(keywords.keys() & getattr(cls, "site_arguments", frozenset())):
        detail = f"{call.address}: {name} is for the site to say, not for its users; leave it out"
        raise InvalidSubmission("invalid-argument", detail)
    signature = _signature(cls)
    try:
        if signature is not None:
            signature.bind(*arguments, **keywords)
    except TypeError as error:
        raise InvalidSubmission("invalid-argument", f"{call.address}: {error}; {_how_made(call, cls)}") from error


@lru_cache(maxsize=256)
def _signature(cls: type) -> inspect.Signature | None:
    try:
        return inspect.signature(cls)
    except ValueError:
        return None


def _how_made(call: ServiceCall, cls: type) -> str:
    signature = _signature(cls)
    if signature is None:
        return "see its documentation"
    bare = [parameter.replace(annotation=parameter.empty) for parameter in signature.parameters.values()]
    return f"it is made by {call.name}{inspect.Signature(bare)}"


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {getattr(error, 'message', None) or error}"


def _check_use(recipe: StackRecipe, stack: Any, task: Task) -> None:
    """Check that the stack can do what it is for."""
    if task == "execute":
        if not isinstance(stack, Application):
            raise _wrong_use(recipe, "execute needs a generator in front and a QPU at the end")
    elif isinstance(stack, Application):
        raise _wrong_use(recipe, f"a stack with a generator is for execute, not for {task}")
    elif isinstance(stack, CommonQPU):
        if stack._is_open():
            raise _wrong_use(recipe, "it has no QPU at the end; add one, e.g. LinAlg()")
    elif task != "compile" or not isinstance(stack, AbstractPlugin):
        raise _wrong_use(recipe, f"{task} needs a QPU at the end; add one, e.g. LinAlg()")


def _wrong_use(recipe: StackRecipe, reason: str) -> InvalidSubmission:
    return InvalidSubmission("invalid-stack", f"{recipe}: {reason}")
