"""Routing: swaps inserted into a tape so that two-qubit gates act only where the device couples two qubits.

The algorithm is SABRE: gates whose predecessors are done form a front; those on coupled qubits are written out at
once; when none is left, the swap is taken that brings the front, and with less weight the gates that follow it, closest
together. A decay keeps one qubit from being swapped to and fro, and a front that makes no progress is routed along a
shortest path.

Source: G. Li, Y. Ding, Y. Xie, "Tackling the qubit mapping problem for NISQ-era quantum devices", ASPLOS 2019;
the release of stuck fronts: H. Zou et al., "LightSABRE", arXiv:2409.08368 (2024).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qat.kernels.gates import GATES, GateForm
from qat.kernels.tape import Row, Tape, TapeBuilder

__all__ = ["Coupling", "Routed", "RoutingError", "decomposed", "route"]

LOOKAHEAD = 20
LOOKAHEAD_WEIGHT = 0.5
DECAY_STEP = 0.001
DECAY_RESET = 5


class RoutingError(ValueError):
    """A circuit that does not fit a device; the message says which part and what to do."""


class Coupling:
    """Which qubits of a device interact, with their distances.

    Args:
        nb_qubits: number of qubits of the device.
        edges: pairs of qubits that interact, in either direction.

    Attributes:
        distances: number of edges between any two qubits, shape ``(nb_qubits, nb_qubits)``; infinite when there is
            no path. Cost O(nb_qubits * edges).

    >>> Coupling(3, [(0, 1), (1, 2)]).distances[0].tolist()
    [0.0, 1.0, 2.0]
    """

    def __init__(self, nb_qubits: int, edges: Iterable[tuple[int, int]]) -> None:
        neighbours: list[set[int]] = [set() for _ in range(nb_qubits)]
        for a, b in edges:
            if not (0 <= a < nb_qubits and 0 <= b < nb_qubits):
                raise RoutingError(f"the topology couples qubits {a} and {b}, but the device has {nb_qubits} qubits")
            if a != b:
                neighbours[a].add(b)
                neighbours[b].add(a)
        self.nb_qubits = nb_qubits
        self.neighbours = [sorted(others) for others in neighbours]
        self.distances = np.array([self._distances_from(qubit) for qubit in range(nb_qubits)])

    def _distances_from(self, start: int) -> list[float]:
        distances = [float("inf")] * self.nb_qubits
        distances[start] = 0.0
        waiting = deque([start])
        while waiting:
            qubit = waiting.popleft()
            for other in self.neighbours[qubit]:
                if distances[other] == float("inf"):
                    distances[other] = distances[qubit] + 1
                    waiting.append(other)
        return distances

    def path(self, start: int, end: int) -> list[int]:
        """Qubits along a shortest path, both ends included."""
        path = [start]
        while path[-1] != end:
            path.append(min(self.neighbours[path[-1]], key=lambda qubit: self.distances[qubit, end]))
        return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """A routed circuit.

    Attributes:
        tape: the circuit on the device's qubits.
        initial: the device qubit on which each qubit of the circuit starts.
        final: the device qubit on which each qubit of the circuit ends.
        nb_swaps: number of swaps inserted.
    """

    tape: Tape
    initial: tuple[int, ...]
    final: tuple[int, ...]
    nb_swaps: int


def route(tape: Tape, coupling: Coupling, initial: Sequence[int] | None = None, nb_improvements: int = 0) -> Routed:
    """Insert swaps.

    Args:
        tape: gates on at most two qubits, boxes opened (see ``decomposed``).
        coupling: the device.
        initial: starting places of the qubits, each on its own number unless given.
        nb_improvements: how often to improve the starting places by routing the circuit forth and back; the best
            circuit found is taken.

    Raises:
        RoutingError: if the circuit does not fit the device.
    """
    if tape.nb_qubits > coupling.nb_qubits:
        raise RoutingError(
            f"the circuit has {tape.nb_qubits} qubits and the device {coupling.nb_qubits}; remove unused qubits with "
            f"Remap or take a larger device"
        )
    rows = list(tape.rows())
    places = list(range(tape.nb_qubits)) if initial is None else list(initial)
    best = _Router(rows, tape, coupling, places).run()
    for _ in range(nb_improvements):
        back = _Router(rows[::-1], tape, coupling, best.final).run()
        candidate = _Router(rows, tape, coupling, back.final).run()
        if candidate.nb_swaps >= best.nb_swaps:
            break
        best = candidate
    return best


class _Router:
    """One pass of SABRE over a list of rows."""

    def __init__(self, rows: Sequence[Row], tape: Tape, coupling: Coupling, initial: Sequence[int]) -> None:
        self.rows, self.tape, self.coupling = rows, tape, coupling
        self.initial = tuple(initial)
        free = sorted(set(range(coupling.nb_qubits)) - set(initial))
        self.place = [*initial, *free]  # place[qubit of the circuit] = qubit of the device; the tail are idle qubits
        self.qubit_at = np.argsort(self.place).tolist()
        self.followers, self.nb_missing = _dependencies(rows)
        self.builder = TapeBuilder()
        self.swap_form = self.builder.form(GateForm(GATES["SWAP"]))
        self.nb_swaps = 0
        self.decay = np.ones(coupling.nb_qubits)

    def run(self) -> Routed:
        ready = [index for index, missing in enumerate(self.nb_missing) if not missing]
        front: list[int] = []
        since_progress: list[tuple[int, int]] = []
        while ready or front:
            front, is_progress = self._write_ready(front + ready)
            ready = []
            if is_progress:
                since_progress = []
                self.decay[:] = 1.0
            if front:
                since_progress += self._one_step(front, since_progress)
        nb_circuit = self.tape.nb_qubits
        return Routed(
            tape=self.builder.tape(self.coupling.nb_qubits, self.tape.nb_cbits),
            initial=self.initial,
            final=tuple(self.place[:nb_circuit]),
            nb_swaps=self.nb_swaps,
        )

    def _write_ready(self, candidates: Sequence[int]) -> tuple[list[int], bool]:
        """Write out all rows that can act where their qubits are; return those that can't, and whether any could."""
        stuck: list[int] = []
        waiting, is_progress = deque(sorted(candidates)), False
        while waiting:
            index = waiting.popleft()
            if not self._fits(self.rows[index]):
                stuck.append(index)
                continue
            is_progress = True
            row = self.rows[index]
            self.builder.row(row._replace(qubits=tuple(self.place[qubit] for qubit in row.qubits)))
            for follower in self.followers[index]:
                self.nb_missing[follower] -= 1
                if not self.nb_missing[follower]:
                    waiting.append(follower)
        return stuck, is_progress

    def _fits(self, row: Row) -> bool:
        if len(row.qubits) != 2 or row.form is None:
            return True
        return self._distance(row) == 1

    def _distance(self, row: Row) -> float:
        a, b = row.qubits
        distance = float(self.coupling.distances[self.place[a], self.place[b]])
        if distance == float("inf"):
            raise RoutingError(
                f"a gate acts on qubits {a} and {b}, which are at {self.place[a]} and {self.place[b]} of the device: "
                f"no path joins these; use qubits of one connected part"
            )
        return distance

    def _one_step(self, front: Sequence[int], past: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Swap once; if the front has been stuck for long, undo nothing but walk its closest gate together."""
        if len(past) > 3 * self.coupling.nb_qubits:
            return self._walk(min(front, key=lambda index: self._distance(self.rows[index])))
        swap = self._best_swap(front)
        self._swap(*swap)
        self.decay[list(swap)] += DECAY_STEP
        if not (len(past) + 1) % DECAY_RESET:
            self.decay[:] = 1.0
        return [swap]

    def _walk(self, index: int) -> list[tuple[int, int]]:
        a, b = (self.place[qubit] for qubit in self.rows[index].qubits)
        path = self.coupling.path(a, b)
        for swap in pairwise(path[:-1]):
            self._swap(*swap)
        return []

    def _best_swap(self, front: Sequence[int]) -> tuple[int, int]:
        near = self._pairs(front)
        far = self._pairs(self._upcoming(front))
        touched = {place for pair in near for place in pair}
        swaps = sorted({(min(p, q), max(p, q)) for p in touched for q in self.coupling.neighbours[p]})
        return min(swaps, key=lambda swap: self._score(swap, near, far))

    def _pairs(self, indices: Iterable[int]) -> list[tuple[int, int]]:
        qubits = (self.rows[index].qubits for index in indices)
        return [(self.place[a], self.place[b]) for a, b in qubits]

    def _upcoming(self, front: Sequence[int]) -> list[int]:
        """The next two-qubit gates behind the front, breadth first."""
        found: list[int] = []
        waiting, seen = deque(front), set(front)
        while waiting and len(found) < LOOKAHEAD:
            for follower in self.followers[waiting.popleft()]:
                if follower not in seen:
                    seen.add(follower)
                    waiting.append(follower)
                    if len(self.rows[follower].qubits) == 2:
                        found.append(follower)
        return found

    def _score(
        self, swap: tuple[int, int], near: Sequence[tuple[int, int]], far: Sequence[tuple[int, int]]
    ) -> tuple[float, tuple[int, int]]:
        exchanged = {swap[0]: swap[1], swap[1]: swap[0]}
        cost = _mean_distance(near, exchanged, self.coupling.distances)
        if far:
            cost += LOOKAHEAD_WEIGHT * _mean_distance(far, exchanged, self.coupling.distances)
        return float(self.decay[list(swap)].max()) * cost, swap

    def _swap(self, p: int, q: int) -> None:
        self.builder.gate(self.swap_form, (p, q))
        self.nb_swaps += 1
        a, b = self.qubit_at[p], self.qubit_at[q]
        self.place[a], self.place[b] = q, p
        self.qubit_at[p], self.qubit_at[q] = b, a


def _mean_distance(
    pairs: Sequence[tuple[int, int]], exchanged: Mapping[int, int], distances: NDArray[np.float64]
) -> float:
    return sum(float(distances[exchanged.get(p, p), exchanged.get(q, q)]) for p, q in pairs) / len(pairs)


def _dependencies(rows: Sequence[Row]) -> tuple[list[list[int]], list[int]]:
    """For each row the rows that wait for it, and for how many rows it waits; classical operations keep their order."""
    followers: list[list[int]] = [[] for _ in rows]
    nb_missing = [0] * len(rows)
    last: dict[object, int] = defaultdict(lambda: -1)
    for index, row in enumerate(rows):
        wires: list[object] = [*row.qubits, *(["classical"] if row.classical is not None else [])]
        for before in {last[wire] for wire in wires} - {-1}:
            followers[before].append(index)
            nb_missing[index] += 1
        for wire in wires:
            last[wire] = index
    return followers, nb_missing


def decomposed(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows with gates on three or more qubits written as smaller ones, where the gate table knows how.

    Raises:
        RoutingError: for a large gate without a known decomposition.
    """
    for row in rows:
        if row.form is None or len(row.qubits) <= 2:
            yield row
            continue
        record = row.form.record
        if not record.decomposition or row.form.nb_controls or row.classical is not None:
            raise RoutingError(
                f"the gate {row.form.syntax} acts on {len(row.qubits)} qubits {list(row.qubits)} and has no "
                f"decomposition into gates on two qubits; write it with smaller gates"
            )
        for step in record.decomposition:
            qubits = tuple(row.qubits[qubit] for qubit in step.qubits)
            yield Row(row.kind, GateForm(GATES[step.name]), step.angles_rad, qubits, None)
