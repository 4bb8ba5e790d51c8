"""What every store does with jobs and their files."""

import pytest

from qat.comm.access.messages import LogLine, Progress, Resources, Usage
from qhpc.access.jobs.life_cycle import (
    Cancelled,
    CancelRequested,
    Failed,
    FilesDeleted,
    IllegalTransition,
    Launched,
    Progressed,
    Requeued,
    Started,
    Succeeded,
)
from qhpc.access.store.protocol import JobFilter, KeyReused, UnknownJob
from tests.unit.qhpc.access.store.blocking import ESTIMATE, FAILURE, added, done, job, running

UNKNOWN = "0" * 26


def test_a_job_comes_back_with_all_that_was_said_of_it(store):
    sent = job(
        1.25, account="lab", idempotency_key="k", stack="A | B", task="execute", retention_s=60.0, estimate=ESTIMATE,
        resources=Resources(memory_bytes=1 << 40, scheduling={"partition": "gpu"}), name="näme", tags=("b", "a"),
        session_id="s", parent_id=UNKNOWN, message="hello", meta_data={"k": "v"},
    )  # fmt: skip
    kept, is_new = store.add(sent, b"abc")
    assert is_new
    assert (kept.submission_bytes, kept.submission_sha256[:8]) == (3, "ba7816bf")
    assert store.get(sent.id) == kept
    assert {name for name in sent.__slots__ if getattr(sent, name) != getattr(kept, name)} == {
        "submission_sha256",
        "submission_bytes",
    }


@pytest.mark.parametrize("submission", [b"", b"\0\xff" * 10, bytes(1 << 20)], ids=["empty", "small", "large"])
def test_a_submission_and_a_result_come_back_as_they_were(store, submission):
    kept = done(store, submission=submission, result=submission[::-1] + b"!")
    assert store.submission(kept.id) == submission
    assert store.result(kept.id) == submission[::-1] + b"!"
    assert store.get(kept.id) == kept
    assert (kept.state, kept.ended_s, kept.result_bytes) == ("done", 5.0, len(submission) + 1)


def test_a_job_has_no_result_before_its_end(store):
    assert store.result(added(store).id) is None
    assert store.result(running(store).id) is None


def test_an_id_is_used_once_and_names_no_other_file(store):
    kept = added(store)
    for taken in (kept.id, "../../../../etc/cron.d/abc", "", "a\0b"):
        with pytest.raises(ValueError, match="no id for a new job"):
            store.add(job(id=taken), b"other")
    assert store.submission(kept.id) == b"in"
    assert store.count(JobFilter()) == 1


@pytest.mark.parametrize("method", ["get", "submission", "result", "apply", "edit", "log"])
def test_what_is_not_there_is_unknown(store, method):
    with pytest.raises(UnknownJob, match=UNKNOWN):
        getattr(store, method)(UNKNOWN)
    for call in (
        lambda: store.finish(UNKNOWN, b"", 0.0),
        lambda: store.finish("../x", bytes(1 << 17), 0.0),
        lambda: store.delete_files(UNKNOWN, 0.0),
        lambda: store.append_log(UNKNOWN, [LogLine(number=0, time_s=0.0, stream="stdout", text="x")]),
    ):
        with pytest.raises(UnknownJob):
            call()


# Idempotency


def test_the_same_key_and_submission_gives_the_first_job(store):
    first, _ = store.add(job(idempotency_key="k"), b"same")
    store.apply(first.id, Launched(time_s=1.0, launcher="local", handle="1"))
    assert store.find("eve", "k").id == first.id
    assert store.find("eve", "K") is store.find("bob", "k") is None
    again, is_new = store.add(job(idempotency_key="k"), b"same")
    assert not is_new
    assert again == store.get(first.id)
    assert store.count(JobFilter()) == 1
    assert store.usage()[0].nb_jobs == 1


def test_the_same_key_with_another_submission_is_refused(store):
    added(store, idempotency_key="k")
    for other in (b"other", bytes(1 << 20)):
        with pytest.raises(KeyReused, match="k"):
            store.add(job(idempotency_key="k"), other)
    assert store.count(JobFilter()) == 1


