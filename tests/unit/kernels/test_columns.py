"""Rows in columns: the compiled class and the one in Python are the same."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.kernels.columns import TapeColumns as NativeColumns
from qat.kernels.plain_columns import TapeColumns as PlainColumns
from qat.kernels.tape import TapeBuilder

IS_NATIVE = NativeColumns is not PlainColumns
CLASSES = [PlainColumns, NativeColumns] if IS_NATIVE else [PlainColumns]
ROW = st.tuples(
    st.integers(-1, 5),
    st.lists(st.integers(0, 30), max_size=4),
    st.lists(st.floats(allow_nan=False) | st.integers() | st.text(max_size=2) | st.none(), max_size=3),
)
needs_native = pytest.mark.skipif(not IS_NATIVE, reason="nothing is compiled")


def lists(columns):
    """Everything in columns, as lists; NaN as None."""
    *integers, parameters = columns.columns()
    numbers = np.frombuffer(parameters, np.float64)
    floats = [None if np.isnan(value) else value for value in numbers.tolist()]
    return [np.frombuffer(column, np.int32).tolist() for column in integers], floats, columns.specials(), len(columns)


@pytest.mark.parametrize("kind", CLASSES)
def test_rows_come_back_as_columns(kind):
    columns = kind()
    columns.gate(3, (1, 0))
    columns.gate(0, range(2, 3), [0.5, "a"])
    columns.gate(-1, [], ())
    assert lists(columns) == ([[3, 0, -1], [0, 2, 3, 3], [1, 0, 2], [0, 0, 2, 2]], [0.5, None], [(1, "a")], 3)


@pytest.mark.parametrize("kind", CLASSES)
def test_columns_are_extended_by_others_under_new_numbers(kind):
    first, second = kind(), kind()
    first.gate(0, [5], [1])
    second.gate(1, [6], [2, 0.5])
    second.gate(0, [7, 8])
    first.extend(second, [4, 9])
    assert lists(first) == (
        [[0, 9, 4], [0, 1, 2, 4], [5, 6, 7, 8], [0, 1, 3, 3]],
        [None, None, 0.5],
        [(0, 1), (1, 2)],
        3,
    )
    assert len(second) == 2


@needs_native
@given(st.lists(ROW), st.lists(ROW))
def test_both_classes_do_the_same(rows, more):
    found = []
    for kind in CLASSES:
        columns, others = kind(), kind()
        for row in rows:
            columns.gate(*row)
        for gate, qubits, parameters in more:
            others.gate(abs(gate), qubits, parameters)
        columns.extend(others, [3, 1, 4, 1, 5, 9])
        columns.extend(columns, range(10)) if all(row[0] >= 0 for row in rows) else None
        found.append(lists(columns))
    assert found[0] == found[1]


@needs_native
@pytest.mark.parametrize(
    ("row", "error"),
    [
        ((0, [1, "a"]), TypeError),
        ((0, [1, 2**31]), OverflowError),
        ((0, [2**80]), OverflowError),
        ((2**31, [1]), OverflowError),
        ((0, 1), TypeError),
        ((0, [1], 0.5), TypeError),
        ((0.5, [1]), TypeError),
        ((0,), TypeError),
    ],
)
def test_a_row_that_makes_no_sense_leaves_no_trace(row, error):
    columns = NativeColumns()
    columns.gate(0, [1], ["kept"])
    before = lists(columns)
    with pytest.raises(error):
        columns.gate(*row)
    assert lists(columns) == before


@needs_native
def test_extending_by_what_has_no_number_leaves_no_trace():
    columns, others = NativeColumns(), NativeColumns()
    others.gate(0, [1])
    others.gate(1, [1])
    for numbers in ([7], [], None):
        with pytest.raises((ValueError, TypeError)):
            columns.extend(others, numbers)
    with pytest.raises(TypeError):
        columns.extend(PlainColumns(), [0])
    assert len(columns) == 0


@needs_native
def test_columns_that_hold_themselves_are_collected():
    class Marked(NativeColumns):
        gone = 0

        def __del__(self):
            Marked.gone += 1

    columns = Marked()
    columns.gate(0, [0], [columns])
    del columns
    gc.collect()
    assert Marked.gone == 1


def test_a_tape_does_not_change_with_its_builder():
    builder = TapeBuilder()
    builder.gate(0, [0], [0.5])
    tape = builder.tape(1)
    builder.gate(0, [0], [0.25])
    assert tape.parameters.tolist() == [0.5]
    assert builder.tape(1).parameters.tolist() == [0.5, 0.25]
