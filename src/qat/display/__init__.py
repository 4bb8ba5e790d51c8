"""Drawings and tables: circuits as text or SVG, results and observables as tables, in a terminal or a notebook.

``display(anything)`` chooses by itself; ``circuit_text`` and ``circuit_svg`` return strings. The module is loaded at
the first drawing, through the hook ``qat.core.display_hook``.
"""

from qat.display.show import display, html, is_notebook, text
from qat.display.svg import circuit_svg
from qat.display.text import circuit_text

__all__ = ["circuit_svg", "circuit_text", "display", "html", "is_notebook", "text"]
