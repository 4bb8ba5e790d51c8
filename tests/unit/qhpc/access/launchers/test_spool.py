"""The folder of an attempt: one claim, one outcome, and nothing read that is not the owner's plain file."""

import os
import subprocess
import sys
import threading

import msgspec
import pytest

from qat.comm.access.messages import Failure, Progress, Resources
from qat.comm.arguments import decode_message
from qat.core import Result
from qhpc.access.launchers.slurm_requests import script
from qhpc.access.launchers.spool_folder import Note, SpoolFolder
from qhpc.access.runner.frames import Assignment, Configuration, FrameKind, Outcome, Suspension
from qhpc.access.runner.spool import Claim, Orders, SpoolChannel, claim, put_once, replace
from qhpc.access.slurm_options import SlurmOptions

from ..submissions import SITE, call, submission

MAX = 1 << 20


@pytest.fixture
def spool(tmp_path):
    (tmp_path / "notes").mkdir()
    return tmp_path


def made(spool, message=b"", *, is_safe=False, handle="a.1"):
    folder = SpoolFolder(spool, handle)
    orders = Orders(
        configuration=Configuration(), assignment=Assignment(job_id="a", submission=message), is_safe_to_retry=is_safe
    )
    text = script(folder.path, SlurmOptions(), [SITE, *filter(None, sys.path)], 1)
    folder.make(orders, text, Note(uid=os.geteuid(), resources=Resources(max_time_s=5.0)), os.getegid())
    return folder, orders


RUN = Claim(by="run", node="q1", pid=1)


def test_the_folder_is_private(spool):
    folder, _ = made(spool)
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert (folder.path / "orders").stat().st_mode & 0o777 == 0o400


def test_one_run_begins_unless_two_do_no_harm(spool):
    folder, orders = made(spool)
    assert claim(folder.path, orders, RUN) and not claim(folder.path, orders, RUN)
    folder, orders = made(spool, is_safe=True, handle="a.2")
    assert claim(folder.path, orders, RUN) and claim(folder.path, orders, RUN)
    put_once(folder.path, "outcome", b"done")
    assert not claim(folder.path, orders, RUN)


@pytest.mark.parametrize("is_safe", [True, False])
def test_what_is_given_up_never_begins(spool, is_safe):
    folder, orders = made(spool, is_safe=is_safe)
    assert folder.revoke() and folder.revoke()
    assert not claim(folder.path, orders, RUN)
    assert folder.look(MAX).begun_s is None


def test_what_has_begun_is_not_begun_again_when_it_is_given_up(spool):
    folder, orders = made(spool, is_safe=True)
    assert claim(folder.path, orders, RUN)
    assert not folder.revoke()
    assert not claim(folder.path, orders, RUN)


def test_one_run_goes_on_with_a_job_that_gave_its_nodes_back(spool):
    folder, orders = made(spool)
    again = Claim(by="run", node="q2", pid=2)
    assert claim(folder.path, orders, RUN) and folder.look(MAX).suspension is None
    channel = SpoolChannel(folder.path, orders.assignment)
    channel.send_structure(FrameKind.SUSPENDED, Suspension(until_s=9.0))
    assert channel.status == 77 and folder.look(MAX).suspension == Suspension(until_s=9.0)
    assert claim(folder.path, orders, again) and not claim(folder.path, orders, again)
    found = SpoolFolder(spool, "a.1")
    assert found.find() and found.look(MAX).suspension is None and found.look(MAX).node == "q2"


def test_a_job_without_nodes_that_is_given_up_does_not_go_on(spool):
    folder, orders = made(spool)
    claim(folder.path, orders, RUN)
    SpoolChannel(folder.path, orders.assignment).send_structure(FrameKind.SUSPENDED, Suspension(until_s=9.0))
    assert not folder.revoke()
    assert not claim(folder.path, orders, RUN)


def test_a_suspension_that_somebody_has_spoilt_is_none(spool):
    folder, orders = made(spool)
    claim(folder.path, orders, RUN)
    replace(folder.path, "suspended", b"?")
    assert folder.look(MAX).suspension is None


