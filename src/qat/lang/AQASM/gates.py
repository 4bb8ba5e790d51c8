"""Gates of the language: thin views over the forms of the gate table, with parameters.

``X``, ``H``, … are gates; ``RX``, ``PH``, … make gates from parameters; ``ctrl``, ``dag``, ``trans``, ``conj`` make
new gates. A gate is applied by calling it on qubits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from qat.core.gate_set import GateSignature
from qat.kernels.gates import GATES, GateForm, GateRecord, Matrix, matrix_gate
from qat.kernels.tape import is_symbolic
from qat.lang.AQASM.aqasm_util import InvalidArguments
from qat.lang.AQASM.bits import Qbit, QRegister
from qat.lang.AQASM.generated import GeneratedMatrix, token
from qat.lang.AQASM.math_util import InvalidDimensions, check_unitarity, get_arity
from qat.lang.AQASM.parameters import checked_parameters
from qat.lang.AQASM.scope import Applicable, current_scope

if TYPE_CHECKING:
    from qat.lang.AQASM.routines import QRoutine
    from qat.lang.AQASM.scope import ScopeManager

__all__ = [
    "CCNOT", "CNOT", "CSIGN", "ISWAP", "PH", "RX", "RY", "RZ", "SQRTSWAP", "SWAP", "AbstractGate", "CustomGate", "Gate",
    "H", "I", "ParamGate", "PredefGate", "S", "T", "X", "Y", "Z",
]  # fmt: skip

_MAX_CONTROLS = 2**20
_FOLDABLE = frozenset(("X", "Z", "CNOT"))


class Gate(Applicable):
    """A gate with its parameters, ready to be applied.

    Args:
        arity: number of qubits.
        matrix: its matrix, shape ``(2**arity, 2**arity)``, qubit 0 most significant.
        name: its name.

    Attributes:
        form: the record of the gate table with controls and marks.
        parameters: as the user gave them.

    >>> swap = Gate(2, np.eye(4)[[0, 2, 1, 3]], "EXCHANGE")
    >>> swap.ctrl().arity, swap.dag().is_dag, swap.ctrl().subgate == swap
    (3, True, True)
    """

    form: GateForm
    parameters: tuple[Any, ...]
    signature: AbstractGate | None
    _tape_parameters: tuple[Any, ...]

    def __init__(self, arity: int, matrix: Any = None, name: str | None = None) -> None:
        self._set(GateForm(_given_record(arity, matrix, name or "CustomGate")), (), None)

    def _set(self, form: GateForm, parameters: tuple[Any, ...], signature: AbstractGate | None) -> None:
        self.form = form
        self.parameters = self._tape_parameters = parameters
        self.signature = signature
        self.arity = form.record.arity + form.nb_controls if form.record.arity else None

    def _like(self, form: GateForm, parameters: tuple[Any, ...] | None = None) -> Gate:
        made: Gate = object.__new__(_class_of(form))
        made._set(form, self.parameters if parameters is None else parameters, self.signature)
        if form.record.matrix is not None and not form.record.parameters:
            made._tape_parameters = ()
        return made

    @property
    def tape_form(self) -> GateForm:
        """The form as circuits hold it, under the gate's own name where there is one."""
        form = self.form
        return _folded(form) if form.nb_controls and form.record.name in _FOLDABLE else form

    @property
    def tape_parameters(self) -> tuple[Any, ...]:
        """The parameters as circuits hold them; a gate given by its matrix has none."""
        return self._tape_parameters

    @property
    def name(self) -> str | None:
        """Its name; ``None`` for a gate made from another by controls or marks."""
        return self.form.record.name if _is_plain(self.form) else None

    @property
    def matrix(self) -> Matrix | None:
        """Its matrix, shape ``(2**arity, 2**arity)``; ``None`` when unknown or not yet bound."""
        return None if self.get_variables() else self.form.full_matrix(*self.tape_parameters)

    @property
    def nb_ctrls(self) -> int | None:
        """Number of controls added to ``subgate``."""
        return self.form.nb_controls or None

    @property
    def is_dag(self) -> bool:
        """Whether it is the dagger of ``subgate``."""
        form = self.form
        return form.is_dag and not (form.nb_controls or form.is_conj or form.is_trans)

    @property
    def is_trans(self) -> bool:
        """Whether it is the transpose of ``subgate``."""
        return self.form.is_trans and not (self.form.nb_controls or self.form.is_conj)

    @property
    def is_conj(self) -> bool:
        """Whether it is the conjugate of ``subgate``."""
        return self.form.is_conj and not self.form.nb_controls

    @property
    def subgate(self) -> Gate | None:
        """The gate it was made from; ``None`` for one that has a name."""
        form = self.form
        for has_layer, without in (
            (form.nb_controls, {"nb_controls": 0}),
            (form.is_conj, {"is_conj": False}),
            (form.is_trans, {"is_trans": False}),
            (form.is_dag, {"is_dag": False}),
        ):
            if has_layer:
                return self._like(replace(form, **without))
        return None

    def __call__(self, *qbits: Any) -> Any:
        """Apply it to qubits, controls first; lists and registers are flattened.

        Returns:
            The program or routine that owns the qubits.

        Raises:
            InvalidArguments: the qubits belong to no program, to different ones, or are repeated.
            InvalidGateArguments: there are not ``arity`` of them.
        """
        first = qbits[0] if qbits else None
        scope = first.scope if type(first) is Qbit and first.scope is not None else scope_of(qbits)
        if scope is None:
            raise InvalidArguments(
                list(qbits),
                "these qubits belong to no program",
                "give qubits of qalloc or new_wires, or use integers inside `with Program()` or @qrout",
            )
        return scope.apply(self, *qbits)

    def ctrl(self, nbctrls: int = 1) -> Gate:
        """The gate with ``nbctrls`` more controls, which are its first qubits.

        >>> X.ctrl(2).arity
        3
        """
        check_control_count(nbctrls)
        if not nbctrls:
            return self
        return self._like(replace(self.form, nb_controls=self.form.nb_controls + int(nbctrls)))

    def dag(self) -> Gate:
        """The inverse. Rotations get the opposite angle, self-inverse gates stay, others are marked.

        >>> RX(0.5).dag().parameters, T.dag().is_dag, H.dag() == H
        ((-0.5,), True, True)
        """
        if self.signature is not None and self.signature.dag_func is not None:
            return self.signature.inverse(self)
        if self.form.record is GATES.get(self.form.record.name):
            return self._like(*self.form.inverted(self.parameters))
        return self._like(replace(self.form, is_dag=not self.form.is_dag))

    def trans(self) -> Gate:
        """The transpose, marked."""
        return self._like(replace(self.form, is_trans=not self.form.is_trans))

    def conj(self) -> Gate:
        """The complex conjugate, marked."""
        return self._like(replace(self.form, is_conj=not self.form.is_conj))

    def sized(self, nb_qubits: int) -> Gate:
        """The gate on that many qubits, for a gate whose signature leaves the number open."""
        if self.arity is not None or self.signature is None:
            return self
        form = self.signature.plain_form(nb_qubits - self.form.nb_controls)
        return self._like(replace(self.form, record=form.record))

    def get_variables(self) -> list[str]:
        """Names of the variables in its parameters, sorted."""
        symbolic = [value for value in self.parameters if is_symbolic(value)]
        return sorted({name for value in symbolic for name in value.get_variables()})

    def bind_variables(self, values: Mapping[str, Any]) -> Gate:
        """The gate with some variables replaced by values.

        >>> from qat.core.variables import Variable
        >>> RX(2 * Variable("a")).bind_variables({"a": 0.25}).parameters
        (0.5,)
        """
        bound = tuple(value(**values) if is_symbolic(value) else value for value in self.parameters)
        return self._like(self.form, bound)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Gate):
            return NotImplemented
        return self.form == other.form and _equal_parameters(self.tape_parameters, other.tape_parameters)

    def __hash__(self) -> int:
        return hash(self.form)

    def __repr__(self) -> str:
        shown = f"({', '.join(map(str, self.tape_parameters))})" if self.tape_parameters else ""
        return f"<{type(self).__name__} {self.form.syntax}{shown}>"


