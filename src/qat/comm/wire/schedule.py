"""Schedules on the wire."""

from __future__ import annotations

import msgspec

from qat.comm.wire.codec import Format
from qat.comm.wire.observable import ObservableParts, pack_observable, unpack_observable
from qat.comm.wire.values import Value, pack_value, unpack_value
from qat.core.wrappers.schedule import Schedule


class ScheduleParts(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A schedule.

    Attributes:
        drive: coefficients and observables.
        tmax: its duration.
        tname: name of the time variable.
        gamma_t: transverse field.
        other: what a device vendor put beside it, untouched.
        nb_qubits: number of qubits.
    """

    drive: list[tuple[Value, ObservableParts]]
    tmax: Value = 1.0
    tname: str = "t"
    gamma_t: Value = None
    other: Value = None
    nb_qubits: int | None = None


def pack_schedule(schedule: Schedule) -> ScheduleParts:
    """A schedule as it travels."""
    return ScheduleParts(
        drive=[
            (pack_value(coefficient, "a drive coefficient"), pack_observable(o)) for coefficient, o in schedule.drive
        ],
        tmax=pack_value(schedule.tmax, "tmax"),
        tname=schedule.tname,
        gamma_t=pack_value(schedule.gamma_t, "gamma_t"),
        other=pack_value(schedule._other, "the field _other of a schedule"),
        nb_qubits=schedule.nbqbits,
    )


def unpack_schedule(parts: ScheduleParts) -> Schedule:
    """The schedule."""
    drive = [(unpack_value(coefficient), unpack_observable(observable)) for coefficient, observable in parts.drive]
    schedule = Schedule(drive, unpack_value(parts.tmax), parts.tname, unpack_value(parts.gamma_t))
    schedule._other = unpack_value(parts.other)
    schedule.nbqbits = parts.nb_qubits
    return schedule


FORMATS = {"Schedule": Format(ScheduleParts, pack_schedule, unpack_schedule)}
