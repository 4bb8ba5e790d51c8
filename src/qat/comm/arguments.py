"""What services are made with, and what applications answer, on the wire.

More travels here than in the fields of a job (:mod:`qat.comm.wire.values`): tuples, sets, dictionaries with any keys,
graphs, and every published value (circuits, jobs, results, …) within lists and dictionaries. Functions and objects of
the user's own classes do not: what needs them stays on the user's side.

>>> unpack_argument(pack_argument({"x0": (0.5, 1.5), "tol": 1e-3}, "an argument"))
{'x0': (0.5, 1.5), 'tol': 0.001}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Literal

import msgspec
import numpy as np

from qat.comm.wire.arrays import Array, pack_array, unpack_array
from qat.comm.wire.codec import KINDS, decode_any, encode
from qat.comm.wire.envelope import seal, unseal
from qat.comm.wire.gate_sets import Signature, pack_gate_set, unpack_gate_set
from qat.comm.wire.values import (
    BigInteger,
    Blob,
    Complex,
    Expression,
    Value,
    pack_value,
    unpack_expression,
    unpack_value,
)
from qat.core.errors import WireError
from qat.core.gate_set import GateSet
from qat.core.records import ComplexNumber
from qat.core.travelling import format_named, format_of
from qat.core.variables import BaseArithmetic
from qat.core.wrappers.term import Term

__all__ = [
    "MAX_DEPTH", "MAX_VALUES", "Argument", "decode_argument", "decode_message", "encode_argument", "pack_argument",
    "unpack_argument",
]  # fmt: skip

MAX_DEPTH = 64
"""Lists and dictionaries are nested no deeper."""

MAX_VALUES = 1 << 20
"""There are no more single values in an argument. The elements of arrays do not count."""


class _Part(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of the structures below."""


class Items(_Part, frozen=True, tag="s"):
    """A sequence or a set."""

    kind: Literal["list", "tuple", "set", "frozenset"]
    items: list[Argument]


class Table(_Part, frozen=True, tag="d"):
    """A dictionary with text keys."""

    items: dict[str, Argument]


class Pairs(_Part, frozen=True, tag="m"):
    """A dictionary with other keys."""

    items: list[tuple[Argument, Argument]]


class Range(_Part, frozen=True, tag="r"):
    """A range of integers."""

    start: Argument
    stop: Argument
    step: Argument


class Duration(_Part, frozen=True, tag="t"):
    """A ``timedelta``."""

    days: int
    seconds: int
    microseconds: int


class Operator(_Part, frozen=True, tag="p"):
    """A term of an observable, by itself."""

    coefficient: Value
    letters: str
    qubits: list[int]


class Gates(_Part, frozen=True, tag="n"):
    """A gate set."""

    signatures: list[Signature]


class Graph(_Part, frozen=True, tag="g"):
    """A graph of networkx: nodes with their attributes; edges as (from, to, attributes), with a key before the last."""

    is_directed: bool
    is_multi: bool
    attributes: Argument
    nodes: list[tuple[Argument, Argument]]
    edges: list[list[Argument]]


class Fields(_Part, frozen=True, tag="o"):
    """An object of a package around the core, as its fields; see :mod:`qat.core.travelling`."""

    name: str
    fields: dict[str, Argument]


class Message(_Part, frozen=True, tag="w"):
    """A published value, as a message of :mod:`qat.comm.wire`."""

    data: bytes


Argument = (
    None | bool | int | float | str | Complex | Blob | BigInteger | Expression | Array
    | Items | Table | Pairs | Range | Duration | Operator | Gates | Graph | Fields | Message
)  # fmt: skip
"""What travels; the type of a field of a structure that holds an argument."""


def pack_argument(value: Any, where: str) -> Argument:
    """A value as it travels.

    Args:
        value: None, a number, text, bytes, an expression, an array, a ``timedelta``, a range, a published value
            (Circuit, Job, Observable, Term, Schedule, Result, HardwareSpecs, Topology, GateSet, …), a problem of
            ``qat.opt`` or its solution, a graph of networkx, or a list, tuple, set or dictionary of these.
        where: what it is, for the error message, e.g. ``"argument 'x0' of qat.plugins:ScipyMinimizePlugin"``.

    Raises:
        WireError: there is something else in it, or too much.

    >>> pack_argument(lambda x: x, "argument 'f' of qat.plugins:CostFunctionPlugin")
    Traceback (most recent call last):
        ...
    qat.core.errors.WireError: argument 'f' of qat.plugins:CostFunctionPlugin is or holds the function <lambda>, ...
    """
    return _Packer(where).pack(value, 0)


def unpack_argument(argument: Argument) -> Any:
    """The value that travelled; a number of NumPy has become one of Python.

    Raises:
        WireError: it makes no sense, is nested too deep, or there is too much.

    >>> unpack_argument(Items("set", [1, 2]))
    {1, 2}
    """
    try:
        return _Unpacker().unpack(argument, 0)
    except WireError:
        raise
    except (TypeError, ValueError, ArithmeticError, RecursionError) as error:  # e.g. a list as a key
        raise WireError(f"an argument makes no sense: {error}", cure="send it again") from error


