"""Merging of neighbouring gates into fewer, larger ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from qat.core.errors import ErrorType, PluginException
from qat.core.plugins import AbstractPlugin
from qat.core.wrappers.circuit import Circuit
from qat.core.wrappers.job import Batch, Job
from qat.kernels.fusion import Group, fuse
from qat.kernels.tape_algebra import opened
from qat.plugins.jobs import with_circuit, with_tape

__all__ = ["AdjacentStrategy", "EagerStrategy", "FusionPlugin", "NaiveStrategy"]

QUBIT_LIMIT = 3
PRIORITIES: dict[str, Callable[[Group, Sequence[int]], tuple[int, int]]] = {
    "adding_cost": lambda group, qubits: (group.nb_added(qubits), len(group.qubits)),
    "small_groups": lambda group, qubits: (len(group.qubits), group.nb_added(qubits)),
}


class Strategy(Protocol):
    """How gates find their group: ``choose`` picks one of those a gate may join, or none."""

    qbit_limit: int

    def choose(self, groups: Sequence[Group], qubits: Sequence[int]) -> Group | None:
        """The group which a gate on ``qubits`` joins."""


def _within(group: Group, qubits: Sequence[int], limit: int) -> bool:
    return len(group.qubits) + group.nb_added(qubits) <= limit


class EagerStrategy:
    """A gate joins the best group that takes it.

    Args:
        qbit_limit: largest number of qubits of a group.
        priority: ``adding_cost`` prefers the group that grows least, ``small_groups`` the smallest one.

    Raises:
        ValueError: the priority is unknown.

    >>> from qat.lang.AQASM import CNOT, H, Program
    >>> program = Program()
    >>> qubits = program.qalloc(3)
    >>> _ = H(qubits[0]), CNOT(qubits[0], qubits[1]), CNOT(qubits[1], qubits[2])
    >>> len(FusionPlugin(strategies=[EagerStrategy(qbit_limit=2)]).compile_circuit(program.to_circ()))
    2
    """

    def __init__(self, qbit_limit: int = QUBIT_LIMIT, priority: str = "adding_cost") -> None:
        if priority not in PRIORITIES:
            raise ValueError(f"priority={priority!r} is unknown; choose one of {', '.join(PRIORITIES)}")
        self.qbit_limit = qbit_limit
        self.cost = PRIORITIES[priority]

    def choose(self, groups: Sequence[Group], qubits: Sequence[int]) -> Group | None:
        """The cheapest group with room."""
        fitting = [group for group in groups if _within(group, qubits, self.qbit_limit)]
        return min(fitting, key=lambda group: self.cost(group, qubits), default=None)


class NaiveStrategy:
    """A gate joins the group before it, if there is room.

    Args:
        qbit_limit: largest number of qubits of a group.

    >>> from qat.lang.AQASM import CNOT, H, Program
    >>> program = Program()
    >>> qubits = program.qalloc(3)
    >>> _ = H(qubits[0]), CNOT(qubits[0], qubits[1]), CNOT(qubits[1], qubits[2])
    >>> len(FusionPlugin(strategies=[NaiveStrategy(qbit_limit=2)]).compile_circuit(program.to_circ()))
    2
    """

    def __init__(self, qbit_limit: int = QUBIT_LIMIT) -> None:
        self.qbit_limit = qbit_limit

    def choose(self, groups: Sequence[Group], qubits: Sequence[int]) -> Group | None:
        """The last group, or none."""
        return groups[-1] if _within(groups[-1], qubits, self.qbit_limit) else None


class AdjacentStrategy:
    """A gate joins a neighbour whose qubits include its own, or all of whose qubits it has: groups never get wider.

    Args:
        nbqbits_target: number of qubits of the gates around which groups form.
        qbit_limit: largest number of qubits of a group.

    >>> from qat.lang.AQASM import CNOT, H, Program
    >>> program = Program()
    >>> qubits = program.qalloc(3)
    >>> _ = H(qubits[0]), CNOT(qubits[0], qubits[1]), CNOT(qubits[1], qubits[2])
    >>> len(FusionPlugin(strategies=[AdjacentStrategy(nbqbits_target=2)]).compile_circuit(program.to_circ()))
    2
    """

    def __init__(self, nbqbits_target: int = 2, qbit_limit: int = QUBIT_LIMIT) -> None:
        self.nbqbits_target = nbqbits_target
        self.qbit_limit = qbit_limit

    def choose(self, groups: Sequence[Group], qubits: Sequence[int]) -> Group | None:
        """The last neighbour that contains the gate, or is contained in it."""
        limit = min(self.qbit_limit, max(self.nbqbits_target, len(qubits)))
        nested = (
            group
            for group in reversed(groups)
            if _within(group, qubits, max(limit, len(group.qubits))) and self._is_nested(group, qubits)
        )
        return next(nested, None)

    @staticmethod
    def _is_nested(group: Group, qubits: Sequence[int]) -> bool:
        return group.nb_added(qubits) == 0 or set(group.qubits) <= set(qubits)


class FusionPlugin(AbstractPlugin):
    """Replaces neighbouring gates by one gate with their product as matrix: fewer sweeps over a simulator's state.

    The circuit stays exactly the same operation. Circuits with measurements, resets or classical control are left as
    they are; gates without matrix (unbound variables, abstract gates) stay in place.

    Args:
        strategy: ``eager`` (default), ``naive`` or ``adjacent``.
        qbits_compilation_threshold: circuits with fewer qubits are left as they are; 1 by default.
        strategies: strategy objects to apply one after the other, in the place of the above.
        strat_args: arguments of the strategy: ``qbit_limit``, ``priority`` (eager), ``nbqbits_target`` (adjacent).

    Raises:
        PluginException: for an unknown strategy.

    >>> from qat.lang.AQASM import CNOT, H, Program
    >>> program = Program()
    >>> qubits = program.qalloc(2)
    >>> _ = H(qubits[0]), CNOT(qubits)
    >>> len(FusionPlugin().compile_circuit(program.to_circ()))
    1
    """

    is_transparent = True
    GENERIC_STRATEGIES: dict[str, Callable[..., Strategy]] = {  # noqa: RUF012 (published class attribute)
        "eager": EagerStrategy,
        "naive": NaiveStrategy,
        "adjacent": AdjacentStrategy,
    }

    def __init__(
        self,
        strategy: str | None = None,
        qbits_compilation_threshold: int | None = None,
        strategies: Sequence[Strategy] | None = None,
        **strat_args: Any,
    ) -> None:
        super().__init__()
        self.qbits_compilation_threshold = qbits_compilation_threshold or 1
        self.strategies = list(strategies) if strategies else [self._strategy(strategy or "eager")(**strat_args)]

    def _strategy(self, name: str) -> Callable[..., Strategy]:
        if name not in self.GENERIC_STRATEGIES:
            known = ", ".join(self.GENERIC_STRATEGIES)
            raise PluginException(ErrorType.INVALID_ARGS, __name__, f"Unknown strategy {name}; choose one of {known}.")
        return self.GENERIC_STRATEGIES[name]

    def compile(self, batch: Batch, specs: Any) -> Batch:
        """Fuses every circuit of the batch."""
        return Batch([self.compile_job(job) for job in batch.jobs], meta_data=batch.meta_data)

    def compile_job(self, job: Job) -> Job:
        """The job with its circuit fused; the job itself when there is nothing to do."""
        if job.circuit is None or job.circuit.nbqbits < self.qbits_compilation_threshold:
            return job
        fused = self.compile_circuit(job.circuit)
        return job if fused is job.circuit else with_circuit(job, fused)

    def compile_circuit(self, circuit: Circuit) -> Circuit:
        """The circuit fused; the circuit itself when it is not made of plain gates."""
        tape = opened(circuit.tape)
        if not tape.is_unitary:
            return circuit
        for strategy in self.strategies:
            tape = fuse(tape, strategy.choose, qubit_limit=strategy.qbit_limit)
        return with_tape(circuit, tape)
