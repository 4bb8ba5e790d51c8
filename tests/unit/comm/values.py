"""Hypothesis strategies for everything that travels."""

import math

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from qat.core import Batch, BatchResult, Circuit, HardwareSpecs, Job, Observable, Result, Schedule, Term, Topology
from qat.core.bits import DefaultRegister, subtype_metadata
from qat.core.errors import GeneratorException, PluginException, QPUException
from qat.core.gate_set import GateSet, GateSignature, default_gate_set
from qat.core.records import AncillaMap, ComplexNumber, Param, QRegister
from qat.core.records import Variable as DeclaredVariable
from qat.core.variables import Variable, cos, heaviside, sin, sqrt
from qat.core.wrappers.result import IntermediateMeasurement, Sample
from qat.kernels.gates import GATES, GateForm, GateRecord, matrix_gate
from qat.kernels.tape import Classical, Kind, TapeBuilder
from qat.kernels.tape_algebra import body_record

NAMES = st.sampled_from(["a", "b", "theta", "gamma_0"])
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(max_size=8)
META_DATA = st.none() | st.dictionaries(TEXT, TEXT, max_size=3)
COMPLEX = st.complex_numbers(max_magnitude=1e100)
SMALL_FLOATS = st.floats(-100, 100)

VARIABLES = NAMES.map(Variable)
EXPRESSIONS = st.recursive(
    VARIABLES,
    lambda inner: st.one_of(
        st.tuples(inner, SMALL_FLOATS).map(lambda pair: pair[0] + pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] * pair[1]),
        inner.map(cos),
        inner.map(lambda x: -sin(x)),
        inner.map(lambda x: sqrt(2 * x)),
        inner.map(lambda x: heaviside(x, 0, 1.5)),
    ),
    max_leaves=6,
).filter(lambda value: hasattr(value, "get_variables"))

SCALARS = st.one_of(st.integers(), FLOATS, COMPLEX, st.booleans(), TEXT, st.none(), EXPRESSIONS, st.binary(max_size=5))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


# ---------------------------------------------------------------- circuits


def wait_matrix(time):
    """Matrix of a gate of our own, of one parameter."""
    return np.diag([1, np.exp(1j * np.asarray(time, dtype=float)[()])])


WAIT = GateRecord(name="WAIT", arity=1, parameters=(float,), matrix=wait_matrix, label="wait", identity=("WAIT", 1))
OPAQUE = GateRecord(name="ORACLE", arity=2, parameters=(int, str), label="f", identity=("ORACLE", 2))
SWAP_LIKE = matrix_gate(np.eye(4)[[0, 2, 1, 3]])


@st.composite
def tapes(draw, nb_qubits=4, nb_cbits=2, max_rows=8, records=(), is_unitary=False):
    """A tape with gates of all sorts, and with operations of all kinds unless it must be unitary."""
    builder = TapeBuilder()
    known = (*GATES.values(), WAIT, OPAQUE, SWAP_LIKE, *records)
    for _ in range(draw(st.integers(0, max_rows))):
        kind = draw(st.sampled_from(["gate"] * 4 + ["measure", "reset", "control", "logic", "break"]))
        if is_unitary or kind in ("gate", "control"):
            _add_gate(draw, builder, known, nb_qubits, -1 if is_unitary or kind == "gate" else draw(cbits(nb_cbits)))
        else:
            _add_classical(draw, builder, kind, nb_qubits, nb_cbits)
    return builder.tape(nb_qubits, nb_cbits)


def cbits(nb_cbits):
    return st.integers(0, nb_cbits - 1)


