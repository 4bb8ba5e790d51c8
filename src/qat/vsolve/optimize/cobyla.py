"""COBYLA without constraints: a linear model through the corners of a simplex, followed within a trust region.

Each step goes from the best corner (the *pole*) down the gradient of the linear function through all corners, as far
as the trust radius; the new point replaces a corner. A simplex that became too flat or too large gets a new corner
instead, and when neither helps the radius shrinks. The search asks for values one by one and calls nothing itself.

It takes the decisions, in the arithmetic, of the implementation in SciPy 1.16 and later, so that both visit the same
points. What it leaves out are constraints: without any, all that deals with them comes to nothing. Cost of a step:
``O(n**3)``, of which nearly all is the product that checks an inverse.

Source: M. J. D. Powell, "A direct search optimization method that models the objective and constraint functions by
linear interpolation", Advances in Optimization and Numerical Analysis (1994) 51-67. Written after the Python
translation by N. Belakovski of Z. Zhang's PRIMA, https://www.libprima.net, doi:10.5281/zenodo.8052654, as contained in
SciPy, under the licence below.
"""

# BSD 3-Clause License. Copyright (c) 2020--2025, Zaikun ZHANG ( https://www.zhangzk.net )
#
# Redistribution and use in source and binary forms, with or without modification, are permitted provided that the
# following conditions are met:
# 1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following
#    disclaimer.
# 2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the
#    following disclaimer in the documentation and/or other materials provided with the distribution.
# 3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or promote
#    products derived from this software without specific prior written permission.
#
# THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES,
# INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
# DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL,
# SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
# SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY,
# WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
# OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import IntEnum
from math import isfinite, isnan, sqrt

import numpy as np
from numpy.typing import NDArray

from qat.vsolve.optimize.simplex import EPSILON, GREATEST, Simplex, trust_step

__all__ = ["Cobyla", "Minimum", "Status"]

Point = NDArray[np.float64]
Search = Generator[Point, float, "Minimum"]

GREATEST_VALUE = 1e30
"""What stands for greater values, and for those that are no numbers."""

SHRINKING, GROWING = 0.5, 2.0
"""Factors of the trust radius after a bad and after a very good step."""

BAD_RATIO, GOOD_RATIO = 0.1, (0.1 + 2) / 3
"""Bounds of the actual by the predicted decrease: at most the first is a bad step, above the second a very good one."""

NEAR = 1.5
"""A trust radius of at most this many resolutions becomes the resolution."""


class Status(IntEnum):
    """Why a search ended, with SciPy's numbers."""

    SMALL_RADIUS = 0
    TARGET_REACHED = 1
    EVALUATIONS_EXHAUSTED = 3
    ITERATIONS_EXHAUSTED = 20
    INFINITE_POINT = -1
    DAMAGING_ROUNDING = 7


@dataclass(frozen=True, kw_only=True)
class Minimum:
    """The best point, shape ``(n,)``, its value, how many values were taken, and why the search ended."""

    point: Point
    value: float
    evaluations: int
    status: Status


@dataclass(frozen=True, kw_only=True)
class Cobyla:
    """Settings of a search.

    Attributes:
        first_radius: first step along each axis and trust radius, positive.
        last_radius: radius at which the search ends, positive, at most ``first_radius``.
        evaluations: greatest number of values, at least ``n + 2``.
        target: a value that is good enough.

    >>> search = Cobyla(last_radius=1e-8).search(np.array([3.0, 4.0]))
    >>> point = next(search)
    >>> try:
    ...     while True:
    ...         point = search.send(float(point @ point))
    ... except StopIteration as end:
    ...     found = end.value
    >>> found.status.name, bool(found.value < 1e-12)
    ('SMALL_RADIUS', True)
    """

    first_radius: float = 1.0
    last_radius: float = 1e-4
    evaluations: int = 1000
    target: float = -float("inf")

    def search(self, start: Point) -> Search:
        """Yields points of shape ``(n,)``, is sent their values, and returns the ``Minimum``."""
        return _Search(self, start).run()


