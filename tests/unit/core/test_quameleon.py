"""QuameleonPlugin: the specs it shows and the jobs it refuses."""

import pytest

from qat.core import Circuit, HardwareSpecs, Job, Topology, TopologyType, default_gate_set
from qat.core.enums import ErrorType, ProcessingType
from qat.core.errors import PluginException
from qat.core.gate_set import GateSet
from qat.core.quameleon import QuameleonPlugin
from qat.core.records import Op
from tests.unit.core.services import Counter, Fixed


def job(*gates, nbqbits=3, **fields):
    circuit = Circuit(ops=[Op(name, list(qubits)) for name, *qubits in gates], nbqbits=nbqbits)
    return circuit.to_job(**fields)


def submit(plugin, *gates, **fields):
    return (plugin | Counter()).submit(job(*gates, **fields)).value == 1.0


LINE = HardwareSpecs(nbqbits=3, topology=Topology(type=TopologyType.LNN))


def test_specs_are_those_shown():
    assert (QuameleonPlugin(LINE) | Fixed()).get_specs() is LINE
    assert (QuameleonPlugin(topology=Topology(type=TopologyType.LNN)) | Fixed()).get_specs().nbqbits is None
    assert QuameleonPlugin(gate_set=GateSet()).get_specs(LINE).gateset == GateSet()
    assert LINE.as_quameleon().specs is LINE


def test_line():
    assert submit(QuameleonPlugin(LINE), ("CNOT", 1, 0), ("CNOT", 1, 2), ("H", 2))
    with pytest.raises(PluginException, match=r"Hardware topology does not support \[0, 2\] interactions") as info:
        submit(QuameleonPlugin(LINE), ("CNOT", 0, 2))
    assert (info.value.code, info.value.modulename) == (ErrorType.ILLEGAL_GATES, "qat.core.quameleon")
    with pytest.raises(PluginException, match=r"\[0, 1, 2\]"):
        submit(QuameleonPlugin(LINE), ("CCNOT", 0, 1, 2))


def test_all_to_all():
    assert submit(QuameleonPlugin(HardwareSpecs(nbqbits=3)), ("CCNOT", 0, 1, 2))


def test_custom_topologies():
    topology = Topology()
    topology.add_edge(0, 2)
    plugin = QuameleonPlugin(topology=topology)
    assert submit(plugin, ("CNOT", 0, 2), ("CNOT", 2, 0))
    with pytest.raises(PluginException, match=r"does not support \[0, 1\]"):
        submit(plugin, ("CNOT", 0, 1))


def test_directed_topologies():
    topology = Topology(is_directed=True)
    topology.add_edge(0, 1)
    plugin = QuameleonPlugin(topology=topology)
    assert submit(plugin, ("CNOT", 0, 1))
    with pytest.raises(PluginException, match=r"\[1, 0\]"):
        submit(plugin, ("CNOT", 1, 0))


def test_gate_sets():
    plugin = QuameleonPlugin(gate_set=GateSet({name: default_gate_set()[name] for name in ("H", "CNOT")}))
    assert submit(plugin, ("H", 0), ("CNOT", 0, 1))
    with pytest.raises(PluginException, match="Hardware does not support gate X"):
        submit(plugin, ("X", 0))


def test_too_large_circuits():
    with pytest.raises(PluginException, match="Hardware has 3 qubits, the circuit has 5") as info:
        submit(QuameleonPlugin(LINE), ("H", 0), nbqbits=5)
    assert info.value.code == ErrorType.ILLEGAL_GATES


def test_processing_types():
    plugin = QuameleonPlugin(HardwareSpecs(processing_types=[ProcessingType.OBSERVABLE]))
    with pytest.raises(PluginException, match=r"job type SAMPLE not in \[OBSERVABLE\]"):
        submit(plugin, ("H", 0))


def test_measurements_are_no_gates():
    from qat.lang.AQASM import H, Program

    program = Program()
    qubits = program.qalloc(3)
    program.measure(qubits)
    H(qubits[0])
    circuit = program.to_circ()
    assert (QuameleonPlugin(LINE, gate_set=None) | Counter()).submit(circuit.to_job(nbshots=1)).value == 1.0


def test_jobs_without_circuit_pass():
    assert (QuameleonPlugin(LINE) | Counter()).submit(Job()).value == 1.0
