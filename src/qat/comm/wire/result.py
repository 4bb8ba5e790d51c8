"""Results on the wire: samples in columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from qat.comm.wire.arrays import Array, pack_array, pack_indices, unpack_array
from qat.comm.wire.codec import Format
from qat.comm.wire.registers import Register, pack_registers, unpack_registers
from qat.comm.wire.values import Value, pack_table, pack_value, unpack_table, unpack_value
from qat.core.errors import WireError
from qat.core.wrappers.dense_columns import DenseColumns
from qat.core.wrappers.result import BatchResult, Result
from qat.core.wrappers.sample import Columns, IntermediateMeasurement, Sample, as_list


class Column(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Values of all samples; ``present`` tells which are there, when not all are."""

    values: Array
    present: Array | None = None


class Outcome(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An intermediate measurement."""

    cbits: list[bool]
    gate_pos: int | None = None
    probability: float | None = None


class Samples(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Samples in columns.

    Attributes:
        count: how many.
        states: unsigned integers, shape ``(n,)``; or little-endian bytes, shape ``(n, width)``, beyond 64 bits.
        probabilities: float64.
        amplitudes: complex128.
        errors: float64.
        outcomes: intermediate measurements of each sample.
    """

    count: int
    states: Column | None = None
    probabilities: Column | None = None
    amplitudes: Column | None = None
    errors: Column | None = None
    outcomes: list[list[Outcome] | None] | None = None


class ResultParts(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A result; the fields of :class:`Result`."""

    samples: Samples | None = None
    value: Value = None
    values: Value = None
    error: Value = None
    parameter_map: dict[str, Value] | None = None
    value_data: Value = None
    error_data: Value = None
    values_data: Value = None
    meta_data: dict[str, Value] | None = None
    registers: list[Register] | None = None
    statevector: Array | None = None
    has_statevector: bool = False
    nb_qubits: int | None = None
    lsb_first: bool = False


class BatchResultParts(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The results of a batch."""

    results: list[ResultParts]
    meta_data: dict[str, Value] | None = None


def pack_result(result: Result) -> ResultParts:
    """A result as it travels."""
    return ResultParts(
        samples=_pack_samples(result),
        value=pack_value(result.value, "value"),
        values=pack_value(result.values, "values"),
        error=pack_value(result.error, "error"),
        parameter_map=pack_table(result.parameter_map, "parameter_map"),
        value_data=pack_value(result.value_data, "value_data"),
        error_data=pack_value(result.error_data, "error_data"),
        values_data=pack_value(result.values_data, "values_data"),
        meta_data=pack_table(result.meta_data, "meta_data"),
        registers=pack_registers(result.qregs),
        statevector=None if result.statevector is None else _pack_vector(result.statevector),
        has_statevector=bool(result.has_statevector),
        nb_qubits=result.nbqbits,
        lsb_first=bool(result.lsb_first),
    )


def _pack_vector(vector: Any) -> Array:
    array = np.asarray(vector).ravel()
    return pack_array(array if array.dtype.kind in "fc" else array.astype(np.float64))


def _pack_samples(result: Result) -> Samples | None:
    columns = result.columns
    if columns is None:
        if result.raw_data is None:
            return None
        columns = _columns_of(result.raw_data)
    elif isinstance(columns, DenseColumns):
        columns = columns.columns()
    return Samples(
        columns.nb_samples,
        _pack_states(columns.states),
        _pack_column(columns.probabilities, np.float64),
        _pack_column(columns.amplitudes, np.complex128),
        _pack_column(columns.errors, np.float64),
        _pack_outcomes(columns.intermediate_measurements),
    )


def _columns_of(samples: Sequence[Sample]) -> Columns:
    fields = [(s._int, s.probability, s.amplitude, s.err, s.intermediate_measurements) for s in samples]
    return Columns(*zip(*fields, strict=True)) if fields else Columns([])


def _pack_states(states: Any) -> Column | None:
    if isinstance(states, np.ndarray):
        return Column(_pack_integers(states))
    known = [state for state in states if state is not None]
    if not known:
        return None
    present = None if len(known) == len(states) else _mask(states)
    filled = [state or 0 for state in states]
    width = (max(known).bit_length() + 7) // 8
    if width > _WORD:
        data = b"".join(state.to_bytes(width, "little") for state in filled)
        return Column(pack_array(np.frombuffer(data, np.uint8).reshape(-1, width)), present)
    return Column(_pack_integers(np.array(filled, np.uint64)), present)


def _pack_integers(integers: NDArray[np.integer[Any]]) -> Array:
    is_small = not integers.size or int(integers.max()) < 1 << 32
    return pack_indices(integers) if is_small else pack_array(integers.astype(np.uint64))


_WORD = 8


def _mask(values: Sequence[Any]) -> Array:
    return pack_array(np.array([value is not None for value in values]))


def _pack_column(values: Any, dtype: type[np.number[Any]]) -> Column | None:
    if values is None:
        return None
    if isinstance(values, np.ndarray):
        return Column(pack_array(values.astype(dtype, copy=False)))
    nb_present = sum(value is not None for value in values)
    if not nb_present:
        return None
    filled = np.array([0.0 if value is None else value for value in values], dtype)
    return Column(pack_array(filled), None if nb_present == len(values) else _mask(values))


def _pack_outcomes(outcomes: Sequence[list[IntermediateMeasurement] | None] | None) -> Any:
    if outcomes is None or not any(each is not None for each in outcomes):
        return None
    return [None if each is None else [_pack_outcome(outcome) for outcome in each] for each in outcomes]


def _pack_outcome(outcome: IntermediateMeasurement) -> Outcome:
    probability = None if outcome.probability is None else float(outcome.probability)
    return Outcome([bool(bit) for bit in outcome.cbits or ()], outcome.gate_pos, probability)


def unpack_result(parts: ResultParts) -> Result:
    """The result; its samples stay in columns until somebody looks at them.

    Raises:
        WireError: the columns do not fit together.
    """
    result = Result(nbqbits=parts.nb_qubits)
    result.lsb_first = parts.lsb_first
    result.value = unpack_value(parts.value)
    result.values = unpack_value(parts.values)
    result.error = unpack_value(parts.error)
    result.parameter_map = unpack_table(parts.parameter_map)
    result.value_data = unpack_value(parts.value_data)
    result.error_data = unpack_value(parts.error_data)
    result.values_data = unpack_value(parts.values_data)
    result.meta_data = unpack_table(parts.meta_data)
    result.qregs = unpack_registers(parts.registers)
    result.statevector = None if parts.statevector is None else unpack_array(parts.statevector, "fc", 1)
    result.has_statevector = parts.has_statevector
    if parts.samples is not None:
        result.columns = _unpack_samples(parts.samples)
    return result


def _unpack_samples(samples: Samples) -> Columns:
    outcomes = samples.outcomes
    columns = Columns(
        _unpack_states(samples.states, samples.count),
        _unpack_column(samples.probabilities, "f"),
        _unpack_column(samples.amplitudes, "c"),
        _unpack_column(samples.errors, "f"),
        None if outcomes is None else [each and [_unpack_outcome(outcome) for outcome in each] for each in outcomes],  # type: ignore[misc]
    )
    if any(column is not None and len(column) != samples.count for column in columns):
        raise WireError(f"the columns of a result do not all have {samples.count} entries")
    return columns


def _unpack_states(column: Column | None, count: int) -> Any:
    if column is None:
        if not 0 <= count <= _MAX_UNKNOWN:
            raise WireError(f"a result has {count} samples without states")
        return [None] * count
    if len(column.values.shape) == 1:
        return _masked(unpack_array(column.values, "u", 1), column.present)
    data = unpack_array(column.values, "u", 2)
    if data.dtype != np.uint8:
        raise WireError(f"wide states of a result are {data.dtype}", "bytes")
    return _masked([int.from_bytes(row.tobytes(), "little") for row in data], column.present)


_MAX_UNKNOWN = 1 << 24


def _unpack_column(column: Column | None, kinds: str) -> Any:
    return None if column is None else _masked(unpack_array(column.values, kinds, 1), column.present)


def _masked(values: Any, present: Array | None) -> Any:
    if present is None:
        return values
    mask = unpack_array(present, "b", 1).tolist()
    return [value if is_there else None for value, is_there in zip(as_list(values), mask, strict=True)]


def _unpack_outcome(outcome: Outcome) -> IntermediateMeasurement:
    return IntermediateMeasurement(outcome.cbits, outcome.gate_pos, outcome.probability)


def _pack_batch(batch: BatchResult) -> BatchResultParts:
    return BatchResultParts([pack_result(result) for result in batch.results], pack_table(batch.meta_data, "meta_data"))


def _unpack_batch(parts: BatchResultParts) -> BatchResult:
    return BatchResult([unpack_result(result) for result in parts.results], unpack_table(parts.meta_data))


FORMATS = {
    "Result": Format(ResultParts, pack_result, unpack_result),
    "BatchResult": Format(BatchResultParts, _pack_batch, _unpack_batch),
}