def _add_gate(draw, builder, known, nb_qubits, cbit):
    record = draw(st.sampled_from([record for record in known if record.arity <= nb_qubits]))
    nb_controls = draw(st.integers(0, nb_qubits - record.arity)) if record.body is None else 0
    marks = [False] * 3 if record.body is not None else draw(st.lists(st.booleans(), min_size=3, max_size=3))
    form = builder.form(GateForm(record, nb_controls, *marks))
    qubits = draw(st.permutations(range(nb_qubits)))[: record.arity + nb_controls]
    parameters = [_parameter(draw, kind) for kind in record.parameters]
    if cbit < 0:
        builder.gate(form, qubits, parameters)
    else:
        builder.controlled_gate(cbit, form, qubits, parameters)


def _parameter(draw, kind):
    if kind is float:
        return draw(SMALL_FLOATS | st.integers(-9, 9) | EXPRESSIONS | SMALL_FLOATS.map(np.float64))
    return draw(st.integers() if kind is int else TEXT)


def _add_classical(draw, builder, kind, nb_qubits, nb_cbits):
    qubits = draw(st.permutations(range(nb_qubits)))[: draw(st.integers(1, nb_cbits))]
    bits = tuple(draw(cbits(nb_cbits)) for _ in qubits)
    formula = draw(st.sampled_from(["0", "NOT 1", "AND 0 XOR 1 NOT 0"]))
    match kind:
        case "measure":
            builder.classical(Kind.MEASURE, qubits, Classical(bits))
        case "reset":
            builder.classical(Kind.RESET, qubits, Classical(draw(st.sampled_from([(), bits]))))
        case "logic":
            builder.classical(Kind.CLASSIC, (), Classical(bits[:1], formula))
        case "break":
            builder.classical(Kind.BREAK, (), Classical((), formula))


@st.composite
def registers(draw):
    length, start = draw(st.integers(0, 5)), draw(st.integers(0, 5))
    metadata = draw(
        st.sampled_from([None, subtype_metadata("QInt", reverse_bit_order=True), subtype_metadata("QBool")])
    )
    if draw(st.booleans()):
        return DefaultRegister(draw(st.none() | TEXT), length, start, None, metadata)
    return QRegister(length, start, draw(st.none() | st.integers(0, 5)), metadata)


GATE_SETS = st.sampled_from(
    [
        None,
        default_gate_set(),
        GateSet({"FOO": GateSignature("FOO", [float, int], arity=2), "H": default_gate_set()["H"]}),
    ]
)


DECLARED = st.sampled_from(
    [
        DeclaredVariable(1),
        DeclaredVariable(1, Param(is_abstract=True, type=1, string_p="a")),
        DeclaredVariable(0, Param(is_abstract=False, type=0, int_p=3)),
        DeclaredVariable(1, Param(type=1, double_p=0.5)),
        DeclaredVariable(5, Param(type=5, complex_p=ComplexNumber(0.5, 1.0))),
    ]
)


@st.composite
def circuits(draw, **options):
    """A circuit, boxes within boxes included."""
    inner = body_record("INNER", 2, draw(tapes(nb_qubits=3, nb_cbits=1, max_rows=3, is_unitary=True)))
    outer = body_record("OUTER", 1, draw(tapes(nb_qubits=2, nb_cbits=1, max_rows=3, is_unitary=True)))
    tape = draw(tapes(records=(outer,), **options))
    boxed = draw(tapes(nb_qubits=3, records=(inner,), is_unitary=True)) if draw(st.booleans()) else tape
    ancillas = st.dictionaries(st.integers(0, 5), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=2))
    return Circuit.from_tape(
        boxed if not _overlaps(boxed) else tape if not _overlaps(tape) else TapeBuilder().tape(4, 2),
        qregs=draw(st.lists(registers(), max_size=3)),
        name=draw(st.none() | TEXT),
        gate_set=draw(GATE_SETS),
        include_matrices=draw(st.booleans()),
        submatrices_only=draw(st.booleans()),
        ancilla_map=draw(st.none() | st.builds(AncillaMap, st.none() | ancillas, st.integers(0, 3))),
        var_dic=draw(st.none() | st.dictionaries(NAMES, DECLARED, max_size=2)),
    )


