"""What users are told about services, and what services say that a batch needs."""

import pytest

from qat.comm.resource.ttypes import ResourceModel
from qat.core import Batch, Circuit, Result
from qat.core.qlmaas import qlmaas_warning
from qat.core.qpu import QPUHandler
from qat.plugins import EmptyPlugin, ScipyMinimizePlugin
from qat.qpus import LinAlg, SimulatedAnnealing
from qhpc.access.rebuild.estimates import estimated
from qhpc.access.rebuild.stacks import rebuild
from qhpc.access.rebuild.table import ServiceTable
from qhpc.access.rebuild.views import view_of

from ..submissions import ghz_job, stack


@qlmaas_warning("is being calibrated")
class Device(QPUHandler):
    """A device.

    With limits.
    """

    def __init__(self, first, *rest, speed=(1, "a" * 300), **others):
        super().__init__()

    def submit_job(self, job):
        return Result()


class Asked(Device):
    """Says what it needs."""

    def __init__(self, models):
        super().__init__(1)
        self.models = models

    def estimate_resources_for_batch(self, batch):
        return self.models


def test_views_tell_role_documentation_parameters_and_warning():
    view = view_of("qat.qpus", "Device", Device)
    assert (view.role, view.warning, view.doc) == ("qpu", "is being calibrated", "A device.\n\nWith limits.")
    assert [(p.name, p.kind, p.annotation) for p in view.parameters] == [
        ("first", "positional", None),
        ("rest", "variadic", None),
        ("speed", "keyword", None),
        ("others", "variadic-keyword", None),
    ]
    assert view.parameters[0].default is None and len(view.parameters[2].default) == 200


def test_annotations_are_text_as_it_was_written():
    precision = next(p for p in view_of("qat.qpus", "LinAlg", LinAlg).parameters if p.name == "precision")
    assert (precision.annotation, precision.default) == ("int", "2")


def test_every_service_of_ours_has_a_view_with_documentation():
    views = {f"{kind}:{name}": view_of(kind, name, cls) for kind, name, cls in ServiceTable()}
    assert all(view.doc for view in views.values())
    assert views["qat.plugins:ScipyMinimizePlugin"].role == "junction"
    assert views["qat.plugins:EmptyPlugin"].role == "plugin"
    assert views["qat.generators:MaxCutGenerator"].role == "generator"


def test_a_state_vector_is_estimated_without_being_made():
    recipe = stack("qat.plugins:ScipyMinimizePlugin", "qat.plugins:EmptyPlugin", "LinAlg")
    estimate = estimated(rebuild(recipe, ServiceTable()), [LinAlg()], Batch([ghz_job(40), ghz_job(3, nbshots=7)]))
    assert estimate.memory_bytes == 3 * 16 << 40
    assert (estimate.nb_jobs, estimate.nb_qubits, estimate.nb_shots) == (2, 40, 7)


def test_no_estimate_is_too_large_to_be_sent():
    estimate = estimated(LinAlg(), [LinAlg()], Batch([Circuit.empty(5000).to_job()]))
    assert estimate.memory_bytes == (1 << 63) - 1


@pytest.mark.parametrize(
    ("models", "memory_bytes", "duration_s"),
    [
        (None, None, None),
        ([], None, None),
        ([ResourceModel()], None, None),
        (ResourceModel(mem_necessary_biggest_job_mb=3), 3 << 20, None),
        (
            [ResourceModel(mem_necessary_biggest_job_mb=3, max_time_minutes=2)] * 2,
            3 << 20,
            240.0,
        ),
    ],
)
def test_what_a_qpu_says_is_passed_on(models, memory_bytes, duration_s):
    qpu = Asked(models)
    estimate = estimated(EmptyPlugin() | qpu, [EmptyPlugin(), qpu], Batch([ghz_job()]))
    assert (estimate.memory_bytes, estimate.duration_s) == (memory_bytes, duration_s)


def test_only_a_stack_all_of_whose_services_are_safe_is_safe_to_run_twice():
    simulator, annealer = LinAlg(), SimulatedAnnealing(1.0)
    assert estimated(simulator, [ScipyMinimizePlugin(), EmptyPlugin(), simulator], None).is_safe_to_retry
    assert estimated(annealer, [annealer], None).is_safe_to_retry
    assert not estimated(Device(1), [EmptyPlugin(), Device(1)], None).is_safe_to_retry
