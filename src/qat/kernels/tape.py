"""The tape: a circuit in columns, the form in which circuits are stored, sent, bound and simulated.

One row per operation. Gates, which are nearly all rows, live in NumPy columns; the few classical operations keep
their details in a side table. Parameters lie in one flat array of floats, whatever is not a float (an integer, a
string, an expression still to be bound) is set beside it. Binding replaces that one array and shares the rest.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qat.kernels.columns import TapeColumns
from qat.kernels.gates import GateForm
from qat.kernels.memo import Memo


class Kind(IntEnum):
    """What a row does; the numbers are the published ``OpType``."""

    GATE = 0
    MEASURE = 1
    RESET = 2
    CLASSIC = 3
    CLASSIC_CONTROL = 4
    BREAK = 5
    REMAP = 6


class Classical(NamedTuple):
    """The classical side of a row: written or controlling bits, a prefix boolean formula, a remapping."""

    cbits: tuple[int, ...] = ()
    formula: str | None = None
    remap: tuple[int, ...] | None = None


class Row(NamedTuple):
    """One operation, as ``Tape.rows`` yields it."""

    kind: int
    form: GateForm | None
    parameters: tuple[Any, ...]
    qubits: tuple[int, ...]
    classical: Classical | None


NO_CLASSICAL: Mapping[int, Classical] = {}
NO_FORM = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tape:
    """A circuit of ``n`` operations in columns. Immutable: the arrays are shared between tapes.

    Attributes:
        nb_qubits: number of qubits; qubit 0 is the most significant bit of a state index.
        nb_cbits: number of classical bits.
        forms: the distinct gate forms, referred to by ``gates``.
        kinds: ``Kind`` of each row, shape ``(n,)``, uint8.
        gates: index into ``forms`` or ``NO_FORM``, shape ``(n,)``, int32.
        qubit_starts: row ``i`` acts on ``qubits[qubit_starts[i]:qubit_starts[i + 1]]``, shape ``(n + 1,)``, int32.
        qubits: all qubit indices, controls first, int32.
        parameter_starts: as ``qubit_starts``, for ``parameters``.
        parameters: all gate parameters as float64; NaN where ``objects`` or ``slots`` hold something else.
        objects: parameters that are not floats (int, str, complex, matrices), by index into ``parameters``.
        slots: indices into ``parameters`` that are still symbolic, shape ``(k,)``, int32.
        slot_expressions: for each slot its index into ``expressions``, shape ``(k,)``, int32.
        expressions: the distinct symbolic parameters; opaque here, evaluated by the caller of ``bound``.
        classical: details of the rows that are not plain gates, by row.
        kept: what has been worked out of all columns but the parameters.
    """

    nb_qubits: int
    nb_cbits: int
    forms: tuple[GateForm, ...]
    kinds: NDArray[np.uint8]
    gates: NDArray[np.int32]
    qubit_starts: NDArray[np.int32]
    qubits: NDArray[np.int32]
    parameter_starts: NDArray[np.int32]
    parameters: NDArray[np.float64]
    objects: Mapping[int, Any] = field(default_factory=dict)
    slots: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    slot_expressions: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    expressions: tuple[Any, ...] = ()
    classical: Mapping[int, Classical] = field(default_factory=dict)
    kept: Memo = field(default_factory=Memo, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.kinds)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tape:
        return self

    @property
    def is_bound(self) -> bool:
        """Whether every parameter has a value."""
        return not self.expressions

    @property
    def is_unitary(self) -> bool:
        """Whether the tape is made of plain gates only: no measurement, reset or classical control."""
        return not self.classical

    def parameter_values(self) -> list[Any]:
        """All parameters as Python objects: floats, the special ``objects``, and expressions in their slots."""
        values: list[Any] = self.parameters.tolist()
        for index, value in self.objects.items():
            values[index] = value
        for slot, expression in zip(self.slots.tolist(), self.slot_expressions.tolist(), strict=True):
            values[slot] = self.expressions[expression]
        return values

    def rows(self) -> Iterator[Row]:
        """The operations one by one, as Python objects. Cost O(n), about a microsecond a row."""
        values, qubits = self.parameter_values(), self.qubits.tolist()
        qubit_starts, parameter_starts = self.qubit_starts.tolist(), self.parameter_starts.tolist()
        for i, (kind, gate) in enumerate(zip(self.kinds.tolist(), self.gates.tolist(), strict=True)):
            yield Row(
                kind,
                self.forms[gate] if gate != NO_FORM else None,
                tuple(values[parameter_starts[i] : parameter_starts[i + 1]]),
                tuple(qubits[qubit_starts[i] : qubit_starts[i + 1]]),
                self.classical.get(i),
            )

    def bound(self, values: Sequence[Any]) -> Tape:
        """The tape with ``expressions[i]`` replaced by ``values[i]``: a float, or an expression that stays symbolic.

        Cost: one copy of the parameters; every other column is shared.
        """
        parameters = self.parameters.copy()
        if not set(map(type, values)) <= _FLOATS:
            return self._partly_bound(parameters, values)
        parameters[self.slots] = np.array(values, np.float64)[self.slot_expressions]
        return self.with_parameters(parameters)

    def with_parameters(self, parameters: NDArray[np.float64]) -> Tape:
        """This tape with other parameters, all bound; quicker than ``replace``, because it runs at every binding."""
        tape = _new_tape(Tape)
        for name in _SHARED_COLUMNS:
            _set_column(tape, name, getattr(self, name))
        _set_column(tape, "parameters", parameters)
        _set_column(tape, "slots", _EMPTY_INT)
        _set_column(tape, "slot_expressions", _EMPTY_INT)
        _set_column(tape, "expressions", ())
        return tape

    def _partly_bound(self, parameters: NDArray[np.float64], values: Sequence[Any]) -> Tape:
        table = _Interned()
        objects = dict(self.objects)
        slots: list[int] = []
        indices: list[int] = []
        for slot, expression in zip(self.slots.tolist(), self.slot_expressions.tolist(), strict=True):
            value = values[expression]
            if isinstance(value, float):
                parameters[slot] = float(value)
            elif is_symbolic(value):
                slots.append(slot)
                indices.append(table.index(value))
            else:
                objects[slot] = value
                parameters[slot] = as_float(value)
        return replace(
            self,
            parameters=parameters,
            objects=objects,
            slots=np.array(slots, np.int32),
            slot_expressions=np.array(indices, np.int32),
            expressions=tuple(table),
        )


_EMPTY_INT: NDArray[np.int32] = np.empty(0, np.int32)
_FLOATS = {float, np.float64}
_SHARED_COLUMNS = (
    "nb_qubits", "nb_cbits", "forms", "kinds", "gates", "qubit_starts", "qubits", "parameter_starts", "objects",
    "classical", "kept",
)  # fmt: skip
_new_tape = object.__new__
_set_column = object.__setattr__


def is_symbolic(value: Any) -> bool:
    """Whether a parameter is an expression still to be bound (it says so by having ``get_variables``)."""
    return hasattr(value, "get_variables")


def as_float(value: Any) -> float:
    """The float column's entry for a parameter kept as an object: its value for real numbers, otherwise NaN.

    >>> as_float(3), as_float("three"), as_float(10**400)
    (3.0, nan, nan)
    """
    if not isinstance(value, int | np.integer | np.floating):
        return float("nan")
    try:
        return float(value)
    except OverflowError:
        return float("nan")


class _Interned(dict[Hashable, int]):
    """Distinct objects numbered in order of first use."""

    def index(self, item: Hashable) -> int:
        return self.setdefault(item, len(self))


class TapeBuilder(TapeColumns):
    """Writes a tape row by row.

    ``gate(form, qubits, parameters=())`` appends a gate: its number, plain integers, controls first, and parameters.

    >>> from qat.kernels.gates import GATES, GateForm
    >>> builder = TapeBuilder()
    >>> builder.gate(builder.form(GateForm(GATES["H"])), [0])
    >>> builder.gate(builder.form(GateForm(GATES["RX"])), [1], [0.5])
    >>> [(row.form.syntax, row.parameters, row.qubits) for row in builder.tape(2).rows()]
    [('H', (), (0,)), ('RX', (0.5,), (1,))]
    """

    def __init__(self) -> None:
        super().__init__()
        self._forms = _Interned()
        self._kinds: dict[int, int] = {}
        self._classical: dict[int, Classical] = {}

    def form(self, form: GateForm) -> int:
        """Number of a gate form on this tape."""
        return self._forms.index(form)

    def numbers(self, forms: Iterable[GateForm]) -> list[int]:
        """The same of several."""
        known = self._forms
        return [known.setdefault(form, len(known)) for form in forms]

    def controlled_gate(self, cbit: int, form: int, qubits: Sequence[int], parameters: Sequence[Any] = ()) -> None:
        """Append a gate that acts when classical bit ``cbit`` is 1."""
        self._note(Kind.CLASSIC_CONTROL, Classical((cbit,)))
        self.gate(form, qubits, parameters)

    def classical(self, kind: Kind, qubits: Sequence[int] = (), classical: Classical = Classical()) -> None:  # noqa: B008
        """Append a measurement, reset, logic, break or remap."""
        self._note(kind, classical)
        self.gate(NO_FORM, qubits)

    def _note(self, kind: Kind, classical: Classical) -> None:
        """The next row is not a plain gate."""
        self._kinds[len(self)] = kind
        self._classical[len(self)] = classical

    def row(self, row: Row) -> None:
        """Append a row as ``Tape.rows`` yields it."""
        if row.kind == Kind.CLASSIC_CONTROL:
            assert row.form is not None and row.classical is not None
            self.controlled_gate(row.classical.cbits[0], self.form(row.form), row.qubits, row.parameters)
        elif row.form is not None:
            self.gate(self.form(row.form), row.qubits, row.parameters)
        else:
            assert row.classical is not None
            self.classical(Kind(row.kind), row.qubits, row.classical)

    def tape(self, nb_qubits: int, nb_cbits: int = 0) -> Tape:
        """The finished tape. Cost O(n)."""
        gates, qubit_starts, qubits, parameter_starts, parameters = self.columns()
        kinds = np.zeros(len(self), np.uint8)
        for row, kind in self._kinds.items():
            kinds[row] = kind
        return _with_specials(
            self.specials(),
            Tape(
                nb_qubits=nb_qubits,
                nb_cbits=nb_cbits,
                forms=tuple(self._forms),  # type: ignore[arg-type]
                kinds=kinds,
                gates=np.frombuffer(gates, np.int32),
                qubit_starts=np.frombuffer(qubit_starts, np.int32),
                qubits=np.frombuffer(qubits, np.int32),
                parameter_starts=np.frombuffer(parameter_starts, np.int32),
                parameters=np.frombuffer(parameters, np.float64),
                slots=_EMPTY_INT,
                slot_expressions=_EMPTY_INT,
                classical=self._classical,
            ),
        )


def _with_specials(specials: Sequence[tuple[int, Any]], tape: Tape) -> Tape:
    """The tape with these parameters that are no floats, by place."""
    if not specials:
        return tape
    expressions = _Interned()
    slots = [(index, expressions.index(value)) for index, value in specials if is_symbolic(value)]
    objects = {index: value for index, value in specials if not is_symbolic(value)}
    parameters = tape.parameters.copy()
    for index, value in objects.items():
        parameters[index] = as_float(value)
    return replace(
        tape,
        parameters=parameters,
        objects=objects,
        slots=np.array([index for index, _ in slots], np.int32),
        slot_expressions=np.array([number for _, number in slots], np.int32),
        expressions=tuple(expressions),
    )
