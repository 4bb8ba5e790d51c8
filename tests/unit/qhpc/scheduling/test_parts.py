"""Slices, node release and the story alone."""

from hypothesis import given
from hypothesis import strategies as st

from qhpc.scheduling.instructions import ReclaimNodes, ReleaseNodes, WakeAt
from qhpc.scheduling.node_release import NodeRelease
from qhpc.scheduling.policies.protocol import ReadyTask
from qhpc.scheduling.slicing import slice_shots
from qhpc.scheduling.story import Story

from .scenes import session, task


def ready(duration_s, shots, *, is_sliceable=True):
    return ReadyTask(task(duration_s=duration_s, shots=shots, is_sliceable=is_sliceable), session(), 0.0, 1)


@given(st.floats(0.1, 1e4), st.integers(2, 10_000), st.floats(0.01, 1e4), st.floats(0.01, 1e4))
def test_slices_fit_and_are_about_as_long_as_wanted(duration_s, shots, available_s, slice_s):
    part = slice_shots(ready(duration_s, shots), available_s, slice_s)
    shot_s = duration_s / shots
    if part is None:
        assert shot_s > available_s, "not even one shot fits"
    else:
        assert 1 <= part <= shots and part * shot_s <= available_s + 1e-6
        assert part == shots or part * shot_s <= 2 * max(slice_s, shot_s) + shot_s


def test_what_cannot_be_cut_runs_whole_or_not_at_all():
    whole = ready(10.0, 100, is_sliceable=False)
    assert slice_shots(whole, 10.0, 1.0) == 100
    assert slice_shots(whole, 9.0, 1.0) is None
    assert slice_shots(ready(10.0, 0), 10.0, 1.0) == 0, "nothing to count"


def test_nodes_are_given_back_once_a_phase():
    release, owner = NodeRelease(), session(releases_nodes=True, restart_s=20.0)
    assert release.quantum_phase(owner, 0.0, 100.0) == [ReleaseNodes("s", 80.0)]
    assert release.quantum_phase(owner, 1.0, 100.0) == []
    assert release.ended(owner) == [ReclaimNodes("s")]
    assert release.ended(owner) == [] and release.last_slice(owner, 200.0) == []


def test_a_closed_session_wants_no_nodes():
    release, owner = NodeRelease(), session(releases_nodes=True, restart_s=20.0)
    release.quantum_phase(owner, 0.0, 100.0)
    assert release.last_slice(owner, 100.0) == [WakeAt(80.0)]
    release.closed("s")
    assert release.due(1e9) == []


def test_a_story_forgets_its_oldest_lines():
    story = Story(nb_lines=2)
    for time_s, about in enumerate("tut"):
        story.add(float(time_s), about, "came")
    assert [line.time_s for line in story.of("t")] == [2.0] and len(story.of("u")) == 1
