"""Lists of jobs on every store: filters, totals, order, parts."""

from itertools import product
from urllib.parse import quote

import pytest

from qhpc.access.jobs.life_cycle import Failed
from qhpc.access.jobs.record import JobRecord
from qhpc.access.store.paging import cursor_of, matches, place_of
from qhpc.access.store.protocol import InvalidCursor, JobFilter
from tests.unit.qhpc.access.store.blocking import FAILURE, added, done, running

FILTERS = [
    JobFilter(),
    JobFilter(owner="eve"),
    JobFilter(owner="nobody"),
    JobFilter(account="lab"),
    JobFilter(states=("running",)),
    JobFilter(owner="eve", states=("done", "waiting", "done")),
    JobFilter(states=()),
    JobFilter(tags=("x",)),
    JobFilter(tags=("x", "y", "x")),
    JobFilter(owner="bob", tags=("x",), states=("waiting", "failed")),
    JobFilter(tags=("100%_",)),
    JobFilter(session_id="s"),
    JobFilter(name="n'"),
    JobFilter(created_after_s=3.0),
    JobFilter(created_before_s=5.0, owner="eve"),
    JobFilter(created_after_s=2.0, created_before_s=6.0, tags=("x",), states=("waiting", "running")),
]


@pytest.fixture
def jobs(store):
    """Jobs that differ in all that filters look at, several with the same time."""
    make = (added, running, done, lambda store, **fields: store.apply(added(store, **fields).id, FAILED))
    return [
        make[n % 4](
            store,
            created_s=float(n // 2 % 8),
            owner=("eve", "bob")[n % 3 == 0],
            account=(None, "lab")[n % 2],
            tags=((), ("x",), ("y", "x"), ("y", "100%_", "xy"))[n // 4 % 4],
            session_id=(None, "s")[n % 5 == 0],
            name=(None, "n'", "N'")[n % 3],
        )
        for n in range(32)
    ]


FAILED = Failed(time_s=1.0, failure=FAILURE)


def all_parts(store, which, **how):
    """The jobs of all parts, and the totals they told."""
    found, totals, cursor = [], set(), None
    while True:
        part = store.list(which, cursor=cursor, **how)
        found += part.items
        totals.add(part.total)
        assert len(part.items) <= how["limit"]
        cursor = part.next_cursor
        if cursor is None:
            return found, totals


def test_parts_make_up_all_that_the_filter_lets_pass(store, jobs):
    for which, (limit, order) in product(FILTERS, [(2, "newest"), (5, "oldest"), (50, "newest")]):
        expected = sorted((one for one in jobs if matches(one, which)), key=place_of, reverse=order == "newest")
        found, totals = all_parts(store, which, limit=limit, order=order)
        assert found == expected, which
        assert totals == {len(expected)} == {store.count(which)}, which


def test_jobs_that_come_and_go_meanwhile_move_no_other(store):
    first = [added(store, created_s=float(n), owner="amy") for n in range(6)]
    which = JobFilter(owner="amy", states=("waiting",))
    part = store.list(which, limit=2)
    added(store, created_s=10.0, owner="amy")
    store.apply(first[4].id, FAILED)  # the last of the first part
    rest = store.list(which, limit=10, cursor=part.next_cursor)
    assert [*part.items, *rest.items] == first[::-1]
    assert rest.total == 6


@pytest.mark.parametrize(
    "cursor", ["", "x", "0x1p0", "0x1p0:", ":id", "nonsense:id", "0x1p99999:id", "1.0; drop table"]
)
def test_a_cursor_that_is_none_is_refused(store, cursor):
    with pytest.raises(InvalidCursor, match="next_cursor"):
        store.list(JobFilter(), cursor=cursor)


def test_a_cursor_goes_into_a_query_as_it_is():
    cursor = cursor_of(JobRecord(id="000000ygj1q647cv56efetmw7c", owner="eve", created_s=1.8e9))
    assert quote(cursor, safe=":") == cursor
