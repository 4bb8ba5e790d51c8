"""Plugins that work on circuits: fusion, inlining, remapping, display, statistics, observables."""

import sys
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core import Batch, Circuit, Observable, Schedule, Term, Variable
from qat.core.errors import PluginException
from qat.core.simutil import wavefunction
from qat.lang.AQASM import CCNOT, CNOT, CSIGN, RX, RY, RZ, H, Program, QInt, QRoutine, T, X
from qat.plugins import (
    CircuitInliner,
    Display,
    FusionPlugin,
    MultipleLaunchesAnalyzer,
    Remap,
    StatPlugin,
    TransformObservable,
)
from qat.plugins.fusion import AdjacentStrategy, EagerStrategy, NaiveStrategy
from qat.qpus import LinAlg
from tests.unit.plugins.jobs import Recorder, ghz, wave_circuit, wave_job

NB_QUBITS = 5
GATES = {1: [H, T, T.dag(), RX(0.3), RY(-1.2), RZ(2.0)], 2: [CNOT, CSIGN, RX(0.7).ctrl()], 3: [CCNOT, H.ctrl(2)]}


@st.composite
def circuits(draw, nb_used=NB_QUBITS):
    program = Program()
    qubits = program.qalloc(NB_QUBITS)
    used = draw(st.permutations(range(NB_QUBITS)))[:nb_used]
    for _ in range(draw(st.integers(0, 20))):
        arity = draw(st.integers(1, 3))
        gate = draw(st.sampled_from(GATES[arity]))
        gate(*[qubits[index] for index in draw(st.permutations(used))[:arity]])
    return program.to_circ()


def samples(result):
    return {str(sample.state): sample.probability for sample in result}


# ---------------------------------------------------------------- fusion
@given(circuits(), st.sampled_from(sorted(FusionPlugin.GENERIC_STRATEGIES)), st.integers(1, 4))
def test_fusion_is_exact(circuit, strategy, limit):
    fused = FusionPlugin(strategy=strategy, qbit_limit=limit).compile_circuit(circuit)
    assert len(fused) <= len(circuit)
    assert np.allclose(wavefunction(fused, LinAlg()), wavefunction(circuit, LinAlg()), atol=1e-12)


def layered():
    program = Program()
    q = program.qalloc(5)
    H(q[0]), CNOT(q[0], q[1]), RX(0.2)(q[1]), CNOT(q[1], q[2])
    H(q[4]), CNOT(q[3], q[4])
    CCNOT(q[0], q[2], q[4])
    RZ(0.3).ctrl()(q[1], q[0])
    return program.to_circ()


def test_fusion_groups_as_published_by_default():
    fused = FusionPlugin().compile_circuit(layered())
    groups = [(name, sorted(qubits)) for name, _, qubits in fused.iterate_simple()]
    assert groups[:2] == [("CustomGate", [0, 1, 2]), ("CustomGate", [3, 4])]
    assert groups[2] == ("CCNOT", [0, 2, 4]) and groups[3] == ("C-RZ", [0, 1])
    assert [op.qbits for op in fused.ops][2] == [0, 2, 4]


def test_strategies():
    circuit = layered()
    sizes = {
        name: [len(qubits) for *_, qubits in FusionPlugin(strategy=name).compile_circuit(circuit).iterate_simple()]
        for name in FusionPlugin.GENERIC_STRATEGIES
    }
    assert len(sizes["eager"]) <= len(sizes["naive"]) and max(sizes["adjacent"]) == 3
    chosen = FusionPlugin(strategies=[AdjacentStrategy(), EagerStrategy(4, "small_groups"), NaiveStrategy(5)])
    assert len(chosen.compile_circuit(circuit)) == 1
    with pytest.raises(PluginException, match="Unknown strategy foo"):
        FusionPlugin("foo")
    with pytest.raises(TypeError, match="foo"):
        FusionPlugin(foo=3)
    with pytest.raises(ValueError, match="priority='x'"):
        FusionPlugin(priority="x")


def test_fusion_in_a_stack():
    recorder = Recorder()
    job = layered().to_job(qubits=[4, 0])
    assert samples((FusionPlugin() | recorder).submit(job)) == pytest.approx(samples(LinAlg().submit(job)))
    assert len(recorder.jobs[0].circuit) == 4 and len(job.circuit) == 8


def test_what_fusion_leaves_alone():
    program = Program()
    qubits, bits = program.qalloc(2), program.calloc(1)
    H(qubits[0]), H(qubits[1]), X(qubits[1])
    program.measure(qubits[0], bits[0])
    measured = program.to_circ()
    assert FusionPlugin().compile_circuit(measured) is measured
    small = ghz(2).to_job()
    assert FusionPlugin(qbits_compilation_threshold=3).compile_job(small) is small
    analog = Schedule(drive=Observable.sigma_z(0, 1)).to_job()
    assert FusionPlugin().compile_job(analog) is analog
    fused = FusionPlugin().compile_circuit(wave_circuit())
    assert fused.get_variables() == ["a", "b"] and list(fused.iterate_simple()) == list(wave_circuit().iterate_simple())


