"""What jobs have needed, from the accounts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.broker.needed_duty import MIN_UNITS, DutyBook, NeededDuty, needed_duties, revised
from qhpc.broker.usage_rows import SessionRow


def row(
    number, used_s, *, user="ada", pool="p", share=0.25, waited_s=0.0, life_s=100.0, stack="vqe", job=None, begin_s=None
):
    begin_s = 1000.0 * number if begin_s is None else begin_s
    job = number if job is None else job
    return SessionRow(
        f"{user}:{number}", begin_s, user, "", job, pool, share, begin_s + life_s, used_s, waited_s, 0.0, "ended", stack
    )


def test_two_jobs_tell_nothing_and_three_do():
    rows = [row(number, 10.0) for number in range(3)]
    assert needed_duties(rows[:2]) == []
    [ada] = needed_duties(rows)
    assert (ada.user, ada.pool, ada.nb_jobs, ada.admitted, ada.needed) == ("ada", "p", 3, 263, 108)


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
    assert ada.needed == 108


def test_stacks_of_a_user_are_apart():
    rows = [row(3 * number + which, used_s, stack=stack) for number in range(3)
            for which, (stack, used_s) in enumerate((("vqe", 10.0), ("qaoa", 40.0), ("", 70.0)))]  # fmt: skip
    assert [(each.stack, each.needed) for each in needed_duties(rows)] == [("", 700), ("qaoa", 408), ("vqe", 108)]


@pytest.mark.parametrize(
    ("second_s", "needed"), [(0.0, 408), (100.0, 212), (200.0, 144)], ids=["beside", "after", "later"]
)
def test_sessions_of_a_job_are_one_job(second_s, needed):
    """Ranks of a program, or one after the other with classical work between."""
    rows = [
        row(10 * job + part, 20.0, job=job, begin_s=10_000.0 * job + part * second_s)
        for job in range(3)
        for part in (0, 1)
    ]
    [ada] = needed_duties(rows)
    assert (ada.nb_jobs, ada.needed) == (3, needed)


def test_a_job_id_that_is_used_again_is_another_job():
    rows = [row(number, 10.0, job=7, begin_s=number * 200_000.0) for number in range(3)]
    assert needed_duties(rows)[0].nb_jobs == 3


def test_users_and_pools_are_apart_and_sessions_without_a_task_tell_nothing():
    rows = [
        row(number, used_s, user=user, pool=pool)
        for number in range(3)
        for user, pool, used_s in (("bob", "p", 50.0), ("ada", "r", 10.0), ("ada", "p", 20.0), ("eve", "p", 0.0))
    ]
    assert [(each.user, each.pool, each.needed) for each in needed_duties(rows)] == [
        ("ada", "p", 212), ("ada", "r", 108), ("bob", "p", 500),
    ]  # fmt: skip


def test_several_qpus_at_a_time_are_one_whole():
    [ada] = needed_duties([row(number, 300.0) for number in range(3)])
    assert ada.needed == 1000


def needed(units, stack="vqe"):
    return NeededDuty(user="ada", pool="p", stack=stack, nb_jobs=9, admitted=250, needed=units)


def test_what_is_said_stays_until_it_is_clearly_wrong():
    units, seen = {}, []
    for measured in (100, 120, 90, 130, 110, 160, 3):
        units = revised(units, [needed(measured)])
        seen.append(units["ada", "p", "vqe"])
    assert seen == [100, 100, 100, 130, 130, 130, MIN_UNITS] or seen == [100, 100, 100, 130, 130, 160, MIN_UNITS]


def test_jobs_without_a_name_are_not_told_apart_and_others_stay():
    assert revised({("bob", "p", "x"): 5}, [needed(700, stack="")]) == {("bob", "p", "x"): 5}


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=30))
def test_what_is_said_is_bounded_and_never_far_from_what_was_measured(measures):
    units, changes = {}, 0
    for measured in measures:
        before, units = units, revised(units, [needed(measured)])
        said = units["ada", "p", "vqe"]
        assert MIN_UNITS <= said <= 1000 and 0.8 * max(measured, MIN_UNITS) <= said <= 1.25 * max(measured, MIN_UNITS)
        changes += units != before
    assert changes <= len(measures)


def test_news_are_of_those_who_have_some():
    book = DutyBook()
    book.count_rows(row(number, 10.0) for number in range(3))
    book.count_rows(row(10 + number, 10.0, user="bob") for number in range(2))
    assert [each.user for each in book.news()] == ["ada"]
    book.count_rows([row(12, 10.0, user="bob")])
    assert [each.user for each in book.news()] == ["bob"] and book.news() == []
