"""Plain records of the published circuit format: operations, gate definitions, parameters, registers.

They are mutable on purpose: programs and plugins edit them in place. ``==`` compares fields, ``repr`` prints them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar


class Record:
    """A value with named fields, compared and printed by them.

    >>> ComplexNumber(1.0) == ComplexNumber(re=1.0, im=0.0)
    True
    """

    fields: ClassVar[tuple[str, ...]] = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.fields)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.fields)
        return f"{type(self).__name__}({shown})"


class ComplexNumber(Record):
    """A complex number in two real fields.

    >>> ComplexNumber(0.5)
    ComplexNumber(re=0.5, im=0.0)
    """

    fields = ("re", "im")

    def __init__(self, re: float | None = None, im: float = 0.0) -> None:
        self.re = re
        self.im = im


class Matrix(Record):
    """A matrix as a row-major list of ``nRows * nCols`` complex numbers; qubit 0 is the most significant bit.

    >>> Matrix(1, 1, [ComplexNumber(1.0)]).data[0].re
    1.0
    """

    fields = ("nRows", "nCols", "data")

    def __init__(
        self,
        nRows: int | None = None,  # noqa: N803
        nCols: int | None = None,  # noqa: N803
        data: list[ComplexNumber] | None = None,
    ) -> None:
        self.nRows = nRows
        self.nCols = nCols
        self.data = data


class Param(Record):
    """One parameter of a gate: a value in the field of its type, or an expression as prefix text in ``string_p``.

    >>> Param(type=1, double_p=0.3).double_p
    0.3
    >>> Param(is_abstract=True, type=1, string_p="* 2 a").string_p
    '* 2 a'
    """

    fields = ("is_abstract", "type", "int_p", "double_p", "string_p", "matrix_p", "serialized_p", "complex_p")

    def __init__(
        self,
        is_abstract: bool | None = None,
        type: int | None = None,  # noqa: A002
        int_p: int | None = None,
        double_p: float | None = None,
        string_p: str | None = None,
        matrix_p: Matrix | None = None,
        serialized_p: bytes | None = None,
        complex_p: ComplexNumber | None = None,
    ) -> None:
        self.is_abstract = is_abstract
        self.type = type
        self.int_p = int_p
        self.double_p = double_p
        self.string_p = string_p
        self.matrix_p = matrix_p
        self.serialized_p = serialized_p
        self.complex_p = complex_p


class GSyntax(Record):
    """The name and parameters with which a gate was written.

    >>> GSyntax("RX", [Param(type=1, double_p=0.3)]).name
    'RX'
    """

    fields = ("name", "parameters")

    def __init__(self, name: str | None = None, parameters: list[Param] | None = None) -> None:
        self.name = name
        self.parameters = parameters


class Op(Record):
    """One operation of a circuit; ``type`` is an ``OpType``.

    >>> Op("CNOT", [0, 1])
    Op(gate='CNOT', qbits=[0, 1], type=0, cbits=None, formula=None, remap=None)
    """

    fields = ("gate", "qbits", "type", "cbits", "formula", "remap")

    def __init__(
        self,
        gate: str | None = None,
        qbits: list[int] | None = None,
        type: int = 0,  # noqa: A002
        cbits: list[int] | None = None,
        formula: str | None = None,
        remap: list[int] | None = None,
    ) -> None:
        self.gate = gate
        self.qbits = qbits
        self.type = type
        self.cbits = cbits
        self.formula = formula
        self.remap = remap


class Subcircuit(Record):
    """The implementation of a gate as operations on its own qubits followed by ``ancillas``.

    >>> Subcircuit([Op("X", [0])], [], 1).nbqbits
    1
    """

    fields = ("ops", "ancillas", "nbqbits")

    def __init__(
        self, ops: list[Op] | None = None, ancillas: list[int] | None = None, nbqbits: int | None = None
    ) -> None:
        self.ops = ops
        self.ancillas = ancillas
        self.nbqbits = nbqbits


class AncillaMap(Record):
    """Where ancillas are in use: for each qubit the ranges of operation indices that lock it.

    >>> print(AncillaMap({4: [(0, 2), (5, 6)]}, 1))
    q[4] : (0, 2), (5, 6)
    """

    fields = ("locked_ranges", "nbancillae")

    def __init__(
        self, locked_ranges: dict[int, list[tuple[int, int]]] | None = None, nbancillae: int | None = None
    ) -> None:
        self.locked_ranges = locked_ranges
        self.nbancillae = nbancillae

    def __str__(self) -> str:
        return "\n".join(
            f"q[{qubit}] : {', '.join(map(str, uses))}" for qubit, uses in (self.locked_ranges or {}).items()
        )


class QRegisterMetadata(Record):
    """The quantum type of a register: its name, as ``qat.core.bits`` knows it, and its attributes as JSON.

    >>> QRegisterMetadata(subtype="QInt").subtype
    'QInt'
    """

    fields = ("subtype", "serialized_attributes")

    def __init__(self, subtype: str | None = None, serialized_attributes: bytes | None = None) -> None:
        self.subtype = subtype
        self.serialized_attributes = serialized_attributes


class QRegister(Record):
    """A register: ``length`` qubits from ``start`` on.

    >>> QRegister(length=3, start=0).length
    3
    """

    fields = ("length", "start", "msb", "_subtype_metadata")

    def __init__(
        self,
        length: int | None = None,
        start: int | None = None,
        msb: int | None = None,
        _subtype_metadata: QRegisterMetadata | None = None,
    ) -> None:
        self.length = length
        self.start = start
        self.msb = msb
        self._subtype_metadata = _subtype_metadata


class Variable(Record):
    """A declared variable of a circuit: its type and its value, abstract while unbound.

    >>> Variable(1, Param(is_abstract=True, type=1, string_p="a")).value.string_p
    'a'
    """

    fields = ("type", "value")

    def __init__(self, type: int | None = None, value: Param | None = None) -> None:  # noqa: A002
        self.type = type
        self.value = value


class GateDefinition(Record):
    """An entry of a circuit's gate dictionary.

    A gate is given by its ``syntax`` (name and parameters), by its ``subgate`` with ``nbctrls`` controls or a mark
    (``is_dag``, ``is_trans``, ``is_conj``), by its ``matrix`` or by its ``circuit_implementation``. ``origin`` is not
    published: it is what the package itself knows about the gate of this name, if it made the definition.

    >>> GateDefinition("V", arity=1, matrix=Matrix(2, 2, [])).matrix.nRows
    2
    """

    fields = (
        "name", "arity", "matrix", "is_ctrl", "is_dag", "is_trans", "is_conj", "subgate", "syntax", "nbctrls",
        "circuit_implementation",
    )  # fmt: skip

    def __init__(
        self,
        name: str | None = None,
        arity: int | None = None,
        matrix: Matrix | None = None,
        is_ctrl: bool | None = None,
        is_dag: bool | None = None,
        is_trans: bool | None = None,
        is_conj: bool | None = None,
        subgate: str | None = None,
        syntax: GSyntax | None = None,
        nbctrls: int | None = None,
        circuit_implementation: Subcircuit | None = None,
    ) -> None:
        self.name = name
        self.arity = arity
        self.is_ctrl = is_ctrl
        self.is_dag = is_dag
        self.is_trans = is_trans
        self.is_conj = is_conj
        self.subgate = subgate
        self.syntax = syntax
        self.nbctrls = nbctrls
        self.circuit_implementation = circuit_implementation
        self._matrix = matrix
        self._make_matrix: Callable[[], Matrix | None] | None = None
        self.origin: Any = None

    @property
    def matrix(self) -> Matrix | None:
        """The matrix, made now if it was left for later; ``None`` for a gate without one."""
        if self._make_matrix is not None:
            self._matrix, self._make_matrix = self._make_matrix(), None
        return self._matrix

    @matrix.setter
    def matrix(self, value: Matrix | None) -> None:
        self._matrix, self._make_matrix = value, None

    def leave_matrix_for_later(self, make_matrix: Callable[[], Matrix | None]) -> None:
        """Let the matrix be made when somebody looks at it."""
        self._make_matrix = make_matrix

    @property
    def has_pending_matrix(self) -> bool:
        """Whether nobody has looked at the matrix yet, so that it is the one the gate's name stands for."""
        return self._make_matrix is not None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, name) for name in self.fields)
