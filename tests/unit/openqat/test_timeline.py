"""The timeline shows who had a QPU, and when."""

from hypothesis import given
from hypothesis import strategies as st

from openqat.timeline import Bar, timeline


def test_nothing_is_drawn_of_nothing():
    assert timeline([]) == []


def test_each_cell_has_who_had_most_of_it():
    bars = [Bar("q", "ada", 0.0, 1.4), Bar("q", "bob", 1.4, 4.0)]
    assert timeline(bars, width=4)[0] == "q     abbb"


def test_two_qpus_have_a_line_each():
    bars = [Bar("q2", "ada", 0.0, 1.0), Bar("q1", "bob", 0.0, 2.0)]
    assert [line.split()[0] for line in timeline(bars, width=4)] == ["q1", "q2", "a", "b", "0"]


BARS = st.lists(
    st.builds(
        lambda row, who, start, length: Bar(row, who, start, start + length),
        st.sampled_from(["q1", "q2"]), st.sampled_from(["ada", "bob", "eve"]),
        st.floats(0, 1e6), st.floats(0.001, 1e4),
    ), min_size=1, max_size=20,
)  # fmt: skip


@given(BARS, st.integers(10, 120))
def test_every_line_fits_and_the_first_cell_is_somebodys(bars, width):
    *lines, scale = timeline(bars, width=width)
    left = len(scale) - len(scale.lstrip())
    assert all(len(line) <= left + width for line in lines)
    assert any(len(line) > left and line[left] not in ".· " for line in lines)
    assert len(lines) == len({bar.row for bar in bars}) + len({bar.who for bar in bars})
