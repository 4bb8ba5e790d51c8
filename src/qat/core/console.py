"""Showing things in a terminal or a notebook. The drawing is done by the module that :mod:`display_hook` names."""

from __future__ import annotations

from typing import Any

from qat.core.display_hook import renderer

__all__ = ["display"]


def display(
    circuit: Any,
    max_depth: int | None = 0,
    circuit_name: str | None = None,
    batchmode: bool = False,
    renaming_dict: dict[str, str] | None = None,
    **options: Any,
) -> None:
    """Shows a circuit, or any other value.

    Args:
        circuit: what to show.
        max_depth: how many levels of routines to open; ``None`` opens all.
        circuit_name: name of the circuit.
        batchmode: kept for compatibility; nothing ever waits for the user.
        renaming_dict: other names for gates.
        options: those of :func:`qat.display.display`.

    >>> from qat.core import Result
    >>> display(Result(value=0.5))
    value = 0.5
    """
    drawn = {"depth": max_depth, "circuit_name": circuit_name, "batchmode": batchmode, "renaming_dict": renaming_dict}
    renderer().display(circuit, **drawn, **options)
