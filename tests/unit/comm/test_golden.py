"""Files written by earlier versions stay readable, and today's are written in the same way.

``python tests/unit/comm/test_golden.py`` writes the files of values that have none yet.
"""

from pathlib import Path

import numpy as np
import pytest

from qat.comm.wire import VERSION, encode
from qat.core import Batch, Circuit, HardwareSpecs, Observable, Result, Schedule, Term, Topology
from qat.core.bits import subtype_metadata
from qat.core.records import QRegister
from qat.core.variables import Variable
from qat.kernels.gates import GATES, GateForm, matrix_gate
from qat.kernels.tape import Classical, Kind, TapeBuilder
from qat.kernels.tape_algebra import body_record

GOLDEN = Path(__file__).with_name("golden")


def circuit():
    """Every kind of gate and operation."""
    inner, builder = TapeBuilder(), TapeBuilder()
    inner.gate(inner.form(GateForm(GATES["CNOT"])), [0, 1])
    box = body_record("BOX", 2, inner.tape(2))
    matrix = matrix_gate(np.array([[0, 1], [1, 0]]))
    angle = 2 * Variable("a") + 1
    for form, qubits, *parameters in (
        (GateForm(GATES["H"]), [0]),
        (GateForm(GATES["RX"], 1, is_dag=True), [0, 1], 0.5),
        (GateForm(GATES["RZ"]), [2], angle),
        (GateForm(GATES["PH"]), [2], 3),
        (GateForm(matrix), [1]),
        (GateForm(box), [2, 0]),
    ):
        builder.gate(builder.form(form), qubits, parameters)
    builder.classical(Kind.MEASURE, [0], Classical((0,)))
    builder.controlled_gate(0, builder.form(GateForm(GATES["X"])), [1])
    builder.classical(Kind.CLASSIC, (), Classical((1,), "NOT 0"))
    builder.classical(Kind.RESET, [0], Classical((0,)))
    builder.classical(Kind.BREAK, (), Classical((), "AND 0 1"))
    registers = [QRegister(2, 0, _subtype_metadata=subtype_metadata("QInt", reverse_bit_order=False)), QRegister(1, 2)]
    return Circuit.from_tape(builder.tape(3, 2), qregs=registers, name="all sorts")


def result():
    found = Result.from_arrays(
        np.array([0, 7]), probabilities=np.array([0.25, 0.75]), errors=np.array([0.1, 0.2]), nbqbits=3,
        qregs=[QRegister(3, 0)], meta_data={"nbshots": "4"},
    )  # fmt: skip
    found.value, found.parameter_map = 0.5, {"a": 1.0}
    return found


def observable():
    return Observable(2, pauli_terms=[Term(0.5, "ZZ", [0, 1]), Term(Variable("v"), "X", [1])], constant_coeff=3.0)


def schedule():
    pulse = Schedule(drive=[(2 * Variable("t"), Observable.sigma_x(0, 2))], tmax=3.0)
    pulse._other = b"payload"
    return pulse


def topology():
    line = Topology(nbqbits=3)
    line.add_edge(0, 1)
    return line


VALUES = {
    "circuit.circ": circuit,
    "job.job": lambda: circuit().to_job(observable=Observable.sigma_z(0, 3), psi_0="0+1"),
    "batch.batch": lambda: Batch([circuit().to_job(nbshots=5), schedule().to_job()], {"k": "v"}),
    "result.res": result,
    "observable.obs": observable,
    "schedule.sched": schedule,
    "specs.hw": lambda: HardwareSpecs(topology=topology(), description="d", processing_types=[0], meta_data={"a": "b"}),
    "topology.topo": topology,
}


def file_of(name):
    return GOLDEN / f"v{VERSION}-{name}"


@pytest.mark.parametrize("name", VALUES)
def test_stored_files_are_read(name):
    value = VALUES[name]()
    for path in sorted(GOLDEN.glob(f"v*-{name}")):
        assert type(value).load(path) == value


@pytest.mark.parametrize("name", VALUES)
def test_values_are_written_as_they_are_stored(name):
    assert encode(VALUES[name]()) == file_of(name).read_bytes()


if __name__ == "__main__":
    for name, make in VALUES.items():
        if not file_of(name).exists():
            file_of(name).write_bytes(encode(make()))
