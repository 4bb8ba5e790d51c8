"""Registers of measured qubits."""

from hypothesis import given
from hypothesis import strategies as st

from qat.core import Circuit, Job, Observable, Schedule
from qat.core.bits import DefaultRegister
from qat.core.qpu.qpu import get_registers
from qat.core.qpu.registers import measured_registers
from qat.core.records import QRegister


def registers_of(lengths):
    starts = [sum(lengths[:i]) for i in range(len(lengths))]
    return [QRegister(length=length, start=start) for start, length in zip(starts, lengths, strict=True)]


def qubits_of(register):
    return list(range(register.start, register.start + register.length))


def spans(registers):
    return [(type(register).__name__, register.start, register.length) for register in registers]


@given(st.lists(st.integers(0, 3), max_size=4).flatmap(lambda n: st.permutations(registers_of(n))))
def test_rows_of_complete_registers_are_found(row):
    """Whatever the order; empty registers do not matter."""
    qubits = [qubit for register in row for qubit in qubits_of(register)]
    assert get_registers(sorted(row, key=lambda r: r.start), qubits) == [r for r in row if r.length]


@given(st.lists(st.integers(0, 5), unique=True, max_size=6))
def test_what_is_measured_always_adds_up(qubits):
    circuit = Circuit.empty(6)
    circuit.qregs = registers_of([2, 1])
    job = Job(circuit=circuit, qubits=qubits or None)
    found = measured_registers(job)
    assert sum(register.length for register in found) == (len(qubits) or 6)


def test_partly_measured_registers_are_one_untyped_register():
    registers = registers_of([2, 2])
    assert get_registers(registers, [1, 0]) is None and get_registers(registers, [0]) is None
    assert get_registers(registers, []) == get_registers(None, None) == []
    assert get_registers(None, [0]) is None
    circuit = Circuit.empty(4)
    circuit.qregs = registers
    assert spans(measured_registers(circuit.to_job(qubits=[0, 2]))) == [("DefaultRegister", 0, 2)]


def test_ancillas_are_registers_of_their_own():
    circuit = Circuit.empty(6)
    circuit.qregs = registers_of([2, 2])
    assert spans(measured_registers(circuit.to_job())) == [
        ("QRegister", 0, 2), ("QRegister", 2, 2), ("DefaultRegister", 4, 2),
    ]  # fmt: skip
    assert spans(measured_registers(circuit.to_job(qubits=[5, 0, 1, 4]))) == [
        ("DefaultRegister", 5, 1), ("QRegister", 0, 2), ("DefaultRegister", 4, 1),
    ]  # fmt: skip
    assert [register.key for register in measured_registers(circuit.to_job(qubits=[4])) if register.start] == ["Anc"]


def test_one_register_measured_whole_in_part_and_turned_round():
    circuit = Circuit.empty(3)
    assert measured_registers(circuit.to_job())[0] is circuit.qregs[0]
    assert spans(measured_registers(circuit.to_job(qubits=[2, 1, 0]))) == [("DefaultRegister", 0, 3)]
    assert spans(measured_registers(circuit.to_job(qubits=[0, 1]))) == [("DefaultRegister", 0, 2)]
    assert measured_registers(Circuit.empty(0).to_job()) == []


def test_without_registers():
    schedule = Schedule(drive=[(1, Observable.sigma_x(0, 2))])
    for job, length in ((Circuit(nbqbits=3).to_job(), 3), (schedule.to_job(), 2), (Job(qubits=[0, 1]), 2)):
        assert spans(measured_registers(job)) == [("DefaultRegister", 0, length)]
    assert measured_registers(Job()) == []
    assert isinstance(measured_registers(Circuit(nbqbits=1).to_job())[0], DefaultRegister)
