"""The parts of the local launcher that do no input or output."""

import asyncio
import os
import signal
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.comm.access.messages import Progress, Resources
from qhpc.access.launchers import processes
from qhpc.access.launchers.endings import ending_of
from qhpc.access.launchers.inbox import Inbox
from qhpc.access.launchers.lines import JobLog, LogLimits
from qhpc.access.launchers.protocol import Ended, JobProgressed, JobStarted

# ---------------------------------------------------------------- lines


@given(st.lists(st.binary(max_size=20)), st.integers(1, 9))
def test_lines_do_not_depend_on_how_the_bytes_come(pieces, size):
    def lines(pieces):
        log = JobLog(LogLimits(max_line_bytes=size))
        found = [line for piece in pieces for line in log.feed("stdout", piece, 0.0)]
        return [line.text for line in (*found, *log.end(0.0))]

    assert lines(pieces) == lines([b"".join(pieces)])


@given(st.binary(max_size=200), st.integers(1, 50))
def test_lines_hold_everything_and_none_is_too_long(data, size):
    data = data.replace(b"\r", b"")
    log = JobLog(LogLimits(max_line_bytes=size))
    found = [*log.feed("stdout", data, 1.0), *log.end(2.0)]
    text = "".join(line.text for line in found)
    if data.isascii():
        assert text == data.replace(b"\n", b"").decode()
        assert all(len(line.text) <= size for line in found)
    assert [line.number for line in found] == list(range(len(found)))


def test_streams_are_cut_each_for_itself_and_numbered_together():
    log = JobLog(LogLimits())
    found = log.feed("stdout", b"a", 0.0) + log.feed("stderr", b"b\n", 1.0) + log.feed("stdout", b"c\r\n", 2.0)
    assert [(line.number, line.stream, line.text, line.time_s) for line in found] == [
        (0, "stderr", "b", 1.0),
        (1, "stdout", "ac", 2.0),
    ]


@pytest.mark.parametrize("limits", [LogLimits(max_lines=3), LogLimits(max_bytes=30)])
def test_beyond_the_limit_one_line_says_so_and_nothing_is_kept(limits):
    log = JobLog(limits)
    found = [line for _ in range(100) for line in log.feed("stdout", b"0123456789\nrest", 0.0)]
    assert len(found) <= 4 and found[-1].stream == "server" and "dropped" in found[-1].text
    assert log.end(0.0) == [] and not any(log._partial.values())


def test_bytes_that_are_no_text_are_shown_as_such():
    assert JobLog(LogLimits()).feed("stdout", b"\xff\n", 0.0)[0].text == "�"


# ---------------------------------------------------------------- inbox


def test_of_progress_only_the_newest_waits():
    def news(number, job_id="a"):
        return JobProgressed(job_id=job_id, attempt=1, time_s=0.0, progress=Progress(iteration=number))

    async def taken():
        inbox = Inbox()
        inbox.put(JobStarted(job_id="a", attempt=1, time_s=0.0))
        for number in range(1000):
            inbox.put(news(number))
        inbox.put(news(5, "b"))
        inbox.put(Ended(job_id="a", attempt=1, time_s=0.0))
        assert len(inbox._reports) == 4
        inbox.close()
        return [report async for report in inbox]

    reports = asyncio.run(taken())
    assert [type(report) for report in reports] == [JobStarted, JobProgressed, JobProgressed, Ended]
    assert [report.progress.iteration for report in reports[1:3]] == [999, 5]


def test_who_waits_for_news_is_woken():
    async def run():
        inbox = Inbox()
        news = asyncio.ensure_future(anext(aiter(inbox)))
        await asyncio.sleep(0)
        inbox.put(JobStarted(job_id="a", attempt=1, time_s=0.0))
        return await news

    assert asyncio.run(run()).job_id == "a"


# ---------------------------------------------------------------- endings


@pytest.mark.parametrize(
    ("cause", "status", "is_short", "reason"),
    [
        ("cancelled", -signal.SIGTERM, False, "cancelled"),
        ("cancelled", 0, True, "cancelled"),
        ("time-limit", -signal.SIGKILL, True, "time-limit"),
        (None, -signal.SIGXCPU, False, "time-limit"),
        (None, -signal.SIGKILL, True, "out-of-memory"),
    ],
)
def test_why_a_job_ended(cause, status, is_short, reason):
    ending = ending_of(cause, status, Resources(), is_short)
    assert ending.failure.reason == reason and ending.is_limit == (reason != "cancelled")


@pytest.mark.parametrize(
    ("cause", "status", "said"),
    [
        (None, -signal.SIGKILL, "killed by SIGKILL"),
        (None, -signal.SIGSEGV, "killed by SIGSEGV"),
        (None, 3, "ended with status 3"),
        ("shutdown", -signal.SIGKILL, "shut down"),
    ],
)
def test_why_a_job_is_lost(cause, status, said):
    assert said in ending_of(cause, status, Resources(), False)


# ---------------------------------------------------------------- killing


def dying(monkeypatch, nb_looks):
    """A process that has lost its mark when it is looked for again, and ends after so many looks."""
    looks = []
    monkeypatch.setattr(processes, "_marked", lambda mark: [] if looks else [1 << 22])
    monkeypatch.setattr(processes.os, "kill", lambda pid, number: looks.append((pid, number)))
    monkeypatch.setattr(
        processes, "_life", lambda pid: looks.append("look") or ("7" if len(looks) < nb_looks else None)
    )
    return looks


def test_processes_that_die_slowly_are_waited_for(monkeypatch):
    looks = dying(monkeypatch, nb_looks=6)
    assert processes.kill_marked("mark", patience_s=60.0) == 1
    assert looks == ["look", (1 << 22, signal.SIGKILL), *["look"] * 4]


def test_processes_that_do_not_die_are_not_waited_for_without_end(monkeypatch):
    dying(monkeypatch, nb_looks=1 << 30)
    assert processes.kill_marked("mark", patience_s=0.01) == 1


def test_the_life_of_a_process():
    own = processes._life(os.getpid())
    assert own is not None and own.isdecimal() and own == processes._life(os.getpid())
    with subprocess.Popen(["true"]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert processes._life(child.pid) is None, "it waits to be reaped"
    assert processes._life(1 << 22) is None
