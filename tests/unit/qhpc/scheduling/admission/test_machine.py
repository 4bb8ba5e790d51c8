"""Admission: events in, instructions out."""

import pytest

from qhpc.scheduling.admission.events import (
    DutyObserved,
    IdleObserved,
    JobArrived,
    JobEnded,
    NodesCounted,
    PoolCounted,
    TimePassed,
)
from qhpc.scheduling.admission.instructions import AdmitJob, ChangeShare, SetCapacity
from qhpc.scheduling.admission.machine import AdmissionMachine
from qhpc.scheduling.admission.policies import CappedDuty, Exclusive, Unlimited

from .scenes import came, job, machine


def test_jobs_are_admitted_while_their_duties_fit():
    m = AdmissionMachine(CappedDuty(1.2))
    assert m.handle(PoolCounted(0.0, "p", 1)) == [SetCapacity("p", 1200)]
    assert m.handle(came(1.0, "a", 0.7), came(2.0, "b", 0.6), came(3.0, "c", 0.5)) == [
        AdmitJob("a", 0.7),
        AdmitJob("c", 0.5),
    ]
    assert [waiting.job.id for waiting in m.waiting("p")] == ["b"] and m.in_use("p") == 1200
    assert m.handle(JobEnded(4.0, "a")) == [AdmitJob("b", 0.6)]
    assert m.in_use("p") == 1100


def test_a_pool_offers_units_of_all_its_qpus():
    m = machine(nb_qpus=3)
    assert len(m.handle(*(came(1.0, f"j{i}", 0.9) for i in range(5)))) == 4


def test_a_job_arrives_and_ends_once():
    m = machine()
    assert m.handle(came(1.0), came(1.0), came(2.0)) == [AdmitJob("j", 0.5)]
    assert m.in_use("p") == 500
    assert m.handle(JobEnded(3.0, "j"), JobEnded(4.0, "j"), JobEnded(5.0, "unknown")) == []
    assert m.in_use("p") == 0


def test_a_waiting_job_can_be_withdrawn():
    m = machine(Exclusive())
    m.handle(came(1.0, "a"), came(2.0, "b"), came(3.0, "c"))
    assert m.handle(JobEnded(4.0, "b")) == []
    assert m.handle(JobEnded(5.0, "a")) == [AdmitJob("c", 0.5)]


def test_a_job_that_wants_more_than_there_is_takes_all():
    m = machine(CappedDuty(0.8))
    assert m.handle(came(1.0, "a", 1.0), came(2.0, "b", 0.1)) == [AdmitJob("a", 1.0)]
    assert m.in_use("p") == 800


@pytest.mark.parametrize("policy", [CappedDuty(1.2), Exclusive(), Unlimited()], ids=lambda policy: policy.name)
def test_jobs_wait_while_no_qpu_is_up(policy):
    m = AdmissionMachine(policy)
    assert m.handle(came(1.0)) == []
    assert [i for i in m.handle(PoolCounted(2.0, "p", 1)) if isinstance(i, AdmitJob)] == [AdmitJob("j", 0.5)]
    m.handle(PoolCounted(3.0, "p", 0))
    assert m.handle(JobEnded(4.0, "j"), came(5.0, "k"), TimePassed(6.0)) == []
    assert AdmitJob("k", 0.5) in m.handle(PoolCounted(7.0, "p", 1))


def test_units_are_kept_while_qpus_are_down():
    m = machine(CappedDuty(1.2, learns=True))
    m.handle(came(1.0, "a"), PoolCounted(2.0, "p", 0), DutyObserved(3.0, "a", 1.0, 1.0))
    assert m.in_use("p") == 500


def test_production_goes_before_development():
    m = machine(Exclusive())
    m.handle(came(1.0, "a"), came(2.0, "dev", priority_class="development"), came(3.0, "b"))
    assert m.handle(JobEnded(4.0, "a")) == [AdmitJob("b", 0.5)]


# ---------------------------------------------------------------- exclusive jobs, nodes
def test_an_exclusive_job_is_alone_even_if_more_is_offered():
    m = machine(CappedDuty(1.0, target_stretch=1.3))
    assert m.handle(came(1.0, "a", 0.1), came(2.0, "all", 0.1, is_exclusive=True)) == [AdmitJob("a", 0.1)]
    assert m.handle(JobEnded(3.0, "a")) == [AdmitJob("all", 1.0)]
    m.handle(came(4.0, "b", 0.01))
    for hour in range(1, 9):
        out = m.handle(DutyObserved(3600.0 * hour, "all", 1800.0 * hour, 1800.0 * hour))
        out += m.handle(IdleObserved(3600.0 * hour, "p", 3600.0, 0.5))
        assert not [i for i in out if not isinstance(i, SetCapacity)]
    assert m.handle(JobEnded(4e4, "all")) == [AdmitJob("b", 0.01)]


