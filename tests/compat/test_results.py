"""Published behaviour of results, samples, specifications, exceptions and files."""

import copy
import pickle

import networkx
import numpy as np
import pytest

from qat.comm.exceptions.ttypes import ErrorType, GeneratorException, PluginException, QPUException
from qat.comm.shared.ttypes import IntermediateMeasurement
from qat.comm.shared.ttypes import Result as ThriftResult
from qat.core import (
    Batch,
    BatchResult,
    Circuit,
    HardwareSpecs,
    Job,
    Observable,
    Result,
    Sample,
    Schedule,
    Topology,
    TopologyType,
)
from qat.core.bits import DefaultRegister
from qat.core.simutil import get_substate, wavefunction
from qat.core.wrappers.result import aggregate_data
from qat.lang.AQASM import CNOT, H, Program, QBoolArray, QInt, X
from qat.lang.AQASM.bits import QRegister
from qat.plugins import QuameleonPlugin
from qat.qpus import LinAlg, PyLinalg


def ghz(nb_qubits):
    program = Program()
    qubits = program.qalloc(nb_qubits)
    H(qubits[0])
    for target in range(1, nb_qubits):
        CNOT(qubits[target - 1], qubits[target])
    return program.to_circ()


def test_exceptions_print_all_five_fields_in_their_order():
    error = QPUException(1, "mod", "msg", "f", 3)
    assert str(error) == "QPUException(code=1, modulename='mod', message='msg', file='f', line=3)"
    assert error.code == ErrorType.ABORT
    for cls in (QPUException, PluginException, GeneratorException):
        with pytest.raises(cls):
            raise cls(code=1, modulename="mod", message="msg", file="f", line=3)


def test_a_result_made_by_hand():
    result = Result()
    for state in (3, 3, 1):
        result.add_sample(state)
    assert aggregate_data(result) is result and result.meta_data == {"nbshots": "3"}
    assert {sample.state.int: sample.probability for sample in result} == pytest.approx({3: 2 / 3, 1: 1 / 3})
    assert result[0].err == pytest.approx(1 / 3)


def test_registers_give_samples_their_width():
    result = Result()
    result.add_sample(3, probability=0.5)
    assert (str(result[0].state), result[0].state.nbqbits) == ("|11>", None)
    result.wrap_samples([QRegister(0, length=4)])
    sample = result[0]
    assert (str(sample.state), sample.state.bitstring, sample.state.state) == ("|0011>", "0011", 3)
    assert (sample.state.int, sample.state.lsb_int, sample.state.value, sample._state) == (3, 12, ("0011",), b"\x03")


def test_named_registers_print_their_name():
    result = Result()
    result.add_sample(5)
    result.wrap_samples([DefaultRegister("Foo", length=2), DefaultRegister(length=1)])
    assert (str(result[0].state), result[0].state.value) == ("|Foo:10>|1>", ("10", "1"))


def test_the_plain_structure_becomes_a_wrapper():
    result = Result.from_thrift(ThriftResult(raw_data=[]))
    assert isinstance(result, Result) and result.raw_data == []


def test_shots_have_frequencies_and_errors():
    result = PyLinalg().submit(ghz(2).to_job(nbshots=200))
    assert result.meta_data["nbshots"] == "200"
    for sample in result:
        p = sample.probability
        assert sample.amplitude is None and sample.err == pytest.approx(np.sqrt(p * (1 - p) / 199))


def test_intermediate_measurements_are_records():
    outcome = IntermediateMeasurement([True], 1, 0.5)
    assert repr(outcome) == "IntermediateMeasurement(cbits=[True], gate_pos=1, probability=0.5)"
    assert outcome == IntermediateMeasurement(cbits=[True], gate_pos=1, probability=0.5)


def test_least_significant_bit_first():
    result = Result(lsb_first=True, nbqbits=4)
    result.add_sample(3)
    result.wrap_samples([QRegister(0, length=4)])
    assert (str(result[0].state), result[0].state.int, result[0]._state, result.need_flip) == (
        "|1100>",
        12,
        b"\x0c",
        True,
    )