def encode_argument(value: Any, where: str) -> bytes:
    """A value as a message of its own; see ``pack_argument``.

    >>> decode_argument(encode_argument((1, 2), "the answer"))
    (1, 2)
    """
    argument = pack_argument(value, where)
    try:
        return seal(_NUMBER, _encoder.encode(argument))
    except (UnicodeEncodeError, OverflowError) as error:
        raise WireError(f"{where} cannot be sent: {error}", "text that UTF-8 can hold") from None


def decode_argument(message: bytes | bytearray | memoryview) -> Any:
    """The value in a message of ``encode_argument``.

    Raises:
        WireError: the message is damaged, or holds something else.
    """
    number, payload = unseal(message)
    if number != _NUMBER:
        raise WireError(f"it holds a value of kind {number}", f"an argument, which is kind {_NUMBER}")
    try:
        argument = _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"its content is not an argument: {error}", cure="send it again") from error
    return unpack_argument(argument)


def decode_message(message: bytes | bytearray | memoryview) -> Any:
    """What a message holds, whatever it is: a published value, or an argument.

    Raises:
        WireError: the message is damaged, or of a kind that is unknown here.

    >>> from qat.comm.wire import encode
    >>> from qat.core import Result
    >>> decode_message(encode(Result(value=0.5))).value
    0.5
    """
    number, _ = unseal(message)
    return decode_argument(message) if number == _NUMBER else decode_any(message)


_NUMBER = 100
"""Kind of the message in its envelope, beyond those of the published values."""

assert _NUMBER not in {kind.number for kind in KINDS}

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Argument] = msgspec.msgpack.Decoder(Argument)

_PLAIN = frozenset({type(None), bool, float, str})
_SCALARS = (int, float, complex, str, bytes, ComplexNumber, BaseArithmetic)
_SEQUENCES: Mapping[type, Literal["list", "tuple", "set", "frozenset"]] = {
    list: "list", tuple: "tuple", set: "set", frozenset: "frozenset",
}  # fmt: skip
_MAKERS: Mapping[str, Callable[[Iterable[Any]], Any]] = {name: cls for cls, name in _SEQUENCES.items()}
_TRAVELS = (
    "numbers, text, arrays, graphs, published values (Circuit, Job, Observable, …), or lists and dictionaries of them"
)


