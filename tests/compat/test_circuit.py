"""Circuits as programs of the published API use them: printed results of black-box runs, as assertions."""

import copy
import pickle

import numpy as np
import pytest

from qat.comm.datamodel.ttypes import GateDefinition, Op, OpType
from qat.core import Batch, Circuit, Job, Observable, Result, Term, Variable, default_gate_set
from qat.core.circuit_builder.matrix_util import np_to_circ
from qat.core.formula_eval import evaluate
from qat.core.plugins import AbstractPlugin
from qat.core.util import extract_syntax, get_syntax, statistics
from qat.lang.AQASM import (
    CCNOT,
    CNOT,
    CSIGN,
    ISWAP,
    PH,
    RX,
    RY,
    AbstractGate,
    CustomGate,
    H,
    Program,
    QRoutine,
    S,
    T,
    X,
    Z,
)
from qat.qpus import PyLinalg

CONSTANTS = ["X", "Y", "Z", "H", "CNOT", "CSIGN", "ISWAP", "SQRTSWAP", "I", "SWAP", "CCNOT", "S", "T"]


def circuit_of(*uses, nbqbits=4, **options) -> Circuit:
    """The circuit that applies gates to qubits: ``(H, 0), (CNOT, 0, 1), …``."""
    prog = Program()
    qbits = prog.qalloc(nbqbits)
    for gate, *indices in uses:
        gate(*(qbits[index] for index in indices))
    return prog.to_circ(**options)


def shown(circ) -> list[tuple]:
    return list(circ.iterate_simple())


def names(circ) -> list[str]:
    return [op.gate for op in circ.ops]


def made(circ) -> dict:
    return {key: gate for key, gate in circ.gateDic.items() if key.startswith("_")}


def ghz(nbqbits=2) -> Circuit:
    return circuit_of((H, 0), *((CNOT, q, q + 1) for q in range(nbqbits - 1)), nbqbits=nbqbits)


def two_angles() -> Circuit:
    prog = Program()
    qbits = prog.qalloc(2)
    a, b = prog.new_var(float, "a"), prog.new_var(float, "b")
    RY(a)(qbits[0])
    RX(2 * b + 1)(qbits[1])
    return prog.to_circ()


# ---------------------------------------------------------------- gate dictionary and names


def test_gate_dictionary():
    circ = circuit_of(
        (H, 0), (RX(0.3), 2), (RX(0.3).ctrl(), 0, 2), (T.dag(), 0), (X.ctrl(), 0, 1), (CNOT.ctrl(), 0, 1, 2),
        (RY(0.2).dag(), 1), nbqbits=3,
    )  # fmt: skip
    assert names(circ) == ["H", "_0", "_1", "_2", "CNOT", "CCNOT", "_3"]
    assert shown(circ) == [
        ("H", [], [0]),
        ("RX", [0.3], [2]),
        ("C-RX", [0.3], [0, 2]),
        ("D-T", [], [0]),
        ("CNOT", [], [0, 1]),
        ("CCNOT", [], [0, 1, 2]),
        ("RY", [-0.2], [1]),
    ]
    gates = circ.gateDic
    assert [*gates] == [*CONSTANTS, "_0", "_1", "_2", "_3"]
    assert (gates["_1"].subgate, gates["_1"].nbctrls, gates["_1"].syntax, gates["_1"].arity) == ("_0", 1, None, 2)
    assert gates["_2"].subgate == "T" and gates["_2"].is_dag
    assert (gates["CNOT"].subgate, gates["CNOT"].nbctrls, gates["CNOT"].is_ctrl) == ("X", 1, True)
    assert gates["_0"].syntax.name == "RX" and gates["_0"].syntax.parameters[0].double_p == 0.3
    assert gates["_0"].matrix.nRows == 2 and abs(gates["_0"].matrix.data[0].re - np.cos(0.15)) < 1e-15
    assert extract_syntax(gates["_1"], gates) == ("C-RX", [0.3]) and get_syntax(circ, 4) == ("CNOT", [], [0, 1])


