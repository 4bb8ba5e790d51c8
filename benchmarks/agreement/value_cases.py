"""Values: expressions, observables, schedules, derivatives, and stacks of plugins."""

import numpy as np
from random_programs import random_observable, random_program

from qat.core import Job, Observable, Schedule, Term, Variable
from qat.core.variables import ArithExpression, cos, exp, sin
from qat.lang.AQASM import CNOT, PH, RX, RY, RZ, H, Program
from qat.plugins import CircuitInliner, FusionPlugin, ObservableSplitter, Remap

A, B, T = Variable("a"), Variable("b"), Variable("t")
OPERATIONS = (
    lambda x, y: x + y,
    lambda x, y: x - y,
    lambda x, y: x * y,
    lambda x, y: x / (2 + y * y),
    lambda x, y: cos(x) + y,
    lambda x, y: sin(x) * y,
    lambda x, y: exp(-x * x) - y,
    lambda x, y: -x,
    lambda x, y: x**2,
)
LEAVES = (A, B, 2, 0.5, 3.0, -1)


def random_expression(rng, depth, leaves=LEAVES):
    """An expression with a variable in it."""
    found = rng.choice(leaves)
    for _ in range(depth):
        found = rng.choice(OPERATIONS)(found, rng.choice(leaves))
    return found if isinstance(found, ArithExpression) else found + leaves[0]


def number(value, **point):
    return value(**point) if hasattr(value, "get_variables") else value


def parts(value):
    return [float(np.real(value)), float(np.imag(value))]


def expressions(rng, qpu):
    expression = random_expression(rng, 4)
    text, prefix = str(expression), expression.to_thrift() if isinstance(expression, ArithExpression) else ""
    again = str(ArithExpression.from_string(prefix)) if prefix else ""
    partial = expression(a=0.3)
    point = {"a": 0.3, "b": -1.2}
    value = number(partial, b=-1.2)
    return [], {
        "text": text,
        "prefix": prefix,
        "again": again,
        "value": parts(value),
        "whole": parts(expression(**point)),
    }


def random_terms(rng, nb_qubits):
    coefficients = (1.0, -0.5, 2, 0.25j, A, A * B, 2 * B)
    terms = []
    for _ in range(rng.randint(1, 4)):
        qubits = rng.sample(range(nb_qubits), rng.randint(1, nb_qubits))
        terms.append(Term(rng.choice(coefficients), "".join(rng.choice("XYZI") for _ in qubits), qubits))
    return Observable(nb_qubits, pauli_terms=terms, constant_coeff=rng.choice((0.0, 1.5)))


def observables(rng, qpu):
    one, other = (random_terms(rng, rng.randint(1, 3)) for _ in range(2))
    combined = [one + other, one - other, one * other, one | other, 2 * one - other / 4][rng.randrange(5)]
    bound = combined(a=0.7, b=-0.4)
    matrix = np.asarray(bound.to_matrix(sparse=False))
    entries = {f"{i},{j}": parts(matrix[i, j]) for i, j in np.argwhere(np.abs(matrix) > 1e-9)}
    return [], {"entries": entries, "qubits": combined.nbqbits}


def schedules(rng, qpu):
    def one():
        drive = [(random_expression(rng, 2, (T, A, 2, 0.5)), Observable.sigma_x(0, 2)), (1, Observable.sigma_z(1, 2))]
        return Schedule(drive=drive[: rng.randint(1, 2)], tmax=rng.choice((1.0, 2.5)))

    first, second = one(), one()
    combined = [first | second, first + second, first | second | first][rng.randrange(3)]
    values = [[parts(number(c.get_value(), a=0.25, t=t)) for c in combined.drive_coeffs] for t in (0.0, 0.7, 2.4, 3.0)]
    return [], {"text": str(combined), "values": values, "tmax": float(combined.tmax)}


def derivatives(rng, qpu):
    """Sum of the jobs of a derivative at a point, for each variable."""
    program = Program()
    qubits = program.qalloc(3)
    angles = [A, B, 2 * A + 1, A * B, cos(B)]
    for _ in range(rng.randint(3, 8)):
        H(rng.choice(list(qubits)))
        gate = rng.choice((RX, RY, RZ, PH))(rng.choice(angles))
        gate = gate.dag() if rng.random() < 0.3 else gate
        program.apply(gate, rng.sample(list(qubits), gate.arity))
        CNOT(*rng.sample(list(qubits), 2))
    job = program.to_circ().to_job(observable=random_observable(rng, 3))
    point = {name: rng.uniform(-2, 2) for name in job.get_variables()}
    return [], {
        name: [float(np.real(sum(qpu.submit(each(**point)).value for each in jobs)))]
        for name, jobs in job.gradient().items()
    }


def partial_binding(rng, qpu):
    circuit = random_program(rng, with_variables=True).to_circ()
    once = circuit(a=0.3)
    twice = once(b=-0.8)
    angles = [[abs(p) for p in entry[1] if isinstance(p, (int, float))] for entry in twice.iterate_simple()]
    statistics = circuit.statistics()
    shown = {key: value for key, value in statistics.items() if key != "gates"}
    names = {"before": circuit.get_variables(), "once": once.get_variables(), "twice": twice.get_variables()}
    return [], {"angles": angles, **names, **shown, "depth": circuit.depth(default=1)}


def splitters(rng, qpu):
    circuit = random_program(rng).to_circ()
    method = rng.choice(("naive", "coloring", "clifford"))
    job = circuit.to_job(observable=random_observable(rng, circuit.nbqbits))
    result = (ObservableSplitter(splitting_method=method) | qpu).submit(job)
    return [], {"value": [float(np.real(result.value))]}


def stacks(rng, qpu):
    """What plugins that rewrite circuits hand back."""
    circuit = random_program(rng).to_circ()
    kind = rng.choice((Remap, FusionPlugin, CircuitInliner))
    result = (kind() | qpu).submit(circuit.to_job())
    states = sorted((sample.state.int, complex(sample.amplitude)) for sample in result if sample.probability > 1e-9)
    return [], {f"amplitude {state}": parts(amplitude) for state, amplitude in states}


def copies(rng, qpu):
    """A job and its circuit after a trip through bytes."""
    circuit = random_program(rng, with_variables=True).to_circ()
    job = circuit.to_job(observable=A * random_observable(rng, circuit.nbqbits), nbshots=rng.randrange(5))
    again = Job.from_bytes(job.to_bytes()) if hasattr(job, "to_bytes") else job
    return [], {"variables": again.get_variables(), "shots": again.nbshots, "size": len(again.circuit.ops)}


KINDS = (expressions, observables, schedules, derivatives, partial_binding, splitters, stacks, copies)
