"""Plans: what the NumPy engine works out once per circuit structure and uses for all its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qat.kernels.engine import checked_matrix
from qat.kernels.gates import GATES, GateForm, Matrix
from qat.kernels.numpy_steps import Operands, Step
from qat.kernels.tape import Classical, Kind, Tape


class Interruption(NamedTuple):
    """A row that is not a plain gate; ``steps`` are those of a classically controlled gate."""

    row: int
    kind: Kind
    qubits: tuple[int, ...]
    classical: Classical
    steps: list[Step]


@dataclass(slots=True)
class MatrixGroup:
    """The uses of one parametrised gate form, whose matrices are made together.

    Attributes:
        form: the gate, controls aside.
        indices: places of the parameters, one list per use.
        numbers: the numbers of the matrices.
    """

    form: GateForm
    indices: list[range] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    _columns: NDArray[np.intp] | None = None

    @property
    def is_vectorised(self) -> bool:
        """Whether the form takes arrays of floats: true of the predefined gates."""
        return self.form.record is GATES.get(self.form.record.name)

    def matrices(self, tape: Tape) -> Sequence[Matrix]:
        """One matrix per use."""
        if not self.is_vectorised:
            return [self._single(tape, indices) for indices in self.indices]
        if self._columns is None:
            self._columns = np.array(self.indices, np.intp).T
        stacked = self.form.matrices(*tape.parameters[self._columns])
        assert stacked is not None
        return list(stacked)

    def _single(self, tape: Tape, indices: range) -> Matrix:
        matrix = self.form.matrices(*(tape.objects.get(i, float(tape.parameters[i])) for i in indices))
        return checked_matrix(self.form.record.name, matrix, self.form.arity)


@dataclass(slots=True, weakref_slot=True)
class Plan:
    """A compiled tape.

    Attributes:
        sections: runs of steps; ``sections[i]`` comes before ``interruptions[i]``, there is one more of the former.
        interruptions: the rows that are not plain gates.
        constants: the matrices without parameters; the numbers of the others follow.
        groups: the others.
        nb_bytes: rough size.
    """

    nb_qubits: int
    sections: list[list[Step]] = field(default_factory=lambda: [[]])
    interruptions: list[Interruption] = field(default_factory=list)
    constants: list[Matrix | None] = field(default_factory=list)
    groups: list[MatrixGroup] = field(default_factory=list)
    nb_bytes: int = 0

    def operands(self, tape: Tape, dtype: np.dtype[Any]) -> Operands:
        """The numbers of one run. Cost: one call per parametrised gate form."""
        matrices = list(self.constants)
        for group in self.groups:
            for number, matrix in zip(group.numbers, group.matrices(tape), strict=True):
                matrices[number] = matrix
        if dtype != np.complex128:
            matrices = [matrix.astype(dtype) for matrix in matrices if matrix is not None]
        return Operands(matrices, tape.parameters)  # type: ignore[arg-type]
