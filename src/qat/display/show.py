"""Shows any value of ours: text in a terminal, HTML in a notebook."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any

from qat.display.svg import circuit_svg
from qat.display.tables import Table, observable_table, result_table
from qat.display.text import circuit_text

HTML_OPERATIONS = 2000
"""Most operations drawn when a notebook shows a circuit unasked."""

_PUBLISHED_OPTIONS = {"depth": "max_depth", "renaming_dict": "renaming"}
_IGNORED_OPTIONS = {"batchmode", "circuit_name", "fmt", "hardware_model"}


def display(value: Any, **options: Any) -> None:
    """Shows a value: prints text in a terminal, shows HTML in a notebook.

    Args:
        value: a circuit, program, routine, job, batch, result, observable or anything that prints.
        options: those of :func:`circuit_text` in a terminal and of :func:`circuit_svg` in a notebook, under these or
            their published names (``depth``, ``renaming_dict``); ``filename`` also saves the SVG drawing.

    >>> from qat.core import Observable
    >>> display(Observable.sigma_x(1, 2))
    observable on 2 qubits, 1 term
    coefficient  operator  qubits
    1.0          X         1
    """
    chosen = {_PUBLISHED_OPTIONS.get(name, name): option for name, option in options.items()}
    for name in _IGNORED_OPTIONS:
        chosen.pop(name, None)
    if (filename := chosen.pop("filename", None)) is not None:
        save(value, filename)
    if is_notebook():
        chosen.pop("ascii_only", None)
        _show_in_notebook(html(value, **chosen))
    else:
        chosen.setdefault("width", shutil.get_terminal_size((100, 24)).columns)
        print(text(value, **chosen))


def save(value: Any, filename: str) -> None:
    """Writes the SVG drawing of a circuit to a file."""
    Path(filename).write_text(circuit_svg(_as_circuit(value)), encoding="utf-8")


def text(value: Any, **options: Any) -> str:
    """A value as text; ``options`` are those of :func:`circuit_text` and concern circuits only.

    >>> from qat.core import Circuit, Result
    >>> result = Result(nbqbits=1)
    >>> result.add_sample(1, probability=1.0)
    >>> print(text(result).splitlines()[-1].split()[0])
    |1>
    """
    match _kind(value):
        case "circuit":
            return circuit_text(_as_circuit(value), **options)
        case "job":
            return _job_text(value, **options)
        case "batch":
            return "\n\n".join(f"job {index}\n{text(job, **options)}" for index, job in enumerate(value.jobs))
        case "results":
            return "\n\n".join(f"result {index}\n{text(result)}" for index, result in enumerate(value.results))
    table = _table(value)
    return table.text() if table is not None else str(value)


def html(value: Any, **options: Any) -> str:
    """A value as HTML; ``options`` are those of :func:`circuit_svg` and concern circuits only.

    >>> from qat.core import Circuit
    >>> html(Circuit.empty(1))[:4]
    '<div'
    """
    match _kind(value):
        case "circuit":
            options.setdefault("max_operations", HTML_OPERATIONS)
            return f'<div style="overflow-x:auto">{circuit_svg(_as_circuit(value), **options)}</div>'
        case "job":
            return _job_html(value, **options)
        case "batch":
            return _listed([html(job, **options) for job in value.jobs], "job")
        case "results":
            return _listed([html(result) for result in value.results], "result")
    table = _table(value)
    return table.html() if table is not None else f"<pre>{escape(str(value))}</pre>"


def _listed(parts: list[str], name: str) -> str:
    return "".join(f"<div><b>{name} {index}</b>{part}</div>" for index, part in enumerate(parts))


def is_notebook() -> bool:
    """Whether the program runs in a notebook kernel; never imports IPython by itself.

    >>> is_notebook()
    False
    """
    shell_module = sys.modules.get("IPython")
    shell = shell_module.get_ipython() if shell_module is not None else None
    return shell is not None and hasattr(shell, "kernel")


def _show_in_notebook(content: str) -> None:
    notebook = import_module("IPython.display")
    notebook.display(notebook.HTML(content))


def _kind(value: Any) -> str:
    """What kind of drawing a value gets; every kind but ``other`` is recognised by its published class."""
    from qat.core.wrappers.circuit import Circuit
    from qat.core.wrappers.job import Batch, Job
    from qat.core.wrappers.result import BatchResult

    if isinstance(value, Circuit) or hasattr(value, "tape") or hasattr(value, "to_circ"):
        return "circuit"
    kinds = ((Job, "job"), (Batch, "batch"), (BatchResult, "results"))
    return next((kind for cls, kind in kinds if isinstance(value, cls)), "other")


def _as_circuit(value: Any) -> Any:
    return value.to_circ() if hasattr(value, "to_circ") else value


def _table(value: Any) -> Table | None:
    from qat.core.wrappers.observable import Observable
    from qat.core.wrappers.result import Result

    makers: tuple[tuple[type, Callable[[Any], Table]], ...] = ((Result, result_table), (Observable, observable_table))
    return next((make(value) for cls, make in makers if isinstance(value, cls)), None)


def _job_summary(job: Any) -> str:
    shots = f"{job.nbshots} shots" if job.nbshots else "exact"
    what = "expectation value" if job.observable is not None else f"sampling of qubits {list(job.qubits or ())}"
    return f"{what}, {shots}"


def _job_text(job: Any, **options: Any) -> str:
    parts = [_job_summary(job)]
    parts += [text(job.circuit, **options)] if job.circuit is not None else [str(job.schedule)]
    parts += [text(job.observable)] if job.observable is not None else []
    return "\n".join(parts)


def _job_html(job: Any, **options: Any) -> str:
    body = html(job.circuit, **options) if job.circuit is not None else f"<pre>{escape(str(job.schedule))}</pre>"
    observable = html(job.observable) if job.observable is not None else ""
    return f"<div>{escape(_job_summary(job))}</div>{body}{observable}"