class PredefGate(Gate):
    """A gate of the table without parameters, such as ``X``.

    >>> PredefGate("H", 1) == H
    True
    """

    def __init__(self, name: str, arity: int) -> None:
        if name not in GATES or GATES[name].arity != arity:
            shown = f"{name} of arity {arity}"
            raise InvalidArguments(shown, "there is no such predefined gate", f"use one of {', '.join(GATES)}")
        self._set(GateForm(GATES[name]), (), None)


class ParamGate(Gate):
    """A gate made by an ``AbstractGate``.

    Args:
        abstract_gate: its family.
        arity: number of qubits.
        parameters: its parameters.
    """

    def __init__(self, abstract_gate: AbstractGate, arity: int | None, *parameters: Any) -> None:
        self._set(abstract_gate.plain_form(arity), parameters, abstract_gate)

    @property
    def abstract_gate(self) -> AbstractGate | None:
        """The family it belongs to."""
        return self.signature


class AbstractGate(GateSignature):
    """A family of gates: call it with parameters to get a gate.

    Args:
        name: name of the gates.
        arg_types: types of the parameters: ``float``, ``int``, ``str``, …
        arity: number of qubits, or a function from the parameters to it. Without it, the number comes from the
            routine of ``circuit_generator``, or from the qubits of the first use.
        matrix_generator: function from the parameters to the matrix, shape ``(2**arity, 2**arity)``.
        circuit_generator: function from the parameters to a routine that implements the gate.

    >>> wait = AbstractGate("WAIT", [float], arity=1, matrix_generator=lambda time: np.diag([1, np.exp(-1j * time)]))
    >>> wait(0.5).arity, wait(0.5).parameters
    (1, (0.5,))
    """

    def __init__(
        self,
        name: str,
        arg_types: Sequence[type],
        arity: int | Callable[..., int] | None = None,
        matrix_generator: Callable[..., Any] | None = None,
        circuit_generator: Callable[..., QRoutine] | None = None,
    ) -> None:
        super().__init__(name, arg_types, arity, matrix_generator, circuit_generator)
        if self.arity is not None and not (isinstance(self.arity, int | np.integer) and self.arity > 0):
            raise InvalidArguments(arity, f"it is no arity for {name}", "give a positive integer or a function")
        self.dag_func: Callable[..., Any] | None = None
        self._forms: dict[int, GateForm] = {}

    def __call__(self, *params: Any) -> Gate:
        """The gate with these parameters.

        Raises:
            WrongArgumentsNumber: there are too many or too few.
            WrongArgumentType: one is not of its type, or is NaN or infinite.
        """
        checked = checked_parameters(self.name, self.arg_types, params)
        gate: ParamGate = object.__new__(ParamGate)
        gate._set(self.plain_form(self._arity(checked)), checked, self)
        return gate

    def dag(self, *params: Any) -> Gate:
        """The inverse of the gate with these parameters."""
        return self(*params).dag()

    def set_dag(self, func: Callable[..., Any]) -> None:
        """Say how the inverse is written: ``func`` maps the parameters to those of the inverse, or to a gate.

        >>> wait = AbstractGate("WAIT", [float], arity=1)
        >>> wait.set_dag(lambda time: [-time])
        >>> wait(0.5).dag().parameters
        (-0.5,)
        """
        self.dag_func = func

    def inverse(self, gate: Gate) -> Gate:
        """The inverse of one of these gates, by the function of ``set_dag``."""
        assert self.dag_func is not None
        answer = self.dag_func(*gate.parameters)
        if isinstance(answer, Gate):
            return under_layers(answer, gate.form)
        parameters = tuple(answer) if isinstance(answer, Iterable) else (answer,)
        return gate._like(gate.form, checked_parameters(self.name, self.arg_types, parameters))

    def _arity(self, parameters: tuple[Any, ...]) -> int | None:
        if self.arity is not None:
            return int(self.arity)
        if self.arity_generator is None:
            return None if self.circuit_generator is None else _arity_of(self.circuit_generator(*parameters))
        arity = self.arity_generator(*parameters)
        if not (isinstance(arity, int | np.integer) and arity > 0):
            raise InvalidArguments(
                list(parameters), f"{self.name} gets arity {arity} from them", "its arity function must give 1 or more"
            )
        return int(arity)

    def plain_form(self, arity: int | None) -> GateForm:
        """These gates on ``arity`` qubits as the gate table knows them; arity 0 while it is open."""
        known = self._forms.get(arity or 0)
        if known is None:
            known = self._forms[arity or 0] = GateForm(self._new_record(arity or 0))
        return known

    def _new_record(self, arity: int) -> GateRecord:
        predefined = GATES.get(self.name)
        if predefined is not None and (arity, self.nb_args) == (predefined.arity, predefined.nb_parameters):
            return predefined
        generator = self.matrix_generator
        return GateRecord(
            name=self.name,
            arity=arity,
            parameters=tuple(self.arg_types),
            matrix=None if generator is None else GeneratedMatrix(self.name, arity, generator),
            label=self.name,
            identity=(self.name, arity, tuple(self.arg_types), token(generator), token(self.circuit_generator)),
        )

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AbstractGate):
            return NotImplemented
        return self is other or _identity(self) == _identity(other)


