"""Beginnings in common and parts of tapes, against a comparison row by row."""

from dataclasses import replace
from itertools import takewhile

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.kernels.gates import GATES, GateForm
from qat.kernels.tape import Classical, Kind, TapeBuilder
from qat.kernels.tape_algebra import concatenated, same_operations
from qat.kernels.tape_prefix import common_rows, part

ROWS = st.tuples(st.sampled_from(["X", "RX", "RZ", "CNOT", "PH"]), st.integers(0, 1), st.sampled_from([0.1, 0.2]))


def tape_of(rows, nb_qubits=3):
    builder = TapeBuilder()
    for name, shift, angle in rows:
        record = GATES[name]
        qubits = [shift + place for place in range(record.arity)]
        builder.gate(builder.form(GateForm(record)), qubits, [angle] * record.nb_parameters)
    return builder.tape(nb_qubits)


def same(left, right):
    """Whether two descriptions give the same row."""
    has_angle = GATES[left[0]].nb_parameters
    return left[:2] == right[:2] and (not has_angle or left[2] == right[2])


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, max_size=6), st.lists(ROWS, max_size=4), st.lists(ROWS, max_size=4))
def test_common_rows(beginning, one_end, other_end):
    rows, others = beginning + one_end, beginning + other_end
    expected = sum(1 for _ in takewhile(lambda pair: same(*pair), zip(rows, others, strict=False)))
    assert common_rows(tape_of(rows), tape_of(others)) == common_rows(tape_of(others), tape_of(rows)) == expected


@settings(max_examples=40, deadline=None)
@given(st.lists(ROWS, max_size=8), st.integers(0, 8), st.integers(0, 8))
def test_parts_make_up_the_whole(rows, one, other):
    tape = tape_of(rows)
    first, second = sorted((min(one, len(rows)), min(other, len(rows))))
    parts = [part(tape, *ends) for ends in ((0, first), (first, second), (second, len(rows)))]
    assert [len(each) for each in parts] == [first, second - first, len(rows) - second]
    assert same_operations(concatenated(concatenated(*parts[:2]), parts[2]), tape)


def test_what_is_numbered_otherwise_is_the_same():
    first = tape_of([("X", 0, 0.0), ("RX", 1, 0.1), ("RZ", 1, 0.1)])
    order = [2, 0, 1]
    second = replace(
        first,
        forms=tuple(first.forms[k] for k in order),
        gates=np.array([order.index(gate) for gate in first.gates], np.int32),
    )
    assert common_rows(first, second) == 3


def test_bound_copies_differ_in_parameters_alone():
    tape = tape_of([("RX", 0, 0.1)] * 4)
    assert common_rows(tape, tape.with_parameters(np.array([0.1, 0.1, 0.3, 0.1]))) == 2
    assert common_rows(tape, tape) == 4


def test_measurements_and_parameters_that_are_no_floats_end_the_beginning():
    builders = [TapeBuilder(), TapeBuilder()]
    for builder in builders:
        builder.gate(builder.form(GateForm(GATES["X"])), [0])
        builder.classical(Kind.MEASURE, [0], Classical((0,)))
        builder.gate(builder.form(GateForm(GATES["X"])), [0])
    measured = [builder.tape(1, 1) for builder in builders]
    assert common_rows(*measured) == 1
    assert part(measured[0], 1, 3).classical == {0: Classical((0,))}
    builder = TapeBuilder()
    for value in (0.5, "odd"):
        builder.gate(builder.form(GateForm(GATES["PH"])), [0], [value])
    tape = builder.tape(1)
    assert common_rows(tape, tape) == 1 and part(tape, 1, 2).objects == {0: "odd"}