def test_a_dense_result_is_looked_through():
    result = Result(nbqbits=2)
    result.statevector, result.has_statevector = np.array([0, 0.6, 0.8j, 0]), True
    assert result.raw_data is None and len(result) == 2
    assert [(str(sample.state), sample.amplitude) for sample in result] == [("|01>", 0.6), ("|10>", 0.8j)]
    assert (result[0].probability, result[2].state.int) == (0.0, 2)
    with pytest.raises(IndexError):
        _ = result[9]


def test_a_result_without_samples_has_no_length():
    with pytest.raises(TypeError):
        len(Result())
    assert Result(value=3.0).unpack() == 3.0


def test_typed_values_of_integers_and_booleans():
    program = Program()
    a, b = program.qalloc(3, QInt), program.qalloc(3, QInt)
    a.set_value(7)
    b.set_value(2)
    (sample,) = LinAlg().submit(program.to_circ().to_job(qubits=[a, b]))
    assert (str(sample.state), sample.state.value, sample.state.int) == ("|7>|2>", (7, 2), 58)
    program = Program()
    booleans = program.qalloc(2, QBoolArray)
    X(booleans[0])
    (sample,) = LinAlg().submit(program.to_circ().to_job())
    assert (str(sample.state), sample.state.value) == ("|[True, False]>", ([True, False],))


def test_types_follow_the_order_of_the_request():
    program = Program()
    number, booleans = program.qalloc(2, QInt, reverse_bit_order=True), program.qalloc(1, QBoolArray)
    rest = program.qalloc(1)
    X(number[0])
    circuit = program.to_circ()
    (everything,) = LinAlg().submit(circuit.to_job())
    assert (str(everything.state), everything.state.bitstring) == ("|1>|[False]>|0>", "1000")
    (some,) = LinAlg().submit(circuit.to_job(qubits=[booleans, number]))
    assert some.state.value == ([False], 1)
    (part,) = LinAlg().submit(circuit.to_job(qubits=[0]))
    assert (str(part.state), part.state.value) == ("|1>", ("1",))
    assert rest.start == 3


def test_batches_of_results_are_sequences():
    batch = BatchResult(results=[])
    batch.append(Result(value=1.0))
    batch.extend([Result(value=2.0), Result(value=3.0)])
    assert [result.value for result in batch] == [1.0, 2.0, 3.0] and len(batch) == 3 and batch[1].value == 2.0
    assert (BatchResult().results, len(BatchResult()), batch.meta_data) == ([], 0, {})


def shots_with_outcomes(*pairs):
    result = Result()
    for state, outcome in pairs:
        result.add_sample(state, intermediate_measurements=[IntermediateMeasurement([outcome], 1, 0.5)])
    return result


def test_aggregation_tells_histories_apart():
    result = aggregate_data(shots_with_outcomes((1, True), (1, False), (1, True)))
    assert [sample.probability for sample in result] == pytest.approx([2 / 3, 1 / 3])
    assert [sample.intermediate_measurements[0].cbits for sample in result] == [[True], [False]]
    with pytest.warns(FutureWarning, match="drops the intermediate measurements"):
        result = aggregate_data(shots_with_outcomes((1, True), (1, False), (1, True)), keep_intermeas=False)
    assert [(sample.probability, sample.intermediate_measurements) for sample in result] == [(1.0, None)]


def test_aggregation_drops_what_is_rare():
    result = Result()
    for state in (3, 1, 3):
        result.add_sample(state)
    assert [sample.state.int for sample in aggregate_data(result, threshold=0.4)] == [3]


