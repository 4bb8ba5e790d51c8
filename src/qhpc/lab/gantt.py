"""Pictures of what happened: a row for each QPU and each job, as SVG, or as an HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from qhpc.lab.trace import JobTrace, Trace

__all__ = ["Panel", "html_page", "svg"]


class Panel(NamedTuple):
    """A picture and its heading."""

    title: str
    trace: Trace


class _Bar(NamedTuple):
    start_s: float
    end_s: float
    style: str
    text: str


_WIDTH, _LEFT, _ROW, _GAP, _HEAD = 960.0, 110.0, 14.0, 3.0, 26.0
_COLOURS = (
    "#0b6e99",
    "#d9730d",
    "#448361",
    "#9065b0",
    "#c14c8a",
    "#cb912f",
    "#337ea9",
    "#787774",
    "#a44a3f",
    "#5b7a2e",
)
_STYLE = """<style>
text { font: 11px sans-serif; fill: #333 } .title { font-size: 13px; font-weight: bold }
.c { fill: #dce9d5 } .w { fill: #e8554d; opacity: .55 } .a { fill: #e9e9e7 } .l { fill: #f7f7f5 }
</style>"""


def svg(panels: Sequence[Panel], *, max_jobs: int = 40) -> str:
    """Panels one below the other, on one scale of time.

    QPUs show the jobs that they run in their colours. Jobs show: grey, they wait to be admitted; green, they compute
    classically; red, they wait for a QPU and their nodes wait with them; their colour, their task runs.

    Args:
        panels: the pictures.
        max_jobs: rows of jobs a panel; the first ones.
    """
    end_s = max(panel.trace.end_s for panel in panels)
    scale = (_WIDTH - _LEFT - 10.0) / end_s
    parts, top = [], 0.0
    for panel in panels:
        lines, height = _panel(panel, scale, max_jobs)
        parts.append(f'<g transform="translate(0 {top:.1f})">{"".join(lines)}</g>')
        top += height
    height = top + 20.0
    legend = _legend(top + 12.0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {height:.0f}" width="{_WIDTH:g}">'
        f"{_STYLE}{''.join(parts)}{legend}</svg>\n"
    )


def html_page(title: str, panels: Sequence[Panel], table: Sequence[Sequence[str]] = (), *, max_jobs: int = 40) -> str:
    """A page with a table and the pictures.

    Args:
        title: of the page.
        panels: the pictures.
        table: rows of texts, the first one the headings.
        max_jobs: rows of jobs a panel.
    """
    rows = "".join(
        "<tr>" + "".join(f"<{cell}>{escape(text)}</{cell}>" for text in row) + "</tr>"
        for cell, row in zip(["th", *["td"] * len(table)], table, strict=False)
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        "<style>body{font:14px sans-serif;margin:2em;max-width:70em}td,th{padding:.2em .8em;text-align:left}</style>"
        f"<h1>{escape(title)}</h1><table>{rows}</table>{svg(panels, max_jobs=max_jobs)}</html>\n"
    )


def _panel(panel: Panel, scale: float, max_jobs: int) -> tuple[list[str], float]:
    """The lines of a panel and its height."""
    trace = panel.trace
    colours = {job.plan.id: _COLOURS[number % len(_COLOURS)] for number, job in enumerate(trace.jobs)}
    hidden = len(trace.jobs) - max_jobs
    more = f" ({max_jobs} of {len(trace.jobs)} jobs)" if hidden > 0 else ""
    lines = [f'<text class="title" x="4" y="16">{escape(panel.title)}{more}</text>']
    top = _HEAD
    for qpu in trace.qpus:
        bars = (_Bar(run.first_shot_s, run.end_s, f'fill="{colours[run.job_id]}"', run.job_id) for run in qpu.runs)
        dead = (_Bar(run.start_s, run.first_shot_s, 'fill="#333"', "dead time") for run in qpu.runs)
        lines += _row(qpu.name, top, [_Bar(0.0, trace.end_s, 'class="l"', "idle"), *bars, *dead], scale)
        top += _ROW + _GAP
    top += _GAP
    for job in trace.jobs[:max_jobs]:
        lines += _row(job.plan.id, top, list(_job_bars(job, f'fill="{colours[job.plan.id]}"')), scale)
        top += _ROW + _GAP
    return lines, top + 10.0


def _row(name: str, top: float, bars: Sequence[_Bar], scale: float) -> list[str]:
    label = f'<text x="{_LEFT - 6:g}" y="{top + 11:.1f}" text-anchor="end">{escape(name[:18])}</text>'
    return [label, *(_rectangle(bar, top, scale) for bar in bars if (bar.end_s - bar.start_s) * scale > _INVISIBLE)]


_INVISIBLE = 0.02


def _rectangle(bar: _Bar, top: float, scale: float) -> str:
    left, width = _LEFT + bar.start_s * scale, (bar.end_s - bar.start_s) * scale
    tip = escape(f"{bar.text}, {bar.start_s:.6g} to {bar.end_s:.6g} s")
    place = f'x="{left:.2f}" y="{top:.1f}" width="{width:.2f}" height="{_ROW:g}"'
    return f"<rect {place} {bar.style}><title>{tip}</title></rect>"


def _job_bars(job: JobTrace, quantum_style: str) -> Iterator[_Bar]:
    yield _Bar(job.plan.arrival_s, job.admitted_s, 'class="a"', "waits to be admitted")
    since_s = job.admitted_s
    for phase, asked_s, answered_s in zip(job.plan.phases, job.asked_s, job.answered_s, strict=True):
        yield _Bar(since_s, asked_s, 'class="c"', "computes classically")
        yield _Bar(asked_s, answered_s - phase.quantum_s, 'class="w"', "waits for a QPU, or for its latency")
        yield _Bar(answered_s - phase.quantum_s, answered_s, quantum_style, "quantum task")
        since_s = answered_s
    yield _Bar(since_s, job.ended_s, 'class="c"', "computes classically")


def _legend(top: float) -> str:
    entries = (("a", "waits to be admitted"), ("c", "computes classically"), ("w", "waits for a QPU"))
    parts = [
        f'<rect x="{_LEFT + 170 * index:g}" y="{top - 9:.1f}" width="10" height="10" class="{style}"/>'
        f'<text x="{_LEFT + 170 * index + 15:g}" y="{top:.1f}">{text}</text>'
        for index, (style, text) in enumerate(entries)
    ]
    return "".join(parts) + f'<text x="{_LEFT + 510:g}" y="{top:.1f}">job colour: its quantum task</text>'