@pytest.mark.parametrize(
    ("gate", "syntax"),
    [
        (Z.ctrl(), "CSIGN"),
        (CSIGN.ctrl(), "C-CSIGN"),
        (X.ctrl(2), "C-C-X"),
        (X.ctrl(3), "C-C-C-X"),
        (X.ctrl().ctrl(), "C-C-X"),
        (CNOT.ctrl(2), "C-C-CNOT"),
        (CCNOT.ctrl(), "C-CCNOT"),
        (S.dag(), "D-S"),
        (S.dag().dag(), "S"),
        (H.dag(), "H"),
        (T.ctrl().dag(), "C-D-T"),
        (T.dag().ctrl(), "C-D-T"),
        (ISWAP.dag(), "D-ISWAP"),
        (RX(0.3).conj(), "S-RX"),
        (RX(0.3).trans(), "T-RX"),
        (X.conj().ctrl(), "C-S-X"),
        (T.dag().conj(), "S-D-T"),
        (T.dag().trans(), "T-D-T"),
        (PH(0.3).ctrl().dag().ctrl(), "C-C-PH"),
    ],
)
def test_syntax_of_gates(gate, syntax):
    assert shown(circuit_of((gate, *range(gate.arity))))[0][0] == syntax


def test_sub_gates_are_named_before_the_gate_that_contains_them():
    circ = circuit_of((RX(0.3).ctrl(), 0, 1), (RX(0.3), 0), (RX(1), 0), (RX(1.0), 1))
    assert names(circ) == ["_1", "_0", "_2", "_2"]
    circ = circuit_of((T.ctrl().dag(), 0, 1), (T.dag().ctrl(), 0, 1), (S.dag(), 0), (S.dag().dag(), 0))
    assert names(circ) == ["_1", "_1", "_2", "S"] and made(circ)["_1"].subgate == "_0"
    circ = circuit_of((PH(0.3).ctrl(2), 0, 1, 2), (PH(0.3).ctrl().dag().ctrl(), 0, 1, 2), (PH(0.3).ctrl(2), 0, 1, 2))
    assert names(circ) == ["_1", "_3", "_1"]
    assert (made(circ)["_1"].subgate, made(circ)["_1"].nbctrls, made(circ)["_1"].syntax) == ("_0", 2, None)
    assert shown(circ)[1] == ("C-C-PH", [-0.3], [0, 1, 2])


def test_unbound_gates_are_shared_by_expression():
    a = Variable("a")
    circ = circuit_of((RX(a), 0), (RX(a).dag(), 0), (RX(2 * a).ctrl(), 0, 1), (RX(a), 1), (PH(-a).ctrl().dag(), 0, 1))
    assert names(circ) == ["_0", "_1", "_3", "_0", "_5"]
    parameters = [made(circ)[name].syntax.parameters[0] for name in ("_0", "_1", "_2", "_4")]
    assert [param.string_p for param in parameters] == ["a", "UMINUS a", "* 2 a", "a"]
    assert all(param.is_abstract for param in parameters)


def test_abstract_and_custom_gates():
    foo = AbstractGate("FOO", [float, int], arity=2)
    circ = circuit_of((foo(0.2, 3), 0, 1), (foo(0.2, 3).ctrl(), 0, 1, 2), (foo(0.2, 3).dag(), 0, 1))
    assert shown(circ) == [("FOO", [0.2, 3], [0, 1]), ("C-FOO", [0.2, 3], [0, 1, 2]), ("D-FOO", [0.2, 3], [0, 1])]
    definition = made(circ)["_0"]
    assert definition.matrix is None and definition.is_ctrl is False and definition.nbctrls is None
    assert [(param.type, param.double_p, param.int_p) for param in definition.syntax.parameters] == [
        (1, 0.2, None),
        (0, None, 3),
    ]
    swap = np.array([[0, 1], [1, 0]])
    ((name, (matrix,), qubits), *_) = shown(circuit_of((CustomGate(swap), 0)))
    assert (name, qubits) == ("CustomGate", [0]) and np.array_equal(matrix, swap)
    circ = circuit_of((CustomGate(swap), 0), (CustomGate(swap).ctrl(), 0, 1), (CustomGate(swap), 1))
    assert names(circ) == ["_0", "_1", "_0"] and made(circ)["_0"].syntax.parameters[0].type == 3
    assert np.array_equal(made(circ)["_0"].syntax.parameters[0].matrix_p.data[1].re, 1.0)


