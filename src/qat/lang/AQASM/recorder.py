"""Programs write gates into columns as they are applied; operations are made of them when somebody looks.

``Recorder`` is a base class of ``Program``. The compiled one has an ``apply`` of its own, see
``kernels/native/recorder.h``; where nothing is compiled, every operation is an object from the start. ``GateFamily``,
a base class of ``AbstractGate``, makes gates: in one step those with an angle, if it is compiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from qat.kernels.columns import TapeColumns
from qat.kernels.gates import GateForm
from qat.lang.AQASM.bits import Qbit
from qat.lang.AQASM.gate import Gate, ParamGate, PredefGate
from qat.lang.AQASM.operations import QGateOperation

__all__ = ["GateFamily", "PaletteEntry", "PlainRecorder", "Recorder", "Recording"]


class PaletteEntry(NamedTuple):
    """What a recorded gate is, its parameters apart.

    Attributes:
        kind: its class.
        form: its form.
        signature: the family it belongs to.
        gate: the gate itself, where it has other parameters than those on the tape.
    """

    kind: type[Gate]
    form: GateForm
    signature: Any
    gate: Gate | None

    def made(self, parameters: tuple[Any, ...]) -> Gate:
        """The gate with these parameters."""
        if self.gate is not None:
            return self.gate
        gate: Gate = object.__new__(self.kind)
        gate._set(self.form, parameters, self.signature)
        return gate


class Recording:
    """Gates in the order in which they were applied.

    Args:
        columns: their rows.
        palette: what their numbers mean: the fields of a ``PaletteEntry``.
    """

    def __init__(self, columns: TapeColumns, palette: list[tuple[Any, ...]]) -> None:
        self.columns = columns
        self.palette = palette

    def operations(self) -> Iterator[QGateOperation]:
        """An operation for each."""
        palette = [PaletteEntry(*entry) for entry in self.palette]
        columns = self.columns.columns()
        gates, qubit_starts, qubits, starts = (np.frombuffer(column, np.int32).tolist() for column in columns[:4])
        parameters = np.frombuffer(columns[4], np.float64).tolist()
        for index, value in self.columns.specials():
            parameters[index] = value
        for row, number in enumerate(gates):
            gate = palette[number].made(tuple(parameters[starts[row] : starts[row + 1]]))
            yield QGateOperation(gate, qubits[qubit_starts[row] : qubit_starts[row + 1]])


class PlainRecorder:
    """Records nothing: what stands in where nothing is compiled.

    >>> PlainRecorder()._take_recorded() is None
    True
    """

    _is_recording = False

    def _record(self, gate: Any, indices: list[int], /) -> bool:
        """Record a gate; False where it has to become an operation."""
        del gate, indices
        return False

    def _take_recorded(self) -> tuple[TapeColumns, list[tuple[Any, ...]]] | None:
        """Columns and palette of what was recorded since the last call, if anything was."""
        return None


class PlainFamily:
    """Makes gates by the method ``_made``: what stands in where nothing is compiled."""

    _quick_form: GateForm | None = None

    def _made(self, *params: Any) -> Gate:
        """The gate with these parameters."""
        raise NotImplementedError

    def __call__(self, *params: Any) -> Gate:
        """The gate with these parameters."""
        return self._made(*params)


if TYPE_CHECKING:
    Recorder = PlainRecorder
    GateFamily = PlainFamily
else:
    try:
        from qat.kernels._native import GateFamily, Recorder, record_classes
    except ImportError:  # there is no compiled engine, or an older one
        Recorder, GateFamily = PlainRecorder, PlainFamily
    else:
        record_classes(Qbit, Gate, PredefGate, ParamGate)
