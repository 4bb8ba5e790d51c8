"""A short way through the whole extension for valgrind, which has no AVX-512: ``make valgrind``.

Plans on both sides of every size at which the engine changes its ways, sums of Pauli strings, gradients, samples, and
calls that are refused. Answers are checked against the NumPy engine too.
"""

from __future__ import annotations

import numpy as np

from qat.kernels import _native
from qat.kernels.engine import NotReversibleError, Precision
from qat.kernels.native_engine import NativeEngine
from qat.kernels.numpy_engine import NumpyEngine
from qat.kernels.pauli import PauliSum
from tests.fuzz import plans

SIZES = (1, 2, 3, 4, 9, 10, 11, 12)


def pauli_sum(nb_qubits: int, nb_terms: int) -> PauliSum:
    """A sum with few X masks, so that some of its terms are transformed and others summed one by one."""
    rng = np.random.default_rng(nb_terms)
    x_masks = rng.choice(rng.integers(0, 1 << nb_qubits, 2), nb_terms).astype(np.uint64)
    z_masks = rng.integers(0, 1 << nb_qubits, nb_terms).astype(np.uint64)
    return PauliSum(nb_qubits=nb_qubits, x_masks=x_masks, z_masks=z_masks, coefficients=rng.normal(size=nb_terms) + 0j)


def run(native: NativeEngine, nb_qubits: int, seed: int) -> None:
    """Every question to the engine, for one circuit."""
    tape, oracle = plans.gate_tape(seed, nb_qubits, 12), NumpyEngine()
    state, initial = native.state(tape), plans.state(seed, nb_qubits)
    assert np.allclose(state, oracle.state(tape))
    assert np.allclose(native.state(tape, initial, precision=Precision.SINGLE), oracle.state(tape, initial), atol=1e-3)
    for nb_terms in (3, 30):
        paulis = pauli_sum(nb_qubits, nb_terms)
        assert np.isclose(native.mean_value(tape, paulis), oracle.expectation(state, paulis))
        assert np.allclose(native.term_expectations(state, paulis), oracle.term_expectations(state, paulis))
        native.energies(tape, np.array([tape.parameters] * 2), paulis)
    assert np.isclose(native.probabilities(state, [nb_qubits - 1, 0][:nb_qubits]).sum(), np.vdot(state, state).real)
    rng = np.random.default_rng(seed)
    for nb_shots in (3, 100_000):
        assert native.sample(initial, range(nb_qubits), nb_shots, rng).counts.sum() == nb_shots
    try:
        native.value_and_gradient(tape, pauli_sum(nb_qubits, 4))
    except NotReversibleError:
        assert seed % 4 == 0


def refuse() -> None:
    """Calls that throw in the middle of the extension."""
    for call in (
        lambda: _native.draw(np.zeros(3), 5, 1),
        lambda: _native.draw(np.ones(3), 2**62, 1),
        lambda: _native.PauliStrings(2, np.ones(1, np.uint64), np.ones(2, np.uint64)),
        lambda: _native.probabilities(np.ones(3, complex), [0]),
    ):
        try:
            call()
        except (ValueError, MemoryError):
            continue
        raise AssertionError("not refused")


def main() -> None:
    """The whole way."""
    for name in _native.instruction_sets():
        _native.select_instruction_set(name)
        for seed, nb_qubits in enumerate(SIZES, 1):
            run(NativeEngine(1), nb_qubits, seed)
        list(NativeEngine(1).trajectories(plans.program_tape(5, 3, 10), 20, np.random.default_rng(5)))
        print(name, flush=True)
    refuse()


if __name__ == "__main__":
    main()
