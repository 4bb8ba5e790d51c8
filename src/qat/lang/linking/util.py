"""Linking of circuits that exist already, and the map of their ancillas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from qat.core.gate_set import GateSet, GateSignature
from qat.core.records import AncillaMap as AncillaRecord
from qat.lang.AQASM.tape_writer import LOCK, RELEASE, Linking, TapeWriter

if TYPE_CHECKING:
    from qat.core import Circuit

__all__ = ["AncillaMap", "inline_gates", "link_circuit", "link_gates"]


class AncillaMap(AncillaRecord):
    """Which qubits of a circuit are in use as ancillas, and during which operations.

    Args:
        circuit: read from its ``ancilla_map``, or from its ``LOCK`` and ``RELEASE`` operations.

    >>> from qat.lang.AQASM import CNOT, Program, QRoutine
    >>> rout = QRoutine()
    >>> _ = CNOT(rout.new_wires(2))
    >>> rout.set_ancillae(1)
    >>> prog = Program()
    >>> _ = rout(prog.qalloc(1))
    >>> print(AncillaMap(prog.to_circ()))
    q[1] : (0, 0)
    >>> AncillaMap(prog.to_circ()).is_free(1, 0)
    False
    """

    def __init__(self, circuit: Circuit) -> None:
        super().__init__({}, 0)
        self._nb_qubits = circuit.nbqbits
        self.load_ranges(circuit)

    def load_ranges(self, circuit: Circuit) -> None:
        """Read the ranges of a circuit."""
        known = circuit.ancilla_map
        ranges = known.locked_ranges if known is not None and known.locked_ranges else _ranges_from_locks(circuit)
        self.locked_ranges = {qubit: list(uses) for qubit, uses in ranges.items()}
        self.nbancillae = len(self.locked_ranges)

    def is_free(self, qbit: int, index: int) -> bool:
        """Whether an ancilla is free while operation ``index`` runs."""
        return not any(first <= index <= last for first, last in self._ranges().get(qbit, ()))

    def get_free_ancillae(self, index: int) -> list[int]:
        """The known ancillas that are free while operation ``index`` runs."""
        return [qubit for qubit in sorted(self._ranges()) if self.is_free(qubit, index)]

    def lock(self, qbits: Iterable[int], index: int, duration: int) -> None:
        """Note that qubits are in use during ``duration`` operations from ``index`` on."""
        for qubit in qbits:
            self._ranges().setdefault(qubit, []).append((index, index + duration - 1))
        self.nbancillae = len(self._ranges())

    def allocate_ancillae(self, index: int, nb_ancillae: int, routine_length: int, nbqbits: int) -> list[int]:
        """Find ancillas for a gate about to be opened, new ones after the first ``nbqbits`` qubits if needed.

        Args:
            index: the operation that the routine of the gate takes the place of.
            nb_ancillae: how many ancillas the routine wants.
            routine_length: number of operations of the routine.
            nbqbits: number of qubits of the circuit so far.
        """
        free = self.get_free_ancillae(index)[:nb_ancillae]
        chosen = free + list(range(nbqbits, nbqbits + nb_ancillae - len(free)))
        self.update_ranges(index, routine_length)
        self.lock(chosen, index, routine_length)
        return chosen

    def update_ranges(self, index: int, size: int) -> None:
        """Note that operation ``index`` became ``size`` operations."""
        grown = size - 1
        self.locked_ranges = {
            qubit: [(first + grown * (first > index), last + grown * (last >= index)) for first, last in uses]
            for qubit, uses in self._ranges().items()
        }

    def _ranges(self) -> dict[int, list[tuple[int, int]]]:
        if self.locked_ranges is None:
            self.locked_ranges = {}
        return self.locked_ranges


def _ranges_from_locks(circuit: Circuit) -> dict[int, list[tuple[int, int]]]:
    ranges: dict[int, list[tuple[int, int]]] = {}
    since: dict[int, int] = {}
    for index, row in enumerate(circuit.tape.rows()):
        if row.form == LOCK:
            since[row.qubits[-1]] = index
        elif row.form == RELEASE and row.qubits[-1] in since:
            qubit = row.qubits[-1]
            ranges.setdefault(qubit, []).append((since.pop(qubit), index))
    return ranges


def link_circuit(circuit: Circuit, linking: Linking) -> None:
    """Give implementations and matrices to the gates of a circuit, in place. Ancillas are added after its qubits.

    >>> from qat.core import default_gate_set
    >>> from qat.lang.AQASM import H, Program
    >>> program = Program()
    >>> _ = H(program.qalloc(1))
    >>> circuit = program.to_circ()
    >>> link_circuit(circuit, Linking(default_gate_set().gate_signatures))
    >>> list(circuit.iterate_simple())
    [('H', [], [0])]
    """
    tape = circuit.tape
    writer = TapeWriter(tape.nb_qubits, linking)
    for row in tape.rows():
        writer.row(row)
    ranges = dict(writer.locked_ranges)
    if circuit.ancilla_map is not None and len(writer.builder) == len(tape):
        ranges = {**(circuit.ancilla_map.locked_ranges or {}), **ranges}
    circuit._replace(writer.tape(tape.nb_cbits), ancilla_map=AncillaRecord(ranges, len(ranges)))


def _signatures(gate_set: GateSet | Mapping[str, GateSignature]) -> Mapping[str, GateSignature]:
    return gate_set.gate_signatures if isinstance(gate_set, GateSet) else gate_set


def link_gates(circuit: Circuit, protected_gates: Sequence[str], gate_set: GateSet) -> None:
    """Give the gates of a circuit the implementations of a gate set, in place.

    Args:
        circuit: the circuit.
        protected_gates: names of gates to leave as they are.
        gate_set: the implementations.

    >>> from qat.core.gate_set import GateSet
    >>> from qat.lang.AQASM import Program, qftarith
    >>> from qat.lang.AQASM.arithmetic import add_const
    >>> program = Program()
    >>> _ = add_const(2, 1)(program.qalloc(2))
    >>> circuit, gates = program.to_circ(), GateSet()
    >>> gates.add_signature(qftarith.add_const)
    >>> link_gates(circuit, [], gates)
    >>> len(circuit), sum(1 for _ in circuit.iterate_simple()) > 1
    (1, True)
    """
    link_circuit(circuit, Linking(_signatures(gate_set), keep=protected_gates or ()))


def inline_gates(circuit: Circuit) -> None:
    """Open the implementations of gates in place.

    >>> from qat.lang.AQASM import Program, qftarith
    >>> program = Program()
    >>> _ = qftarith.QFT(2)(program.qalloc(2))
    >>> circuit = program.to_circ()
    >>> before = len(circuit)
    >>> inline_gates(circuit)
    >>> before, len(circuit)
    (1, 3)
    """
    from qat.kernels.tape_algebra import opened

    circuit._replace(opened(circuit.tape))
