"""The measurement itself: every peer in turn, round by round, each in its own process."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.engine.bandwidth import copy_bandwidth
from benchmarks.engine.client import Client
from benchmarks.engine.environments import python_of
from benchmarks.engine.peers import ENTRIES
from benchmarks.engine.workloads import WORKLOADS, Workload

Message = dict[str, Any]
REPEAT_S = 0.05
"""Shorter calls are repeated within a round until about this long."""
MAX_REPEATS = 200


class Plan(NamedTuple):
    """What to run.

    Attributes:
        peers: names in :data:`~benchmarks.engine.peers.ENTRIES`; the first one's answers are the reference.
        folder: where the virtual environments are.
        published: interpreter of another implementation of the published API.
        nb_threads: for every peer.
        nb_rounds: timed ones, after one warm-up call.
        deadline_s: for one request to a worker.
        budget_s: a peer that has used that long on a workload is not asked again.
        is_small: small sizes, to check the adapters.
        clock: ``wall``, or ``cpu`` to leave out what a busy neighbour takes from a single thread.
    """

    peers: Sequence[str]
    folder: Path
    published: Path | None = None
    nb_threads: int = 1
    nb_rounds: int = 5
    deadline_s: float = 60.0
    budget_s: float = 20.0
    is_small: bool = False
    clock: str = "wall"


class Cell(NamedTuple):
    """What one peer did on one workload.

    Attributes:
        samples_s: seconds a call, one for each round; the warm-up alone where there was no time for more.
        first_s: of the warm-up, with caches still empty.
        problem: why there are no times: unsupported, too slow, failed or wrong.
        added_mib: by how much the first call raised the peak of the worker's memory.
        nb_passes: over the state, where the engine tells.
        nb_operations: of real numbers, where the engine tells.
        peak: operations a second that its threads can do at most.
        sweeps_s: least seconds for what they move in caches, where the engine tells.
    """

    samples_s: Sequence[float] = ()
    first_s: float = math.nan
    problem: str | None = None
    added_mib: float = math.nan
    nb_passes: int | None = None
    nb_operations: float | None = None
    peak: float | None = None
    sweeps_s: float | None = None

    @property
    def median_s(self) -> float:
        """Median of the samples; NaN if there are none."""
        return median(self.samples_s) if self.samples_s else math.nan


class Row(NamedTuple):
    """All peers on one workload, and the bandwidth measured between them (bytes a second)."""

    workload: str
    cells: Mapping[str, Cell]
    bandwidth: float | None


def difference(answer: Sequence[float], reference: Sequence[float]) -> float:
    """Largest difference of two answers, infinite where they cannot be compared.

    >>> difference([1.0, 2.0], [1.0, 2.5]), difference([1.0], [1.0, 2.0])
    (0.5, inf)
    """
    if len(answer) != len(reference) or not all(map(math.isfinite, answer)):
        return math.inf
    return max((abs(a - b) for a, b in zip(answer, reference, strict=True)), default=math.inf)


class Bench:
    """The workers of a plan, restarted when they die."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._clients: dict[str, Client] = {}

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            client.close()

    def versions(self) -> dict[str, str]:
        """What each worker says about itself."""
        greetings = {name: self._client(name).hello for name in self._plan.peers}
        return {name: hello.get("versions") or hello["error"] for name, hello in greetings.items()}

    def measure(self, name: str) -> Row:
        """One workload, all peers."""
        workload = WORKLOADS[name]
        request = {"do": "prepare", "workload": name, "is_small": self._plan.is_small, "clock": self._plan.clock}
        first = {peer: self._client(peer).ask(**request) for peer in self._plan.peers}
        problems = self._problems(workload, first)
        able = {peer: reply for peer, reply in first.items() if problems[peer] is None}
        samples, bandwidth = self._rounds(able, self._bandwidth_of(workload))
        for peer in self._plan.peers:
            self._client(peer).ask(do="drop")
        cells = {peer: _cell(reply, samples.get(peer, ()), problems[peer]) for peer, reply in first.items()}
        return Row(name, cells, bandwidth)

    def _client(self, name: str) -> Client:
        client = self._clients.get(name)
        if client is None or ("versions" in client.hello and not client.is_alive):
            entry = ENTRIES[name]
            python = self._python(entry.environment)
            client = Client.of(python, entry.module, dict(entry.settings), self._plan.nb_threads, self._plan.deadline_s)
            self._clients[name] = client
        return client

    def _python(self, environment: str | None) -> Path | None:
        if environment == "published" and self._plan.published is not None:
            return self._plan.published
        return None if environment is None else python_of(self._plan.folder, environment)

    def _problems(self, workload: Workload, first: Mapping[str, Message]) -> dict[str, str | None]:
        reference = next((reply["answer"] for reply in first.values() if "answer" in reply), [])
        scale = max((1.0, *map(abs, reference)))
        found: dict[str, str | None] = {}
        for peer, reply in first.items():
            if "answer" in reply:
                allowed = scale * workload.answers_tolerance(self._plan.is_small, ENTRIES[peer].is_single)
                error = difference(reply["answer"], reference)
                found[peer] = f"WRONG by {error:.1e}" if error > allowed else None
            else:
                found[peer] = reply.get("unsupported") or reply["error"]
        return found

    def _bandwidth_of(self, workload: Workload) -> Callable[[], float] | None:
        if not workload.nb_amplitudes or self._plan.is_small:
            return None
        return lambda: copy_bandwidth(16 * workload.nb_amplitudes, self._plan.nb_threads)

    def _rounds(
        self, able: Mapping[str, Message], bandwidth: Callable[[], float] | None
    ) -> tuple[dict[str, list[float]], float | None]:
        samples: dict[str, list[float]] = {peer: [] for peer in able}
        spent = {peer: reply["first_s"] for peer, reply in able.items()}
        found = []
        for _ in range(self._plan.nb_rounds):
            found += [bandwidth()] if bandwidth else []
            for peer in able:
                if spent[peer] < self._plan.budget_s:
                    spent[peer] += self._round(peer, able[peer]["first_s"], samples[peer])
        return samples, median(found) if found else None

    def _round(self, peer: str, first_s: float, samples: list[float]) -> float:
        expected_s = samples[-1] if samples else first_s
        count = max(1, min(MAX_REPEATS, int(REPEAT_S / max(expected_s, 1e-7))))
        reply = self._client(peer).ask(do="repeat", count=count, clock=self._plan.clock)
        if "mean_s" not in reply:
            return math.inf
        samples.append(reply["mean_s"])
        return count * samples[-1]


def _cell(reply: Message, samples: Sequence[float], problem: str | None) -> Cell:
    if problem is not None:
        return Cell(problem=problem)
    first_s = reply["first_s"]
    limits = (reply.get(name) for name in ("nb_passes", "nb_operations", "peak", "sweeps_s"))
    return Cell(samples or [first_s], first_s, None, reply["added_mib"], *limits)