def test_matrices_on_demand():
    uses = [(RX(0.3).ctrl(), 0, 1)]
    assert all(gate.matrix is not None for gate in circuit_of(*uses).gateDic.values())
    without = circuit_of(*uses, include_matrices=False)
    assert not any(gate.matrix for gate in made(without).values()) and without.gateDic["H"].matrix is not None
    only_sub = made(circuit_of(*uses, submatrices_only=True))
    assert only_sub["_0"].matrix is not None and only_sub["_1"].matrix is None
    assert made(two_angles())["_0"].matrix is None


# ---------------------------------------------------------------- iteration and numbers


def test_control_flow():
    prog = Program()
    q, c = prog.qalloc(2), prog.calloc(2)
    X(q[0])
    prog.measure(q[0], c[0])
    prog.cc_apply(c[0], X, q[1])
    prog.logic(c[1], ~c[0])
    prog.reset(q[0])
    prog.cbreak(c[0] & c[1])
    circ = prog.to_circ()
    types = [OpType.GATETYPE, OpType.MEASURE, OpType.CLASSICCTRL, OpType.CLASSIC, OpType.RESET, OpType.BREAK]
    assert [op.type for op in circ.ops] == types
    assert shown(circ) == [
        ("X", [], [0]),
        ("MEASURE", [0], [0]),
        ("X", [], [1], 0),
        ("LOGIC", "NOT 0", 1),
        ("RESET", [0], []),
        ("BREAK", "AND 0 1"),
    ]
    assert [(op.qbits, op.cbits, op.formula) for op in circ.ops[1:4]] == [
        ([0], [0], None),
        ([1], [0], None),
        (None, [1], "NOT 0"),
    ]


def test_statistics_count_and_depth():
    circ = circuit_of((H, 0), (CNOT, 0, 1), (RX(0.3), 1), (RX(0.4), 1), (RX(0.3).ctrl(), 0, 1), (T.dag(), 0), nbqbits=3)
    assert statistics(circ) == circ.statistics() == {
        "nbqbits": 3, "size": 6, "gates": {"custom gate": 0, "H": 1, "CNOT": 1, "RX": 2, "C-RX": 1, "D-T": 1},
        "measurements": 0, "resets": 0, "logic": 0, "breaks": 0, "remaps": 0, "gate_size": 6,
    }  # fmt: skip
    assert [circ.count(name) for name in ("RX", "C-RX", "T", "D-T", "FOO", "_0")] == [2, 1, 0, 1, 0, 0]
    depths = [
        circ.depth(),
        circ.depth(default=1),
        circ.depth({"H": 2, "RX": 3}),
        circ.depth({"H": 2, "RX": 3}, default=1),
    ]
    assert depths == [0, 6, 8, 11]
    assert (circ.depth(gates=["H"]), circ.depth(gates=["H", "RX"], default=1)) == (1, 6)


def test_formulas_over_classical_bits():
    assert evaluate("AND 1 OR 0 2", [0, 1, 1]) and not evaluate("AND 1 OR 0 2", [1, 0, 0])
    for bits in ([0, 0], [0, 1], [1, 0], [1, 1]):
        truths = [evaluate(formula, bits) for formula in ("AND 0 1", "OR 0 1", "XOR 0 1", "NOT 0", "1")]
        assert [bool(truth) for truth in truths] == [
            all(bits), any(bits), bits[0] != bits[1], not bits[0], bool(bits[1])
        ]  # fmt: skip


