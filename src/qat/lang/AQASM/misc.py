"""Gates from functions, and gate sets from modules."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import update_wrapper
from types import ModuleType
from typing import Any, get_type_hints

from qat.core.gate_set import GateSet, GateSignature
from qat.lang.AQASM.aqasm_util import check_custom_name
from qat.lang.AQASM.gates import AbstractGate

__all__ = ["NoSignature", "build_gate", "generate_gate_set", "is_valid_name", "signature_from_annotations"]


class NoSignature(TypeError):  # noqa: N818 (published name)
    """A function whose annotations do not say which gate it makes."""


class _BuiltGates(AbstractGate):
    """Gates implemented by a function; ``~`` gives the function."""

    def __invert__(self) -> Callable[..., Any]:
        """The decorated function, which returns routines."""
        assert self.circuit_generator is not None
        return self.circuit_generator


class build_gate:  # noqa: N801 (published name)
    """Decorator that makes gates out of a function which returns routines.

    Args:
        name: name of the gates.
        signature: types of the function's arguments.
        arity: number of qubits, or a function from the arguments to it; by default that of the routine.

    >>> from qat.lang.AQASM import QRoutine, RX
    >>> @build_gate("TURNS", [float, int], arity=lambda angle, nb: nb)
    ... def turns(angle, nb):
    ...     rout = QRoutine()
    ...     for wire in rout.new_wires(nb):
    ...         _ = RX(angle)(wire)
    ...     return rout
    >>> turns(0.5, 3).arity, (~turns)(0.5, 3).arity
    (3, 3)
    """

    def __init__(self, name: str, signature: Sequence[type], arity: int | Callable[..., int] | None = None) -> None:
        check_custom_name(name)
        self.name = name
        self.signature = signature
        self.arity = arity

    def __call__(self, func: Callable[..., Any]) -> AbstractGate:
        """The gates that ``func`` implements."""
        if not callable(func):
            raise TypeError(f"build_gate decorates a function, not {func!r}: put it above a def")
        gates = _BuiltGates(self.name, self.signature, arity=self.arity, circuit_generator=func)
        update_wrapper(gates, func)
        return gates


def signature_from_annotations(func: Callable[..., Any]) -> tuple[str, list[type]]:
    """Name and argument types of the gate that an annotated function makes.

    >>> def turn(angle: float) -> "TURN": ...
    >>> signature_from_annotations(turn)
    ('TURN', [<class 'float'>])

    Raises:
        NoSignature: an annotation is missing.
    """
    name = inspect.get_annotations(func).get("return")
    if name is None:
        raise NoSignature(f"Function {func.__name__} has no return annotation; annotate it with the gate's name.")
    parameters = list(inspect.signature(func).parameters)
    types = {key: kind for key, kind in _argument_types(func).items() if key in parameters}
    missing = [parameter for parameter in parameters if parameter not in types]
    if missing:
        raise NoSignature(f"Function {func.__name__} has no annotation for {missing}; annotate every argument.")
    return str(name).strip("'\""), [types[parameter] for parameter in parameters]


def _argument_types(func: Callable[..., Any]) -> Mapping[str, type]:
    known = {key: value for key, value in inspect.get_annotations(func).items() if key != "return"}
    if not any(isinstance(value, str) for value in known.values()):
        return known
    holder = type(func.__name__, (), {"__annotations__": known})
    return get_type_hints(holder, globalns=func.__globals__)


def is_valid_name(name: str) -> bool:
    """Whether a gate can have this name.

    >>> is_valid_name("FOO_2"), is_valid_name("a b")
    (True, False)
    """
    return re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) is not None


def generate_gate_set(*args: Any, safe: bool = False) -> GateSet:
    """The gates found in modules, gate sets, gates and lists of them.

    Args:
        args: where to look.
        safe: refuse a second gate of the same name; otherwise the first one counts.

    Raises:
        GateSyntaxRedefinition: ``safe`` is set and two gates have the same name.

    >>> list(generate_gate_set(AbstractGate("FOO", [float], arity=1)))
    ['FOO']
    """
    gate_set = GateSet()
    for signature in _signatures(args):
        if safe or signature.name not in gate_set:
            gate_set.add_signature(signature)
    return gate_set


def _signatures(sources: Iterable[Any]) -> Iterable[GateSignature]:
    for source in sources:
        if isinstance(source, GateSignature):
            yield source
        elif isinstance(source, GateSet):
            yield from source.gate_signatures.values()
        elif isinstance(source, ModuleType):
            members = [value for name, value in vars(source).items() if not name.startswith("__")]
            yield from (value for value in members if isinstance(value, GateSignature) and not _is_predefined(value))
        elif isinstance(source, Iterable) and not isinstance(source, str | bytes):
            yield from _signatures(source)
        else:
            raise TypeError(f"{source!r} holds no gates: give modules, gates of build_gate, or gate sets")


def _is_predefined(signature: GateSignature) -> bool:
    from qat.lang.AQASM import gates

    return signature is getattr(gates, signature.name, None)