class _CustomGates(AbstractGate):
    """The gates given by their matrix."""

    def __call__(self, *params: Any) -> Gate:
        (matrix,) = checked_parameters(self.name, self.arg_types, params)
        get_arity(matrix)
        check_unitarity(matrix)
        gate: ParamGate = object.__new__(ParamGate)
        gate._set(GateForm(matrix_gate(matrix)), (matrix,), self)
        gate._tape_parameters = ()
        return gate


def check_control_count(nbctrls: Any) -> None:
    """Check a number of controls.

    Raises:
        InvalidArguments: it is not an integer from 0 on.
    """
    if isinstance(nbctrls, bool) or not isinstance(nbctrls, int | np.integer) or not 0 <= nbctrls <= _MAX_CONTROLS:
        raise InvalidArguments(nbctrls, "it is no number of controls", f"give an integer from 0 to {_MAX_CONTROLS}")


def gate_of(form: GateForm, parameters: tuple[Any, ...]) -> Gate:
    """The gate that a circuit holds as a form and parameters.

    >>> gate_of(H.form, ())
    <PredefGate H>
    """
    made: Gate = object.__new__(_class_of(form))
    made._set(form, parameters, None)
    return made


def under_layers(gate: Gate, form: GateForm) -> Gate:
    """The gate under the marks and the controls of ``form``."""
    marked = gate.dag() if form.is_dag else gate
    marked = marked.trans() if form.is_trans else marked
    marked = marked.conj() if form.is_conj else marked
    return marked.ctrl(form.nb_controls)


