"""What jobs have needed, from the accounts."""

import pytest

from qhpc.broker.needed_duty import needed_duties
from qhpc.broker.usage_rows import SessionRow


def row(number, used_s, *, user="ada", pool="p", share=0.25, waited_s=0.0, life_s=100.0):
    begin_s = 1000.0 * number
    return SessionRow(
        f"{user}:{number}", begin_s, user, "", 7, pool, share, begin_s + life_s, used_s, waited_s, 0.0, "ended"
    )


def test_two_sessions_tell_nothing_and_three_do():
    rows = [row(number, 10.0) for number in range(3)]
    assert needed_duties(rows[:2]) == []
    [ada] = needed_duties(rows)
    assert (ada.user, ada.pool, ada.nb_sessions, ada.admitted, ada.needed) == ("ada", "p", 3, 250, 100)


@pytest.mark.parametrize(("used_s", "advice"), [(50.0, "more"), (30.0, ""), (22.0, ""), (10.0, "less")])
def test_the_advice(used_s, advice):
    [ada] = needed_duties([row(number, used_s) for number in range(3)])
    assert ada.advice == advice


def test_waiting_for_others_is_no_need():
    [ada] = needed_duties([row(number, 20.0, waited_s=60.0) for number in range(3)])
    assert ada.needed == 500


def test_an_odd_job_and_jobs_of_long_ago_change_nothing():
    rows = [row(number, 90.0) for number in range(20)] + [row(number, 10.0) for number in range(20, 29)]
    [ada] = needed_duties(reversed([*rows, row(29, 99.0)]))
    assert ada.needed == 100


def test_users_and_pools_are_apart_and_sessions_without_a_task_tell_nothing():
    rows = [
        row(number, used_s, user=user, pool=pool)
        for number in range(3)
        for user, pool, used_s in (("bob", "p", 50.0), ("ada", "r", 10.0), ("ada", "p", 20.0), ("eve", "p", 0.0))
    ]
    assert [(each.user, each.pool, each.needed) for each in needed_duties(rows)] == [
        ("ada", "p", 200), ("ada", "r", 100), ("bob", "p", 500),
    ]  # fmt: skip


def test_several_qpus_at_a_time_are_one_whole():
    [ada] = needed_duties([row(number, 300.0) for number in range(3)])
    assert ada.needed == 1000
