"""The parts of a runner: progress, failures, limits."""

import os
import resource
import socket
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from qat.comm.access.messages import Progress
from qat.core.errors import ErrorType, GeneratorException, PluginException, QPUException, WireError
from qat.core.optimizer import Optimizer
from qat.core.progress import listening
from qat.plugins import ScipyMinimizePlugin
from qat.qpus import LinAlg
from qhpc.access.launchers.protocol import InvalidSubmission
from qhpc.access.runner.channel import Channel
from qhpc.access.runner.failures import MAX_MESSAGE, outcome_of
from qhpc.access.runner.frames import FrameKind
from qhpc.access.runner.isolation import limited, resident_bytes
from qhpc.access.runner.reporter import INTERVAL_S, MAX_PARAMETERS, Reporter

from ..submissions import variational_job


class Clock:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


def reporter():
    sent, clock = [], Clock()
    return Reporter(sent.append, clock, lambda: 1e9 + clock.now_s), sent, clock


# ---------------------------------------------------------------- progress


def test_progress_is_told_at_most_every_interval_and_the_last_always():
    report, sent, clock = reporter()
    for number in range(1, 101):
        report.evaluated(number, -float(number % 7), {"a": np.float64(number)})
        clock.now_s += 1 / 64  # four of them are longer than the interval
    report.flush()
    times = [progress.time_s for progress in sent[:-1]]
    assert [progress.iteration for progress in sent] == [*range(1, 101, 4), 100]
    assert all(later - earlier == 4 / 64 > INTERVAL_S for earlier, later in pairwise(times))
    assert sent[-1] == Progress(
        iteration=100, value=-2.0, best_value=-6.0, parameters={"a": 100.0}, time_s=sent[-1].time_s
    )
    report.flush()
    assert len(sent) == 26, "nothing is told twice"


def test_parameters_of_very_large_searches_are_not_told():
    report, sent, _ = reporter()
    report.evaluated(1, 0.5, {str(number): 0.0 for number in range(MAX_PARAMETERS + 1)})
    assert (sent[0].value, sent[0].parameters) == (0.5, {})


def test_each_search_has_its_own_best_value():
    report, sent, clock = reporter()
    for number, value in ((1, -5.0), (2, -4.0), (1, 3.0), (2, 4.0)):
        report.evaluated(number, value, {})
        clock.now_s += 1
    assert [progress.best_value for progress in sent] == [-5.0, -5.0, 3.0, 3.0]


def test_fractions_are_told_outside_of_searches_only():
    report, sent, clock = reporter()
    report.ran(0.5)
    clock.now_s += 1
    report.evaluated(1, 0.0, {})
    clock.now_s += 1
    report.ran(0.9)
    report.flush()
    assert [(progress.iteration, progress.fraction) for progress in sent] == [(0, 0.5), (1, None)]


def test_optimizers_tell_whoever_listens_in_their_context_only():
    heard = []
    stack = ScipyMinimizePlugin(method="COBYLA", x0=[0.3]) | LinAlg()
    with listening(lambda iteration, value, parameters: heard.append((iteration, value, dict(parameters)))):
        result = stack.submit(variational_job())
    assert [value for _, value, _ in heard] == eval(result.meta_data["optimization_trace"])
    assert [iteration for iteration, _, _ in heard] == list(range(1, len(heard) + 1))
    assert set(heard[0][2]) == {"a"}
    nb_heard = len(heard)
    stack.submit(variational_job())
    assert len(heard) == nb_heard


def test_a_listener_that_raises_ends_the_search():
    class Stop(BaseException):
        pass

    def stop(*_):
        raise Stop

    with listening(stop), pytest.raises(Stop):
        (ScipyMinimizePlugin(method="COBYLA") | LinAlg()).submit(variational_job())


# ---------------------------------------------------------------- failures


class OwnQPUException(QPUException):
    """A site's own."""


class Search(Optimizer):
    """Runs out of memory."""

    def optimize(self, var_names):
        raise MemoryError("too many points")


