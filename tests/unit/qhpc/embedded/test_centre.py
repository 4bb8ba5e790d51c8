"""A centre of one's own: its broker's settings, and waiting for jobs in a long queue. Nothing is started."""

from pathlib import Path

import pytest

from qhpc.broker.settings import settings_in
from qhpc.embedded import centre as module
from qhpc.embedded.centre import TrialCentre, TrialShape, broker_toml


class Clock:
    """Time that passes in sleeps, and while Slurm lists its jobs."""

    def __init__(self, *queues, listing_s=0.0):
        self.queues, self.listing_s, self.now_s, self.slept_s = list(queues), listing_s, 0.0, []

    def monotonic(self):
        return self.now_s

    def sleep(self, pause_s):
        self.slept_s.append(pause_s)
        self.now_s += pause_s

    def call(self, *command):
        assert command[0] == "squeue"
        self.now_s += self.listing_s
        queue = self.queues.pop(0) if len(self.queues) > 1 else self.queues[0]
        return "".join(f"{number}\n" for number in queue)


@pytest.fixture
def waiting(monkeypatch, tmp_path):
    def made(clock):
        monkeypatch.setattr(module, "time", clock)
        waiting = TrialCentre(tmp_path)
        monkeypatch.setattr(waiting.cluster, "call", clock.call)
        return waiting

    return made


def test_jobs_that_wait_or_run_are_unfinished(waiting):
    assert waiting(Clock([7, 3, 99])).unfinished(1, 3, 5, 7) == [3, 7]


def test_waiting_ends_with_the_last_job(waiting):
    clock = Clock([1, 2], [2], [])
    waiting(clock).wait(1, 2, timeout_s=60.0)
    assert clock.slept_s == [0.2, 0.2]


def test_a_long_queue_is_listed_less_often(waiting):
    clock = Clock([1], [1], [], listing_s=0.5)
    waiting(clock).wait(1, timeout_s=60.0)
    assert clock.slept_s == [5.0, 5.0], "ten times as long as listing it took"


def test_waiting_has_an_end(waiting):
    with pytest.raises(TimeoutError, match=r"jobs \[2\] have not ended after 3 s"):
        waiting(Clock([1, 2], [2])).wait(1, 2, timeout_s=3.0)


def test_its_broker_has_the_settings_of_its_shape():
    shape = TrialShape(pool="atoms", nb_qpus=2, slice_s=3.0, policy="fifo", device={"timing": "neutral-atoms"})
    settings = settings_in(broker_toml(shape, Path("/tmp/try")))
    pool = settings.pools["atoms"]
    assert (pool.qpus, pool.slice_s, pool.policy) == (("atoms-1", "atoms-2"), 3.0, "fifo")
    assert settings.qpus["atoms-2"].timing == "neutral-atoms" and settings.slurm.is_used


def test_jobs_get_no_more_of_the_environment_than_they_need(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET", "of the operator")
    monkeypatch.setenv("PYTHONPATH", "/opt/a b")
    trial = TrialCentre(tmp_path)
    (tmp_path / "jobs").mkdir()
    said = []
    monkeypatch.setattr(trial.cluster, "call", lambda *command: said.append(command) or "12\n")
    assert trial.submit("vqe", "python", "a program.py", units=250) == 12
    ((*options, script),) = said
    assert {"--licenses=qpu_qpu:250", "--job-name=vqe"} <= set(options)
    text = Path(script).read_text()
    assert "export PYTHONPATH='/opt/a b'\n" in text and text.endswith("exec python 'a program.py'\n")
    assert f"export QAT_BROKER=unix:{tmp_path}/broker/broker.sock\n" in text and "SECRET" not in text
    assert "SECRET" not in trial.cluster.environment


def test_a_centre_that_learns_tells_broker_and_slurm_of_one_table(tmp_path):
    centre = TrialCentre(tmp_path, TrialShape(units=1100, learns_duty=True))
    settings = settings_in(broker_toml(centre.shape, tmp_path))
    assert settings.slurm.duty_table == str(centre.duties)
    shape = centre.cluster.shape
    assert shape.settings["JobSubmitPlugins"] == "lua" and str(centre.duties) in shape.files["job_submit.lua"]
    assert TrialCentre(tmp_path).cluster.shape.files == {}


def test_the_script_of_a_job_names_its_stack(tmp_path, monkeypatch):
    centre = TrialCentre(tmp_path)
    monkeypatch.setattr(centre.cluster, "call", lambda *command: "7\n")
    (tmp_path / "jobs").mkdir()
    assert centre.submit("a", "true", stack="my loop") == 7
    assert "\nexport QAT_STACK='my loop'\n" in (tmp_path / "jobs" / "a.sh").read_text()
    centre.submit("b", "true")
    assert "QAT_STACK" not in (tmp_path / "jobs" / "b.sh").read_text()
