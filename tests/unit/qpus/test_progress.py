"""Progress on the terminal: with tqdm, without it, and not at all for short runs."""

import sys
import types
from typing import ClassVar

import pytest

from qat.kernels.control import RunControl
from qat.qpus import LinAlg, progress
from tests.unit.qpus.test_run_control import SLOW, cancelling, circuit


class FakeTqdm:
    """Keeps what it is told."""

    made: ClassVar[list] = []

    def __init__(self, total, desc, **options):
        self.total, self.desc, self.n, self.is_closed = total, desc, 0.0, False
        FakeTqdm.made.append(self)

    def update(self, more):
        assert more >= 0
        self.n += more

    def close(self):
        self.is_closed = True


@pytest.fixture
def bars(monkeypatch):
    monkeypatch.setattr(FakeTqdm, "made", [])
    monkeypatch.setitem(sys.modules, "tqdm.auto", types.SimpleNamespace(tqdm=FakeTqdm))
    return FakeTqdm


@pytest.mark.parametrize("engine", ["numpy", None])
def test_a_long_run_has_a_bar(bars, engine):
    LinAlg(tqdm=True, engine=engine).submit(circuit(20)(a=0.1).to_job() if engine else SLOW(a=0.1).to_job())
    (bar,) = bars.made
    assert (bar.desc, bar.n, bar.total, bar.is_closed) == ("LinAlg", pytest.approx(100), 100, True)


def test_a_batch_has_one_bar(bars):
    LinAlg(tqdm=True, engine="numpy").submit([circuit(9)(a=0.1).to_job(), circuit(9)(a=0.2).to_job()])
    (bar,) = bars.made
    assert (bar.desc, bar.n, bar.is_closed) == ("LinAlg, 2 jobs", pytest.approx(100), True)


def test_short_runs_and_other_qpus_show_nothing(bars, capsys):
    LinAlg(tqdm=True).submit(circuit(1, 3)(a=0.1).to_job())
    LinAlg(engine="numpy").submit(circuit(5)(a=0.1).to_job())
    assert bars.made == [] and capsys.readouterr().err == ""


def test_a_cancelled_run_closes_its_bar(bars):
    with cancelling(), pytest.raises(Exception, match="cancelled by RunControl"):
        LinAlg(tqdm=True).submit(SLOW(a=0.1).to_job())
    assert all(bar.is_closed for bar in bars.made)


def test_the_bar_and_a_control_both_hear(bars):
    heard = []
    with RunControl(heard.append):
        LinAlg(tqdm=True, engine="numpy").submit(circuit(20)(a=0.1).to_job())
    assert heard[-1] == 1.0 and bars.made[0].n == pytest.approx(100)


def test_text_without_tqdm(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    LinAlg(tqdm=True, engine="numpy").submit(circuit(20)(a=0.1).to_job())
    text = capsys.readouterr().err
    assert text.startswith("\rLinAlg: ") and text.endswith("\rLinAlg: 100%\n")


def test_the_real_tqdm(capsys):
    tqdm = pytest.importorskip("tqdm.auto")
    bar = progress._TqdmBar(tqdm.tqdm, "LinAlg")
    bar.show(0.5)
    bar.show(1.0)
    bar.close()
    assert "LinAlg: 100%" in capsys.readouterr().err
