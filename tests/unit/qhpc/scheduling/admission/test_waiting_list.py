"""Order of admission: first come, first served, with backfill that starves nobody."""

import pytest

from qhpc.scheduling.admission.events import JobEnded
from qhpc.scheduling.admission.instructions import AdmitJob
from qhpc.scheduling.admission.waiting_list import WaitingList

from .scenes import came, job, machine


def fits_in(room):
    return lambda job, is_due: job.declared_duty if job.declared_duty <= room else None


def waiting_list(*duties, **options):
    waiting = WaitingList(**options)
    for number, duty in enumerate(duties):
        waiting.add(job(f"{number}", duty), float(number))
    return waiting


def test_the_first_goes_first_if_it_fits():
    assert waiting_list(0.1, 0.5).take(fits_in(0.6)).id == "0"


def test_the_smallest_that_fits_passes_the_first():
    waiting = waiting_list(0.9, 0.4, 0.2, 0.3, 0.2)
    assert waiting.take(fits_in(0.45)).id == "2"
    assert [each.overtaken for each in waiting.in_order()] == [1, 0, 0, 0], "those that fit as well are not held back"


def test_or_the_first_that_fits_does():
    waiting = waiting_list(0.9, 0.4, 0.2, 0.3, smallest_first=False)
    assert [waiting.take(fits_in(0.45)).id for _ in range(3)] == ["1", "2", "3"]


def test_nobody_passes_a_job_that_was_passed_often_enough():
    waiting = waiting_list(0.9, *[0.1] * 9, max_overtaken=3)
    assert [waiting.take(fits_in(0.5)).id for _ in range(3)] == ["1", "2", "3"]
    assert waiting.take(fits_in(0.5)) is None
    assert waiting.take(fits_in(0.9)).id == "0"
    assert waiting.take(fits_in(0.5)).id == "4"


def test_nothing_to_take():
    assert WaitingList().take(fits_in(1.0)) is None
    waiting = waiting_list(0.5)
    assert waiting.take(fits_in(0.1)) is None and len(waiting) == 1


def test_a_job_is_removed_once():
    waiting = waiting_list(0.5)
    assert waiting.remove("0") and not waiting.remove("0") and not len(waiting)


@pytest.mark.parametrize("large", [0.9, 1.0, 1.2])
def test_a_large_job_is_admitted_among_endless_small_ones(large):
    m = machine(max_overtaken=8)
    m.handle(*(came(0.0, f"s{i}", 0.1) for i in range(11)))
    assert m.handle(came(1.0, "large", large)) == []
    for number in range(11, 60):
        m.handle(came(float(number), f"s{number}", 0.1))
        if AdmitJob("large", min(large, 1.0)) in m.handle(JobEnded(float(number), f"s{number - 11}")):
            break
    assert number <= 11 + 8 + 11, "after eight passed it, the pool drains"
    assert m.in_use("p") <= 1200 + 1000 * large / 2, "beyond the offer by half of its units at most"


def test_an_exclusive_job_never_shares():
    m = machine(max_overtaken=0)
    m.handle(came(0.0, "a", 0.1), came(1.0, "all", 0.1, is_exclusive=True), came(2.0, "b", 0.1))
    assert m.handle(JobEnded(3.0, "a")) == [AdmitJob("all", 1.0)]
    assert m.handle(JobEnded(4.0, "all")) == [AdmitJob("b", 0.1)]
