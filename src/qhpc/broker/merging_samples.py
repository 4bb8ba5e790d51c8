"""Samples of slices put together. No input or output here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qat.core.wrappers.sample import Columns, IntermediateMeasurement, as_list
from qhpc.broker.pooling import Pool

__all__ = ["MergeError", "merged_columns"]

_COUNT_TOLERANCE = 1e-6


class MergeError(ValueError):
    """Results of slices do not go together; the message says why. Submit the job as one that must not be sliced."""


class _Outcomes(NamedTuple):
    """The different outcomes of all slices.

    Attributes:
        states: of each outcome.
        inner: what was measured on the way to it, if anything was.
        places: for each slice, which outcome each of its samples is.
    """

    states: Any
    inner: list[list[IntermediateMeasurement]] | None
    places: list[NDArray[np.intp]]


def merged_columns(parts: Sequence[Columns], shots: Sequence[int]) -> Columns:
    """The samples of all slices: listed one after the other, or counted together.

    Args:
        parts: samples of each slice.
        shots: of each slice, positive.

    Raises:
        MergeError: some are listed and others counted, or they are amplitudes that differ.

    >>> columns = merged_columns([Columns([0, 3], [0.5, 0.5]), Columns([3], [1.0])], [10, 10])
    >>> columns.states, columns.probabilities.tolist()
    ([0, 3], [0.25, 0.75])
    """
    if any(part.amplitudes is not None for part in parts):
        return _if_equal(parts)
    are_counted = {part.probabilities is not None for part in parts if part.nb_samples}
    if len(are_counted) > 1:
        raise MergeError("some slices list their shots, and others count them")
    return _counted(parts, shots) if are_counted == {True} else _listed(parts)


def _listed(parts: Sequence[Columns]) -> Columns:
    states = [part.states for part in parts]
    has_inner = any(part.intermediate_measurements is not None for part in parts)
    return Columns(
        _as_array(states) if _are_arrays(states) else [state for each in states for state in as_list(each)],
        intermediate_measurements=[inner for _, inner in _rows(parts)] if has_inner else None,
    )


def _counted(parts: Sequence[Columns], shots: Sequence[int]) -> Columns:
    outcomes, pool = _outcomes(parts), Pool()
    nb_outcomes = len(outcomes.states)
    for part, place, nb_shots in zip(parts, outcomes.places, shots, strict=True):
        mean = np.bincount(place, np.asarray(part.probabilities, np.float64), nb_outcomes)
        pool.add(mean, _errors(part, place, nb_outcomes), nb_shots)
    probabilities = _frequencies(pool.mean(), sum(shots))
    return Columns(outcomes.states, probabilities, None, pool.error(), outcomes.inner)


def _errors(part: Columns, place: NDArray[np.intp], nb_outcomes: int) -> NDArray[np.float64] | None:
    """Standard errors of the outcomes of a slice; 0 for those that it has not seen."""
    errors = None if part.errors is None else as_list(part.errors)
    if errors is None or None in errors:
        return None
    return np.bincount(place, np.array(errors, np.float64), nb_outcomes).astype(np.float64, copy=False)


def _frequencies(means: NDArray[np.float64], nb_shots: int) -> NDArray[np.float64]:
    """Counts over shots, to the last bit, if they are counts; corrected probabilities stay as they are."""
    counts = np.rint(means * nb_shots)
    are_counts = np.abs(means * nb_shots - counts).max(initial=0.0) < _COUNT_TOLERANCE * max(nb_shots, 1) ** 0.5
    return counts / nb_shots if are_counts else means


def _outcomes(parts: Sequence[Columns]) -> _Outcomes:
    states = [part.states for part in parts]
    has_inner = any(part.intermediate_measurements is not None for part in parts)
    if _are_arrays(states) and not has_inner:
        distinct, places = np.unique(_as_array(states), return_inverse=True)
        return _Outcomes(distinct, None, _split(places, parts))
    numbers: dict[Any, int] = {}
    found: list[tuple[Any, Any]] = []
    places = np.empty(sum(part.nb_samples for part in parts), np.intp)
    for row, (state, inner) in enumerate(_rows(parts)):
        places[row] = number = numbers.setdefault((state, _key(inner)), len(numbers))
        if number == len(found):
            found.append((state, inner))
    inner_of_each = [inner for _, inner in found] if has_inner else None
    return _Outcomes([state for state, _ in found], inner_of_each, _split(places, parts))


def _rows(parts: Sequence[Columns]) -> list[tuple[Any, Any]]:
    """State and intermediate measurements of every sample of every slice."""
    rows: list[tuple[Any, Any]] = []
    for part in parts:
        inner: Sequence[Any] = part.intermediate_measurements or [None] * part.nb_samples
        rows += zip(as_list(part.states), inner, strict=True)
    return rows


def _key(inner: Sequence[IntermediateMeasurement] | None) -> Any:
    """What tells outcomes on the way apart; their probabilities may differ in the last bits."""
    return tuple((tuple(each.cbits or ()), each.gate_pos, _rounded(each.probability)) for each in inner or ())


def _rounded(probability: float | None) -> float | None:
    return None if probability is None else round(probability, 9)


def _split(places: NDArray[np.intp], parts: Sequence[Columns]) -> list[NDArray[np.intp]]:
    return np.split(places, np.cumsum([part.nb_samples for part in parts])[:-1])


def _are_arrays(states: Sequence[Any]) -> bool:
    return all(isinstance(each, np.ndarray) for each in states)


def _as_array(states: Sequence[NDArray[Any]]) -> NDArray[np.uint64]:
    return np.concatenate([each.astype(np.uint64, copy=False) for each in states])


def _if_equal(parts: Sequence[Columns]) -> Columns:
    """Exact results, which do not depend on the shots."""
    first = parts[0]
    for part in parts[1:]:
        for name, one, other in zip(Columns._fields[:3], first, part, strict=False):
            if not np.array_equal(np.asarray(one), np.asarray(other)):
                raise MergeError(f"the slices are exact results with different {name}, of which there is no mean")
    return first
