"""What is to be done outside after the broker has listened: write, send, tell apart."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from qat.comm.broker.messages import Message
from qhpc.broker.drivers.messages import DriverMessage
from qhpc.broker.facts import Record
from qhpc.broker.usage_rows import SessionRow, SliceRow

__all__ = ["Turn"]


class Turn(NamedTuple):
    """What is to be done, in this order; what waits for the disk is in a later turn.

    Attributes:
        records: append them to the journal.
        to_drivers: messages by QPU.
        to_jobs: messages by connection.
        rows: of the accounts.
        leavers: connections to be closed, after what they are to be told.
        hung: QPUs whose driver has to be started again.
    """

    records: list[Record]
    to_drivers: list[tuple[str, DriverMessage]]
    to_jobs: list[tuple[Hashable, Message]]
    rows: list[SliceRow | SessionRow]
    leavers: list[Hashable]
    hung: list[str]

    @classmethod
    def empty(cls) -> Turn:
        """Nothing to do.

        >>> bool(Turn.empty())
        False
        """
        return cls([], [], [], [], [], [])

    def __bool__(self) -> bool:
        return any(map(bool, (self[0], self[1], self[2], self[3], self[4], self[5])))
