"""Every name that public third-party code (fermion, interop, simulators, contrib, Pulser, QScore) takes from us."""

from importlib import import_module

import numpy as np
import pytest

import qat.core as core
from qat.comm.datamodel import ttypes as datamodel
from qat.core.optimizer import Optimizer
from qat.generators import AbstractGenerator
from qat.lang.AQASM import CNOT, RX, H, Program, QRoutine
from qat.plugins import ScipyMinimizePlugin
from qat.qpus import LinAlg

IMPORTS = """
qat.comm.datamodel.ttypes             ComplexNumber GSyntax GateDefinition Matrix Op OpType Param
qat.comm.exceptions.ttypes            ErrorType PluginException QPUException
qat.comm.gate_set.ttypes              ParamType
qat.comm.hardware.ttypes              HardwareSpecs
qat.comm.qlmaas.ttypes                JobInfo JobStatus
qat.comm.quops.ttypes                 QuantumChannel RepresentationType
qat.comm.shared.ttypes                Job ProcessingType Result PostProcessedResult ParsedPostProcessedResult
qat.core                              Batch BatchResult Circuit HardwareSpecs Job Observable Parameter Result Sample
qat.core                              Schedule Term Topology TopologyType Variable default_gate_set
qat.core.application                  Application
qat.core.assertion                    assert_qpu
qat.core.bits                         DefaultRegister
qat.core.circ                         extract_syntax
qat.core.circuit_builder.matrix_util  default_gate_set gen_x gen_y gen_z get_predef_generator np_to_circ
qat.core.console                      display
qat.core.formula_eval                 evaluate
qat.core.gate_set                     GateSet UnknownGate WrongArgumentsNumber
qat.core.generator                    AbstractGenerator
qat.core.junction                     Junction
qat.core.optimizer                    Optimizer
qat.core.plugins                      AbstractPlugin contains_plugin
qat.core.qpu                          CommonQPU QPUHandler
qat.core.qpu.qpu                      QPUHandler get_registers
qat.core.quameleon                    QuameleonPlugin
qat.core.simutil                      wavefunction
qat.core.spins                        integer_to_spins spins_to_integer
qat.core.task                         Task
qat.core.util                         extract_syntax get_syntax
qat.core.variables                    ArithExpression BaseArithmetic Symbol Variable cos sin get_item heaviside
qat.core.variables                    evaluate_thrift_expression
qat.core.wrappers                     Batch Circuit
qat.core.wrappers.result              BatchResult Result Sample aggregate_data
qat.generators                        AbstractGenerator
qat.lang.AQASM                        Program QRoutine AbstractGate CustomGate QInt gates
qat.lang.AQASM.bits                   QRegister
qat.lang.AQASM.gates                  Gate CNOT H RX
qat.lang.AQASM.misc                   build_gate generate_gate_set
qat.lang.AQASM.program                Program
qat.lang.AQASM.qftarith               QFT IQFT
qat.lang.AQASM.qint                   QInt
qat.qlmaas                            QLMaaSConnection
qat.qlmaas.connection                 QLMaaSConnection
qat.qlmaas.job_id                     get_job_id
qat.qlmaas.qpus                       QLMaaSQPU
qat.qlmaas.plugins                    QLMaaSPlugin
qat.qlmaas.generators                 QLMaaSGenerator
qat.qlmaas.application                QLMaaSApplicationStack
qat.qlmaas.result                     AsyncResult
qat.qlmaas.wrappers                   ServiceDescription
qat.lang.linking.linker               Linker
qat.lang.linking.util                 AncillaMap
qat.lang.parser.gates_ast             ASTCircuitBuilder GateAST
qat.linalg                            LinAlg
qat.modules                           register_modules
qat.opt                               MaxCut
qat.plugins                           AbstractPlugin ScipyMinimizePlugin
qat.pylinalg                          PyLinalg get_qpu_server
qat.qpus                              PyLinalg QPUHandler SimulatedAnnealing get_default_qpu
qat.vsolve.optimize                   ScipyMinimizePlugin
qat.vsolve.optimize.spsa_algorithm    spsa_minimize
qat.vsolve.qaoa                       MaxCut
"""

