"""The samples of an exact distribution over very many states: the state vector itself, read when somebody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.core.records import QRegister
from qat.core.wrappers.sample import Columns, Sample

__all__ = ["BLOCK_BITS", "DenseColumns", "FixedSample"]

BLOCK_BITS = 16
"""States are gone through in blocks of ``2**16``, so that nothing as large as the vector is made on the way."""

Look = Callable[[float], None]


class FixedSample(Sample):
    """A sample made when somebody looked at it; it cannot be edited, because it is made anew next time.

    Raises:
        AttributeError: somebody edits it.
    """

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(
            f"Cannot set {name} of a sample of a dense result: edit the list result.raw_data, which holds all samples "
            "as objects, about 500 bytes each"
        )


class DenseColumns:
    """The states of a vector whose probability is above a threshold, in increasing order.

    Args:
        state: amplitudes, shape ``(2**n,)``, complex; kept, not copied, and not to be changed.
        qubits: their order in the outcomes, most significant first: a permutation of ``range(n)``.
        threshold: probabilities must be above it.
        look: called now and then while the states are counted, with the fraction done; may raise.

    >>> columns = DenseColumns(np.array([0.6, 0, 0, 0.8]), [0, 1])
    >>> columns.nb_samples, columns.states.tolist(), columns.sample(1, None, 2)
    (2, [0, 3], Sample(state=|11>, probability=0.64..., amplitude=(0.8+0j)))
    """

    errors = None
    intermediate_measurements = None

    def __init__(
        self, state: NDArray[Any], qubits: Sequence[int], threshold: float = 0.0, *, look: Look | None = None
    ) -> None:
        nb_qubits = len(qubits)
        self._threshold = threshold
        self._axes: NDArray[Any] = state.reshape((2,) * nb_qubits).transpose(qubits)
        self._block_bits = min(BLOCK_BITS, nb_qubits)
        counts = np.empty(1 << (nb_qubits - self._block_bits), np.int64)
        for number in range(len(counts)):
            if look is not None:
                look(number / len(counts))
            counts[number] = np.count_nonzero(_weights(self._block(number)) > threshold)
        self._ends = np.cumsum(counts)

    @property
    def nb_samples(self) -> int:
        """How many states there are."""
        return int(self._ends[-1])

    @property
    def states(self) -> NDArray[np.int64]:
        """The states, int64: a new array."""
        return self._gathered(np.int64, lambda states, amplitudes: states)

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Their probabilities: a new array."""
        return self._gathered(np.float64, lambda states, amplitudes: _weights(amplitudes))

    @property
    def amplitudes(self) -> NDArray[np.complex128]:
        """Their amplitudes: a new array."""
        return self._gathered(np.complex128, lambda states, amplitudes: amplitudes)

    def columns(self) -> Columns:
        """The same in arrays, 32 bytes a state."""
        nb = self.nb_samples
        columns = Columns(np.empty(nb, np.int64), np.empty(nb, np.float64), np.empty(nb, np.complex128))
        for number, end in enumerate(self._ends.tolist()):
            states, amplitudes = self._kept(number)
            place = slice(end - len(states), end)
            columns.states[place], columns.amplitudes[place] = states, amplitudes
            columns.probabilities[place] = _weights(amplitudes)
        return columns

    def samples(self, qregs: list[QRegister] | None, nbqbits: int | None) -> list[Sample]:
        """The samples as objects that may be edited."""
        return self.columns().samples(qregs, nbqbits)

    def sample(self, index: int, qregs: list[QRegister] | None, nbqbits: int | None) -> Sample:
        """One of the samples, which cannot be edited. Cost: a millisecond.

        Raises:
            IndexError: there are fewer samples.
        """
        place = index + self.nb_samples if index < 0 else index
        if not 0 <= place < self.nb_samples:
            raise IndexError(f"sample {index} of {self.nb_samples}: use 0 to {self.nb_samples - 1}")
        number = int(np.searchsorted(self._ends, place, side="right"))
        states, amplitudes = self._kept(number)
        place -= int(self._ends[number]) - len(states)
        return _fixed(qregs, nbqbits, int(states[place]), complex(amplitudes[place]))

    def iterate(self, qregs: list[QRegister] | None, nbqbits: int | None) -> Iterator[Sample]:
        """The samples one by one, which cannot be edited."""
        for number in range(len(self._ends)):
            states, amplitudes = self._kept(number)
            for state, amplitude in zip(states.tolist(), amplitudes.tolist(), strict=True):
                yield _fixed(qregs, nbqbits, state, amplitude)

    def _block(self, number: int) -> NDArray[Any]:
        """The amplitudes of the outcomes ``number << block_bits`` and following."""
        nb_high = self._axes.ndim - self._block_bits
        high = tuple(number >> place & 1 for place in reversed(range(nb_high)))
        block: NDArray[Any] = self._axes[high].reshape(-1)
        return block

    def _kept(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.complex128]]:
        """States and amplitudes of a block that are above the threshold."""
        block = self._block(number)
        kept = np.flatnonzero(_weights(block) > self._threshold)
        return kept + (number << self._block_bits), block[kept].astype(np.complex128, copy=False)

    def _gathered(self, kind: Any, part: Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]) -> NDArray[Any]:
        gathered = np.empty(self.nb_samples, kind)
        for number, end in enumerate(self._ends.tolist()):
            kept = self._kept(number)
            gathered[end - len(kept[0]) : end] = part(*kept)
        return gathered


def _weights(amplitudes: NDArray[Any]) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = (amplitudes.real**2 + amplitudes.imag**2).astype(np.float64, copy=False)
    return weights


def _fixed(qregs: Any, nbqbits: Any, state: int, amplitude: complex) -> Sample:
    sample = FixedSample.__new__(FixedSample)
    sample.__dict__.update(
        qregs=qregs, probability=amplitude.real**2 + amplitude.imag**2, err=None, intermediate_measurements=None,
        _nbqbits=nbqbits, _int=state, _complex=amplitude,
    )  # fmt: skip
    return sample
