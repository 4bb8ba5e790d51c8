"""Recently used plans."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar
from weakref import ref

from qat.kernels.tape import Tape

MAX_CACHED_PLANS = 1024
MAX_CACHED_BYTES = 1 << 28


class Sized(Protocol):
    """What knows its size in bytes, roughly."""

    nb_bytes: int


P = TypeVar("P", bound=Sized)


class PlanCache(Generic[P]):
    """Recently used plans, found by the columns of a tape.

    Bound copies of a circuit share all columns but the parameters, and know their plan as long as it is here; equal
    columns find it by their content. Bounded in number and bytes; the oldest go first.

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
        self._entries: OrderedDict[Hashable, tuple[P, Tape]] = OrderedDict()  # a tape keeps the forms of its key alive
        self._max_plans, self._max_bytes = max_plans, max_bytes
        self._nb_bytes = 0
        self._lock = Lock()

    def known(self, tape: Tape) -> P | None:
        """The plan of a tape whose very columns were asked for before. Cost O(1)."""
        reference = tape.kept.get(self)
        return None if reference is None else reference()

    def plan(self, tape: Tape) -> P:
        """The plan of a tape without bodies. Cost O(1) for a known structure, otherwise O(rows)."""
        if (known := self.known(tape)) is not None:
            return known
        content = _content(tape)
        with self._lock:
            if (found := self._entries.get(content)) is not None:
                self._entries.move_to_end(content)
        plan = found[0] if found is not None else self._compile_tape(tape)
        if found is None:
            with self._lock:
                self._keep(content, plan, tape)
        tape.kept[self] = ref(plan)
        return plan

    def _keep(self, content: Hashable, plan: P, tape: Tape) -> None:
        """Add a plan, and drop the oldest ones if there are too many."""
        if content in self._entries:  # another thread was quicker
            return
        self._entries[content] = (plan, tape)
        self._nb_bytes += plan.nb_bytes
        while len(self._entries) > 1 and (len(self._entries) > self._max_plans or self._nb_bytes > self._max_bytes):
            self._nb_bytes -= self._entries.popitem(last=False)[1][0].nb_bytes


def _content(tape: Tape) -> Hashable:
    forms = tuple([(id(f.record), f.nb_controls, f.is_dag, f.is_trans, f.is_conj) for f in tape.forms])
    buffers: tuple[Any, ...] = (tape.gates, tape.qubits, tape.qubit_starts, tape.parameter_starts)
    content = (tape.nb_qubits, len(tape), forms, b"".join(buffers))
    return (*content, tape.kinds.tobytes(), tuple(tape.classical.items())) if tape.classical else content