def test_fused_circuits_can_be_bound():
    value = (FusionPlugin() | LinAlg()).submit(FusionPlugin().compile_job(wave_job())(a=0.1, b=0.2)).value
    assert np.isclose(value, np.cos(0.1) + np.cos(1.4))


# ---------------------------------------------------------------- inlining
def boxed_circuit():
    routine = QRoutine()
    wires = routine.new_wires(2)
    H(wires[0]), CNOT(wires)
    program = Program()
    qubits = program.qalloc(3)
    routine.box("BELL")(qubits[:2])
    routine.box("BELL").ctrl()(qubits)
    return program.to_circ(box_routines=True)


def test_inlining_opens_boxes():
    circuit = boxed_circuit()
    job = circuit.to_job()
    batch = Batch([job, ghz().to_job()])
    compiled = CircuitInliner().compile(batch, None)
    assert [name for name, *_ in job.circuit.iterate_simple(depth=0)] == ["H", "CNOT", "C-H", "CCNOT"]
    assert len(circuit) == 2 and compiled.jobs[0] is job and compiled.jobs[1].circuit == ghz()
    assert job.circuit.qregs == circuit.qregs


def test_inlining_copies():
    job = boxed_circuit().to_job(nbshots=7)
    (inlined,) = CircuitInliner(inplace=False).compile(Batch([job]), None)
    assert len(job.circuit) == 2 and len(inlined.circuit) == 4 and inlined.nbshots == 7
    assert np.allclose(wavefunction(inlined.circuit, LinAlg()), wavefunction(job.circuit, LinAlg()))


# ---------------------------------------------------------------- remapping
def scattered():
    program = Program()
    qubits = program.qalloc(6)
    H(qubits[4]), CNOT(qubits[4], qubits[1]), X(qubits[3])
    return program.to_circ()


@pytest.mark.parametrize("keep_topology", [False, True])
@pytest.mark.parametrize("qubits", [None, [4, 0, 1], [0, 2], [3, 1, 4], [5]])
def test_remapped_samples(keep_topology, qubits):
    job = scattered().to_job(qubits=qubits)
    result = (Remap(keep_topology) | LinAlg()).submit(job)
    plain = LinAlg().submit(job)
    assert samples(result) == pytest.approx(samples(plain))
    assert [sample.state.int for sample in result] == [sample.state.int for sample in plain]
    assert [sample.amplitude is None for sample in result] == [sample.amplitude is None for sample in plain] or qubits


def test_remapped_circuits():
    recorder = Recorder()
    (Remap() | recorder).submit([scattered().to_job(), scattered().to_job(qubits=[4, 0, 1])])
    assert list(recorder.jobs[0].circuit.iterate_simple()) == [("H", [], [0]), ("CNOT", [], [0, 1]), ("X", [], [2])]
    assert recorder.jobs[0].qubits == [1, 2, 0] and recorder.jobs[1].qubits == [0, 1]
    (Remap(keep_topology=True) | recorder).submit(scattered().to_job())
    assert recorder.jobs[2].circuit.nbqbits == 5 and recorder.jobs[2].circuit.count("CNOT") == 1


def test_remapping_leaves_job_and_meta_data():
    job = scattered().to_job()
    results = (Remap() | LinAlg()).submit([job], meta_data={"k": "v"})
    assert results.meta_data == {"k": "v"} and job.circuit == scattered() and job.qubits == list(range(6))


def test_remapped_shots():
    result = (Remap() | LinAlg()).submit(scattered().to_job(nbshots=100))
    assert set(samples(result)) <= {"|000100>", "|010110>"} and result.meta_data["nbshots"] == "100"
    assert np.isclose(sum(sample.probability for sample in result), 1) and all(sample.err for sample in result)
    single = (Remap() | LinAlg()).submit(scattered().to_job(nbshots=7, aggregate_data=False, qubits=[2]))
    assert [str(sample.state) for sample in single] == ["|0>"] * 7
    assert all(sample.probability is None for sample in single)


def test_remapped_measurements():
    program = Program()
    qubits, bits = program.qalloc(3), program.calloc(3)
    X(qubits[2])
    program.measure(qubits[2], bits[2])
    program.cc_apply(bits[2], X, qubits[0])
    program.reset(qubits[2])
    job = program.to_circ().to_job(nbshots=1, aggregate_data=False)
    (sample,) = (Remap() | LinAlg()).submit(job)
    (plain,) = LinAlg().submit(job)
    assert str(sample.state) == str(plain.state) == "|100>"
    assert [m.gate_pos for m in sample.intermediate_measurements] == [
        m.gate_pos for m in plain.intermediate_measurements
    ]


