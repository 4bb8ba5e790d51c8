"""Gate sets: which gates exist, with which parameters, and how their matrices or circuits are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.core.enums import ParamType
from qat.kernels.gates import GATES, GateRecord

Generator = Callable[..., Any]


class UnknownGate(Exception):  # noqa: N818 (published name)
    """A gate set has no gate of this name.

    >>> print(UnknownGate("FOO"))
    No known signature for gate named FOO
    """

    def __init__(self, name: Any) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"No known signature for gate named {self.name}"


class WrongArgumentsNumber(Exception):  # noqa: N818 (published name)
    """A gate was given too many or too few parameters.

    >>> print(WrongArgumentsNumber(1, 2, "RX"))
    RX requires 1 argument(s) (2 given).
    """

    def __init__(self, nb_args: int, len_args: int, radix: str) -> None:
        super().__init__(nb_args, len_args, radix)
        self.nb_args, self.len_args, self.radix = nb_args, len_args, radix

    def __str__(self) -> str:
        return f"{self.radix} requires {self.nb_args} argument(s) ({self.len_args} given)."


class WrongArgumentType(Exception):  # noqa: N818 (published name)
    """A parameter of a gate has the wrong type.

    >>> print(WrongArgumentType(float, "x"))
    x is not compatible with type <class 'float'>
    """

    def __init__(self, arg_type: Any, arg: Any) -> None:
        super().__init__(arg_type, arg)
        self.arg_type, self.arg = arg_type, arg

    def __str__(self) -> str:
        return f"{self.arg} is not compatible with type {self.arg_type}"


class GateSyntaxRedefinition(Exception):  # noqa: N818 (published name)
    """A gate set already has another gate of this name.

    >>> print(GateSyntaxRedefinition("RX"))
    There is already a gate syntax with name RX
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"There is already a gate syntax with name {self.name}"


_PARAM_TYPES: Mapping[Any, int] = {
    int: ParamType.INT,
    float: ParamType.DOUBLE,
    str: ParamType.STRING,
    np.ndarray: ParamType.MATRIX,
    np.matrix: ParamType.MATRIX,
}
_PYTHON_TYPES: Mapping[int, Any] = {
    ParamType.INT: int,
    ParamType.DOUBLE: float,
    ParamType.STRING: str,
    ParamType.MATRIX: np.ndarray,
    ParamType.COMPLEX: complex,
}
_ACCEPTED: Mapping[Any, tuple[type, ...]] = {
    float: (float, int, np.floating, np.integer),
    int: (int, np.integer),
    complex: (complex, float, int, np.number),
    str: (str,),
}


def convert_type(a_type: Any) -> int:
    """The ``ParamType`` of parameters of a Python type; other types are ``SERIALIZED``.

    >>> convert_type(float), convert_type(dict)
    (1, 4)
    """
    return _PARAM_TYPES.get(a_type, ParamType.SERIALIZED)


def revert_type(t_type: int) -> Any:
    """The Python type of a ``ParamType``.

    >>> revert_type(1)
    <class 'float'>
    """
    return _PYTHON_TYPES.get(t_type, object)


def is_type(a_type: Any, a_value: Any) -> bool:
    """Whether a value can be a parameter of a type; expressions still to be bound always can.

    >>> is_type(float, 1), is_type(int, 1.0)
    (True, False)
    """
    if hasattr(a_value, "get_variables"):
        return True
    accepted = _ACCEPTED.get(a_type)
    if accepted is None:
        return not isinstance(a_type, type) or isinstance(a_value, a_type)
    return isinstance(a_value, accepted)


