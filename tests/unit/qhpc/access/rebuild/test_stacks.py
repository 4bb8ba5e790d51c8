"""Recipes become stacks of the services that a site offers, or are refused with what is wrong and what to do."""

import pytest

from qat.comm.arguments import Range
from qat.comm.recipe import RECIPE_VERSION, ServiceCall, StackRecipe
from qat.core.application import Application
from qat.core.empty import EmptyPlugin
from qhpc.access.launchers.protocol import InvalidSubmission
from qhpc.access.rebuild.policy import ServicePolicy
from qhpc.access.rebuild.stacks import rebuild
from qhpc.access.rebuild.table import ServiceTable

from ..submissions import call, ghz_job, stack, variational_job

TABLE = ServiceTable()


def refusal(recipe, table=TABLE, task="submit"):
    with pytest.raises(InvalidSubmission) as caught:
        rebuild(recipe, table, task)
    return caught.value


def test_a_rebuilt_stack_gives_what_the_local_one_gives():
    result = rebuild(stack("LinAlg"), TABLE).submit(ghz_job())
    assert [(str(sample.state), round(sample.probability, 9)) for sample in result] == [
        ("|0000>", 0.5),
        ("|1111>", 0.5),
    ]


def test_arguments_reach_the_constructors():
    recipe = stack(call("qat.plugins:ScipyMinimizePlugin", method="COBYLA", x0=[0.3], tol=1e-3), call("LinAlg", seed=1))
    result = rebuild(recipe, TABLE).submit(variational_job())
    assert result.value == pytest.approx(-1, abs=1e-4)


def test_each_rebuild_makes_new_services():
    assert rebuild(stack("LinAlg"), TABLE) is not rebuild(stack("LinAlg"), TABLE)


def test_generators_make_applications():
    recipe = stack("qat.generators:MaxCutGenerator", "qat.plugins:ScipyMinimizePlugin", "LinAlg")
    assert isinstance(rebuild(recipe, TABLE, "execute"), Application)


def test_plugins_alone_can_compile():
    assert isinstance(rebuild(stack("qat.plugins:EmptyPlugin"), TABLE, "compile"), EmptyPlugin)


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("qat.qpus:Linalg", "qat.qpus:LinAlg"),
        ("qat.qpus:ScipyMinimizePlugin", "qat.plugins:ScipyMinimizePlugin"),
        ("qat.plugins:ScipyMinimisePlugin", "qat.plugins:ScipyMinimizePlugin"),
    ],
)
def test_unknown_services_are_refused_with_near_names(address, near):
    error = refusal(stack(call(address), "LinAlg"))
    assert error.code == "unknown-service" and near in error.near_names and near in error.detail


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("qat.qpus", "QPUHandler"),
        ("qat.qpus", "get_default_qpu"),
        ("qat.qpus", "RemoteQPU"),
        ("qat.plugins", "RemotePlugin"),
        ("qat.plugins", "AbstractPlugin"),
        ("qat.plugins", "Optimizer"),
        ("qat.generators", "AbstractGenerator"),
        ("qat.qpus", "openqat_services"),
        ("qat.qpus", "linalg"),
        ("qat.qpus", "__path__"),
        ("qat.qpus", "__class__"),
        ("qat.qpus", "os.system"),
        ("qat.qpus", "../LinAlg"),
        ("qat.qpus", ""),
        ("qat.qpus", "LinAlg" * 1000),
        ("qat.plugins", "LinAlg"),
    ],
)
def test_only_services_can_be_reached(kind, name):
    error = refusal(StackRecipe((ServiceCall(kind, name),)))
    assert error.code == "unknown-service" and len(error.detail) < 2000


def test_a_site_chooses_what_it_offers():
    table = ServiceTable(ServicePolicy(allow=("qat.qpus:*", "qat.plugins:Scipy*"), deny=("*:PyLinalg",)))
    assert {name for _, name, _ in table} >= {"LinAlg", "ScipyMinimizePlugin"}
    assert refusal(stack("PyLinalg"), table).code == "unknown-service"
    assert refusal(stack("qat.plugins:EmptyPlugin", "LinAlg"), table).code == "unknown-service"


@pytest.mark.parametrize(
    ("service", "said"),
    [
        (call("LinAlg", precision=3), "precision is 3"),
        (call("LinAlg", colour="red"), "unexpected keyword argument 'colour'"),
        (call("LinAlg", precision=3), "LinAlg(use_nbthreads_heuristic=True, precision=2"),
        (call("SimulatedAnnealing"), "missing"),
        (call("LinAlg", seed="today"), "seed"),
    ],
)
def test_wrong_arguments_are_refused_with_the_signature(service, said):
    error = refusal(stack(service))
    assert error.code == "invalid-argument" and said in error.detail and "it is made by" in error.detail


def test_unreadable_arguments_are_refused():
    service = ServiceCall("qat.qpus", "LinAlg", (), {"seed": Range(0, 1, 0)})
    error = refusal(StackRecipe((service,)))
    assert error.code == "invalid-argument" and "cannot be read" in error.detail


@pytest.mark.parametrize(
    ("services", "task", "said"),
    [
        ((), "submit", "empty"),
        (("LinAlg", "LinAlg"), "submit", "nothing can follow a QPU"),
        (("LinAlg", "qat.plugins:EmptyPlugin"), "submit", "nothing can follow a QPU"),
        (("qat.plugins:EmptyPlugin",), "submit", "needs a QPU at the end"),
        (("qat.plugins:ScipyMinimizePlugin",), "submit", "no QPU at the end"),
        (("qat.generators:MaxCutGenerator", "qat.generators:MaxCutGenerator"), "execute", "cannot pipe"),
        (("qat.generators:MaxCutGenerator", "LinAlg"), "submit", "is for execute"),
        (("LinAlg",), "execute", "needs a generator"),
        (("qat.generators:MaxCutGenerator",), "execute", "needs a generator in front and a QPU"),
    ],
)
def test_stacks_that_make_no_sense_are_refused(services, task, said):
    error = refusal(stack(*services), task=task)
    assert error.code == "invalid-stack" and said in error.detail


def test_recipes_of_a_later_version_are_refused():
    recipe = StackRecipe(stack("LinAlg").services, version=RECIPE_VERSION + 1)
    assert refusal(recipe).code == "too-new"


@pytest.mark.parametrize("name", ["broker", "patience_s"])
def test_what_is_for_the_site_to_say_is_refused(name):
    refused = refusal(stack(call("SharedQPU", "fresnel", **{name: "unix:/tmp/mine"})))
    assert refused.code == "invalid-argument"
    assert refused.detail == f"qat.qpus:SharedQPU: {name} is for the site to say, not for its users; leave it out"
