"""Programs under ``qat run``: which QPUs their job may use, and what is told of its tasks at the end."""

import os
from pathlib import Path

import msgspec
import pytest

from qat.comm.broker.messages import TaskCancelled, TaskFailed, TaskFinished
from qat.core.errors import QPUException
from qat.lang import H, Program
from qat.qpus import SharedQPU
from qat.shared import guided
from qat.shared.guided import VARIABLE, GuidedRun, TaskNote, licence_problem, new_notes, note_task, summary, this_run
from qat.shared.session import SessionOver

RUN = GuidedRun(pid=1, job="7", units={"fresnel": 250, "ions": 0})


def given(run=RUN, job="7"):
    return {VARIABLE: msgspec.json.encode(run).decode(), "SLURM_JOB_ID": job}


@pytest.fixture
def in_run(monkeypatch):
    """This process belongs to a run; gives its notes."""
    notes = new_notes()
    for name, value in given(GuidedRun(pid=1, job="7", units=RUN.units, notes=notes)).items():
        monkeypatch.setenv(name, value)
    yield Path(notes)
    os.close(int(notes.rpartition("/")[2]))


@pytest.mark.parametrize(
    ("pool", "share", "told"),
    [
        ("fresnel", None, None),
        ("fresnel", 0.25, None),
        ("fresnel", 0.1, None),
        ("unknown-to-slurm", 1.0, None),
        (
            "ions",
            None,
            "job 7 has no units of the licence qpu_ions, which 'ions' needs; submit it with ",
        ),
        ("ions", 0.4, "--licenses=qpu_ions:400 "),
        (
            "fresnel",
            0.5,
            "asks for a share of 0.5 of 'fresnel', and job 7 has 250 units of qpu_fresnel",
        ),
        ("fresnel", 0.5, "--licenses=qpu_fresnel:500, or say share=0.25"),
    ],
)
def test_which_pools_a_job_may_use(pool, share, told):
    problem = licence_problem(RUN, pool, share)
    assert problem is None if told is None else told in problem


def test_a_run_is_that_of_this_slurm_job_alone():
    """A job that is submitted by a program of a run inherits the variable, and has licences of its own."""
    assert this_run(given()) == RUN
    assert this_run(given(job="8")) is None and this_run({}) is None


def test_a_variable_that_somebody_made_up_is_refused():
    with pytest.raises(SessionOver, match="not from 'qat run'"):
        this_run({VARIABLE: "yes"})


def test_a_program_without_the_licence_fails_before_anything_is_sent(in_run):
    program = Program()
    H(program.qalloc(1)[0])
    job = program.to_circ().to_job(nbshots=1)
    with pytest.raises(QPUException, match=r"no units of the licence qpu_ions.*--licenses=qpu_ions:250"):
        SharedQPU("ions", broker="unix:/nowhere/to/be/found").submit(job)
    with pytest.raises(QPUException, match=r"share of 0\.5"):
        SharedQPU("fresnel", share=0.5, broker="unix:/nowhere/to/be/found").get_specs()


def test_what_tasks_used_is_noted(in_run):
    note_task("fresnel", TaskFinished("1", b"", "fresnel-1", 2.0, 0.5))
    note_task("fresnel", TaskFailed("2", "broken"))
    note_task("fresnel", TaskCancelled("3"))
    notes = [msgspec.json.decode(line, type=TaskNote) for line in in_run.read_bytes().splitlines()]
    assert notes[0] == TaskNote("fresnel-1", 2.0, 0.5) and notes[1] == notes[2] == TaskNote("fresnel", has_result=False)


def test_notes_that_cannot_be_written_are_left_out(in_run, monkeypatch):
    run = GuidedRun(pid=1, job="7", notes="/proc/self/fd/9999")
    monkeypatch.setenv(VARIABLE, msgspec.json.encode(run).decode())
    note_task("fresnel", TaskCancelled("1"))
    assert in_run.read_bytes() == b""


def test_a_file_of_the_program_that_has_the_number_of_closed_notes_is_left_alone(tmp_path, monkeypatch):
    """As in programs that close all files that they did not open."""
    mine = tmp_path / "data"
    mine.write_text("mine")
    with mine.open("r+") as file:
        run = GuidedRun(pid=os.getpid(), job="7", notes=f"/proc/{os.getpid()}/fd/{file.fileno()}")
        for name, value in given(run).items():
            monkeypatch.setenv(name, value)
        note_task("fresnel", TaskCancelled("1"))
        guided._tell(run)
    assert mine.read_text() == "mine"


def test_without_a_run_nothing_is_noted():
    note_task("fresnel", TaskCancelled("1"))


def test_lines_are_sorted_and_counted():
    notes = [TaskNote("b", 1.25, 0.5), TaskNote("a", 0.04, 9.96), TaskNote("b", 1.0, 0.0)]
    notes += [TaskNote("pool", has_result=False)] * 2
    assert summary(notes) == [
        "a: 1 task, 0.0 s of QPU, 10.0 s waiting",
        "b: 2 tasks, 2.2 s of QPU, 0.5 s waiting",
        "pool: 2 tasks without a result",
    ]
    assert summary([]) == []


def test_the_first_process_tells_and_others_do_not(in_run, capsys):
    note_task("fresnel", TaskFinished("1", b"", "fresnel-1", 2.0, 0.5))
    guided._tell(GuidedRun(pid=os.getpid() + 1, notes=str(in_run)))
    assert capsys.readouterr().err == ""
    guided._tell(GuidedRun(pid=os.getpid(), notes=str(in_run)))
    assert capsys.readouterr().err == "qat run: fresnel-1: 1 task, 2.0 s of QPU, 0.5 s waiting\n"
    guided._tell(GuidedRun(pid=os.getpid(), notes="/proc/self/fd/9999"))
    assert "what was used is not known" in capsys.readouterr().err
