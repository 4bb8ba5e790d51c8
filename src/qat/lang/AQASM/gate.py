"""One gate of the language: a view over a form of the gate table, with parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from qat.kernels.gates import GATES, GateForm, GateRecord, Matrix, matrix_gate
from qat.kernels.tape import is_symbolic
from qat.lang.AQASM.aqasm_util import InvalidArguments
from qat.lang.AQASM.bits import Qbit, QRegister
from qat.lang.AQASM.math_util import InvalidDimensions, check_unitarity, get_arity
from qat.lang.AQASM.scope import Applicable, current_scope

if TYPE_CHECKING:
    from qat.lang.AQASM.gates import AbstractGate
    from qat.lang.AQASM.scope import ScopeManager

__all__ = [
    "Gate", "ParamGate", "PredefGate", "check_control_count", "gate_of", "is_plain", "scope_of", "tape_form",
    "under_layers",
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

    __slots__ = ("_tape_parameters", "arity", "form", "parameters", "signature")  # recorder.cpp reads them there

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
        arity = form.record.arity
        self.arity = arity + form.nb_controls if arity else None

    def _like(self, form: GateForm, parameters: tuple[Any, ...] | None = None) -> Gate:
        made: Gate = object.__new__(_class_of(form))
        made._set(form, self.parameters if parameters is None else parameters, self.signature)
        if form.record.matrix is not None and not form.record.parameters:
            made._tape_parameters = ()
        return made

    @property
    def tape_form(self) -> GateForm:
        """The form as circuits hold it, under the gate's own name where there is one."""
        return tape_form(self.form)

    @property
    def tape_parameters(self) -> tuple[Any, ...]:
        """The parameters as circuits hold them; a gate given by its matrix has none."""
        return self._tape_parameters

    @property
    def name(self) -> str | None:
        """Its name; ``None`` for a gate made from another by controls or marks."""
        return self.form.record.name if is_plain(self.form) else None

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

        >>> from qat.lang.AQASM import X
        >>> X.ctrl(2).arity
        3
        """
        check_control_count(nbctrls)
        if not nbctrls:
            return self
        return self._like(replace(self.form, nb_controls=self.form.nb_controls + int(nbctrls)))

    def dag(self) -> Gate:
        """The inverse. Rotations get the opposite angle, self-inverse gates stay, others are marked.

        >>> from qat.lang.AQASM import RX, H, T
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
        if self.arity is not None or self.signature is None or nb_qubits <= self.form.nb_controls:
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
        >>> from qat.lang.AQASM import RX
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

    Raises:
        InvalidArguments: there is no predefined gate of that name and arity.

    >>> PredefGate("H", 1).name
    'H'
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

    >>> from qat.lang.AQASM import RX
    >>> gate = RX(0.5)
    >>> isinstance(gate, ParamGate), gate.parameters, gate.abstract_gate is RX
    (True, (0.5,), True)
    """

    def __init__(self, abstract_gate: AbstractGate, arity: int | None, *parameters: Any) -> None:
        self._set(abstract_gate.plain_form(arity), parameters, abstract_gate)

    @property
    def abstract_gate(self) -> AbstractGate | None:
        """The family it belongs to."""
        return self.signature


def tape_form(form: GateForm) -> GateForm:
    """A form as circuits hold it, under its own name where it has one.

    >>> tape_form(GateForm(GATES["X"], nb_controls=1)).syntax
    'CNOT'
    """
    return _folded(form) if form.nb_controls and form.record.name in _FOLDABLE else form


def check_control_count(nbctrls: Any) -> None:
    """Check a number of controls.

    Raises:
        InvalidArguments: it is not an integer from 0 on.
    """
    if isinstance(nbctrls, bool) or not isinstance(nbctrls, int | np.integer) or not 0 <= nbctrls <= _MAX_CONTROLS:
        raise InvalidArguments(nbctrls, "it is no number of controls", f"give an integer from 0 to {_MAX_CONTROLS}")


def gate_of(form: GateForm, parameters: tuple[Any, ...]) -> Gate:
    """The gate that a circuit holds as a form and parameters.

    >>> gate_of(GateForm(GATES["RX"], nb_controls=1), (0.5,))
    <Gate C-RX(0.5)>
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


def _given_record(arity: int, matrix: Any, name: str) -> GateRecord:
    if isinstance(arity, bool) or not isinstance(arity, int | np.integer) or arity < 1:
        raise InvalidArguments(arity, f"it is no arity for {name}", "give a positive number of qubits")
    if matrix is None:
        return GateRecord(name=name, arity=int(arity), label=name, identity=(name, int(arity)))
    if get_arity(matrix) != arity:
        raise InvalidDimensions(matrix, name, int(arity))
    check_unitarity(matrix)
    return matrix_gate(matrix, name=name)


def is_plain(form: GateForm) -> bool:
    """Whether a form has neither controls nor marks."""
    return not (form.nb_controls or form.is_dag or form.is_trans or form.is_conj)


def _class_of(form: GateForm) -> type[Gate]:
    if not is_plain(form):
        return Gate
    return PredefGate if not form.record.parameters and form.record is GATES.get(form.record.name) else ParamGate


def _equal_parameters(left: tuple[Any, ...], right: tuple[Any, ...]) -> bool:
    return len(left) == len(right) and all(
        np.array_equal(a, b) if isinstance(a, np.ndarray) or isinstance(b, np.ndarray) else a == b
        for a, b in zip(left, right, strict=True)
    )


@lru_cache(maxsize=64)
def _folded(form: GateForm) -> GateForm:
    return form.control(0)