def test_jobs_wait_for_nodes():
    m = machine()
    m.handle(NodesCounted(0.0, 4))
    assert m.handle(came(1.0, "a", 0.1, nb_nodes=3), came(2.0, "b", 0.1, nb_nodes=2)) == [AdmitJob("a", 0.1)]
    assert m.handle(NodesCounted(3.0, 5)) == [AdmitJob("b", 0.1)]
    assert m.handle(came(4.0, "c", 0.1)) == []
    assert m.handle(JobEnded(5.0, "b")) == [AdmitJob("c", 0.1)]


def test_nodes_are_common_to_all_pools():
    m = machine()
    m.handle(PoolCounted(0.0, "r", 1), NodesCounted(0.0, 1))
    assert m.handle(came(1.0, "a", 0.1)) == [AdmitJob("a", 0.1)]
    assert m.handle(came(1.0, "b", 0.1, pool="r")) == []
    assert m.handle(JobEnded(2.0, "a")) == [AdmitJob("b", 0.1)]


# ---------------------------------------------------------------- what is measured
def test_unused_share_is_returned():
    m = machine(CappedDuty(1.0, learns=True))
    assert m.handle(came(1.0, "a", 1.0), came(2.0, "b", 0.6)) == [AdmitJob("a", 1.0)]
    out = [i for n in range(1, 9) for i in m.handle(DutyObserved(100.0 * n, "a", 10.0 * n, 90.0 * n))]
    admitted = [i for i in out if isinstance(i, AdmitJob)]
    assert [i.job_id for i in admitted] == ["b"]
    assert next(i.job_id for i in out if isinstance(i, ChangeShare)) == "a"
    assert m.in_use("p") < 1000


def test_who_uses_more_than_declared_keeps_its_share_while_the_pool_is_full():
    m = machine(CappedDuty(1.0, learns=True))
    m.handle(came(1.0, "greedy", 0.3, stack="g"), came(1.0, "other", 0.6, stack="o"))
    assert m.handle(DutyObserved(100.0, "greedy", 80.0, 20.0)) == []
    assert m.in_use("p") > 1000, "it takes what it needs of others' admission"
    (changed,) = m.handle(JobEnded(101.0, "other"), DutyObserved(200.0, "greedy", 160.0, 40.0))
    assert changed.job_id == "greedy" and changed.share > 0.5, "there is room for it now"


def test_declarations_are_believed_unless_duties_are_learned():
    m = machine()
    m.handle(came(1.0, "a", 0.5))
    assert m.handle(DutyObserved(9.0, "a", 1.0, 99.0), DutyObserved(9.0, "unknown", 1.0, 99.0)) == []
    assert m.in_use("p") == 500


def test_the_offer_follows_the_stretch_of_jobs():
    m = machine(CappedDuty(1.0, target_stretch=1.3))
    m.handle(came(0.0, "a", 0.5))
    out = m.handle(DutyObserved(105.0, "a", 50.0, 50.0), IdleObserved(3600.0, "p", 3600.0, 0.3))
    assert [type(i) for i in out] == [SetCapacity] and out[0].units > 1000
    out = m.handle(DutyObserved(9000.0, "a", 100.0, 100.0), IdleObserved(10800.0, "p", 7200.0, 0.0))
    assert out[0].units < 1000


def test_nothing_follows_from_nothing():
    assert AdmissionMachine(CappedDuty()).handle() == []
    assert machine().handle(TimePassed(1.0), IdleObserved(2.0, "p", 600.0, 1.0)) == []


def test_events_are_told_together_or_one_by_one():
    events = [came(1.0, "a", 0.7), came(2.0, "b", 0.6), JobArrived(3.0, job("c", 0.5)), JobEnded(4.0, "a")]
    together, single = machine(), machine()
    assert together.handle(*events[:3]) == [i for event in events[:3] for i in single.handle(event)]
    assert together.handle(events[3]) == single.handle(events[3])
