"""The service modules ``qat.qpus``, ``qat.plugins`` and ``qat.generators``: every service installed on this machine.

They have no ``__init__``. Each is a view over all ``qat/<kind>/`` folders on the path, whose files are *hooks* that
publish services:

* ``__qlm_importables__ = {"Name": "module:Name"}``: nothing but a table; the module is imported at first use;
* any other file: the classes in it that are services of the kind.

Names are looked up in the order of their cost: the table of this package, the hooks of others whose text mentions the
name, the other hooks, entry points (groups named as the module). So a known name imports nothing but its service.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, NamedTuple

__all__ = ["Kind", "ServiceFinder", "ServiceModule", "UnknownNames"]

OWN_TABLE = "openqat_services"
"""Name of the hook that publishes this package's own services. The modules it names are no hooks, nor are those in its
``__openqat_helpers__``."""


class Kind(NamedTuple):
    """A kind of service.

    Attributes:
        module: name of the service module, also of the group of entry points.
        bases: gives the classes whose subclasses are services of this kind; called when a hook has been imported.
    """

    module: str
    bases: Callable[[], tuple[type, ...]]


class Hook:
    """A file of a service folder: the names it may publish, and their values.

    Args:
        kind: the kind of its folder.
        name: full name of the module.
        text: source text, or None when it cannot be read (a compiled module).
    """

    def __init__(self, kind: Kind, name: str, text: str | None) -> None:
        self._kind = kind
        self.name = name
        self._text = text

    def mentions(self, name: str) -> bool:
        """Whether the text contains the name, so that the hook is worth importing before others."""
        return self._text is not None and name in self._text

    @cached_property
    def services(self) -> Mapping[str, Any]:
        """What the hook publishes: services, or ``module:name`` texts to be resolved. Imports the hook."""
        try:
            module = import_module(self.name)
        except Exception as error:  # a broken file of another package must not take all services with it
            warn(f"Skipped the hook {self.name}, which cannot be imported ({type(error).__name__}: {error})")
            return {}
        table = getattr(module, "__qlm_importables__", None)
        return table if isinstance(table, Mapping) else self._classes(module)

    def _classes(self, module: ModuleType) -> dict[str, Any]:
        bases = self._kind.bases()
        return {name: item for name, item in vars(module).items() if isinstance(item, type) and issubclass(item, bases)}


class ServiceModule(ModuleType):
    """A module whose attributes are the services of one kind.

    >>> import qat.qpus
    >>> "LinAlg" in dir(qat.qpus)
    True
    """

    def __init__(self, kind: Kind, folders: list[str]) -> None:
        super().__init__(kind.module, f"The services of {kind.module}; dir({kind.module}) lists them.")
        self.__path__ = folders
        self._kind = kind

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return list(self._names)
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        for service in self._candidates(name):
            setattr(self, name, service)
            return service
        raise AttributeError(
            f"module {self.__name__!r} has no service {name!r}; {self.hint(name)}", name=name, obj=self
        )

    def __dir__(self) -> list[str]:
        return list(self._names)

    def _candidates(self, name: str) -> Iterator[Any]:
        """The services of that name, in order of preference; resolved one by one."""
        if name in self._own:
            yield resolve(self._own[name])
        for hook in sorted(self._hooks, key=lambda hook: not hook.mentions(name)):
            if name in hook.services:
                yield resolve(hook.services[name])
        yield from (point.load() for point in entry_points(self.__name__) if point.name == name)

    @cached_property
    def _names(self) -> list[str]:
        """Names of all services; imports the hooks of others, and the modules that their tables name."""
        found = {name for hook in self._hooks for name in hook.services if self._resolves(hook, name)}
        return sorted({*self._own, *found, *(point.name for point in entry_points(self.__name__))})

    def _resolves(self, hook: Hook, name: str) -> bool:
        try:
            resolve(hook.services[name])
        except Exception as error:  # left out, and said
            target = hook.services[name]
            warn(
                f"Could not import {self.__name__}.{name} from {target}: some __qlm_importables__ are incorrect! "
                f"({type(error).__name__}: {error}, in {hook.name})"
            )
            return False
        return True

    def hint(self, name: str) -> str:
        """What to write instead of a name that does not exist."""
        from difflib import get_close_matches

        near = get_close_matches(name, self._names, n=3, cutoff=0.5)
        near = near or [other for other in self._names if other.lower() == name.lower()]
        return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(self._names)}"

    @cached_property
    def _own(self) -> Mapping[str, str]:
        """The table of this package's services."""
        table: Mapping[str, str] = self._own_module.__qlm_importables__
        return table

    @cached_property
    def _own_module(self) -> ModuleType:
        return import_module(f"{self.__name__}.{OWN_TABLE}")

    @cached_property
    def _hooks(self) -> list[Hook]:
        """The hooks of other packages."""
        helpers = getattr(self._own_module, "__openqat_helpers__", ())
        own = {target.partition(":")[0] for target in self._own.values()}
        own |= {f"{self.__name__}.{name}" for name in (OWN_TABLE, *helpers)}
        names = {module.name: module for module in iter_modules(self.__path__, f"{self.__name__}.")}
        return [Hook(self._kind, name, source_of(module)) for name, module in names.items() if name not in own]


def resolve(service: Any) -> Any:
    """The service itself, or what ``"module:name"`` refers to."""
    if not isinstance(service, str):
        return service
    module, _, name = service.partition(":")
    return getattr(import_module(module), name)


def source_of(module: Any) -> str | None:
    """Source text of a module found by ``iter_modules``, or None when there is none to read."""
    folder = Path(module.module_finder.path)
    stem = module.name.rpartition(".")[2]
    file = folder / stem / "__init__.py" if module.ispkg else folder / f"{stem}.py"
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def entry_points(group: str) -> Iterable[Any]:
    """Entry points of installed distributions in a group."""
    from importlib.metadata import entry_points as select

    return select(group=group)


def warn(message: str) -> None:
    """Log a warning; without a logging configuration it is a line on stderr."""
    import logging

    logging.getLogger("qat.modules").warning(message)


class ServiceFinder:
    """Makes service modules importable: an entry of ``sys.meta_path``.

    Args:
        kinds: the kinds, by the name of their module.
        folders: gives the folders of a kind's module on the path.
    """

    def __init__(self, kinds: Sequence[Kind], folders: Callable[[str], list[str]]) -> None:
        self._kinds = {kind.module: kind for kind in kinds}
        self._folders = folders

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The spec of a service module; None for any other module."""
        if fullname not in self._kinds:
            return None
        spec = ModuleSpec(fullname, self, is_package=True)  # type: ignore[arg-type]
        spec.submodule_search_locations = self._folders(fullname)
        return spec

    def create_module(self, spec: ModuleSpec) -> ServiceModule:
        """The service module."""
        return ServiceModule(self._kinds[spec.name], list(spec.submodule_search_locations or ()))

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to execute."""


class UnknownNames:
    """The last entry of ``sys.meta_path``: says which services there are when an unknown one is imported.

    Args:
        modules: the service modules; each has a function ``hint(name)``.
    """

    def __init__(self, modules: Iterable[str]) -> None:
        self._modules = frozenset(modules)

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        """Raise an ImportError with near matches for ``from qat.qpus import Unknown``; None for anything else."""
        parent, _, name = fullname.rpartition(".")
        module: Any = sys.modules.get(parent) if parent in self._modules else None
        if module is not None:
            reason = f"it is neither a service nor a module there; {module.hint(name)}"
            raise ModuleNotFoundError(f"cannot import name {name!r} from {parent!r}: {reason}", name=name)
