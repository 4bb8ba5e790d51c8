"""Routines: reusable pieces of program that are used as gates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from qat.kernels.gates import GateForm, GateRecord
from qat.lang.AQASM.aqasm_util import InvalidArguments, PyAQASMException
from qat.lang.AQASM.bits import QRegister
from qat.lang.AQASM.gate import Gate, check_control_count
from qat.lang.AQASM.gates import AbstractGate
from qat.lang.AQASM.operations import AncillaOperation, Operation, QGateOperation
from qat.lang.AQASM.scope import InvalidConjugate, ScopeManager, check_size, current_scope

if TYPE_CHECKING:
    from qat.core import Circuit, Job
    from qat.lang.AQASM.program import Program

__all__ = [
    "InvalidAncilla", "InvalidConjugate", "QRoutine", "UnreferencedWire", "compute", "uncompute", "uncompute_all",
]  # fmt: skip

Transformation = Callable[[Gate], Gate]
_BOX_NUMBERS = count()


class UnreferencedWire(PyAQASMException, IndexError):  # noqa: N818 (published name)
    """A routine has no such wire."""

    def __init__(self, wire: int) -> None:
        super().__init__(
            f"Wire #{wire} has never been used/declared, thus cannot be tagged as ancilla; "
            "use a wire of new_wires or one that a gate acts on."
        )


class InvalidAncilla(PyAQASMException):
    """A wire that cannot be an ancilla."""

    def __init__(self, wire: Any) -> None:
        super().__init__(f"{wire} cannot be an ancilla of this routine; give wires of this routine.")


class QRoutine(Gate, ScopeManager):
    """A piece of program on wires, used as a gate.

    Args:
        arity: number of wires to start with.
        routop_l: operations to start with.
        max_wire: largest wire number to start with.
        ancillae: which wires are ancillas.

    Wires that are not ancillas are, in order, the qubits the routine is applied on. Ancillas start and must end in
    state zero; a program finds qubits for them, the same for one routine after the other. A routine is applied by
    reference: what is added to it later counts.

    >>> from qat.lang.AQASM import CNOT, H
    >>> bell = QRoutine()
    >>> wires = bell.new_wires(2)
    >>> _ = H(wires[0]), CNOT(wires)
    >>> bell.arity, bell.ctrl().arity
    (2, 3)
    """

    def __init__(
        self,
        arity: int = 0,
        routop_l: list[Operation] | None = None,
        max_wire: int | None = None,
        ancillae: set[int] | None = None,
    ) -> None:
        ScopeManager.__init__(self)
        self.op_list = list(routop_l or [])
        self.max_wire = max(arity - 1, -1 if max_wire is None else max_wire, *_largest_wires(self.op_list), -1)
        self.ancillae: set[int] = set(ancillae or ())
        self.variables: list[str] = []
        self._box: AbstractGate | None = None
        self.parameters = self._tape_parameters = ()
        self.signature = None

    # ---------------------------------------------------------------- wires
    @property
    def arity(self) -> int:  # type: ignore[override]
        """Number of wires that are not ancillas."""
        return self.max_wire + 1 - len(self.ancillae)

    @property
    def freed_ancillae(self) -> set[int]:
        """Ancillas that are free at this point."""
        return set(self._free_ancillae)

    @property
    def form(self) -> GateForm:  # type: ignore[override]
        """An opaque gate form of the same arity."""
        name = self._box.name if self._box is not None else "QRoutine"
        return GateForm(GateRecord(name=name, arity=self.arity, label=name, identity=("routine", id(self))))

    name = subgate = nb_ctrls = matrix = None
    is_dag = is_conj = is_trans = False

    def new_wires(self, length: int, class_name: type[QRegister] | None = None, **kwargs: Any) -> QRegister:
        """New wires, as a register of type ``class_name``.

        >>> [wire.index for wire in QRoutine().new_wires(2)]
        [0, 1]
        """
        check_size(length)
        start = self.max_wire + 1
        self.max_wire += int(length)
        return (class_name or QRegister)(start, length=int(length), scope=self, **kwargs)

    def set_ancillae(self, *args: Any) -> None:
        """Declare wires as ancillas; they must leave the routine in state zero.

        Raises:
            UnreferencedWire: the routine has no such wire.
            InvalidAncilla: a wire belongs to another routine.
        """
        self.ancillae.update(self._own_wires(args))

    def _own_wires(self, args: Any) -> list[int]:
        before = self.max_wire
        try:
            indices = self.indices(args)
        except InvalidArguments as error:
            raise InvalidAncilla(args) from error
        self.max_wire = before
        for index in indices:
            if index > before:
                raise UnreferencedWire(index)
        return indices

    def free_ancillae(self, *args: Any) -> None:
        """Give back wires of ``get_free_ancillae``, which must be in state zero; they stay ancillas."""
        self.ancillae.update(self._own_wires(args))
        super().free_ancillae(*args)

    def _claim(self, index: int) -> None:
        self.max_wire = max(self.max_wire, index)

    def _new_ancilla(self) -> int:
        self.max_wire += 1
        self.ancillae.add(self.max_wire)
        return self.max_wire

    def wire_map(self, qubits: Sequence[int]) -> Sequence[int]:
        """For each wire the qubit it stands for when the routine acts on ``qubits``; -1 for ancillas.

        Raises:
            InvalidArguments: the routine got wires since it was applied.
        """
        if len(qubits) != self.arity:
            raise InvalidArguments(
                list(qubits), f"the routine has {self.arity} wires now", "add wires to a routine before it is applied"
            )
        if not self.ancillae:
            return qubits
        remaining = iter(qubits)
        return [-1 if wire in self.ancillae else next(remaining) for wire in range(self.max_wire + 1)]

    # ---------------------------------------------------------------- operations
    def _gate_on(self, gate: Gate, args: Any) -> tuple[Gate, list[int]]:
        if gate is self:
            raise InvalidArguments("a routine", "it would contain itself", "apply a copy")
        return super()._gate_on(gate, args)

    def protected_apply(self, gate: Gate, *args: Any) -> QRoutine:
        """Apply a gate that stays without control when the routine is controlled."""
        gate, wires = self._gate_on(gate, args)
        self.op_list.append(QGateOperation(gate, wires, True))
        return self

    def __len__(self) -> int:
        return len(self.op_list)

    def __bool__(self) -> bool:
        return True

    def _made(self, operations: Iterator[Operation], shift: int = 0) -> QRoutine:
        ancillae = {wire + shift for wire in self.ancillae}
        return QRoutine(0, list(operations), self.max_wire + shift, ancillae)

    def _transformed(self, gate_of: Transformation, *, is_reversed: bool = False) -> Iterator[Operation]:
        known: dict[int, Gate] = {}
        for operation in self._reversed() if is_reversed else self.op_list:
            if isinstance(operation, QGateOperation):
                gate = known.get(id(operation.gate))
                if gate is None:
                    gate = known[id(operation.gate)] = gate_of(operation.gate)
                yield QGateOperation(gate, operation.args, operation.ctrl_prot)
            else:
                yield operation

    def _reversed(self) -> Iterator[Operation]:
        for operation in reversed(self.op_list):
            if isinstance(operation, AncillaOperation):
                yield AncillaOperation(operation.args, not operation.is_lock)
            else:
                yield operation

    def dag(self, box: bool = False, box_name: str | None = None) -> Gate:
        """The inverse: the inverse gates in reverse order."""
        if box:
            return self.box(box_name).dag()
        return self._made(self._transformed(lambda gate: gate.dag(), is_reversed=True))

    def trans(self) -> QRoutine:
        """The transpose: the transposed gates in reverse order."""
        return self._made(self._transformed(lambda gate: gate.trans(), is_reversed=True))

    def conj(self) -> QRoutine:
        """The complex conjugate: the conjugate gates in the same order."""
        return self._made(self._transformed(lambda gate: gate.conj()))

    def ctrl(self, nbctrls: int = 1, box: bool = False, box_name: str | None = None) -> Gate:
        """The routine with ``nbctrls`` controls, its first wires; compute and uncompute stay without control.

        >>> from qat.lang.AQASM import H, X
        >>> rout = QRoutine()
        >>> rout.conjugate(H, X, rout.new_wires(1))
        >>> [(operation.gate.name, operation.args) for operation in rout.ctrl().op_list][::2]
        [('H', [1]), ('H', [1])]
        """
        check_control_count(nbctrls)
        if box:
            return self.box(box_name).ctrl(nbctrls)
        return self._made(self._controlled(int(nbctrls)), int(nbctrls)) if nbctrls else self

    def _controlled(self, nb_controls: int) -> Iterator[Operation]:
        controls, known = list(range(nb_controls)), dict[int, Gate]()
        for operation in self.op_list:
            if isinstance(operation, AncillaOperation):
                yield AncillaOperation([wire + nb_controls for wire in operation.args], operation.is_lock)
            elif isinstance(operation, QGateOperation):
                wires = [wire + nb_controls for wire in operation.args]
                if operation.ctrl_prot:
                    yield QGateOperation(operation.gate, wires, True)
                    continue
                gate = known.get(id(operation.gate))
                if gate is None:
                    gate = known[id(operation.gate)] = operation.gate.ctrl(nb_controls)
                yield QGateOperation(gate, controls + wires)

    @property
    def has_protected_parts(self) -> bool:
        """Whether some of its operations need no control when it is controlled."""
        return any(isinstance(operation, QGateOperation) and operation.ctrl_prot for operation in self.op_list)

    def box(self, name: str | None = None) -> Gate:
        """The routine as one gate of its own; its operations appear once in a circuit, however often it is used.

        Args:
            name: name of the gate; by default one made for this routine.

        >>> QRoutine(2).box("NOTHING").name
        'NOTHING'
        """
        if self._box is None or (name is not None and self._box.name != name):
            name = name or f"BOX_{next(_BOX_NUMBERS)}"
            self._box = AbstractGate(name, [], arity=self.arity, circuit_generator=lambda: self)
        return self._box()

    # ---------------------------------------------------------------- variables, conversions
    def get_variables(self) -> list[str]:
        """Names of the variables in it, sorted."""
        gates = {id(op.gate): op.gate for op in self.op_list if isinstance(op, QGateOperation)}
        return sorted({name for gate in gates.values() for name in gate.get_variables()})

    def bind_variables(self, values: Mapping[str, Any]) -> QRoutine:
        """The routine with some variables replaced by values."""
        return self._made(self._transformed(lambda gate: gate.bind_variables(values)))

    def to_prog(self) -> Program:
        """A program that applies the routine once, on as many qubits as it has wires."""
        from qat.lang.AQASM.program import Program

        program = Program()
        if self.arity:
            self(program.qalloc(self.arity))
        return program

    def to_circ(self, **kwargs: Any) -> Circuit:
        """The circuit of the routine alone; see ``Program.to_circ`` for the options."""
        return self.to_prog().to_circ(**kwargs)

    def to_job(self, *args: Any, **kwargs: Any) -> Job:
        """A job of the routine alone; see ``Circuit.to_job``."""
        return self.to_circ().to_job(*args, **kwargs)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run the routine alone; see ``Circuit.run``."""
        return self.to_circ().run(*args, **kwargs)

    def eval(self, *args: Any, **kwargs: Any) -> Any:
        """Evaluate the routine alone; see ``Circuit.eval``."""
        return self.to_circ().eval(*args, **kwargs)

    def compile(self, *args: Any, **kwargs: Any) -> Any:
        """Compile the routine alone; see ``Circuit.compile``."""
        return self.to_circ().compile(*args, **kwargs)

    def display(self, *args: Any, **kwargs: Any) -> Any:
        """Draw the routine."""
        return self.to_circ().display(*args, **kwargs)

    def statistics(self) -> Any:
        """Count the gates of the routine; see ``Circuit.statistics``."""
        return self.to_circ().statistics()

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<QRoutine of arity {self.arity}, {len(self.op_list)} operations>"


