"""Tells users what they have used, and those who look after the broker what all have: from the accounts."""

from __future__ import annotations

import asyncio
from pathlib import Path

from qat.comm.broker.messages import AskUsage, Message, Refused, Used
from qhpc.broker.accounts import totals
from qhpc.broker.usage_reading import AccountsUnreadable, reading_usage

__all__ = ["UsageTeller", "used"]

_MAX_ROWS = 10_000


class UsageTeller:
    """Reads the accounts for those who ask, one after the other, beside the broker's other work.

    Args:
        accounts: file of them.

    >>> question = AskUsage(1, "user", "bob", 0.0, 1.0)
    >>> asyncio.run(UsageTeller(Path("usage.db")).tell(question, "ada", sees_all=False)).code
    'not-yours'
    """

    def __init__(self, accounts: Path) -> None:
        self._accounts = accounts
        self._turn = asyncio.Lock()

    async def tell(self, message: AskUsage, user: str, *, sees_all: bool) -> Message:
        """The answer to a question.

        Args:
            message: the question.
            user: who asks.
            sees_all: whether they may know of others.
        """
        if not sees_all and message.user != user:
            whose = "of all" if message.user is None else f"of {message.user[:64]!r}"
            return Refused("not-yours", f"the use {whose} is not told to {user}; [identity] trusted_uids says who may")
        async with self._turn:
            try:
                return await asyncio.to_thread(used, self._accounts, message)
            except AccountsUnreadable as error:
                return Refused("unavailable", str(error))


def used(accounts: Path, message: AskUsage) -> Used:
    """What was used, as the accounts have it. Cost O(n) in slices and sessions of the time.

    Raises:
        AccountsUnreadable: they cannot be read.
    """
    when = message.since_s, message.until_s, message.user
    with reading_usage(accounts) as reader:
        rows = totals(reader.slices(*when), reader.sessions(*when), message.by)
    return Used(tuple(rows[:_MAX_ROWS]), max(0, len(rows) - _MAX_ROWS))
