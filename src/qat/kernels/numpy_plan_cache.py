"""Recently used plans."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, Protocol, TypeVar

from qat.kernels.tape import Tape

MAX_CACHED_PLANS = 1024
MAX_CACHED_BYTES = 1 << 28


class Sized(Protocol):
    """What knows its size in bytes, roughly."""

    nb_bytes: int


P = TypeVar("P", bound=Sized)


class PlanCache(Generic[P]):
    """Recently used plans, found by the columns of a tape: first by identity, then by content.

    Bound copies of a circuit share all columns but the parameters, so they share the plan too. Bounded in number and
    bytes; the oldest go first.

    Args:
        compile_tape: makes the plan of a tape without boxes.
        max_plans: how many are kept.
        max_bytes: how large they may be in all.
    """

    def __init__(
        self,
        compile_tape: Callable[[Tape], P],
        *,
        max_plans: int = MAX_CACHED_PLANS,
        max_bytes: int = MAX_CACHED_BYTES,
    ) -> None:
        self._compile_tape = compile_tape
        self._by_identity: _Shelf[P] = _Shelf(max_plans, max_bytes)
        self._by_content: _Shelf[P] = _Shelf(max_plans, max_bytes)
        self._lock = Lock()

    def known(self, tape: Tape) -> P | None:
        """The plan of a tape whose very columns were asked for before. Cost O(1)."""
        with self._lock:
            found = self._by_identity.find(_identity(tape))
        return None if found is None else found[0]

    def plan(self, tape: Tape) -> P:
        """The plan of a tape without bodies. Cost O(1) for a known structure, otherwise O(rows)."""
        if (known := self.known(tape)) is not None:
            return known
        content = _content(tape)
        with self._lock:
            found = self._by_content.find(content)
        entry = (found[0] if found is not None else self._compile_tape(tape), tape)
        with self._lock:
            self._by_identity.keep(_identity(tape), entry)
            self._by_content.keep(content, entry)
        return entry[0]


class _Shelf(Generic[P]):
    """Plans and their tapes, the oldest first; a tape on the shelf keeps the identities of its columns taken."""

    def __init__(self, max_plans: int, max_bytes: int) -> None:
        self._entries: OrderedDict[Hashable, tuple[P, Tape]] = OrderedDict()
        self._max_plans, self._max_bytes = max_plans, max_bytes
        self._nb_bytes = 0

    def find(self, key: Hashable) -> tuple[P, Tape] | None:
        """The entry, which becomes the youngest."""
        if (entry := self._entries.get(key)) is not None:
            self._entries.move_to_end(key)
        return entry

    def keep(self, key: Hashable, entry: tuple[P, Tape]) -> None:
        """Add an entry, and drop the oldest ones if there are too many."""
        self._drop(self._entries.pop(key, None))
        self._entries[key] = entry
        self._nb_bytes += entry[0].nb_bytes
        while len(self._entries) > 1 and (len(self._entries) > self._max_plans or self._nb_bytes > self._max_bytes):
            self._drop(self._entries.popitem(last=False)[1])

    def _drop(self, entry: tuple[P, Tape] | None) -> None:
        if entry is not None:
            self._nb_bytes -= entry[0].nb_bytes


def _identity(tape: Tape) -> Hashable:
    return id(tape.gates), id(tape.qubits), id(tape.kinds), id(tape.forms), tape.nb_qubits


def _content(tape: Tape) -> Hashable:
    forms = tuple((id(form.record), form.nb_controls, form.is_dag, form.is_trans, form.is_conj) for form in tape.forms)
    columns = (tape.kinds, tape.gates, tape.qubits, tape.qubit_starts, tape.parameter_starts)
    classical = tuple(tape.classical.items())
    return (tape.nb_qubits, forms, *(column.tobytes() for column in columns), classical)
