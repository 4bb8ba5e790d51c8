"""Bars for the distribution of a result, with matplotlib."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qat.core.wrappers.result import Result

MAX_BARS = 128
"""Most states that are drawn: the most probable ones."""


def plot_result(result: Result, ax: Any = None, title: str | None = None, **options: Any) -> Any:
    """Draws the probabilities of a result, with error bars where known.

    Args:
        result: a result with samples; single shots are counted.
        ax: matplotlib axes to draw on; new ones by default.
        title: title of the drawing.
        options: options of ``Axes.bar``.

    Returns:
        The axes.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
        TypeError: the result has no samples.
    """
    heights = _heights(result)
    if ax is None:
        _, ax = _pyplot().subplots(layout="constrained")
    labels = [label for label, _, _ in heights]
    errors = [err or 0.0 for _, _, err in heights]
    ax.bar(labels, [height for _, height, _ in heights], yerr=errors if any(errors) else None, **options)
    ax.set_ylabel("Probability")
    ax.set_xlabel("States")
    ax.tick_params(axis="x", labelrotation=90 if len(labels) > _MOST_HORIZONTAL_LABELS else 0)
    if title is not None:
        ax.set_title(title)
    return ax


_MOST_HORIZONTAL_LABELS = 8


def _pyplot() -> Any:
    try:
        from matplotlib import pyplot
    except ModuleNotFoundError as error:
        message = "plot() needs matplotlib, which is not installed: pip install 'openqat[plot]'."
        raise ModuleNotFoundError(message, name=error.name) from error
    return pyplot


def _heights(result: Result) -> list[tuple[str, float, float | None]]:
    """Label, probability and standard error of the states to draw, in order of states."""
    share = 1 / len(result) if len(result) else 0.0
    found: dict[int, tuple[str, float, float | None]] = {}
    for sample in result:
        state: Any = sample.state
        probability = share if sample.probability is None else float(sample.probability)
        known = found.get(state.int)
        total = probability if known is None else known[1] + probability
        found[state.int] = (str(state), total, sample.err)
    tallest = sorted(found, key=lambda key: -found[key][1])
    return [found[key] for key in sorted(islice(tallest, MAX_BARS))]
