"""Zero-noise extrapolation: measure at amplified noise, extrapolate to none.

Source: T. Giurgica-Tiron et al., "Digital zero noise extrapolation for quantum error mitigation", Proc. QCE'20 (2020)
306, section III (folding of gates); K. Temme, S. Bravyi and J. M. Gambetta, Phys. Rev. Lett. 119 (2017) 180509.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.core.enums import ProcessingType
from qat.core.errors import ErrorType, PluginException
from qat.core.notes import find_note, with_note
from qat.core.plugins import AbstractPlugin
from qat.core.wrappers.circuit import Circuit
from qat.core.wrappers.job import Batch, Job
from qat.core.wrappers.result import BatchResult, Result
from qat.kernels.tape import Kind, Row, Tape
from qat.kernels.tape_algebra import opened, tape_of
from qat.plugins.jobs import with_circuit, with_tape

__all__ = ["ZeroNoiseExtrapolator"]

NOTE = "ZeroNoiseExtrapolator"
ZERO_NOISE = -0.5
"""Number of inserted pairs at which no noise is left, as noise grows like ``1 + 2 * pairs``."""


class ZeroNoiseExtrapolator(AbstractPlugin):
    """Estimates the noise-free value of each observable job from runs with the noise made larger.

    Every chosen gate ``G`` becomes ``G (G^-1 G)^k`` for ``k = 0 ... n_ins``: the same circuit with about ``1 + 2k``
    times the noise. The values are fitted and extrapolated to ``k = -1/2``. Sampling jobs pass unchanged.

    Args:
        n_ins: largest number of pairs inserted after each gate.
        extrap_gates: the gates (or their names) to fold, whatever their parameters; CNOT by default.
        extrap_method: ``linear`` for ``a k + b``, or ``exponential`` for ``+-exp(a k + b) + C``, where ``C`` is the
            value in the totally mixed state, which is the observable's constant.

    The result's meta data hold ``values_for_ZNE`` and ``ZNE_fit_parameters``. Its error, for linear fits of results
    that have one, is the propagated error of the fit.

    Raises:
        ValueError: ``n_ins`` is below 1, or the method is unknown.

    >>> from qat.core import Observable
    >>> from qat.lang.AQASM import CNOT, H, Program
    >>> from qat.qpus import LinAlg
    >>> program = Program()
    >>> qubits = program.qalloc(2)
    >>> _ = H(qubits[0]), CNOT(qubits)
    >>> job = program.to_circ().to_job(observable=Observable.sigma_z(0, 2) * Observable.sigma_z(1, 2))
    >>> round((ZeroNoiseExtrapolator(n_ins=2) | LinAlg()).submit(job).value, 6)
    1.0
    """

    def __init__(
        self, n_ins: int = 1, extrap_gates: Sequence[Any] | None = None, extrap_method: str = "linear"
    ) -> None:
        super().__init__()
        if n_ins < 1:
            raise ValueError(f"n_ins={n_ins}: at least one pair of gates must be inserted to extrapolate")
        if extrap_method not in FITS:
            raise ValueError(f"extrap_method={extrap_method!r} is unknown; choose one of {', '.join(FITS)}")
        self.n_ins = n_ins
        self.gate_names = frozenset(map(_gate_name, extrap_gates)) if extrap_gates else frozenset({"CNOT"})
        self.extrap_method = extrap_method

    def compile(self, batch: Batch, specs: Any) -> Batch:
        """Adds the folded copies of every observable job."""
        jobs = [folded for job in batch.jobs for folded in self._folded(job)]
        return with_note(batch, jobs, NOTE, [_asymptote(job) for job in batch.jobs])

    def _folded(self, job: Job) -> list[Job]:
        if _asymptote(job) is None or job.circuit is None:
            return [job]
        circuits = [_fold(job.circuit, self.gate_names, nb_pairs) for nb_pairs in range(1, self.n_ins + 1)]
        return [job, *(with_circuit(job, circuit) for circuit in circuits)]

    def post_process(self, batch_result: BatchResult) -> BatchResult:
        """Extrapolates the results of each job."""
        results = iter(batch_result)
        extrapolated = []
        for asymptote in find_note(batch_result, NOTE):
            first = next(results)
            if asymptote is not None:
                first = self._extrapolated([first, *(next(results) for _ in range(self.n_ins))], asymptote)
            extrapolated.append(first)
        return BatchResult(results=extrapolated, meta_data=batch_result.meta_data)

    def _extrapolated(self, results: list[Result], asymptote: float) -> Result:
        values = np.array([np.real(result.value) for result in results], dtype=np.float64)
        value, parameters = FITS[self.extrap_method](values, asymptote)
        result = results[0]
        result.value = value
        result.error = _propagated_error(results) if self.extrap_method == "linear" else result.error
        result.meta_data = {
            **(result.meta_data or {}),
            "values_for_ZNE": str(values.tolist()),
            "ZNE_fit_parameters": str(parameters),
        }
        return result


def _asymptote(job: Job) -> float | None:
    """Value of an observable job in the totally mixed state; None for jobs that are not extrapolated."""
    if job.type != ProcessingType.OBSERVABLE or job.observable is None or job.circuit is None:
        return None
    return float(np.real(job.observable.constant_coeff))


def _gate_name(gate: Any) -> str:
    name = gate if isinstance(gate, str) else getattr(gate, "name", None)
    if not isinstance(name, str):
        raise TypeError(f"{gate!r} is no gate; give gates such as CNOT, or their names")
    return name


def _fold(circuit: Circuit, names: frozenset[str], nb_pairs: int) -> Circuit:
    """The circuit with pairs ``G^-1 G`` after each gate ``G`` of one of the names."""
    tape = circuit.tape
    folded = tape_of(_folded_rows(tape, names, nb_pairs), tape.nb_qubits, tape.nb_cbits)
    return with_tape(circuit, folded)


def _folded_rows(tape: Tape, names: frozenset[str], nb_pairs: int) -> Iterator[Row]:
    for row in opened(tape).rows():
        yield row
        if row.kind == Kind.GATE and row.form is not None and names & {row.form.syntax, row.form.record.name}:
            form, parameters = row.form.inverted(row.parameters)
            yield from [row._replace(form=form, parameters=parameters), row] * nb_pairs


def _linear(values: NDArray[np.float64], asymptote: float) -> tuple[float, Mapping[str, float]]:
    slope, intercept = np.polyfit(np.arange(len(values)), values, 1).tolist()
    return slope * ZERO_NOISE + intercept, {"a": slope, "b": intercept}


def _exponential(values: NDArray[np.float64], asymptote: float) -> tuple[float, Mapping[str, float]]:
    distances = values - asymptote
    sign = float(np.sign(distances[0]))
    if not np.all(distances * sign > 0):
        raise PluginException(
            ErrorType.INVALID_ARGS,
            __name__,
            f"The values {values.tolist()} lie on both sides of {asymptote}, which the exponential fit approaches; "
            "use extrap_method='linear' or more shots.",
        )
    slope, intercept = np.polyfit(np.arange(len(values)), np.log(np.abs(distances)), 1).tolist()
    return sign * float(np.exp(slope * ZERO_NOISE + intercept)) + asymptote, {"a": slope, "b": intercept}


FITS = {"linear": _linear, "exponential": _exponential}


def _propagated_error(results: Sequence[Result]) -> float | None:
    """Standard error of the linear extrapolation, which is a fixed linear combination of the values."""
    errors = [result.error for result in results]
    if any(error is None for error in errors):
        return errors[0]
    points = np.vander(np.arange(len(errors)), 2)
    weights = np.array([ZERO_NOISE, 1.0]) @ np.linalg.pinv(points)
    return float(np.linalg.norm(weights * np.array(errors, dtype=np.float64)))
