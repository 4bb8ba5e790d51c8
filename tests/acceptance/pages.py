"""Documentation pages as tests: their Python blocks, what these should print, their links."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    {*ROOT.glob("*.md"), *(page for folder in ("docs", "examples") for page in ROOT.glob(f"{folder}/**/*.md"))}
)

_PROGRAM = re.compile(
    r"^```python\n(?P<code>.*?)^```\n(?:\n(?:```text\n(?P<fenced>.*?)^```$|(?P<indented>(?:(?:    [^\n]*)?\n)*)))?",
    re.MULTILINE | re.DOTALL,
)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_END_OF_BLOCK = "--- end of block ---"


class Block(NamedTuple):
    """A Python block and what the page says it prints."""

    code: str
    output: str


def blocks_of(page: Path) -> list[Block]:
    """The Python blocks of a page; the text after a block, fenced as ``text`` or indented, is its output."""
    return [Block(found["code"], _output(found)) for found in _PROGRAM.finditer(page.read_text(encoding="utf-8"))]


def _output(found: re.Match[str]) -> str:
    indented = re.sub(r"^    ", "", found["indented"] or "", flags=re.MULTILINE).strip("\n")
    return found["fenced"] or (indented + "\n" if indented else "")


def outputs_of(blocks: list[Block]) -> list[str]:
    """What the blocks print, run in order in one Python session in which every warning is an error."""
    program = "\n".join(f"{block.code}\nprint({_END_OF_BLOCK!r})" for block in blocks)
    run = subprocess.run(
        [sys.executable, "-W", "error", "-"], input=program, capture_output=True, text=True, check=False, timeout=100
    )
    assert run.returncode == 0 and run.stderr == "", run.stderr
    return run.stdout.split(_END_OF_BLOCK + "\n")[:-1]


def broken_links(page: Path) -> Iterator[str]:
    """The links of a page to files or headings of this project that do not exist."""
    for target in _LINK.findall(_FENCED.sub("", page.read_text(encoding="utf-8"))):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        file = page if not path else page.parent / path
        if not file.exists() or (anchor and anchor not in anchors_of(file)):
            yield target


def anchors_of(page: Path) -> set[str]:
    """The anchors of the headings of a page."""
    headings = _HEADING.findall(_FENCED.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
