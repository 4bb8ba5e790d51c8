"""Variables that a program declares belong to its circuit, whether a gate uses them or not (*ran*)."""

import copy
import pickle

import pytest

from qat.core import Circuit, Job, Observable, Term, Variable
from qat.lang.AQASM import RX, H, Program
from qat.plugins import (
    CircuitInliner,
    FusionPlugin,
    GradientDescentOptimizer,
    PSOMinimizePlugin,
    Remap,
    ScipyMinimizePlugin,
    SeqOptim,
    SPSAMinimizePlugin,
)
from qat.qpus import LinAlg, PyLinalg


def declaring(**variables: type) -> tuple[Program, dict]:
    prog = Program()
    prog.qalloc(2)
    return prog, {name: prog.new_var(a_type, name) for name, a_type in variables.items()}


@pytest.fixture
def circ() -> Circuit:
    """RX(a) on qubit 0 of 2; b and c are declared and unused."""
    prog, variables = declaring(a=float, b=float, c=int)
    RX(variables["a"])(prog.registers[0][0])
    return prog.to_circ()


@pytest.fixture
def job(circ) -> Job:
    return circ.to_job(observable=Observable(2, pauli_terms=[Term(1.0, "Z", [0])]))


def test_they_are_variables_of_the_circuit(circ):
    assert circ.get_variables() == ["a", "b", "c"] and [*circ.var_dic] == ["a", "b", "c"]
    records = circ.var_dic.values()
    assert [(r.type, r.value.type, r.value.is_abstract, r.value.string_p) for r in records] == [
        (1, 1, True, "a"),
        (1, 1, True, "b"),
        (0, 0, True, "c"),
    ]


def test_binding_removes_them(circ):
    assert circ(b=2.0).get_variables() == ["a", "c"] and [*circ(b=2.0).var_dic] == ["a", "c"]
    assert circ(a=2.0).get_variables() == ["b", "c"]
    assert circ(a=2.0, b=1.0, c=1, unknown=3).var_dic == {}
    assert circ.get_variables() == ["a", "b", "c"]


def test_jobs_list_them_and_run_without_them(job):
    assert job.get_variables() == ["a", "b", "c"]
    assert job(b=1).get_variables() == ["a", "c"] and job(b=1, zz=4).parameter_map == {"b": 1, "zz": 4}
    for qpu in (PyLinalg(), LinAlg()):
        assert qpu.submit(job(a=0.5)).value == pytest.approx(0.8775825618903728)
    assert job.eval([0.5, 7.0, 7.0], qpu=PyLinalg()) == pytest.approx(0.8775825618903728)


def test_derivatives_by_unused_variables_need_no_job(job):
    assert {name: len(jobs) for name, jobs in job.gradient().items()} == {"a": 2, "b": 0, "c": 0}
    assert job.differentiate("b") == []


OPTIMIZERS = [
    ScipyMinimizePlugin(method="BFGS"),
    ScipyMinimizePlugin(method="COBYLA", options={"maxiter": 5}),
    GradientDescentOptimizer(maxiter=2),
    GradientDescentOptimizer(maxiter=2, natural_gradient=True),
    SeqOptim(ncycles=1),
    SPSAMinimizePlugin(maxiter=2),
    PSOMinimizePlugin(max_iter=2),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: type(optimizer).__name__)
@pytest.mark.parametrize("qpu", [PyLinalg(), LinAlg()], ids=["PyLinalg", "LinAlg"])
def test_optimizers_have_a_value_for_them(job, optimizer, qpu):
    assert set((optimizer | qpu).submit(job).parameter_map) == {"a", "b", "c"}


@pytest.mark.parametrize("plugin", [CircuitInliner(), FusionPlugin(), Remap()], ids=["inliner", "fusion", "remap"])
def test_plugins_keep_them(job, plugin):
    assert job.compile(plugin).get_variables() == ["a", "b", "c"]


def test_algebra_of_circuits_unites_them(circ):
    prog, _ = declaring(e=float)
    H(prog.registers[0][0])
    other = prog.to_circ()
    for combined in (circ + other, circ * other, other + circ):
        assert combined.get_variables() == ["a", "b", "c", "e"] and set(combined.var_dic) == {"a", "b", "c", "e"}
    assert circ.dag().get_variables() == ["a", "b", "c"]
    assert circ.get_variables() == ["a", "b", "c"] and other.get_variables() == ["e"]


def test_they_travel(circ, job, tmp_path):
    circ.dump(str(tmp_path / "declared"))
    job.dump(str(tmp_path / "declared"))
    loaded = Circuit.load(str(tmp_path / "declared.circ"))
    for copied in (loaded, pickle.loads(pickle.dumps(circ)), copy.deepcopy(circ)):
        assert copied.get_variables() == ["a", "b", "c"] and copied.var_dic == circ.var_dic
    assert Job.load(str(tmp_path / "declared.job")).get_variables() == ["a", "b", "c"]


def test_variables_that_no_program_declares():
    prog = Program()
    RX(Variable("v"))(prog.qalloc(1))
    circ = prog.to_circ()
    assert circ.get_variables() == ["v"] and circ.var_dic["v"].value.string_p == "v" and circ(v=1.0).var_dic == {}


def test_the_dictionary_may_be_edited(circ):
    circ.var_dic["zed"] = circ.var_dic["b"]
    assert circ.get_variables() == ["a", "b", "c", "zed"]
    circ.var_dic = {}
    assert circ.get_variables() == ["a"], "what a gate uses is always there"
