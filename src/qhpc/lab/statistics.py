"""Means over seeds with confidence intervals."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan, sqrt
from statistics import fmean, stdev
from typing import Literal

import msgspec

__all__ = ["Interval", "interval", "verdict"]

Verdict = Literal["better", "worse", "tie"]


class Interval(msgspec.Struct, frozen=True):
    """A mean and half the width of its 95 % confidence interval, which is not a number for a single value.

    >>> interval([1.0, 2.0, 3.0]).text(2)
    '2.00 ± 2.48'
    """

    mean: float
    half_width: float

    def text(self, digits: int) -> str:
        """Mean and half width with so many decimals."""
        mean = f"{self.mean:.{digits}f}"
        return mean if self.half_width != self.half_width else f"{mean} ± {self.half_width:.{digits}f}"


def interval(values: Sequence[float]) -> Interval:
    """The mean of values of independent seeds, by Student's distribution."""
    if len(values) < 2:
        return Interval(fmean(values), nan)
    from scipy.special import stdtrit

    width = float(stdtrit(len(values) - 1, 0.975)) * stdev(values) / sqrt(len(values))
    return Interval(fmean(values), width)


def verdict(ours: Sequence[float], others: Sequence[float], *, smaller_is_better: bool = True) -> Verdict:
    """How our values compare with another's for the same seeds: a tie if the interval of the differences has 0 in it.

    >>> verdict([1.0, 2.0, 3.0], [2.0, 3.1, 4.0]), verdict([1.0, 2.0], [2.0, 1.0])
    ('better', 'tie')
    """
    difference = interval([our - other for our, other in zip(ours, others, strict=True)])
    if not abs(difference.mean) > difference.half_width:
        return "tie"
    return "better" if (difference.mean < 0) == smaller_is_better else "worse"
