"""What is computed: circuits, observables and parameters of every workload, as plain data.

Nothing but the standard library is needed, so that every peer's environment can import this file. All random choices
are seeded. A gate's angle is a number or :class:`Scaled`, a multiple of a parameter. Rotations are
``exp(-i * angle / 2 * P)``; ``cp`` multiplies ``|11>`` by ``exp(i * angle)``.
"""

from __future__ import annotations

import cmath
import json
import math
import random
from collections.abc import Callable, Sequence
from itertools import combinations, product
from pathlib import Path
from typing import Any, NamedTuple

MOLECULES = Path(__file__).parents[2] / "examples" / "data"


class Scaled(NamedTuple):
    """The angle ``factor * parameters[index]``."""

    index: int
    factor: float


class Gate(NamedTuple):
    """One operation.

    Attributes:
        name: ``h x s t tdg rx ry rz unitary cx cz cp swap rzz mcz pauli``, or ``measure`` and ``x_if``.
        qubits: controls first.
        angle: in radians.
        detail: the matrix of ``unitary`` by rows, the letters of ``pauli``, the classical bit of ``measure`` (written)
            and ``x_if`` (which applies X where it is 1).
    """

    name: str
    qubits: tuple[int, ...]
    angle: float | Scaled | None = None
    detail: Any = None


class Circuit(NamedTuple):
    """Gates on qubits that all start in ``|0>``."""

    nb_qubits: int
    gates: list[Gate]
    nb_cbits: int = 0


class Term(NamedTuple):
    """A Pauli word with a coefficient: ``letters[i]`` acts on ``qubits[i]``; no letters for the constant."""

    coefficient: float
    letters: str
    qubits: tuple[int, ...]


Observable = list[Term]


def bound(circuit: Circuit, values: Sequence[float]) -> Circuit:
    """The circuit with numbers for its parameters.

    >>> bound(Circuit(1, [Gate("rx", (0,), Scaled(0, 2.0))]), [0.5]).gates[0].angle
    1.0
    """
    gates = [
        gate._replace(angle=gate.angle.factor * values[gate.angle.index]) if isinstance(gate.angle, Scaled) else gate
        for gate in circuit.gates
    ]
    return circuit._replace(gates=gates)


def _on_all(name: str, nb_qubits: int, angle: float | Scaled | None = None) -> list[Gate]:
    return [Gate(name, (qubit,), angle) for qubit in range(nb_qubits)]


def _product_state(nb_qubits: int) -> list[Gate]:
    return [Gate("ry", (qubit,), 0.1 * (qubit + 1)) for qubit in range(nb_qubits)]


