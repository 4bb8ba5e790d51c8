"""The programs of the README run and print what it says."""

from tests.acceptance.pages import ROOT, blocks_of, outputs_of

BLOCKS = blocks_of(ROOT / "README.md")


def test_programs():
    assert outputs_of(BLOCKS) == [block.output for block in BLOCKS]


def test_the_mission_comes_first():
    assert len(BLOCKS) >= 1
    assert "stack = ScipyMinimizePlugin() | LinAlg()\nresults = stack.submit(jobs)\n" in BLOCKS[0].code