def scope_of(args: Iterable[Any]) -> ScopeManager | None:
    """The program or routine that owns the first qubit of ``args``; the innermost open one if they are integers."""
    return _owner(args) or current_scope()


def _owner(args: Iterable[Any]) -> Any:
    for arg in args:
        if isinstance(arg, Qbit | QRegister):
            return arg.scope
        if isinstance(arg, list | tuple) and (owner := _owner(arg)) is not None:
            return owner
    return None


def _arity_of(routine: Any) -> int | None:
    return getattr(routine, "arity", None)


def _given_record(arity: int, matrix: Any, name: str) -> GateRecord:
    if isinstance(arity, bool) or not isinstance(arity, int | np.integer) or arity < 1:
        raise InvalidArguments(arity, f"it is no arity for {name}", "give a positive number of qubits")
    if matrix is None:
        return GateRecord(name=name, arity=int(arity), label=name, identity=(name, int(arity)))
    if get_arity(matrix) != arity:
        raise InvalidDimensions(matrix, name, int(arity))
    check_unitarity(matrix)
    return matrix_gate(matrix, name=name)


def _is_plain(form: GateForm) -> bool:
    return not (form.nb_controls or form.is_dag or form.is_trans or form.is_conj)


def _class_of(form: GateForm) -> type[Gate]:
    if not _is_plain(form):
        return Gate
    return PredefGate if not form.record.parameters and form.record is GATES.get(form.record.name) else ParamGate


def _identity(gate: AbstractGate) -> tuple[Any, ...]:
    return gate.name, gate.arg_types, gate.arity, gate.arity_generator, gate.matrix_generator, gate.circuit_generator


def _equal_parameters(left: tuple[Any, ...], right: tuple[Any, ...]) -> bool:
    return len(left) == len(right) and all(
        np.array_equal(a, b) if isinstance(a, np.ndarray) or isinstance(b, np.ndarray) else a == b
        for a, b in zip(left, right, strict=True)
    )


@lru_cache(maxsize=64)
def _folded(form: GateForm) -> GateForm:
    return form.control(0)


X, Y, Z, H, S, T, I = (PredefGate(name, 1) for name in "XYZHSTI")  # noqa: E741 (published name)
CNOT, CSIGN, SWAP, ISWAP, SQRTSWAP = (PredefGate(name, 2) for name in ("CNOT", "CSIGN", "SWAP", "ISWAP", "SQRTSWAP"))
CCNOT = PredefGate("CCNOT", 3)
RX, RY, RZ, PH = (AbstractGate(name, [float], 1, GATES[name].matrix) for name in ("RX", "RY", "RZ", "PH"))
CustomGate = _CustomGates("CustomGate", [np.ndarray])
