"""Values and derivatives of circuits that stay among few basis states; see ``native/subspace.h`` for the idea.

Whether a circuit does, and among which states, is learnt per circuit structure and observable at the first run, in a
time like that of a plan, and kept with the compiled circuit. So a job gives the same value each time it is run.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qat.kernels import _native
from qat.kernels.engine import Moves

if TYPE_CHECKING:
    from qat.kernels.native_program import Section
    from qat.kernels.pauli import PauliSum
    from qat.kernels.tape import Tape

MAX_STATES = 1 << 13
MIN_STATES = 16
MAX_PROBES = 6
"""Give up on a structure when so many parameter values have not shown what cancels in it."""
MAX_KEPT = 16
_NB_RANDOM_PROBES = 2

Point = NDArray[np.float64]


@dataclass(slots=True)
class Evaluators:
    """What has been learnt of one compiled circuit, by observable and kind of question; the oldest goes first."""

    entries: OrderedDict[Hashable, Evaluator] = field(default_factory=OrderedDict)

    def evaluator(self, paulis: PauliSum, moves: Moves | None, *, is_gradient: bool) -> Evaluator:
        """The evaluator of an observable, new if there is none."""
        key = (is_gradient, moves, paulis.key)
        if (found := self.entries.get(key)) is None:
            found = self.entries[key] = Evaluator()
            if len(self.entries) > MAX_KEPT:
                self.entries.popitem(last=False)
        return found


@dataclass(slots=True)
class Evaluator:
    """A subspace, if there is one, and the parameter values that it was learnt from."""

    probes: list[Point] = field(default_factory=list)
    subspace: Any = None
    is_given_up: bool = False


def value(section: Section, tape: Tape, paulis: PauliSum) -> float | None:
    """Expectation value after the gates of a section, from all qubits 0; ``None`` where this is no way to it."""
    if not _is_eligible(section, paulis):
        return None
    evaluator = section.evaluators.evaluator(paulis, None, is_gradient=False)
    answer: float | None = _answer(evaluator, section, tape, paulis, None, "value")
    return answer


def value_and_gradient(
    section: Section, tape: Tape, paulis: PauliSum, moves: Moves | None
) -> tuple[float, Point] | None:
    """The value and its derivatives by ``tape.parameters``, exact along ``moves``; see ``value``."""
    if not _is_eligible(section, paulis):
        return None
    evaluator = section.evaluators.evaluator(paulis, moves, is_gradient=True)
    answer: tuple[float, Point] | None = _answer(evaluator, section, tape, paulis, moves, "value_and_gradient")
    return answer


def _is_eligible(section: Section, paulis: PauliSum) -> bool:
    return paulis.is_real and not section.groups


def _answer(
    evaluator: Evaluator, section: Section, tape: Tape, paulis: PauliSum, moves: Moves | None, question: str
) -> Any:
    if evaluator.is_given_up:
        return None
    if evaluator.subspace is not None:
        answer = getattr(evaluator.subspace, question)(tape.parameters)
        if answer is not None:
            return answer
    is_value = question == "value"
    _learn(evaluator, section, tape, paulis, [tape.parameters] if is_value else _probes(tape, moves))
    return None if evaluator.subspace is None else getattr(evaluator.subspace, question)(tape.parameters)


def _probes(tape: Tape, moves: Moves | None) -> list[Point]:
    """The parameters, and others where they may go: anywhere, or along the moves."""
    rng = np.random.default_rng(1)
    changes = [
        rng.normal(size=len(tape.parameters)) if moves is None else moves.draw(rng) for _ in range(_NB_RANDOM_PROBES)
    ]
    return [tape.parameters, *(tape.parameters + change for change in changes)]


def _learn(evaluator: Evaluator, section: Section, tape: Tape, paulis: PauliSum, probes: list[Point]) -> None:
    """Look for a subspace that also holds the present parameters."""
    probes = [*evaluator.probes, *probes]
    shift = np.uint64(tape.nb_qubits - paulis.nb_qubits)
    found = _native.Subspace.found(
        section.program,
        np.array(probes),
        paulis.x_masks << shift,
        paulis.z_masks << shift,
        paulis.coefficients.real.copy(),
        float(complex(paulis.constant).real),
        min(max(MIN_STATES, 1 << tape.nb_qubits >> 2), MAX_STATES),
    )
    evaluator.probes, evaluator.subspace = probes, found
    evaluator.is_given_up = found is None or len(probes) > MAX_PROBES
