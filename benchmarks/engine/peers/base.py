"""What adapters share. An adapter is a class ``Adapter(Peer)`` that overrides the methods its simulator can do."""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

from benchmarks.engine.workloads import Circuit, Gate, Observable, Scaled

NB_OVERLAPS = 4
PAULI_NUMBERS = {"X": 1, "Y": 2, "Z": 3}
GOLDEN = (math.sqrt(5) - 1) / 2


class UnsupportedError(Exception):
    """The simulator has no such feature."""


class Run(NamedTuple):
    """A prepared workload.

    Attributes:
        call: what is timed.
        answer: makes numbers, to be compared between peers, of what ``call`` returned; not timed.
        nb_passes: how often ``call`` reads and writes the whole state, where that is known.
        nb_operations: additions and multiplications of real numbers that it takes, where that is known.
        peak: of these, how many a second the threads can do at most.
        sweeps_s: seconds that the threads need at least to move what they move between registers and caches.
    """

    call: Callable[[], Any]
    answer: Callable[[Any], Sequence[float]]
    nb_passes: int | None = None
    nb_operations: float | None = None
    peak: float | None = None
    sweeps_s: float | None = None


class Peer:
    """One simulator in the worker's process. Each method prepares a kind of workload, and returns a :class:`Run`.

    Args:
        nb_threads: how many threads it may use.
    """

    packages: tuple[str, ...] = ()

    def __init__(self, nb_threads: int) -> None:
        self.nb_threads = nb_threads

    def versions(self) -> str:
        """Names and versions of the packages."""
        return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in self.packages)

    def state(self, circuit: Circuit) -> Run:
        """The final state; its answer is :func:`overlaps`."""
        self._refuse("state")

    def energy(self, circuit: Circuit, observable: Observable) -> Run:
        """The mean value of an observable, from the circuit on."""
        self._refuse("energy")

    def gradient(self, circuit: Circuit, observable: Observable, values: list[float]) -> Run:
        """The derivatives of a mean value by all parameters."""
        self._refuse("gradient")

    def energies(self, circuit: Circuit, observable: Observable, sets: list[list[float]]) -> Run:
        """The mean values for many parameter sets."""
        self._refuse("energies")

    def jobs(self, jobs: list[tuple[Circuit, Observable]], with_building: bool) -> Run:
        """Mean values of many circuits; building their objects is timed if asked for."""
        self._refuse("jobs")

    def samples(self, circuit: Circuit, nb_shots: int) -> Run:
        """Measures all qubits at the end, the state included; its answer is :func:`z_means`."""
        self._refuse("samples")

    def trajectories(self, circuit: Circuit, nb_shots: int) -> Run:
        """The same for circuits that measure on the way."""
        self._refuse("trajectories")

    def submit(self, count: int) -> Run:
        """Submit a 4-qubit GHZ job ``count`` times through a stack of one plugin."""
        self._refuse("submit")

    def minimum(
        self, circuit: Circuit, observable: Observable, values: list[float], method: str, max_iterations: int
    ) -> Run:
        """A whole variational optimisation."""
        self._refuse("minimum")

    def _refuse(self, what: str) -> NoReturn:
        raise UnsupportedError(f"no {what}")


def overlaps(vector: np.ndarray, nb_qubits: int, *, is_little_endian: bool = False) -> list[float]:
    """Overlaps of a state with fixed product states of random phases, as numbers free of a global phase.

    A wrong gate anywhere changes them, so they stand for the whole vector.

    Args:
        vector: shape ``(2**n,)``.
        nb_qubits: ``n``.
        is_little_endian: whether qubit 0 is the least significant bit of the index.

    >>> np.allclose(overlaps(np.array([0, 1j]), 1), overlaps(np.array([0, 1]), 1))
    True
    """
    values = np.array([_overlap(np.asarray(vector), nb_qubits, k, is_little_endian) for k in range(NB_OVERLAPS)])
    values *= abs(values[0]) / values[0]
    return [float(part) for value in values for part in (value.real, value.imag)]


def _overlap(vector: np.ndarray, nb_qubits: int, number: int, is_little_endian: bool) -> complex:
    for position in range(nb_qubits):
        qubit = position if is_little_endian else nb_qubits - 1 - position
        angle = 2 * math.pi * math.fmod((qubit + 1) * (number + 1) ** 2 * GOLDEN, 1.0)
        vector = vector.reshape(-1, 2) @ np.array([1, complex(math.cos(angle), math.sin(angle))])
    return complex(vector[0])


def z_means(outcomes: Any, counts: Any, nb_qubits: int, *, is_little_endian: bool = False) -> list[float]:
    """The mean of ``(-1)**bit`` for each qubit.

    >>> z_means([0b01, 0b11], [1, 3], 2)
    [-0.5, -1.0]
    """
    outcomes, counts = np.asarray(outcomes, np.int64), np.asarray(counts, float)
    places = range(nb_qubits) if is_little_endian else reversed(range(nb_qubits))
    return [float(1 - 2 * (outcomes >> place & 1) @ counts / counts.sum()) for place in places]


def z_means_of_bits(bits: np.ndarray) -> list[float]:
    """The same of an array of bits, shape ``(shots, n)``."""
    return [float(mean) for mean in 1 - 2 * np.asarray(bits, float).mean(axis=0)]


def matrix(gate: Gate) -> np.ndarray:
    """The matrix of a ``unitary`` gate, shape ``(2, 2)``."""
    return np.array(gate.detail, complex).reshape(2, 2)


def number(value: Any) -> list[float]:
    """An answer that is one number."""
    return [float(np.real(value))]


def numbers(values: Any) -> list[float]:
    """An answer that is many numbers."""
    return [float(np.real(value)) for value in values]


def scaled_angles(circuit: Circuit) -> list[Scaled]:
    """The parametrised angles, in the circuit's order."""
    return [gate.angle for gate in circuit.gates if isinstance(gate.angle, Scaled)]


def by_parameter(angles: Sequence[Scaled], derivatives: Sequence[float], nb_parameters: int) -> list[float]:
    """Derivatives by parameters, from those by angles.

    >>> by_parameter([Scaled(1, 2.0), Scaled(1, -1.0)], [1.0, 0.5], 2)
    [0.0, 1.5]
    """
    total = [0.0] * nb_parameters
    for angle, derivative in zip(angles, derivatives, strict=True):
        total[angle.index] += angle.factor * derivative
    return total


def ladder(gate: Gate) -> list[Gate]:
    """A Pauli rotation as one-qubit gates, CNOTs and one RZ, for simulators that have none."""
    before = [Gate("h", (q,)) for q, letter in zip(gate.qubits, gate.detail, strict=True) if letter == "X"]
    turned = [q for q, letter in zip(gate.qubits, gate.detail, strict=True) if letter == "Y"]
    parity = [Gate("cx", pair) for pair in zip(gate.qubits, gate.qubits[1:], strict=False)]
    return [
        *before, *(Gate("rx", (q,), math.pi / 2) for q in turned), *parity, Gate("rz", gate.qubits[-1:], gate.angle),
        *reversed(parity), *before, *(Gate("rx", (q,), -math.pi / 2) for q in turned),
    ]  # fmt: skip