class GateSignature:
    """A family of gates: the name, the types of the parameters, and what they make.

    Args:
        name: name of the gate.
        arg_types: types of the parameters, in order.
        arity: number of qubits, or a function from the parameters to it, or ``None`` when it is not known.
        matrix_generator: maps the parameters to the matrix, shape ``(2**arity, 2**arity)``.
        circuit_generator: maps the parameters to a routine.

    >>> GateSignature("WAIT", [int], arity=1, matrix_generator=lambda steps: np.eye(2)).get_matrix(3).shape
    (2, 2)
    """

    def __init__(
        self,
        name: str,
        arg_types: Any,
        arity: Any = None,
        matrix_generator: Generator | None = None,
        circuit_generator: Generator | None = None,
    ) -> None:
        self.name = name
        self.arg_types = list(arg_types)
        self.parameters = [convert_type(a_type) for a_type in self.arg_types]
        self.nb_args = len(self.arg_types)
        self.arity = None if callable(arity) else arity
        self.arity_generator: Callable[..., int] | None = arity if callable(arity) else None
        self.matrix_generator = matrix_generator
        self.circuit_generator = circuit_generator

    def check_args(self, args: tuple[Any, ...]) -> None:
        """Check the number and the types of parameters.

        Raises:
            WrongArgumentsNumber: there are too many or too few.
            WrongArgumentType: one has the wrong type.
        """
        if len(args) != self.nb_args:
            raise WrongArgumentsNumber(self.nb_args, len(args), self.name)
        for a_type, value in zip(self.arg_types, args, strict=True):
            if not is_type(a_type, value):
                raise WrongArgumentType(a_type, value)

    def get_arity(self, *args: Any) -> int | None:
        """Number of qubits of the gate with these parameters; ``None`` when it is not known."""
        return self.arity_generator(*args) if self.arity_generator is not None else self.arity

    def check_arity(self, qblist: list[Any], params: Any = None) -> bool:
        """Whether the gate can act on that many qubits."""
        arity = self.get_arity(*(params or ()))
        return arity is None or len(qblist) == arity

    def get_matrix(self, *args: Any) -> NDArray[np.complex128] | None:
        """The matrix for these parameters, shape ``(2**arity, 2**arity)``; ``None`` without matrix generator."""
        if self.matrix_generator is None:
            return None
        self.check_args(args)
        return np.array(self.matrix_generator(*args))

    def get_circuit(self, *args: Any) -> Any:
        """The routine for these parameters; ``None`` without circuit generator."""
        return None if self.circuit_generator is None else self.circuit_generator(*args)

    def set_matrix_generator(self, gen: Generator) -> None:
        """Give the function that makes the matrix."""
        self.matrix_generator = gen

    def set_circuit_generator(self, gen: Generator) -> None:
        """Give the function that makes the routine."""
        self.circuit_generator = gen

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, GateSignature) and vars(self) == vars(other))

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"{self.name} : {self.nb_args} params of types {self.arg_types}, generating a gate of arity {self.arity}"

    def __repr__(self) -> str:
        return f"GateSignature(name={self.name!r}, arg_types={self.arg_types!r}, arity={self.arity!r})"


class GateSet:
    """Gate signatures by name, in order of addition.

    Args:
        dictio: signatures by name.

    >>> gates = default_gate_set()
    >>> gates["PH"].arity, "FOO" in gates
    (1, False)
    """

    def __init__(self, dictio: Mapping[str, GateSignature] | None = None) -> None:
        self.gate_signatures: dict[str, GateSignature] = {}
        for name, signature in (dictio or {}).items():
            self.gate_signatures[name] = _as_signature(signature)

    def add_signature(self, signa: GateSignature) -> None:
        """Add a gate.

        Raises:
            GateSyntaxRedefinition: there is a gate of that name.
        """
        signature = _as_signature(signa)
        if signature.name in self.gate_signatures:
            raise GateSyntaxRedefinition(signature.name)
        self.gate_signatures[signature.name] = signature

    def union(self, new_gate_set: GateSet) -> GateSet:
        """A gate set with the gates of both.

        Raises:
            GateSyntaxRedefinition: two different gates have the same name.
        """
        both = GateSet(self.gate_signatures)
        for name, signature in new_gate_set.gate_signatures.items():
            if name not in both or both[name] != signature:
                both.add_signature(signature)
        return both

    __add__ = union

    def __iter__(self) -> Iterator[str]:
        return iter(self.gate_signatures)

    def __len__(self) -> int:
        return len(self.gate_signatures)

    def __contains__(self, name: object) -> bool:
        return name in self.gate_signatures

    def __getitem__(self, name: str) -> GateSignature:
        if name not in self.gate_signatures:
            error = UnknownGate(name)
            error.add_note(f"Known are {', '.join(self.gate_signatures)}; add others with add_signature.")
            raise error
        return self.gate_signatures[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GateSet) and self.gate_signatures == other.gate_signatures

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return "\n".join(map(str, self.gate_signatures.values()))

    def __repr__(self) -> str:
        return f"GateSet({', '.join(self.gate_signatures)})"


def _as_signature(gate: Any) -> GateSignature:
    if isinstance(gate, GateSignature):
        return gate
    signature = getattr(gate, "signature", gate)
    if not isinstance(signature, GateSignature):
        raise TypeError(f"{gate!r} is not a gate signature: give a GateSignature or an AbstractGate")
    return signature


@cache
def _signature(record: GateRecord) -> GateSignature:
    return GateSignature(record.name, record.parameters, record.arity, matrix_generator=record.matrix)


def default_gate_set() -> GateSet:
    """The predefined gates, a new set at every call.

    >>> list(default_gate_set())[-4:]
    ['PH', 'RZ', 'RX', 'RY']
    """
    return GateSet({name: _signature(record) for name, record in GATES.items()})
