"""Results of slices put together, as if all shots had been run at once. No input or output here.

Listed shots come one after the other. What is a mean over shots (frequencies of outcomes, values of observables and of
their terms) becomes the mean over all shots, and its standard error that of all shots: see :class:`Pool`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.comm.wire import decode, encode
from qat.core.records import ComplexNumber
from qat.core.wrappers.dense_columns import DenseColumns
from qat.core.wrappers.result import Result
from qat.core.wrappers.sample import Columns
from qhpc.broker.merging_samples import MergeError, merged_columns
from qhpc.broker.pooling import Pool

__all__ = ["MergeError", "merge", "merged"]


def merge(results: Sequence[bytes], shots: Sequence[int]) -> bytes:
    """The result of a task, from those of its slices.

    Args:
        results: messages of Results (``qat.comm.wire``), at least one.
        shots: how many shots each slice ran.

    Raises:
        MergeError: they do not go together.
        WireError: one is no such message.

    >>> halves = [encode(Result(value=1.0, error=0.0)), encode(Result(value=0.0, error=0.0))]
    >>> decode(merge(halves, [30, 10]), Result).value
    0.75
    """
    return results[0] if len(results) == 1 else encode(merged([decode(data, Result) for data in results], shots))


def merged(results: Sequence[Result], shots: Sequence[int]) -> Result:
    """The same for results, which are not changed. Cost O(n log n) for n samples in all.

    Raises:
        MergeError: they do not go together.
    """
    if len(results) != len(shots) or not results or min(shots) < 1:
        raise MergeError(f"{len(results)} results of {list(shots)!r:.80} shots: give at least one, each of some shots")
    first = results[0]
    whole = Result(nbqbits=_same(results, "nbqbits"), has_statevector=_same(results, "has_statevector"))
    whole.lsb_first, whole.qregs = _same(results, "lsb_first"), first.qregs
    whole.parameter_map = _same(results, "parameter_map")
    whole.meta_data = _meta_data(results, sum(shots))
    if _all_have(results, "has_samples"):
        whole.columns = merged_columns([_columns_of(result) for result in results], shots)
    if _all_have(results, "statevector"):
        whole.statevector = _mean_vector([np.asarray(result.statevector) for result in results], shots)
    if _all_have(results, "values"):
        whole.values = _pooled([np.asarray(result.values) for result in results], None, shots).mean().tolist()
    if _all_have(results, "value"):
        _observe(whole, results, shots)
    return whole


# ---------------------------------------------------------------- observables
def _observe(whole: Result, results: Sequence[Result], shots: Sequence[int]) -> None:
    """Value and error of the observable, and of each of its terms."""
    total = _pooled([result.value for result in results], [result.error for result in results], shots)
    error = total.error()
    whole.value, whole.error = _plain(total.mean()), None if error is None else float(error)
    if not _all_have(results, "value_data"):
        return
    labels = list(results[0].value_data or ())
    values = [_row(result.value_data, labels) for result in results]
    terms = _pooled(values, [_row(result.error_data, labels) for result in results], shots)
    means, errors = terms.mean().tolist(), terms.error()
    whole.value_data = {label: ComplexNumber(mean.real, mean.imag) for label, mean in zip(labels, means, strict=True)}
    if errors is not None:  # each term has shots of its own, so their errors add up in squares
        whole.error_data = dict(zip(labels, errors.tolist(), strict=True))
        whole.error = float(np.sqrt(np.square(errors).sum()))


def _row(table: Mapping[str, Any] | None, labels: Sequence[str]) -> NDArray[Any] | None:
    """The numbers of a table in the order of the labels; None if there is no table."""
    if not table:
        return None
    if set(table) != set(labels):
        raise MergeError(f"one slice has the terms {sorted(table)!r:.80}, another {sorted(labels)!r:.80}")
    numbers = [table[label] for label in labels]
    return np.array([complex(n.re or 0.0, n.im or 0.0) if isinstance(n, ComplexNumber) else n for n in numbers])


def _plain(value: Any) -> Any:
    """A number of Python."""
    return value.item() if isinstance(value, np.generic) else value


def _pooled(means: Sequence[Any], errors: Sequence[Any] | None, shots: Sequence[int]) -> Pool:
    pool = Pool()
    for mean, error, nb_shots in zip(means, errors or [None] * len(means), shots, strict=True):
        pool.add(mean, error, nb_shots)
    return pool


# ---------------------------------------------------------------- the rest
def _mean_vector(vectors: Sequence[NDArray[Any]], shots: Sequence[int]) -> NDArray[Any]:
    if all(np.array_equal(vector, vectors[0]) for vector in vectors):
        return vectors[0]
    if any(vector.dtype.kind == "c" or vector.shape != vectors[0].shape for vector in vectors):
        raise MergeError("the slices have different state vectors, of which there is no mean")
    mean: NDArray[Any] = _pooled(vectors, None, shots).mean()
    return mean


def _columns_of(result: Result) -> Columns:
    """The samples in columns."""
    columns = result.columns
    if columns is None:
        samples = result.raw_data or ()
        rows = [(s._int, s.probability, s.amplitude, s.err, s.intermediate_measurements) for s in samples]
        parts = [None if all(each is None for each in column) else list(column) for column in zip(*rows, strict=True)]
        return Columns(*parts) if rows else Columns([])
    return columns.columns() if isinstance(columns, DenseColumns) else columns


def _same(results: Sequence[Result], name: str) -> Any:
    found = [getattr(result, name) for result in results]
    if any(each != found[0] for each in found):
        raise MergeError(f"the slices differ in {name}: {found!r:.200}")
    return found[0]


def _all_have(results: Sequence[Result], name: str) -> bool:
    """Whether all have it; none may have it either."""
    found = [getattr(result, name) for result in results]
    have = {each is not None and each is not False for each in found}
    if len(have) > 1:
        raise MergeError(f"some slices have {name}, others have not")
    return have.pop()


def _meta_data(results: Sequence[Result], nb_shots: int) -> dict[str, Any] | None:
    """What they say; different texts under one name one after the other, and the shots of all."""
    if all(result.meta_data is None for result in results):
        return None
    found: dict[str, dict[Any, None]] = {}
    for result in results:
        for name, text in (result.meta_data or {}).items():
            found.setdefault(name, {})[text] = None
    meta_data = {name: next(iter(texts)) if len(texts) == 1 else ", ".join(texts) for name, texts in found.items()}
    return {**meta_data, "nbshots": str(nb_shots)} if "nbshots" in meta_data else meta_data
