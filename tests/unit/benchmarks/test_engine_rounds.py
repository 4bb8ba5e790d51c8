"""Protocol with workers, comparison of answers, interleaving and tables of the engine benchmark."""

import json
import math
import sys
from typing import ClassVar

import pytest

from benchmarks.engine import report
from benchmarks.engine.__main__ import document, names, parsed, plan
from benchmarks.engine.bandwidth import copy_bandwidth, floor_s
from benchmarks.engine.client import Client, environment
from benchmarks.engine.environments import PINNED
from benchmarks.engine.peers import DEFAULT, ENTRIES
from benchmarks.engine.peers.base import Run, UnsupportedError
from benchmarks.engine.rounds import Bench, Cell, Plan, Row, difference
from benchmarks.engine.worker import Session, replies
from benchmarks.engine.workloads import WORKLOADS


class Pretender:
    """A peer that knows the answers it is given."""

    def state(self, circuit):
        return Run(lambda: 0.5, lambda value: [value, 2 * value], 3)

    def energy(self, circuit, observable):
        raise UnsupportedError("no energy")

    def samples(self, circuit, nb_shots):
        raise ValueError("broken")


def prepare(workload):
    return {"do": "prepare", "workload": workload, "is_small": True, "clock": "wall"}


def test_session_prepares_repeats_and_drops():
    session = Session(Pretender())
    reply = session.handle(prepare("fourier"))
    assert (reply["answer"], reply["nb_passes"]) == ([0.5, 1.0], 3)
    assert session.handle({"do": "repeat", "count": 3, "clock": "cpu"})["mean_s"] >= 0
    assert session.handle({"do": "drop"}) == {}


def test_session_reports_what_goes_wrong():
    session = Session(Pretender())
    assert session.handle(prepare("terms")) == {"unsupported": "no energy"}
    assert session.handle(prepare("shots")) == {"error": "ValueError: broken"}


def test_worker_without_its_package_says_so():
    (reply,) = replies(iter([]), "no_such_adapter", 1, {})
    assert reply["error"].startswith("ModuleNotFoundError")


ECHO = "import sys\nprint('{}', flush=True)\nfor line in sys.stdin: print(line, end='', flush=True)"


def script(code, deadline_s=30.0):
    return Client([sys.executable, "-c", code], environment(1, is_ours=False), deadline_s)


def test_protocol_round_trip():
    client = script(ECHO)
    answer = [0.1, -1e-300, 12345.678901234567] * 1000
    assert client.ask(answer=answer) == {"answer": answer}
    assert client.is_alive
    client.close()
    assert client.ask(do="drop") == {"error": "worker ended"}


def test_deadline_ends_the_worker():
    client = script("print('{}', flush=True)\nwhile True: pass", deadline_s=0.5)
    assert client.hello in ({}, {"error": "> 0 s"})
    assert "> 0 s" in client.ask(do="repeat")["error"]
    assert not client.is_alive


def test_ended_worker_is_reported():
    client = script("print('{}', flush=True)")
    assert client.ask(do="drop") == {"error": "worker ended"}
    client.close()


def test_difference():
    assert difference([1.0, math.nan], [1.0, 2.0]) == math.inf
    assert difference([], []) == math.inf
    assert difference([1.0, 2.0], [1.5, 2.0]) == 0.5


class Scripted:
    """A client with prepared replies, which writes down who was asked."""

    log: ClassVar[list[tuple[str, str]]] = []

    def __init__(self, name, first):
        self.hello, self.is_alive, self._name, self._first = {"versions": name}, True, name, first

    def ask(self, **request):
        self.log.append((self._name, request["do"]))
        return {"prepare": self._first, "repeat": {"mean_s": 0.1}, "drop": {}}[request["do"]]

    def close(self):
        self.is_alive = False


def reply(answer, first_s=0.1):
    return {"answer": answer, "first_s": first_s, "added_mib": 1.0, "nb_passes": None, "build_s": 0.0}


@pytest.fixture
def bench(tmp_path):
    Scripted.log.clear()
    first = {
        "openqat": reply([1.0]),
        "qulacs": reply([1.0 + 1e-7]),
        "qsim": reply([1.0 + 1e-7]),
        "aer": {"unsupported": "no state"},
        "scaluq": reply([1.0], first_s=30.0),
    }
    bench = Bench(Plan(list(first), tmp_path, nb_rounds=2, is_small=True))
    bench._clients = {name: Scripted(name, answer) for name, answer in first.items()}
    return bench


