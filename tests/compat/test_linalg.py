"""What programs expect of the simulators: published behaviour of PyLinalg and CLinalg, and of LinAlg beside them."""

from itertools import pairwise

import numpy as np
import pytest

from qat.comm.datamodel.ttypes import OpType
from qat.comm.exceptions.ttypes import ErrorType, QPUException
from qat.comm.shared.ttypes import ProcessingType
from qat.core import HardwareSpecs, Job, Observable, Result, Term
from qat.lang.AQASM import CNOT, AbstractGate, CustomGate, H, Program, T, X
from qat.qpus import CLinalg, LinAlg, PyLinalg, QPUHandler

SIMULATORS = [PyLinalg, CLinalg, LinAlg]
pytestmark = pytest.mark.parametrize("simulator", SIMULATORS)


def entangled(nb_qubits=3, nb_entangled=2):
    """A GHZ state on the first qubits."""
    program = Program()
    qubits = program.qalloc(nb_qubits)
    H(qubits[0])
    for control, target in pairwise(qubits[:nb_entangled]):
        CNOT(control, target)
    return program.to_circ()


def refused(qpu, job):
    with pytest.raises(QPUException) as info:
        qpu.submit(job)
    return info.value


def test_exact_sampling_has_qubit_0_leftmost(simulator):
    result = simulator().submit(entangled().to_job())
    assert isinstance(result, Result) and len(result) == 2 and result.value is None
    samples = list(result)
    assert [str(sample.state) for sample in samples] == ["|000>", "|110>"]
    assert [(s.state.int, s.state.lsb_int, s.state.bitstring) for s in samples] == [(0, 0, "000"), (6, 3, "110")]
    assert [sample.state.value for sample in samples] == [("000",), ("110",)]
    assert np.allclose([sample.probability for sample in samples], 0.5)
    assert np.allclose([sample.amplitude for sample in samples], 2**-0.5)
    assert all(sample.err is None for sample in samples)


def test_frequencies_have_errors(simulator):
    result = simulator().submit(entangled(2).to_job(nbshots=200))
    assert result.meta_data["nbshots"] == "200"
    for sample in result:
        p = sample.probability
        assert sample.amplitude is None and np.isclose(sample.err, np.sqrt(p * (1 - p) / 199))
    assert np.isclose(sum(sample.probability for sample in result), 1)


def test_single_shots_have_no_probability(simulator):
    result = simulator().submit(entangled(2).to_job(nbshots=5, aggregate_data=False))
    assert len(result) == 5 and all(sample.probability is None for sample in result) and result.meta_data == {}
    by_hand = simulator().submit(Job(circuit=entangled(2), type=0, nbshots=3))  # aggregate_data is None
    assert [sample.probability for sample in by_hand] == [None] * 3


def test_measured_qubits_keep_their_order(simulator):
    program = Program()
    X(program.qalloc(2)[0])
    circuit = program.to_circ()
    assert [str(sample.state) for sample in simulator().submit(circuit.to_job(qubits=[1, 0]))] == ["|01>"]
    samples = list(simulator().submit(entangled().to_job(qubits=[2, 0])))
    assert [str(s.state) for s in samples] == ["|00>", "|01>"] and all(s.amplitude is None for s in samples)


def test_value_of_an_observable(simulator):
    observable = Observable(3, pauli_terms=[Term(0.5, "ZZ", [0, 1]), Term(2.0, "X", [2])], constant_coeff=3.0)
    job = entangled().to_job(observable=observable)
    result = simulator().submit(job)
    assert job.type == ProcessingType.OBSERVABLE == 1
    assert np.isclose(result.value, 3.5) and result.error is None and isinstance(result.value, float)


def test_observables_with_shots(simulator):
    job = entangled(2).to_job(observable=Observable.sigma_x(0, 2), nbshots=400)
    if simulator is PyLinalg:
        error = refused(simulator(), job)
        assert (error.code, error.modulename) == (ErrorType.INVALID_ARGS, "qat.pylinalg")
    else:
        result = simulator(seed=1).submit(job)
        assert abs(result.value) < 0.25 and np.isclose(result.error, 0.05, atol=0.01)
        assert np.isclose(result.value_data["X0"].re, result.value)


