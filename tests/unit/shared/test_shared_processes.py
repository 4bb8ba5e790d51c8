"""SharedQPU in processes that fork, end, or forget threads; and how a site makes one of its own."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from qat.comm.broker import messages as said
from qat.comm.broker.tasks import batch_in
from qat.plugins import ScipyMinimizePlugin
from qat.qpus import LinAlg, SharedQPU
from tests.unit.shared.broker import LIMIT_S
from tests.unit.shared.calls import bell, held, samples

SOURCE = str(Path(__file__).parents[3] / "src")


def _in_child(results):
    results.put((samples(SharedQPU("p").submit(bell())), os.getpid()))
    results.close()
    results.join_thread()


def test_a_forked_child_has_a_session_of_its_own(broker):
    qpu = SharedQPU("p")
    qpu.submit(bell())
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=_in_child, args=(results,))
    child.start()
    found, pid = results.get(timeout=LIMIT_S)
    child.join(LIMIT_S)
    assert child.exitcode == 0
    assert (found, pid) == (samples(LinAlg().submit(bell())), child.pid)
    assert samples(qpu.submit(bell())) == found
    first, second = broker.of(said.OpenSession)
    assert first.session != second.session


def test_sessions_are_closed_when_the_process_ends(broker):
    code = """
from qat.core import Circuit
from qat.qpus import SharedQPU
SharedQPU("p").submit(Circuit.empty(1).to_job())
"""
    environment = {**os.environ, "PYTHONPATH": SOURCE, "SLURM_JOB_ID": "42", "SLURM_RESTART_COUNT": "2"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
    broker.until_heard(said.CloseSession)
    [opened] = broker.of(said.OpenSession)
    assert (opened.slurm_job, opened.slurm_restart) == (42, 2)
    assert opened.session.startswith("slurm-42.")


def test_a_job_beside_its_broker_imports_nothing_of_networks(broker):
    code = """
import sys
from qat.core import Circuit
from qat.qpus import SharedQPU
SharedQPU("p").submit(Circuit.empty(1).to_job())
unwanted = {"ssl", "tomllib", "asyncio", "scipy", "http", "email"} & set(sys.modules)
assert not unwanted, unwanted
"""
    environment = {**os.environ, "PYTHONPATH": SOURCE}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)


def test_a_program_that_forgot_a_thread_ends_all_the_same(broker):
    held(broker)
    code = """
from threading import Thread
from qat.core import Circuit
from qat.qpus import SharedQPU
thread = Thread(target=SharedQPU("p").submit, args=(Circuit.empty(1).to_job(),), daemon=True)
thread.start()
thread.join(0.5)
"""
    environment = {**os.environ, "PYTHONPATH": SOURCE}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], env=environment, check=True, timeout=60)
    broker.until_heard(said.CloseSession)


# Making one


class Fresnel(SharedQPU):
    pool = "fresnel"


def test_a_site_names_its_pool():
    assert str(Fresnel()) == "Fresnel('fresnel')"
    assert str(ScipyMinimizePlugin() | Fresnel()) == "ScipyMinimizePlugin | Fresnel('fresnel')"


@pytest.mark.parametrize(("arguments", "options", "words"), [
    ((), {}, "has no pool"),
    (("p",), {"share": 0.0}, "share is 0.0"),
    (("p",), {"share": 1.5}, "share is 1.5"),
    (("p",), {"duration_s": 0.0}, "duration_s is 0.0"),
    (("p",), {"timeout_s": float("inf")}, "timeout_s is inf"),
])  # fmt: skip
def test_arguments_that_make_no_sense(arguments, options, words):
    with pytest.raises(ValueError, match=words):
        SharedQPU(*arguments, **options)


def test_the_broker_is_given_what_is_needed_and_no_more(broker):
    SharedQPU("p").submit(bell())
    [task] = broker.of(said.SubmitTask)
    assert batch_in(task.payload).jobs == [bell()]
    [opened] = broker.of(said.OpenSession)
    assert (opened.owner, opened.credential, opened.slurm_job) == ("", b"", None)