def _largest_wires(operations: list[Operation]) -> list[int]:
    return [max(op.args) for op in operations if isinstance(op, QGateOperation | AncillaOperation) and op.args]


def _open_scope() -> ScopeManager:
    scope = current_scope()
    if scope is None:
        raise InvalidArguments(
            "compute", "no program or routine is open", "call it inside @qrout, `with Program()` or `with QRoutine()`"
        )
    return scope


def compute() -> Any:
    """``compute`` of the program or routine that is open.

    >>> from qat.lang.AQASM import H, X
    >>> with QRoutine() as rout:
    ...     with compute():
    ...         _ = H(0)
    ...     _ = X(0)
    ...     uncompute()
    >>> len(rout.op_list)
    3
    """
    return _open_scope().compute()


def uncompute() -> None:
    """``uncompute`` of the program or routine that is open.

    Raises:
        NothingToUncompute: there is no ``compute`` block before.

    >>> from qat.lang.AQASM import H
    >>> with QRoutine() as rout:
    ...     with compute():
    ...         _ = H(0)
    ...     uncompute()
    >>> len(rout.op_list)
    2
    """
    _open_scope().uncompute()


def uncompute_all() -> None:
    """``uncompute_all`` of the program or routine that is open.

    >>> from qat.lang.AQASM import H, S
    >>> with QRoutine() as rout:
    ...     for gate in (H, S):
    ...         with compute():
    ...             _ = gate(0)
    ...     uncompute_all()
    >>> len(rout.op_list)
    4
    """
    _open_scope().uncompute_all()