def control_flow():
    program = Program()
    qubits, cbits = program.qalloc(2), program.calloc(2)
    X(qubits[0])
    program.measure(qubits[0], cbits[0])
    program.cc_apply(cbits[0], X, qubits[1])
    program.logic(cbits[1], ~cbits[0])
    program.reset(qubits[0])
    return program.to_circ()


def test_measurements_within_the_circuit(simulator):
    circuit = control_flow()
    kinds = [OpType.GATETYPE, OpType.MEASURE, OpType.CLASSICCTRL, OpType.CLASSIC, OpType.RESET]
    assert [op.type for op in circuit.ops] == kinds
    error = refused(simulator(), circuit.to_job())
    assert error.code == ErrorType.INVALID_ARGS and "intermediate measurements" in error.message
    sample = simulator().submit(circuit.to_job(nbshots=1, aggregate_data=False))[0]
    assert str(sample.state) == "|01>"
    found = [(m.gate_pos, [int(bit) for bit in m.cbits]) for m in sample.intermediate_measurements]
    assert found == [(1, [1]), (4, [1])]


def test_break(simulator):
    program = Program()
    qubits, cbits = program.qalloc(1), program.calloc(1)
    X(qubits[0])
    program.measure(qubits[0], cbits[0])
    program.cbreak(cbits[0])
    error = refused(simulator(), program.to_circ().to_job(nbshots=1))
    assert error.code == ErrorType.BREAK
    assert error.message == "BREAK at gate #2 : formula : 0, cbits : [(0, True)]"


def test_gates_by_matrix_and_without(simulator):
    program = Program()
    CustomGate(np.array([[0, 1], [1, 0]]))(program.qalloc(1))
    assert str(simulator().submit(program.to_circ().to_job())[0].state) == "|1>"
    program = Program()
    AbstractGate("FOO", [float, int], arity=2)(0.2, 3)(program.qalloc(2))
    error = refused(simulator(), program.to_circ().to_job())
    assert error.code == ErrorType.ILLEGAL_GATES and error.message.startswith("Gate FOO has no matrix!")


def test_abstract_gate_with_a_matrix(simulator):
    def phase(angle, power):
        return np.diag([1, np.exp(1j * angle * power)])

    gate = AbstractGate("POWER", [float, int], arity=1, matrix_generator=phase)
    program = Program()
    qubits = program.qalloc(2)
    for qubit in qubits:
        H(qubit)
    gate(0.3, 2).ctrl()(qubits)
    gate(0.4, 1).dag()(qubits[0])
    amplitudes = [sample.amplitude for sample in simulator().submit(program.to_circ().to_job())]
    assert np.allclose(amplitudes, np.array([1, 1, np.exp(-0.4j), np.exp(0.2j)]) / 2)


def test_initial_state(simulator):
    program = Program()
    T(program.qalloc(2)[0])
    state = np.array([0, 0.6, 0, 0.8])
    samples = list(simulator().submit(program.to_circ().to_job(psi_0=state)))
    assert [str(sample.state) for sample in samples] == ["|01>", "|11>"]
    assert np.allclose([sample.amplitude for sample in samples], [0.6, 0.8 * np.exp(0.25j * np.pi)])


def test_invalid_numbers_of_shots(simulator):
    job = entangled(2).to_job()
    job.nbshots = -1
    assert refused(simulator(), job).code == ErrorType.INVALID_ARGS


def test_too_many_qubits(simulator):
    program = Program()
    H(program.qalloc(60)[0])
    assert refused(simulator(), program.to_circ().to_job()).code == ErrorType.INSUFFICIENT_RESOURCES


def test_specs_limit_nothing(simulator):
    specs = simulator().get_specs()
    assert isinstance(specs, HardwareSpecs) and specs.nbqbits is None and simulator.__name__ in specs.description


def test_published_addresses(simulator):
    import qat.clinalg
    import qat.linalg
    import qat.pylinalg
    from qat.qpus import CLinAlg

    assert qat.pylinalg.PyLinalg is PyLinalg and qat.linalg.LinAlg is LinAlg
    assert qat.clinalg.CLinalg is CLinalg is CLinAlg is qat.clinalg.CLinAlg
    assert issubclass(simulator, QPUHandler)