def fourier(nb_qubits: int) -> Circuit:
    """Quantum Fourier transform of a product state, with its final swaps."""
    gates = _product_state(nb_qubits)
    for target in reversed(range(nb_qubits)):
        gates.append(Gate("h", (target,)))
        gates += [Gate("cp", (k, target), math.pi / (1 << (target - k))) for k in reversed(range(target))]
    gates += [Gate("swap", (k, nb_qubits - 1 - k)) for k in range(nb_qubits // 2)]
    return Circuit(nb_qubits, gates)


def haar_matrix(rng: random.Random) -> tuple[complex, complex, complex, complex]:
    """A random 2x2 unitary by rows."""
    a, b, c = (rng.uniform(0, 2 * math.pi) for _ in range(3))
    angle = math.asin(math.sqrt(rng.random()))
    cosine, sine = math.cos(angle), math.sin(angle)
    phase = lambda radians: cmath.exp(1j * radians)  # noqa: E731
    return phase(a) * cosine, phase(b) * sine, -phase(c - b) * sine, phase(c - a) * cosine


def brickwork(nb_qubits: int, depth: int, seed: int = 7) -> Circuit:
    """Layers of Haar-random gates on all qubits, each followed by CNOTs on even or odd neighbours."""
    rng = random.Random(seed)
    gates: list[Gate] = []
    for layer in range(depth):
        gates += [Gate("unitary", (qubit,), detail=haar_matrix(rng)) for qubit in range(nb_qubits)]
        gates += [Gate("cx", (qubit, qubit + 1)) for qubit in range(layer % 2, nb_qubits - 1, 2)]
    return Circuit(nb_qubits, gates)


def clifford_t(nb_qubits: int, nb_gates: int, seed: int = 7) -> Circuit:
    """Half CNOTs on random pairs; H 20 %, S, T and its inverse 10 % each; on a product state."""
    rng = random.Random(seed)
    gates = _product_state(nb_qubits)
    for name in rng.choices(("cx", "h", "s", "t", "tdg"), (5, 2, 1, 1, 1), k=nb_gates):
        gates.append(Gate(name, tuple(rng.sample(range(nb_qubits), 2 if name == "cx" else 1))))
    return Circuit(nb_qubits, gates)


def grover(nb_qubits: int, nb_iterations: int, marked: int = 0b1011) -> Circuit:
    """Grover iterations; bit ``k`` of ``marked`` is qubit ``k`` of the state searched for."""
    reflection = [Gate("mcz", tuple(range(nb_qubits)))]
    unmarked = [Gate("x", (qubit,)) for qubit in range(nb_qubits) if not marked >> qubit & 1]
    hadamards, flips = _on_all("h", nb_qubits), _on_all("x", nb_qubits)
    oracle = unmarked + reflection + unmarked
    diffusion = hadamards + flips + reflection + flips + hadamards
    return Circuit(nb_qubits, hadamards + (oracle + diffusion) * nb_iterations)


def regular_graph(nb_nodes: int, seed: int = 7) -> list[tuple[int, int]]:
    """Edges of a random graph in which every node has three neighbours (configuration model, drawn until simple)."""
    rng = random.Random(seed)
    while True:
        ends = [node for node in range(nb_nodes) for _ in range(3)]
        rng.shuffle(ends)
        edges = {(min(a, b), max(a, b)) for a, b in zip(ends[::2], ends[1::2], strict=True)}
        if len(edges) == 3 * nb_nodes // 2 and all(a != b for a, b in edges):
            return sorted(edges)


def qaoa(nb_qubits: int, depth: int) -> tuple[Circuit, Observable, list[float]]:
    """MaxCut on a 3-regular graph: circuit, cost and parameters (gamma and beta of each layer in turn)."""
    edges = regular_graph(nb_qubits)
    gates = _on_all("h", nb_qubits)
    for layer in range(depth):
        gates += [Gate("rzz", edge, Scaled(2 * layer, 1.0)) for edge in edges]
        gates += _on_all("rx", nb_qubits, Scaled(2 * layer + 1, 2.0))
    cost = [Term(0.5, "ZZ", edge) for edge in edges]
    return Circuit(nb_qubits, gates), cost, [0.3 + 0.05 * k for k in range(2 * depth)]


SINGLE = (("YX", 1), ("XY", -1))
DOUBLE = (
    ("XXYX", 1), ("YXYY", 1), ("XYYY", 1), ("XXXY", 1), ("YXXX", -1), ("XYXX", -1), ("YYYX", -1), ("YYXY", -1),
)  # fmt: skip
"""``exp(angle * (excitation - adjoint))`` is a product of rotations about these commuting words (Jordan-Wigner)."""


def excitations(nb_qubits: int, nb_electrons: int) -> list[tuple[int, ...]]:
    """Single ``(i, a)`` and double ``(i, j, a, b)`` excitations that keep the spin, the parity of the qubit."""
    occupied, empty = range(nb_electrons), range(nb_electrons, nb_qubits)
    doubles = product(combinations(occupied, 2), combinations(empty, 2))
    return [(i, a) for i, a in product(occupied, empty) if (a - i) % 2 == 0] + [
        (*low, *high) for low, high in doubles if sorted(q % 2 for q in low) == sorted(q % 2 for q in high)
    ]


def excitation_gates(excitation: tuple[int, ...], index: int) -> list[Gate]:
    """The rotations of an excitation by parameter ``index``."""
    ends = list(zip(excitation[::2], excitation[1::2], strict=True))
    between = [qubit for low, high in ends for qubit in range(low + 1, high)]
    words = SINGLE if len(excitation) == 2 else DOUBLE
    gates = []
    for word, sign in words:
        letters = dict.fromkeys(between, "Z") | dict(zip(excitation, word, strict=True))
        support = tuple(sorted(letters))
        angle = Scaled(index, sign * 2 / len(words))
        gates.append(Gate("pauli", support, angle, "".join(letters[qubit] for qubit in support)))
    return gates


def molecule(name: str) -> dict[str, Any]:
    """The document of ``examples/data/NAME.json``."""
    document: dict[str, Any] = json.loads((MOLECULES / f"{name}.json").read_text())
    return document


def coupled_cluster(name: str) -> tuple[Circuit, Observable, list[float]]:
    """UCCSD, one Trotter step, on the Hartree-Fock state; the molecule's energy; random parameters."""
    document = molecule(name)
    nb_qubits, rng = document["nb_qubits"], random.Random(8)
    gates = [Gate("x", (qubit,)) for qubit, bit in enumerate(document["hartree_fock_state"]) if bit == "1"]
    excited = excitations(nb_qubits, document["nb_electrons"])
    for index, excitation in enumerate(excited):
        gates += excitation_gates(excitation, index)
    energy = [Term(document["constant"], "", ())]
    energy += [Term(coefficient, letters, tuple(qubits)) for coefficient, letters, qubits in document["terms"]]
    return Circuit(nb_qubits, gates), energy, [rng.uniform(-0.3, 0.3) for _ in excited]


def random_observable(nb_qubits: int, nb_terms: int, seed: int = 7) -> Observable:
    """Random words, each letter I, X, Y or Z alike, with normally distributed coefficients."""
    rng, terms = random.Random(seed), []
    while len(terms) < nb_terms:
        word = rng.choices("IXYZ", k=nb_qubits)
        support = tuple(qubit for qubit, letter in enumerate(word) if letter != "I")
        if support:
            terms.append(Term(rng.gauss(0, 1), "".join(word[qubit] for qubit in support), support))
    return terms


def small_job(nb_qubits: int, nb_gates: int, seed: int) -> tuple[Circuit, Observable]:
    """CNOT 40 %, H 10 %, rotations 50 %; ``sum(Z_q) + sum(Z_q Z_{q+1}) / 2``."""
    rng, gates = random.Random(seed * 1000 + nb_qubits), []
    for name in rng.choices(("cx", "h", "rx", "ry", "rz"), (24, 6, 10, 10, 10), k=nb_gates):
        qubits = tuple(rng.sample(range(nb_qubits), 2 if name == "cx" else 1))
        gates.append(Gate(name, qubits, rng.uniform(0, 2 * math.pi) if name[0] == "r" else None))
    fields = [Term(1.0, "Z", (qubit,)) for qubit in range(nb_qubits)]
    return Circuit(nb_qubits, gates), fields + [Term(0.5, "ZZ", (q, q + 1)) for q in range(nb_qubits - 1)]


def hardware_efficient(nb_qubits: int, nb_layers: int, nb_sets: int) -> tuple[Circuit, Observable, list[list[float]]]:
    """Layers of RY, RZ and a ring of CNOTs; Heisenberg chain in a field; random parameter sets."""
    gates: list[Gate] = []
    for layer in range(nb_layers):
        for qubit in range(nb_qubits):
            index = 2 * (layer * nb_qubits + qubit)
            gates += [Gate("ry", (qubit,), Scaled(index, 1.0)), Gate("rz", (qubit,), Scaled(index + 1, 1.0))]
        gates += [Gate("cx", (qubit, (qubit + 1) % nb_qubits)) for qubit in range(nb_qubits)]
    chain = [Term(1.0, 2 * letter, (q, q + 1)) for q in range(nb_qubits - 1) for letter in "XYZ"]
    rng = random.Random(5)
    sets = [[rng.uniform(-3, 3) for _ in range(2 * nb_layers * nb_qubits)] for _ in range(nb_sets)]
    return Circuit(nb_qubits, gates), chain + [Term(0.3, "X", (q,)) for q in range(nb_qubits)], sets


def measured_brickwork(nb_qubits: int) -> Circuit:
    """Brickwork that measures qubits 0, 1, 2 in turn and flips qubits 3, 4, 5 where a 1 was found."""
    gates = list(brickwork(nb_qubits, 4, 3).gates)
    for k in range(3):
        gates += [Gate("measure", (k,), detail=k), Gate("x_if", (k + 3,), detail=k)]
        gates += brickwork(nb_qubits, 2, 11 + k).gates
    return Circuit(nb_qubits, gates, nb_cbits=3)


def _energy(problem: tuple[Circuit, Observable, list[float]]) -> tuple[Circuit, Observable]:
    circuit, observable, values = problem
    return bound(circuit, values), observable


def _small_jobs(nb_jobs: int) -> list[tuple[Circuit, Observable]]:
    return [small_job(4 + seed % 7, 50, seed) for seed in range(nb_jobs)]


class Workload(NamedTuple):
    """One row of the table.

    Attributes:
        title: how the row is called.
        kind: the adapter's method that prepares it, see :mod:`benchmarks.engine.peers.base`.
        make: gives the method's arguments from the sizes.
        full: the sizes of the table.
        small: sizes that take milliseconds, to check adapters.
        tolerance: by how much double-precision answers may differ, in units of the largest one if that is above 1.
        nb_shots: place of the number of shots in the sizes, if answers are random.
        nb_amplitudes: of the state, for the bound by memory bandwidth; 0: none is given.
    """

    title: str
    kind: str
    make: Callable[..., tuple[Any, ...]]
    full: tuple[Any, ...]
    small: tuple[Any, ...]
    tolerance: float = 1e-8
    nb_shots: int | None = None
    nb_amplitudes: int = 0

    def arguments(self, is_small: bool = False) -> tuple[Any, ...]:
        """Arguments of the adapter's method."""
        return self.make(*(self.small if is_small else self.full))

    def answers_tolerance(self, is_small: bool, is_single: bool) -> float:
        """By how much answers may differ: five standard errors of a difference, or rounding."""
        if self.nb_shots is not None:
            return 5 * math.sqrt(2 / (self.small if is_small else self.full)[self.nb_shots])
        return self.tolerance * (1e4 if is_single else 1)


def _state(make: Callable[..., Circuit]) -> Callable[..., tuple[Circuit]]:
    return lambda *sizes: (make(*sizes),)


def _large_observable(nb_qubits: int, nb_terms: int) -> tuple[Circuit, Observable]:
    return brickwork(nb_qubits, 5), random_observable(nb_qubits, nb_terms)


def _samples(nb_qubits: int, nb_shots: int) -> tuple[Circuit, int]:
    return brickwork(nb_qubits, 5), nb_shots


WORKLOADS: dict[str, Workload] = {
    "fourier": Workload("QFT-20", "state", _state(fourier), (20,), (7,), nb_amplitudes=1 << 20),
    "brickwork": Workload("brickwork 20 x 20", "state", _state(brickwork), (20, 20), (7, 6), nb_amplitudes=1 << 20),
    "clifford-t": Workload(
        "Clifford+T 20, 2000 gates", "state", _state(clifford_t), (20, 2000), (7, 200), nb_amplitudes=1 << 20
    ),
    "grover": Workload("Grover-20 x 20", "state", _state(grover), (20, 20), (7, 3), nb_amplitudes=1 << 20),
    "qaoa-energy": Workload(
        "QAOA p=4, 20 qubits: energy", "energy", lambda n, p: _energy(qaoa(n, p)), (20, 4), (6, 2),
        nb_amplitudes=1 << 20,
    ),
    "qaoa-gradient": Workload("same: gradient", "gradient", qaoa, (20, 4), (6, 2), nb_amplitudes=1 << 20),
    "ucc-energy": Workload(
        "UCCSD LiH, 12 qubits: energy", "energy", lambda name: _energy(coupled_cluster(name)), ("lih_sto3g",),
        ("h2_sto3g",),
    ),
    "ucc-gradient": Workload("same: gradient", "gradient", coupled_cluster, ("lih_sto3g",), ("h2_sto3g",)),
    "jobs": Workload("1000 small jobs: execute", "jobs", lambda count: (_small_jobs(count), False), (1000,), (20,)),
    "jobs-built": Workload(
        "1000 small jobs: with building", "jobs", lambda count: (_small_jobs(count), True), (1000,), (20,)
    ),
    "shots": Workload(
        "10^6 shots, 20 qubits", "samples", _samples, (20, 1_000_000), (7, 20_000), nb_shots=1, nb_amplitudes=1 << 20,
    ),
    "trajectories": Workload(
        "10^4 shots, mid-circuit measurement, 12 qubits", "trajectories",
        lambda n, shots: (measured_brickwork(n), shots), (12, 10_000), (7, 500), nb_shots=1,
    ),
    "terms": Workload(
        "5000 Pauli terms, 20 qubits", "energy", _large_observable, (20, 5000), (7, 200), 1e-7, nb_amplitudes=1 << 20,
    ),
    "parameter-sets": Workload(
        "1000 parameter sets, 10 qubits", "energies", hardware_efficient, (10, 4, 1000), (5, 2, 10)
    ),
    "submit": Workload("4-qubit submit through a stack x 100", "submit", lambda count: (count,), (100,), (5,)),
    "cobyla": Workload(
        "COBYLA x 300 evaluations, 6-qubit QAOA p=2", "minimum", lambda *sizes: (*qaoa(6, 2), *sizes),
        ("COBYLA", 300), ("COBYLA", 300), 1e-3,
    ),
    "vqe": Workload(
        "VQE of LiH (10 qubits, L-BFGS-B)", "minimum", lambda name, *sizes: (*coupled_cluster(name), *sizes),
        ("lih_sto3g_frozen_core", "L-BFGS-B", 1000), ("h2_sto3g", "L-BFGS-B", 1000), 1e-5,
    ),
}  # fmt: skip
"""All workloads by name."""
