"""Times, sizes and states as people read them."""

from __future__ import annotations

import re
from datetime import datetime

__all__ = ["date_text", "duration_text", "moment", "size_text"]

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def date_text(time_s: float | None) -> str:
    """A time as a local date; empty for none.

    >>> date_text(None)
    ''
    """
    return "" if time_s is None else datetime.fromtimestamp(time_s).strftime("%Y-%m-%d %H:%M:%S")


def duration_text(seconds: float | None) -> str:
    """A duration in its two largest units; empty for none.

    >>> [duration_text(seconds) for seconds in (0.25, 75, 3600, 200000)]
    ['0.25 s', '1 m 15 s', '1 h', '2 d 7 h']
    """
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.3g} s"
    parts, rest = [], round(seconds)
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(rest, int(_UNITS_S[unit]))
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


def size_text(nb_bytes: int | None) -> str:
    """A size; empty for none.

    >>> size_text(3 << 20)
    '3.0 MiB'
    """
    if nb_bytes is None:
        return ""
    size, units = float(nb_bytes), iter(("B", "KiB", "MiB", "GiB", "TiB"))
    unit = next(units)
    while size >= 1024 and unit != "TiB":
        size, unit = size / 1024, next(units)
    return f"{nb_bytes} B" if unit == "B" else f"{size:.1f} {unit}"


def moment(text: str, now_s: float) -> float:
    """Seconds since 1970 for a date (ISO 8601, local) or an age such as ``2h``.

    Raises:
        ValueError: it is neither.

    >>> moment("2h", 10000.0)
    2800.0
    """
    age = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text)
    if age is not None:
        return now_s - float(age[1]) * _UNITS_S[age[2]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise ValueError(f"{text!r} is no date and no age; write 2026-11-28, 2026-11-28T14:30 or 2h") from None
