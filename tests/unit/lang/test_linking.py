"""Gates with implementations: build_gate, link, keep, inline, the Linker and the ancilla map."""

import copy
import pickle
import types

import numpy as np
import pytest

from qat.core import Batch
from qat.core.gate_set import GateSet, GateSyntaxRedefinition, default_gate_set
from qat.core.plugins import AbstractPlugin
from qat.core.variables import Variable
from qat.lang.AQASM import CNOT, RX, AbstractGate, H, Program, QRoutine, T, X, build_gate
from qat.lang.AQASM.aqasm_util import InvalidArguments, InvalidCustomName
from qat.lang.AQASM.misc import NoSignature, generate_gate_set, is_valid_name, signature_from_annotations
from qat.lang.linking.linker import Linker
from qat.lang.linking.util import AncillaMap, inline_gates, link_gates


@build_gate("BAR", [float], arity=1)
def bar(angle):
    """RX and T."""
    routine = QRoutine()
    wire = routine.new_wires(1)
    RX(angle)(wire)
    T(wire)
    return routine


@build_gate("FOO", [float, int], arity=lambda angle, nb: nb)
def foo(angle, nb):
    """BAR on the parity of some wires, kept in an ancilla meanwhile."""
    routine = QRoutine()
    wires = routine.new_wires(nb)
    parity = routine.new_wires(1)
    with routine.compute():
        for wire in wires:
            CNOT(wire, parity)
    bar(angle)(parity)
    routine.uncompute()
    routine.set_ancillae(parity)
    return routine


def circuit(gate, *places, nb_qubits=4, **options):
    prog = Program()
    qubits = prog.qalloc(nb_qubits)
    gate([qubits[place] for place in places])
    return prog.to_circ(**options)


def operations(*args, **options):
    return list(circuit(*args, **options).iterate_simple())


# ---------------------------------------------------------------- build_gate
def test_functions_become_gates():
    assert isinstance(bar, AbstractGate) and bar.__doc__ == "RX and T." and bar.__name__ == "bar"
    assert bar(0.5).arity == 1 and (~bar)(0.5).arity == 1 and isinstance((~bar)(0.5), QRoutine)
    assert foo(0.5, 3).arity == 3 and foo(0.5, 3).ctrl().arity == 4

    @build_gate("OPEN", [int])
    def by_routine(nb):
        return QRoutine(nb)

    assert by_routine(5).arity == 5


def test_bad_definitions():
    for name in ("a b", "1", ""):
        with pytest.raises(InvalidCustomName):
            build_gate(name, [float])
        assert not is_valid_name(name)
    with pytest.raises(TypeError, match="decorates a function"):
        build_gate("FOO", [float])(3)


def test_signatures_from_annotations():
    def full(angle: float, nb: int) -> "FULL": ...  # noqa: F821

    def nothing(angle): ...

    def partial(angle) -> "PARTIAL": ...  # noqa: F821

    assert signature_from_annotations(full) == ("FULL", [float, int])
    for function in (nothing, partial):
        with pytest.raises(NoSignature, match="annot"):
            signature_from_annotations(function)


@pytest.mark.parametrize("answer, message", [(3, "gave a int"), (QRoutine(2), "it has 2|has 2"), (None, "NoneType")])
def test_functions_that_make_no_fitting_routine(answer, message):
    wrong = AbstractGate("WRONG", [], arity=1, circuit_generator=lambda: answer)
    with pytest.raises(InvalidArguments, match=message):
        circuit(wrong(), 0)


def test_generators_given_later():
    gate = AbstractGate("LATER", [float])
    before = gate(0.5)
    gate.set_circuit_generator(bar.circuit_generator)
    assert (
        before.arity is None and gate(0.5).arity == 1 and [name for name, *_ in operations(gate(0.5), 0)] == ["RX", "T"]
    )
    matrix = AbstractGate("MATRIX", [float], arity=1)
    assert matrix(0.5).matrix is None
    matrix.set_matrix_generator(lambda angle: np.diag([1, np.exp(1j * angle)]))
    assert matrix(0.5).matrix is not None and AbstractGate("ANY", [])().ctrl().arity is None


def test_a_plain_gate_is_an_implementation_too():
    alias = AbstractGate("ALIAS", [float], arity=1, circuit_generator=RX)
    assert operations(alias(0.5).dag(), 2) == [("RX", [-0.5], [2])]


# ---------------------------------------------------------------- boxes
def test_implementations_are_boxes():
    made = circuit(bar(0.5), 1)
    assert len(made) == 1 and list(made.iterate_simple()) == [("RX", [0.5], [1]), ("T", [], [1])]
    definition = made.gateDic[made.ops[0].gate]
    assert definition.syntax.name == "BAR" and definition.circuit_implementation.nbqbits == 1
    assert len(circuit(bar(0.5), 1, inline=True)) == 2


