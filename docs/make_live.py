"""Puts what the live benchmarks measured into docs/live.md.

python docs/make_live.py [FILE.json ...]

Each file is what a benchmark has written with ``--json``. It is kept in docs/live, and the page is made from what is
there.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the benchmarks are not installed

from benchmarks.live import recording, thousand  # noqa: E402

PAGE = ROOT / "docs" / "live.md"
KEPT = ROOT / "docs" / "live"


def three_ways(found: Mapping[str, Any]) -> Iterator[str]:
    """The three ways, live beside the laboratory."""
    yield from [recording.caption(found), "", *recording.table(found)]


def many_jobs(found: Mapping[str, Any]) -> Iterator[str]:
    """A thousand jobs."""
    yield from ["| what | measured |", "|---|---|", *(f"| {what} | {value} |" for what, value in thousand.rows(found))]


TABLES: dict[str, tuple[str, Callable[[Mapping[str, Any]], Iterator[str]]]] = {
    "three_ways": ("three ways live", three_ways),
    "thousand": ("a thousand jobs", many_jobs),
}
"""By the benchmark's own name: that of the table in the page, and what makes it."""


def page(text: str) -> str:
    """The page with new tables: each stands between two comments that name it."""
    for benchmark, (name, lines) in TABLES.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        found = json.loads((KEPT / f"{benchmark}.json").read_text(encoding="utf-8"))
        table = "\n".join([begin, "", *lines(found), "", end])
        text = re.sub(f"{begin}.*?{end}", lambda _, table=table: table, text, flags=re.DOTALL)
    return text


def keep(files: Sequence[str]) -> None:
    """Keep what benchmarks have written, each in the place of the one before."""
    for file in files:
        found = json.loads(Path(file).read_text(encoding="utf-8"))
        if found.get("benchmark") not in TABLES or found.get("faults"):
            known = " or ".join(TABLES)
            raise SystemExit(f"{file} has no figures of {known}, or those of a run with faults; nothing is kept of it")
        target = KEPT / f"{found['benchmark']}.json"
        target.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    keep(sys.argv[1:])
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
