"""Circuits: columns inside, the published per-gate view on demand.

A circuit made by a program is a :class:`~qat.kernels.tape.Tape`. Whoever asks for ``ops`` or ``gateDic`` gets the
published per-gate view and may edit it in place; from then on the view is what counts, and the tape is read from it
whenever it is needed, with an explanation of whatever is wrong in it.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qat.core.gate_set import GateSet, default_gate_set
from qat.core.parameters import variable_record
from qat.core.records import AncillaMap, GateDefinition, Op, QRegister, Variable
from qat.core.serialization import Serializable
from qat.core.wrappers.binding import bound_tape
from qat.core.wrappers.gate_view import gate_view
from qat.core.wrappers.simple import simple_row
from qat.core.wrappers.view_reader import CircuitError, read_view
from qat.kernels.tape import Tape, TapeBuilder
from qat.kernels.tape_algebra import (
    all_expressions,
    concatenated,
    depth,
    gate_counts,
    inverted,
    opened,
    relabelled,
    resized,
    same_operations,
    tape_of,
    tensored,
)

if TYPE_CHECKING:
    from qat.core.wrappers.job import Batch, Job

DEFAULT_AMP_THRESHOLD = 2.0**-40
"""Amplitudes below this are left out of exact results."""


class Circuit(Serializable):
    """A quantum circuit.

    Args:
        ops: operations; with ``gateDic``, the published way to build a circuit by hand.
        name: any name.
        gateDic: definitions of the gates by name.
        nbqbits: number of qubits.
        nbcbits: number of classical bits.
        has_matrices: a flag kept for programs that set it.
        var_dic: the variables by name.
        qregs: the registers, which give measured values their types.
        ancilla_map: where ancillas are in use.

    >>> circuit = Circuit(ops=[Op("H", [0]), Op("CNOT", [0, 1])], nbqbits=2)
    >>> list(circuit.iterate_simple())
    [('H', [], [0]), ('CNOT', [], [0, 1])]
    """

    file_extension = ".circ"
    __hash__ = None  # type: ignore[assignment]

    _tape: Tape | None
    _ops: list[Op] | None
    _gates: dict[str, GateDefinition] | None
    _include_matrices: bool
    _submatrices_only: bool
    nbqbits: int
    nbcbits: int

    def __init__(
        self,
        ops: list[Op] | None = None,
        name: str | None = None,
        gateDic: dict[str, GateDefinition] | None = None,  # noqa: N803
        nbqbits: int | None = None,
        nbcbits: int = 0,
        _gate_set: GateSet | None = None,
        has_matrices: bool | None = None,
        var_dic: dict[str, Variable] | None = None,
        qregs: list[QRegister] | None = None,
        ancilla_map: AncillaMap | None = None,
        _serialized_gate_set: bytes | None = None,
    ) -> None:
        self._tape = None
        self._ops = [] if ops is None else ops
        self._gates = {} if gateDic is None else gateDic
        self._include_matrices, self._submatrices_only = True, False
        self.name = name
        self.nbqbits = nbqbits  # type: ignore[assignment]
        self.nbcbits = nbcbits
        self.has_matrices = has_matrices
        self.qregs = qregs
        self.ancilla_map = ancilla_map
        self._var_dic = var_dic
        self._gate_set = _gate_set

    @classmethod
    def from_tape(
        cls,
        tape: Tape,
        *,
        qregs: Sequence[Any] = (),
        name: str | None = None,
        gate_set: GateSet | None = None,
        include_matrices: bool = True,
        submatrices_only: bool = False,
        var_dic: dict[str, Variable] | None = None,
        ancilla_map: AncillaMap | None = None,
    ) -> Circuit:
        """The circuit of a tape.

        Args:
            tape: the operations.
            qregs: the registers; without any, there is one with all qubits.
            name: any name.
            gate_set: the gates known to the program; the predefined ones by default.
            include_matrices: whether gate definitions carry matrices.
            submatrices_only: leave out the matrices of controlled gates.
            var_dic: declared variables by name, in use or not; those in use need not be given.
            ancilla_map: where ancillas are in use.
        """
        circuit = cls.__new__(cls)
        circuit.__dict__ = {
            "_tape": tape,
            "_ops": None,
            "_gates": None,
            "_include_matrices": include_matrices,
            "_submatrices_only": submatrices_only,
            "name": name,
            "nbqbits": tape.nb_qubits,
            "nbcbits": tape.nb_cbits,
            "has_matrices": False,
            "qregs": list(qregs) or [QRegister(tape.nb_qubits, 0)],
            "ancilla_map": ancilla_map,
            "_var_dic": var_dic,
            "_gate_set": gate_set,
        }
        return circuit

    @classmethod
    def empty(cls, nbqbits: int) -> Circuit:
        """A circuit without operations.

        >>> len(Circuit.empty(3)), Circuit.empty(3).nbqbits
        (0, 3)
        """
        return cls.from_tape(TapeBuilder().tape(nbqbits))

    # ------------------------------------------------------------------ the two forms

    @property
    def tape(self) -> Tape:
        """The operations in columns. Once somebody has taken the per-gate view, it is read from there at every call.

        Raises:
            CircuitError: the per-gate view has been given something that makes no sense.
        """
        if self._tape is not None:
            return resized(self._tape, self.nbqbits, self.nbcbits)
        if self.nbqbits is None:
            raise CircuitError("the circuit has no number of qubits: set circuit.nbqbits")
        assert self._ops is not None and self._gates is not None
        return read_view(self._ops, self._gates, self.nbqbits, self.nbcbits or 0)

    @property
    def has_view(self) -> bool:
        """Whether somebody has taken the per-gate view, so that it is what counts."""
        return self._tape is None

    @property
    def flat_tape(self) -> Tape:
        """The operations in columns, with all boxes opened."""
        return opened(self.tape)

    def _take_view(self) -> None:
        if self._tape is not None:
            self._ops, self._gates = gate_view(
                self._tape, include_matrices=self._include_matrices, submatrices_only=self._submatrices_only
            )
            self._tape = None

    def _with_tape(self, tape: Tape, **changes: Any) -> Circuit:
        """This circuit with other operations."""
        circuit = self.__class__.__new__(self.__class__)
        if "_var_dic" not in changes:
            changes["_var_dic"] = self.declared_variables()
        circuit.__dict__ = {
            **self.__dict__, "_tape": tape, "_ops": None, "_gates": None, "nbqbits": tape.nb_qubits,
            "nbcbits": tape.nb_cbits, **changes,
        }  # fmt: skip
        return circuit

    def declared_variables(self, bound: Container[str] = ()) -> dict[str, Variable] | None:
        """The declared variables by name, without those that are now bound; ``None`` when nobody has declared any."""
        if self._var_dic is None:
            return None
        return {name: variable for name, variable in self._var_dic.items() if name not in bound}

    @property
    def ops(self) -> list[Op]:
        """The operations, boxes unopened; may be edited in place."""
        self._take_view()
        assert self._ops is not None
        return self._ops

    @ops.setter
    def ops(self, ops: list[Op] | None) -> None:
        self._take_view()
        self._ops = [] if ops is None else ops

    @property
    def gateDic(self) -> dict[str, GateDefinition]:  # noqa: N802
        """The definitions of the gates by the names that ``ops`` uses; may be edited in place."""
        self._take_view()
        assert self._gates is not None
        return self._gates

    @gateDic.setter
    def gateDic(self, gates: dict[str, GateDefinition] | None) -> None:  # noqa: N802
        self._take_view()
        self._gates = {} if gates is None else gates

    @property
    def var_dic(self) -> dict[str, Variable]:
        """The variables still to be bound by name: the declared ones, used by a gate or not, and all others in use."""
        if self._var_dic is None:
            self._var_dic = {}
        for name in self.get_variables():
            if name not in self._var_dic:
                self._var_dic[name] = variable_record(name, float)
        return self._var_dic

    @var_dic.setter
    def var_dic(self, variables: dict[str, Variable] | None) -> None:
        self._var_dic = variables

    @property
    def gate_set(self) -> GateSet:
        """The gates known to the program that made the circuit."""
        if self._gate_set is None:
            self._gate_set = default_gate_set()
        return self._gate_set

    @gate_set.setter
    def gate_set(self, gate_set: GateSet | None) -> None:
        self._gate_set = gate_set

    # ------------------------------------------------------------------ looking

    def __len__(self) -> int:
        return len(self._tape) if self._tape is not None else len(self.ops)

    def __iter__(self) -> Iterator[Op]:
        from qat.core.util import ops_iterate

        return ops_iterate(self)

    def iterate_simple(self, depth: int | None = None) -> Iterator[tuple[Any, ...]]:
        """The operations as ``(name, parameters, qubits)``, boxes opened down to ``depth`` levels (all by default).

        A classically controlled gate has its classical bit as fourth entry. The others are ``("MEASURE", qubits,
        cbits)``, ``("RESET", qubits, cbits)``, ``("LOGIC", formula, cbit)``, ``("BREAK", formula)`` and ``("REMAP",
        qubits, remap)``. A gate known by its matrix alone has neither name nor parameters, but ``None``.
        """
        return map(simple_row, opened(self.tape, depth).rows())

    def count(self, gate: str) -> int:
        """How often a gate is used, by its published name with prefixes; boxes are opened."""
        return gate_counts(self.flat_tape).get(gate, 0)

    def depth(
        self, gate_times: Mapping[str, Any] | None = None, gates: Sequence[str] | None = None, default: Any = 0
    ) -> Any:
        """Duration of the longest chain of operations that share qubits.

        Args:
            gate_times: duration of each operation, by published name.
            gates: instead, names of the operations that take 1.
            default: duration of the others; ``depth(default=1)`` is the usual depth.

        Raises:
            ValueError: both are given.
        """
        if gate_times is not None and gates is not None:
            raise ValueError("Only one of the two gate_times and gates can be specified: leave one out")
        durations = gate_times if gate_times is not None else dict.fromkeys(gates or (), 1)
        return depth(self.flat_tape, durations, default)

    def statistics(self) -> dict[str, Any]:
        """Numbers of qubits, of operations and of each gate, boxes opened."""
        from qat.core.util import statistics

        return statistics(self)

    def get_variables(self) -> list[str]:
        """Names of the variables that are still to be bound, sorted; also of those declared but used by no gate."""
        expressions = all_expressions(self.tape)
        used = {name for expression in expressions for name in expression.get_variables()}
        return sorted(used.union(self._var_dic) if self._var_dic else used)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Circuit):
            return NotImplemented
        mine, others = (self.name, self.nbqbits, self.nbcbits), (other.name, other.nbqbits, other.nbcbits)
        return self is other or (mine == others and same_operations(self.tape, other.tape))

    def __repr__(self) -> str:
        """One line, where the published package prints every operation and matrix; ``display`` draws the circuit."""
        if self.has_view:
            return f"Circuit({len(self)} operations, edited by hand, nbqbits={self.nbqbits}, nbcbits={self.nbcbits})"
        counts = ", ".join(f"{count} {name}" for name, count in gate_counts(self.tape).items())
        variables = f", variables={self.get_variables()}" if self.get_variables() else ""
        return f"Circuit({counts or 'empty'}, nbqbits={self.nbqbits}, nbcbits={self.nbcbits}{variables})"

    # ------------------------------------------------------------------ binding

    def bind_variables(
        self, v_dictionary: Mapping[str, Any], gate_set: GateSet | None = None, **kwargs: Any
    ) -> Circuit:
        """A new circuit with values for variables; names that it does not use are ignored.

        Args:
            v_dictionary: values by name.
            gate_set: matrices of gates that are not predefined are looked up here.
            kwargs: ignored.

        Raises:
            ValueError: an angle becomes infinite or not a number.
        """
        del kwargs
        tape = bound_tape(self.tape, v_dictionary)
        if gate_set is not None:
            from qat.core.wrappers.editing import filled

            tape = filled(tape, _checked_gate_set(gate_set))
        return self._with_tape(tape, _var_dic=self.declared_variables(v_dictionary))

    def bind_variable(self, v_name: str, v_value: Any, gate_set: GateSet | None = None) -> Circuit:
        """A new circuit with a value for one variable."""
        return self.bind_variables({v_name: v_value}, gate_set)

    def __call__(self, gate_set: GateSet | None = None, **kwargs: Any) -> Circuit:
        """A new circuit with values for variables, given by name."""
        return self.bind_variables(kwargs, gate_set)

    # ------------------------------------------------------------------ building

    def __add__(self, other_circuit: Circuit) -> Circuit:
        if not isinstance(other_circuit, Circuit):
            return NotImplemented
        return self._combined(concatenated(self.tape, other_circuit.tape), other_circuit)

    def __mul__(self, other_circuit: Circuit) -> Circuit:
        if not isinstance(other_circuit, Circuit):
            return NotImplemented
        return self._combined(tensored(self.tape, other_circuit.tape), other_circuit)

    def __iadd__(self, other_circuit: Circuit) -> Circuit:
        return self._become(self + other_circuit)

    def __imul__(self, other_circuit: Circuit) -> Circuit:
        return self._become(self * other_circuit)

    def _become(self, other: Circuit) -> Circuit:
        """This very object with the content of another: a job that holds it sees the change."""
        self.__dict__.update(other.__dict__, name=self.name)
        return self

    def _combined(self, tape: Tape, other: Circuit) -> Circuit:
        gate_set = self._gate_set
        if other._gate_set is not None:
            gate_set = other._gate_set if gate_set is None else gate_set.union(other._gate_set)
        variables = {**(self._var_dic or {}), **(other._var_dic or {})} or None
        registers = [QRegister(tape.nb_qubits, 0)]
        return self._with_tape(
            tape, qregs=registers, _gate_set=gate_set, _var_dic=variables, ancilla_map=AncillaMap({}, 0), name=None
        )

    def dag(self, dagger_from_params: Any = None, **kwargs: Any) -> Circuit:
        """The inverse circuit.

        Args:
            dagger_from_params: for gates whose inverse is the same gate with other parameters, by name: a function
                from the list of the old parameters to the new ones. Rotations need none.
            kwargs: published arguments, not needed here: matrices are found by themselves.

        Raises:
            ValueError: the circuit has operations other than plain gates.

        >>> from qat.lang.AQASM import AbstractGate, Program
        >>> prog = Program()
        >>> _ = prog.apply(AbstractGate("ZZ", [float], arity=2)(0.5), prog.qalloc(2))
        >>> list(prog.to_circ().dag({"ZZ": lambda params: [-params[0]]}).iterate_simple())
        [('ZZ', [-0.5], [0, 1])]
        """
        del kwargs
        return self._with_tape(inverted(self.tape, dagger_from_params))

    def insert_gate(self, position: int, gate: Any, qbits: Sequence[Any], **kwargs: Any) -> None:
        """Insert a gate or routine of the language before the operation at ``position``, as ``list.insert`` does."""
        from qat.core.wrappers.editing import inserted

        self._replace(inserted(self.tape, position, gate, qbits, **kwargs))

    def fill_matrices(
        self, gate_set: GateSet, submatrices_only: bool = True, include_default_gate_set: bool = False
    ) -> None:
        """Give matrices to the gates that have none.

        Args:
            gate_set: where the matrices of gates that are not predefined come from.
            submatrices_only: leave out controlled gates.
            include_default_gate_set: published argument; the predefined gates are always known.
        """
        from qat.core.wrappers.editing import filled

        del include_default_gate_set
        self._replace(filled(self.tape, gate_set), _include_matrices=True, _submatrices_only=submatrices_only)

    def remove_locks(self) -> None:
        """Remove the marks that tell when an ancilla is in use."""
        rows = (row for row in self.tape.rows() if row.form is None or row.form.record.name not in LOCKS)
        self._replace(tape_of(rows, self.nbqbits, self.nbcbits))

    def shift_qbits(self, offset: int) -> None:
        """Put ``offset`` new qubits before the others.

        Raises:
            ValueError: the offset is negative.
        """
        if offset < 0:
            raise ValueError(f"Cannot shift qubits by {offset}: give the number of qubits to put in front, 0 or more")
        nb_qubits = self.nbqbits + offset
        tape = relabelled(self.tape, range(offset, nb_qubits), nb_qubits)
        self._replace(tape, qregs=_shifted_registers(self.qregs, offset))

    def _replace(self, tape: Tape, **changes: Any) -> None:
        """Take other operations; a per-gate view that somebody holds is changed in place."""
        ops, gates = self._ops, self._gates
        self.__dict__ = self._with_tape(tape, **changes).__dict__
        if ops is not None and gates is not None:
            self._take_view()
            ops[:], new_gates = self.ops, dict(self.gateDic)
            gates.clear()
            gates.update(new_gates)
            self._ops, self._gates = ops, gates

    # ------------------------------------------------------------------ using

    def to_job(
        self,
        job_type: str = "SAMPLE",
        qubits: Any = None,
        nbshots: int = 0,
        aggregate_data: bool = True,
        amp_threshold: float = DEFAULT_AMP_THRESHOLD,
        **kwargs: Any,
    ) -> Job:
        """A job that runs this circuit.

        Args:
            job_type: ``"SAMPLE"`` or ``"OBS"``; anything else is taken as ``"SAMPLE"``.
            qubits: the qubits to measure at the end: integers, a register or a list of registers; all by default.
            nbshots: number of shots; 0 asks for the exact result.
            aggregate_data: put equal outcomes together.
            amp_threshold: amplitudes below this are left out of exact results.
            kwargs: ``observable``, ``observables``, ``psi_0``, ``meta_data``.

        Raises:
            ValueError: no observable, too large an observable, a qubit that does not exist, a negative number of shots.
        """
        from qat.core.wrappers.job import job_of_circuit

        return job_of_circuit(
            self,
            job_type,
            qubits,
            nbshots=nbshots,
            aggregate_data=aggregate_data,
            amp_threshold=amp_threshold,
            **kwargs,
        )

    def run(self, qpu: Any = None, **kwargs: Any) -> Any:
        """Run the circuit and return the result; ``kwargs`` are those of :meth:`to_job`."""
        return self.to_job(**kwargs).run(qpu)

    def eval(self, parameters: Sequence[Any] | None = None, qpu: Any = None, **kwargs: Any) -> Any:
        """What ``Job.eval`` gives for the job made with ``kwargs``."""
        return self.to_job(**kwargs).eval(parameters, qpu)

    def compile(self, qpu: Any, specs: Any = None, **kwargs: Any) -> Job | Batch:
        """The job of :meth:`to_job` (with ``kwargs``) as a plugin, or the plugins of a QPU, would change it.

        See ``Job.compile``.
        """
        return self.to_job(**kwargs).compile(qpu, specs)

    def display(self, **kwargs: Any) -> Any:
        """Draw the circuit."""
        from qat.core.display_hook import renderer

        return renderer().display(self, **kwargs)

    def __str__(self) -> str:
        return repr(self)


LOCKS = frozenset({"LOCK", "RELEASE"})
"""Names of the gates that mark where an ancilla is taken and given back."""


def _checked_gate_set(gate_set: Any) -> GateSet:
    if not isinstance(gate_set, GateSet):
        raise TypeError(f"The gate set is {gate_set!r}: give a GateSet, and values of variables by name, as in (a=0.5)")
    return gate_set


def _shifted_registers(registers: list[Any] | None, offset: int) -> list[Any] | None:
    from copy import copy

    if not offset:
        return registers
    shifted = [copy(register) for register in registers or ()]
    for register in shifted:
        register.start = (register.start or 0) + offset
    return [QRegister(offset, 0), *shifted]


__all__ = ["DEFAULT_AMP_THRESHOLD", "LOCKS", "Circuit"]
