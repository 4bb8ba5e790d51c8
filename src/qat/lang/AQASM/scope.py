"""What programs and routines share: they own qubits, take operations, and compute and uncompute.

A *computation scope* is a stretch of operations that prepares something for what follows, and is undone afterwards:

    with scope.compute():
        ...
    ...
    scope.uncompute()

When a routine is controlled, neither half of such a pair needs the control.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from qat.lang.AQASM.aqasm_util import InvalidArguments, InvalidGateArguments, PyAQASMException
from qat.lang.AQASM.bits import Qbit, QRegister
from qat.lang.AQASM.operations import AncillaOperation, CommentOperation, Operation, QGateOperation

if TYPE_CHECKING:
    from qat.lang.AQASM.gates import Gate

__all__ = [
    "MAX_QUBITS", "Applicable", "InvalidConjugate", "NothingToUncompute", "OperationNotAuthorized", "ScopeManager",
]  # fmt: skip

MAX_QUBITS = 2**20
"""More in one register or circuit are a mistake; each costs about a microsecond."""

_OPEN: ContextVar[tuple[ScopeManager, ...]] = ContextVar("open_scopes", default=())


class OperationNotAuthorized(PyAQASMException):
    """An operation that has no meaning where it was asked for."""

    def __init__(self, operation: Any) -> None:
        name = operation if isinstance(operation, str) else type(operation).__name__
        super().__init__(f"{name} is not authorized here: it cannot be undone; move it out of the compute block.")


class InvalidConjugate(PyAQASMException):
    """Gates of different sizes in a conjugation."""

    def __init__(self, gate1: Any, gate2: Any) -> None:
        super().__init__(
            f"Cannot conjugate gates of different arities {gate1.arity} and {gate2.arity}; give two of the same arity."
        )


class NothingToUncompute(PyAQASMException, ValueError):  # noqa: N818
    """``uncompute`` without a ``compute`` block before it."""

    def __init__(self) -> None:
        super().__init__("No computation scope left to uncompute; open one with `with scope.compute():` first.")


def current_scope() -> ScopeManager | None:
    """The innermost program or routine opened by ``with``; ``None`` outside all of them."""
    opened = _OPEN.get()
    return opened[-1] if opened else None


class Applicable:
    """Base of gates and routines: what a program or routine can apply."""

    arity: int | None


class ScopeManager(ABC):
    """A program or a routine: something that owns qubits and takes operations."""

    op_list: list[Operation]

    def __init__(self) -> None:
        self.op_list = []
        self.compute_stack: list[list[Operation]] = []
        self._free_ancillae: list[int] = []

    @abstractmethod
    def _claim(self, index: int) -> None:
        """Make sure that there is a qubit number ``index``, which the user gave as an integer."""

    @abstractmethod
    def _new_ancilla(self) -> int:
        """A new qubit in state zero."""

    def apply(self, gate: Gate, *args: Any) -> Any:
        """Apply a gate or routine to qubits, controls first; lists and registers are flattened.

        Raises:
            InvalidArguments: the qubits are of another program, repeated, or no qubits.
            InvalidGateArguments: there are not as many as the gate acts on.
        """
        gate, indices = self._gate_on(gate, args)
        self._append(QGateOperation(gate, indices))
        return self

    def _append(self, operation: Operation) -> None:
        self.op_list.append(operation)

    def _gate_on(self, gate: Gate, args: Sequence[Any]) -> tuple[Gate, list[int]]:
        if not isinstance(gate, Applicable):
            gate = _routine_of(gate)
        indices: list[int] = []
        for arg in args:
            if type(arg) is not Qbit or arg.scope is not self:
                indices = self.indices(args)
                break
            indices.append(arg.index)
        if gate.arity != len(indices):
            gate = self._sized(gate, indices)
        if len(indices) > 1 and len(set(indices)) != len(indices):
            raise _repeated(indices)
        return gate, indices

    def _sized(self, gate: Gate, indices: list[int]) -> Gate:
        if gate.arity is not None or not indices:
            raise InvalidGateArguments(gate.name or _shown_gate(gate), gate.arity, indices)
        return gate.sized(len(indices))

    def indices(self, args: Iterable[Any]) -> list[int]:
        """Numbers of the qubits in nested lists, registers, and integers, in order.

        Raises:
            InvalidArguments: one is of another program or routine, or no qubit at all.
        """
        found: list[int] = []
        for arg in args:
            if isinstance(arg, Qbit):
                if arg.scope is not self:
                    raise _foreign(arg)
                found.append(arg.index)
            elif isinstance(arg, int | np.integer) and not isinstance(arg, bool):
                found.append(self._checked_index(int(arg)))
            elif isinstance(arg, QRegister) and arg.scope is not self:
                raise _foreign(arg)
            elif isinstance(arg, Iterable) and not isinstance(arg, str | bytes):
                found.extend(self.indices(arg))
            else:
                raise InvalidArguments(arg, f"a {type(arg).__name__} is no qubit", "give qubits, registers or integers")
        return found

    def _checked_index(self, index: int) -> int:
        if not 0 <= index < MAX_QUBITS:
            raise InvalidArguments(index, "no qubit has this number", f"use 0 to {MAX_QUBITS - 1}")
        self._claim(index)
        return index

    # ---------------------------------------------------------------- compute and uncompute
    @contextmanager
    def compute(self) -> Iterator[None]:
        """A block of operations to be undone by the matching ``uncompute``."""
        start = len(self.op_list)
        yield
        self.add_computation_scope(self.op_list[start:])

    def add_computation_scope(self, scope: list[Operation]) -> None:
        """Remember operations of this program, already applied, as the next to uncompute."""
        for operation in scope:
            if isinstance(operation, QGateOperation):
                operation.ctrl_prot = True
            elif not isinstance(operation, AncillaOperation | CommentOperation):
                raise OperationNotAuthorized(operation)
        self.compute_stack.append(scope)

    def uncompute(self) -> None:
        """Undo the last computation scope that is not undone yet.

        Raises:
            NothingToUncompute: there is none.
        """
        if not self.compute_stack:
            raise NothingToUncompute
        self.op_list.extend(self._undone(self.compute_stack.pop()))

    def uncompute_all(self) -> None:
        """Undo all computation scopes, last first."""
        while self.compute_stack:
            self.uncompute()

    def _undone(self, scope: list[Operation]) -> Iterator[Operation]:
        """The inverse operations; ancillas freed inside the scope may be in use again, so others take their place."""
        place: dict[int, int] = {}
        for operation in reversed(scope):
            if isinstance(operation, AncillaOperation):
                yield self._undone_ancillae(operation, place)
            elif isinstance(operation, QGateOperation):
                wires = [place.get(wire, wire) for wire in operation.args]
                yield QGateOperation(operation.gate.dag(), wires, True)

    def _undone_ancillae(self, operation: AncillaOperation, place: dict[int, int]) -> AncillaOperation:
        if operation.is_lock:
            wires = [place.pop(wire, wire) for wire in operation.args]
            self._free_ancillae.extend(wires)
            return AncillaOperation(wires, is_lock=False)
        for wire in operation.args:
            place[wire] = self._take_ancilla(wire)
        return AncillaOperation([place[wire] for wire in operation.args], is_lock=True)

    def conjugate(self, gate1: Gate, gate2: Gate, *args: Any) -> None:
        """Apply ``gate1``, ``gate2`` and the inverse of ``gate1``; a control reaches ``gate2`` alone.

        Raises:
            InvalidConjugate: the gates have different arities.
        """
        if gate1.arity != gate2.arity:
            raise InvalidConjugate(gate1, gate2)
        with self.compute():
            self.apply(gate1, *args)
        self.apply(gate2, *args)
        self.uncompute()

    # ---------------------------------------------------------------- ancillas
    def _take_ancilla(self, preferred: int | None = None) -> int:
        if preferred is not None and preferred in self._free_ancillae:
            self._free_ancillae.remove(preferred)
            return preferred
        return self._free_ancillae.pop(0) if self._free_ancillae else self._new_ancilla()

    def get_free_ancillae(self, size: int = 1, class_name: type[QRegister] | None = None) -> Any:
        """Qubits in state zero, to be given back in that state by ``free_ancillae``.

        Returns:
            A list of qubits, or a register of type ``class_name``.
        """
        check_size(size)
        taken = self._taken(size, together=class_name is not None)
        self._append(AncillaOperation(taken, is_lock=True))
        qubits = [Qbit(index, self) for index in taken]
        if class_name is None:
            return qubits
        return class_name(min(taken, default=0), length=size, scope=self, qbits_list=qubits)

    def _taken(self, size: int, *, together: bool) -> list[int]:
        """Free qubits; a register wants them ``together``, and then gets new ones."""
        return [self._new_ancilla() if together else self._take_ancilla() for _ in range(size)]

    def free_ancillae(self, *args: Any) -> None:
        """Give back qubits of ``get_free_ancillae``, which must be in state zero."""
        indices = self.indices(args)
        twice = sorted(set(indices) & set(self._free_ancillae))
        if twice or len(set(indices)) != len(indices):
            raise InvalidArguments(indices, "they are free already or repeated", "free each ancilla once")
        self._free_ancillae.extend(indices)
        self._append(AncillaOperation(indices, is_lock=False))

    # ---------------------------------------------------------------- with
    def __enter__(self) -> Any:
        _OPEN.set((*_OPEN.get(), self))
        return self

    def __exit__(self, *_error: Any) -> None:
        _OPEN.set(_OPEN.get()[:-1])


def check_size(size: Any) -> None:
    """Check a number of qubits to allocate.

    Raises:
        InvalidArguments: it is no integer from 0 on, or more than a circuit can number.
    """
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or not 0 <= size <= MAX_QUBITS:
        raise InvalidArguments(size, "it is no number of qubits", f"give an integer from 0 to {MAX_QUBITS}")


def _shown_gate(gate: Any) -> str:
    form = getattr(gate, "form", None)
    return form.syntax if form is not None else type(gate).__name__


def _routine_of(decorated: Any) -> Any:
    """The routine behind a function decorated with ``qrout``."""
    routine = getattr(decorated, "qlm_obj", None)
    if not isinstance(routine, Applicable):
        raise _not_a_gate(decorated)
    return routine


def _not_a_gate(gate: Any) -> InvalidArguments:
    cure = f"give its parameters first: {gate.name}(...)" if hasattr(gate, "arg_types") else "give a gate or a routine"
    return InvalidArguments(gate, f"a {type(gate).__name__} cannot be applied", cure)


def _repeated(indices: list[int]) -> InvalidArguments:
    repeated = sorted(index for index, count in Counter(indices).items() if count > 1)
    return InvalidArguments(indices, f"qubits {repeated} are repeated", "give each qubit once")


def _foreign(qubit: Any) -> InvalidArguments:
    return InvalidArguments(qubit, "it belongs to another program or routine", "give qubits of this one")
