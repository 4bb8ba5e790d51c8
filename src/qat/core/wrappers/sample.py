"""One sample of a result and the basis state it stands for. Qubit 0 is the leftmost, most significant bit."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from qat.core.bits import decode_register, show_register
from qat.core.records import ComplexNumber, QRegister, Record

__all__ = ["Columns", "IntermediateMeasurement", "Sample", "State", "reverse_bits"]


def reverse_bits(state: int, nb_bits: int) -> int:
    """The integer with its ``nb_bits`` bits in the opposite order.

    >>> reverse_bits(0b110, 3)
    3
    """
    return int(f"{state:0{nb_bits}b}"[::-1], 2)


class State:
    """A basis state of the measured qubits.

    Args:
        int_msb_value: the state; qubit 0 is its most significant bit.
        qregs: the registers of the measured qubits.
        nbqbits: number of qubits, when there are no registers.

    >>> state = State(6, nbqbits=3)
    >>> print(state, state.int, state.lsb_int, state.bitstring)
    |110> 6 3 110
    """

    __slots__ = ("nbqbits", "qregs", "state")

    def __init__(
        self,
        int_msb_value: builtins.int,
        qregs: Sequence[QRegister] | None = None,
        nbqbits: builtins.int | None = None,
    ) -> None:
        self.state = int_msb_value
        self.qregs = qregs
        self.nbqbits = nbqbits if qregs is None else sum(register.length or 0 for register in qregs)

    @property
    def int(self) -> builtins.int:
        """The state as an integer, qubit 0 being the most significant bit."""
        return self.state

    @property
    def lsb_int(self) -> builtins.int:
        """The state as an integer, qubit 0 being the least significant bit.

        Raises:
            TypeError: the number of qubits is unknown.
        """
        if self.nbqbits is None:
            raise TypeError(f"the bits of state {self.state} cannot be reversed: {_UNKNOWN_WIDTH}")
        return reverse_bits(self.state, self.nbqbits)

    @property
    def bitstring(self) -> str:
        """The bits, qubit 0 first."""
        return f"{self.state:0{self.nbqbits or 1}b}"

    @property
    def value(self) -> tuple[Any, ...]:
        """One value per register: an integer for a QInt, booleans for a QBoolArray, otherwise a bit string.

        Raises:
            TypeError: the registers are unknown.
        """
        if self.qregs is None:
            raise TypeError(f"state {self.state} has no registers, so no value: {_UNKNOWN_WIDTH}")
        return tuple(decode_register(register, bits) for register, bits in self._parts(self.qregs))

    def _parts(self, registers: Sequence[QRegister]) -> list[tuple[QRegister, str]]:
        bits, parts = self.bitstring, []
        for register in registers:
            length = register.length or 0
            parts.append((register, bits[:length]))
            bits = bits[length:]
        return parts

    def __str__(self) -> str:
        if not self.qregs:
            return f"|{self.bitstring}>"
        return "".join(f"|{show_register(register, bits)}>" for register, bits in self._parts(self.qregs))

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, State):
            return NotImplemented
        return (self.state, self.nbqbits) == (other.state, other.nbqbits)

    def __hash__(self) -> builtins.int:
        return hash(self.state)


_UNKNOWN_WIDTH = "its qubits are unknown. Call wrap_samples(registers) on the result first."


class IntermediateMeasurement(Record):
    """The outcome of a measurement or reset within the circuit.

    Attributes:
        cbits: the measured bits, in the order of the operation's qubits.
        gate_pos: index of the operation.
        probability: probability of this outcome, given the ones before.

    >>> IntermediateMeasurement([True], 1, 0.5)
    IntermediateMeasurement(cbits=[True], gate_pos=1, probability=0.5)
    """

    fields = ("cbits", "gate_pos", "probability")

    def __init__(
        self, cbits: list[bool] | None = None, gate_pos: int | None = None, probability: float | None = None
    ) -> None:
        self.cbits = cbits
        self.gate_pos = gate_pos
        self.probability = probability


class Sample(Record):
    """One measured state, or one entry of a distribution.

    Args:
        qregs: the registers of the measured qubits.
        amplitude: complex amplitude, when known.
        state: the basis state as an integer (qubit 0 most significant) or as little-endian bytes.
        probability: probability or frequency, that of the amplitude by default; ``None`` for a single shot.
        err: standard error of the probability, when it is a frequency.
        intermediate_measurements: outcomes of the measurements and resets within the circuit.

    >>> sample = Sample(state=2, probability=0.5, amplitude=1j)
    >>> sample.state, sample._state, sample.amplitude
    (|10>, b'\\x02', 1j)
    """

    fields = ("_int", "probability", "amplitude", "err", "intermediate_measurements", "qregs")

    def __init__(
        self,
        qregs: list[QRegister] | None = None,
        amplitude: complex | ComplexNumber | None = None,
        state: int | bytes | State | None = None,
        probability: float | None = None,
        err: float | None = None,
        intermediate_measurements: list[IntermediateMeasurement] | None = None,
        _state: bytes | None = None,
        _amplitude: ComplexNumber | None = None,
    ) -> None:
        self.qregs = qregs
        self.probability = probability
        self.err = err
        self.intermediate_measurements = intermediate_measurements
        self._nbqbits: int | None = None
        self.state = _state if state is None else state
        self.amplitude = _amplitude if amplitude is None else amplitude
        if probability is None and self._complex is not None:
            self.probability = abs(self._complex) ** 2

    @property
    def state(self) -> State:
        """The basis state, ``None`` when not known; set it by an integer or a :class:`State`."""
        return cast(State, None) if self._int is None else State(self._int, self.qregs, self._nbqbits)

    @state.setter
    def state(self, state: int | bytes | State | None) -> None:
        self._int: int | None = None if state is None else _as_int(state)

    @property
    def amplitude(self) -> complex | None:
        """The complex amplitude, when known."""
        return self._complex

    @amplitude.setter
    def amplitude(self, amplitude: complex | ComplexNumber | None) -> None:
        if isinstance(amplitude, ComplexNumber):
            amplitude = complex(amplitude.re or 0.0, amplitude.im)
        self._complex: complex | None = None if amplitude is None else complex(amplitude)

    @property
    def _state(self) -> bytes | None:
        """The state as little-endian bytes, at least one."""
        state = self._int
        return None if state is None else state.to_bytes(max(1, (state.bit_length() + 7) // 8), "little")

    @_state.setter
    def _state(self, data: bytes | None) -> None:
        self._int = None if data is None else int.from_bytes(data, "little")

    def set_qreg(self, qregs: list[QRegister] | None) -> None:
        """Gives the state its registers."""
        self.qregs = qregs

    def __repr__(self) -> str:
        names = ("state", "probability", "amplitude", "err", "intermediate_measurements")
        known = [(name, getattr(self, name)) for name in names]
        return f"Sample({', '.join(f'{name}={value!r}' for name, value in known if value is not None)})"


def _as_int(state: object) -> int:
    if isinstance(state, State):
        return state.state
    if isinstance(state, bytes):
        return int.from_bytes(state, "little")
    if not isinstance(state, int | np.integer):
        raise TypeError(f'The "state" must be an integer, got {type(state)}')
    if state < 0:
        raise ValueError(f"state {state} is negative: give the index of a basis state, 0 or more.")
    return int(state)


class Columns(NamedTuple):
    """Samples in columns of equal length; each but the first may be missing.

    Attributes:
        states: basis states, qubit 0 most significant: an integer array, or integers of any width.
        probabilities: float64.
        amplitudes: complex128.
        errors: standard errors of the probabilities, float64.
        intermediate_measurements: for each sample a list.
    """

    states: Any
    probabilities: Any = None
    amplitudes: Any = None
    errors: Any = None
    intermediate_measurements: Sequence[list[IntermediateMeasurement]] | None = None

    @property
    def nb_samples(self) -> int:
        """How many there are."""
        return len(self.states)

    def samples(self, qregs: list[QRegister] | None, nbqbits: int | None) -> list[Sample]:
        """The samples as objects. Cost: about a microsecond each."""
        missing = [None] * len(self.states)
        columns = [missing if column is None else as_list(column) for column in self]
        return [_sample(qregs, nbqbits, *row) for row in zip(*columns, strict=True)]


def as_list(column: Any) -> list[Any]:
    """An array or a sequence as a list of Python objects."""
    return column.tolist() if isinstance(column, np.ndarray) else list(column)


def _sample(qregs: Any, nbqbits: Any, state: Any, probability: Any, amplitude: Any, err: Any, inner: Any) -> Sample:
    sample = Sample.__new__(Sample)
    sample.__dict__ = {
        "qregs": qregs, "probability": probability, "err": err, "intermediate_measurements": inner,
        "_nbqbits": nbqbits, "_int": state, "_complex": amplitude,
    }  # fmt: skip
    return sample
