"""Circuits whose structure came before are not checked again, and are what they were."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.comm.wire import decode, encode
from qat.comm.wire.arrays import Array, pack_array, pack_indices, unpack_indices
from qat.comm.wire.circuit import pack_circuit, unpack_circuit
from qat.comm.wire.structures import MAX_KEPT_BYTES, _tape_of
from qat.core import Circuit
from qat.core.errors import WireError
from qat.lang.AQASM import CNOT, RX, RY, H, Program


@pytest.fixture(autouse=True)
def nothing_kept():
    """Each test begins with structures that are new."""
    _tape_of.cache_clear()


def circuit(*angles, nb_qubits=2, gate=RX, first=1):
    program = Program()
    qubits = program.qalloc(nb_qubits)
    H(qubits[0])
    CNOT(qubits[0], qubits[1])
    for angle in angles:
        gate(angle)(*qubits[first:2])
    return program.to_circ()


def travelled(sent):
    return decode(encode(sent), Circuit)


def nb_kept():
    return _tape_of.cache_info().currsize


def test_circuits_that_differ_in_their_parameters_share_their_columns():
    one, other = travelled(circuit(0.25)), travelled(circuit(0.5))
    assert one.tape.gates is other.tape.gates
    assert one.tape.qubits is other.tape.qubits
    assert (one.tape.parameters.tolist(), other.tape.parameters.tolist()) == ([0.25], [0.5])
    assert nb_kept() == 1


def test_a_circuit_with_a_known_structure_is_the_circuit_that_was_sent():
    sent = circuit(0.25, -1.5)
    travelled(circuit(1.0, 2.0))
    assert list(travelled(sent).iterate_simple()) == list(sent.iterate_simple())


OTHERS = {
    "more qubits": circuit(0.25, nb_qubits=3),
    "more gates": circuit(0.25, 0.5),
    "no parameters": circuit(),
    "another gate": circuit(0.25, gate=RY),
    "controlled": circuit(0.25, gate=lambda angle: RX(angle).ctrl(), first=0),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_other_structures_are_told_apart(other):
    travelled(circuit(0.25))
    assert list(travelled(other).iterate_simple()) == list(other.iterate_simple())
    assert nb_kept() == 2


def test_circuits_with_variables_and_with_measurements_are_not_kept():
    program = Program()
    qubits, bits = program.qalloc(1), program.calloc(1)
    RX(program.new_var(float, "a"))(qubits[0])
    travelled(program.to_circ())
    program.measure(qubits, bits)
    travelled(program.to_circ())
    assert nb_kept() == 0


def test_long_circuits_are_not_kept():
    sent = circuit(*[0.5] * MAX_KEPT_BYTES)
    assert len(travelled(sent).tape) == len(sent.tape)
    assert nb_kept() == 0


def test_a_spoiled_circuit_is_refused_each_time_though_its_like_is_known():
    parts = pack_circuit(circuit(0.25))
    unpack_circuit(parts)
    for spoiled, finding in [
        ({"parameters": pack_array(np.zeros(2))}, "different lengths"),
        ({"parameters": Array("<f8", (1 << 50,), memoryview(b""))}, "has 0 bytes"),
        ({"qubits": pack_indices(np.array([0, 0, 0, 1]))}, "twice on one qubit"),
        ({"qubits": pack_indices(np.array([0, 0, 2, 1]))}, "out of range"),
    ]:
        columns = msgspec.structs.replace(parts.tapes[0], **spoiled)
        for _ in range(2):
            with pytest.raises(WireError, match=finding):
                unpack_circuit(msgspec.structs.replace(parts, tapes=[columns]))
    assert unpack_circuit(parts).tape.parameters.tolist() == [0.25]


@given(st.lists(st.integers(0, 1 << 20), max_size=80))
def test_indices_travel_however_many_there_are_and_however_large(numbers):
    packed = pack_indices(np.array(numbers, np.int64))
    assert packed.dtype == ("|u1" if max(numbers, default=0) < 256 else "<u2" if max(numbers) < 1 << 16 else "<u4")
    assert unpack_indices(packed, 1 << 21, "index").tolist() == numbers
    if numbers:
        with pytest.raises(WireError, match=f"index {max(numbers)} is out of range"):
            unpack_indices(packed, max(numbers), "index")