def test_files_and_pickles(tmp_path):
    circuit, job = ghz(2), ghz(2).to_job(nbshots=3)
    circuit.dump(str(tmp_path / "c"))
    assert list(Circuit.load(str(tmp_path / "c.circ")).iterate_simple()) == list(circuit.iterate_simple())
    job.dump(str(tmp_path / "j.job"))
    assert Job.load(str(tmp_path / "j.job")).nbshots == 3
    Batch([job, job]).dump(str(tmp_path / "b.batch"))
    assert len(Batch.load(str(tmp_path / "b.batch")).jobs) == 2
    result = LinAlg().submit(circuit.to_job())
    result.dump(str(tmp_path / "r.res"))
    for other in (Result.load(str(tmp_path / "r.res")), pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
        assert [(str(sample.state), sample.probability, sample.amplitude) for sample in other] == [
            (str(sample.state), sample.probability, sample.amplitude) for sample in result
        ]
    assert pickle.loads(pickle.dumps(job)).nbshots == 3


def test_typed_results_keep_their_types_in_files(tmp_path):
    program = Program()
    number = program.qalloc(3, QInt)
    number.set_value(5)
    LinAlg().submit(program.to_circ().to_job()).dump(tmp_path / "typed")
    assert Result.load(tmp_path / "typed.res")[0].state.value == (5,)


def test_the_payload_of_a_schedule_survives(tmp_path):
    schedule = Schedule(drive=Observable.sigma_x(0, 1), tmax=1.0)
    schedule._other = b"payload"
    schedule.to_job().dump(str(tmp_path / "s.job"))
    assert Job.load(str(tmp_path / "s.job")).schedule._other == b"payload"


EXTENSIONS = {
    Circuit: ".circ", Job: ".job", Batch: ".batch", Result: ".res", BatchResult: ".bres", Observable: ".obs",
    HardwareSpecs: ".hw", Schedule: ".sched", Topology: ".topo",
}  # fmt: skip


@pytest.mark.parametrize("cls", EXTENSIONS)
def test_file_extensions(cls):
    assert cls.file_extension == EXTENSIONS[cls]


def test_topologies():
    topology = Topology(type=TopologyType.CUSTOM)
    topology.add_edge(0, 1)
    topology.add_edge(2, 1)
    assert topology.graph == {0: [1], 1: [0, 2], 2: [1]} and sorted(topology.to_nx().edges) == [(0, 1), (1, 2)]
    directed = Topology(is_directed=True)
    directed.add_edge(0, 1)
    directed.add_edge(2, 1)
    assert (directed.graph, directed.type) == ({0: [1], 2: [1]}, TopologyType.CUSTOM)
    assert HardwareSpecs().topology.type == TopologyType.ALL_TO_ALL and HardwareSpecs(nbqbits=3).nbqbits == 3


def test_graphs_of_topologies():
    line = HardwareSpecs(nbqbits=3, topology=Topology(type=TopologyType.LNN))
    assert sorted(line.as_graph().edges) == [(0, 1), (1, 2)]
    assert sorted(HardwareSpecs(nbqbits=3).as_graph().edges) == [(0, 1), (0, 2), (1, 2)]
    path = Topology.from_nx(networkx.path_graph(3))
    assert (path.graph, path.type, path.is_directed) == ({0: [1], 1: [0, 2], 2: [1]}, TopologyType.CUSTOM, False)
    assert isinstance(line.as_quameleon(), QuameleonPlugin)


def test_specs_have_all_their_fields():
    specs = HardwareSpecs(nbqbits=9, description="served", processing_types=[0], meta_data={"a": "b"})
    assert (specs.nbqbits, specs.description, specs.processing_types, specs.meta_data) == (9, "served", [0], {"a": "b"})


def test_substates_and_wavefunctions():
    assert get_substate(0b100, 3, [0, 1]) == 0b10 and get_substate(0b100, 3, [1, 0]) == 0b01
    assert np.allclose(wavefunction(ghz(2), PyLinalg()), [2**-0.5, 0, 0, 2**-0.5])


def test_an_amplitude_gives_a_probability_where_there_is_none():
    result = Result()
    result.add_sample(1, amplitude=0.6j)
    result.add_sample(1, amplitude=0.6, probability=0.1)
    assert [sample.probability for sample in result] == pytest.approx([0.36, 0.1])
    assert Sample(state=1, amplitude=0.6).probability == pytest.approx(0.36)


def test_a_sample_made_by_hand():
    sample = Sample(state=3, amplitude=1j, probability=0.3)
    assert (sample._state, sample.amplitude, sample.probability, sample.err) == (b"\x03", 1j, 0.3, None)