class _Packer:
    """Packs one argument."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._nb_values = 0

    def pack(self, value: Any, depth: int) -> Argument:
        if type(value) in _PLAIN:
            return value  # type: ignore[no-any-return]
        if isinstance(value, np.generic | np.ndarray):
            return self._number(value)
        if isinstance(value, bytearray):
            return Blob(bytes(value))
        if isinstance(value, _SCALARS):
            return pack_value(value, self._where)  # type: ignore[return-value]
        if isinstance(value, list | tuple | set | frozenset | Mapping):
            return self._container(value, depth)
        return self._object(value, depth)

    def _number(self, value: Any) -> Argument:
        try:
            return pack_array(value) if isinstance(value, np.ndarray) else pack_value(value, self._where)  # type: ignore[return-value]
        except WireError as error:
            raise WireError(f"{self._where} holds {error.found}", error.expected, error.cure) from None

    def _container(self, value: Any, depth: int) -> Argument:
        self._enter(len(value), depth)
        if not isinstance(value, Mapping):
            kind = next(name for cls, name in _SEQUENCES.items() if isinstance(value, cls))
            return Items(kind, [self.pack(item, depth + 1) for item in value])
        if all(type(key) is str for key in value):
            return Table({key: self.pack(item, depth + 1) for key, item in value.items()})
        return Pairs([(self.pack(key, depth + 1), self.pack(item, depth + 1)) for key, item in value.items()])

    def _object(self, value: Any, depth: int) -> Argument:
        match value:
            case range():
                return Range(*(self.pack(limit, depth) for limit in (value.start, value.stop, value.step)))
            case timedelta():
                return Duration(value.days, value.seconds, value.microseconds)
            case Term():
                return Operator(pack_value(value.coeff, self._where), value.op, list(value.qbits))
            case GateSet():
                return Gates(pack_gate_set(value))
        if type(value).__module__.partition(".")[0] == "networkx" and hasattr(value, "adjacency"):
            return self._graph(value, depth)
        if (record := format_of(value)) is not None:
            name, (_, fields_of, _) = record
            fields = fields_of(value)
            self._enter(len(fields), depth)
            return Fields(name, {field: self.pack(item, depth + 1) for field, item in fields.items()})
        return self._message(value)

    def _graph(self, graph: Any, depth: int) -> Argument:
        self._enter(graph.number_of_nodes() + graph.number_of_edges(), depth)
        edges = graph.edges(keys=True, data=True) if graph.is_multigraph() else graph.edges(data=True)
        return Graph(
            graph.is_directed(),
            graph.is_multigraph(),
            self.pack(dict(graph.graph), depth + 1),
            [(self.pack(node, depth + 1), self.pack(dict(data), depth + 1)) for node, data in graph.nodes(data=True)],
            [[self.pack(part, depth + 1) for part in edge] for edge in edges],
        )

    def _message(self, value: Any) -> Argument:
        if not any(base.__module__.startswith("qat.core.") for base in type(value).__mro__):
            raise self._refusal(value)
        try:
            return Message(encode(value))
        except WireError as error:
            raise WireError(f"{self._where} cannot be sent: {error.found}", error.expected, error.cure) from None

    def _enter(self, size: int, depth: int) -> None:
        self._nb_values += size
        if depth >= MAX_DEPTH:
            raise WireError(f"{self._where} is nested deeper than {MAX_DEPTH}", "a flat value")
        if self._nb_values > MAX_VALUES:
            found = f"{self._where} holds more than {MAX_VALUES} values"
            raise WireError(found, "fewer", "make a NumPy array of them")

    def _refusal(self, value: Any) -> WireError:
        name = getattr(value, "__name__", None)
        what = f"an object of type {type(value).__name__}" if name is None else f"the {type(value).__name__} {name}"
        cure = "what needs it can only run here: put it as a local part in front of the remote stack"
        return WireError(f"{self._where} is or holds {what}, which cannot be sent", _TRAVELS, cure)


class _Unpacker:
    """Unpacks one argument."""

    def __init__(self) -> None:
        self._nb_values = 0

    def unpack(self, argument: Any, depth: int) -> Any:
        match argument:
            case None | bool() | int() | float() | str():
                return argument
            case Items(kind, items):
                self._enter(len(items), depth)
                return _MAKERS[kind](self.unpack(item, depth + 1) for item in items)
            case Table(items):
                self._enter(len(items), depth)
                return {key: self.unpack(item, depth + 1) for key, item in items.items()}
            case Pairs(items):
                self._enter(len(items), depth)
                return {self.unpack(key, depth + 1): self.unpack(item, depth + 1) for key, item in items}
            case Graph():
                return self._graph(argument, depth)
            case Fields(name, fields):
                self._enter(len(fields), depth)
                return _made(name, {field: self.unpack(item, depth + 1) for field, item in fields.items()})
        return _unpack_leaf(argument)

    def _graph(self, parts: Graph, depth: int) -> Any:
        self._enter(len(parts.nodes) + len(parts.edges), depth)
        graph = _graph_class(parts.is_directed, parts.is_multi)(**self._attributes(parts.attributes, depth))
        for node, data in parts.nodes:
            graph.add_node(self.unpack(node, depth + 1), **self._attributes(data, depth))
        for edge in parts.edges:
            if len(edge) != 3 + parts.is_multi:
                raise WireError(f"an edge of a graph has {len(edge)} parts", f"{3 + parts.is_multi}")
            *ends, data = edge
            graph.add_edge(*(self.unpack(end, depth + 1) for end in ends))
            graph.edges[tuple(self.unpack(end, depth + 1) for end in ends)].update(self.unpack(data, depth + 1))
        return graph

    def _attributes(self, attributes: Argument, depth: int) -> dict[str, Any]:
        found = self.unpack(attributes, depth + 1)
        if not isinstance(found, dict):
            raise WireError(f"the attributes of a node or graph are a {type(found).__name__}", "a dictionary")
        return found

    def _enter(self, size: int, depth: int) -> None:
        self._nb_values += size
        if depth >= MAX_DEPTH:
            raise WireError(f"an argument is nested deeper than {MAX_DEPTH}")
        if self._nb_values > MAX_VALUES:
            raise WireError(f"an argument holds more than {MAX_VALUES} values")


def _made(name: str, fields: Mapping[str, Any]) -> Any:
    record = format_named(name)
    if record is None:
        raise WireError(f"it holds an object of the unknown class {name[:60]!r}", cure="update openqat here")
    try:
        return record.make(fields)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise WireError(f"the fields of a {name} make no sense: {error}", cure="send it again") from error


def _unpack_leaf(argument: Any) -> Any:
    match argument:
        case Array():
            return unpack_array(argument)
        case Expression():
            return unpack_expression(argument)
        case Range(start, stop, step):
            return range(*(_unpack_leaf(limit) for limit in (start, stop, step)))
        case Duration(days, seconds, microseconds):
            return timedelta(days, seconds, microseconds)
        case Operator(coefficient, letters, qubits):
            return Term(unpack_value(coefficient), letters, qubits)
        case Gates(signatures):
            return unpack_gate_set(signatures)
        case Message(data):
            return decode_any(data)
    return unpack_value(argument)


def _graph_class(is_directed: bool, is_multi: bool) -> Any:
    try:
        import networkx
    except ImportError:
        raise WireError("it holds a graph", cure="install networkx here: pip install 'openqat[opt]'") from None
    return getattr(networkx, f"{'Multi' if is_multi else ''}{'Di' if is_directed else ''}Graph")
