"""Results of jobs: samples in columns, made into objects when somebody looks at them; or one value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, ClassVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from qat.core.mixed_results import ParsedPostProcessedResult, PostProcessedResult
from qat.core.records import ComplexNumber, QRegister
from qat.core.serialization import Serializable
from qat.core.wrappers.aggregation import aggregate_data
from qat.core.wrappers.dense_columns import DenseColumns
from qat.core.wrappers.sample import Columns, IntermediateMeasurement, Sample, State, reverse_bits

__all__ = [
    "BatchResult", "IntermediateMeasurement", "ParsedPostProcessedResult", "PostProcessedResult", "Result", "Sample",
    "State", "aggregate_data",
]  # fmt: skip

MAX_SHOWN = 16
"""Most samples that the printed form of a result shows."""


class Result(Serializable):
    """What a job gave: samples (``raw_data``), a dense vector (``statevector``) or a number (``value``).

    Iterating, counting and indexing go over the samples. A dense result is iterated over its non-zero entries, while
    ``result[i]`` is basis state ``i``, whatever its probability. An exact result over hundreds of thousands of states
    keeps the state vector: samples looked at by iterating and indexing are then made anew each time and cannot be
    edited; ``raw_data`` turns them into a list that can.

    Args:
        lsb_first: whether :meth:`add_sample` is given states whose qubit 0 is the least significant bit.
        nbqbits: number of measured qubits; needed with ``lsb_first``.
        value: mean value of the observable.
        values: mean values of several observables, or along time.
        parameter_map: the parameters at which ``value`` was found.
        raw_data: the samples.
        error: standard error of ``value``.
        value_data: more about ``value``.
        error_data: more about ``error``.
        values_data: more about ``values``.
        meta_data: text by text, from the QPU and the plugins.
        statevector: amplitudes (complex) or probabilities (real) of all basis states, shape ``(2**n,)``.
        qregs: the registers of the measured qubits.
        in_memory: kept for compatibility.
        data: kept for compatibility.

    >>> result = Result(nbqbits=2)
    >>> result.add_sample(2, probability=0.5)
    >>> result
    Result(nbqbits=2, raw_data=[Sample(state=|10>, probability=0.5)])
    """

    file_extension = ".res"
    fields: ClassVar[tuple[str, ...]] = (
        "lsb_first", "nbqbits", "value", "error", "values", "parameter_map", "has_statevector", "statevector",
        "raw_data", "qregs", "value_data", "error_data", "values_data", "meta_data", "in_memory", "data",
    )  # fmt: skip
    __hash__ = None  # type: ignore[assignment]

    lsb_first: bool = False
    nbqbits: int | None = None
    value: Any = None
    values: Sequence[Any] | None = None
    parameter_map: Mapping[str, Any] | None = None
    error: float | None = None
    value_data: dict[str, Any] | None = None
    error_data: dict[str, Any] | None = None
    values_data: list[Any] | None = None
    meta_data: dict[str, str] | None = None
    statevector: NDArray[Any] | None = None
    has_statevector: bool = False
    qregs: list[QRegister] | None = None
    in_memory: bool | None = None
    data: Any = None
    _raw_data: list[Sample] | None = None
    _columns: Columns | DenseColumns | None = None

    def __init__(
        self,
        lsb_first: bool = False,
        nbqbits: int | None = None,
        value: Any = None,
        values: Sequence[Any] | None = None,
        parameter_map: Mapping[str, Any] | None = None,
        *,
        raw_data: list[Sample] | None = None,
        statevector: NDArray[Any] | None = None,
        has_statevector: bool | None = None,
        **fields: Any,
    ) -> None:
        if lsb_first and nbqbits is None:
            raise AttributeError("lsb_first=True needs the number of qubits to reverse the bits: give nbqbits too.")
        self.lsb_first = lsb_first
        self.nbqbits = nbqbits
        self.value = value
        self.values = values
        self.parameter_map = parameter_map
        self.raw_data = raw_data
        self.statevector = statevector
        self.has_statevector = statevector is not None if has_statevector is None else has_statevector
        self._set_more(fields)

    def _set_more(self, fields: Mapping[str, Any]) -> None:
        for name, value in fields.items():
            public = _ALIASES.get(name, name)
            if public not in _MORE_FIELDS:
                raise TypeError(f"Result has no field {name!r}: choose among {', '.join(sorted(self.fields))}.")
            if value is not None:
                setattr(self, public, _as_python(value))

    @classmethod
    def from_arrays(
        cls,
        states: NDArray[np.integer[Any]] | Sequence[int],
        *,
        probabilities: NDArray[np.float64] | Sequence[float] | None = None,
        amplitudes: NDArray[np.complex128] | Sequence[complex] | None = None,
        errors: NDArray[np.float64] | Sequence[float] | None = None,
        nbqbits: int,
        qregs: list[QRegister] | None = None,
        meta_data: dict[str, str] | None = None,
        intermediate_measurements: Sequence[list[IntermediateMeasurement]] | None = None,
    ) -> Result:
        """A result whose samples become objects when somebody looks at them.

        Args:
            states: basis states, qubit 0 being the most significant bit; integers of any width, or an array.
            probabilities: as many probabilities or frequencies.
            amplitudes: as many amplitudes.
            errors: as many standard errors of the probabilities.
            nbqbits: number of measured qubits.
            qregs: their registers.
            meta_data: text by text.
            intermediate_measurements: as many lists of outcomes.

        >>> result = Result.from_arrays(np.array([0, 3]), probabilities=np.array([0.5, 0.5]), nbqbits=2)
        >>> [(str(sample.state), sample.probability) for sample in result]
        [('|00>', 0.5), ('|11>', 0.5)]
        """
        columns = Columns(states, probabilities, amplitudes, errors, intermediate_measurements)
        result = cls.from_columns(columns, nbqbits)
        result.qregs = qregs
        if meta_data is not None:
            result.meta_data = meta_data
        return result

    @classmethod
    def from_columns(cls, columns: Columns | DenseColumns, nbqbits: int) -> Result:
        """A result with these samples on ``nbqbits`` qubits."""
        result = cls.__new__(cls)
        result._columns = columns
        result.nbqbits = nbqbits
        result.meta_data = {}
        return result

    @classmethod
    def of_value(cls, value: Any) -> Result:
        """The result of a job that asks for a value.

        >>> Result.of_value(0.5).value
        0.5
        """
        result = cls.__new__(cls)
        result.value = value
        result._raw_data = []
        result.meta_data = {}
        return result

    @property
    def raw_data(self) -> list[Sample] | None:
        """The samples as a list that may be edited; ``None`` when the result has none."""
        if self._columns is not None:
            self._raw_data = self._columns.samples(self.qregs, self.nbqbits)
            self._columns = None
        return self._raw_data

    @raw_data.setter
    def raw_data(self, samples: list[Sample] | None) -> None:
        self._raw_data = samples
        self._columns = None

    @property
    def columns(self) -> Columns | DenseColumns | None:
        """The samples in columns, as long as nobody has looked at them as objects."""
        return self._columns

    @columns.setter
    def columns(self, columns: Columns | DenseColumns | None) -> None:
        self._columns = columns

    @property
    def has_samples(self) -> bool:
        """Whether ``raw_data`` is a list."""
        return self._columns is not None or self._raw_data is not None

    @property
    def need_flip(self) -> bool:
        """Whether the bits of added states are reversed."""
        return self.lsb_first

    def add_sample(
        self,
        state: int,
        amplitude: complex | None = None,
        probability: float | None = None,
        err: float | None = None,
        intermediate_measurements: list[IntermediateMeasurement] | None = None,
    ) -> None:
        """Appends a sample; its bits are reversed first when the result is ``lsb_first``.

        Args:
            state: index of the basis state.
            amplitude: its amplitude, when known.
            probability: its probability or frequency; ``None`` for a single shot.
            err: standard error of the frequency.
            intermediate_measurements: outcomes within the circuit.

        >>> result = Result(lsb_first=True, nbqbits=3)
        >>> result.add_sample(0b001)
        >>> result[0].state
        |100>
        """
        sample = Sample(self.qregs, amplitude, state, probability, err, intermediate_measurements)
        sample._nbqbits = self.nbqbits
        if self.lsb_first:
            sample.state = reverse_bits(cast(int, sample._int), cast(int, self.nbqbits))
        samples = self.raw_data
        if samples is None:
            self.raw_data = [sample]
        else:
            samples.append(sample)

    def wrap_samples(self, qreg_list: Iterable[QRegister]) -> None:
        """Gives the samples the registers of the measured qubits, thus their width and types. Cost O(1) on columns."""
        self.qregs = list(qreg_list)
        if self._raw_data is not None:
            for sample in self._raw_data:
                sample.qregs = self.qregs

    def unpack(self) -> Any:
        """The value, when there is one; otherwise the result itself."""
        return self if self.value is None else self.value

    @property
    def is_dense(self) -> bool:
        """Whether the result is a vector over all basis states."""
        return bool(self.has_statevector) and self.statevector is not None

    def _dense_sample(self, state: int) -> Sample:
        vector = cast("NDArray[Any]", self.statevector)
        entry = vector[state].item()
        if isinstance(entry, complex):
            sample = Sample(self.qregs, entry, state % len(vector), abs(entry) ** 2)
        else:
            sample = Sample(self.qregs, None, state % len(vector), entry)
        sample._nbqbits = (len(vector) - 1).bit_length()
        return sample

    def _samples(self) -> list[Sample]:
        samples = self.raw_data
        if samples is None:
            raise TypeError("this result has no samples: its job asked for a value, see result.value.")
        return samples

    def __len__(self) -> int:
        if self.is_dense:
            return int(np.count_nonzero(cast("NDArray[Any]", self.statevector)))
        return len(self._samples()) if self._columns is None else self._columns.nb_samples

    def __bool__(self) -> bool:
        return self._raw_data is None or bool(self._raw_data)

    def __iter__(self) -> Iterator[Sample]:
        if isinstance(self._columns, DenseColumns):
            return self._columns.iterate(self.qregs, self.nbqbits)
        if not self.is_dense:
            return iter(self._samples())
        return map(self._dense_sample, np.flatnonzero(cast("NDArray[Any]", self.statevector)).tolist())

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | list[Sample]:
        if isinstance(self._columns, DenseColumns):
            columns, parts = self._columns, (self.qregs, self.nbqbits)
            if isinstance(index, slice):
                return [columns.sample(i, *parts) for i in range(*index.indices(columns.nb_samples))]
            return columns.sample(index, *parts)
        if not self.is_dense:
            return self._samples()[index]
        if isinstance(index, slice):
            states = range(*index.indices(len(cast("NDArray[Any]", self.statevector))))
            return [self._dense_sample(state) for state in states]
        return self._dense_sample(index)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Result):
            return NotImplemented
        return all(_equal(getattr(self, name), getattr(other, name)) for name in self.fields)

    def __repr__(self) -> str:
        shown = [f"{name}={self._shown(name)}" for name in self.fields if self._is_set(name)]
        return f"Result({', '.join(shown)})"

    def _shown(self, name: str) -> str:
        if name != "raw_data":
            return repr(getattr(self, name))
        samples = self if isinstance(self._columns, DenseColumns) else self._samples()
        first, nb_hidden = list(islice(samples, MAX_SHOWN)), len(samples) - MAX_SHOWN
        return f"[{', '.join(map(repr, first))}, … {nb_hidden} more]" if nb_hidden > 0 else repr(first)

    def _is_set(self, name: str) -> bool:
        if name == "raw_data":
            return self.has_samples
        value = getattr(self, name)
        return value is not None and value is not False and name != "qregs"

    def display(self, **options: Any) -> None:
        """Shows the result: a table in a terminal, HTML in a notebook."""
        from qat.core.display_hook import renderer

        renderer().display(self, **options)

    def plot(self, **options: Any) -> Any:
        """Draws the distribution with matplotlib, returns the axes; see :func:`qat.core.plotting.plot_result`."""
        from qat.core.plotting import plot_result

        return plot_result(self, **options)


_MORE_FIELDS = {"error", "value", "values", "parameter_map", "qregs", "value_data", "error_data", "values_data",
                "meta_data", "in_memory", "data"}  # fmt: skip
_ALIASES = {"_value": "value", "_values": "values", "_parameter_map": "parameter_map"}


def _as_python(value: Any) -> Any:
    if isinstance(value, ComplexNumber):
        return complex(value.re or 0.0, value.im) if value.im else value.re
    return value


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return left is not None and right is not None and bool(np.array_equal(left, right))
    return bool(left == right)


class BatchResult(Serializable):
    """The results of a batch, in the order of its jobs: a sequence.

    Args:
        results: the results.
        meta_data: text by text.
        in_memory: kept for compatibility.

    >>> batch_result = BatchResult([Result(value=1.0)])
    >>> batch_result.append(Result(value=2.0))
    >>> len(batch_result), batch_result[1].value
    (2, 2.0)
    """

    file_extension = ".bres"
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        results: Iterable[Result] | None = None,
        meta_data: dict[str, str] | None = None,
        in_memory: bool | None = None,
    ) -> None:
        self.results = [] if results is None else results if isinstance(results, list) else list(results)
        self.meta_data = {} if meta_data is None else meta_data
        self.in_memory = in_memory

    def append(self, value: Result) -> None:
        """Appends a result."""
        self.results.append(value)

    def extend(self, values: Iterable[Result]) -> None:
        """Appends results."""
        self.results.extend(values)

    def __len__(self) -> int:
        return len(self.results)

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    @overload
    def __getitem__(self, index: int) -> Result: ...
    @overload
    def __getitem__(self, index: slice) -> list[Result]: ...
    def __getitem__(self, index: int | slice) -> Result | list[Result]:
        return self.results[index]

    def __setitem__(self, index: int, value: Result) -> None:
        self.results[index] = value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BatchResult):
            return NotImplemented
        return (self.results, self.meta_data) == (other.results, other.meta_data)

    def __repr__(self) -> str:
        return f"BatchResult(results={self.results!r}, meta_data={self.meta_data!r})"
