"""The record of a job: whatever run is cut off wherever, the next one is told the same and asks nothing twice."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.comm.broker.messages import Refused, Specs, SubmitTask, TaskCancelled, TaskFailed, TaskFinished
from qat.core.errors import QPUException, WireError
from qat.core.running_job import get_record_file, set_record_file
from qat.shared.recording import Answered, Asked, Begun, NotDeterministic, Recording, digest_of
from qat.shared.suspension import JobRecord, close_record, entries_in, job_record


def answer(seed):
    """An answer of some kind that is a function of a number."""
    key, payload = str(seed), bytes([seed % 256]) * (seed % 5)
    kinds = (
        TaskFinished(key, payload, "q", 1.0, 0.5),
        TaskFailed(key, "no", payload),
        TaskCancelled(key),
        Refused("quota", "used up", key),
        Specs(payload),
    )
    return kinds[seed % len(kinds)]


class Job:
    """What a deterministic stack does: each question follows from the answers before."""

    def __init__(self, seed, sizes):
        self.seed, self.sizes = seed, sizes

    def run(self, recording, qpu, nb_answers=None):
        """The answers; cut off after so many new ones. The QPU answers the questions of a batch from the last on."""
        told, state = [], self.seed
        for size in self.sizes:
            places = [recording.ask(bytes([state % 251, number])) for number in range(size)]
            fresh = [number for number, kept in places if kept is None]
            for number in reversed(fresh):
                if nb_answers == 0:
                    return None
                nb_answers = None if nb_answers is None else nb_answers - 1
                recording.answer(number, qpu(number))
            told += [kept or qpu(number, is_again=True) for number, kept in places]
            state = hash((state, *map(repr, told))) if told else state
        return told


class Qpu:
    def __init__(self, seed):
        self.seed, self.asked = seed, []

    def __call__(self, number, *, is_again=False):
        if not is_again:
            self.asked.append(number)
        return answer(self.seed + number)


@given(
    st.integers(0, 100),
    st.lists(st.integers(0, 4), max_size=6),
    st.lists(st.integers(0, 5), max_size=5),
    st.integers(0, 30),
)
def test_a_job_that_is_cut_off_anywhere_is_told_what_one_is_that_is_not(seed, sizes, cuts, nb_torn):
    job = Job(seed, sizes)
    whole = job.run(Recording((), lambda entry: None, lambda: "t"), Qpu(seed))
    data, qpu = b"", Qpu(seed)
    for cut in [*cuts, None]:
        kept = bytearray(data)
        entries = [entry for entry, _ in entries_in(data)]
        told = job.run(Recording(entries, lambda entry, kept=kept: kept.extend(framed(entry)), lambda: "t"), qpu, cut)
        data = bytes(kept)
    assert told == whole
    assert sorted(qpu.asked) == list(range(1, sum(sizes) + 1))
    torn = data[: max(len(data) - nb_torn, 0)]
    again = [entry for entry, _ in entries_in(torn)]
    assert again == [entry for entry, _ in entries_in(data)][: len(again)]


def framed(entry):
    data = msgspec.msgpack.encode(entry)
    return len(data).to_bytes(4, "little") + data


def test_what_is_kept_and_what_is_open():
    kept = []
    recording = Recording((), kept.append, lambda: "t")
    assert recording.ask(b"a") == (1, None)
    assert recording.ask(b"b") == (2, None)
    recording.answer(2, answer(2))
    recording.answer(2, answer(3))  # too late
    assert kept == [Begun("t"), Asked(1, b"a"), Asked(2, b"b"), Answered(2, answer(2))]
    assert recording.open_keys == frozenset()
    again = Recording(kept, kept.append, lambda: "another")
    assert (again.token, again.open_keys) == ("t", {"1"})
    assert again.ask(b"a") == (1, None) and again.ask(b"b") == (2, answer(2))
    assert len(kept) == 4


def test_another_question_at_the_same_place():
    again = Recording([Begun("t"), Asked(1, b"a"), Asked(2, b"b")], lambda entry: None, lambda: "")
    again.ask(b"a")
    with pytest.raises(NotDeterministic, match="quantum task 2 is not the one that it was") as caught:
        again.ask(b"x")
    assert isinstance(caught.value, QPUException)


@pytest.mark.parametrize(
    "other", [SubmitTask("k", b"p", 11), SubmitTask("k", b"q", 10), SubmitTask("k", b"p", 10, duration_s=1.0)]
)
def test_tasks_that_differ(other):
    assert digest_of(SubmitTask("1", b"p", 10)) == digest_of(SubmitTask("2", b"p", 10)) != digest_of(other)


def test_a_file_whose_end_was_cut_off(tmp_path):
    path = tmp_path / "answers"
    record = JobRecord(path)
    record.ask(b"a")
    record.answer(1, answer(1))
    token = record.token
    record.close()
    path.write_bytes(path.read_bytes()[:-1])
    record = JobRecord(path)
    assert (record.token, record.open_keys) == (token, {"1"})
    assert record.ask(b"a") == (1, None)
    record.answer(1, answer(6))
    record.close()
    record = JobRecord(path)
    assert record.ask(b"a") == (1, answer(6))
    record.close()
    assert path.stat().st_mode & 0o77 == 0


def test_a_file_that_is_something_else(tmp_path):
    (tmp_path / "answers").write_bytes(b"\4\0\0\0abcd")
    with pytest.raises(WireError, match="the record of the job cannot be read"):
        JobRecord(tmp_path / "answers")


def test_specs_are_asked_once(tmp_path):
    record = JobRecord(tmp_path / "answers")
    assert record.specs("p", lambda: b"specs") == b"specs"
    record.close()
    record = JobRecord(tmp_path / "answers")
    assert record.specs("p", lambda: b"others") == b"specs"
    record.close()
    record = JobRecord(tmp_path / "answers")
    with pytest.raises(NotDeterministic):
        record.specs("another", lambda: b"")
    record.close()


def test_a_job_has_a_record_where_what_runs_it_says_so(tmp_path):
    assert job_record() is None
    set_record_file(tmp_path / "answers")
    try:
        assert job_record() is job_record() is not None
        assert get_record_file() == tmp_path / "answers"
    finally:
        close_record()
        set_record_file(None)