def test_remapped_typed_registers():
    program = Program()
    first, second = program.qalloc(3, QInt), program.qalloc(2, QInt)
    X(first[1]), X(second[0])
    job = program.to_circ().to_job(qubits=[first, second])
    (sample,) = (Remap() | LinAlg()).submit(job)
    assert str(sample.state) == "|2>|2>" and sample.state.value == (2, 2)


@given(circuits(nb_used=3), st.data())
def test_remapped_observables(circuit, data):
    letters = data.draw(st.lists(st.text("IXYZ", min_size=NB_QUBITS, max_size=NB_QUBITS), max_size=4))
    terms = [
        Term(0.5 + index, text, list(range(NB_QUBITS))) for index, text in enumerate(letters) if set(text) != {"I"}
    ]
    job = circuit.to_job(observable=Observable(NB_QUBITS, pauli_terms=terms, constant_coeff=0.25))
    for keep_topology in (False, True):
        assert np.isclose((Remap(keep_topology) | LinAlg()).submit(job).value, LinAlg().submit(job).value, atol=1e-12)


def test_remapped_observable_with_variables():
    job = scattered().to_job(observable=Variable("w") * Observable.sigma_z(0, 6) + Observable.sigma_z(3, 6))
    (reduced,) = Remap().compile(Batch([job]), None)
    assert reduced.get_variables() == ["w"] and np.isclose(LinAlg().submit(reduced(w=2.0)).value, 1.0)


def test_what_remapping_leaves_alone():
    started, analog = scattered().to_job(psi_0="000001"), Schedule(drive=Observable.sigma_z(0, 1)).to_job()
    compiled = Remap().compile(Batch([started, analog]), None)
    assert compiled.jobs[0] is started and compiled.jobs[1] is analog


def test_remapping_circuits_without_gates():
    assert samples((Remap() | LinAlg()).submit(Circuit.empty(4).to_job())) == {"|0000>": 1.0}


def test_remapping_twice_and_below_others():
    job = scattered().to_job()
    assert samples((Remap() | Remap(True) | LinAlg()).submit(job)) == pytest.approx(samples(LinAlg().submit(job)))
    valued = scattered().to_job(observable=Observable.sigma_z(3, 6))
    assert np.isclose((MultipleLaunchesAnalyzer(2) | Remap() | LinAlg()).submit(valued).value, -1)


# ---------------------------------------------------------------- display and statistics
def test_display(capsys):
    (Display(batchmode=True) | LinAlg()).submit([ghz(2).to_job(), ghz(2).to_job()])
    assert capsys.readouterr().out.count("┤ H ├") == 2
    (Display() | LinAlg()).submit(ghz(2).to_job())
    assert "┤ H ├" in capsys.readouterr().out
    assert Display().compile(Batch([Schedule(drive=Observable.sigma_z(0, 1)).to_job()]), None).jobs


def test_statistics(capsys):
    (StatPlugin() | LinAlg()).submit(ghz().to_job())
    assert capsys.readouterr().out.startswith("=== StatPlugin:compile ===\nJob 0: {'nbqbits': 3, 'size': 3, 'gates': ")


# ---------------------------------------------------------------- observables
def test_transform_observable(monkeypatch):
    transforms = ModuleType("qat.fermion.transforms")
    transforms.transform_to_bk_basis = lambda observable: Observable.sigma_z(0, observable.nbqbits)
    monkeypatch.setitem(sys.modules, "qat.fermion", ModuleType("qat.fermion"))
    monkeypatch.setitem(sys.modules, "qat.fermion.transforms", transforms)
    fermionic = ghz().to_job(observable=Observable(3, pauli_terms=[Term(1.0, "Cc", [0, 1])]))
    spin = ghz().to_job(observable=Observable.sigma_z(0, 3))
    first, second = TransformObservable("bravyi-kitaev").compile(Batch([fermionic, spin]), None)
    assert first.observable == Observable.sigma_z(0, 3) and second is spin
    assert fermionic.observable.terms[0].op == "Cc"


def test_transform_observable_refuses():
    with pytest.raises(ValueError, match="Unknown transformation 'x'; choose one of jordan-wigner"):
        TransformObservable("x")
    job = ghz().to_job(observable=Observable(3, pauli_terms=[Term(1.0, "Cc", [0, 1])]))
    with pytest.raises(ImportError, match=r"needs the qat\.fermion package"):
        TransformObservable("jordan-wigner").compile(Batch([job]), None)