# ---------------------------------------------------------------- algebra and editing


def test_algebra():
    circ = ghz()
    assert len((circ + circ).ops) == 4 and (circ * circ).nbqbits == 4
    assert shown(circ.dag()) == [("CNOT", [], [0, 1]), ("H", [], [0])]
    assert [str(op.gate) for op in circ] == ["H", "CNOT"] and isinstance(circ.ops[0], Op) and len(circ) == 2
    with pytest.raises(TypeError):
        circ[0]
    first, second = circuit_of((RX(0.1), 1), nbqbits=2), circuit_of((RX(0.2), 1), (RX(0.1).ctrl(), 0, 1), nbqbits=2)
    assert names(first + second) == ["_0", "_1", "_2"] and [op.qbits for op in (first * second).ops] == [
        [1],
        [3],
        [2, 3],
    ]
    with pytest.raises(ValueError, match="cannot add circuits with different qubits count 2 3"):
        ghz(2) + ghz(3)


def test_by_hand():
    flip = GateDefinition("U", arity=1, matrix=np_to_circ(np.array([[0, 1], [1, 0]])))
    circ = Circuit(ops=[Op("U", [0])], gateDic={"U": flip}, nbqbits=2)
    assert shown(circ) == [(None, None, [0])] and extract_syntax(flip, circ.gateDic) == (None, None)
    assert (
        circ.statistics()["gates"] == {"custom gate": 1} and circ.depth(default=1) == 1 and circ.get_variables() == []
    )
    assert shown(circ + circ) == 2 * shown(circ)
    assert Circuit.empty(3).nbqbits == 3 and Circuit(nbqbits=2).nbcbits == 0


def test_editing_in_place():
    circ = circuit_of((H, 0), (RX(0.3), 1), nbqbits=2)
    circ.gateDic["V"] = GateDefinition("V", arity=2, matrix=np_to_circ(np.eye(4)[[1, 0, 2, 3]]))
    circ.ops.append(Op("V", [1, 0]))
    assert shown(circ) == [("H", [], [0]), ("RX", [0.3], [1]), (None, None, [1, 0])]
    circ.gateDic["_0"].syntax.parameters[0].double_p = 0.8
    assert shown(circ)[1] == ("RX", [0.8], [1])


def test_insert_gate():
    circ = circuit_of((H, 0), (RX(0.3), 1), nbqbits=2)
    circ.insert_gate(1, RX(0.5), [0])
    circ.insert_gate(0, CNOT, [0, 1])
    circ.insert_gate(-1, T.dag().ctrl(), [0, 1])
    circ.insert_gate(40, X, [1])
    expected = [("CNOT", [0, 1]), ("H", [0]), ("RX", [0]), ("C-D-T", [0, 1]), ("RX", [1]), ("X", [1])]
    assert [(name, qubits) for name, _, qubits in shown(circ)] == expected
    routine = QRoutine()
    wires = routine.new_wires(2)
    H(wires[0])
    CNOT(wires)
    circ.insert_gate(0, routine, [1, 0])
    assert shown(circ)[:2] == [("H", [], [1]), ("CNOT", [], [1, 0])]
    circ.insert_gate(0, RX(Variable("k")), [0])
    assert circ.get_variables() == ["k"]


def test_insert_gate_mistakes():
    circ = ghz()
    with pytest.raises(ValueError, match=r"cannot insert a gate on qubits \[7\] of a circuit of 2"):
        circ.insert_gate(0, X, [7])
    with pytest.raises(ValueError, match=r"it acts on 2 qubits, give it as many"):
        circ.insert_gate(0, CNOT, [0])
    with pytest.raises(TypeError, match=r"Cannot insert 'X': give a gate of qat\.lang"):
        circ.insert_gate(0, "X", [0])


