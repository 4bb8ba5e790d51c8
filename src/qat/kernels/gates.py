"""The gate table: one record per gate, read by the language, the simulators, the drawings, the wire and the docs.

Conventions. Qubit 0 of a gate is the most significant bit of its matrix indices: the matrix of ``CNOT`` maps
``|10>`` (index 2) to ``|11>`` (index 3), control first. Angles are in radians. ``RX``, ``RY`` and ``RZ`` are
``exp(-i * angle * P / 2)``; ``PH`` is ``diag(1, exp(i * angle))``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, fields, replace
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from qat.kernels.tape import Tape

Matrix = NDArray[np.complex128]
MatrixFunction = Callable[..., Matrix]


class Inverse(Enum):
    """How the inverse of a gate is written."""

    SELF = "the gate itself"
    NEGATE = "the gate with its angles negated"
    MARK = "the gate with a dagger mark"


class Step(NamedTuple):
    """One gate of a decomposition, acting on ``qubits`` counted within the decomposed gate."""

    name: str
    qubits: tuple[int, ...]
    angles_rad: tuple[float, ...] = ()


class Controlled(NamedTuple):
    """A gate seen as ``nb_controls`` controls in front of the gate named ``target``."""

    target: str
    nb_controls: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GateRecord:
    """What there is to know about one gate, independent of where and with which parameters it is used.

    Attributes:
        name: published name; ``"CustomGate"`` for a gate given by its matrix.
        arity: number of qubits.
        parameters: types of the parameters, in order.
        matrix: maps parameters, scalars or arrays of shape ``(k,)``, to a matrix of shape ``(d, d)`` or
            ``(k, d, d)`` with ``d = 2**arity``; ``None`` when the gate has no known matrix.
        inverse: how its inverse is written.
        is_symmetric: whether the matrix equals its transpose for all parameters.
        generator: Hermitian ``G`` with ``matrix(angle) = exp(-1j * angle * G)``, shape ``(d, d)``.
        controlled: the same gate as controls in front of a smaller one.
        decomposition: the same gate, exactly, as smaller gates in order of application.
        label: what a drawing writes in the box.
        summary: one line for the reference.
        body: circuit of a boxed routine or of an abstract gate with an implementation. Its first ``arity`` qubits are
            those of the gate; the others are ancillas, which start and end in |0>, and the last of them serve the
            boxes within.
        identity: records with equal identities are the same gate.
    """

    name: str
    arity: int
    parameters: tuple[type, ...] = ()
    matrix: MatrixFunction | None = None
    inverse: Inverse = Inverse.MARK
    is_symmetric: bool = False
    generator: Matrix | None = None
    controlled: Controlled | None = None
    decomposition: tuple[Step, ...] = ()
    label: str = ""
    summary: str = ""
    body: Tape | None = None
    identity: Hashable = None

    @property
    def key(self) -> Hashable:
        """The identity, which is the name unless given."""
        return self.name if self.identity is None else self.identity

    @property
    def nb_parameters(self) -> int:
        """Number of parameters."""
        return len(self.parameters)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, GateRecord) and self.key == other.key)

    def __hash__(self) -> int:
        return hash(self.key)

    def __reduce__(self) -> tuple[Any, ...]:
        if GATES.get(self.name) is self:
            return predefined_gate, (self.name,)
        return _record_of, (tuple(getattr(self, field.name) for field in fields(self)),)


def predefined_gate(name: str) -> GateRecord:
    """The predefined gate of this name.

    >>> predefined_gate("H").arity
    1
    """
    return GATES[name]


def _record_of(values: tuple[Any, ...]) -> GateRecord:
    return GateRecord(**{field.name: value for field, value in zip(fields(GateRecord), values, strict=True)})


@dataclass(frozen=True, slots=True)
class GateForm:
    """A gate as a circuit uses it, parameters aside: a record, controls in front and marks on it.

    The marks are applied from the inside out in the order dagger, transpose, conjugate; controls come last and
    are the first qubits.
    """

    record: GateRecord
    nb_controls: int = 0
    is_dag: bool = False
    is_trans: bool = False
    is_conj: bool = False

    @property
    def arity(self) -> int:
        """Number of qubits, controls included."""
        return self.record.arity + self.nb_controls

    def __hash__(self) -> int:  # the generated one takes four times as long
        return hash(self.record.key) + self.nb_controls

    @property
    def syntax(self) -> str:
        """Published name with its prefixes, for example ``C-C-D-T``: C control, S conjugate, T transpose, D dagger.

        >>> GateForm(GATES["T"], nb_controls=2, is_dag=True).syntax
        'C-C-D-T'
        """
        marks = "S-" * self.is_conj + "T-" * self.is_trans + "D-" * self.is_dag
        return "C-" * self.nb_controls + marks + self.record.name

    @property
    def kernel(self) -> tuple[GateForm, int]:
        """The same gate as (uncontrolled form, total number of controls), so that ``CCNOT`` is an X with two."""
        form, nb_controls = replace(self, nb_controls=0), self.nb_controls
        if (seen := self.record.controlled) is not None:
            form, nb_controls = replace(form, record=GATES[seen.target]), nb_controls + seen.nb_controls
        return form, nb_controls

    def matrices(self, *parameters: Any) -> Matrix | None:
        """Matrices without the controls, marks applied; shapes as for ``GateRecord.matrix``."""
        if self.record.matrix is None:
            return None
        matrix = self.record.matrix(*parameters)
        if self.is_trans != self.is_dag:
            matrix = np.swapaxes(matrix, -1, -2)
        return matrix.conj() if self.is_conj != self.is_dag else matrix

    def full_matrix(self, *parameters: Any) -> Matrix | None:
        """Matrix with the controls, shape ``(2**arity, 2**arity)``, for scalar parameters."""
        inner = self.matrices(*parameters)
        return inner if inner is None or not self.nb_controls else _add_controls(inner, self.nb_controls)

    def control(self, nb_controls: int = 1) -> GateForm:
        """The form with more controls, under its own name where the published format has one.

        Only the total counts: ``X`` with one control is ``CNOT``, with two it stays ``C-C-X``, while ``CNOT`` with one
        is ``CCNOT``. So add up the controls of nested gates first, and call this once.

        >>> x = GateForm(GATES["X"])
        >>> x.control(1).syntax, x.control(2).syntax, x.control(1).control(1).syntax
        ('CNOT', 'C-C-X', 'CCNOT')
        """
        total = self.nb_controls + nb_controls
        name = _FOLDED_CONTROLS.get((self.record.name, total))
        if name is None or self.is_marked or self.record is not GATES[self.record.name]:
            return replace(self, nb_controls=total)
        return GateForm(GATES[name])

    @property
    def is_marked(self) -> bool:
        """Whether there is a dagger, transpose or conjugate mark."""
        return self.is_dag or self.is_trans or self.is_conj

    def transposed(self) -> GateForm:
        """The transpose of the gate, with the same parameters."""
        return replace(self, is_trans=not self.is_trans)

    def conjugated(self) -> GateForm:
        """The complex conjugate of the gate, with the same parameters."""
        return replace(self, is_conj=not self.is_conj)

    def inverted(self, parameters: tuple[Any, ...]) -> tuple[GateForm, tuple[Any, ...]]:
        """The inverse as (form, parameters)."""
        match self.record.inverse:
            case Inverse.SELF:
                return self, parameters
            case Inverse.NEGATE:
                return self, tuple(-parameter for parameter in parameters)
        return replace(self, is_dag=not self.is_dag), parameters


def _add_controls(matrix: Matrix, nb_controls: int) -> Matrix:
    size = matrix.shape[-1]
    full = np.eye(size << nb_controls, dtype=np.complex128)
    full[-size:, -size:] = matrix
    return full


class FixedMatrix:
    """A matrix function that gives the same matrix for all parameters.

    >>> FixedMatrix([[1, 0], [0, 1]])().shape, FixedMatrix([[1, 0], [0, 1]])(np.zeros(5)).shape
    ((2, 2), (5, 2, 2))
    """

    __slots__ = ("matrix",)

    def __init__(self, rows: Any) -> None:
        self.matrix: Matrix = np.array(rows, dtype=np.complex128, order="C")
        self.matrix.setflags(write=False)

    def __call__(self, *parameters: Any) -> Matrix:
        """The matrix, shape ``(d, d)``, or ``(k, d, d)`` when a parameter is an array of shape ``(k,)``."""
        shape = np.broadcast_shapes(*(np.shape(parameter) for parameter in parameters)) if parameters else ()
        return np.broadcast_to(self.matrix, shape + self.matrix.shape) if shape else self.matrix

    def __reduce__(self) -> tuple[Any, ...]:
        return FixedMatrix, (self.matrix,)


_constant = FixedMatrix


def _half_angle(angle: Any) -> tuple[Any, Any]:
    half = np.asarray(angle, dtype=np.float64) / 2
    return np.cos(half), np.sin(half)


def _stack(rows: list[list[Any]]) -> Matrix:
    flat = np.broadcast_arrays(*(entry for row in rows for entry in row))
    size = len(rows)
    return np.stack(flat, axis=-1).astype(np.complex128).reshape(*flat[0].shape, size, size)


def _rx(angle: Any) -> Matrix:
    cos, sin = _half_angle(angle)
    return _stack([[cos, -1j * sin], [-1j * sin, cos]])


def _ry(angle: Any) -> Matrix:
    cos, sin = _half_angle(angle)
    return _stack([[cos, -sin], [sin, cos]])


def _rz(angle: Any) -> Matrix:
    phase = np.exp(-0.5j * np.asarray(angle, dtype=np.float64))
    return _stack([[phase, 0], [0, phase.conj()]])


def _ph(angle: Any) -> Matrix:
    return _stack([[1, 0], [0, np.exp(1j * np.asarray(angle, dtype=np.float64))]])


_R = float(1 / np.sqrt(2))
_P = np.pi
_PAULI_X = np.array([[0, 1], [1, 0]], dtype=np.complex128)
_PAULI_Y = np.array([[0, -1j], [1j, 0]], dtype=np.complex128)
_PAULI_Z = np.array([[1, 0], [0, -1]], dtype=np.complex128)
_MINUS_ONE = np.array([[0, 0], [0, -1]], dtype=np.complex128)
_CNOT = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]

_TOFFOLI_STEPS = (
    Step("H", (2,)), Step("CNOT", (1, 2)), Step("PH", (2,), (-_P / 4,)), Step("CNOT", (0, 2)), Step("T", (2,)),
    Step("CNOT", (1, 2)), Step("PH", (2,), (-_P / 4,)), Step("CNOT", (0, 2)), Step("T", (1,)), Step("T", (2,)),
    Step("H", (2,)), Step("CNOT", (0, 1)), Step("T", (0,)), Step("PH", (1,), (-_P / 4,)), Step("CNOT", (0, 1)),
)  # fmt: skip
_SQRTSWAP_STEPS = (
    Step("CNOT", (0, 1)), Step("H", (0,)), Step("T", (1,)), Step("T", (0,)), Step("CNOT", (1, 0)),
    Step("PH", (0,), (-_P / 4,)), Step("CNOT", (1, 0)), Step("H", (0,)), Step("CNOT", (0, 1)),
)  # fmt: skip


def _predefined(name: str, arity: int, matrix: MatrixFunction, summary: str, **fields: Any) -> GateRecord:
    label = fields.pop("label", name)
    return GateRecord(name=name, arity=arity, matrix=matrix, summary=summary, label=label, **fields)


def _rotation(name: str, matrix: MatrixFunction, generator: Matrix, summary: str, *, is_symmetric: bool) -> GateRecord:
    return _predefined(
        name, 1, matrix, summary, parameters=(float,), inverse=Inverse.NEGATE, generator=generator,
        is_symmetric=is_symmetric,
    )  # fmt: skip


_RECORDS = (
    _predefined("X", 1, _constant(_PAULI_X), "Pauli X, the NOT gate.", inverse=Inverse.SELF, is_symmetric=True),
    _predefined("Y", 1, _constant(_PAULI_Y), "Pauli Y.", inverse=Inverse.SELF),
    _predefined("Z", 1, _constant(_PAULI_Z), "Pauli Z.", inverse=Inverse.SELF, is_symmetric=True),
    _predefined("H", 1, _constant([[_R, _R], [_R, -_R]]), "Hadamard.", inverse=Inverse.SELF, is_symmetric=True),
    _predefined(
        "CNOT", 2, _constant(_CNOT), "X on the second qubit, controlled by the first.", inverse=Inverse.SELF,
        is_symmetric=True, controlled=Controlled("X", 1),
        decomposition=(Step("H", (1,)), Step("CSIGN", (0, 1)), Step("H", (1,))),
    ),
    _predefined(
        "CSIGN", 2, _constant(np.diag([1, 1, 1, -1])), "Z on the second qubit, controlled by the first.",
        inverse=Inverse.SELF, is_symmetric=True, controlled=Controlled("Z", 1), label="Z",
        decomposition=(Step("H", (1,)), Step("CNOT", (0, 1)), Step("H", (1,))),
    ),
    _predefined(
        "ISWAP", 2, _constant([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]]),
        "Swaps two qubits, with a factor i where they differ.", is_symmetric=True,
        decomposition=(Step("S", (0,)), Step("S", (1,)), Step("H", (0,)), Step("CNOT", (0, 1)),
                       Step("CNOT", (1, 0)), Step("H", (1,))),
    ),
    _predefined(
        "SQRTSWAP", 2,
        _constant([[1, 0, 0, 0], [0, (1 + 1j) / 2, (1 - 1j) / 2, 0], [0, (1 - 1j) / 2, (1 + 1j) / 2, 0], [0, 0, 0, 1]]),
        "Square root of SWAP.", is_symmetric=True, decomposition=_SQRTSWAP_STEPS,
    ),
    _predefined("I", 1, _constant(np.eye(2)), "Identity.", inverse=Inverse.SELF, is_symmetric=True),
    _predefined(
        "SWAP", 2, _constant([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]), "Swaps two qubits.",
        inverse=Inverse.SELF, is_symmetric=True,
        decomposition=(Step("CNOT", (0, 1)), Step("CNOT", (1, 0)), Step("CNOT", (0, 1))),
    ),
    _predefined(
        "CCNOT", 3, _constant(_add_controls(_PAULI_X, 2)), "X on the third qubit, controlled by two (Toffoli).",
        inverse=Inverse.SELF, is_symmetric=True, controlled=Controlled("X", 2), decomposition=_TOFFOLI_STEPS,
    ),
    _predefined("S", 1, _constant(np.diag([1, 1j])), "Square root of Z.", is_symmetric=True),
    _predefined("T", 1, _constant(np.diag([1, np.exp(0.25j * np.pi)])), "Fourth root of Z.", is_symmetric=True),
    _rotation("PH", _ph, _MINUS_ONE, "Phase on |1>.", is_symmetric=True),
    _rotation("RZ", _rz, _PAULI_Z / 2, "Rotation about Z.", is_symmetric=True),
    _rotation("RX", _rx, _PAULI_X / 2, "Rotation about X.", is_symmetric=True),
    _rotation("RY", _ry, _PAULI_Y / 2, "Rotation about Y.", is_symmetric=False),
)  # fmt: skip

GATES: Mapping[str, GateRecord] = MappingProxyType({record.name: record for record in _RECORDS})
"""The predefined gates by name, in their published order."""

_FOLDED_CONTROLS = {("X", 1): "CNOT", ("CNOT", 1): "CCNOT", ("Z", 1): "CSIGN"}


def matrix_gate(
    matrix: Matrix, *, name: str = "CustomGate", parameters: tuple[type, ...] = (), label: str | None = None
) -> GateRecord:
    """Record of a gate given by its matrix of shape ``(2**n, 2**n)``; the caller has checked it.

    >>> matrix_gate(np.eye(4)).arity
    2
    """
    fixed = FixedMatrix(matrix)
    arity = fixed.matrix.shape[0].bit_length() - 1
    identity = (name, parameters, fixed.matrix.tobytes())
    label = name if label is None else label
    return GateRecord(name=name, arity=arity, parameters=parameters, matrix=fixed, label=label, identity=identity)
