"""The simplex of COBYLA and the geometry of its steps; see ``cobyla`` for the source and its licence."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

__all__ = ["EPSILON", "GREATEST", "Simplex", "trust_step"]

Point = NDArray[np.float64]

EPSILON = float(np.finfo(float).eps)
SMALLEST = float(np.finfo(float).tiny)
GREATEST = float(np.finfo(float).max)
STEEP = 1e12
"""Gradients with larger components are scaled down before they are normalised."""


class Simplex:
    """The corners around the pole, as edges from it, their values, and the inverse of the matrix of edges.

    The corners are numbered; number ``size`` is the pole, which ``begin``, ``replace`` keep at the best corner.

    Attributes:
        edges: shape ``(n, n)``, one column for each corner.
        pole: shape ``(n,)``.
        inverse: of ``edges``, shape ``(n, n)``.
        values: shape ``(n + 1,)``.

    >>> simplex = Simplex(np.array([1.0, 2.0]), 0.5)
    >>> simplex.point(0).tolist(), simplex.point(2).tolist()
    ([1.5, 2.0], [1.0, 2.0])
    """

    def __init__(self, start: Point, radius: float) -> None:
        self.size = size = len(start)
        corners = np.eye(size, size + 1) * radius
        corners[:, size] = start
        self.edges, self.pole = corners[:, :size], corners[:, size]
        self.radius = radius
        self.values = np.full(size + 1, GREATEST)
        self.inverse: Point = np.eye(size) / radius
        self._identity = np.eye(size)
        self._squared_lengths = np.zeros(size)

    def point(self, corner: int) -> Point:
        """A corner, shape ``(n,)``."""
        return self.pole.copy() if corner == self.size else self.edges[:, corner] + self.pole

    def first_point(self, corner: int) -> Point:
        """A corner of the first simplex: the pole, or what lies one radius along an axis from it."""
        point = self.pole.copy()
        if corner < self.size:
            point[corner] += self.radius
        return point

    def prefer(self, corner: int, point: Point) -> None:
        """Makes a corner of the first simplex the pole if it is better; the axes go on from there."""
        values, size = self.values, self.size
        if corner < size and values[corner] < values[size]:
            values[corner], values[size] = values[size], values[corner]
            self.pole[:] = point
            self.edges[corner, : corner + 1] = -self.radius

    def begin(self) -> None:
        """Prepares the steps, once all corners have values."""
        self.inverse = _inverted(self.edges)
        self._improve_pole()
        self._measure()

    def gradient(self) -> Point:
        """Of the linear function through all corners, shape ``(n,)``."""
        gradient: Point = (self.values[:-1] - self.values[-1]) @ self.inverse
        return gradient

    def is_within(self, radius: float) -> bool:
        """Whether no edge is longer than twice the radius."""
        return bool(np.maximum.reduce(self._squared_lengths) <= 4 * (radius * radius))

    def farthest(self) -> int:
        """The corner at the end of the longest edge."""
        return int(self._squared_lengths.argmax())

    def corner_at(self, point: Point, distance: float) -> int | None:
        """The corner nearest to a point, if it is not farther than the distance."""
        moved = point - self.pole
        apart = point[:, None] - (self.pole[:, None] + self.edges)
        squares = np.add.reduce(apart * apart, axis=0)
        nearest = int(squares.argmin())
        least, own = float(squares[nearest]), float(np.add.reduce(moved * moved))
        if own < least:
            nearest, least = self.size, own
        return nearest if least <= distance * distance else None

    def dropped(self, step: Point, is_better: bool, reach: float) -> int | None:
        """The corner to replace by the pole plus a step, the pole itself only for a better point; None: better none.

        Far corners go first, and those whose replacement leaves the largest volume.
        """
        size = self.size
        squares = np.zeros(size + 1)
        if is_better:
            apart = self.edges - step[:, None]
            squares[:size] = np.add.reduce(apart * apart, axis=0)
            squares[size] = np.add.reduce(step * step)
        else:
            squares[:size] = self._squared_lengths
        volumes = np.empty(size + 1)
        volumes[:size] = shares = self.inverse @ step
        volumes[size] = 1 - np.add.reduce(shares)
        scores = np.maximum(1, squares / (reach * reach)) * abs(volumes)
        if not is_better:
            scores[size] = -1
        corner = int(scores.argmax())
        if np.isnan(scores[corner]):
            scores[np.isnan(scores)] = -1
            corner = int(scores.argmax())
        if scores[corner] > 0:
            return corner
        return int(squares.argmax()) if is_better else None

    def replace(self, corner: int, step: Point, value: float) -> bool:
        """Puts the pole plus a step in the place of a corner; False if rounding has spoilt the inverse."""
        inverse = self.inverse
        shares = inverse @ step
        if corner < self.size:
            self.edges[:, corner] = step
            row = inverse[corner] / (inverse[corner] @ step)
            inverse -= shares[:, None] * row
            inverse[corner] = row
        else:
            self.pole += step
            self.edges -= step[:, None]
            inverse += shares[:, None] * (np.add.reduce(inverse, axis=0) / (1 - sum(shares.tolist())))
        if not self._is_inverted():
            return False
        self.values[corner] = value
        is_inverted = self._improve_pole()
        self._measure()
        return is_inverted

    def geometry_step(self, corner: int, length: float) -> Point:
        """A step at right angles to the face opposite to a corner, in the direction in which values should decrease."""
        normal = self.inverse[corner]
        step: Point = length * (normal / sqrt(normal @ normal))
        slope = step @ self.gradient()
        return -step if -slope < slope else step

    def _improve_pole(self) -> bool:
        """Makes the best corner the pole; False if rounding has spoilt the inverse."""
        values = self.values
        best = int(values.argmin())
        if not values[best] < values[-1]:
            return True
        edge = self.edges[:, best].copy()
        self.pole += edge
        self.edges[:, best] = 0
        self.edges -= edge[:, None]
        self.inverse[best] = -np.add.reduce(self.inverse, axis=0)
        values[best], values[-1] = values[-1], values[best]
        return self._is_inverted()

    def _is_inverted(self) -> bool:
        """Whether ``inverse`` will do, computed anew if it has become inaccurate."""
        error = self._error(self.inverse)
        if not error <= 0.1:
            renewed = _inverted(self.edges)
            renewed_error = self._error(renewed)
            if renewed_error < error or (np.isnan(error) and not np.isnan(renewed_error)):
                self.inverse, error = renewed, renewed_error
        return error <= 1

    def _error(self, inverse: Point) -> float:
        difference = inverse @ self.edges
        difference -= self._identity
        return float(np.maximum.reduce(np.abs(difference, out=difference), axis=None))

    def _measure(self) -> None:
        self._squared_lengths = np.add.reduce(self.edges * self.edges, axis=0)


def trust_step(gradient: Point, radius: float) -> Point:
    """The step of a length against a gradient, shape ``(n,)``; zero against one that is next to zero, or too steep.

    >>> trust_step(np.array([3.0, 4.0]), 10.0).round(9).tolist()
    [-6.0, -8.0]
    """
    steepest = float(np.maximum.reduce(np.abs(gradient)))
    if steepest > STEEP:
        gradient = gradient * max(2 * SMALLEST, 1 / steepest)
    norm, direction = _normalised(gradient)
    if not abs(norm) > EPSILON**2:
        return np.zeros(len(gradient))
    slope = -1 / norm * direction
    square = float(slope @ slope)
    if square <= EPSILON * radius * radius:
        return np.zeros(len(gradient))
    step: Point = sqrt(square * (radius * radius)) / square * slope
    return step


def _inverted(matrix: Point) -> Point:
    inverse: Point = np.linalg.inv(matrix)  # type: ignore[assignment]
    return inverse


def _normalised(vector: Point) -> tuple[float, Point]:
    """Norm and direction of a vector, by plane rotations from its last component to the first."""
    rest = vector.tolist()
    direction = [1.0]
    norm = rest[-1]
    for first in rest[-2::-1]:
        if norm == 0:
            direction = [1.0, *[0.0] * len(direction)]
            norm = first
            continue
        cosine, sine = _rotation(first, norm)
        direction = [cosine, *[sine * component for component in direction]]
        norm = float(np.hypot(first, norm))
    return norm, np.array(direction)


def _rotation(first: float, second: float) -> tuple[float, float]:
    """Cosine and sine of the angle of a point in the plane, whose second component is not zero."""
    size, other = abs(first), abs(second)
    if other <= EPSILON * size:
        return (1.0 if first > 0 else -1.0), 0.0
    if size <= EPSILON * other:
        return 0.0, (1.0 if second > 0 else -1.0)
    pair = np.array([first, second])
    norm = sqrt(pair @ pair)
    return first / norm, second / norm