GUARDED = ("qat.mps", "qat.pbo", "qat.fermion", "qat.qiskit")
"""Modules that are not ours; programs look for them in ``try: … except ModuleNotFoundError``."""


@pytest.mark.parametrize("line", IMPORTS.strip().splitlines())
def test_imports(line):
    module, *names = line.split()
    for name in names:
        assert getattr(import_module(module), name) is not None


@pytest.mark.parametrize("module", GUARDED)
def test_guarded_imports(module):
    try:
        import_module(module)
    except ModuleNotFoundError as error:
        assert error.name == module


def job():
    prog = Program()
    qbits = prog.qalloc(2)
    RX(prog.new_var(float, "a"))(qbits[0])
    H.ctrl()(qbits)
    CNOT(qbits)
    return prog.to_circ().to_job(observable=core.Observable(2, pauli_terms=[core.Term(1.0, "ZZ", [0, 1])]))


def result():
    return LinAlg().submit(job()(a=0.5).circuit.to_job())


def gate():
    circ = job().circuit
    return circ.gateDic[circ.ops[0].gate]


def specs():
    return core.HardwareSpecs(topology=core.Topology(graph={0: [1], 1: [0]}))


class Generator(AbstractGenerator):
    def generate(self, specs):
        return job()


ATTRIBUTES = {
    "circuit": (
        lambda: job().circuit,
        "ops gateDic nbqbits nbcbits qregs var_dic iterate_simple to_job bind_variables get_variables statistics count "
        "dag display insert_gate dump load name gate_set ancilla_map has_matrices depth run eval compile shift_qbits",
    ),
    "operation": (lambda: job().circuit.ops[0], "gate qbits type cbits formula remap"),
    "gate definition": (
        gate,
        "name arity matrix is_ctrl is_dag is_trans is_conj subgate syntax nbctrls circuit_implementation",
    ),
    "syntax": (lambda: gate().syntax, "name parameters"),
    "parameter": (
        lambda: gate().syntax.parameters[0],
        "is_abstract type int_p double_p string_p matrix_p serialized_p complex_p",
    ),
    "matrix": (lambda: datamodel.Matrix(1, 1, [datamodel.ComplexNumber(1.0)]), "nRows nCols data"),
    "complex number": (lambda: datamodel.ComplexNumber(1.0), "re im"),
    "job": (
        job,
        "circuit schedule observable observables type qubits nbshots aggregate_data amp_threshold meta_data psi_0 "
        "parameter_map threshold differentiate gradient get_variables eval run compile dump load",
    ),
    "batch": (lambda: core.Batch([job()]), "jobs meta_data get_variables dump load"),
    "result": (
        result,
        "raw_data value values value_data values_data error error_data meta_data parameter_map statevector "
        "has_statevector data qregs lsb_first need_flip nbqbits in_memory add_sample wrap_samples plot dump load",
    ),
    "batch of results": (lambda: core.BatchResult(results=[result()]), "results meta_data append extend dump load"),
    "sample": (lambda: result()[0], "state probability amplitude intermediate_measurements err _state"),
    "state": (lambda: result()[0].state, "int lsb_int bitstring state nbqbits value"),
    "observable": (
        lambda: job().observable,
        "terms constant_coeff add_term set_terms _ising ising nbqbits get_variables to_matrix dag dump load",
    ),
    "term": (lambda: job().observable.terms[0], "coeff op qbits _coeff"),
    "coefficient": (lambda: job().observable.terms[0]._coeff, "get_value"),
    "schedule": (
        lambda: core.Schedule(core.Observable.sigma_x(0, 1)),
        "drive tmax drive_coeffs drive_obs tname nbqbits _other to_job get_variables dump load",
    ),
    "specs": (specs, "nbqbits topology description meta_data as_graph as_quameleon dump load"),
    "topology": (lambda: specs().topology, "graph type add_edge from_nx to_nx is_directed dump load"),
    "program": (
        Program,
        "apply qalloc calloc to_circ measure reset new_var compute uncompute cc_apply logic cbreak export run display",
    ),
    "routine": (QRoutine, "apply new_wires set_ancillae ctrl dag arity op_list compute uncompute"),
    "gate": (lambda: CNOT, "ctrl dag trans conj arity name"),
    "qpu": (LinAlg, "submit submit_job compile get_specs push_plugin"),
    "stack": (lambda: ScipyMinimizePlugin() | LinAlg(), "submit submit_job compile get_specs has_qpu"),
    "optimizer": (ScipyMinimizePlugin, "optimize evaluate execute run job set_options"),
    "application": (lambda: Generator() | LinAlg(), "execute"),
    "default gate set": (core.default_gate_set, "add_signature union __iter__ __getitem__ __contains__"),
}


