"""``qat run``: a program is what it would be under python, and tells at its end what it used of each QPU."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .harness import LIMIT_S, PATHS, BrokerProcess

WORK = """
from qat.lang import H, Program
from qat.qpus import SharedQPU

program = Program()
H(program.qalloc(1)[0])
job = program.to_circ().to_job(nbshots=10)
def work():
    SharedQPU("p").submit(job)
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    directory = tmp_path_factory.mktemp("b") / "b"
    broker = BrokerProcess(directory, options='service = "qat.qpus:LinAlg"').start()
    yield broker
    broker.stop()


def start(tmp_path, text, *arguments, environment=None):
    program = tmp_path / "program.py"
    program.write_text(text, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM", "QAT_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "openqat", "run", str(program), *arguments],
        env={**kept, "PYTHONPATH": PATHS, **(environment or {})},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    )  # fmt: skip


def run(tmp_path, text, *arguments, **options):
    process = start(tmp_path, text, *arguments, **options)
    output, errors = process.communicate(timeout=LIMIT_S)
    return process.returncode, output, errors


def test_it_is_what_python_would_make_of_it(tmp_path):
    text = "import sys; print(sys.argv[1:], __name__, sys.path[0]); sys.exit(7)"
    status, output, errors = run(tmp_path, text, "--help", "-x", "a b")
    assert (status, errors) == (7, "") and output == f"['--help', '-x', 'a b'] __main__ {tmp_path}\n"


def test_an_exception_looks_as_ever(tmp_path):
    status, _, errors = run(tmp_path, "def f(): raise ValueError('odd')\nf()")
    assert status == 1 and errors.splitlines()[-1] == "ValueError: odd" and "openqat" not in errors


def test_signals_are_the_programs_own(tmp_path):
    text = """
import signal, sys
signal.signal(signal.SIGUSR1, lambda *_: sys.exit(9))
print("ready", flush=True)
while True: signal.pause()
"""
    process = start(tmp_path, text)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGUSR1)
    process.communicate(timeout=LIMIT_S)
    assert process.returncode == 9


def test_it_says_what_was_used(tmp_path, broker):
    text = f"{WORK}\nimport os\nfor _ in range(3): work()\nassert 'QAT_RUN' in os.environ"
    status, output, errors = run(tmp_path, text, environment={"QAT_BROKER": f"unix:{broker.socket}"})
    assert (status, output) == (0, ""), errors
    [line] = errors.splitlines()
    assert line.startswith("qat run: q: 3 tasks, ") and line.endswith(" s waiting")


def test_also_of_its_children(tmp_path, broker):
    text = f"""{WORK}
import multiprocessing, sys
if __name__ == "__main__":
    work()
    for method in ("spawn", "fork"):
        child = multiprocessing.get_context(method).Process(target=work)
        child.start(), child.join()
    sys.exit(child.exitcode)
"""
    status, _, errors = run(tmp_path, text, environment={"QAT_BROKER": f"unix:{broker.socket}"})
    assert status == 0 and "qat run: q: 3 tasks, " in errors and errors.count("qat run") == 1, errors


ROW = "7|RUNNING|None|t|t|q1|1|ada|7|(null)|{units}|x"


def slurm(tmp_path, units):
    """An environment whose Slurm says that job 7 has so many units, and that there is a licence for ``p``."""
    commands = {
        "squeue": f'marker=${{3#--format=}}; echo "${{marker%%%*}}{ROW.format(units=units)}"',
        "scontrol": "echo LicenseName=qpu_p Total=1000 Used=0 Free=1000 Reserved=0 Remote=no",
    }
    (tmp_path / "bin").mkdir()
    for name, script in commands.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    return {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "SLURM_JOB_ID": "7"}


def test_a_job_without_the_licence_is_told_what_to_ask_for(tmp_path, broker):
    environment = slurm(tmp_path, "(null)") | {"QAT_BROKER": f"unix:{broker.socket}"}
    status, _, errors = run(tmp_path, f"{WORK}\nwork()", environment=environment)
    assert status == 1 and "job 7 has no units of the licence qpu_p" in errors and "--licenses=qpu_p:250" in errors


def test_a_job_with_the_licence_runs(tmp_path, broker):
    environment = slurm(tmp_path, "qpu_p:250") | {"QAT_BROKER": f"unix:{broker.socket}"}
    status, _, errors = run(tmp_path, f"{WORK}\nwork()", environment=environment)
    assert status == 0 and errors.startswith("qat run: q: 1 task, "), errors


@pytest.mark.skipif(Path("/etc/openqat/broker.toml").exists(), reason="this machine knows a broker")
def test_a_licence_without_a_broker_is_an_error_at_once(tmp_path):
    environment = slurm(tmp_path, "qpu_p:250") | {"QAT_BROKER_SETTINGS": ""}
    status, output, errors = run(tmp_path, "print('begun')", environment=environment)
    assert (status, output) == (1, "") and "set QAT_BROKER to unix:/PATH" in errors


def test_that_slurm_does_not_answer_is_said_and_the_program_runs(tmp_path):
    environment = slurm(tmp_path, "(null)")
    (tmp_path / "bin" / "squeue").write_text("#!/bin/sh\necho 'Unable to contact slurm controller' >&2; exit 1\n")
    status, output, errors = run(tmp_path, "print('begun')", environment=environment)
    assert (status, output) == (0, "begun\n")
    assert errors.startswith("qat run: the licences of job 7 are not known and not checked: Unable to contact")


def test_a_program_that_is_not_there(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "openqat", "run", "absent.py"], env={**os.environ, "PYTHONPATH": PATHS},
        capture_output=True, text=True, timeout=LIMIT_S, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2 and "'absent.py' does not exist" in done.stderr