def test_keys_of_different_users_and_no_keys_are_different(store):
    for fields in ({"idempotency_key": "k"}, {"idempotency_key": "k", "owner": "bob"}, {}, {}):
        assert store.add(job(**fields), b"same")[1]


@pytest.mark.parametrize("size", [10, 1 << 17])
def test_of_many_at_once_with_one_key_one_is_kept(store, size):
    sent = [job(idempotency_key="k") for _ in range(8)]
    outcomes = store.together(*(store.store.add(one, bytes(size)) for one in sent))
    assert sorted(is_new for _, is_new in outcomes) == [False] * 7 + [True]
    assert len({kept.id for kept, _ in outcomes}) == 1
    assert store.submission(outcomes[0][0].id) == bytes(size)
    assert store.count(JobFilter()) == 1


def test_a_job_of_which_the_files_were_deleted_keeps_its_key(store):
    kept = done(store, idempotency_key="k")
    store.delete_files(kept.id, 6.0)
    again, is_new = store.add(job(idempotency_key="k"), b"in")
    assert (again.state, is_new) == ("deleted", False)


# Changes


def test_events_change_a_job_all_or_none(store):
    kept = added(store)
    launched = Launched(time_s=1.0, launcher="local", handle="7")
    with pytest.raises(IllegalTransition):
        store.apply(kept.id, launched, launched)
    assert store.get(kept.id) == kept
    changed = store.apply(kept.id, launched, Started(time_s=2.0), Progressed(time_s=3.0, progress=Progress(value=-1.5)))
    assert store.get(kept.id) == changed
    assert (changed.state, changed.version, changed.handle, changed.progress) == (
        "running",
        3,
        "7",
        Progress(value=-1.5),
    )


def test_events_that_go_with_files_have_methods_of_their_own(store):
    kept = running(store)
    for event in (Succeeded(time_s=3.0, result_bytes=0, result_sha256=""), FilesDeleted(time_s=3.0)):
        with pytest.raises(ValueError, match="finish"):
            store.apply(kept.id, event)
    assert store.get(kept.id) == kept


def test_no_event_changes_nothing(store):
    kept = added(store)
    assert store.apply(kept.id) == kept == store.get(kept.id)


def test_of_many_changes_at_once_none_is_lost(store):
    kept = running(store)
    progress = [Progressed(time_s=3.0, progress=Progress(iteration=n)) for n in range(10)]
    outcomes = store.together(*(store.store.apply(kept.id, event) for event in progress))
    assert sorted(one.version for one in outcomes) == list(range(kept.version + 1, kept.version + 11))
    assert store.get(kept.id).version == kept.version + 10


def test_of_many_ends_at_once_one_wins(store):
    kept = running(store)
    results = [bytes([n]) * (1 << 17) for n in range(3)]
    ends = [store.store.finish(kept.id, result, 9.0) for result in results]
    outcomes = store.together(*ends, store.store.apply(kept.id, Failed(time_s=9.0, failure=FAILURE)))
    won = [one for one in outcomes if not isinstance(one, IllegalTransition)]
    assert won == [store.get(kept.id)]
    assert store.result(kept.id) == (results[outcomes.index(won[0])] if won[0].state == "done" else None)


def test_a_job_that_cannot_be_done_keeps_no_result(store):
    kept = added(store)
    for size in (3, 1 << 17):
        with pytest.raises(IllegalTransition):
            store.finish(kept.id, bytes(size), 1.0)
    assert (store.get(kept.id), store.result(kept.id)) == (kept, None)


def test_name_and_tags_can_be_changed(store):
    kept = added(store, name="a", tags=("x", "y"))
    assert store.edit(kept.id).tags == ("x", "y")
    assert store.edit(kept.id, name="b").name == "b"
    changed = store.edit(kept.id, tags=["z"])
    assert (changed.name, changed.tags, store.get(kept.id)) == ("b", ("z",), changed)
    assert [store.count(JobFilter(tags=(tag,))) for tag in "xz"] == [0, 1]
    assert [store.count(JobFilter(name=name)) for name in "ab"] == [0, 1]


