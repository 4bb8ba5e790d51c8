"""Writes docs/scheduling_machine.md: states, events, instructions and policies of both scheduling machines.

python docs/make_scheduling_machine.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from inspect import getdoc
from pathlib import Path
from types import ModuleType

from qhpc.scheduling import events, instructions
from qhpc.scheduling.admission import events as admission_events
from qhpc.scheduling.admission import instructions as admission_instructions
from qhpc.scheduling.admission import policies as admission_policies
from qhpc.scheduling.machine import DEFAULT_POLICY
from qhpc.scheduling.policies import POLICIES
from qhpc.scheduling.transitions import FINAL, TASK_TRANSITIONS

PAGE = Path(__file__).with_name("scheduling_machine.md")
INTRODUCTION = """\
# The scheduling machines

Two machines decide who uses a QPU. *Admission* says which hybrid jobs may run at a time; *dispatch* says which of their
quantum tasks runs next. Both are pure code: `handle(*events)` gives instructions. They know no clock, network, thread
or database; each event carries its time, so the same events always give the same instructions, and a journal of events
is all that is needed to go on after a crash. A centre's broker and the laboratory (`qat lab`) drive the same machines.

This page is made from `qhpc.scheduling` by `python docs/make_scheduling_machine.py`; a test checks that it is up to
date.
"""


def page() -> str:
    """The whole page."""
    sections = (
        ("States of a quantum task", states()),
        ("Dispatch: what happens", described(events)),
        ("Dispatch: what is to be done", described(instructions)),
        ("Dispatch: policies", dispatch_policies()),
        ("Admission: what happens", described(admission_events)),
        ("Admission: what is decided", described(admission_instructions)),
        ("Admission: policies", described(admission_policies, but=("AdmissionPolicy", "Measured"))),
    )
    return INTRODUCTION + "".join(f"\n## {heading}\n\n{text(lines)}\n" for heading, lines in sections)


def text(lines: Iterable[str]) -> str:
    """Lines as one text."""
    return "\n".join(lines)


def states() -> Iterator[str]:
    """The transitions as a diagram."""
    yield "```mermaid\nstateDiagram-v2\n    [*] --> ready: submitted"
    for (state, happening), following in TASK_TRANSITIONS.items():
        yield f"    {state} --> {following}: {happening}"
    yield from (f"    {state} --> [*]" for state in sorted(FINAL))
    yield "```"


def described(module: ModuleType, but: tuple[str, ...] = ("Event", "Instruction")) -> Iterator[str]:
    """What a module publishes, with the first paragraph of its documentation, in the order of the module."""
    yield "| name | meaning |\n|---|---|"
    named = [
        (name, kind)
        for name, kind in vars(module).items()
        if name in module.__all__ and isinstance(kind, type) and name not in but
    ]
    yield from (f"| `{name}` | {first_paragraph(kind)} |" for name, kind in named)


def dispatch_policies() -> Iterator[str]:
    """All orders of tasks."""
    yield "| name | order |\n|---|---|"
    for name, policy in POLICIES.items():
        yield f"| `{name}`{' (default)' if name == DEFAULT_POLICY else ''} | {first_paragraph(policy)} |"


def first_paragraph(described: object) -> str:
    """The first paragraph of a documentation string, as one line of Markdown."""
    return " ".join((getdoc(described) or "").split("\n\n")[0].split()).replace("``", "`").replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
