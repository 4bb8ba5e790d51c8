"""Building circuits operation by operation, with names for the gates in use, as parsers of text formats do.

::

    BuilderError (Exception)
    ├── InvalidArguments           qubits or classical bits repeated or out of range
    ├── InvalidArity               a gate on the wrong number of qubits
    ├── InvalidFormula             a boolean formula that cannot be evaluated
    ├── EmptyReset                 a reset of nothing
    └── VariableNameNotAvailable   a variable name is taken
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qat.core.enums import OpType
from qat.core.gate_set import GateSet, GateSignature, default_gate_set
from qat.core.records import Op, QRegister
from qat.core.variables import Variable
from qat.kernels.formula import bits_of_formula, evaluate_formula
from qat.kernels.gates import GATES, GateForm, GateRecord, matrix_gate
from qat.kernels.tape import is_symbolic

if TYPE_CHECKING:
    from qat.core.wrappers.circuit import Circuit

__all__ = [
    "BuilderError", "CircuitBuilder", "EmptyReset", "InvalidArguments", "InvalidArity", "InvalidFormula",
    "VariableNameNotAvailable", "signature_form",
]  # fmt: skip


class BuilderError(Exception):
    """Root of the errors of circuit builders."""


class InvalidArguments(BuilderError):  # noqa: N818 (published name)
    """Qubits or classical bits that an operation cannot act on."""


class InvalidArity(BuilderError):  # noqa: N818 (published name)
    """A gate on the wrong number of qubits."""


class InvalidFormula(BuilderError):  # noqa: N818 (published name)
    """A boolean formula that cannot be evaluated."""


class EmptyReset(BuilderError):  # noqa: N818 (published name)
    """A reset of nothing."""


class VariableNameNotAvailable(BuilderError):  # noqa: N818 (published name)
    """A variable name is taken."""


def signature_form(signature: GateSignature, parameters: Sequence[Any], nb_qubits: int) -> GateForm:
    """The form of a gate given by a signature and parameters, for use on ``nb_qubits`` qubits if its arity is open.

    >>> signature_form(default_gate_set()["RX"], [0.5], 1).syntax
    'RX'
    """
    signature.check_args(tuple(parameters))
    record = GATES.get(signature.name)
    arity = signature.get_arity(*parameters)
    if record is not None and signature.matrix_generator is record.matrix:
        return GateForm(record)
    types = tuple(signature.arg_types)
    matrix = None if any(map(is_symbolic, parameters)) else signature.get_matrix(*parameters)
    if matrix is not None:
        return GateForm(matrix_gate(matrix, name=signature.name, parameters=types))
    arity = nb_qubits if arity is None else arity
    identity = (signature.name, arity, types, None, None)
    return GateForm(
        GateRecord(name=signature.name, arity=arity, parameters=types, label=signature.name, identity=identity)
    )


class CircuitBuilder:
    """Builds a circuit operation by operation.

    Args:
        nbqbits: number of qubits.
        nbcbits: number of classical bits.
        gate_set: the gates known by name; the predefined ones by default.
        include_matrices: show the matrices of gates in the gate dictionary.

    ``build_…`` makes an operation, ``apply_…`` makes one and appends it to ``ops``.

    >>> builder = CircuitBuilder(nbqbits=2)
    >>> builder.apply_gate_by_signature("RX", [0.5], [1])
    >>> list(builder.gen_circuit().iterate_simple())
    [('RX', [0.5], [1])]
    """

    def __init__(
        self,
        nbqbits: int = 0,
        nbcbits: int = 0,
        gate_set: GateSet | None = None,
        include_matrices: bool = True,
        **_options: Any,
    ) -> None:
        from qat.core.wrappers.gate_view import GateNames

        self.nbqbits = nbqbits
        self.nbcbits = nbcbits
        self.gate_set = default_gate_set() if gate_set is None else gate_set
        self.ops: list[Op] = []
        self.qregs: list[QRegister] = []
        self._names = GateNames(include_matrices, False)

    @property
    def param_gates_dic(self) -> dict[str, Any]:
        """The gate dictionary so far."""
        return self._names.definitions

    # ---------------------------------------------------------------- gates
    def insert_form(self, form: GateForm, parameters: Sequence[Any] = ()) -> str:
        """The name of a gate in the gate dictionary, where it is entered if it is new."""
        return self._names.name(form.control(0), tuple(parameters))

    def insert_by_signature(self, name: str, params: Sequence[Any], eps: float = 1e-6) -> str:
        """The name in the gate dictionary of a gate of the gate set.

        Raises:
            UnknownGate: the gate set has no such gate.
        """
        del eps
        return self.insert_form(signature_form(self.gate_set[name], params, 0), params)

    def build_gate_by_signature(self, name: str, params: Sequence[Any], qblist: Sequence[int]) -> Op:
        """A gate of the gate set on qubits."""
        return self.build_form(signature_form(self.gate_set[name], params, len(qblist)), params, qblist)

    def apply_gate_by_signature(self, name: str, params: Sequence[Any], qblist: Sequence[int]) -> None:
        """Append a gate of the gate set on qubits."""
        self.ops.append(self.build_gate_by_signature(name, params, qblist))

    def build_gate_by_matrix(self, matrix: Any, qblist: Sequence[int]) -> Op:
        """A gate given by its matrix on qubits."""
        return self.build_form(GateForm(matrix_gate(matrix)), (), qblist)

    def apply_gate_by_matrix(self, matrix: Any, qblist: Sequence[int]) -> None:
        """Append a gate given by its matrix on qubits."""
        self.ops.append(self.build_gate_by_matrix(matrix, qblist))

    def build_form(self, form: GateForm, parameters: Sequence[Any], qubits: Sequence[int]) -> Op:
        """A gate in the form of the gate table on qubits.

        Raises:
            InvalidArity: there are not as many qubits as it acts on.
            InvalidArguments: a qubit is repeated or out of range.
        """
        indices = self._checked(qubits, self.nbqbits, "Qbits")
        if len(indices) != form.arity:
            raise InvalidArity(
                f"Gate {form.syntax} of arity {form.arity} applied on {indices}; give {form.arity} qubits."
            )
        return Op(self.insert_form(form, parameters), indices)

    # ---------------------------------------------------------------- classical operations
    def build_measure(self, qblist: Sequence[int], cblist: Sequence[int]) -> Op:
        """A measurement of qubits into classical bits.

        Raises:
            InvalidArguments: there are not as many qubits as bits, or one is repeated or out of range.
        """
        qubits = self._checked(qblist, self.nbqbits, "Qbits")
        cbits = self._checked(cblist, self.nbcbits, "Cbits")
        if len(qubits) != len(cbits):
            raise InvalidArguments(f"{len(qubits)} qubits are measured into {len(cbits)} classical bits; give as many.")
        return Op(None, qubits, OpType.MEASURE, cbits)

    def apply_measure(self, qblist: Sequence[int], cblist: Sequence[int]) -> None:
        """Append a measurement."""
        self.ops.append(self.build_measure(qblist, cblist))

    def build_reset(self, qblist: Sequence[int], cblist: Sequence[int]) -> Op:
        """A reset of qubits and classical bits.

        Raises:
            EmptyReset: there is nothing to reset.
            InvalidArguments: a qubit or bit is repeated or out of range.
        """
        qubits = self._checked(qblist, self.nbqbits, "Qbits")
        cbits = self._checked(cblist, self.nbcbits, "Cbits")
        if not (qubits or cbits):
            raise EmptyReset("Empty reset instruction; give it qubits or classical bits.")
        return Op(None, qubits, OpType.RESET, cbits)

    def apply_reset(self, qblist: Sequence[int], cblist: Sequence[int]) -> None:
        """Append a reset."""
        self.ops.append(self.build_reset(qblist, cblist))

    def build_classic(self, cbit: int, formula: str) -> Op:
        """A classical bit set to a boolean formula in prefix notation."""
        self._checked([cbit], self.nbcbits, "Cbits")
        return Op(None, None, OpType.CLASSIC, [cbit], self._formula(formula))

    def apply_classic(self, cbit: int, formula: str) -> None:
        """Append a classical bit set to a boolean formula."""
        self.ops.append(self.build_classic(cbit, formula))

    def build_break(self, formula: str) -> Op:
        """A stop of the program if a boolean formula is true."""
        return Op(None, None, OpType.BREAK, None, self._formula(formula))

    def apply_break(self, formula: str) -> None:
        """Append a stop of the program."""
        self.ops.append(self.build_break(formula))

    def _formula(self, formula: str) -> str:
        self._checked(sorted(set(bits_of_formula(formula))), self.nbcbits, "Cbits")
        try:
            evaluate_formula(formula, [0] * self.nbcbits)
        except ValueError as error:
            raise InvalidFormula(f"Formula ({formula}) cannot be read: {error}") from error
        return formula

    def _checked(self, indices: Sequence[int], limit: int, kind: str) -> list[int]:
        numbers = [int(index) for index in indices]
        if len(set(numbers)) != len(numbers):
            raise InvalidArguments(f"{kind} {numbers} contains repetitions; give each one once.")
        if beyond := [number for number in numbers if not 0 <= number < limit]:
            raise InvalidArguments(f"{kind} {beyond} are out of range: there are {limit}; use 0 to {limit - 1}.")
        return numbers

    # ---------------------------------------------------------------- the circuit
    def set_nbqbits(self, val: int) -> None:
        """Set the number of qubits."""
        self.nbqbits = val

    def set_nbcbits(self, val: int | None = None) -> None:
        """Set the number of classical bits, by default to the number of qubits."""
        self.nbcbits = self.nbqbits if val is None else val

    def add_quantum_register(self, qreg: QRegister) -> None:
        """Note a register."""
        self.qregs.append(qreg)

    def add_variable(self, var_type: type, val: Any = None, var_name: str | None = None) -> Variable:
        """A variable for use as a parameter."""
        del val
        return Variable(var_name or f"v{len(self.ops)}", var_type)

    def get_arity(self, gate_name: str) -> int | None:
        """Number of qubits of a gate of the gate dictionary."""
        arity: int | None = self.param_gates_dic[gate_name].arity
        return arity

    def gen_circuit(self) -> Circuit:
        """The circuit of the operations so far."""
        from qat.core.wrappers.circuit import Circuit

        return Circuit(
            ops=list(self.ops),
            gateDic=dict(self.param_gates_dic),
            nbqbits=self.nbqbits,
            nbcbits=self.nbcbits,
            qregs=list(self.qregs) or [QRegister(self.nbqbits, 0)],
        )
