"""Failed log-ins make the next ones wait. Pure: time is passed in.

Failures are counted for a user from an address, for a user from anywhere and for an address, with few, more and many
allowed before waiting begins: who mistypes waits little, who guesses a user's password from many places is slowed down
as well, and nobody keeps others out of their accounts by failing from one address.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["AttemptLimits", "Attempts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLimits:
    """How failed log-ins slow the next ones down.

    Attributes:
        nb_free_pair: failures of one user from one address before waiting begins.
        nb_free_user: of one user from anywhere.
        nb_free_address: from one address.
        first_wait_s: the first wait; each further failure doubles it.
        longest_wait_s: the longest wait.
        forget_s: failures are forgotten after so long without another.
        max_entries: so many counts are kept; beyond, the oldest are forgotten.
    """

    nb_free_pair: int = 4
    nb_free_user: int = 20
    nb_free_address: int = 20
    first_wait_s: float = 1.0
    longest_wait_s: float = 300.0
    forget_s: float = 3600.0
    max_entries: int = 30_000


class _Count:
    __slots__ = ("last_s", "nb_failed")

    def __init__(self) -> None:
        self.nb_failed, self.last_s = 0, 0.0


class Attempts:
    """Counts failed log-ins.

    >>> attempts = Attempts(AttemptLimits(nb_free_pair=1))
    >>> attempts.failed("ada", "10.0.0.1", now_s=0.0); attempts.wait_s("ada", "10.0.0.1", now_s=0.0)
    0.0
    >>> attempts.failed("ada", "10.0.0.1", now_s=0.0); attempts.wait_s("ada", "10.0.0.1", now_s=0.25)
    0.75
    >>> attempts.wait_s("ada", "10.0.0.2", now_s=0.25)
    0.0
    """

    def __init__(self, limits: AttemptLimits | None = None) -> None:
        self._limits = limits or AttemptLimits()
        self._counts: OrderedDict[tuple[str, ...], _Count] = OrderedDict()

    def __len__(self) -> int:
        """How many counts are kept."""
        return len(self._counts)

    def wait_s(self, user: str, address: str, now_s: float) -> float:
        """How long the next log-in has to wait; 0 if it may be tried."""
        return max(self._wait_s(key, nb_free, now_s) for key, nb_free in self._keys(user, address))

    def failed(self, user: str, address: str, now_s: float) -> None:
        """Count a failure."""
        for key, _ in self._keys(user, address):
            count = self._counts.setdefault(key, _Count())
            if now_s - count.last_s > self._limits.forget_s:
                count.nb_failed = 0
            count.nb_failed, count.last_s = count.nb_failed + 1, now_s
            self._counts.move_to_end(key)
        while len(self._counts) > self._limits.max_entries:
            self._counts.popitem(last=False)

    def succeeded(self, user: str, address: str) -> None:
        """Take back a failure that was counted beforehand, and forget the others of this user from this address."""
        pair, *others = (key for key, _ in self._keys(user, address))
        self._counts.pop(pair, None)
        for key in others:
            if key in self._counts:
                self._counts[key].nb_failed -= 1

    def _wait_s(self, key: tuple[str, ...], nb_free: int, now_s: float) -> float:
        count = self._counts.get(key)
        if count is None or count.nb_failed <= nb_free or now_s - count.last_s > self._limits.forget_s:
            return 0.0
        doublings = min(count.nb_failed - nb_free - 1, 60)
        pause_s = min(self._limits.first_wait_s * 2.0**doublings, self._limits.longest_wait_s)
        return max(count.last_s + pause_s - now_s, 0.0)

    def _keys(self, user: str, address: str) -> Iterator[tuple[tuple[str, ...], int]]:
        network = _network(address)
        yield (user, network), self._limits.nb_free_pair
        yield ("user", user, ""), self._limits.nb_free_user
        yield ("address", network, ""), self._limits.nb_free_address


def _network(address: str) -> str:
    """What one attacker has for the asking: an IPv4 address, or the network of an IPv6 address (64 bits)."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
