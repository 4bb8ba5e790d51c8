"""Programs: qubits and classical bits are allocated, operations applied, a circuit made of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qat.core.gate_set import GateSet
from qat.core.parameters import variable_record
from qat.core.records import AncillaMap
from qat.core.variables import Variable
from qat.lang.AQASM.aqasm_util import (
    InvalidArguments,
    InvalidClassicArguments,
    InvalidFormula,
    InvalidMeasureArguments,
    InvalidResetArguments,
    PyAQASMException,
)
from qat.lang.AQASM.bits import BoolFormula, BoolOp, Cbit, CRegister, QRegister, unfold_cbits
from qat.lang.AQASM.gates import Gate
from qat.lang.AQASM.misc import generate_gate_set
from qat.lang.AQASM.operations import (
    BreakOperation,
    CCQGateOperation,
    ClassicOperation,
    CommentOperation,
    MeasureOperation,
    Operation,
    QGateOperation,
    ResetOperation,
)
from qat.lang.AQASM.recorder import Recorder, Recording
from qat.lang.AQASM.scope import OperationNotAuthorized, ScopeManager, check_size
from qat.lang.AQASM.tape_writer import Linking, TapeWriter

if TYPE_CHECKING:
    from qat.core import Circuit

__all__ = ["CbitNotInitialized", "OperationNotAuthorized", "Program"]


class CbitNotInitialized(PyAQASMException, InvalidFormula):
    """A formula or a condition reads a classical bit which nothing has written.

    >>> print(CbitNotInitialized(Cbit(0)))
    c[0] is read but nothing has written it; measure into it, reset it or set it with logic first.
    """

    def __init__(self, cbit: Any) -> None:
        super().__init__(
            f"{cbit} is read but nothing has written it; measure into it, reset it or set it with logic first."
        )


class Program(Recorder, ScopeManager):
    """A quantum program.

    Args:
        default_gate_set: whether the circuit's gate set holds the predefined gates.

    >>> from qat.lang.AQASM import CNOT, H
    >>> prog = Program()
    >>> qubits = prog.qalloc(2)
    >>> _ = prog.apply(H, qubits[0]).apply(CNOT, qubits)
    >>> prog.to_circ().nbqbits
    2
    """

    def __init__(self, default_gate_set: bool = True) -> None:
        self._steps: list[Operation | Recording] = []
        super().__init__()
        self.cbit_count = 0
        self.qbit_count = 0
        self.initialized_cbits: set[int] = set()
        self.default_gate_set = default_gate_set
        self.var_dic: dict[str, type] = {}
        self._registers: list[QRegister] = []  # without their program
        self.gate_set: Any = None
        self._is_recording = True

    # ---------------------------------------------------------------- allocation
    def qalloc(self, size: int = 1, class_type: type[QRegister] | None = None, **kwargs: Any) -> QRegister:
        """Allocate qubits in state zero.

        Args:
            size: how many.
            class_type: class of the register, for a quantum type.
            kwargs: further arguments of that class.
        """
        check_size(size)
        register = (class_type or QRegister)(self.qbit_count, length=int(size), scope=self, **kwargs)
        self.qbit_count += int(size)
        self._registers.append(register.detached())
        return register

    @property
    def registers(self) -> list[QRegister]:
        """The registers, in order of allocation.

        Made anew for each call: a program that kept them, which know it, would wait for the collector of garbage.
        """
        return [register.attached(self) for register in self._registers]

    def calloc(self, size: int = 1) -> CRegister:
        """Allocate classical bits, which are 0."""
        check_size(size)
        register = CRegister(self.cbit_count, int(size))
        self.cbit_count += int(size)
        return register

    def new_var(self, var_type: type, var_name: str) -> Variable:
        """Declare a variable, to be used as a parameter and bound later.

        The circuit and its jobs list it among their variables even where no gate uses it.

        >>> str(Program().new_var(float, "theta"))
        'theta'
        """
        variable = Variable(var_name, var_type)
        self.var_dic[var_name] = var_type
        return variable

    def _claim(self, index: int) -> None:
        if index >= self.qbit_count:
            self.qalloc(index + 1 - self.qbit_count)

    def _new_ancilla(self) -> int:
        return self.qalloc(1).start

    def _taken(self, size: int, *, together: bool) -> list[int]:
        if not together:
            return super()._taken(size, together=together)
        start = self.qalloc(size).start
        return list(range(start, start + size))

    # ---------------------------------------------------------------- operations
    @property
    def op_list(self) -> list[Operation]:
        """The operations. From the first look on, each one that is added is an object of this list."""
        if self._is_recording:
            self._flush()
            self._is_recording = False
            self._steps = [operation for step in self._steps for operation in _operations_of(step)]
        return self._steps  # type: ignore[return-value]

    @op_list.setter
    def op_list(self, operations: list[Operation]) -> None:
        self._take_recorded()
        self._is_recording = False
        self._steps = operations  # type: ignore[assignment]

    def _flush(self) -> None:
        """Put what was recorded among the steps."""
        if (taken := self._take_recorded()) is not None:
            self._steps.append(Recording(*taken))

    def _append(self, operation: Operation) -> None:
        self._flush()
        self._steps.append(operation)

    def _apply(self, gate: Gate, *args: Any) -> None:
        """Apply what the recorder does not take as it stands."""
        gate, indices = self._gate_on(gate, args)
        if not self._record(gate, indices):
            self._append(QGateOperation(gate, indices))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_steps": self.op_list}

    def measure(self, qbits: Any, cbits: Any = None) -> Program:
        """Measure qubits into classical bits, by default those of the same numbers.

        Raises:
            InvalidMeasureArguments: there are not as many of both, or some are repeated.
        """
        qubits = self.indices([qbits])
        bits = list(qubits) if cbits is None else self._bits(cbits)
        if len(qubits) != len(bits) or not qubits:
            raise InvalidMeasureArguments(qubits, bits, "give as many classical bits as qubits, at least one")
        if len(set(qubits)) != len(qubits) or len(set(bits)) != len(bits):
            raise InvalidMeasureArguments(qubits, bits, "some are repeated, give each one once")
        self._written(bits)
        self._append(MeasureOperation(qubits, bits))
        return self

    def reset(self, qblist: Any, cblist: Any = None) -> Program:
        """Set qubits, and classical bits if given, to zero.

        Raises:
            InvalidResetArguments: there is none, or some are repeated.
        """
        qubits = self.indices([qblist])
        bits = [] if cblist is None else self._bits(cblist)
        if not (qubits or bits) or len(set(qubits)) != len(qubits) or len(set(bits)) != len(bits):
            raise InvalidResetArguments(qubits, bits, "give at least one qubit, each one once")
        self._written(bits)
        self._append(ResetOperation(qubits, bits))
        return self

    def cc_apply(self, cbit: Cbit | CRegister, gate: Gate, *args: Any) -> Program:
        """Apply a gate or routine if a classical bit is 1.

        Raises:
            CbitNotInitialized: nothing has written the bit.
        """
        bits = self._bits(cbit)
        if len(bits) != 1:
            raise InvalidClassicArguments(cbit, f"one classical bit controls a gate, not {len(bits)}; give one")
        self._check_written(bits)
        gate, qubits = self._gate_on(gate, args)
        self._append(CCQGateOperation(gate, qubits, bits[0]))
        return self

    def logic(self, cbit: Cbit | CRegister, formula: Cbit | BoolFormula) -> Program:
        """Set a classical bit to a boolean formula (``& | ^ ~``) of classical bits.

        Raises:
            CbitNotInitialized: the formula reads a bit that nothing has written.
        """
        bits = self._bits(cbit)
        if len(bits) != 1:
            raise InvalidClassicArguments(cbit, f"a formula sets one classical bit, not {len(bits)}; give one")
        self._append(ClassicOperation(bits[0], self._formula(formula)))
        self._written(bits)
        return self

    def cbreak(self, formula: Cbit | BoolFormula) -> Program:
        """Stop the program if a boolean formula is true.

        Raises:
            CbitNotInitialized: the formula reads a bit that nothing has written.
        """
        self._append(BreakOperation(self._formula(formula)))
        return self

    def comment(self, message: str) -> None:
        """Leave a remark in the program."""
        self._append(CommentOperation(message))

    def _bits(self, cbits: Any) -> list[int]:
        return [self._checked_bit(bit.index, bit) for bit in unfold_cbits(cbits)]

    def _checked_bit(self, index: int, shown: Any) -> int:
        if not 0 <= index < self.cbit_count:
            raise InvalidClassicArguments(
                shown, f"this program has {self.cbit_count} classical bits; allocate more with calloc"
            )
        return index

    def _written(self, bits: Iterable[int]) -> None:
        self.initialized_cbits.update(bits)
        self.cbit_count = max(self.cbit_count, *(bit + 1 for bit in bits), 0)

    def _check_written(self, bits: Iterable[int]) -> None:
        for bit in bits:
            if bit not in self.initialized_cbits:
                raise CbitNotInitialized(Cbit(bit))

    def _formula(self, formula: Any) -> BoolFormula:
        if isinstance(formula, CRegister) and len(formula) == 1:
            formula = formula[0]
        if isinstance(formula, Cbit):
            formula = BoolFormula(BoolOp.LEAF, formula)
        if not isinstance(formula, BoolFormula):
            raise InvalidClassicArguments(formula, "it is no formula; combine classical bits with & | ^ ~")
        for bit in formula.cbits_list():
            self._checked_bit(bit, Cbit(bit))
        self._check_written(formula.cbits_list())
        return formula

    # ---------------------------------------------------------------- circuits
    def to_circ(
        self,
        include_matrices: bool = True,
        include_locks: bool = False,
        inline: bool = False,
        do_link: bool = True,
        comparison_eps: float = 1e-20,
        box_routines: bool = False,
        *,
        link: Any = None,
        keep: Iterable[str] | None = None,
        submatrices_only: bool = False,
    ) -> Circuit:
        """The circuit of the program.

        Args:
            include_matrices: show the matrices of gates in the gate dictionary.
            include_locks: write ``LOCK`` and ``RELEASE`` where ancillas are taken and given back.
            inline: open the implementations of gates in place instead of keeping them as boxes.
            do_link: give implementations to the gates that have one.
            comparison_eps: accepted for compatibility. Equal gates share one entry of the gate dictionary, gates with
                different parameters never do, however close they are.
            box_routines: make a gate of every routine.
            link: modules, gates or gate sets with further implementations.
            keep: names of gates that get no implementation.
            submatrices_only: no matrices for controlled gates.
        """
        gate_set = None if link is None else generate_gate_set(link)
        linking = Linking(
            gate_set.gate_signatures if gate_set is not None else None,
            keep=keep or (),
            is_on=do_link,
            inline=inline,
            box_routines=box_routines,
            include_locks=include_locks,
        )
        writer = TapeWriter(self.qbit_count, linking)
        try:
            self._flush()
            writer.write(self._steps)
        except RecursionError:
            cure = "build it up from fewer levels, and none from itself"
            raise InvalidArguments("a routine", "it is nested too deep, perhaps in itself", cure) from None
        return _circuit_class().from_tape(
            writer.tape(self.cbit_count or self.qbit_count),
            qregs=[register.detached() for register in self._registers],
            gate_set=None if self.default_gate_set else GateSet(),
            include_matrices=include_matrices,
            submatrices_only=submatrices_only,
            var_dic={name: variable_record(name, a_type) for name, a_type in self.var_dic.items()} or None,
            ancilla_map=_ancilla_map(writer),
        )

    def export(self, fname: str) -> None:
        """Write the program as AQASM text to a file."""
        Path(fname).write_text(str(self), encoding="utf-8")

    def __str__(self) -> str:
        """The program as AQASM text."""
        from qat.lang.AQASM.text import program_to_text

        return program_to_text(self)

    def display(self, **kwargs: Any) -> Any:
        """Draw its circuit."""
        return self.to_circ().display(**kwargs)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run its circuit; see ``Circuit.run``."""
        return self.to_circ().run(*args, **kwargs)


@cache
def _circuit_class() -> type[Circuit]:
    from qat.core.wrappers.circuit import Circuit

    return Circuit


def _operations_of(step: Operation | Recording) -> Iterable[Operation]:
    return step.operations() if isinstance(step, Recording) else (step,)


def _ancilla_map(writer: TapeWriter) -> AncillaMap | None:
    if not writer.locked_ranges:
        return None
    return AncillaMap(writer.locked_ranges, len(writer.locked_ranges))
