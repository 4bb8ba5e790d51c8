"""Parts of remote stacks: each is a recipe, and ``|`` puts recipes together by the rules of local stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from qat.comm.access.messages import ServiceView, Submission, Task
from qat.comm.arguments import Argument, pack_argument
from qat.comm.recipe import ServiceCall, StackRecipe
from qat.core.composition import EXPECTED, Pipeable, described, refusal
from qat.qlmaas.catalogue import check_arguments, signature_of
from qat.qlmaas.options import SubmitOptions, check_options, resources_of

if TYPE_CHECKING:
    from qat.qlmaas.connection import QLMaaSConnection
    from qat.qlmaas.result import AsyncResult

__all__ = ["RemotePart", "call_of", "remote_class"]


class RemotePart(Pipeable):
    """A part of a stack that a server will build: calls of its services, outermost first.

    Args:
        connection: to the server.
        calls: the services and their arguments.
    """

    _role: ClassVar[str] = "service"

    def __init__(self, connection: QLMaaSConnection, calls: tuple[ServiceCall, ...]) -> None:
        self._connection = connection
        self._calls = calls

    @property
    def connection(self) -> QLMaaSConnection:
        """The connection to the server."""
        return self._connection

    @property
    def recipe(self) -> StackRecipe:
        """What the server gets."""
        return StackRecipe(self._calls)

    def _submit(self, task: Task, options: SubmitOptions, **content: Any) -> AsyncResult:
        """Send a submission of this part."""
        check_options(options, task)
        meta_data = {str(key): str(value) for key, value in (options.get("meta_data") or {}).items()}
        submission = Submission(
            recipe=self.recipe,
            task=task,
            meta_data=meta_data,
            resources=resources_of(options),
            name=options.get("name"),
            tags=tuple(options.get("tags", ())),
            session_id=self._connection.session_id_for(options.get("session")),
            **content,
        )
        return self._connection.submit(submission, options.get("idempotency_key"))

    def __or__(self, other: Any) -> Any:
        if not isinstance(other, RemotePart):
            raise refusal(self, other, _behind_remote(other))
        made = _composed(self, other)
        if made is None:
            raise refusal(self, other, EXPECTED[self._role])
        if other._connection is not self._connection:
            raise refusal(self, other, "they belong to different connections; take both from the same one")
        return made(self._connection, (*self._calls, *other._calls))

    def __ror__(self, left: Any) -> Any:
        from qat.qlmaas.mixed import is_local_service, mixed

        if is_local_service(left) and self._role not in ("generator", "application"):
            return mixed(left, self)
        if hasattr(type(left), "_role") and not isinstance(left, type):
            raise refusal(left, self, EXPECTED.get(left._role, "it does not stand in a stack"))
        return super().__ror__(left)

    def __str__(self) -> str:
        return str(self.recipe)

    def __repr__(self) -> str:
        return f"<remote {self._role} {self}>"


def _behind_remote(other: Any) -> str:
    """Why a local object cannot follow a remote part."""
    return (
        f"what follows a remote service must be remote too, and {described(other)} is not: your code is not sent to "
        "the server. Put local plugins in front of the remote part, or take the whole stack from qat"
    )


def _composed(left: RemotePart, right: RemotePart) -> type[RemotePart] | None:
    """The class of ``left | right``; None when they do not fit."""
    from qat.qlmaas.application import QLMaaSApplicationStack
    from qat.qlmaas.generators import QLMaaSGenerator
    from qat.qlmaas.plugins import QLMaaSJunction, QLMaaSPlugin
    from qat.qlmaas.qpus import QLMaaSQPU

    match left, right:
        case QLMaaSPlugin(), QLMaaSPlugin():
            return QLMaaSJunction if "junction" in (left._role, right._role) else QLMaaSPlugin
        case QLMaaSPlugin(), QLMaaSQPU():
            return QLMaaSQPU
        case QLMaaSGenerator(), QLMaaSPlugin():
            return QLMaaSGenerator
        case QLMaaSGenerator(), QLMaaSQPU():
            return QLMaaSApplicationStack
    return None


def call_of(view: ServiceView, args: tuple[Any, ...], kwargs: dict[str, Any]) -> ServiceCall:
    """The call of a service, its arguments packed.

    Raises:
        TypeError: the arguments do not fit its signature.
        WireError: an argument cannot be sent.
    """
    check_arguments(view, args, kwargs)
    positional = [parameter.name for parameter in view.parameters if parameter.kind == "positional"]
    names = [*positional[: len(args)], *map(str, range(len(positional), len(args)))]
    packed = tuple(_packed(view, name, value) for name, value in zip(names, args, strict=True))
    return ServiceCall(view.kind, view.name, packed, {name: _packed(view, name, v) for name, v in kwargs.items()})


def _taken_plugins(view: ServiceView, kwargs: dict[str, Any]) -> tuple[ServiceCall, ...]:
    """The calls of remote plugins that a QPU is given as ``plugins=[...]``, the same as piping them to it."""
    from qat.qlmaas.plugins import QLMaaSPlugin

    plugins = kwargs.get("plugins")
    if view.role != "qpu" or not isinstance(plugins, list | tuple):
        return ()
    if not all(isinstance(plugin, QLMaaSPlugin) for plugin in plugins):
        raise TypeError(f"plugins of the remote {view.name} must be remote too; pipe local ones to it: plugin | qpu")
    del kwargs["plugins"]
    return tuple(call for plugin in plugins for call in plugin.recipe.services)


def _packed(view: ServiceView, name: str, value: Any) -> Argument:
    return pack_argument(value, f"argument {name!r} of {view.kind}:{view.name}")


def remote_class(connection: QLMaaSConnection, view: ServiceView) -> type[RemotePart]:
    """The remote twin of a service: a class with its name, signature and documentation, whose objects are recipes."""
    from qat.qlmaas.generators import QLMaaSGenerator
    from qat.qlmaas.plugins import QLMaaSJunction, QLMaaSPlugin
    from qat.qlmaas.qpus import QLMaaSQPU

    bases = {"qpu": QLMaaSQPU, "plugin": QLMaaSPlugin, "junction": QLMaaSJunction, "generator": QLMaaSGenerator}

    def __init__(self: RemotePart, *args: Any, **kwargs: Any) -> None:  # noqa: N807 (becomes a method)
        in_front = _taken_plugins(view, kwargs)
        RemotePart.__init__(self, connection, (*in_front, call_of(view, args, kwargs)))

    content = {
        "__init__": __init__,
        "__doc__": view.doc,
        "__module__": view.kind.replace("qat.", "qlmaas."),
        "__signature__": signature_of(view),
    }
    return type(view.name, (bases[view.role],), content)
