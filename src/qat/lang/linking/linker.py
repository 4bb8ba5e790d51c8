"""A plugin that links: it gives implementations and matrices to the gates of the circuits that pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from qat.core.gate_set import GateSet, GateSignature, default_gate_set
from qat.core.plugins import AbstractPlugin
from qat.lang.AQASM.misc import generate_gate_set
from qat.lang.AQASM.tape_writer import Linking
from qat.lang.linking.util import inline_gates, link_circuit

if TYPE_CHECKING:
    from qat.core import Batch, Circuit

__all__ = ["Linker"]


class Linker(AbstractPlugin):
    """Gives implementations and matrices to the gates of circuits.

    Args:
        gate_set: the gates known from the start; the predefined ones by default.
        include_matrices: give matrices to gates too.
        keep: names of gates that get no implementation.
        link: modules, gates or gate sets with implementations.
        submatrices_only: no matrices for controlled gates.
        inline: open implementations in place.
        include_locks: write ``LOCK`` and ``RELEASE`` where ancillas are taken and given back.

    >>> from qat.lang.AQASM import AbstractGate, Program, QRoutine, RX, build_gate
    >>> @build_gate("TURN", [float], arity=1)
    ... def turn(angle):
    ...     rout = QRoutine()
    ...     _ = RX(angle)(rout.new_wires(1))
    ...     return rout
    >>> prog = Program()
    >>> _ = AbstractGate("TURN", [float], arity=1)(0.5)(prog.qalloc(1))
    >>> circuit = prog.to_circ()
    >>> Linker(link=[turn]).link(circuit)
    >>> list(circuit.iterate_simple())
    [('RX', [0.5], [0])]
    """

    def __init__(
        self,
        gate_set: GateSet | None = None,
        include_matrices: bool = True,
        keep: Iterable[str] | None = None,
        link: Any = None,
        submatrices_only: bool = False,
        inline: bool = False,
        include_locks: bool = False,
    ) -> None:
        super().__init__()
        self.gate_set = default_gate_set() if gate_set is None else GateSet(gate_set.gate_signatures)
        self.include_matrices = include_matrices
        self.keep = list(keep or ())
        self.submatrices_only = submatrices_only
        self.inline = inline
        self.include_locks = include_locks
        for signature in generate_gate_set(link or ()).gate_signatures.values():
            self.add_signature(signature)

    def add_signature(self, gate_signature: GateSignature) -> None:
        """Make one more gate known; it replaces one of the same name."""
        self.gate_set.gate_signatures[gate_signature.name] = gate_signature

    def set_gate_set(self, gate_set: GateSet) -> None:
        """Know these gates and no others."""
        self.gate_set = gate_set

    def clear_gate_set(self, default_gates: bool = True) -> None:
        """Forget all gates, but the predefined ones unless told otherwise."""
        self.gate_set = default_gate_set() if default_gates else GateSet()

    def link(self, circuit: Circuit) -> None:
        """Link the gates of a circuit in place, matrices included if asked for."""
        self.link_gates(circuit)
        if self.include_matrices:
            self.link_matrices(circuit)

    def link_gates(self, circuit: Circuit) -> None:
        """Give the gates of a circuit their implementations, in place."""
        linking = Linking(
            self.gate_set.gate_signatures, keep=self.keep, inline=self.inline, include_locks=self.include_locks
        )
        link_circuit(circuit, linking)
        if self.inline:
            inline_gates(circuit)

    def link_matrices(self, circuit: Circuit) -> None:
        """Give the gates of a circuit their matrices, in place; unknown gates stay without."""
        circuit.fill_matrices(self.gate_set, submatrices_only=self.submatrices_only)

    def compile(self, batch: Batch, _specs: Any) -> Batch:
        """Link the circuits of all jobs."""
        for job in batch.jobs:
            if job.circuit is not None:
                self.link(job.circuit)
        return batch
