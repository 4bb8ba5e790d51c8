"""Parameters of hardware models that change in time, with noise of a given spectrum."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.core.variables import BaseArithmetic

Floats = NDArray[np.float64]


class Parameter:
    """A value ``value + func(t) + g(t)``, with ``g`` a Gaussian noise.

    Args:
        value: constant part.
        func: explicit time dependence, an expression of the variable ``t``.
        psd: two-sided power spectral density of the noise, an expression of the variable ``f`` (frequency, the
            inverse of the unit of time).
        sampling_frequency: how many noise values are made per unit of time; needed with ``psd``.

    Raises:
        TypeError: ``func`` or ``psd`` is not an expression.
        ValueError: it has other variables, or ``psd`` comes without sampling frequency.

    >>> from qat.core.variables import Variable
    >>> Parameter(value=5, func=2 * Variable("t"))(0.5)
    6.0
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self, value: Any = 0, func: Any = None, psd: Any = None, sampling_frequency: float | None = None
    ) -> None:
        self.value = value
        self._func = _expression_of("func", func, "t")
        self._psd = _expression_of("psd", psd, "f")
        if psd is not None and sampling_frequency is None:
            raise ValueError(
                "A PSD was given, but no sampling frequency. To be able to generate a noise from the PSD, please also "
                "specify a sampling frequency."
            )
        self.sampling_frequency = sampling_frequency
        self._noise: tuple[Floats, Floats] | None = None

    @property
    def func(self) -> Any:
        """The explicit time dependence."""
        return self._func

    @property
    def psd(self) -> Any:
        """The power spectral density of the noise."""
        return self._psd

    def __call__(self, time: float | None = None) -> Any:
        """The value at a time; the noise, once generated, is interpolated, and 0 outside its duration."""
        total = self.value
        if self._func is not None:
            if time is None:
                raise ValueError("this parameter depends on time: call it with one, as in parameter(0.5)")
            total = total + self._func(t=time)
        if self._noise is not None and time is not None:
            noise, times = self._noise
            total = total + float(np.interp(time, times, noise, left=0.0, right=0.0))
        return total

    def generate_noise(self, tf: float, seed: int | None = None) -> None:
        """Make noise for times 0 to ``tf``, to be had from ``get_noise`` and used by calls; nothing without ``psd``.

        White noise is coloured in the frequency domain, so that a value has the variance
        ``integral(psd(f), f from -fs/2 to fs/2)`` at sampling frequency ``fs``.

        Args:
            tf: duration.
            seed: of the random numbers.
        """
        if self._psd is None or self.sampling_frequency is None:
            return
        nb_points = max(2, int(tf * self.sampling_frequency))
        white = np.fft.rfft(np.random.default_rng(seed).standard_normal(nb_points))
        frequencies = np.fft.rfftfreq(nb_points, 1.0 / self.sampling_frequency)
        density = np.array([self._psd(f=frequency) for frequency in frequencies.tolist()], np.float64)
        noise = np.fft.irfft(white * np.sqrt(density * self.sampling_frequency), nb_points)
        self._noise = noise, np.linspace(0.0, tf, nb_points)

    def get_noise(self) -> tuple[Floats, Floats] | None:
        """The noise and its times, each of shape ``(k,)``; ``None`` before ``generate_noise``."""
        return self._noise

    def validate(self) -> None:
        """Nothing to check: a parameter is checked when it is made."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Parameter):
            return NotImplemented
        names = ("value", "_func", "_psd", "sampling_frequency")
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def __repr__(self) -> str:
        return (
            f"Parameter(value={self.value}, func={self._func}, psd={self._psd}, "
            f"sampling_frequency={self.sampling_frequency})"
        )


def _expression_of(name: str, expression: Any, variable: str) -> Any:
    if expression is None:
        return None
    if not isinstance(expression, BaseArithmetic):
        raise TypeError(
            f"Please specify a {name} of type ArithExpression, of Variable({variable!r}); got {expression!r}"
        )
    if expression.get_variables() != [variable]:
        raise ValueError(f"The {name} should contain one Variable, {variable!r}; got {expression}")
    return expression