def _overlaps(tape):
    """Whether a box acts on the qubits that serve as ancillas, which makes no sense."""
    boxes = [row for row in tape.rows() if row.form is not None and row.form.record.body is not None]
    room = tape.nb_qubits - max((row.form.record.body.nb_qubits - row.form.record.arity for row in boxes), default=0)
    return any(qubit >= room for row in boxes for qubit in row.qubits)


# ---------------------------------------------------------------- observables, schedules, jobs

COEFFICIENTS = st.floats(0.5, 100) | st.integers(1, 9) | COMPLEX.filter(lambda c: abs(c) > 1e-3) | EXPRESSIONS


@st.composite
def terms(draw, nb_qubits):
    qubits = draw(st.permutations(range(nb_qubits)))[: draw(st.integers(1, nb_qubits))]
    letters = draw(st.text("XYZ" if draw(st.booleans()) else "Cc", min_size=len(qubits), max_size=len(qubits)))
    return Term(draw(COEFFICIENTS), letters, qubits)


@st.composite
def observables(draw, nb_qubits=None):
    size = draw(st.integers(1, 5)) if nb_qubits is None else nb_qubits
    if nb_qubits is None and draw(st.booleans()):
        couplings = draw(hnp.arrays(np.float64, (size, size), elements=SMALL_FLOATS))
        return Observable(size, ising=(couplings, draw(hnp.arrays(np.float64, size, elements=SMALL_FLOATS)), 0.5))
    return Observable(size, pauli_terms=draw(st.lists(terms(size), max_size=5)), constant_coeff=draw(SMALL_FLOATS))


@st.composite
def schedules(draw, nb_qubits=2):
    time = Variable("t")
    drive = draw(st.lists(st.tuples(COEFFICIENTS, observables(nb_qubits=nb_qubits)), max_size=3))
    schedule = Schedule(
        drive, draw(st.floats(0.1, 10) | EXPRESSIONS), "t", draw(st.sampled_from([None, 1 - 0.5 * time]))
    )
    schedule._other = draw(st.none() | st.binary(max_size=20))
    return schedule


@st.composite
def jobs(draw, circuit=None, observable=None):
    runs = {"circuit": draw(circuits()) if circuit is None else circuit}
    if circuit is None and draw(st.booleans()):
        runs = {"schedule": draw(schedules())}
    (size,) = (part.nbqbits or 0 for part in runs.values())
    measured = (draw(st.none() | observables(nb_qubits=size)) if observable is None else observable) if size else None
    job = Job(
        **runs,
        observable=measured,
        qubits=draw(st.none() | st.permutations(range(size))),
        nbshots=draw(st.none() | st.integers(0, 10**6)),
        aggregate_data=draw(st.none() | st.booleans()),
        amp_threshold=draw(st.none() | st.floats(0, 1)),
        parameter_map=draw(st.dictionaries(TEXT, st.integers() | FLOATS | COMPLEX | EXPRESSIONS, max_size=3)),
        meta_data=draw(META_DATA),
    )
    job.psi_0 = draw(_initial_states(size))
    return job


def _initial_states(size):
    vectors = hnp.arrays(np.complex128, 2**size, elements=st.complex_numbers(min_magnitude=1, max_magnitude=9))
    return st.none() | st.text("01+-", min_size=size, max_size=size) | vectors


@st.composite
def batches(draw):
    """Jobs of which some share their circuit and observable."""
    circuit = draw(circuits())
    observable = draw(observables(nb_qubits=circuit.nbqbits))
    shared = jobs(circuit=circuit, observable=observable)
    return Batch(draw(st.lists(shared | jobs(), max_size=3)), draw(META_DATA))


# ---------------------------------------------------------------- results

