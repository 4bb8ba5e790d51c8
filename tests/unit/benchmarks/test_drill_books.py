"""What the drill finds when the driver's record and the broker's accounts do not agree."""

import pytest

from benchmarks.live.drill_books import compared
from qhpc.broker.drivers.slice_log import LoggedSlice
from qhpc.broker.usage_rows import SliceRow


def ran(number, *, what=("begun", "ended"), pid=7):
    return [LoggedSlice("ada:job.1/t", number, pid, word) for word in what]


def row(number, outcome="finished", shots=10, opened_s=1.0):
    return SliceRow("ada:job.1", opened_s, "t", number, "ada", "", 3, "q", "p", 2.0, 0.5, 0.0, shots, outcome)


def faults(books):
    names = ("run_twice", "recorded_twice", "missing", "invented", "miscounted")
    return {name: getattr(books, name) for name in names if getattr(books, name)}


def test_books_that_agree():
    books = compared([*ran(1), *ran(2)], [row(1), row(2)], {"job": 20})
    assert (books.nb_slices, books.nb_charged, books.nb_lost, books.nb_cut) == (2, 2, 0, 0)
    assert faults(books) == {}


def test_a_slice_whose_driver_was_killed_is_in_the_accounts_as_lost():
    books = compared([*ran(1, what=["begun"]), *ran(2, pid=8)], [row(1, "lost", 0), row(2)], {"job": 10})
    assert (books.nb_slices, books.nb_charged, books.nb_lost, books.nb_cut) == (2, 1, 1, 1)
    assert faults(books) == {}


def test_a_slice_that_failed_is_charged_to_nobody():
    books = compared([*ran(1, what=["begun", "broken"]), *ran(2)], [row(1, "failed", 0), row(2)], {"job": 10})
    assert faults(books) == {} and books.nb_charged == 1


NAME = "ada:job.1/t slice 1"


@pytest.mark.parametrize(("log", "rows", "shots", "found"), [
    (ran(1) + ran(1, what=["begun"]), [row(1)], 10, {"run_twice": [NAME]}),
    (ran(1), [row(1), row(1, opened_s=2.0)], 20, {"recorded_twice": [NAME]}),
    (ran(1), [], 0, {"missing": [NAME]}),
    (ran(1, what=["begun", "broken"]), [], 0, {"missing": [NAME]}),
    ([], [row(1)], 10, {"invented": [NAME]}),
    (ran(1), [row(1)], 11, {"miscounted": ["job: 10 of 11 shots"]}),
])  # fmt: skip
def test_what_must_not_be_is_named(log, rows, shots, found):
    assert faults(compared(log, rows, {"job": shots})) == found


def test_what_ran_again_because_broker_and_driver_were_killed_counts_where_it_must_not():
    log, rows = ran(1) + ran(1, pid=8), [row(1)]
    books = compared(log, rows, {"job": 10})
    assert faults(books) == {} and (books.nb_again, books.nb_charged) == (1, 1)
    books = compared(log, rows, {"job": 10}, once={"job"})
    assert faults(books) == {"run_twice": [NAME]} and books.nb_again == 0
