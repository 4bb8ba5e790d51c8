"""Measurement of observables by sampling: Pauli terms are measured in groups, each in a basis of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan, nan, sqrt
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from qat.core.enums import ProcessingType
from qat.core.errors import ErrorType, PluginException
from qat.core.notes import find_note, with_note
from qat.core.plugins import AbstractPlugin
from qat.core.wrappers.circuit import Circuit
from qat.core.wrappers.job import Batch, Job
from qat.core.wrappers.result import BatchResult, Result
from qat.kernels.gates import GATES, GateForm
from qat.kernels.pauli import DiagonalGroup, PauliSum, commuting_groups, qubit_wise_groups, single_groups
from qat.kernels.tape import TapeBuilder
from qat.kernels.tape_algebra import concatenated
from qat.plugins.jobs import with_circuit, with_tape

__all__ = ["ObservableSplitter"]

NOTE = "OBSERVABLE_SPLITTER"
GROUPINGS: dict[str, Callable[[PauliSum], list[DiagonalGroup]]] = {
    "naive": single_groups,
    "coloring": qubit_wise_groups,
    "clifford": commuting_groups,
}
BasisChange = Callable[[int, int], Any]


class ObservableSplitter(AbstractPlugin):
    """Turns each observable job into sampling jobs, one for every group of terms measured together.

    Each group is measured with the job's ``nbshots``; with 0 shots the values are exact. The error is the standard
    error of the mean, from the variance of the sampled value of each group (so covariances within a group count); it is
    unknown (``None``) after a single shot.

    Args:
        splitting_method: ``"naive"`` measures every term by itself; ``"coloring"`` groups terms with equal letters
            wherever they meet; ``"clifford"`` groups all commuting terms behind an entangling Clifford circuit.
        x_basis_change: ``(qubit, nb_qubits) -> QRoutine`` of arity ``nb_qubits`` that maps X to Z; default H.
        y_basis_change: likewise for Y. Both are for the first two methods; the third ignores them.

    Source: Crawford et al., Quantum 5, 385 (2021).

    Raises:
        PluginException: the method is unknown, or, at compilation, an observable is not Hermitian.

    >>> from qat.core import Observable, Term
    >>> from qat.lang.AQASM import CNOT, H, Program
    >>> from qat.qpus import LinAlg
    >>> program = Program()
    >>> qubits = program.qalloc(2)
    >>> _ = H(qubits[0]), CNOT(qubits)
    >>> observable = Observable(2, pauli_terms=[Term(1, "ZZ", [0, 1]), Term(1, "XX", [0, 1]), Term(0.5, "Z", [0])])
    >>> stack = ObservableSplitter(splitting_method="coloring") | LinAlg(seed=1)
    >>> result = stack.submit(program.to_circ().to_job(observable=observable, nbshots=1000))
    >>> abs(result.value - 2) < 4 * result.error
    True
    """

    def __init__(
        self,
        splitting_method: str = "naive",
        x_basis_change: BasisChange | None = None,
        y_basis_change: BasisChange | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if splitting_method not in GROUPINGS:
            raise PluginException(
                ErrorType.INVALID_ARGS,
                __name__,
                f"Unknown splitting_method {splitting_method!r}: expected one of {', '.join(GROUPINGS)}.",
            )
        self.splitting_method = splitting_method
        self.basis_changes = {"X": x_basis_change, "Y": y_basis_change}

    def compile(self, batch: Batch, specs: Any) -> Batch:
        """Replaces observable jobs by the sampling jobs of their groups."""
        split = [self._split(job) for job in batch.jobs]
        return with_note(batch, [job for jobs, _ in split for job in jobs], NOTE, [note for _, note in split])

    def _split(self, job: Job) -> tuple[list[Job], dict[str, Any] | None]:
        if job.type != ProcessingType.OBSERVABLE or job.circuit is None or job.observable is None:
            return [job], None
        paulis = _real(job.observable.pauli_sum().on_qubits(job.circuit.nbqbits))
        groups = [self._group_job(job, paulis, group) for group in GROUPINGS[self.splitting_method](paulis)]
        note = {
            "constant": paulis.constant.real,
            "nb_shots": job.nbshots or 0,
            "groups": [description for _, description in groups],
        }
        return [group for group, _ in groups], note

    def _group_job(self, job: Job, paulis: PauliSum, group: DiagonalGroup) -> tuple[Job, dict[str, Any]]:
        nb_qubits = paulis.nb_qubits
        circuit, signs = self._measuring(cast(Circuit, job.circuit), paulis, group)
        measured = [qubit for qubit in range(nb_qubits) if group.measured >> (nb_qubits - 1 - qubit) & 1]
        coefficients = paulis.coefficients[group.members].real * signs
        description = {
            "weights": coefficients.tolist(),
            "masks": [_compressed(int(mask), measured, nb_qubits) for mask in group.z_masks],
            "width": len(measured),
        }
        fields = {"observable": None, "type": ProcessingType.SAMPLE, "qubits": measured, "aggregate_data": True}
        return with_circuit(job, circuit, **fields), description

    def _measuring(
        self, circuit: Circuit, paulis: PauliSum, group: DiagonalGroup
    ) -> tuple[Circuit, NDArray[np.float64]]:
        """The circuit with the group's change of basis behind it, and the signs this gives the terms."""
        if self.splitting_method == "clifford" or not any(self.basis_changes.values()):
            return _followed_by(circuit, group.circuit), group.signs
        letters = {
            qubit: letter
            for _, word, qubits in paulis[group.members].terms()
            for letter, qubit in zip(word, qubits, strict=True)
        }
        for qubit, letter in sorted(letters.items()):
            circuit = self._rotated(circuit, qubit, letter)
        return circuit, np.ones(len(group.members))

    def _rotated(self, circuit: Circuit, qubit: int, letter: str) -> Circuit:
        change = self.basis_changes.get(letter)
        if change is None:
            return _followed_by(circuit, _DEFAULT_CHANGES[letter](qubit))
        routine = change(qubit, circuit.nbqbits).to_circ()
        if routine.nbqbits != circuit.nbqbits:
            raise PluginException(
                ErrorType.INVALID_ARGS,
                __name__,
                f"The basis change of {letter} on qubit {qubit} is a routine of {routine.nbqbits} qubits; give one on "
                f"all {circuit.nbqbits} qubits of the circuit.",
            )
        return with_tape(circuit, concatenated(circuit.tape, routine.tape))

    def post_process(self, batch_result: BatchResult) -> BatchResult:
        """Adds up the values of the groups."""
        results = iter(batch_result)
        merged = [
            next(results) if note is None else _merged([next(results) for _ in note["groups"]], note)
            for note in find_note(batch_result, NOTE)
        ]
        return BatchResult(results=merged, meta_data=batch_result.meta_data)


