"""The part of the compiled engine that looks at states: observables, distributions and samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qat.kernels import control, native_pauli, native_sampling
from qat.kernels.engine import Counts, State
from qat.kernels.numpy_engine import NumpyEngine

if TYPE_CHECKING:
    from qat.kernels.pauli import PauliSum


class NativeObservables(NumpyEngine):
    """Observables and samples of states; see :class:`qat.kernels.native_engine.NativeEngine`.

    >>> from qat.kernels.pauli import PauliSum
    >>> NativeObservables().expectation(np.array([0, 1], complex), PauliSum.from_terms(1, [(2.0, "Z", [0])]))
    (-2+0j)
    """

    _nb_threads = 1

    def expectation(self, state: State, paulis: PauliSum) -> complex:
        """See ``Engine.expectation``."""
        control.check()
        return native_pauli.expectation(as_amplitudes(state), paulis, self._nb_threads)

    def term_expectations(self, state: State, paulis: PauliSum) -> NDArray[np.float64]:
        """See ``Engine.term_expectations``."""
        control.check()
        return native_pauli.term_expectations(as_amplitudes(state), paulis, self._nb_threads)

    def variance(self, state: State, paulis: PauliSum) -> float:
        """See ``Engine.variance``."""
        control.check()
        return native_pauli.variance(as_amplitudes(state), paulis, self._nb_threads)

    def probabilities(self, state: State, qubits: Sequence[int]) -> NDArray[np.float64]:
        """See ``Engine.probabilities``."""
        control.check()
        return native_sampling.probabilities(as_amplitudes(state), qubits)

    def sample(self, state: State, qubits: Sequence[int], nb_shots: int, rng: np.random.Generator) -> Counts:
        """See ``Engine.sample``. A seed gives the same outcomes on every machine, with any number of threads."""
        control.check()
        return native_sampling.sample(as_amplitudes(state), qubits, nb_shots, rng)


_TYPES = frozenset({np.dtype(np.complex64), np.dtype(np.complex128)})


def as_amplitudes(state: State) -> State:
    """The state as the compiled functions read it; without a copy for states of the engine.

    >>> as_amplitudes(np.array([1, 0])).dtype
    dtype('complex128')
    """
    if state.dtype in _TYPES and state.flags.c_contiguous:
        return state
    return np.ascontiguousarray(state, state.dtype if state.dtype in _TYPES else np.complex128)