@pytest.mark.parametrize(
    ("error", "task", "exception", "reason", "message"),
    [
        (OwnQPUException(11, "mod", "no"), "submit", "QPUException", "service-error", "no"),
        (PluginException(2, "mod", "no"), "submit", "PluginException", "service-error", "no"),
        (GeneratorException(message="no"), "submit", "GeneratorException", "service-error", "no"),
        (QPUException(3), "submit", "QPUException", "service-error", "QPUException(code=3"),
        (ValueError("odd"), "submit", "QPUException", "service-error", "ValueError: odd"),
        (KeyError("x"), "compile", "PluginException", "service-error", "KeyError: 'x'"),
        (SystemExit(3), "execute", "GeneratorException", "service-error", "SystemExit: 3"),
        (KeyboardInterrupt(), "submit", "QPUException", "service-error", "KeyboardInterrupt"),
        (WireError("odd"), "submit", "QPUException", "result-not-sendable", "odd"),
        (InvalidSubmission("invalid-stack", "odd"), "submit", "ServerError", "invalid-stack", "odd"),
        (MemoryError("8 GiB"), "submit", "QPUException", "out-of-memory", "8 GiB"),
        (OSError(12, "Cannot allocate"), "submit", "QPUException", "out-of-memory", "Cannot allocate"),
    ],
)
def test_failures(error, task, exception, reason, message):
    outcome = outcome_of(error, task)
    assert (outcome.failure.exception, outcome.failure.reason) == (exception, reason)
    assert message in outcome.failure.message
    assert outcome.is_limit == (reason == "out-of-memory")


def test_messages_are_not_endless():
    message = outcome_of(ValueError("x" * 100_000)).failure.message
    assert len(message) < MAX_MESSAGE + 100 and message.endswith("(100012 characters)")


def test_shortage_of_memory_within_a_junction_is_one_too():
    with pytest.raises(PluginException) as caught:
        (Search() | LinAlg()).submit(variational_job())
    outcome = outcome_of(caught.value)
    assert outcome.is_limit and outcome.failure.code == ErrorType.INSUFFICIENT_RESOURCES


# ---------------------------------------------------------------- limits and channel

LIMITED = """
import sys
sys.path[:0] = {paths!r}
from qhpc.access.runner.isolation import limited
with limited(64 << 20, {cpu_s}):
    {work}
print("lived")
"""


def run_limited(work, cpu_s=None):
    code = LIMITED.format(paths=[folder for folder in sys.path if folder], work=work, cpu_s=cpu_s)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)


def test_memory_beyond_the_limit_is_refused():
    assert "lived" in run_limited("bytearray(1 << 20)").stdout
    assert "MemoryError" in run_limited("bytearray(1 << 30)").stderr


def test_processor_time_beyond_the_limit_ends_the_process():
    assert run_limited("exec('while True: pass')", cpu_s=0.1).returncode == -24


def test_limits_are_lifted_at_the_end():
    before = [resource.getrlimit(kind) for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU)]
    with limited(1 << 40, 1e6):
        assert resource.getrlimit(resource.RLIMIT_AS)[0] > 1 << 40
    assert [resource.getrlimit(kind) for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU)] == before
    assert resident_bytes() > 1 << 20


def test_a_channel_gives_frames_however_they_come_and_none_at_the_end():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = Channel(theirs)
        Channel(ours).send_structure(FrameKind.FAULT, {"a": 1}, channel=2)
        Channel(ours).send(FrameKind.READY, b"")
        assert channel.receive() == (FrameKind.FAULT, 2, b"\x81\xa1a\x01")
        assert channel.receive().kind == FrameKind.READY
        ours.close()
        assert channel.receive() is None


@pytest.mark.parametrize("module", ["qhpc.access.runner", "qhpc.access.rebuild.clerk"])
def test_a_child_whose_server_has_gone_ends_at_once(module):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-m", module, str(theirs.fileno()), "1"]
        done = subprocess.run(
            command, env=environment, pass_fds=[theirs.fileno()], capture_output=True, timeout=60, check=False
        )
    assert done.returncode != 0 and b"server ended" in done.stderr


def test_a_runner_does_not_start_without_a_folder_of_its_own(tmp_path):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-m", "qhpc.access.runner", str(theirs.fileno()), str(os.getpid())]
        done = subprocess.run(
            command,
            env=environment,
            cwd=tmp_path,
            pass_fds=[theirs.fileno()],
            capture_output=True,
            timeout=60,
            check=False,
        )
    assert done.returncode != 0 and b"started by a launcher" in done.stderr
