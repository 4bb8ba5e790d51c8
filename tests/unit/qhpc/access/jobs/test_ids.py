"""Ids of jobs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.access.jobs.ids import is_id, new_id

TIMES_S = st.floats(0.0, 1e11)


@given(TIMES_S, TIMES_S)
def test_ids_sort_by_time(left_s, right_s):
    left, right = new_id(left_s), new_id(right_s)
    assert is_id(left) and is_id(right)
    if round(left_s * 1000) != round(right_s * 1000):
        assert (left < right) == (left_s < right_s)


def test_ids_of_one_moment_differ():
    assert len({new_id(1.0) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("text", ["", "a", "A" * 26, "0" * 25, "0" * 27, "0" * 25 + "/", "0" * 25 + "\n", "é" * 26])
def test_other_texts_are_no_ids(text):
    assert not is_id(text)
