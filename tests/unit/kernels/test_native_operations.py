"""What plans say about the arithmetic they need, and the processor about what it can do."""

import numpy as np
import pytest

from qat.kernels.pauli import PauliSum
from tests.unit.kernels.circuits import named_tape
from tests.unit.kernels.engines import IS_NATIVE, NATIVE_WAYS, engine_on

pytestmark = pytest.mark.skipif(not IS_NATIVE, reason="the extension is not compiled")

if IS_NATIVE:
    from qat.kernels import _native, native_pauli
    from qat.kernels.native_program import compiled

NB_QUBITS = 12
SIZE = 2**NB_QUBITS


@pytest.fixture(params=NATIVE_WAYS[:-1], scope="module", autouse=True)
def instruction_set(request):
    with engine_on(request.param):
        yield request.param


def section_of(tape):
    ((section,),) = compiled(tape).sections
    return section


def operations(*gates):
    return work(*gates)[0]


def work(*gates, nb_qubits=NB_QUBITS):
    tape = named_tape(nb_qubits, *gates)
    section = section_of(tape)
    return section.program.work(tape.parameters, section.supplied(tape))


def test_a_real_rotation_takes_six_operations_an_amplitude():
    assert operations(("H", [0])) == 6 * SIZE


def test_three_rotations_share_their_scales():
    assert operations(*(("H", [qubit]) for qubit in range(3))) == (3 * 4 + 2) * SIZE


def test_what_only_moves_amplitudes_takes_none():
    spread = [("H", [qubit]) for qubit in range(2)]
    assert operations(*spread, ("SWAP", [0, 5])) == operations(*spread)


def test_phases_take_at_most_a_product():
    spread = [("H", [qubit]) for qubit in range(3)]
    flat = operations(*spread)
    assert flat < operations(*spread, ("CSIGN", [0, 1])) <= flat + 6 * SIZE


@pytest.mark.parametrize(("terms", "nb_sums"), [([(1.0, "Z", [0])], 1), ([(1.0, "ZZ", [0, 1]), (0.5, "X", [3])], 2)])
def test_strings_take_a_multiplication_addition_each(terms, nb_sums):
    strings = native_pauli.strings_on(10, PauliSum.from_terms(10, terms))
    assert strings.values_work() == (4 * nb_sums * 2**10, 0, 32 * nb_sums * 2**10)
    assert strings.apply_work() == (8 * nb_sums * 2**10, 0, 48 * nb_sums * 2**10)


def test_many_strings_cost_one_transform():
    for nb in (6, 10):
        pairs = [(1.0, "ZZ", [q, r]) for r in range(1, nb) for q in range(r)]
        strings = native_pauli.strings_on(10, PauliSum.from_terms(10, pairs))
        assert strings.values_work() == ((3 + 10) * 2**10, 0, 48 * 2**10)


def test_gradients_take_both_states_back():
    layers = [[(name, [qubit], 0.1 + qubit) for qubit in range(NB_QUBITS)] for name in ("RX", "RY", "RX")]
    tape = named_tape(NB_QUBITS, *(gate for layer in layers for gate in [*layer, ("CSIGN", [0, 1])]))
    section = section_of(tape)

    def back(is_varied):
        return _native.gradient_work(section.program, tape.parameters, section.supplied(tape), is_varied)

    every = np.ones(len(tape.parameters), np.uint8)
    nb_passes, nb_operations, tile_bytes, near_bytes = back(every)
    assert nb_passes == 2 and nb_operations > 2 * operations(*layers[1])
    assert tile_bytes > 0 and near_bytes > 0
    assert back(0 * every) == (0, 0, 0, 0)


def test_gradient_work_is_refused_for_other_parameters():
    tape = named_tape(2, ("RX", [0], 0.1))
    section = section_of(tape)
    with pytest.raises(ValueError, match="marks"):
        _native.gradient_work(section.program, tape.parameters, section.supplied(tape), np.ones(3, np.uint8))


def test_every_instruction_goes_through_what_it_has_to_touch():
    spread = [("H", [qubit]) for qubit in range(NB_QUBITS)]
    bytes_of = lambda *gates: work(*spread, *gates)[1] - work(*spread)[1]  # noqa: E731
    assert work(("H", [0]))[1] == 32 * SIZE
    assert bytes_of(("CCNOT", [0, 1, 2])) == 32 * SIZE / 4
    assert work(*spread)[2] == 0


def test_a_block_goes_through_the_tile_once():
    """Four turns and a CNOT, which takes no operations, in a state that is large enough for blocks."""
    size = 2**15
    gates = [("RY", [qubit], 0.3) for qubit in range(3)]
    _, tile_bytes, near_bytes = work(*gates, ("CNOT", [0, 1]), ("CNOT", [1, 2]), *gates, nb_qubits=15)
    assert (tile_bytes, near_bytes) == (32 * size, 0)


def test_the_bandwidth_is_that_of_a_processor():
    found = [bandwidth for nb_bytes in (1, 1 << 14) for bandwidth in _native.bandwidths(nb_bytes)]
    assert all(1e8 < bandwidth < 1e13 for bandwidth in found)


def test_the_peak_is_that_of_a_processor(instruction_set):
    assert 1e7 < _native.peak_operations() < 1e13