STATES = st.integers(0, 9) | st.integers(0, 2**64 - 1) | st.integers(0, 2**200)
OUTCOMES = st.lists(
    st.builds(
        IntermediateMeasurement, st.lists(st.booleans(), max_size=3), st.none() | st.integers(0, 99), st.none() | FLOATS
    ),
    max_size=2,
)
SAMPLES = st.builds(
    Sample,
    state=STATES,
    amplitude=st.none() | COMPLEX,
    probability=st.none() | FLOATS,
    err=st.none() | FLOATS,
    intermediate_measurements=st.none() | OUTCOMES,
)


@st.composite
def results(draw):
    result = Result(
        value=draw(st.none() | FLOATS | COMPLEX | st.integers()),
        values=draw(st.none() | st.lists(FLOATS | COMPLEX, max_size=3)),
        parameter_map=draw(st.none() | st.dictionaries(TEXT, FLOATS, max_size=3)),
        nbqbits=draw(st.none() | st.integers(1, 200)),
        error=draw(st.none() | FLOATS),
        value_data=draw(st.none() | st.dictionaries(TEXT, VALUES, max_size=2)),
        meta_data=draw(META_DATA),
        qregs=draw(st.none() | st.lists(registers(), max_size=2)),
    )
    match draw(st.sampled_from(["none", "samples", "columns", "dense"])):
        case "samples":
            result.raw_data = draw(st.lists(SAMPLES, max_size=4))
            for sample in result.raw_data:
                sample.qregs, sample._nbqbits = result.qregs, result.nbqbits
        case "columns":
            _draw_columns(draw, result)
        case "dense":
            dtype = draw(st.sampled_from([np.complex128, np.float64, np.float32]))
            elements = {"elements": st.floats(0, 1, width=32)} if dtype is not np.complex128 else {}
            result.statevector = draw(hnp.arrays(dtype, 4, **elements)) if elements else np.exp(1j * np.arange(4))
            result.has_statevector = True
    return result


def _draw_columns(draw, result):
    nb_samples = draw(st.integers(0, 4))
    arrays = Result.from_arrays(
        draw(hnp.arrays(draw(st.sampled_from([np.uint64, np.int64])), nb_samples, elements=st.integers(0, 2**40))),
        probabilities=draw(st.none() | hnp.arrays(np.float64, nb_samples, elements=st.floats(0, 1))),
        amplitudes=draw(st.none() | st.just(np.exp(1j * np.arange(nb_samples)))),
        nbqbits=41,
    )
    result.columns = arrays.columns


BATCH_RESULTS = st.builds(BatchResult, st.lists(results(), max_size=3), st.dictionaries(TEXT, TEXT, max_size=2))


# ---------------------------------------------------------------- specifications and errors


@st.composite
def topologies(draw):
    topology = Topology(draw(st.booleans()), draw(st.none() | st.integers(0, 99)), draw(st.integers(0, 2)))
    for edge in draw(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=4)):
        topology.add_edge(*edge)
    return topology


SPECS = st.builds(
    HardwareSpecs,
    topology=topologies(),
    gateset=GATE_SETS,
    description=st.none() | TEXT,
    processing_types=st.none() | st.lists(st.integers(0, 1), max_size=2),
    meta_data=META_DATA,
)

ERRORS = st.one_of(
    *(
        st.builds(cls, st.none() | st.integers(1, 15), st.none() | TEXT, st.none() | TEXT, st.none() | TEXT)
        for cls in (QPUException, PluginException, GeneratorException)
    )
)

ALL = {
    "Circuit": circuits(),
    "Job": jobs(),
    "Batch": batches(),
    "Result": results(),
    "BatchResult": BATCH_RESULTS,
    "Observable": observables(),
    "Schedule": schedules(),
    "HardwareSpecs": SPECS,
    "Topology": topologies(),
    "ServiceError": ERRORS,
}
"""A strategy for every kind of value, by its published name."""


def is_same_number(left, right):
    """Equality of two values whose floats must agree to the last bit, NaN included."""
    if isinstance(left, float) and isinstance(right, float):
        return left == right or (math.isnan(left) and math.isnan(right))
    return left == right
