"""Random programs against the dense oracle."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.kernels.tape_algebra import opened
from qat.lang.AQASM import CNOT, H, Program, QRoutine, build_gate
from qat.lang.AQASM.text import circuit_to_text, text_to_circuit
from tests import oracle
from tests.unit.lang.specs import any_gate, arity, circuit_unitary, dense, steps, written

NB_QUBITS = 4


def program_of(applications):
    prog = Program()
    qubits = prog.qalloc(NB_QUBITS)
    for spec, places in applications:
        prog.apply(written(spec), [qubits[place] for place in places])
    return prog


def expected_unitary(applications):
    total = np.eye(2**NB_QUBITS)
    for spec, places in applications:
        total = oracle.embedded(dense(spec), places, NB_QUBITS) @ total
    return total


applications = steps(any_gate, NB_QUBITS, 3)


@settings(max_examples=60, deadline=None)
@given(applications)
def test_circuits_do_what_the_definitions_say(applied):
    circuit = program_of(applied).to_circ()
    assert np.allclose(circuit_unitary(circuit), expected_unitary(applied))


@settings(max_examples=25, deadline=None)
@given(applications)
def test_boxes_do_the_same(applied):
    circuit = program_of(applied).to_circ(box_routines=True)
    assert len(circuit) == len(applied)
    assert np.allclose(circuit_unitary(circuit), expected_unitary(applied))


@settings(max_examples=25, deadline=None)
@given(applications)
def test_forms_on_the_tape_have_the_right_matrices(applied):
    tape = opened(program_of(applied).to_circ().tape)
    total = np.eye(2**NB_QUBITS)
    for row in tape.rows():
        total = oracle.embedded(row.form.full_matrix(*row.parameters), row.qubits, NB_QUBITS) @ total
    assert np.allclose(total, expected_unitary(applied))


@settings(max_examples=25, deadline=None)
@given(applications)
def test_circuits_survive_text_pickle_and_copy(applied):
    circuit = program_of(applied).to_circ()
    shown = repr(list(circuit.iterate_simple()))
    again = text_to_circuit(circuit_to_text(circuit))
    assert repr(list(again.iterate_simple())) == shown
    assert circuit_to_text(again) == circuit_to_text(circuit)
    for copied in (pickle.loads(pickle.dumps(circuit)), copy.deepcopy(circuit)):
        assert repr(list(copied.iterate_simple())) == shown


@settings(max_examples=25, deadline=None)
@given(any_gate)
def test_layers_add_up(spec):
    gate = written(spec)
    for name in ("dag", "trans", "conj"):
        twice = getattr(getattr(gate, name)(), name)()
        assert np.allclose(circuit_unitary(alone(twice)), dense(spec))
    both_orders = alone(gate.dag().ctrl()), alone(gate.ctrl().dag())
    assert np.allclose(*map(circuit_unitary, both_orders))
    assert gate.ctrl(2).arity == arity(spec) + 2


def alone(gate):
    prog = Program()
    gate(prog.qalloc(gate.arity))
    return prog.to_circ()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.booleans(), st.booleans())
def test_ancillas_end_clean(size, inlined, controlled):
    """A gate controlled by a copy of a qubit is controlled by the qubit."""

    @build_gate("BORROW", [])
    def borrow():
        routine = QRoutine()
        wires = routine.new_wires(size)
        helper = routine.get_free_ancillae(1)
        with routine.compute():
            CNOT(wires[0], helper)
        H.ctrl()(helper, routine.new_wires(1))
        routine.uncompute()
        routine.free_ancillae(helper)
        return routine

    gate = borrow().ctrl() if controlled else borrow()
    prog = Program()
    gate(prog.qalloc(gate.arity))
    circuit = prog.to_circ(inline=inlined)
    unitary = circuit_unitary(circuit)
    assert circuit.nbqbits == gate.arity + 1
    clean = unitary[::2, ::2]
    assert np.allclose(clean @ clean.conj().T, np.eye(len(clean)))
    direct = oracle.embedded(oracle.controlled(oracle.base_matrix("H")), [0, size], size + 1)
    assert np.allclose(clean, oracle.controlled(direct) if controlled else direct)


@pytest.mark.parametrize("nb_controls", [1, 2, 3])
def test_controls_come_first(nb_controls):
    from qat.lang.AQASM import X

    circuit = alone(X.ctrl(nb_controls))
    expected = np.eye(2 ** (nb_controls + 1))[:, [*range(2 ** (nb_controls + 1) - 2), -1, -2]]
    assert np.allclose(circuit_unitary(circuit), expected)