def test_a_routine_with_ancillas_adds_qubits():
    routine = QRoutine()
    wires = routine.new_wires(2)
    CNOT(wires[0], wires[1])
    routine.set_ancillae(wires[1])
    circ = ghz()
    circ.insert_gate(2, routine, [1])
    assert circ.nbqbits == 3 and shown(circ)[-1] == ("CNOT", [], [1, 2])


def test_locks():
    routine = QRoutine()
    wires = routine.new_wires(2)
    CNOT(wires[0], wires[1])
    routine.set_ancillae(wires[1])
    circ = circuit_of((routine, 0), nbqbits=1, include_locks=True)
    assert [name for name, *_ in shown(circ)] == ["LOCK", "CNOT", "RELEASE"]
    circ.remove_locks()
    assert shown(circ) == [("CNOT", [], [0, 1])]


def test_boxes():
    def inner(angle):
        routine = QRoutine()
        wires = routine.new_wires(2)
        RX(angle)(wires[0])
        CNOT(wires)
        return routine

    circ = circuit_of((inner(0.1), 0, 1), (inner(0.1).ctrl(), 0, 1, 2), nbqbits=3, box_routines=True)
    assert len(circ) == 2 == len(circ.ops) and circ.gateDic["_0"].circuit_implementation.nbqbits == 2
    assert [name for name, *_ in circ.iterate_simple(depth=0)] != [name for name, *_ in circ.iterate_simple()]
    assert shown(circ)[:3] == [("RX", [0.1], [0]), ("CNOT", [], [0, 1]), ("C-RX", [0.1], [0, 1])]
    assert [op.qbits for op in circ] == [[0], [0, 1], [0, 1], [0, 1, 2]]
    assert (circ.statistics()["size"], circ.statistics()["gate_size"], circ.count("RX")) == (2, 4, 1)


def test_inverses_with_other_parameters():
    turn = AbstractGate("TURN", [float, int], arity=1)
    uses = [(turn(0.2, 3), 0), (turn(0.1, 2).ctrl(), 0, 1), (H, 0), (turn(0.4, 1).dag(), 0), (RX(0.3), 1)]
    circ = circuit_of(*uses, nbqbits=2)
    assert [name for name, *_ in shown(circ.dag())] == ["RX", "TURN", "H", "C-D-TURN", "D-TURN"]
    assert shown(circ.dag({"TURN": lambda params: [-params[0], params[1]], "OTHER": lambda params: params})) == [
        ("RX", [-0.3], [1]),
        ("TURN", [0.4, 1], [0]),
        ("H", [], [0]),
        ("C-TURN", [-0.1, 2], [0, 1]),
        ("TURN", [-0.2, 3], [0]),
    ]


def test_matrices_filled_in_later():
    circ = circuit_of((RX(0.3), 0), (RX(0.3).ctrl(), 0, 1), include_matrices=False)
    assert circ.fill_matrices(default_gate_set()) is None
    assert {name: gate.matrix is None for name, gate in made(circ).items()} == {"_0": False, "_1": True}
    circ.fill_matrices(default_gate_set(), submatrices_only=False)
    assert not any(gate.matrix is None for gate in made(circ).values())


def test_shifting_qubits_in_place():
    circ = circuit_of((CNOT, 0, 1), nbqbits=2)
    assert circ.shift_qbits(2) is None and circ.nbqbits == 4 and shown(circ) == [("CNOT", [], [2, 3])]
    job = ghz().to_job(observable=Observable.sigma_z(0, 2))
    job.shift_qbits(1)
    assert (job.circuit.nbqbits, str(job.observable), job.observable.nbqbits) == (3, "1.0 * (Z|[1])", 3)