@pytest.mark.parametrize("kind", ATTRIBUTES)
def test_attributes(kind):
    make, names = ATTRIBUTES[kind]
    value = make()
    assert [name for name in names.split() if not hasattr(value, name)] == []


def test_kinds_of_services():
    assert isinstance(ScipyMinimizePlugin(), Optimizer)
    (best,) = (Generator() | ScipyMinimizePlugin(x0=[0.5]) | LinAlg()).execute()
    assert best.value == pytest.approx(0.0) and best.parameter_map["a"] == pytest.approx(np.pi)


def test_star_imports():
    names: dict = {}
    exec("from qat.lang.AQASM import *\nfrom qat.lang.AQASM.gates import *", names)
    assert {"Program", "QRoutine", "H", "CNOT", "RX", "AbstractGate", "CustomGate", "CCNOT", "SWAP"} <= names.keys()


# ---------------------------------------------------------------- as their code uses them


def test_a_parser_of_another_language_builds_a_circuit():
    """What the OpenQASM parser of interop does with the builder."""
    from qat.lang.AQASM import AbstractGate
    from qat.lang.parser.gates_ast import ASTCircuitBuilder, GateAST

    def u3(theta, phi, lam):
        cos, sin = np.cos(theta / 2), np.sin(theta / 2)
        return np.array([[cos, -np.exp(1j * lam) * sin], [np.exp(1j * phi) * sin, np.exp(1j * (phi + lam)) * cos]])

    builder = ASTCircuitBuilder(include_matrices=True)
    gate_set = core.default_gate_set()
    gate_set.add_signature(AbstractGate("U3", [float] * 3, arity=1, matrix_generator=u3))
    builder.gate_set = gate_set
    builder.nbqbits += 2
    builder.nbcbits += 2
    assert (builder.gate_set["U3"].nb_args, builder.gate_set["RX"].nb_args) == (3, 1)
    with pytest.raises(import_module("qat.core.gate_set").UnknownGate):
        builder.gate_set["CU3"]
    trees = [
        (GateAST("U3", [np.pi / 2, 0.0, np.pi]), [0]),
        (GateAST("CTRL", GateAST("U3", [np.pi, 0.0, np.pi])), [0, 1]),
        (GateAST("DAG", GateAST("S", [])), [1]),
    ]
    builder.ops.extend(builder.build_op_by_ast(tree, qubits) for tree, qubits in trees)
    builder.ops.append(builder.build_reset([0], [0]))
    builder.ops.append(builder.build_measure([1], [1]))
    circ = builder.gen_circuit()
    assert [entry[0] for entry in circ.iterate_simple()] == ["U3", "C-U3", "D-S", "RESET", "MEASURE"]
    bell = core.Circuit(ops=circ.ops[:2], gateDic=circ.gateDic, nbqbits=2)
    assert [s.probability for s in LinAlg().submit(bell.to_job())] == pytest.approx([0.5, 0.5])


def test_a_simulator_of_another_package_reads_the_gate_view():
    """How the public PyLinalg finds the matrix of a gate: down the controls, then the records of the matrix."""
    circ = job()(a=0.5).circuit
    found = []
    for op in circ:
        definition, nb_controls = circ.gateDic[op.gate], 0
        while definition.is_ctrl or definition.nbctrls:
            nb_controls += definition.nbctrls or 1
            definition = circ.gateDic[definition.subgate]
        rows, columns = definition.matrix.nRows, definition.matrix.nCols
        matrix = np.array([complex(entry.re, entry.im) for entry in definition.matrix.data]).reshape(rows, columns)
        found.append((nb_controls, np.allclose(matrix @ matrix.conj().T, np.eye(rows))))
    assert found == [(0, True), (1, True), (1, True)]
