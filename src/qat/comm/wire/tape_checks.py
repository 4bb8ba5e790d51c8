"""Checks of tapes that come from outside, vectorised: afterwards no index in them can be wrong."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qat.core.errors import WireError
from qat.kernels.gates import GATES
from qat.kernels.tape import NO_FORM, Classical, Kind, Tape
from qat.kernels.tape_algebra import nb_ancillas

MAX_FORMULA_DEPTH = 300


def check_tape(tape: Tape) -> None:
    """Checks that the columns of a tape fit together; its indices are known to be in range.

    Cost: a few passes over the columns.

    Raises:
        WireError: they do not.
    """
    _check_lengths(tape)
    _check_forms(tape)
    _check_distinct(tape)
    _check_slots(tape)
    _check_boxes(tape)
    if set(np.flatnonzero(tape.kinds).tolist()) != tape.classical.keys():
        raise WireError("the classical operations of a circuit do not match their details")
    for row, classical in tape.classical.items():
        _check_classical(tape, row, classical)


def _check_lengths(tape: Tape) -> None:
    lengths = {len(tape.kinds), len(tape.gates), len(tape.qubit_starts) - 1, len(tape.parameter_starts) - 1}
    ends = (int(tape.qubit_starts[-1]), int(tape.parameter_starts[-1]))
    if len(lengths) > 1 or ends != (len(tape.qubits), len(tape.parameters)):
        raise WireError("the columns of a circuit have different lengths")


def _check_forms(tape: Tape) -> None:
    has_gate = tape.gates != NO_FORM
    if (has_gate != ((tape.kinds == _GATE) | (tape.kinds == _CLASSIC_CONTROL))).any():
        raise WireError("an operation of a circuit has a gate where it needs none, or none where it needs one")
    gates, nb_qubits, nb_parameters = tape.gates, _widths(tape.qubit_starts), _widths(tape.parameter_starts)
    if not has_gate.all():
        if nb_parameters[~has_gate].any():
            raise WireError("an operation without a gate has parameters")
        gates, nb_qubits, nb_parameters = gates[has_gate], nb_qubits[has_gate], nb_parameters[has_gate]
    if not len(gates):
        return
    if (nb_qubits != np.array([form.arity for form in tape.forms], np.int64)[gates]).any():
        raise WireError("a gate of a circuit acts on more or fewer qubits than it has")
    # A gate that is not in the table ignores its parameters or looks them up, so that any number will do.
    counts = [form.record.nb_parameters if _is_table(form.record.name) else -1 for form in tape.forms]
    expected = np.array(counts, np.int64)[gates]
    if ((nb_parameters != expected) & (expected >= 0)).any():
        raise WireError("a gate of a circuit has more or fewer parameters than it takes")


_GATE, _CLASSIC_CONTROL = int(Kind.GATE), int(Kind.CLASSIC_CONTROL)
"""Columns are compared with plain integers in a fifth of the time."""


def _widths(starts: NDArray[np.int32]) -> NDArray[np.int32]:
    """How many entries each row has; quicker than ``np.diff`` for short columns."""
    return starts[1:] - starts[:-1]


def _is_table(name: str) -> bool:
    return name in GATES


def _check_distinct(tape: Tape) -> None:
    counts = _widths(tape.qubit_starts)
    pairs = tape.qubit_starts[:-1][counts == 2]
    is_repeated = bool((tape.qubits[pairs] == tape.qubits[pairs + 1]).any()) if len(pairs) else False
    if is_repeated or _repeats(tape, counts):
        raise WireError("a gate of a circuit acts twice on one qubit")


def _repeats(tape: Tape, counts: NDArray[np.int32]) -> bool:
    """Whether a row of three or more qubits has one of them twice."""
    if not (counts > 2).any():
        return False
    wide = np.repeat(counts > 2, counts)
    rows = np.repeat(np.arange(len(counts), dtype=np.int64), counts)[wide]
    keys = np.sort(rows * np.int64(tape.nb_qubits) + tape.qubits[wide])
    return bool((keys[1:] == keys[:-1]).any())


def _check_slots(tape: Tape) -> None:
    slots = tape.slots.tolist()
    if len(slots) != len(tape.slot_expressions) or len(set(slots)) != len(slots) or tape.objects.keys() & set(slots):
        raise WireError("the symbolic parameters of a circuit do not fit together")


def _check_boxes(tape: Tape) -> None:
    """Boxes within the tape have their ancillas at its end, apart from the qubits that they act on."""
    room = tape.nb_qubits - nb_ancillas(tape)
    for number, form in enumerate(tape.forms):
        body = form.record.body
        if body is None:
            continue
        if used_cbits(body) > tape.nb_cbits:
            raise WireError(f"a box uses {used_cbits(body)} classical bits, its circuit has {tape.nb_cbits}")
        if body.nb_qubits > form.record.arity and _last_qubit(tape, number) >= room:
            raise WireError("a box of a circuit acts on the qubits that serve as its ancillas")


def _last_qubit(tape: Tape, form: int) -> int:
    counts = _widths(tape.qubit_starts)
    used = tape.qubits[np.repeat(tape.gates == form, counts)]
    return int(used.max()) if len(used) else -1


def used_cbits(tape: Tape) -> int:
    """How many classical bits a tape and its boxes use: one more than the largest."""
    own = (
        max((*classical.cbits, *formula_bits(classical.formula)), default=-1) for classical in tape.classical.values()
    )
    inner = (used_cbits(form.record.body) for form in tape.forms if form.record.body is not None)
    return max(1 + max(own, default=-1), *inner, 0)


def _check_classical(tape: Tape, row: int, classical: Classical) -> None:
    kind = int(tape.kinds[row])
    nb_qubits = int(tape.qubit_starts[row + 1] - tape.qubit_starts[row])
    if max((*classical.cbits, *formula_bits(classical.formula)), default=-1) >= tape.nb_cbits:
        raise WireError(f"operation {row} uses a classical bit beyond the {tape.nb_cbits} of its circuit")
    if min(classical.cbits, default=0) < 0 or min(classical.remap or (0,)) < 0:
        raise WireError(f"operation {row} has negative bits")
    nb_cbits = len(classical.cbits)
    is_sound = {
        Kind.MEASURE: nb_cbits == nb_qubits,
        Kind.RESET: nb_cbits in (0, nb_qubits),
        Kind.CLASSIC: nb_cbits == 1 and classical.formula is not None,
        Kind.CLASSIC_CONTROL: nb_cbits == 1,
        Kind.BREAK: classical.formula is not None,
        Kind.REMAP: classical.remap is not None,
    }[Kind(kind)]
    if not is_sound:
        raise WireError(f"operation {row} ({Kind(kind).name}) lacks qubits, classical bits or a formula")


def formula_bits(formula: str | None) -> list[int]:
    """The bits that a prefix boolean formula reads.

    Raises:
        WireError: it is malformed or nested too deep.

    >>> formula_bits("AND 3 NOT 1")
    [1, 3]
    """
    if formula is None:
        return []
    bits: list[int] = []
    depths: list[int] = []
    for token in reversed(formula.split()):
        nb_operands = _OPERANDS.get(token, 0)
        if (not nb_operands and not (token.isascii() and token.isdecimal())) or len(depths) < nb_operands:
            raise _bad_formula(formula)
        bits += [] if nb_operands else [_bit(token, formula)]
        depths.append(1 + max((depths.pop() for _ in range(nb_operands)), default=0))
    if len(depths) != 1 or depths[0] > MAX_FORMULA_DEPTH:
        raise _bad_formula(formula)
    return bits


_OPERANDS = {"AND": 2, "OR": 2, "XOR": 2, "NOT": 1}
_MAX_DIGITS = 9


def _bit(token: str, formula: str) -> int:
    if len(token) > _MAX_DIGITS:
        raise _bad_formula(formula)
    return int(token)


def _bad_formula(formula: str) -> WireError:
    expected = f"prefix notation such as 'AND 0 NOT 1', nested at most {MAX_FORMULA_DEPTH} deep"
    return WireError(f"the formula {formula[:60]!r} cannot be read", expected)
