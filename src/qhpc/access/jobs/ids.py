"""Ids that sort by time and cannot be guessed."""

from __future__ import annotations

import secrets

__all__ = ["is_id", "new_id"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_LETTERS, _RANDOM_LETTERS = 10, 16


def new_id(time_s: float, random: int | None = None) -> str:
    """An id of 26 letters and digits: 50 bits of time in milliseconds, then 80 random bits. Fit for names of files.

    Args:
        time_s: seconds since 1970; later ids sort behind earlier ones.
        random: 80 bits; None takes them from the system.

    >>> new_id(1_800_000_000.0, random=7)
    '01mcc5rm000000000000000007'
    >>> new_id(1.0) < new_id(1.001) < new_id(2.0)
    True
    """
    tail = secrets.randbits(5 * _RANDOM_LETTERS) if random is None else random
    return _letters(round(time_s * 1000), _TIME_LETTERS) + _letters(tail, _RANDOM_LETTERS)


def is_id(text: str) -> bool:
    """Whether a text is an id as :func:`new_id` makes them, so that it names a file and nothing else.

    >>> is_id("01mcc5rm000000000000000007"), is_id("../../etc/passwd0000000000")
    (True, False)
    """
    return len(text) == _TIME_LETTERS + _RANDOM_LETTERS and set(text) <= set(_ALPHABET)


def _letters(number: int, width: int) -> str:
    return "".join(_ALPHABET[(number >> 5 * place) & 31] for place in reversed(range(width)))
