"""What is to be done outside after the broker has listened: write, send, tell apart."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from qat.comm.broker.messages import Message
from qhpc.broker.brokerage.state import BrokerTask
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
        to_merge: tasks whose answer takes long to put together: do it aside, and tell ``Brokerage.merged``.
    """

    records: list[Record]
    to_drivers: list[tuple[str, DriverMessage]]
    to_jobs: list[tuple[Hashable, Message]]
    rows: list[SliceRow | SessionRow]
    leavers: list[Hashable]
    hung: list[str]
    to_merge: list[BrokerTask]

    @classmethod
    def empty(cls) -> Turn:
        """Nothing to do.

        >>> bool(Turn.empty())
        False
        """
        return cls([], [], [], [], [], [], [])

    def __bool__(self) -> bool:
        return any(map(bool, tuple(self)))
