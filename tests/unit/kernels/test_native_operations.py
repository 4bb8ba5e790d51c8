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
    tape = named_tape(NB_QUBITS, *gates)
    section = section_of(tape)
    return section.program.operations(tape.parameters, section.supplied(tape))


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
    assert strings.values_operations() == 4 * nb_sums * 2**10
    assert strings.apply_operations() == 8 * nb_sums * 2**10


def test_many_strings_cost_one_transform():
    for nb in (6, 10):
        pairs = [(1.0, "ZZ", [q, r]) for r in range(1, nb) for q in range(r)]
        strings = native_pauli.strings_on(10, PauliSum.from_terms(10, pairs))
        assert strings.values_operations() == (3 + 10) * 2**10


def test_gradients_take_both_states_back():
    layers = [[(name, [qubit], 0.1 + qubit) for qubit in range(NB_QUBITS)] for name in ("RX", "RY", "RX")]
    tape = named_tape(NB_QUBITS, *(gate for layer in layers for gate in [*layer, ("CSIGN", [0, 1])]))
    section = section_of(tape)

    def work(is_varied):
        return _native.gradient_work(section.program, tape.parameters, section.supplied(tape), is_varied)

    every = np.ones(len(tape.parameters), np.uint8)
    nb_passes, nb_operations = work(every)
    assert nb_passes == 2 and nb_operations > 2 * operations(*layers[1])
    assert work(0 * every) == (0, 0)


def test_gradient_work_is_refused_for_other_parameters():
    tape = named_tape(2, ("RX", [0], 0.1))
    section = section_of(tape)
    with pytest.raises(ValueError, match="marks"):
        _native.gradient_work(section.program, tape.parameters, section.supplied(tape), np.ones(3, np.uint8))


def test_the_peak_is_that_of_a_processor(instruction_set):
    assert 1e7 < _native.peak_operations() < 1e13