def test_layers_on_boxes():
    assert operations(bar(0.5).dag(), 0) == [("D-T", [], [0]), ("RX", [-0.5], [0])]
    assert operations(bar(0.5).trans(), 0) == [("T-T", [], [0]), ("T-RX", [0.5], [0])]
    assert operations(bar(0.5).conj(), 0) == [("S-RX", [0.5], [0]), ("S-T", [], [0])]
    assert operations(bar(0.5).ctrl(2), 0, 1, 2) == [("C-C-RX", [0.5], [0, 1, 2]), ("C-C-T", [], [0, 1, 2])]


def test_equal_uses_share_a_box_and_different_ones_do_not():
    prog = Program()
    qubits = prog.qalloc(2)
    for angle in (0.5, 0.5, 0.25):
        bar(angle)(qubits[0])
    names = [op.gate for op in prog.to_circ().ops]
    assert names[0] == names[1] != names[2]
    assert [parameters for name, parameters, _ in prog.to_circ().iterate_simple() if name == "RX"] == [
        [0.5],
        [0.5],
        [0.25],
    ]


def test_boxes_survive_pickle_and_copy():
    made = circuit(bar(0.5).ctrl(), 0, 1)
    for copied in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        assert list(copied.iterate_simple()) == list(made.iterate_simple())


def test_implementations_with_ancillas_are_opened():
    prog = Program()
    qubits = prog.qalloc(4)
    foo(0.5, 3)(qubits[:3])
    foo(0.25, 2)(qubits[2:])
    made = prog.to_circ()
    assert made.nbqbits == 5 and made.ancilla_map.locked_ranges == {4: [(0, 6), (7, 11)]}
    assert [name for name, *_ in prog.to_circ(include_locks=True).iterate_simple()].count("LOCK") == 2


def test_controls_skip_what_implementations_undo():
    assert operations(foo(0.5, 1).ctrl(), 0, 1) == [
        ("CNOT", [], [1, 4]), ("C-RX", [0.5], [0, 4]), ("C-T", [], [0, 4]), ("CNOT", [], [1, 4]),
    ]  # fmt: skip


def test_keep_and_do_link():
    assert operations(bar(0.5).dag(), 0, keep=["BAR"]) == [("D-BAR", [0.5], [0])]
    assert operations(bar(0.5).ctrl(), 0, 1, do_link=False) == [("C-BAR", [0.5], [0, 1])]
    assert [name for name, *_ in operations(foo(0.5, 1), 0, keep=["BAR"])] == ["CNOT", "BAR", "CNOT"]


def test_implementations_under_a_condition():
    prog = Program()
    qubits, bits = prog.qalloc(1), prog.calloc(1)
    prog.measure(qubits, bits)
    prog.cc_apply(bits[0], bar(0.5), qubits)
    assert list(prog.to_circ().iterate_simple())[1:] == [("RX", [0.5], [0], 0), ("T", [], [0], 0)]


# ---------------------------------------------------------------- variables
def test_implementations_with_variables():
    made = circuit(bar(2 * Variable("a")).ctrl(), 0, 1)
    assert made.get_variables() == ["a"] and next(iter(made(a=0.25).iterate_simple())) == ("C-RX", [0.5], [0, 1])


def test_implementations_that_need_numbers_wait_for_them():
    @build_gate("STEPS", [int], arity=1)
    def steps(nb):
        routine = QRoutine()
        wire = routine.new_wires(1)
        for _ in range(nb):
            X(wire)
        return routine

    made = circuit(steps(Variable("n", int)), 0)
    assert [name for name, *_ in made.iterate_simple()] == ["STEPS"]
    assert [name for name, *_ in operations(steps(2), 0)] == ["X", "X"]


# ---------------------------------------------------------------- link
placeholder = AbstractGate("FOO", [float, int], arity=lambda angle, nb: nb)


def module(**members):
    made = types.ModuleType("library")
    vars(made).update(members, np=np, H=H, RX=RX, number=3)
    return made


@pytest.mark.parametrize("link", [[foo], foo, [module(foo=foo)], module(foo=foo), [[foo]], GateSet({"FOO": foo})])
def test_what_can_be_linked(link):
    assert [name for name, *_ in operations(placeholder(0.5, 1), 0)] == ["FOO"]
    assert [name for name, *_ in operations(placeholder(0.5, 1), 0, link=link)] == ["CNOT", "RX", "T", "CNOT"]


def test_linked_gates_come_before_own_ones():
    @build_gate("BAR", [float], arity=1)
    def other(angle):
        return QRoutine(1).apply(H, 0)

    assert operations(bar(0.5), 0, link=[other]) == [("H", [], [0])]
    assert operations(bar(0.5), 0, link=[other, bar]) == [("H", [], [0])]


