"""Gates of the language: thin views over the forms of the gate table, with parameters.

``X``, ``H``, … are gates; ``RX``, ``PH``, … make gates from parameters; ``ctrl``, ``dag``, ``trans``, ``conj`` make
new gates. A gate is applied by calling it on qubits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qat.core.gate_set import GateSignature
from qat.kernels.gates import GATES, GateForm, GateRecord, MatrixFunction, matrix_gate
from qat.kernels.preparation import preparation
from qat.lang.AQASM.aqasm_util import InvalidArguments
from qat.lang.AQASM.gate import Gate, ParamGate, PredefGate, under_layers
from qat.lang.AQASM.generated import GeneratedMatrix, token
from qat.lang.AQASM.math_util import check_unitarity, get_arity
from qat.lang.AQASM.parameters import checked_parameters
from qat.lang.AQASM.recorder import GateFamily

if TYPE_CHECKING:
    from qat.lang.AQASM.routines import QRoutine

__all__ = [
    "CCNOT", "CNOT", "CSIGN", "ISWAP", "PH", "RX", "RY", "RZ", "SQRTSWAP", "SWAP", "AbstractGate", "CustomGate", "Gate",
    "H", "I", "ParamGate", "PredefGate", "S", "T", "X", "Y", "Z",
]  # fmt: skip


class AbstractGate(GateFamily, GateSignature):
    """A family of gates: call it with parameters to get a gate.

    The call raises ``WrongArgumentsNumber`` for too many or too few parameters, ``WrongArgumentType`` for one that is
    not of its type, or is NaN or infinite.

    The simulators know one name: ``AbstractGate("STATE_PREPARATION", [np.ndarray])(amplitudes)`` turns |0...0> into the
    state with these amplitudes.

    Args:
        name: name of the gates.
        arg_types: types of the parameters: ``float``, ``int``, ``str``, …
        arity: number of qubits, or a function from the parameters to it. Without it, the number comes from the
            routine of ``circuit_generator``, or from the qubits of the first use.
        matrix_generator: function from the parameters to the matrix, shape ``(2**arity, 2**arity)``.
        circuit_generator: function from the parameters to a routine that implements the gate.

    Raises:
        InvalidArguments: the arity is not a positive integer.

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

    def _made(self, *params: Any) -> Gate:
        checked = checked_parameters(self.name, self.arg_types, params)
        form = self.plain_form(self._arity(checked))
        if self.arity is not None and self.arg_types == [float]:
            self._quick_form = form
        gate: ParamGate = object.__new__(ParamGate)
        gate._set(form, checked, self)
        return gate

    def _forget_forms(self) -> None:
        self._forms = {}
        self._quick_form = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__

    def set_matrix_generator(self, gen: Callable[..., Any]) -> None:
        """Give the function that makes the matrix."""
        self._forget_forms()
        super().set_matrix_generator(gen)

    def set_circuit_generator(self, gen: Callable[..., Any]) -> None:
        """Give the function that makes the routine."""
        self._forget_forms()
        super().set_circuit_generator(gen)

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
        generators = (token(self.matrix_generator), token(self.circuit_generator))
        return GateRecord(
            name=self.name,
            arity=arity,
            parameters=tuple(self.arg_types),
            matrix=self._matrix_function(arity),
            label=self.name,
            identity=(self.name, arity, tuple(self.arg_types), *generators),
        )

    def _matrix_function(self, arity: int) -> MatrixFunction | None:
        if self.matrix_generator is not None:
            return GeneratedMatrix(self.name, arity, self.matrix_generator)
        return None if self.circuit_generator is not None else preparation(self.name, arity, self.arg_types)

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


def _arity_of(routine: Any) -> int | None:
    return getattr(routine, "arity", None)


def _identity(gate: AbstractGate) -> tuple[Any, ...]:
    return gate.name, gate.arg_types, gate.arity, gate.arity_generator, gate.matrix_generator, gate.circuit_generator


X, Y, Z, H, S, T, I = (PredefGate(name, 1) for name in "XYZHSTI")  # noqa: E741 (published name)
CNOT, CSIGN, SWAP, ISWAP, SQRTSWAP = (PredefGate(name, 2) for name in ("CNOT", "CSIGN", "SWAP", "ISWAP", "SQRTSWAP"))
CCNOT = PredefGate("CCNOT", 3)
RX, RY, RZ, PH = (AbstractGate(name, [float], 1, GATES[name].matrix) for name in ("RX", "RY", "RZ", "PH"))
CustomGate = _CustomGates("CustomGate", [np.ndarray])