class _Search:
    """A search on its way."""

    def __init__(self, settings: Cobyla, start: Point) -> None:
        self.settings = settings
        self.simplex = Simplex(start, settings.first_radius)
        self.evaluations = 0
        self.best: tuple[float, Point] | None = None
        self._last: list[float] | None = None
        self._last_value = 0.0

    def run(self) -> Search:
        status = yield from self._corners()
        if status is None:
            status = yield from self._descent()
        assert self.best is not None
        return Minimum(point=self.best[1], value=self.best[0], evaluations=self.evaluations, status=status)

    def _value(self, point: Point) -> Generator[Point, float, float]:
        """The value at a point; one just asked for is not asked for again."""
        self.evaluations += 1
        components = point.tolist()
        if components != self._last:
            self._last = components
            self._last_value = float((yield point))
        value = self._last_value
        return GREATEST_VALUE if isnan(value) else min(max(value, -GREATEST), GREATEST_VALUE)

    def _keep(self, value: float, point: Point) -> None:
        if self.best is None or value < self.best[0]:
            self.best = value, point.copy()

    def _end(self, point: Point, value: float) -> Status | None:
        if self.evaluations >= self.settings.evaluations:
            return Status.EVALUATIONS_EXHAUSTED
        if value <= self.settings.target:
            return Status.TARGET_REACHED
        is_finite = isfinite(np.add.reduce(point)) or np.isfinite(point).all()
        return None if is_finite else Status.INFINITE_POINT

    def _corners(self) -> Generator[Point, float, Status | None]:
        """Values of the corners of the first simplex, whose pole moves to better ones on the way."""
        simplex = self.simplex
        status = None
        known = []
        for corner in (simplex.size, *range(simplex.size)):
            point = simplex.first_point(corner)
            value = yield from self._value(point)
            simplex.values[corner] = value
            known.append(corner)
            status = self._end(point, value)
            if status is not None:
                break
            simplex.prefer(corner, point)
        for corner in sorted(known):
            self._keep(float(simplex.values[corner]), simplex.point(corner))
        if status is None:
            simplex.begin()
        return status

    def _descent(self) -> Generator[Point, float, Status]:
        """Steps until the trust radius, down to the resolution, finds nothing better."""
        settings, simplex = self.settings, self.simplex
        resolution = radius = settings.first_radius
        for _ in range(10 * settings.evaluations):
            is_adequate = simplex.is_within(radius)
            gradient = simplex.gradient()
            step = trust_step(gradient, radius)
            length = min(radius, sqrt(step @ step))
            expected = -float(step @ gradient)
            is_short = length <= 0.1 * resolution
            is_bad = is_short or not expected > 1e-6 * EPSILON * resolution
            if is_bad:
                radius = _rounded(radius * 0.1, resolution)
            else:
                point, value = yield from self._at(step)
                decrease = float(simplex.values[-1]) - value
                ratio = decrease / expected
                radius = _rounded(_next_radius(radius, length, ratio), resolution)
                corner = simplex.dropped(step, decrease > 0, max(resolution, radius / 10))
                is_bad = ratio <= 0 or corner is None
                status = self._replace(corner, step, point, value)
                if status is not None:
                    return status
            if is_bad and not is_adequate and not simplex.is_within(radius):
                corner = simplex.farthest()
                step = simplex.geometry_step(corner, radius / 2)
                point, value = yield from self._at(step)
                status = self._replace(corner, step, point, value)
                if status is not None:
                    return status
            if is_bad and is_adequate and max(radius, length) <= resolution:
                if resolution <= settings.last_radius:
                    yield from self._last_step(step, is_short)
                    return Status.SMALL_RADIUS
                reduced = _next_resolution(resolution, settings.last_radius)
                radius, resolution = max(0.5 * resolution, reduced), reduced
        return Status.ITERATIONS_EXHAUSTED

    def _at(self, step: Point) -> Generator[Point, float, tuple[Point, float]]:
        """The point at a step from the pole and its value, which is a corner's if that is next to it."""
        point = self.simplex.pole + step
        corner = self.simplex.corner_at(point, 1e-4 * self.settings.last_radius)
        if corner is not None:
            return point, float(self.simplex.values[corner])
        value = yield from self._value(point)
        self._keep(value, point)
        return point, value

    def _replace(self, corner: int | None, step: Point, point: Point, value: float) -> Status | None:
        if corner is not None and not self.simplex.replace(corner, step, value):
            return Status.DAMAGING_ROUNDING
        return self._end(point, value)

    def _last_step(self, step: Point, is_short: bool) -> Generator[Point, float, None]:
        """Takes the last step, which was too short to be worth a value while others were to come."""
        point = self.simplex.pole + step
        moved = point - self.simplex.pole
        settings = self.settings
        is_worthwhile = sqrt(moved @ moved) > 1e-3 * settings.last_radius
        if is_short and is_worthwhile and self.evaluations < settings.evaluations:
            value = yield from self._value(point)
            self._keep(value, point)


def _next_radius(radius: float, length: float, ratio: float) -> float:
    if ratio <= BAD_RATIO:
        return SHRINKING * length
    return max(SHRINKING * radius, length if ratio <= GOOD_RATIO else GROWING * length)


def _rounded(radius: float, resolution: float) -> float:
    return resolution if radius <= NEAR * resolution else radius


def _next_resolution(resolution: float, last: float) -> float:
    """A smaller resolution: quickly while far from the last one, then by geometric means, then the last."""
    ratio = resolution / last
    if ratio > 250:
        return 0.1 * resolution
    return last if ratio <= 16 else sqrt(ratio) * last