def test_linked_matrices():
    known = AbstractGate("PHASE", [float], arity=1, matrix_generator=lambda angle: np.diag([1, np.exp(1j * angle)]))
    made = circuit(AbstractGate("PHASE", [float], arity=1)(0.5), 0, link=[known])
    assert abs(made.gateDic[made.ops[0].gate].matrix.data[3].im - np.sin(0.5)) < 1e-12


def test_gate_sets():
    assert list(generate_gate_set(module(foo=foo, bar=bar))) == ["FOO", "BAR"]
    assert list(generate_gate_set(foo, [bar], GateSet())) == ["FOO", "BAR"]
    for strange in (3, None, H):
        with pytest.raises(TypeError, match="holds no gates"):
            generate_gate_set(strange)
    assert len(generate_gate_set(bar, bar)) == 1 and generate_gate_set(foo, placeholder)["FOO"] is foo
    with pytest.raises(GateSyntaxRedefinition, match="FOO"):
        generate_gate_set(foo, placeholder, safe=True)


# ---------------------------------------------------------------- linker
def test_linker_links_in_place():
    made = circuit(placeholder(0.5, 2).dag(), 0, 1)
    linker = Linker(link=[foo])
    assert linker.link(made) is None and made.nbqbits == 5
    assert list(made.iterate_simple()) == operations(foo(0.5, 2).dag(), 0, 1)
    assert AncillaMap(made).get_free_ancillae(100) == [4]


def test_linker_options():
    kept = circuit(placeholder(0.5, 1), 0)
    Linker(link=[foo], keep=["FOO"]).link(kept)
    assert [name for name, *_ in kept.iterate_simple()] == ["FOO"]
    inlined = circuit(AbstractGate("BAR", [float], arity=1)(0.5), 0)
    Linker(link=[bar], inline=True, submatrices_only=True).link(inlined)
    assert len(inlined) == 2
    locked = circuit(placeholder(0.5, 1), 0)
    Linker(link=[foo], include_locks=True).link(locked)
    assert [name for name, *_ in locked.iterate_simple()].count("RELEASE") == 1


def test_linker_keeps_other_operations():
    prog = Program()
    qubits, bits = prog.qalloc(2), prog.calloc(1)
    prog.measure(qubits[0], bits)
    prog.cc_apply(bits[0], AbstractGate("BAR", [float], arity=1)(0.5), qubits[1])
    prog.logic(bits[0], ~bits[0])
    made = prog.to_circ()
    Linker(link=[bar]).link(made)
    assert list(made.iterate_simple()) == [
        ("MEASURE", [0], [0]), ("RX", [0.5], [1], 0), ("T", [], [1], 0), ("LOGIC", "NOT 0", 0),
    ]  # fmt: skip


def test_linker_is_a_plugin():
    linker = Linker()
    assert isinstance(linker, AbstractPlugin)
    linker.add_signature(foo)
    job = circuit(placeholder(0.5, 2), 0, 1).to_job()
    batch = linker.compile(Batch([job]), None)
    assert batch.jobs[0].circuit.nbqbits == 5 and batch.jobs[0].qubits == [0, 1, 2, 3]
    linker.clear_gate_set()
    assert "FOO" not in linker.gate_set and "H" in linker.gate_set
    linker.clear_gate_set(default_gates=False)
    linker.set_gate_set(default_gate_set())
    assert "H" in linker.gate_set


def test_functions_on_circuits():
    made = circuit(AbstractGate("BAR", [float], arity=1)(0.5), 0)
    link_gates(made, ["BAR"], generate_gate_set(bar))
    assert [name for name, *_ in made.iterate_simple()] == ["BAR"]
    link_gates(made, [], generate_gate_set(bar))
    assert len(made) == 1
    inline_gates(made)
    assert len(made) == 2


# ---------------------------------------------------------------- ancilla map
def test_ancilla_maps():
    known = AncillaMap(circuit(foo(0.5, 2), 0, 1))
    assert str(known) == "q[4] : (0, 4)" and not known.is_free(4, 3) and known.is_free(4, 6) and known.is_free(0, 0)
    assert known.allocate_ancillae(7, 2, 3, 5) == [4, 5]
    assert known.locked_ranges == {4: [(0, 4), (7, 9)], 5: [(7, 9)]} and known.nbancillae == 2
    known.update_ranges(8, 4)
    assert known.locked_ranges == {4: [(0, 4), (7, 12)], 5: [(7, 12)]}


def test_ancilla_maps_from_locks():
    made = circuit(foo(0.5, 1), 0, include_locks=True)
    made.ancilla_map = None
    assert AncillaMap(made).locked_ranges == {4: [(0, 5)]}
    assert str(AncillaMap(circuit(H, 0))) == ""
