"""Shots counted: one sample per distinct outcome, with its frequency and standard error."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from qat.core.errors import ErrorType, QPUException
from qat.core.wrappers.sample import IntermediateMeasurement, Sample, as_list

if TYPE_CHECKING:
    from qat.core.wrappers.result import Result

__all__ = ["aggregate_data"]


def aggregate_data(result: Result, threshold: float = 1e-10, keep_intermeas: bool = True) -> Result:
    """Replaces the shots of a result by one sample per distinct outcome, in place.

    Each sample gets its frequency ``p = count / n`` and the standard error ``sqrt(p * (1 - p) / (n - 1))``, which is
    ``None`` for a single shot; ``meta_data["nbshots"]`` becomes ``str(n)``. A dense result is left as it is.

    Args:
        result: a result with one sample per shot.
        threshold: outcomes whose frequency is not above it are dropped.
        keep_intermeas: whether shots with different intermediate outcomes count as different.

    Returns:
        The same result.

    Raises:
        QPUException: there are no samples (code ``NONERESULT``).

    >>> from qat.core.wrappers.result import Result
    >>> result = Result(nbqbits=2)
    >>> for state in (3, 3, 1):
    ...     result.add_sample(state)
    >>> [(str(sample.state), round(sample.probability, 3)) for sample in aggregate_data(result)], result.meta_data
    ([('|11>', 0.667), ('|01>', 0.333)], {'nbshots': '3'})
    """
    if result.is_dense:
        return result
    shots = _shots(result, keep_intermeas)
    nb_shots = len(shots)
    frequencies = {outcome: count / nb_shots for outcome, count in Counter(shots).items()}
    result.raw_data = [
        _sample(result, outcome, frequency, nb_shots)
        for outcome, frequency in frequencies.items()
        if frequency > threshold
    ]
    result.meta_data = {**(result.meta_data or {}), "nbshots": str(nb_shots)}
    return result


class _Outcome(NamedTuple):
    state: int | None
    inner: tuple[tuple[Any, ...], ...] | None


def _shots(result: Result, keep_intermeas: bool) -> list[_Outcome]:
    columns = result.columns
    if columns is not None and columns.intermediate_measurements is None and columns.nb_samples:
        return [_Outcome(state, None) for state in as_list(columns.states)]
    samples = result.raw_data
    if not samples:
        message = "aggregate_data needs samples and this result has none: add them with add_sample first."
        raise QPUException(ErrorType.NONERESULT, "qat.core", message)
    if not keep_intermeas and any(sample.intermediate_measurements for sample in samples):
        text = "aggregate_data drops the intermediate measurements: ask for aggregate_data=False to keep them."
        warnings.warn(text, FutureWarning, stacklevel=3)
    return [_Outcome(sample._int, _inner(sample) if keep_intermeas else None) for sample in samples]


def _inner(sample: Sample) -> tuple[tuple[Any, ...], ...] | None:
    measurements = sample.intermediate_measurements
    return tuple((tuple(m.cbits or ()), m.gate_pos, m.probability) for m in measurements) if measurements else None


def _sample(result: Result, outcome: _Outcome, frequency: float, nb_shots: int) -> Sample:
    state, inner = outcome
    measurements = None if inner is None else [IntermediateMeasurement(list(bits), *rest) for bits, *rest in inner]
    err = math.sqrt(frequency * (1 - frequency) / (nb_shots - 1)) if nb_shots > 1 else None
    sample = Sample(result.qregs, None, state, frequency, err, measurements)
    sample._nbqbits = result.nbqbits
    return sample
