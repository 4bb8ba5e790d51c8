"""How many units a pool can serve: QPUs that come and go, alpha that moves, and nothing said twice."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.broker.capacity import AwayQpu, PoolCapacity, PoolSight, QpuSight
from qhpc.slurm.site import Pool

UP = QpuSight(name="f-1")
CALIBRATING = QpuSight(name="f-1", state="calibrating", until_s=1000.0, reason="calibration")
DOWN = QpuSight(name="f-1", state="down", reason="its driver is gone")
SECOND = QpuSight(name="f-2")


def capacity(nb_qpus=1, alpha=1.1, **options):
    return PoolCapacity(Pool(name="f", nb_qpus=nb_qpus, alpha=alpha), **options)


def units(pool, now_s, *qpus, **options):
    offer = pool.look(PoolSight(qpus=qpus, **options), now_s)
    return None if offer is None else offer.units


def test_a_qpu_that_is_up_is_handed_out_with_room_for_what_was_rounded():
    offer = capacity(alpha=1.0).look(PoolSight(qpus=[UP]), 0.0)
    assert (offer.total, offer.units, offer.away) == (1002, 1002, ())


def test_a_calibration_withholds_at_once_and_its_end_gives_back_at_once():
    pool = capacity()
    assert units(pool, 0.0, UP) == 1103
    offer = pool.look(PoolSight(qpus=[CALIBRATING]), 1.0)
    assert (offer.total, offer.units) == (1103, 0)
    assert offer.away == (AwayQpu(name="f-1", state="calibrating", until_s=1000.0, reason="calibration"),)
    assert units(pool, 2.0, UP) == 1103


def test_a_short_calibration_changes_nothing():
    pool, short = capacity(), replace(CALIBRATING, until_s=9.0)
    assert [units(pool, now_s, qpu) for now_s, qpu in ((0.0, UP), (1.0, short), (8.0, short))] == [1103] * 3


def test_a_qpu_that_is_away_without_a_date_is_withheld_after_a_while():
    pool = capacity(patience_s=5.0)
    assert units(pool, 0.0, UP) == 1103
    assert [units(pool, now_s, DOWN) for now_s in (1.0, 5.9, 6.0, 7.0)] == [1103, 1103, 0, 0]
    assert units(pool, 8.0, UP) == 1103


def test_a_driver_that_is_started_again_and_again_changes_nothing():
    pool = capacity(patience_s=5.0)
    seen = [units(pool, float(now_s), UP if now_s % 4 == 0 else DOWN) for now_s in range(40)]
    assert set(seen) == {1103}


def test_nobody_knows_at_the_start_and_then_nothing_is_touched():
    pool = capacity(patience_s=5.0)
    assert units(pool, 0.0, DOWN) is None and units(pool, 4.0, DOWN) is None
    assert units(pool, 5.0, DOWN) == 0


def test_a_broker_that_is_started_during_a_calibration_gives_nothing_back_meanwhile():
    """It does not know yet until when; the reservation of the former broker stays."""
    pool = capacity(patience_s=5.0)
    assert units(pool, 0.0, DOWN) is None
    assert units(pool, 1.0, replace(CALIBRATING, until_s=None)) is None
    assert units(pool, 5.0, replace(CALIBRATING, until_s=None)) == 0


def test_one_of_two_takes_its_half():
    pool = capacity(2, alpha=1.0)
    assert units(pool, 0.0, UP, SECOND) == 2004
    offer = pool.look(PoolSight(qpus=[CALIBRATING, SECOND]), 1.0)
    assert (offer.total, offer.units) == (2004, 1002)


def test_a_window_counts_when_it_is_about_to_begin():
    pool = capacity(patience_s=10.0)
    qpu = replace(UP, window_s=(100.0, 400.0), window_reason="maintenance")
    assert units(pool, 0.0, qpu) == units(pool, 89.0, qpu) == 1103
    offer = pool.look(PoolSight(qpus=[qpu]), 91.0)
    assert offer.units == 0
    assert offer.away == (AwayQpu(name="f-1", state="calibrating", until_s=400.0, reason="maintenance"),)


def test_a_window_that_is_over_does_not_count():
    pool, qpu = capacity(), replace(UP, window_s=(100.0, 400.0))
    assert [units(pool, now_s, qpu) for now_s in (0.0, 100.0, 399.0, 400.0, 500.0)] == [1103, 0, 0, 1103, 1103]


def test_a_job_that_asks_for_more_than_alpha_gives_is_let_in():
    pool = capacity(alpha=1.0, max_alpha=1.5)
    assert units(pool, 0.0, UP, wanted=[250, 1400]) == 1400
    assert units(pool, 1.0, UP, wanted=[9000]) == 1503
    assert units(pool, 2.0, UP, wanted=[250]) == 1002
    assert units(pool, 3.0, CALIBRATING, wanted=[1400]) == 0


def looks(pool, nb, *qpus, step_s=60.0, waited=0.0, begin_s=0.0, **options):
    """A session that lives all the time and waits a part of it."""
    told = []
    for number in range(nb):
        now_s = begin_s + number * step_s
        told.append(units(pool, now_s, *qpus, sessions={"a": (now_s, waited * now_s)}, **options))
    return told


def test_alpha_stays_where_no_stretch_is_published():
    assert set(looks(capacity(), 1000, UP, wanted=[250])) == {1103}


def test_alpha_rises_in_steps_while_the_qpu_idles_and_jobs_wait_in_slurm():
    told = looks(capacity(target_stretch=1.3), 1000, UP, wanted=[250])
    assert told[0] == 1103 and told[-1] == 2004 and told == sorted(told)
    assert len(set(told)) < 20


@pytest.mark.parametrize(
    "options", [{}, {"wanted": [250], "nb_ready": 1}], ids=["nobody waits in Slurm", "a task waits for the QPU"]
)
def test_alpha_does_not_rise_without_need(options):
    assert set(looks(capacity(target_stretch=1.3), 1000, UP, **options)) == {1103}


def test_alpha_falls_while_jobs_crawl_but_a_qpu_is_always_given_whole():
    told = looks(capacity(alpha=1.8, target_stretch=1.3), 1000, replace(UP, is_busy=True), waited=0.6)
    assert told[0] == 1804 and told[-1] == 1002 and told == sorted(told, reverse=True)


def changes(pool, nb, *, step_s, **options):
    """When alpha has changed, and to what."""
    found = []
    for number in range(nb):
        before = pool.alpha
        pool.look(PoolSight(qpus=[UP], sessions={"a": (step_s * number, 0.0)}, **options), step_s * number)
        if pool.alpha != before:
            found.append((step_s * number, pool.alpha))
    return found


@pytest.mark.parametrize("step_s", [2.0, 37.0, 400.0])
def test_alpha_changes_no_more_often_than_is_said_and_by_about_a_tenth(step_s):
    pool = capacity(alpha=1.0, target_stretch=1.3, smoothing_s=600.0)
    found = changes(pool, int(12_000 / step_s), step_s=step_s, wanted=[250])
    times_s, alphas = zip((0.0, 1.0), *found, strict=True)
    assert pool.alpha == 2.0 and len(found) >= 6
    assert all(later - earlier >= 600.0 for earlier, later in pairwise(times_s))
    assert all(1.0 < after / before < 1.11 + 0.1 * step_s / 600.0 for before, after in pairwise(alphas))


@pytest.mark.parametrize("look_s", [1.0, 7.0, 60.0])
def test_the_stretch_is_that_of_the_whole_time_however_often_it_is_looked(look_s):
    """A job that waits 20 s and runs 60 s in turn is slowed down to 4/3: no more than is allowed."""
    pool, now_s = capacity(alpha=1.5, target_stretch=1.5, smoothing_s=1200.0), 0.0
    while now_s < 40_000.0:
        now_s += look_s
        rounds, rest_s = divmod(now_s, 80.0)
        waited_s = 20.0 * rounds + min(rest_s, 20.0)
        pool.look(PoolSight(qpus=[replace(UP, is_busy=True)], sessions={"a": (now_s, waited_s)}), now_s)
    assert pool.alpha == 1.5


def test_alpha_goes_on_where_it_was():
    assert capacity(target_stretch=1.3, alpha=1.1).alpha == 1.1
    options = {"target_stretch": 1.3, "max_alpha": 1.6}
    pool = Pool(name="f", alpha=1.1)
    assert [PoolCapacity(pool, alpha=alpha, **options).alpha for alpha in (1.4, 0.5, 3.0)] == [1.4, 1.0, 1.6]
    assert PoolCapacity(pool, alpha=1.4).alpha == 1.1  # nothing is published, so nothing moves it


def test_waiting_for_a_qpu_that_is_away_does_not_count():
    pool = capacity(alpha=1.5, target_stretch=1.3)
    assert units(pool, 0.0, UP) == 1503
    assert set(looks(pool, 1000, CALIBRATING, step_s=0.5, waited=0.9, begin_s=1.0)) == {0}
    assert units(pool, 600.0, UP) == 1503


@given(
    st.lists(st.tuples(st.sampled_from([UP, CALIBRATING, DOWN]), st.floats(0, 30), st.integers(0, 3000)), max_size=40)
)
def test_never_more_than_the_site_allows_never_less_than_a_qpu_that_is_up(steps):
    pool, now_s = capacity(target_stretch=1.3, max_alpha=1.5), 0.0
    for qpu, pause_s, asked in steps:
        now_s += pause_s
        offer = pool.look(PoolSight(qpus=[qpu], wanted=[asked]), now_s)
        if offer is not None:
            assert 0 <= offer.units <= 1503 and offer.total <= 1503
            assert (offer.units == 0) == bool(offer.away)
            assert qpu is not UP or offer.units >= 1002
