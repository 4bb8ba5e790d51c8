"""The rows of a tape while they are written, in columns: what stands in for ``native/tape_columns.h``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["TapeColumns"]

NAN = float("nan")


class TapeColumns:
    """Rows of gates, qubits and parameters.

    >>> columns = TapeColumns()
    >>> columns.gate(0, [1, 0])
    >>> columns.gate(1, [1], [0.5])
    >>> [np.frombuffer(column, np.int32).tolist() for column in columns.columns()[:4]]
    [[0, 1], [0, 2, 3], [1, 0, 1], [0, 0, 1]]
    """

    def __init__(self) -> None:
        self._gates: list[int] = []
        self._qubits: list[int] = []
        self._qubit_starts: list[int] = [0]
        self._parameters: list[float] = []
        self._parameter_starts: list[int] = [0]
        self._specials: list[tuple[int, Any]] = []

    def __len__(self) -> int:
        return len(self._gates)

    def gate(self, form: int, qubits: Sequence[int], parameters: Sequence[Any] = (), /) -> None:
        """Append a row; what is no float is kept as it is, with NaN in its place."""
        self._gates.append(form)
        self._qubits.extend(qubits)
        self._qubit_starts.append(len(self._qubits))
        for value in parameters:
            if type(value) is not float:
                self._specials.append((len(self._parameters), value))
            self._parameters.append(value if type(value) is float else NAN)
        self._parameter_starts.append(len(self._parameters))

    def extend(self, other: TapeColumns, gates: Sequence[int], /) -> None:
        """Append the rows of others; their gate ``i`` is ``gates[i]`` here."""
        first_qubit, first_parameter = len(self._qubits), len(self._parameters)
        self._gates += [gates[gate] for gate in other._gates]
        self._qubits += other._qubits
        self._qubit_starts += [first_qubit + start for start in other._qubit_starts[1:]]
        self._parameters += other._parameters
        self._parameter_starts += [first_parameter + start for start in other._parameter_starts[1:]]
        self._specials += [(first_parameter + index, value) for index, value in other._specials]

    def columns(self) -> tuple[NDArray[Any], ...]:
        """Gates, starts of the qubits, qubits, starts of the parameters, as int32; parameters, as float64."""
        integers = (self._gates, self._qubit_starts, self._qubits, self._parameter_starts)
        return (*(np.array(column, np.int32) for column in integers), np.array(self._parameters, np.float64))

    def specials(self) -> list[tuple[int, Any]]:
        """The parameters that are no floats, and their places among the parameters."""
        return list(self._specials)
