"""Drawing circuits in a notebook, under the published names."""

from __future__ import annotations

from typing import Any

from qat.core.display_hook import renderer

__all__ = ["isnotebook", "plot_in_notebook"]


def isnotebook() -> bool:
    """Whether the program runs in a notebook.

    >>> isnotebook()
    False
    """
    return bool(renderer().is_notebook())


def plot_in_notebook(
    circuit: Any,
    fmt: str | None = None,
    depth: int | None = 0,
    filename: str | None = None,
    hardware_model: Any = None,
    renaming_dict: dict[str, str] | None = None,
) -> None:
    """Draws a circuit: SVG in a notebook, text elsewhere.

    Args:
        circuit: the circuit.
        fmt: kept for compatibility; drawings are SVG.
        depth: how many levels of routines to open; ``None`` opens all.
        filename: file that gets the drawing too.
        hardware_model: kept for compatibility.
        renaming_dict: other names for gates.
    """
    options = {"filename": filename} if filename is not None else {}
    renderer().display(circuit, depth=depth, renaming_dict=renaming_dict, **options)