def test_rounds_are_interleaved_and_wrong_answers_are_not_timed(bench):
    row = bench.measure("fourier")
    assert [name for name, what in Scripted.log if what == "repeat"] == ["openqat", "qsim"] * 2
    assert row.cells["qulacs"].problem == "WRONG by 1.0e-07"
    assert row.cells["aer"].problem == "no state"
    assert list(row.cells["openqat"].samples_s) == [0.1, 0.1]
    assert row.cells["scaluq"].samples_s == [30.0]


def test_tolerance_grows_with_the_answers(bench):
    for client in bench._clients.values():
        if "answer" in client._first:
            client._first["answer"] = [100 * value for value in client._first["answer"]]
    bench._clients["qulacs"]._first["answer"] = [100.0 + 5e-7]
    assert bench.measure("fourier").cells["qulacs"].problem is None


def test_row_becomes_a_line_and_a_document(bench):
    row = bench.measure("fourier")
    cells = report.line(row, ["openqat", "qulacs", "aer", "scaluq"])
    assert cells == [
        "QFT-20", "100 [100]", "WRONG by 1.0e-07", "-", "30000 [30000] (once)", "-", "-", "-", "-", "300 x (scaluq)",
    ]  # fmt: skip
    assert json.loads(json.dumps(document(row)))["cells"]["aer"]["problem"] == "no state"


def test_floor_counts_the_passes_of_the_engine():
    bandwidth = 32.0 * 2**20
    told = Row("fourier", {"engine": Cell([1.0], 1.0, nb_passes=3)}, bandwidth)
    untold = Row("fourier", {"openqat": Cell([1.0], 1.0)}, bandwidth)
    assert (report.floor(told), report.floor(untold)) == ("3000 (3 passes)", "1000 (a pass)")


@pytest.mark.parametrize(
    ("nb_operations", "sweeps_s", "expected"),
    [
        (3e9, None, ("1000 (3 G)", "-", "1.33 x")),
        (12e9, 2.0, ("4000 (12 G)", "2000", "1 x")),
        (3e9, 8.0, ("1000 (3 G)", "8000", "0.5 x")),
    ],
)
def test_limits_are_memory_arithmetic_or_caches_whichever_is_most(nb_operations, sweeps_s, expected):
    cell = Cell([4.0], 4.0, nb_passes=3, nb_operations=nb_operations, peak=3e9, sweeps_s=sweeps_s)
    row = Row("fourier", {"engine": cell}, bandwidth=32.0 * 2**20)
    assert (report.arithmetic(row), report.sweeps(row), report.distance(row)) == expected


def test_without_operations_there_is_no_limit():
    row = Row("ucc-energy", {"engine": Cell([4.0], 4.0)}, None)
    assert (report.arithmetic(row), report.sweeps(row), report.distance(row)) == ("-", "-", "-")


def test_table_of_nothing_has_a_head():
    assert (
        report.full_table([], ["openqat", "qsim"])
        .splitlines()[0]
        .startswith("| ms: median [min] | openqat | qsim (single)")
    )


def test_bandwidth_is_positive_for_one_and_two_threads():
    assert all(copy_bandwidth(1 << 16, threads) > 0 for threads in (1, 2))
    assert floor_s(1, 4, 128.0) == 1.0


def test_entries_have_environments():
    assert {entry.environment for entry in ENTRIES.values()} - {None, "published"} == set(PINNED)
    assert set(DEFAULT) <= set(ENTRIES)


def test_options():
    wanted = plan(parsed(["--peers", "numpy,qulacs", "--published", "python", "--rounds", "2"]))
    assert (wanted.peers, wanted.nb_rounds) == (["numpy", "qulacs", "published"], 2)
    with pytest.raises(Exception, match="unknown: nonsense; there are fourier"):
        names("fourier,nonsense", WORKLOADS)


def test_numpy_engine_in_a_real_worker(tmp_path):
    with Bench(Plan(["numpy", "openqat"], tmp_path, nb_rounds=1, is_small=True)) as bench:
        row = bench.measure("qaoa-gradient")
    assert [cell.problem for cell in row.cells.values()] == [None, None]
