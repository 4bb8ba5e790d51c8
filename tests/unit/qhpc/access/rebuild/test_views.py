"""What users are told about services, and what services say that a batch needs."""

from types import MappingProxyType

import msgspec
import pytest

from qat.comm.access.messages import Estimate
from qat.comm.resource.ttypes import ResourceModel
from qat.core import Batch, Circuit, Observable, Result, Schedule
from qat.core.qlmaas import qlmaas_warning
from qat.core.qpu import QPUHandler
from qat.plugins import EmptyPlugin, ScipyMinimizePlugin
from qat.qpus import LinAlg, SharedQPU, SimulatedAnnealing
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
    assert 16 << 40 <= estimate.memory_bytes <= 64 << 40 and estimate.duration_s > 60
    assert (estimate.nb_jobs, estimate.nb_qubits, estimate.nb_shots) == (2, 40, 7)


def test_jobs_that_are_alike_are_estimated_once_and_counted_each():
    job, simulator = ghz_job(18), LinAlg()
    one, many = (estimated(simulator, [simulator], Batch([job] * nb_jobs)) for nb_jobs in (1, 5000))
    assert many.memory_bytes == one.memory_bytes and many.duration_s == pytest.approx(5000 * one.duration_s)


@pytest.mark.parametrize("nb_qubits", [1020, 5000])
def test_no_estimate_is_too_large_to_be_sent(nb_qubits):
    estimate = estimated(LinAlg(), [LinAlg()], Batch([Circuit.empty(nb_qubits).to_job()]))
    assert estimate.memory_bytes == (1 << 63) - 1
    assert msgspec.json.decode(msgspec.json.encode(estimate), type=Estimate) == estimate


def test_a_job_that_the_qpu_refuses_as_it_is_has_no_estimate():
    schedule = Schedule([(1, Observable.sigma_z(0, 1))]).to_job()
    assert estimated(LinAlg(), [LinAlg()], Batch([schedule])).memory_bytes is None


@pytest.mark.parametrize(
    ("models", "memory_bytes", "duration_s"),
    [
        (None, None, None),
        ([], None, None),
        ([ResourceModel()], None, None),
        (ResourceModel(mem_necessary_biggest_job_mb=3), 3_000_000, None),
        (
            [ResourceModel(mem_necessary_biggest_job_mb=3, max_time_minutes=2)] * 2,
            3_000_000,
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


class Fresnel(SharedQPU):
    pool = "fresnel"


class Fixed(SharedQPU):
    def __init__(self):
        super().__init__("iqm", share=0.25)


class Own(Device):
    qpu_pools = MappingProxyType({"own": None})


@pytest.mark.parametrize(
    ("qpu", "qpu_pools"),
    [
        (Fresnel(), {"fresnel": None}),
        (Fresnel(share=0.3), {"fresnel": 0.3}),
        (SharedQPU("iqm"), {"iqm": None}),
        (Fixed(), {"iqm": 0.25}),
        (Own(1), {"own": None}),
        (LinAlg(), {}),
    ],
)
def test_the_pools_of_qpus_that_a_stack_uses_are_told_with_their_share(qpu, qpu_pools):
    for batch in (None, Batch([ghz_job()])):
        estimate = estimated(EmptyPlugin() | qpu, [EmptyPlugin(), qpu], batch)
        assert estimate.qpu_pools == qpu_pools
        assert msgspec.json.decode(msgspec.json.encode(estimate), type=Estimate) == estimate
