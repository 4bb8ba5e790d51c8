"""Routed jobs give the results of the jobs as written."""

import numpy as np
import pytest

from qat.core import HardwareSpecs, Observable, Term, Topology, TopologyType
from qat.core.errors import PluginException
from qat.lang.AQASM import CCNOT, CNOT, RX, RY, H, Program, QInt, X
from qat.plugins import Nnizer, QuameleonPlugin, Sabre
from qat.qpus import LinAlg


def line(nb_qubits=None):
    return QuameleonPlugin(specs=HardwareSpecs(nbqbits=nb_qubits, topology=Topology(type=TopologyType.LNN)))


def star(nb_qubits):
    topology = Topology(type=TopologyType.CUSTOM)
    for qubit in range(1, nb_qubits):
        topology.add_edge(0, qubit)
    return QuameleonPlugin(specs=HardwareSpecs(nbqbits=nb_qubits, topology=topology))


def tangled_circuit(nb_qubits=4):
    program = Program()
    qubits = program.qalloc(nb_qubits)
    for number, qubit in enumerate(qubits):
        RX(0.3 + number)(qubit)
    for a, b in ((0, 3), (1, 3), (0, 2), (3, 1)):
        CNOT(qubits[a], qubits[b])
        RY(0.2 * a + b)(qubits[b])
    CCNOT(qubits[3], qubits[0], qubits[1])
    return program.to_circ()


DEVICES = [line(), line(6), star(4), star(5)]
PLUGINS = [Nnizer(), Nnizer("sabre", update_initial_order="reverse"), Sabre()]


@pytest.mark.parametrize("plugin", PLUGINS, ids=["plain", "reverse", "sabre"])
@pytest.mark.parametrize("device", DEVICES, ids=["line", "line 6", "star", "star 5"])
def test_sampling_and_observables(plugin, device):
    circuit = tangled_circuit()
    stack = plugin | device | LinAlg()
    for qubits in (None, [2, 0], [1, 3, 0]):
        expected = {s.state.int: s.probability for s in LinAlg().submit(circuit.to_job(qubits=qubits))}
        found = {s.state.int: s.probability for s in stack.submit(circuit.to_job(qubits=qubits))}
        assert found == pytest.approx(expected)
    observable = Observable(4, pauli_terms=[Term(0.7, "XYZ", [3, 1, 0]), Term(-1.2, "Z", [2])], constant_coeff=0.1)
    job = circuit.to_job(observable=observable)
    assert stack.submit(job).value == pytest.approx(LinAlg().submit(job).value)


def test_registers_keep_their_types():
    program = Program()
    a, b = program.qalloc(2, QInt), program.qalloc(2, QInt)
    a.set_value(2)
    b.set_value(1)
    CNOT(a[0], b[1])
    X(b[0])
    (sample,) = (Nnizer() | line() | LinAlg()).submit(program.to_circ().to_job())
    (expected,) = LinAlg().submit(program.to_circ().to_job())
    assert str(sample.state) == str(expected.state)
    assert sample.state.value == expected.state.value


def test_measurements_and_classical_control():
    program = Program()
    qubits, cbits = program.qalloc(4), program.calloc(1)
    X(qubits[0])
    CNOT(qubits[0], qubits[3])
    program.measure(qubits[3], cbits[0])
    program.cc_apply(cbits[0], CNOT, qubits[0], qubits[2])
    program.reset(qubits[3])
    result = (Nnizer() | line() | LinAlg()).submit(program.to_circ().to_job(nbshots=5))
    assert [str(sample.state) for sample in result] == ["|1010>"]


def test_local_jobs_and_devices_without_limits_are_left_alone():
    circuit = tangled_circuit()
    assert (Nnizer() | LinAlg()).submit(circuit.to_job())[0].amplitude is not None
    job = Program()
    CNOT(job.qalloc(2))
    batch = Nnizer().compile(_batch(job.to_circ().to_job()), HardwareSpecs(topology=Topology(type=TopologyType.LNN)))
    assert [name for name, *_ in batch.jobs[0].circuit.iterate_simple()] == ["CNOT"]


def _batch(job):
    from qat.core import Batch

    return Batch([job])


def test_large_gates():
    program = Program()
    qubits = program.qalloc(4)
    H(qubits[0])
    X.ctrl(3)(qubits)
    job = program.to_circ().to_job()
    with pytest.raises(PluginException, match=r"C-C-C-X acts on 4 qubits .*write it with smaller gates"):
        (Nnizer() | line() | LinAlg()).submit(job)
    batch = Nnizer(ignore_large_gates=True).compile(
        _batch(job), HardwareSpecs(topology=Topology(type=TopologyType.LNN))
    )
    assert [name for name, *_ in batch.jobs[0].circuit.iterate_simple()] == ["H", "C-C-C-X"]


def test_bad_input():
    with pytest.raises(PluginException, match="Unknown method 'best'"):
        Nnizer("best")
    with pytest.raises(PluginException, match="Unknown update_initial_order 'random'"):
        Nnizer(update_initial_order="random")
    job = tangled_circuit().to_job()
    with pytest.raises(PluginException, match="4 qubits and the device 3"):
        (Nnizer() | star(3) | LinAlg()).submit(job)
    job.psi_0 = np.eye(16)[3]
    with pytest.raises(PluginException, match="prepare the state with gates"):
        (Nnizer() | line() | LinAlg()).submit(job)
