"""Random programs that measure, reset and branch, run shot by shot, against all their histories by brute force."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qat.core.errors import ErrorType, QPUException
from qat.lang.AQASM import Program, QBoolArray, QInt
from qat.qpus import LinAlg
from tests import oracle
from tests.unit.lang.specs import any_gate, arity, dense, written

NB_CBITS = 3
SIZES = (1, 2, 1)
NB_QUBITS = sum(SIZES)
NB_SHOTS = 400
PYTHON = {"&": lambda a, b: a and b, "|": lambda a, b: a or b, "^": lambda a, b: bool(a) != bool(b)}
LANGUAGE = {"&": lambda a, b: a & b, "|": lambda a, b: a | b, "^": lambda a, b: a ^ b}


# ---------------------------------------------------------------- programs as descriptions
@st.composite
def formulas(draw, bits, depth=2):
    """A formula as a bit, ``("~", formula)`` or ``(operator, formula, formula)``."""
    if not depth or draw(st.booleans()):
        return draw(st.sampled_from(bits))
    if draw(st.integers(0, 3)) == 0:
        return "~", draw(formulas(bits, depth - 1))
    return draw(st.sampled_from("&|^")), draw(formulas(bits, depth - 1)), draw(formulas(bits, depth - 1))


@st.composite
def statements(draw, kinds=("gate", "gate", "if", "measure", "reset", "logic")):
    """Statements that read only classical bits which others have written."""
    program, known = [], set()
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=2, max_size=8)):
        places = draw(st.permutations(range(NB_QUBITS)))
        bits = draw(st.permutations(range(NB_CBITS)))
        if kind == "gate" or (not known and kind in ("if", "logic", "break")):
            gate = draw(any_gate)
            program.append(("gate", gate, places[: arity(gate)]))
        elif kind in ("measure", "reset"):
            size = draw(st.integers(1, 2))
            program.append((kind, places[:size], bits[:size] if kind == "measure" or draw(st.booleans()) else []))
            known.update(program[-1][2])
        elif kind == "if":
            gate = draw(any_gate)
            program.append(("if", draw(st.sampled_from(sorted(known))), gate, places[: arity(gate)]))
        elif kind == "logic":
            program.append(("logic", bits[0], draw(formulas(sorted(known)))))
            known.add(bits[0])
        else:
            program.append(("break", draw(formulas(sorted(known)))))
    return program


def truth(formula, bits):
    match formula:
        case "~", inner:
            return not truth(inner, bits)
        case operator, left, right:
            return PYTHON[operator](truth(left, bits), truth(right, bits))
    return bool(bits[formula])


def spoken(formula, cbits):
    """The formula in the language."""
    match formula:
        case "~", inner:
            return ~spoken(inner, cbits)
        case operator, left, right:
            return LANGUAGE[operator](spoken(left, cbits), spoken(right, cbits))
    return cbits[formula]


def program_of(description):
    """The program, and its registers: an integer, booleans and a plain qubit."""
    program = Program()
    registers = [program.qalloc(size, cls) for size, cls in zip(SIZES, (None, QInt, QBoolArray), strict=True)]
    qubits, cbits = [qubit for register in registers for qubit in register], program.calloc(NB_CBITS)
    for statement in description:
        match statement:
            case "gate", gate, places:
                program.apply(written(gate), [qubits[place] for place in places])
            case "if", bit, gate, places:
                program.cc_apply(cbits[bit], written(gate), [qubits[place] for place in places])
            case "logic", bit, formula:
                program.logic(cbits[bit], spoken(formula, cbits))
            case "break", formula:
                program.cbreak(spoken(formula, cbits))
            case kind, places, bits:
                getattr(program, kind)([qubits[place] for place in places], [cbits[bit] for bit in bits])
    return program, registers


def histories(description):
    """All branches of positive probability."""
    plain = []
    for statement in description:
        match statement:
            case "gate", gate, places:
                plain.append(("gate", dense(gate), places))
            case "if", bit, gate, places:
                plain.append(("if", bit, dense(gate), places))
            case "logic", bit, formula:
                plain.append(("logic", bit, lambda bits, formula=formula: truth(formula, bits)))
            case "break", formula:
                plain.append(("break", lambda bits, formula=formula: truth(formula, bits)))
            case _:
                plain.append(statement)
    return [branch for branch in oracle.branches(plain, NB_QUBITS, NB_CBITS) if weight(branch) > 1e-9]


def weight(branch):
    return float(np.vdot(branch.vector, branch.vector).real)


# ---------------------------------------------------------------- what is checked
def history_of(sample):
    return tuple(tuple(map(int, record.cbits)) for record in sample.intermediate_measurements or ())


def deviations(frequency, probability):
    """How many standard deviations a frequency is off, with one shot to spare for rare histories."""
    spread = np.sqrt(NB_SHOTS * probability * max(1 - probability, 0)) + 1
    return abs(frequency - probability) * NB_SHOTS / spread


@settings(max_examples=60, deadline=None)
@given(statements(), st.permutations(range(3)), st.integers(1, 3), st.integers(0, 1000))
def test_histories_and_frequencies(description, order, nb_measured, seed):
    program, registers = program_of(description)
    wanted = [registers[index] for index in order[:nb_measured]]
    measured = [qubit.index for register in wanted for qubit in register]
    result = LinAlg(seed=seed).submit(program.to_circ().to_job(qubits=wanted, nbshots=NB_SHOTS))
    expected = {branch.outcomes: branch for branch in histories(description)}
    total, found = Counter(), Counter()
    for branch in expected.values():
        for state, part in enumerate(oracle.marginal(np.abs(branch.vector) ** 2, measured, NB_QUBITS)):
            total[branch.outcomes, state] = part
    for sample in result:
        found[history_of(sample), sample.state.int] += sample.probability
    assert set(found) <= {key for key, probability in total.items() if probability > 1e-9}
    assert sum(found.values()) == pytest.approx(1)
    assert all(deviations(found[key], probability) < 6 for key, probability in total.items())
    assert all(len(sample.state.value) == nb_measured for sample in result)


@settings(max_examples=25, deadline=None)
@given(statements(), st.integers(0, 1000))
def test_probabilities_and_places_of_intermediate_measurements(description, seed):
    program, _ = program_of(description)
    circuit = program.to_circ(inline=True)
    places = [index for index, operation in enumerate(circuit.ops) if operation.type in (1, 2)]
    shots = LinAlg(seed=seed).submit(circuit.to_job(nbshots=20, aggregate_data=False))
    expected = {branch.outcomes: weight(branch) for branch in histories(description)}
    for sample in shots:
        records = sample.intermediate_measurements or []
        assert [record.gate_pos for record in records] == places
        assert np.prod([record.probability for record in records]) == pytest.approx(expected[history_of(sample)])


@settings(max_examples=25, deadline=None)
@given(statements(("gate", "measure", "measure", "logic", "break")), st.integers(0, 1000))
def test_breaks(description, seed):
    program, _ = program_of(description)
    job = program.to_circ().to_job(nbshots=NB_SHOTS)
    breaking = sum(weight(branch) for branch in histories(description) if branch.is_broken)
    assume(breaking < 1e-9 or breaking > 0.1)
    if breaking > 0.1:
        with pytest.raises(QPUException, match="BREAK at gate") as info:
            LinAlg(seed=seed).submit(job)
        assert info.value.code == ErrorType.BREAK
    else:
        assert sum(sample.probability for sample in LinAlg(seed=seed).submit(job)) == pytest.approx(1)


@settings(max_examples=25, deadline=None)
@given(st.lists(any_gate, max_size=4), st.permutations(range(NB_QUBITS)), st.integers(1, NB_QUBITS), st.data())
def test_exact_distributions_of_any_qubits_in_any_order(gates, order, nb_measured, data):
    description = [("gate", gate, data.draw(st.permutations(range(NB_QUBITS)))[: arity(gate)]) for gate in gates]
    program, _ = program_of(description)
    (branch,) = histories(description)
    expected = oracle.marginal(np.abs(branch.vector) ** 2, order[:nb_measured], NB_QUBITS)
    result = LinAlg().submit(program.to_circ().to_job(qubits=order[:nb_measured]))
    found = np.zeros(2**nb_measured)
    for sample in result:
        found[sample.state.int] = sample.probability
        assert sample.state.bitstring == f"{sample.state.int:0{nb_measured}b}"
    assert np.allclose(found, expected, atol=1e-9)