def test_of_many_that_claim_at_once_one_begins(spool):
    folder, orders = made(spool)
    barrier, won = threading.Barrier(9), []

    def run(index):
        barrier.wait()
        mine = folder.path / f"claim.{index}"
        mine.write_bytes(msgspec.msgpack.encode(RUN))
        try:
            os.link(mine, folder.path / "claim")
            won.append(index)
        except FileExistsError:
            pass

    threads = [threading.Thread(target=run, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    barrier.wait()
    is_given_up = folder.revoke()
    for thread in threads:
        thread.join()
    assert len(won) + is_given_up == 1 and orders


def test_the_first_outcome_stays(spool):
    folder, orders = made(spool, is_safe=True)
    claim(folder.path, orders, RUN)
    for payload in (b"first", b"second"):
        channel = SpoolChannel(folder.path, orders.assignment)
        channel.send(FrameKind.RESULT, payload)
        assert channel.status == 0
    assert folder.look(MAX).result == b"first"
    assert not [path for path in folder.path.iterdir() if path.name.startswith(".")]


def test_failures_progress_and_output_come_out(spool):
    folder, orders = made(spool)
    claim(folder.path, orders, RUN)
    (folder.path / "stdout").write_bytes(b"x" * 100_000)
    channel = SpoolChannel(folder.path, orders.assignment)
    channel.send_structure(FrameKind.PROGRESS, Progress(fraction=0.25))
    sight = folder.look(MAX)
    assert sight.progress.fraction == 0.25 and 0 < len(sight.output["stdout"]) < 100_000
    assert folder.look(MAX).progress is None, "it was seen"
    failed = Outcome(failure=Failure(exception="QPUException", message="no"), is_limit=True)
    channel.send_structure(FrameKind.FAILURE, failed)
    sight = folder.look(MAX)
    assert sight.outcome == failed and channel.status == 1
    assert sum(folder.note.offsets.values()) == 100_000, "all output comes before the end"


def test_another_server_reads_on_where_the_former_stopped(spool):
    folder, orders = made(spool)
    claim(folder.path, orders, RUN)
    (folder.path / "stdout").write_bytes(b"one\n")
    assert folder.look(MAX).output == {"stdout": b"one\n"}
    folder.write_note()
    (folder.path / "stdout").write_bytes(b"one\ntwo\n")
    later = SpoolFolder(spool, "a.1")
    assert later.find() and later.note.resources.max_time_s == 5.0
    assert later.look(MAX).output == {"stdout": b"two\n"}
    later.remove()
    assert not later.find() and not later.path.exists()


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "of another"])
def test_what_a_job_puts_in_the_place_of_its_files_is_not_read(spool, kind):
    folder, orders = made(spool)
    claim(folder.path, orders, RUN)
    secret = spool / "secret"
    secret.write_bytes(bytes([FrameKind.RESULT]) + b"secret")
    place = folder.path / "outcome"
    match kind:
        case "link":
            place.symlink_to(secret)
        case "fifo":
            os.mkfifo(place)
        case "folder":
            place.mkdir()
        case "of another":
            place.write_bytes(secret.read_bytes())
            folder.note.uid += 1
    assert not folder.look(MAX).has_ended


def test_what_cannot_be_read_is_a_failure(spool):
    folder, orders = made(spool)
    claim(folder.path, orders, RUN)
    for name in ("outcome", "progress"):
        replace(folder.path, name, b"\xc1odd")
    sight = folder.look(MAX)
    assert sight.outcome.failure.reason == "unknown" and sight.progress is None


def run(folder):
    """Run the script of an attempt as Slurm does."""
    with (folder.path / "stdout").open("ab") as out, (folder.path / "stderr").open("ab") as errors:
        return subprocess.run(
            [folder.path / "script"], stdout=out, stderr=errors, cwd=folder.path, timeout=60
        ).returncode


def test_the_script_runs_the_orders_and_tells_its_own_exit(spool):
    folder, _ = made(spool, submission("Telling"))
    assert run(folder) == 0
    told = decode_message(folder.look(MAX).result)
    assert isinstance(told, Result) and told.meta_data["job_id"] == "a"
    assert not list(folder.path.glob("work.*"))
    assert run(folder) == 76, "a second run does not begin"


def test_a_job_that_fails_or_is_ended_says_so(spool):
    failing, _ = made(spool, submission(call("Failing", "service")), handle="b.1")
    assert run(failing) == 1 and failing.look(MAX).outcome.failure.message == "no such gate here"
    leaving, _ = made(spool, submission(call("Failing", "quit")), handle="c.1")
    assert run(leaving) == 7 and not leaving.look(MAX).has_ended
