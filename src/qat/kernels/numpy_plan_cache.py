"""Recently used plans."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from threading import Lock
from typing import Generic, Protocol, TypeVar

from qat.kernels.tape import Tape

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
        self, compile_tape: Callable[[Tape], P], *, max_plans: int = 64, max_bytes: int = MAX_CACHED_BYTES
    ) -> None:
        self._compile_tape = compile_tape
        self._by_identity: OrderedDict[Hashable, tuple[P, Tape]] = OrderedDict()
        self._by_content: OrderedDict[Hashable, tuple[P, Tape]] = OrderedDict()
        self._max_plans, self._max_bytes = max_plans, max_bytes
        self._lock = Lock()

    def plan(self, tape: Tape) -> P:
        """The plan of a tape without bodies. Cost O(1) for a known structure, otherwise O(rows)."""
        identity = (id(tape.gates), id(tape.qubits), id(tape.kinds), id(tape.forms), tape.nb_qubits)
        with self._lock:
            if (found := self._by_identity.get(identity)) is not None:
                self._by_identity.move_to_end(identity)
                return found[0]
        content = _content(tape)
        with self._lock:
            found = self._by_content.get(content)
        entry = (found[0] if found is not None else self._compile_tape(tape), tape)
        with self._lock:
            self._keep(self._by_identity, identity, entry)
            self._keep(self._by_content, content, entry)
        return entry[0]

    def _keep(self, table: OrderedDict[Hashable, tuple[P, Tape]], key: Hashable, entry: tuple[P, Tape]) -> None:
        table[key] = entry
        table.move_to_end(key)
        while len(table) > 1 and (len(table) > self._max_plans or _size(table.values()) > self._max_bytes):
            table.popitem(last=False)


def _size(entries: Iterable[tuple[Sized, Tape]]) -> int:
    return sum(plan.nb_bytes for plan, _ in entries)


def _content(tape: Tape) -> Hashable:
    forms = tuple((id(form.record), form.nb_controls, form.is_dag, form.is_trans, form.is_conj) for form in tape.forms)
    columns = (tape.kinds, tape.gates, tape.qubits, tape.qubit_starts, tape.parameter_starts)
    classical = tuple(tape.classical.items())
    return (tape.nb_qubits, forms, *(column.tobytes() for column in columns), classical)
