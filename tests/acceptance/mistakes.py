"""What users get wrong, as tables: what they do, the error, and what its text must say."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import qat.generators
import qat.plugins
import qat.qpus
from qat.comm.exceptions.ttypes import GeneratorException, PluginException, QPUException
from qat.core import (
    Batch,
    BatchResult,
    Circuit,
    HardwareSpecs,
    Observable,
    Schedule,
    Term,
    Variable,
    default_gate_set,
)
from qat.core.gate_set import UnknownGate, WrongArgumentsNumber, WrongArgumentType
from qat.core.simutil import wavefunction
from qat.core.variables import ArithExpression
from qat.lang.AQASM import CNOT, RX, AbstractGate, CustomGate, H, Program, X
from qat.lang.AQASM.aqasm_util import InvalidArguments, InvalidGateArguments, PyAQASMException
from qat.plugins import (
    FusionPlugin,
    Nnizer,
    ObservableSplitter,
    QuameleonPlugin,
    ScipyMinimizePlugin,
)
from qat.qpus import LinAlg, PyLinalg
from tests.acceptance.blunders import (
    NOT_A_NUMBER,
    Answering,
    Generating,
    Running,
    Z,
    breaking,
    compiled,
    edited,
    far_apart,
    foreign,
    ghz,
    lnn_hardware,
    measured,
    measuring,
    minimized,
    mutual,
    own_routine,
    post_processed,
    qubits,
    rotation,
    simulated,
    twice,
    typed,
    wide_routine,
)


class Case(NamedTuple):
    """What somebody does, the error, and what its text must have: the wrong value, the cure."""

    act: Callable[[], object]
    error: type[BaseException] | tuple[type[BaseException], ...]
    value: str
    cure: str


WRITING = {
    "too few qubits": Case(lambda: CNOT(qubits()[0]), InvalidGateArguments, "CNOT of arity 2", "give it 2 qubits"),
    "too many qubits": Case(lambda: H(qubits(2)), InvalidGateArguments, "[0, 1]", "give it 1 qubit"),
    "too few for a routine": Case(
        lambda: wide_routine()(qubits(2)),
        InvalidGateArguments,
        "arity 3 cannot be applied on [0, 1]",
        "give it 3 qubits",
    ),
    "repeated qubit": Case(lambda: twice(CNOT), InvalidArguments, "[0, 0]", "give each qubit once"),
    "repeated control": Case(lambda: twice(H.ctrl()), InvalidArguments, "[0, 0]", "give each qubit once"),
    "foreign qubit": Case(lambda: foreign(), InvalidArguments, "q[1]", "give qubits of this one"),
    "qubit out of range": Case(lambda: qubits(2)[7], IndexError, "qubit 7", "use 0 to 1"),
    "no qubit": Case(lambda: H("a"), InvalidArguments, "'a'", "give qubits of qalloc"),
    "no gate": Case(lambda: Program().apply("H", 0), InvalidArguments, "H", "give a gate or a routine"),
    "family of gates": Case(lambda: Program().apply(RX, 0), InvalidArguments, "RX", "give its parameters first"),
    "routine in itself": Case(lambda: own_routine(), InvalidArguments, "it would contain itself", "apply a copy"),
    "routines in each other": Case(lambda: mutual(), InvalidArguments, "nested too deep", "fewer levels"),
    "NaN angle": Case(lambda: RX(NOT_A_NUMBER), WrongArgumentType, "nan", "a finite number"),
    "infinite angle": Case(lambda: RX(np.inf), WrongArgumentType, "inf", "a finite number"),
    "text as angle": Case(lambda: RX("pi"), WrongArgumentType, "pi", "a finite number or an expression"),
    "two angles": Case(lambda: RX(1.0, 2.0), WrongArgumentsNumber, "2 given", "Give RX (float)"),
    "matrix of no gate": Case(lambda: CustomGate(np.eye(3)), PyAQASMException, "(3, 3)", "2, 4, 8"),
    "matrix with NaN": Case(
        lambda: CustomGate(np.diag([1, NOT_A_NUMBER])), PyAQASMException, "not unitary", "normalise it"
    ),
    "matrix that is not unitary": Case(
        lambda: CustomGate(np.array([[1, 1], [0, 1]])),
        PyAQASMException,
        "differs from the identity by 1",
        "normalise it",
    ),
    "list as matrix": Case(
        lambda: CustomGate([[1, 0], [0, 1]]), WrongArgumentType, "[[1, 0], [0, 1]]", "a numpy array"
    ),
    "negative number of qubits": Case(lambda: Program().qalloc(-1), InvalidArguments, "-1", "integer from 0"),
    "huge number of qubits": Case(lambda: Program().qalloc(10**9), InvalidArguments, "1000000000", "to 1048576"),
    "huge qubit": Case(lambda: Program().apply(H, 10**9), InvalidArguments, "1000000000", "use 0 to"),
    "huge number of controls": Case(lambda: H.ctrl(10**9), InvalidArguments, "1000000000", "integer from 0"),
    "text as number of qubits": Case(lambda: Program().qalloc("3"), InvalidArguments, "3", "integer from 0"),
    "unwritten classical bit": Case(lambda: breaking(), PyAQASMException, "c[0]", "measure into it"),
    "fewer bits than qubits": Case(
        lambda: measuring(), PyAQASMException, "[0, 1, 2]", "as many classical bits as qubits"
    ),
    "numeric variable": Case(lambda: Variable("1.0"), ValueError, "1.0", "start it with a letter"),
    "variable of two words": Case(lambda: Variable("a b"), ValueError, "'a b'", "use one word"),
    "unreadable expression": Case(lambda: ArithExpression.from_string("+ a"), ValueError, "'+ a'", "takes 2 argument"),
    "unknown gate of a gate set": Case(lambda: default_gate_set()["RW"], UnknownGate, "RW", "Known are X, Y"),
}

BINDING = {
    "NaN": Case(lambda: rotation()(alpha=NOT_A_NUMBER), ValueError, "{'alpha': nan}", "give finite values"),
    "text": Case(lambda: rotation()(alpha="x"), TypeError, "'x'", "give numbers"),
    "complex": Case(lambda: rotation()(alpha=1j), TypeError, "1j", "give numbers"),
    "a pole": Case(
        lambda: rotation(lambda alpha: 1 / alpha)(alpha=0), ZeroDivisionError, "(1 / alpha)", "bind other values"
    ),
    "by position": Case(lambda: rotation()(0.5), TypeError, "0.5", "by name"),
    "a key that is no text": Case(
        lambda: rotation().bind_variables({Variable("alpha"): 1.0}), TypeError, "alpha", "give its name as text"
    ),
    "too many values": Case(
        lambda: rotation().to_job(observable=Z).eval([1.0, 2.0]),
        ValueError,
        "2 parameters",
        "one for each of ['alpha']",
    ),
    "unknown derivative": Case(
        lambda: rotation().to_job(observable=Z).differentiate("beta"), ValueError, "beta", "the job has alpha"
    ),
    "derivative of samples": Case(
        lambda: rotation().to_job().gradient(), QPUException, "only jobs of type OBS", "give the job an observable"
    ),
}

ASKING = {
    "observable too large": Case(
        lambda: ghz().to_job(observable=Observable.sigma_z(3, 4)),
        ValueError,
        "(4)",
        "must not be larger than the circuit",
    ),
    "text as observable": Case(lambda: ghz().to_job(observable="ZZ"), TypeError, "'ZZ'", "give an Observable"),
    "no observable": Case(lambda: ghz().to_job("OBS"), ValueError, "type OBS", "Give observable="),
    "observable on missing qubit": Case(
        lambda: Observable(2, pauli_terms=[Term(1, "Z", [5])]), ValueError, "qubit 5", "nbqbits=2"
    ),
    "text as term": Case(lambda: Observable(2, pauli_terms=["ZZ"]), TypeError, "'ZZ'", "give a Term"),
    "letters without qubits": Case(lambda: Term(1, "XX", [0]), ValueError, "XX and [0]", "one qubit for each letter"),
    "repeated qubit of a term": Case(lambda: Term(1, "XX", [0, 0]), AssertionError, "[0, 0]", "multiply the operators"),
    "text as coefficient": Case(lambda: Term("a", "X", [0]), TypeError, "'a'", "give a number or an expression"),
    "matrix of an observable too large": Case(
        lambda: Observable(60, pauli_terms=[Term(1, "Z", [0])]).to_matrix(), ValueError, "60 qubits", "at most 26"
    ),
    "negative shots": Case(lambda: ghz().to_job(nbshots=-3), ValueError, "-3", "whole number of shots"),
    "half a shot": Case(lambda: ghz().to_job(nbshots=0.5), ValueError, "0.5", "whole number of shots"),
    "text as shots": Case(lambda: ghz().to_job(nbshots="many"), ValueError, "'many'", "whole number of shots"),
    "threshold below zero": Case(lambda: ghz().to_job(amp_threshold=-1), ValueError, "-1", "from 0 on"),
    "measuring a missing qubit": Case(lambda: ghz().to_job(qubits=[0, 9]), ValueError, "[9]", "choose among 0 to 1"),
    "measuring a qubit twice": Case(lambda: ghz().to_job(qubits=[0, 0]), ValueError, "[0, 0]", "each qubit once"),
    "measuring text": Case(lambda: ghz().to_job(qubits="ab"), ValueError, "'ab'", "give indices or registers"),
    "initial state too long": Case(
        lambda: ghz().to_job(psi_0="000"), ValueError, "'000'", "same as the number of qubits"
    ),
    "letters of an initial state": Case(lambda: ghz().to_job(psi_0="02"), ValueError, "'02'", "one of 0, 1, + and -"),
    "initial state of norm 0": Case(lambda: ghz().to_job(psi_0=np.zeros(4)), ValueError, "norm 0", "be normalised"),
    "huge circuit": Case(lambda: Circuit.empty(10**9).to_job(), ValueError, "1000000000 qubits", "at most 1048576"),
    "circuits of different sizes": Case(lambda: ghz(2) + ghz(3), ValueError, "2 3", "use *"),
}

RUNNING = {
    "unbound variable": Case(
        lambda: LinAlg().submit(rotation().to_job()), QPUException, "RX has no matrix", "give values to alpha"
    ),
    "unbound coefficient": Case(
        lambda: simulated(X, observable=Variable("weight") * Z), ValueError, "['weight']", "observable(weight=0.5)"
    ),
    "NaN coefficient": Case(lambda: simulated(X, observable=NOT_A_NUMBER * Z), ValueError, "nan", "a finite number"),
    "fermionic observable": Case(
        lambda: simulated(X, size=2, observable=Observable(2, pauli_terms=[Term(1, "Cc", [0, 1])])),
        NotImplementedError,
        "(Cc|[0, 1])",
        "transform the observable to spins",
    ),
    "letter of no operator": Case(
        lambda: simulated(X, observable=Observable(1, pauli_terms=[Term(1, "Q", [0])])),
        NotImplementedError,
        "(Q|[0])",
        "transform the observable",
    ),
    "gate without matrix": Case(
        lambda: simulated(AbstractGate("FOO", [], arity=1)()), QPUException, "FOO", "Give the gate a matrix"
    ),
    "matrix of another size": Case(
        lambda: simulated(AbstractGate("FOO", [], arity=1, matrix_generator=lambda: np.eye(4))()),
        PyAQASMException,
        "(4, 4)",
        "2 rows",
    ),
    "unknown job type": Case(lambda: LinAlg().submit(typed(7)), QPUException, "7", "SAMPLE or OBSERVABLE"),
    "45 qubits": Case(lambda: simulated(H, size=45), QPUException, "45 qubits", "Use fewer qubits"),
    "100 qubits": Case(lambda: simulated(H, size=100), QPUException, "100 qubits", "Use fewer qubits"),
    "100 000 qubits": Case(lambda: simulated(H, size=10**5), QPUException, "100000 qubits", "Use fewer qubits"),
    "state of 45 qubits": Case(lambda: wavefunction(ghz(45), LinAlg()), QPUException, "45 qubits", "Use fewer qubits"),
    "shots beyond memory": Case(
        lambda: simulated(H, nbshots=10**13, aggregate_data=False),
        QPUException,
        "10000000000000",
        "aggregate_data=True",
    ),
    "measurements without shots": Case(lambda: measured(0), QPUException, "'nbshots = 0'", "Give nbshots > 0"),
    "measured shots beyond memory": Case(
        lambda: measured(10**13, aggregate_data=False), QPUException, "10000000000000", "aggregate_data=True"
    ),
    "observable with shots": Case(
        lambda: PyLinalg().submit(ghz().to_job(observable=Observable.sigma_z(0, 2), nbshots=5)),
        QPUException,
        "nbshots = 5",
        "Use ObservableSplitter",
    ),
    "schedule on a gate QPU": Case(
        lambda: LinAlg().submit(Schedule(drive=Observable.sigma_x(0, 1)).to_job()),
        QPUException,
        "none",
        "circuit.to_job()",
    ),
    "gate that is not in the dictionary": Case(
        lambda: edited(gate="NOPE"), ValueError, "'NOPE'", "add circuit.gateDic['NOPE']"
    ),
    "operation on a missing qubit": Case(lambda: edited(qbits=[0, 5]), ValueError, "[0, 5]", "raise circuit.nbqbits"),
    "operation on a qubit twice": Case(lambda: edited(qbits=[0, 0]), ValueError, "[0, 0]", "give each qubit once"),
    "operation of no type": Case(lambda: edited(type=17), ValueError, "17", "use one of OpType"),
    "NaN in a matrix": Case(
        lambda: simulated(AbstractGate("FOO", [], arity=1, matrix_generator=lambda: np.diag([1, NOT_A_NUMBER]))()),
        QPUException,
        "nan",
        "give finite numbers",
    ),
    "infinite matrix of a parameter": Case(
        lambda: simulated(AbstractGate("FOO", [float], arity=1, matrix_generator=lambda a: np.diag([a, np.inf]))(0.5)),
        QPUException,
        "gate FOO has the entry (inf",
        "give finite numbers",
    ),
    "no threads": Case(lambda: LinAlg(nb_threads=0), ValueError, "nb_threads is 0", "give at least 1"),
    "minus one thread": Case(lambda: LinAlg(nb_threads=-1), ValueError, "nb_threads is -1", "give at least 1"),
    "engine of no name": Case(lambda: LinAlg(engine="fast"), ValueError, "'fast'", "available: "),
    "precision": Case(lambda: LinAlg(precision=3), ValueError, "3", "give 2 for double"),
}

STACKING = {
    "a circuit": Case(lambda: LinAlg().submit(ghz()), TypeError, "Circuit", "call its to_job()"),
    "text": Case(lambda: LinAlg().submit("job"), (TypeError, AttributeError), "str", "expected a Job"),
    "nothing": Case(lambda: LinAlg().submit(None), TypeError, "None", "expected a Job"),
    "a list with text": Case(lambda: LinAlg().submit([ghz().to_job(), "x"]), TypeError, "str", "a list of jobs"),
    "text in the place of a QPU": Case(lambda: FusionPlugin() | "x", TypeError, "str", "is piped to"),
    "a class in the place of a QPU": Case(lambda: FusionPlugin() | LinAlg, TypeError, "class LinAlg", "LinAlg(...)"),
    "a class in the place of a plugin": Case(
        lambda: ObservableSplitter | LinAlg(), TypeError, "class ObservableSplitter", "ObservableSplitter(...)"
    ),
    "a plugin after a QPU": Case(lambda: LinAlg() | FusionPlugin(), TypeError, "FusionPlugin", "put plugins in front"),
    "a junction alone": Case(lambda: ScipyMinimizePlugin().submit(ghz().to_job()), ValueError, "no QPU", "| LinAlg()"),
    "compile gives nothing": Case(lambda: compiled(lambda b: None), PluginException, "None", "'return batch'"),
    "compile gives text": Case(lambda: compiled(lambda b: "nonsense"), PluginException, "str", "'return batch'"),
    "compile gives a job": Case(lambda: compiled(lambda b: b.jobs[0]), PluginException, "Job", "'return batch'"),
    "compile gives a batch of text": Case(
        lambda: compiled(lambda b: Batch(["x"])), PluginException, "str", "give Jobs"
    ),
    "compile gives no jobs": Case(lambda: compiled(lambda b: Batch([])), AssertionError, "got 0", "post_process"),
    "compile gives two jobs": Case(
        lambda: compiled(lambda b: Batch(b.jobs * 2)), AssertionError, "got 2", "combine them"
    ),
    "post_process gives nothing": Case(
        lambda: post_processed(lambda r: None), AssertionError, "None", "'return batch_result'"
    ),
    "post_process gives text": Case(
        lambda: post_processed(lambda r: "x"), PluginException, "str", "'return batch_result'"
    ),
    "post_process gives a result": Case(
        lambda: post_processed(lambda r: r[0]), PluginException, "Result", "'return batch_result'"
    ),
    "post_process gives a batch of text": Case(
        lambda: post_processed(lambda r: BatchResult(results=["x"])), PluginException, "str", "give Results"
    ),
    "a QPU gives nothing": Case(
        lambda: Answering(None).submit(ghz().to_job()), QPUException, "None", "end it with 'return result'"
    ),
    "a QPU gives text": Case(lambda: Answering("x").submit(ghz().to_job()), QPUException, "'x'", "'return result'"),
    "a junction gives text": Case(
        lambda: (Running("x") | LinAlg()).submit(ghz().to_job()), PluginException, "'x'", "instead of a Result"
    ),
    "a generator gives nothing": Case(
        lambda: (Generating(None) | LinAlg()).execute(), GeneratorException, "None", "'return job'"
    ),
    "a generator gives text": Case(
        lambda: (Generating("x") | LinAlg()).execute(), GeneratorException, "'x'", "instead of a Job or a Batch"
    ),
    "hardware that is too small": Case(
        lambda: (QuameleonPlugin(HardwareSpecs(nbqbits=2)) | LinAlg()).submit(ghz(4).to_job()),
        PluginException,
        "the circuit has 4",
        "use fewer qubits",
    ),
    "qubits that are no neighbours": Case(
        lambda: (lnn_hardware() | LinAlg()).submit(far_apart()), PluginException, "[0, 2]", "Nnizer()"
    ),
    "unknown splitting method": Case(
        lambda: ObservableSplitter(splitting_method="best"), PluginException, "'best'", "naive, coloring, clifford"
    ),
    "unknown routing method": Case(lambda: Nnizer(method="best"), PluginException, "'best'", "atos, sabre"),
    "unknown argument of a plugin": Case(
        lambda: ScipyMinimizePlugin(metod="BFGS"), TypeError, "metod", "arguments are"
    ),
    "unknown method of SciPy": Case(lambda: minimized(method="SIMPLEX"), PluginException, "SIMPLEX", "SciPy has"),
    "samples to minimise": Case(
        lambda: minimized(job=rotation().to_job()), PluginException, "no value to optimise", "give it an observable"
    ),
    "meta data that are not JSON": Case(
        lambda: minimized(meta_data={"ScipyMinimizePlugin": "{tol"}), PluginException, "{tol", "give a JSON object"
    ),
    "misspelt name": Case(lambda: qat.qpus.Linalgg, AttributeError, "'Linalgg'", "did you mean"),
    "misspelt import": Case(lambda: exec("from qat.plugins import Fusion"), ImportError, "'Fusion'", "did you mean"),
}

TABLES = {"writing": WRITING, "binding": BINDING, "asking": ASKING, "running": RUNNING, "stacking": STACKING}