# Y becomes Z by exp(-i pi/4 X): a rotation of -pi/2 about Z, then H.
_DEFAULT_CHANGES: dict[str, Callable[[int], list[tuple[str, tuple[int, ...]]]]] = {
    "X": lambda qubit: [("H", (qubit,))],
    "Y": lambda qubit: [("Z", (qubit,)), ("S", (qubit,)), ("H", (qubit,))],
    "Z": lambda qubit: [],
}


def _followed_by(circuit: Circuit, gates: Sequence[tuple[str, tuple[int, ...]]]) -> Circuit:
    builder = TapeBuilder()
    for name, qubits in gates:
        builder.gate(builder.form(GateForm(GATES[name])), qubits)
    return with_tape(circuit, concatenated(circuit.tape, builder.tape(circuit.tape.nb_qubits, circuit.tape.nb_cbits)))


def _real(paulis: PauliSum) -> PauliSum:
    largest = max([abs(paulis.constant.imag), *np.abs(paulis.coefficients.imag).tolist()])
    if largest > 1e-10:
        raise PluginException(
            ErrorType.INVALID_ARGS,
            __name__,
            f"The observable is not Hermitian: a coefficient has the imaginary part {largest:.3g}. Measure its "
            f"Hermitian and anti-Hermitian parts, (O + O.dag()) / 2 and (O - O.dag()) / 2j, each by itself.",
        )
    return paulis


def _compressed(mask: int, measured: Sequence[int], nb_qubits: int) -> int:
    """The mask over the measured qubits alone, the first of them the most significant bit."""
    bits = ("1" if mask >> (nb_qubits - 1 - qubit) & 1 else "0" for qubit in measured)
    return int("".join(bits) or "0", 2)


def _merged(results: Sequence[Result], note: dict[str, Any]) -> Result:
    value, variance = note["constant"], 0.0
    for result, group in zip(results, note["groups"], strict=True):
        mean, spread = _group_statistics(result, group)
        value += mean
        variance += _variance_of_mean(spread, note["nb_shots"])
    meta_data = {**(results[0].meta_data or {})} if results else {}
    if note["nb_shots"]:
        meta_data["nbshots"] = str(note["nb_shots"])
    return Result(value=value, error=None if isnan(variance) else sqrt(variance), raw_data=[], meta_data=meta_data)


def _variance_of_mean(spread: float, nb_shots: int) -> float:
    """Variance of the mean of so many shots: 0 for the exact mean, NaN (unknown) for a single shot."""
    if not nb_shots:
        return 0.0
    return spread / (nb_shots - 1) if nb_shots > 1 else nan


def _group_statistics(result: Result, group: dict[str, Any]) -> tuple[float, float]:
    """Mean and variance of the group's value over the samples of one result."""
    samples = [(sample.state.int, sample.probability) for sample in result if sample.state is not None]
    if not samples:
        raise PluginException(
            ErrorType.INVALID_ARGS, __name__, "The QPU returned no samples for a measured group of terms."
        )
    weights = np.array([1.0 if probability is None else probability for _, probability in samples])
    weights /= weights.sum()
    values = _values([state for state, _ in samples], group["masks"], np.array(group["weights"]), group["width"])
    mean = float(weights @ values)
    return mean, float(weights @ (values - mean) ** 2)


def _values(
    states: Sequence[int], masks: Sequence[int], weights: NDArray[np.float64], width: int
) -> NDArray[np.float64]:
    """Value of the group in each measured state, shape ``(len(states),)``; terms are summed in blocks of 256."""
    bits = _bit_rows(states, width)
    values = np.zeros(len(states))
    for start in range(0, len(masks), 256):
        parity = (bits @ _bit_rows(masks[start : start + 256], width).T) % 2
        values += (1 - 2 * parity) @ weights[start : start + 256]
    return values


def _bit_rows(numbers: Sequence[int], width: int) -> NDArray[np.float64]:
    nb_bytes = -(-width // 8) or 1
    packed = np.frombuffer(b"".join(number.to_bytes(nb_bytes, "big") for number in numbers), np.uint8)
    bits = np.unpackbits(packed.reshape(len(numbers), nb_bytes), axis=1)
    return bits[:, 8 * nb_bytes - width :].astype(np.float64)