@pytest.mark.parametrize("size", [10, 1 << 17])
def test_deleted_files_are_gone(store, size):
    kept = done(store, submission=bytes(size), result=bytes(size))
    store.append_log(kept.id, [LogLine(number=0, time_s=0.0, stream="stdout", text="x")])
    deleted = store.delete_files(kept.id, 7.0)
    assert (deleted.state, deleted.result_bytes, store.get(kept.id)) == ("deleted", None, deleted)
    assert (store.result(kept.id), list(store.log(kept.id))) == (None, [])
    with pytest.raises(UnknownJob):
        store.submission(kept.id)
    with pytest.raises(IllegalTransition):
        store.delete_files(kept.id, 8.0)


def test_files_of_a_job_that_has_not_ended_stay(store):
    kept = running(store)
    with pytest.raises(IllegalTransition):
        store.delete_files(kept.id, 7.0)
    assert store.submission(kept.id) == b"in"


# What a server that starts, and one that tidies, has to know


def test_unfinished_jobs_are_found_oldest_first(store):
    late, early = running(store, created_s=9.0), added(store, created_s=1.0)
    cancelled = store.apply(added(store, created_s=3.0).id, CancelRequested(time_s=4.0))
    done(store), store.delete_files(done(store).id, 9.0)
    store.apply(added(store).id, Failed(time_s=1.0, failure=FAILURE))
    assert store.unfinished() == [early, cancelled, late]


def test_expired_jobs_are_those_that_ended_long_ago(store):
    late, early = done(store, retention_s=20.0), done(store, retention_s=10.0)
    added(store, retention_s=0.0), running(store, retention_s=0.0), done(store)
    store.delete_files(done(store, retention_s=1.0).id, 5.0)
    failed = store.apply(added(store, retention_s=12.0).id, Failed(time_s=0.5, failure=FAILURE))
    assert [one.expires_s for one in (early, failed, late)] == [15.0, 12.5, 25.0]
    assert store.expired(12.5) == []
    assert store.expired(100.0) == [failed, early, late]
    assert store.expired(100.0, limit=1) == [failed]


# Logs


def lines(first: int, nb: int) -> list[LogLine]:
    return [LogLine(number=n, time_s=n / 2, stream="stderr", text=f"line {n} ü\0") for n in range(first, first + nb)]


def test_lines_of_a_log_come_back_once_and_in_order(store):
    kept = running(store)
    for part in (lines(0, 3), lines(3, 1), lines(2, 4), [], lines(0, 6), lines(6, 1)):
        store.append_log(kept.id, part)
    assert list(store.log(kept.id)) == lines(0, 7)
    assert list(store.log(kept.id, first=2, limit=3)) == lines(2, 3)
    assert list(store.log(kept.id, first=7)) == []
    assert list(store.log(running(store).id)) == []


# Usage


def test_usage_adds_up_what_jobs_needed(store):
    done(store, b"12345", account="lab", submission=b"123", estimate=ESTIMATE)
    store.apply(added(store, account="lab", submission=b"1").id, Cancelled(time_s=4.0))
    added(store, submission=b"22", owner="bob")
    lab = Usage(
        owner="eve", account="lab", nb_jobs=2, nb_shots=100, running_s=3.0, waiting_s=2.0 + 4.0, stored_bytes=3 + 5 + 1
    )
    assert store.usage("eve") == [lab]
    assert store.usage() == [Usage(owner="bob", nb_jobs=1, stored_bytes=2), lab]
    assert store.usage("nobody") == []


def test_usage_counts_every_attempt_and_no_deleted_bytes(store):
    lost = store.apply(running(store).id, Requeued(time_s=5.0, reason="the runner was killed"))
    assert (lost.state, lost.message) == ("waiting", "the runner was killed")
    store.apply(lost.id, Launched(time_s=6.0, launcher="local", handle="8"), Started(time_s=7.0))
    store.finish(lost.id, b"out", 8.5)
    store.delete_files(lost.id, 9.0)
    assert store.usage() == [Usage(owner="eve", nb_jobs=1, running_s=3.0 + 1.5, waiting_s=7.0)]


def test_a_store_has_one_server(store):
    assert [store.claim(), store.claim()] == [True, True]
