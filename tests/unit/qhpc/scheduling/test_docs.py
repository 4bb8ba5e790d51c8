"""The page about the machines is made from their tables and up to date."""

import runpy
from pathlib import Path

from qhpc.scheduling.transitions import FINAL, TASK_TRANSITIONS

DOCS = Path(__file__).parents[4] / "docs"
SCRIPT = runpy.run_path(str(DOCS / "make_scheduling_machine.py"))


def test_the_page_is_up_to_date():
    found = (DOCS / "scheduling_machine.md").read_text(encoding="utf-8")
    assert found == SCRIPT["page"](), "run: python docs/make_scheduling_machine.py"


def test_the_diagram_draws_every_transition():
    drawn = "\n".join(SCRIPT["states"]())
    assert drawn.count(" --> ") == 1 + len(TASK_TRANSITIONS) + len(FINAL)
    assert "running --> stopping: cancelled" in drawn


def test_what_has_ended_stays_so():
    assert {state for state, _ in TASK_TRANSITIONS}.isdisjoint(FINAL)
    assert {*TASK_TRANSITIONS.values()} >= FINAL
