"""The documentation: its programs print what the pages say, its links lead somewhere, its reference is up to date."""

import re
import runpy
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from openqat.cli import qat
from tests.acceptance.pages import PAGES, ROOT, Block, anchors_of, blocks_of, broken_links, outputs_of

DOCS = sorted((ROOT / "docs").glob("*.md"))
NEED_A_SERVER = {"remote.md", "operating.md", "cluster.md"}
"""Run by tests/integration/remote, and /slurm."""


@pytest.mark.parametrize(
    "page", [page for page in DOCS if blocks_of(page) and page.name not in NEED_A_SERVER], ids=lambda page: page.stem
)
def test_programs(page):
    blocks = blocks_of(page)
    for block, output in zip(blocks, outputs_of(blocks), strict=True):
        assert output == block.output, f"printed by\n{block.code}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page):
    assert list(broken_links(page)) == []


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in DOCS if page.name != "README.md" and f"]({page.name})" not in index] == []


def test_reference_of_the_gates_is_up_to_date():
    page = runpy.run_path(str(ROOT / "docs" / "make_gates.py"))["page"]
    expected = (ROOT / "docs" / "gates.md").read_text(encoding="utf-8")
    assert page() == expected, "run python docs/make_gates.py"


def test_pictures_of_the_engine_are_up_to_date():
    drawn = runpy.run_path(str(ROOT / "docs" / "make_engine_pictures.py"))["pictures"]()
    found = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "engine").glob("*.svg")}
    assert found == drawn, "run python docs/make_engine_pictures.py"
    for drawing in drawn.values():
        assert ElementTree.fromstring(drawing).findtext("{http://www.w3.org/2000/svg}title")


def test_tables_and_pictures_of_scheduling_are_up_to_date():
    made = runpy.run_path(str(ROOT / "docs" / "make_scheduling.py"))
    page = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")
    assert made["page"](page) == page, "run python docs/make_scheduling.py"
    for name, drawing in made["pictures"]().items():
        assert (ROOT / "docs" / "scheduling" / name).read_text(encoding="utf-8") == drawing


def test_commands_of_scheduling(tmp_path, monkeypatch):
    page = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")
    commands = re.findall(r"^qat (lab .*)$", page, flags=re.MULTILINE)
    assert len(commands) == 6
    monkeypatch.chdir(tmp_path)
    for command in commands:
        done = CliRunner().invoke(qat, command.split())
        assert done.exit_code == 0, done.output


def test_blocks_and_their_outputs(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "```python\na = 1\n```\n\nText.\n\n```python\nprint(a)\n```\n\n    1\n\n"
        "```python\nprint(2)\n```\n\n```text\n2\n```\n\n```python\n```\n\n```sh\nls\n```\n"
    )
    blocks = blocks_of(page)
    assert blocks == [Block("a = 1\n", ""), Block("print(a)\n", "1\n"), Block("print(2)\n", "2\n"), Block("", "")]
    assert outputs_of(blocks) == ["", "1\n", "2\n", ""]


def test_a_failing_block_fails():
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        outputs_of([Block("1 / 0\n", "")])


def test_broken_links_are_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A *long* title, twice\n[a](#a-long-title-twice) [b](gone.md) [c](page.md#gone) [d](https://x.y)\n"
    )
    assert anchors_of(page) == {"a-long-title-twice"}
    assert list(broken_links(page)) == ["gone.md", "page.md#gone"]