def test_running_evaluating_and_compiling():
    class Twice(AbstractPlugin):
        def compile(self, batch, specs):
            return Batch(batch.jobs * 2)

    circ, z = two_angles()(a=0.3, b=0.1), Observable.sigma_z(0, 2)
    assert len(circ.run(PyLinalg(), nbshots=5, aggregate_data=False)) == 5
    assert np.isclose(circ.run(PyLinalg(), observable=z).value, np.cos(0.3))
    assert np.isclose(two_angles().to_job(observable=z).eval([0.3, 0.1], qpu=PyLinalg()), np.cos(0.3))
    assert isinstance(circ.eval(qpu=PyLinalg()), Result) and isinstance(circ.compile(PyLinalg(), nbshots=3), Job)
    assert isinstance(circ.compile(Twice()), Batch)


def test_syntax_by_position():
    circ = circuit_of((CNOT, 0, 1), (RX(2 * Variable("a")), 1))
    assert get_syntax(circ, 0) == ("CNOT", [], [0, 1]) and get_syntax(circ, 1)[2] == [1]
    assert extract_syntax(circ.gateDic["_0"], circ.gateDic) == ("RX", [2 * Variable("a")])


# ---------------------------------------------------------------- binding, files, gate sets


def test_binding():
    circ = two_angles()
    assert circ.get_variables() == ["a", "b"]
    bound = circ(a=0.5)
    assert bound.get_variables() == ["b"] and circ.get_variables() == ["a", "b"]
    assert shown(bound)[0] == ("RY", [0.5], [0])
    assert circ.gateDic[circ.ops[0].gate].matrix is None and bound.gateDic[bound.ops[0].gate].matrix is not None
    assert circ(zzz=1).get_variables() == ["a", "b"]
    assert circ.bind_variables({"a": 0.1, "b": 0.2}).get_variables() == []
    assert circ.var_dic["a"].value.string_p == "a" and bound.var_dic.keys() == {"b"}


def test_matrices_of_abstract_gates_appear_with_their_parameters():
    phase = AbstractGate("PHASE", [float], arity=1, matrix_generator=lambda t: np.diag([1, np.exp(1j * t)]))
    circ = circuit_of((phase(Variable("a")), 0), (phase(Variable("a")).dag(), 0), nbqbits=1)
    assert made(circ)["_0"].matrix is None
    bound = circ(a=0.5)
    assert [gate.matrix.data[3].im for gate in made(bound).values()] == pytest.approx([np.sin(0.5), -np.sin(0.5)])


def test_files_pickles_and_copies(tmp_path):
    circ = circuit_of((H, 0), (RX(0.3).ctrl(), 0, 1), (T.dag(), 0), nbqbits=2)
    circ.dump(str(tmp_path / "c"))
    assert shown(Circuit.load(str(tmp_path / "c.circ"))) == shown(circ)
    assert shown(Circuit.from_bytes(circ.to_bytes())) == shown(circ)
    assert shown(pickle.loads(pickle.dumps(circ))) == shown(copy.deepcopy(circ)) == shown(circ)


def test_gate_conventions():
    gates = default_gate_set()
    t = 0.4
    c, s = np.cos(t / 2), np.sin(t / 2)
    assert np.allclose(gates["RX"].get_matrix(t), [[c, -1j * s], [-1j * s, c]])
    assert np.allclose(gates["RY"].get_matrix(t), [[c, -s], [s, c]])
    assert np.allclose(gates["RZ"].get_matrix(t), np.diag([np.exp(-0.5j * t), np.exp(0.5j * t)]))
    assert np.allclose(gates["PH"].get_matrix(t), np.diag([1, np.exp(1j * t)]))
    assert np.allclose(gates["ISWAP"].get_matrix(), [[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]])
    assert [*gates] == [*CONSTANTS, "PH", "RZ", "RX", "RY"]


def test_defaults():
    circ = ghz(3)
    assert (circ.nbqbits, circ.qregs[0].length, circ.qregs[0].start) == (3, 3, 0) and "RX" in circ.gate_set
    obs = Observable(3, pauli_terms=[Term(1.0, "Z", [2])])
    assert circ.to_job(observable=obs).type == 1
