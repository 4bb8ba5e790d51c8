"""Random gates and routines, as descriptions that both the language and the dense oracle understand.

A description is a tuple: ``("base", name, parameters)``, ``("matrix", matrix)``, ``(operator, description)`` with
an operator of ``OPERATORS``, ``("routine", nb_wires, steps)`` or ``("conjugation", nb_wires, outer, inner)``, where
steps are pairs of a description and the wires it acts on.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from qat.lang.AQASM import CustomGate, QRoutine, gates
from tests import oracle

NAMES = {
    1: ["X", "Y", "Z", "H", "S", "T", "I", "RX", "RY", "RZ", "PH"],
    2: ["CNOT", "CSIGN", "SWAP", "ISWAP", "SQRTSWAP"],
    3: ["CCNOT"],
}
OPERATORS = {"ctrl": oracle.controlled, "dag": lambda m: m.conj().T, "trans": lambda m: m.T, "conj": np.conj}
MAX_ARITY = 3


def arity(spec):
    match spec:
        case "base", name, _:
            return next(size for size, names in NAMES.items() if name in names)
        case "matrix", matrix:
            return len(matrix).bit_length() - 1
        case (("routine" | "conjugation"), size, *_):
            return size
        case operator, inner:
            return arity(inner) + (operator == "ctrl")


def dense(spec):
    """Matrix by textbook definitions."""
    match spec:
        case "base", name, parameters:
            return oracle.base_matrix(name, parameters)
        case "matrix", matrix:
            return matrix
        case "routine", size, steps:
            return product(steps, size)
        case "conjugation", size, outer, inner:
            first = product(outer, size)
            return first.conj().T @ product(inner, size) @ first
        case operator, inner:
            return OPERATORS[operator](dense(inner))


def product(steps, size):
    total = np.eye(2**size)
    for spec, wires in steps:
        total = oracle.embedded(dense(spec), wires, size) @ total
    return total


def written(spec):
    """The gate or routine in the language."""
    match spec:
        case "base", name, parameters:
            gate = getattr(gates, name)
            return gate(*parameters) if parameters else gate
        case "matrix", matrix:
            return CustomGate(matrix)
        case "routine", size, steps:
            routine = QRoutine()
            wires = routine.new_wires(size)
            for inner, places in steps:
                written(inner)([wires[place] for place in places])
            return routine
        case "conjugation", size, outer, inner:
            return _conjugation(size, outer, inner)
        case operator, inner:
            return getattr(written(inner), operator)()


def _conjugation(size, outer, inner):
    routine = QRoutine()
    wires = routine.new_wires(size)
    with routine.compute():
        for spec, places in outer:
            written(spec)([wires[place] for place in places])
    for spec, places in inner:
        routine.apply(written(spec), *(wires[place] for place in places))
    routine.uncompute()
    return routine


angles = st.floats(-7, 7, allow_nan=False).map(lambda angle: round(angle, 3))


@st.composite
def base(draw, max_arity=MAX_ARITY):
    name = draw(st.sampled_from([name for size in range(1, max_arity + 1) for name in NAMES[size]]))
    return "base", name, (draw(angles),) if name in ("RX", "RY", "RZ", "PH") else ()


@st.composite
def matrices(draw):
    size = draw(st.sampled_from([2, 4]))
    generator = np.random.default_rng(draw(st.integers(0, 5)))
    entries = generator.normal(size=(size, size)) + 1j * generator.normal(size=(size, size))
    return "matrix", np.linalg.qr(entries)[0]


@st.composite
def steps(draw, inner, size, max_size=3):
    chosen = draw(st.lists(inner, max_size=max_size))
    fitting = [spec for spec in chosen if arity(spec) <= size]
    return [(spec, draw(st.permutations(range(size)))[: arity(spec)]) for spec in fitting]


@st.composite
def routines(draw, inner):
    size = draw(st.integers(1, MAX_ARITY))
    if draw(st.booleans()):
        return "routine", size, draw(steps(inner, size))
    return "conjugation", size, draw(steps(inner, size, 2)), draw(steps(inner, size, 2))


def _layered(inner):
    small = inner.filter(lambda spec: arity(spec) < MAX_ARITY)
    return (
        st.tuples(st.sampled_from(["dag", "trans", "conj"]), inner)
        | st.tuples(st.just("ctrl"), small)
        | routines(inner)
    )


any_gate = st.recursive(base() | matrices(), _layered, max_leaves=8)


def circuit_unitary(circuit):
    """Matrix of a circuit, from what it shows of itself."""
    total = np.eye(2**circuit.nbqbits)
    for name, parameters, qubits in circuit.iterate_simple():
        custom = {"CustomGate": parameters[0]} if name.endswith("CustomGate") else None
        total = oracle.unitary([(name, parameters, qubits)], circuit.nbqbits, custom) @ total
    return total
